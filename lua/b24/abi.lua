--- Why the C module does not load, in words: most often it was built for another Lua.

local function lua()
  local jit = rawget(_G, "jit")
  return jit and jit.version:gsub(" [^ ]*$", "") or _VERSION, jit and "luajit"
    or "lua" .. _VERSION:match "[%d.]+"
end

--- Throws it.
---@param problem string what `require "b24.codec"` has thrown
return function(problem)
  problem = tostring(problem)
  local file = problem:match "from file '([^'\n]+)'"
  local other = problem:find "symbol" and problem:find "luaL?_%w+"
    or problem:find "version mismatch"
  if not file or not other then error(problem, 0) end
  local name, program = lua()
  local words = "b24: %s was built for another Lua than this one, %s. Build it for this one: make "
    .. "install LUA=%s (see doc/install.md); or let LUA_CPATH name the right folder first.\n%s"
  error(words:format(file, name, program, problem), 0)
end
