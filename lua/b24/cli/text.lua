--- Text for terminals: nothing of what strangers wrote may steer one, width, durations.

local codec = require "b24.codec"

local text = {}

--- In one line, without what could steer a terminal.
---@param s string
---@return string
function text.line(s)
  return codec.neutral(s)
end

--- The same for text that may have several lines.
---@param s string
---@return string
function text.lines(s)
  return codec.neutral(s:gsub("\r\n?", "\n"), true)
end

--- Columns of a terminal.
---@param s string
---@return integer
function text.width(s)
  return codec.columns(s)
end

--- At most `max` columns; what was cut shows.
---@param s string
---@param max integer
---@return string
function text.cut(s, max)
  return codec.cut(s, max)
end

---@param n number
---@param one string
---@param many? string
---@return string
function text.count(n, one, many)
  return ("%d %s"):format(n, n == 1 and one or many or one .. "s")
end

--- 42 -> "42 s", 1500 -> "25 min", "3 h", "2 d"
---@param seconds number
---@return string
function text.duration(seconds)
  if seconds < 60 then return ("%d s"):format(math.floor(seconds)) end
  if seconds < 120 * 60 then return ("%d min"):format(math.floor(seconds / 60)) end
  if seconds < 48 * 3600 then return ("%d h"):format(math.floor(seconds / 3600)) end
  return ("%d d"):format(math.floor(seconds / 86400))
end

local SIZES = { "KB", "MB", "GB" }

--- 512 -> "512 bytes", 120000 -> "117 KB", "1.5 MB"
---@param n number
---@return string
function text.bytes(n)
  if n < 1024 then return text.count(n, "byte") end
  local i = 0
  repeat n, i = n / 1024, i + 1 until n < 1000 or i == #SIZES
  return (n < 10 and i > 1 and "%.1f %s" or "%.0f %s"):format(n, SIZES[i])
end

local UNITS = { s = 1, m = 60, min = 60, h = 3600, d = 86400, [""] = 1 }

--- "90", "90s", "15m", "2h", "1d" -> seconds; for options.
---@param s string
---@return number? seconds
---@return string? problem
function text.seconds(s)
  local number, unit = s:match "^(%d+%.?%d*) *(%a*)$"
  if number and UNITS[unit] then return tonumber(number) * UNITS[unit] end
  return nil, ("'%s' is not a time; write 90s, 15m, 2h or 1d"):format(s)
end

--- "8024" -> 8024; for options.
---@param s string
---@return integer? port
---@return string? problem
function text.port(s)
  local number = s:match "^%d+$" and tonumber(s)
  if number and number >= 1 and number <= 65535 then return number end
  return nil, ("'%s' is not a port (1 to 65535)"):format(s)
end

return text
