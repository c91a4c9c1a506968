--- Counters as a check for Nagios: see formats.lua.

local b24 = require "b24"

local nagios = {}

local KINDS = { "messages", "tasks", "notifications", "lines", "all" }

local STATES = { [0] = "OK", "WARNING", "CRITICAL", "UNKNOWN" }

-- As the plugins' guidelines want it: a threshold is exceeded by more, not by as many.
local function state_of(n, options)
  if not n then return 3 end
  if options.crit and n > options.crit then return 2 end
  if options.warn and n > options.warn then return 1 end
  return 0
end

local function perfdata(totals, options)
  local parts = {}
  for _, kind in ipairs(KINDS) do
    if totals[kind] and kind == "messages" then
      parts[#parts + 1] = ("messages=%d;%s;%s;0"):format(totals[kind], options.warn or "",
        options.crit or "")
    elseif totals[kind] then
      parts[#parts + 1] = ("%s=%d;;;0"):format(kind, totals[kind])
    end
  end
  return table.concat(parts, " ")
end

--- "|" would begin the perfdata.
---@param outcome b24.cli.outcome
---@param options {warn: number?, crit: number?}
---@return string
---@return integer code
function nagios.check(outcome, options)
  if not outcome.counters then
    return ("B24 UNKNOWN - %s\n"):format((outcome.err:gsub("[|\n]", " "))), 3
  end
  local totals = b24.totals(outcome.counters)
  local state = state_of(totals.messages, options)
  local words = totals.messages and ("%d%s unread %s"):format(totals.messages,
    totals.saturated and "+" or "",
    totals.messages == 1 and "message" or "messages")
      or "the portal did not report the number of messages"
  if outcome.info.stale then words = ("%s, %d s ago"):format(words,
    math.floor(outcome.info.age or 0)) end
  return ("B24 %s - %s|%s\n"):format(STATES[state], words, perfdata(totals, options)), state
end

return nagios
