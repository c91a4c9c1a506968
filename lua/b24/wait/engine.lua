--- The engine of this Lua state: one helper thread that carries out all requests and sleeps, seen
--- as one descriptor. Who waits for it (a waiter) is told by engine.pump.

local engine = {}

--- How a program waits for the engine: it watches the descriptor, and calls engine.pump when that
--- is readable. `turn`: keep the program going until the task is done, or for so many seconds.
---@class b24.waiter
---@field name string
---@field arm fun() something was added: see that the descriptor is watched; called often
---@field disarm fun() nothing is under way any more
---@field forget fun() the descriptor is gone (a forked child): drop what belonged to it
---@field turn fun(task: b24.task, seconds: number)
---@field bind? fun(wake: function): function a waker that goes where it must run, if that is not
--- just engine.pump
---@field release? fun(waker: function) one of these will not be called

local current -- b24.core's engine
local wakers = {} -- id -> function(event, data)
local armed = {} -- waiter -> true
-- how many answers are being made: their jobs are not counted as running, and may come back
local stepping = 0

-- Of the parent process: neither its jobs nor its descriptor are ours.
local function forget()
  for waiter in pairs(armed) do waiter.forget() end
  current, wakers, armed = nil, {}, {}
end

--- The engine itself; a new one in a forked child. Throws when there is no memory or descriptor for
--- it.
---@return userdata
function engine.get()
  if current and not current:usable() then forget() end
  if not current then current = require("b24.core").engine() end
  return current
end

---@return integer descriptor readable while engine.pump has something to do
function engine.pollfd() return engine.get():pollfd() end

---@return boolean is anything under way?
function engine.busy() return current ~= nil and current:usable() and current:running() > 0 end

local function register(id, waiter, waker)
  wakers[id] = waker
  armed[waiter] = true
  waiter.arm()
end

-- Without memory to register the waker the job is given up: what nobody waits for must not wake
-- anybody.
local function wait_for(id, waiter, waker)
  local ok, err = pcall(register, id, waiter, waker)
  if ok then return id end
  engine.cancel(id)
  return nil, err
end

-- A job that method(argument) of the engine begins. Its waker is made before: as soon as there is a
-- job, a finaliser may pump, and must find it.
local function begin(method, argument, waiter, wake)
  local of = engine.get()
  local waker = waiter.bind and waiter.bind(wake) or wake
  local ok, id = pcall(of[method], of, argument)
  if not ok then
    if waiter.release then waiter.release(waker) end
    error(id, 0)
  end
  local registered, err = wait_for(id, waiter, waker)
  return registered, err
end

--- Sends what the call asks for. `wake("reply" | "failed", data)` is called later, by engine.pump.
--- Throws when it could not be begun.
---@return integer? id
---@return string? err it was given up, and may have been sent
function engine.send(call, waiter, wake)
  local id, err = begin("add", call, waiter, wake)
  return id, err
end

--- `wake("woke")` is called after so many seconds. Throws when it cannot be.
---@return integer id
function engine.sleep(seconds, waiter, wake)
  local id, err = begin("sleep", seconds, waiter, wake)
  if not id then error(err, 0) end
  return id
end

local function disarm_when_idle()
  if stepping > 0 or engine.busy() then return end
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

-- One job that is done: whether all went well, then as current:step(), or an error.
local function step()
  stepping = stepping + 1
  local ok, id, event, data = pcall(current.step, current)
  stepping = stepping - 1
  return ok, id, event, data
end

--- Wakes all whose request or sleep is over. What one of them throws does not keep the others from
--- being woken; the first error is thrown again at the end. One by one: a waker may wait, and the
--- pump that it calls wakes those that this one has not come to; and for lack of memory nothing is
--- lost. A finaliser can run, and throw, wherever memory is taken.
function engine.pump()
  local failed, failure = false, nil
  local function check(ok, err)
    if not ok and not failed then failed, failure = true, err end
    return ok
  end
  for _ = 1, engine.busy() and current:running() or 0 do -- what wakers add is for the next time
    local ok, id, event, data = step()
    if not check(ok, id) or not id then break end
    local wake = wakers[id]
    wakers[id] = nil
    -- before it is woken: in cqueues it may wait, and needs another pump then
    check(pcall(disarm_when_idle))
    if wake then check(pcall(wake, event, data)) end
    if not engine.busy() then break end
  end
  disarm_when_idle()
  if failed then error(failure, 0) end
end

--- Waits, blocking, until there is something to pump or the seconds are over.
---@param seconds number
function engine.wait(seconds) engine.get():wait(seconds) end

return engine
