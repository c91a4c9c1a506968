--- Waits for the engine in libuv's loop: luv programs and Neovim. One poll handle, no timer; while
--- nothing is under way the handle is stopped and keeps no loop alive.

local engine = require "b24.wait.engine"

local vim = rawget(_G, "vim") -- Neovim's
local nvim = type(vim) == "table" and vim.api and (vim.uv or vim.loop) and vim or nil
local uv = nvim and (nvim.uv or nvim.loop) or require "luv"

local waiter = { name = "uv" }
local poll -- of the engine's descriptor
local watching = false
local pump

function waiter.arm()
  if watching then return end
  watching = true
  if not poll or poll:is_closing() then poll = assert(uv.new_poll(engine.pollfd())) end
  poll:start("r", pump)
end

function waiter.disarm()
  watching = false
  -- stopping a closing handle would abort the process
  if poll and not poll:is_closing() then poll:stop() end
end

-- libuv's loop does not survive a fork: the handle is left alone.
function waiter.forget() poll, watching = nil, false end

-- In Neovim outside the fast events, where its API may be called. Until then the descriptor stays
-- readable, so it is not watched; `watching` stays set, so that nobody watches it again too early.
local function pump_later()
  poll:stop()
  nvim.schedule(function()
    watching = false
    local ok, err = pcall(engine.pump)
    if engine.busy() then waiter.arm() end
    if not ok then error(err, 0) end
  end)
end

pump = nvim and pump_later or engine.pump

if nvim then
  function waiter.turn(task, seconds)
    local ms = seconds < 1e6 and math.ceil(seconds * 1000) or 1000000000
    if engine.busy() then waiter.arm() end
    nvim.wait(ms, function() return task.done end, 5)
  end
else
  -- uv.run cannot be nested, and wait may be called in a callback of its: only our own requests go
  -- on.
  waiter.turn = require("b24.wait.blocking").turn
end

---@type b24.waiter
return waiter
