--- Two more ways for a task to wait: until another one rings, and for an answer that may take as
--- long as a minute while the machine is suspended in between.

local engine = require "b24.wait.engine"
local tasks = require "b24.wait.task"

local bell = {}

--- One task waits, others ring.
---@class b24.bell
---@field package waiter b24.waiter of who waits
---@field package wake function|false
---@field package rung boolean
local Bell = {}
Bell.__index = Bell

---@param waiter b24.waiter
---@return b24.bell
function bell.new(waiter)
  return setmetatable({ waiter = waiter, wake = false, rung = false }, Bell)
end

--- Waits until it is rung, also before, or for so many seconds.
---@param seconds number
---@return boolean false: the task was cancelled
function Bell:wait(seconds)
  if self.rung then
    self.rung = false
    return true
  end
  local timer
  local event = tasks.wait_for(function(wake, waiter)
    self.wake = wake
    timer = engine.sleep(seconds, waiter, wake)
    return timer
  end)
  self.wake, self.rung = false, false
  if event == "rung" then engine.cancel(timer) end
  return event ~= "cancel"
end

--- Who waits goes on, soon and not here: this may be the middle of anything.
function Bell:ring()
  self.rung = true
  local wake = self.wake
  if not wake then return end
  self.wake = false
  engine.sleep(0, self.waiter, function() wake "rung" end)
end

-- A host that cannot send says why as any other failure.
local function cannot(trouble)
  return "failed", { kind = "network", code = "ENGINE_FAILED", sent = false,
    message = (tostring(trouble):gsub("^b24: ", "")) }
end

local SPARE = 2 -- seconds: whoever keeps the time of the transfer should be heard first

--- Sends what a live channel wants to be sent. libcurl's clock stands still while the machine is
--- suspended, the engine's does not: so the engine ends what libcurl would still wait for.
---@param channel userdata codec.live
---@param seconds number
---@return "reply"|"failed"|nil event nil: the task was cancelled
---@return table? data
function bell.poll(channel, seconds)
  local job, timer, trouble
  local event, data = tasks.wait_for(function(wake, waiter)
    local ok, id, err = pcall(engine.send, channel, waiter, wake)
    if not ok or not id then
      trouble = ok and err or id
      return false
    end
    job = id
    timer = engine.sleep(seconds + SPARE, waiter, function() wake "late" end)
    return job
  end)
  if timer then engine.cancel(timer) end
  if trouble then return cannot(trouble) end
  if event == "late" then
    engine.cancel(job)
    return "failed", { kind = "timeout", code = "TIMEOUT", sent = true, message = "no answer" }
  end
  if event ~= "cancel" then return event, data end
end

return bell
