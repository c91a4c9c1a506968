--- Waits for the engine in GLib's main loop, through lgi: AwesomeWM, GTK programs.

local engine = require "b24.wait.engine"

local lgi = require "lgi"
local GLib = lgi.GLib

-- GLib 2.90 has it in a namespace of its own alone, old ones only in GLib.
local found, unix = pcall(lgi.require, "GLibUnix")
local watch_fd = found and unix.fd_add_full or GLib.unix_fd_add_full

local waiter = { name = "glib" }
local source -- id of the watch on the descriptor

-- GLib never calls a source while it is being called: a callback that waits needs another one. What
-- a callback throws must not leave the descriptor unwatched.
local function readable()
  waiter.disarm()
  local ok, err = pcall(engine.pump)
  if engine.busy() then waiter.arm() end
  if not ok then error(err, 0) end
  return false
end

function waiter.arm()
  if source then return end
  source = watch_fd(GLib.PRIORITY_DEFAULT, engine.pollfd(), GLib.IOCondition.IN, readable)
end

function waiter.disarm()
  local id = source
  source = nil
  if id then GLib.source_remove(id) end
end

function waiter.forget() source = nil end

-- The program's own events go on.
function waiter.turn(task, seconds)
  local context, over = GLib.MainContext.default(), false
  local timer = seconds < 1e6 and GLib.timeout_add(GLib.PRIORITY_DEFAULT, math.ceil(seconds * 1000),
    function()
      over = true
      return false
    end)
  while not task.done and not over and engine.busy() do
    waiter.arm()
    context:iteration(true)
  end
  if timer and not over then GLib.source_remove(timer) end
end

---@type b24.waiter
return waiter
