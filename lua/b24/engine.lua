--- The engine of this Lua state: one helper thread that carries out all requests and sleeps, seen as one descriptor. Who
--- waits for it (lua/b24/transport/) is told by engine.pump.

local engine = {}

--- How a program waits for the engine: it watches the descriptor, and calls engine.pump when that is readable. `turn`: keep
--- the program going until the task is done, or for so many seconds.
---@class b24.waiter
---@field name string
---@field arm fun() something was added: see that the descriptor is watched; called often
---@field disarm fun() nothing is under way any more
---@field forget fun() the descriptor is gone (a forked child): drop what belonged to it
---@field turn fun(task: b24.task, seconds: number)
---@field bind? fun(wake: function): function a waker that goes where it must run, if that is not just engine.pump
---@field release? fun(waker: function) one of these will not be called

local current -- b24.core's engine
local wakers = {} -- id -> function(event, data)
local armed = {} -- waiter -> true
local ready, first, last = {}, 1, 0 -- taken from the engine, not yet woken: { id, wake, event, data }

-- Of the parent process: neither its jobs nor its descriptor are ours.
local function forget()
  for waiter in pairs(armed) do waiter.forget() end
  current, wakers, armed = nil, {}, {}
  ready, first, last = {}, 1, 0
end

--- The engine itself; a new one in a forked child. Throws when there is no memory or descriptor for it.
---@return userdata
function engine.get()
  if current and not current:usable() then forget() end
  if not current then current = require("b24.core").engine() end
  return current
end

---@return integer descriptor readable while engine.pump has something to do
function engine.pollfd() return engine.get():pollfd() end

local function running() return current ~= nil and current:usable() and current:running() > 0 end

---@return boolean is anything under way?
function engine.busy() return first <= last or running() end

local function wait_for(id, waiter, wake)
  wakers[id] = waiter.bind and waiter.bind(wake) or wake
  armed[waiter] = true
  waiter.arm()
  return id
end

--- Sends what the call asks for. `wake("reply" | "failed", data)` is called later, by engine.pump.
---@return integer id
function engine.send(call, waiter, wake) return wait_for(engine.get():add(call), waiter, wake) end

--- `wake("woke")` is called after so many seconds.
---@return integer id
function engine.sleep(seconds, waiter, wake) return wait_for(engine.get():sleep(seconds), waiter, wake) end

local function disarm_when_idle()
  if running() then return end
  local list = armed
  armed = {}
  for waiter in pairs(list) do waiter.disarm() end
end

--- Its waker will not be called any more.
function engine.cancel(id)
  for waiter in pairs(armed) do
    if wakers[id] and waiter.release then waiter.release(wakers[id]) end
  end
  wakers[id] = nil
  if current and current:usable() then current:cancel(id) end
  disarm_when_idle()
end

-- Everything that is done, so that wakers may add and cancel as they like.
local function take()
  for id, event, data in current.step, current do
    if wakers[id] then
      last = last + 1
      ready[last] = { id, wakers[id], event, data }
    end
  end
end

local function next_ready()
  if first > last then return nil end
  local done = ready[first]
  ready[first] = nil
  first = first + 1
  return done
end

--- Wakes all whose request or sleep is over. What one of them throws does not keep the others from being woken; the first
--- error is thrown again at the end. A waker may wait: the pump that it calls wakes those that this one has not come to.
function engine.pump()
  if not (current and current:usable()) then return end
  take()
  disarm_when_idle()
  local failure
  for done in next_ready do
    local id, wake = done[1], done[2]
    if wakers[id] == wake then -- not cancelled by another waker meanwhile
      wakers[id] = nil
      local ok, err = pcall(wake, done[3], done[4])
      if not ok then failure = failure or { err } end
    end
  end
  if failure then error(failure[1], 0) end
end

--- Wakes those that an outer pump has taken and not come to yet: for waiters whose program's loop turns inside it.
function engine.catch_up()
  if first <= last then engine.pump() end
end

--- Waits, blocking, until there is something to pump or the seconds are over.
---@param seconds number
function engine.wait(seconds)
  if first > last then engine.get():wait(seconds) end
end

return engine
