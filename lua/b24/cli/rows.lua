--- Dialogs of an inbox as lines.

local exit = require "b24.cli.exit"
local layout = require "b24.cli.layout"
local out = require "b24.cli.out"
local template = require "b24.cli.template"
local text = require "b24.cli.text"

local rows = {}

local LATE, TOO_LATE = 15 * 60, 60 * 60 -- seconds that somebody has been waiting

---@param d b24.waiting
---@return string
function rows.name(d)
  return text.line(d.name or "(no name)")
end

---@param d b24.waiting
---@return string "25 min", "over 3 h", "?"
function rows.waiting(d)
  return d.waiting and (d.at_least and "over " or "") .. text.duration(d.waiting) or "?"
end

-- Longest waiting first; those of whom nobody knows last.
local function by_waiting(a, b) return (a.waiting or -1) > (b.waiting or -1) end

local function stable_sort(list, before)
  local place = {}
  for i, d in ipairs(list) do place[d] = i end
  table.sort(list, function(a, b)
    if before(a, b) then return true end
    return not before(b, a) and place[a] < place[b]
  end)
end

-- Options ----------------------------------------------------------------------------------------

local FIELDS = { "dialog_id", "name", "unread", "waiting", "last_message", "section", "date" }

--- The options of commands that show dialogs.
---@param command table of argparse
function rows.define(command)
  command:option("--sort", "newest (the default), or waiting: who waits longest first.")
    :argname "ORDER"
  command:option("--limit", "At most this many dialogs."):argname "N":convert(tonumber)
  command:mutex(
    command:flag("--json", "Print one JSON object per line, one for each dialog."),
    command:option("--template", "Print each as this template, such as '{name}: {unread}'; fields: "
      .. table.concat(FIELDS, ", ") .. "."):argname "TEXT")
end

--- Ends the command when one of them is wrong.
---@param args table
function rows.check(args)
  if args.sort and args.sort ~= "newest" and args.sort ~= "waiting" then
    exit.usage(("--sort cannot be '%s'; there are: newest, waiting"):format(args.sort))
  end
  if args.limit and (args.limit < 1 or args.limit % 1 ~= 0) then
    exit.usage "--limit must be a whole number of at least 1"
  end
  local problem = args.template and template.problem(args.template, FIELDS, "--template")
  if problem then exit.usage(problem) end
end

--- A dialog as a template says.
---@param format string
---@param d b24.waiting
---@return string
function rows.fill(format, d)
  return template.fill(format, { dialog_id = text.line(d.dialog_id), name = rows.name(d),
    unread = ("%d"):format(d.unread), waiting = rows.waiting(d), section = text.line(d.section),
    last_message = text.line(d.last_message or ""),
    date = d.date and os.date("%Y-%m-%d %H:%M", d.date) or "" })
end

-- Which, and in which order -----------------------------------------------------------------------

---@class b24.cli.selection
---@field sort? "newest"|"waiting"
---@field limit? integer
---@field muted? boolean with those that are muted

--- The dialogs to show, in their order, and how many were left out of each kind.
---@param inbox b24.waiting[] newest first
---@param opts b24.cli.selection
---@return b24.waiting[] list, integer muted, integer more
function rows.select(inbox, opts)
  local list, muted, more = {}, 0, 0
  for _, d in ipairs(inbox) do
    if d.muted and not opts.muted then muted = muted + 1 else list[#list + 1] = d end
  end
  if opts.sort == "waiting" then stable_sort(list, by_waiting) end
  while opts.limit and #list > opts.limit do
    more, list[#list] = more + 1, nil
  end
  return list, muted, more
end

-- For people --------------------------------------------------------------------------------------

local COLUMNS = { { title = "DIALOG" }, { title = "NAME", keep = 16 },
  { title = "UNREAD", right = true }, { title = "WAITING" },
  { title = "LAST MESSAGE", keep = 20, wants = 60 } }
local NAME, UNREAD, WAITING = 2, 3, 4

local function styled(list)
  return function(cell, column, row)
    local d = list[row]
    if not d then return out.style("dim", cell) end
    if d.muted then return out.style("dim", cell) end
    if column == NAME or column == UNREAD then return out.style("bold", cell) end
    if column ~= WAITING or (d.waiting or 0) < LATE then return cell end
    return out.style(d.waiting < TOO_LATE and "yellow" or "red", cell)
  end
end

local NARROW = 60 -- columns; a table with messages needs as many

--- Dialogs under a head; nothing when there are none.
---@param list b24.waiting[]
---@param with_messages? boolean if there is room for them
---@return string[] lines
function rows.table(list, with_messages)
  if #list == 0 then return {} end
  local columns, cells = {}, {}
  local wide = with_messages and out.width() >= NARROW
  for i = 1, wide and #COLUMNS or #COLUMNS - 1 do columns[i] = COLUMNS[i] end
  for n, d in ipairs(list) do
    cells[n] = { text.line(d.dialog_id), rows.name(d) .. (d.muted and " (muted)" or ""),
      ("%d"):format(d.unread), rows.waiting(d), text.line(d.last_message or "") }
  end
  return layout.lines(columns, cells, out.width(), styled(list))
end

-- The one of `list` who has been waiting longest. Comments of tasks are no messages to the portal.
local function longest(list)
  local found
  for _, d in ipairs(list) do
    local counts = d.waiting and not d.muted and d.section ~= "TASKS_TASK"
    if counts and (not found or d.waiting > found.waiting) then found = d end
  end
  return found
end

-- How many messages wait; nil: unknown.
local function messages_of(inbox)
  if not inbox.section then return inbox.totals.messages end
  local n = 0
  for _, d in ipairs(inbox) do
    if not d.muted then n = n + d.unread end
  end
  return n
end

--- "8 messages are waiting; longest, for 25 min: Anna." Of a section: of its own.
---@param inbox b24.inbox
---@return string
function rows.summary(inbox)
  local messages, d = messages_of(inbox), longest(inbox)
  if not messages then return "The number of waiting messages is unknown." end
  if messages == 0 and not d then return "No message is waiting." end
  local words = text.count(messages, "message is", "messages are") .. " waiting"
  if not d then return words .. "." end
  return ("%s; longest, for %s: %s."):format(words, rows.waiting(d), rows.name(d))
end

return rows
