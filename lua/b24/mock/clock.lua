-- Dates as the portal writes and reads them. It lives three hours east of Greenwich.

local cqueues = require "cqueues"

local clock = {}

local OFFSET = 3 * 3600
local STARTED = os.time() - cqueues.monotime()

--- Seconds since 1970 with a fraction; right to the second, and never backwards.
---@return number
function clock.now()
  return STARTED + cqueues.monotime()
end

--- ISO 8601 with the portal's offset.
---@param seconds number since 1970
---@return string
function clock.iso(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%S+03:00", math.floor(seconds) + OFFSET)
end

-- Days since 1970-01-01 of a date in the Gregorian calendar.
local function days(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  local leap_days = math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
  return 365 * year + leap_days + math.floor((153 * (month - 3) + 2) / 5) + day - 719469
end

--- Seconds since 1970. Nil for anything but RFC 3339: also when its "+" has become a blank in a
--- query.
---@param text any
---@return number?
function clock.parse(text)
  if type(text) ~= "string" then return nil end
  local year, month, day, hour, minute, second, zone =
    text:match("^(%d%d%d%d)-(%d%d)-(%d%d)T(%d%d):(%d%d):(%d%d)(.+)$")
  if not year then return nil end
  local sign, zone_hour, zone_minute = zone:match("^([+-])(%d%d):(%d%d)$")
  if not sign and zone ~= "Z" then return nil end
  local offset = sign and (zone_hour * 3600 + zone_minute * 60) * (sign == "-" and -1 or 1) or 0
  return days(tonumber(year), tonumber(month),
    tonumber(day)) * 86400 + hour * 3600 + minute * 60 + second - offset
end

return clock
