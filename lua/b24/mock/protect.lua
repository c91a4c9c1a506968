-- A call whose errors do not spread, and in which one may wait: Lua 5.1 cannot yield in its pcall.

local protect = {}

local function carry_on(thread, ok, ...)
  if not ok then return false, debug.traceback(thread, tostring((...))) end
  if coroutine.status(thread) == "dead" then return true, ... end
  return carry_on(thread, coroutine.resume(thread, coroutine.yield(...)))
end

--- As pcall; an error is text, with a traceback.
---@param f function
---@param ... any
---@return boolean ok
---@return any ... its results, or the error
function protect.call(f, ...)
  local thread = coroutine.create(f)
  return carry_on(thread, coroutine.resume(thread, ...))
end

return protect
