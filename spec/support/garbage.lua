--- Finalisers that run all the time, wherever memory is taken: what runs in one of them runs in the
--- middle of everything.

local garbage = {}

-- An object that calls f when it is collected. Tables of Lua 5.1 have no finalisers.
local function object(f)
  local proxy = rawget(_G, "newproxy")
  if not proxy then return setmetatable({}, { __gc = f }) end
  local it = proxy(true)
  getmetatable(it).__gc = f
  return it
end

--- Calls f once, when the collector finds that nobody needs what it belongs to.
garbage.finaliser = function(f) object(f) end

-- Lua 5.5 has another call for it.
local function parameter(name, value)
  local ok, old = pcall(collectgarbage, "set" .. name, value)
  if ok then return old end
  return collectgarbage("param", name, value)
end

--- Sets how often the collector runs, and how much it does then; what they were.
---@param pause integer
---@param stepmul? integer
---@return integer pause, integer? stepmul
function garbage.pace(pause, stepmul)
  return parameter("pause", pause), stepmul and parameter("stepmul", stepmul)
end

-- Cycle after cycle, with hardly a pause. LuaJIT would do nothing else any more.
local function hurry()
  if rawget(_G, "jit") then return garbage.pace(110, 400) end
  return garbage.pace(1, 1000)
end

--- Runs body(), and meanwhile f() in one finaliser after the other, never one inside another.
---@param f function
---@param body function
function garbage.during(f, body)
  local over, inside = false, false
  local function again()
    if over then return end
    if not inside then
      inside = true
      local ok, err = pcall(f)
      inside = false
      if not ok then over, garbage.failure = true, err end
    end
    object(again)
  end
  garbage.failure = nil
  local pause, stepmul = hurry()
  object(again)
  local ok, err = pcall(body)
  over = true
  garbage.pace(pause, stepmul)
  if not ok then error(err, 0) end
  if garbage.failure then error(garbage.failure, 0) end
end

return garbage
