--- Waits for the engine by blocking: plain interpreters.

local codec = require "b24.codec"
local engine = require "b24.wait.engine"

local function nothing() end

local function turn(task, seconds)
  local deadline = codec.clock() + seconds
  while not task.done and engine.busy() do
    local left = deadline - codec.clock()
    if left < 0 then return end
    engine.wait(left)
    engine.pump()
  end
end

---@type b24.waiter
return { name = "blocking", arm = nothing, disarm = nothing, forget = nothing, turn = turn }
