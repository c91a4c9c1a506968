--- Bounds in time on a machine that has other things to do as well.
---
---     local took = calm.timed(0.5, client.counters, client)
---     assert.is_true(took < 0.5)
---     calm.check(portal, function() ... assert.equal("TIMEOUT", info.code) end)
---
--- What came too late is run again when the machine stalled meanwhile, as another process's clock
--- shows: that was not the fault of what is tested. On a quiet machine nothing is repeated. Only
--- for bounds that are themselves what a spec is about; everything else has no bound.

local posix = require "b24_posix"
local process = require "spec.support.process"

local calm = {}

local TICK = 0.002 -- seconds between two looks at the clock
local STALL = 0.002 -- by which a tick may be late on a quiet machine
local TRIES = 20

-- A child that does nothing but wake up, and notes the longest delay.
local function watch_clock(file)
  local pid = posix.fork()
  if pid ~= 0 then return pid end
  local worst, before = 0, posix.now()
  while true do
    posix.sleep(TICK)
    local now = posix.now()
    if now - before - TICK > worst then
      worst = now - before - TICK
      process.write(file, tostring(worst))
    end
    before = posix.now()
  end
end

--- Begins to watch; the function that it returns ends that, and returns the longest delay.
function calm.watch()
  local file = os.tmpname()
  local pid = watch_clock(file)
  return function()
    posix.kill(pid, 9)
    posix.wait(pid)
    -- killed while it wrote, or before its first tick
    local delay = tonumber(process.read(file) or "") or STALL
    os.remove(file)
    return delay
  end
end

local function pack(...) return { n = select("#", ...), ... } end
local unpack = unpack or table.unpack -- luacheck: ignore

--- Calls f(...) until its first result is true, or until it was not the machine's fault. Returns
--- what it returned last.
function calm.attempt(f, ...)
  for try = 1, TRIES do
    local stop = calm.watch()
    local results = pack(pcall(f, ...))
    local delay = stop()
    if not results[1] then error(results[2], 0) end
    if results[2] or delay < STALL or try == TRIES then return unpack(results, 2, results.n) end
  end
end

--- A whole check with a reset portal, whose assertions fail when an answer that has time to spare
--- came even later. It is made again when the machine stalled.
function calm.check(portal, f)
  local ok, problem = calm.attempt(pcall, function()
    portal:reset()
    f()
  end)
  if not ok then error(problem, 0) end
end

local function in_time(seconds, elapsed, ...)
  return elapsed <= seconds, elapsed, ...
end

--- As process.timed, for what should take no more than `seconds` and may be done again.
function calm.timed(seconds, f, ...)
  local arguments = pack(...)
  return select(2, calm.attempt(function()
    return in_time(seconds, process.timed(f, unpack(arguments, 1, arguments.n)))
  end))
end

return calm
