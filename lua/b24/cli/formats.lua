--- Counters as text for other programs: templates, bars, monitoring. An outcome is { counters=,
--- err=, info= }.

local b24 = require "b24"
local exit = require "b24.cli.exit"

local formats = {}

---@class b24.cli.outcome
---@field counters? b24.counters
---@field err? string
---@field info b24.info

-- One row for each preset of --format: render(outcome, args) -> text, exit code or nil (the
-- outcome's own); help for --help; always_ok: a bar hides a module that fails, so it exits with 0;
-- limits: it takes --warn and --crit. Filled at the end of this file.
---@type { name: string, help: string, render: function, always_ok: boolean?, limits: boolean? }[]
local PRESETS

local function preset(name)
  for _, row in ipairs(PRESETS) do
    if row.name == name then return row end
  end
end

-- The names of the rows that have this member, as words.
local function names(member)
  local list = {}
  for _, row in ipairs(PRESETS) do
    if row[member] then list[#list + 1] = row.name end
  end
  return table.concat(list, ", ")
end

local KINDS = { "messages", "tasks", "notifications", "lines", "all" }

-- Templates ---------------------------------------------------------------------------------------

local function age_of(outcome) return math.floor(outcome.info.age or 0) end

-- Field -> its text; unknown numbers are "?", never 0.
local function fields(outcome)
  local totals, values = b24.totals(outcome.counters), {}
  for _, kind in ipairs(KINDS) do
    values[kind] = totals[kind] and ("%d"):format(totals[kind]) or "?"
  end
  local dialogs = 0
  for _ in b24.dialogs(outcome.counters) do dialogs = dialogs + 1 end
  values.dialogs = ("%d"):format(dialogs)
  values.badge = b24.badge(outcome.counters)
  values.age = ("%d"):format(age_of(outcome))
  values.stale = outcome.info.stale and "stale" or ""
  return values
end

local FIELDS = { "messages", "tasks", "notifications", "lines", "all", "dialogs", "badge", "age",
  "stale" }

-- What is wrong with a template, or nil.
local function template_problem(format)
  local problem = require("b24.cli.template").problem(format, FIELDS, "--format")
  if problem then return problem end
  if not format:find("{", 1, true) then
    return ("--format has no preset '%s'; there are: %s, or a template such as '{messages} new'")
      :format(format, names "render")
  end
end

local function filled(format, outcome)
  if not outcome.counters then return nil end
  return require("b24.cli.template").fill(format, fields(outcome)) .. "\n"
end

-- Bars: they show a failure --------------------------------------------------------------------

local function pango(s)
  return (s:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }))
end

local function waybar(outcome)
  local hint = outcome.err and exit.hint(outcome.info)
  local text, class, tooltip = "?", "error", outcome.err
  if hint then tooltip = tooltip .. "\n" .. hint end
  if outcome.counters then
    text, tooltip = b24.badge(outcome.counters), b24.why(outcome.counters)
    class = outcome.info.stale and "stale" or text == "" and "none" or "unread"
    if outcome.info.stale then tooltip = ("%d s old: %s"):format(age_of(outcome), tooltip) end
  end
  local json = require "b24.cli.json"
  return json.encode { text = text, alt = class, class = class, tooltip = pango(tooltip) } .. "\n"
end

-- "~" after the number: it is old. tmux reads "#" as the beginning of a style, and here is none.
local function tmux(outcome)
  local badge = b24.badge(outcome.counters)
  if outcome.info.stale then badge = badge .. "~" end
  return badge .. "\n"
end

-- Monitoring --------------------------------------------------------------------------------------

local function prometheus(outcome)
  return require("b24.api.metrics").one(outcome.counters, outcome.info)
end

local function nagios(outcome, options)
  local line, code = require("b24.cli.nagios").check(outcome, options)
  return line, code
end

PRESETS = {
  { name = "waybar", help = "JSON for a custom module", render = waybar, always_ok = true },
  { name = "tmux", help = "for the status line", render = tmux, always_ok = true },
  { name = "prometheus", help = "metrics for node_exporter's textfile collector",
    render = prometheus },
  { name = "nagios", help = "a check with perfdata", render = nagios, limits = true },
}

--- The presets and what they are for, for --help.
---@return string
function formats.help()
  local list = {}
  for _, row in ipairs(PRESETS) do list[#list + 1] = ("%s (%s)"):format(row.name, row.help) end
  return "A template such as '{messages} new', or " .. table.concat(list, ", ") .. "."
end

--- The presets, each with what it is for.
---@return b24.cli.candidate[]
function formats.presets()
  local list = {}
  for i, row in ipairs(PRESETS) do list[i] = { row.name, row.help } end
  return list
end

--- What is wrong with --warn or --crit beside this format, or nil.
---@param format? string
---@return string?
function formats.limits_problem(format)
  local row = format and preset(format)
  if not row or not row.limits then return "--warn and --crit need --format " .. names "limits" end
end

--- What is wrong with the value of --format, or nil.
---@param format string
---@return string?
function formats.problem(format)
  if not preset(format) then return template_problem(format) end
end

--- The text, and the exit code where the format has one of its own.
---@param format string
---@param outcome b24.cli.outcome
---@param options {warn: number?, crit: number?}
---@return string? text nil: there is nothing to say without counters
---@return integer? code
function formats.render(format, outcome, options)
  local row = preset(format)
  if not row then return filled(format, outcome) end
  local text, code = row.render(outcome, options)
  return text, row.always_ok and exit.OK or code
end

return formats
