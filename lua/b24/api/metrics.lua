--- Counters as metrics in Prometheus' text format: the same names from the command, from pages of
--- an nginx, and from any other program.

local codec = require "b24.codec"

local metrics = {}

local KINDS = { "messages", "tasks", "notifications", "lines", "all" }

local HELP = {
  { "up", "Whether the portal answered: 1 or 0." },
  { "unread", "Unread, by kind; lines are part of messages, all is the portal's own sum." },
  { "saturated", "Whether a chat is at the portal's cap, so that the numbers are lower bounds." },
  { "answer_age_seconds", "Age of these numbers." },
}

local ESCAPES = { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n" }

-- {account="anna",kind="lines"}, or nothing.
local function labels(account, kind)
  local list = {}
  if account ~= nil then
    list[1] = ('account="%s"'):format((tostring(account):gsub('[\\"\n]', ESCAPES)))
  end
  if kind then list[#list + 1] = ('kind="%s"'):format(kind) end
  return #list > 0 and "{" .. table.concat(list, ",") .. "}" or ""
end

-- The samples of one account, by metric.
local function add(samples, account, counters, info)
  local function put(name, kind, value)
    local list = samples[name]
    list[#list + 1] = ("b24_%s%s %d"):format(name, labels(account, kind), value)
  end
  put("up", nil, counters and not (info and info.stale) and 1 or 0)
  if not counters then return end
  local totals = codec.totals(counters)
  for _, kind in ipairs(KINDS) do
    if totals[kind] then put("unread", kind, totals[kind]) end
  end
  put("saturated", nil, totals.saturated and 1 or 0)
  put("answer_age_seconds", nil, math.floor(info and info.age or 0))
end

local function text(samples)
  local lines = {}
  for _, metric in ipairs(HELP) do
    local name, help = metric[1], metric[2]
    if #samples[name] > 0 then
      lines[#lines + 1] = ("# HELP b24_%s %s"):format(name, help)
      lines[#lines + 1] = ("# TYPE b24_%s gauge"):format(name)
      for _, sample in ipairs(samples[name]) do lines[#lines + 1] = sample end
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

local function empty()
  local samples = {}
  for _, metric in ipairs(HELP) do samples[metric[1]] = {} end
  return samples
end

--- Of one account, without a label.
---@param counters? b24.counters nil: the portal did not answer
---@param info? b24.info
---@return string
function metrics.one(counters, info)
  local samples = empty()
  add(samples, nil, counters, info)
  return text(samples)
end

--- Of many, each with a label `account`, in the order of their names.
---@param answers table<any, {counters: b24.counters?, info: b24.info?}>
---@return string
function metrics.all(answers)
  if type(answers) ~= "table" then
    codec.blame("b24: answers must be a table of accounts, not a " .. type(answers))
  end
  local accounts, samples = {}, empty()
  for account in pairs(answers) do accounts[#accounts + 1] = account end
  table.sort(accounts, function(a, b) return tostring(a) < tostring(b) end)
  for _, account in ipairs(accounts) do
    add(samples, account, answers[account].counters, answers[account].info)
  end
  return text(samples)
end

return metrics
