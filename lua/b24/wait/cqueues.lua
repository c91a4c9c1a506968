--- Waits for the engine in cqueues: one coroutine of ours in each controller that has something
--- under way.

local codec = require "b24.codec"
local condition = require "cqueues.condition"
local cqueues = require "cqueues"
local engine = require "b24.wait.engine"

local waiter = { name = "cqueues" }
local weak = { __mode = "k" }
local pumps = setmetatable({}, weak) -- controller -> the condition that has its pump look again
local under_way = setmetatable({}, weak) -- controller -> how many of its wakers wait
local owners = setmetatable({}, weak) -- waker -> its controller
local blocked = 0 -- waits that block: no controller goes on meanwhile

-- seconds: a task that ends in a finaliser, while we begin to wait for it, signals nobody
local LOOK = 10

local function pollable()
  local fd = engine.pollfd()
  return { pollfd = function()
    return fd
  end, events = function() return "r" end, timeout = function() end }
end

local function pump(controller, look)
  local descriptor = pollable()
  while pumps[controller] == look do
    cqueues.poll(descriptor, look)
    if pumps[controller] == look then engine.pump() end
  end
end

function waiter.arm()
  local controller = cqueues.running()
  if not controller or pumps[controller] then return end
  local look = condition.new()
  pumps[controller] = look
  controller:wrap(pump, controller, look)
end

-- The pump ends.
local function disarm(controller)
  local look = pumps[controller]
  pumps[controller] = nil
  if look then look:signal() end
end

function waiter.disarm()
  for controller in pairs(pumps) do disarm(controller) end
end

function waiter.forget()
  pumps, under_way, owners = setmetatable({}, weak), setmetatable({}, weak), setmetatable({}, weak)
end

-- A controller must be able to end while something goes on in another one.
function waiter.release(waker)
  local controller = owners[waker]
  if not controller then return end
  owners[waker] = nil
  under_way[controller] = under_way[controller] - 1
  if under_way[controller] == 0 then disarm(controller) end
end

--- Is the coroutine that runs now one that a controller resumes? A user's own one inside it is not:
--- what it yields does not reach the controller.
function waiter.owns()
  return (select(2, cqueues.running()))
end

--- May that coroutine wait? Where Lua does not tell (5.1, 5.2) it is tried, and Lua's own words are
--- thrown.
function waiter.may_wait()
  local may = codec.may_yield()
  if may == nil then cqueues.sleep(0) end
  return may ~= false
end

-- A waker runs in the controller that it was made in, in a coroutine of its own, which may wait as
-- it likes; what it throws is the controller's to report.
function waiter.bind(wake)
  local controller = cqueues.running()
  if not controller then return wake end
  local function waker(event, data)
    local look = pumps[controller]
    waiter.release(waker)
    if blocked > 0 or not cqueues.running() then return wake(event, data) end
    controller:wrap(wake, event, data)
    if look then look:signal() end -- it may be another controller that runs now
  end
  owners[waker] = controller
  under_way[controller] = (under_way[controller] or 0) + 1
  return waker
end

local function block(task, seconds)
  blocked = blocked + 1
  local ok, err = pcall(require("b24.wait.blocking").turn, task, seconds)
  blocked = blocked - 1
  if not ok then error(err, 0) end
end

-- In a coroutine of the controller it waits; elsewhere nothing else could go on, so it blocks.
function waiter.turn(task, seconds)
  if not waiter.owns() then return block(task, seconds) end
  local done = condition.new()
  local function joiner() done:signal() end
  table.insert(task.joiners, joiner)
  local deadline = cqueues.monotime() + seconds
  while not task.done do
    -- else its answer has been taken: it ends without a pump, and nothing would end one
    if engine.busy() then waiter.arm() end
    local left = deadline - cqueues.monotime()
    if left <= 0 then break end
    if not task.done then done:wait(math.min(left, LOOK)) end
  end
  if not task.done then task:forget(joiner) end
end

---@type b24.waiter
return waiter
