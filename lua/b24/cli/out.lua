--- Standard output whose failures are noticed, and colours where somebody looks.

local codec = require "b24.codec"

local out = {}

local EPIPE = 32 -- on every system that has one

local function check(ok, message, errno)
  if ok then return end
  -- the reader has seen enough: `b24 list … | head -1`
  if errno == EPIPE then error({ ended = true }, 0) end
  error({ output = message }, 0)
end

---@param ... string
function out.write(...)
  check(io.stdout:write(...))
end

---@param line string
function out.line(line)
  check(io.stdout:write(line, "\n"))
end

--- Everything written has arrived; otherwise the command fails.
function out.flush()
  check(io.stdout:flush())
end

local function set(name)
  local value = os.getenv(name)
  return value and value ~= ""
end

--- Does somebody look at standard output?
---@return boolean
function out.terminal()
  return codec.system.terminal(1)
end

---@return boolean
function out.coloured()
  return out.terminal() and not set "NO_COLOR" and os.getenv "TERM" ~= "dumb"
end

--- Bold, on a terminal.
---@param s string
---@return string
function out.bold(s)
  return out.coloured() and "\27[1m" .. s .. "\27[0m" or s
end

return out
