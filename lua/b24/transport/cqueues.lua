--- Waits for the engine in cqueues: one coroutine of ours in each controller that has something under way.

local condition = require "cqueues.condition"
local cqueues = require "cqueues"
local engine = require "b24.engine"

local waiter = { name = "cqueues" }
local pumps = setmetatable({}, { __mode = "k" }) -- controller -> the condition that ends its pump

local function pollable()
  local fd = engine.pollfd()
  return { pollfd = function() return fd end, events = function() return "r" end, timeout = function() end }
end

local function pump(controller, stop)
  local descriptor = pollable()
  while engine.busy() and pumps[controller] == stop do
    cqueues.poll(descriptor, stop)
    if pumps[controller] == stop then engine.pump() end
  end
  if pumps[controller] == stop then pumps[controller] = nil end
end

function waiter.arm()
  local controller = cqueues.running()
  if not controller or pumps[controller] then return end
  local stop = condition.new()
  pumps[controller] = stop
  controller:wrap(pump, controller, stop)
end

function waiter.disarm()
  for controller, stop in pairs(pumps) do
    pumps[controller] = nil
    stop:signal()
  end
end

function waiter.forget() pumps = setmetatable({}, { __mode = "k" }) end

-- In a coroutine of its own, which may wait as it likes; what it throws is the controller's to report.
function waiter.bind(wake)
  local controller = cqueues.running()
  return function(event, data)
    if controller and cqueues.running() then
      controller:wrap(wake, event, data)
    else
      wake(event, data)
    end
  end
end

-- In a coroutine of the controller it waits; elsewhere nothing else could go on, so it blocks.
function waiter.turn(task, seconds)
  if not cqueues.running() then return require("b24.transport.blocking").turn(task, seconds) end
  local done = condition.new()
  task.joiners[#task.joiners + 1] = function() done:signal() end
  local deadline = cqueues.monotime() + seconds
  while not task.done do
    waiter.arm()
    local left = deadline - cqueues.monotime()
    if left <= 0 then return end
    done:wait(left < 1e9 and left or nil)
  end
end

---@type b24.waiter
return waiter
