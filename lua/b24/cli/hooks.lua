--- What b24 watch does besides printing: a command for each change, a desktop notification. The
--- children find the change in their environment, and no credential there: account.lua has removed
--- it.

local codec = require "b24.codec"
local tasks = require "b24.wait.task"
local text = require "b24.cli.text"

local hooks = {}

local BUS_PATIENCE = 2000 -- ms for the desktop to take a notification
local LONGEST = 1000 -- characters of one

local MOST_WAITING = 100 -- commands; more changes at once than anybody has
local FIRST_LOOK, LAST_LOOK = 0.01, 0.25 -- seconds between looks at a command that runs

local function quote(s)
  return "'" .. s:gsub("'", "'\\''") .. "'"
end

local function number(n)
  return n and ("%d"):format(n) or ""
end

local waiting = {} -- commands that have not begun, the oldest first
local running = false

local function tell(...) io.stderr:write("b24: --exec: ", ...) end

--- One command, to its end. To be called in a task.
---@param command string
---@param seconds number
---@return integer|string|nil status its exit status, "late" or "unknown"; nil: it did not start, or
--- the task was cancelled
---@return string? problem
function hooks.run(command, seconds)
  local child, problem = codec.system.start(command, seconds)
  if not child then return nil, problem end
  local pause = FIRST_LOOK
  while tasks.sleep(pause) do
    local ended = child:ended()
    if ended then return ended end
    pause = math.min(2 * pause, LAST_LOOK)
  end
  return nil, "cancelled"
end

-- A command of --exec. Its failure is its own business.
local function run(command, seconds)
  local status, problem = hooks.run(command, seconds)
  if problem and problem ~= "cancelled" then
    tell("the command cannot be started: ", problem, "\n")
  elseif status == "late" then
    local message = "the command was ended, because it took more than %g s (--exec-timeout)\n"
    tell(message:format(seconds))
  end
end

local function run_all(seconds)
  running = true
  while waiting[1] do run(table.remove(waiting, 1), seconds) end
  running = false
end

--- Has the user's shell command run, one at a time, so that changes stay in their order; the watch
--- goes on meanwhile. One that hangs is ended after a while, so that neither processes nor changes
--- pile up.
---@param command string
---@param seconds number for each
---@param variables table<string, string>
function hooks.exec(command, seconds, variables)
  local words = {}
  for name, value in pairs(variables) do words[#words + 1] = name .. "=" .. quote(value) end
  if #waiting == MOST_WAITING then
    table.remove(waiting, 1)
    tell "commands take longer than changes come; the oldest change is left out\n"
  end
  waiting[#waiting + 1] = "export " .. table.concat(words, " ") .. "\n" .. command .. "\n"
  if not running then tasks.core.spawn(function() run_all(seconds) end) end
end

--- The environment of --exec. Numbers that are not known are empty.
---@param event "change"|"down"|"up"
---@param badge string
---@param totals b24.totals
---@param change? b24.change
---@return table<string, string>
function hooks.variables(event, badge, totals, change)
  change = change or {}
  return { B24_EVENT = event, B24_BADGE = badge, B24_MESSAGES = number(totals.messages),
    B24_DIALOG_ID = change.dialog_id or "", B24_SECTION = change.section or "",
    B24_FROM = number(change.from), B24_TO = number(change.to) }
end

-- Notification servers read markup in the body.
local function escaped(s)
  return (text.line(s):gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }))
end

-- Over D-Bus, where only the desktop sees it. Needs lgi. False: it could not be told.
local function over_bus(title, body)
  local lgi = require "lgi"
  local bus = lgi.Gio.bus_get_sync(lgi.Gio.BusType.SESSION)
  if not bus then return false end
  bus:set_exit_on_close(false) -- the end of the desktop's session is not ours
  local notice = lgi.GLib.Variant("(susssasa{sv}i)", { "b24", 0, "", title, body, {}, {}, -1 })
  return bus:call_sync("org.freedesktop.Notifications", "/org/freedesktop/Notifications",
    "org.freedesktop.Notifications", "Notify", notice, nil, "NONE", BUS_PATIENCE) ~= nil
end

--- A notification of the desktop. Says on standard error, once, when there is none. notify-send is
--- not told who has written what: every user of the machine can read the command lines of all
--- programs.
---@param title string
---@param lines string[] one for each dialog
function hooks.notify(title, lines)
  local body = escaped(text.cut(table.concat(lines, " | "), LONGEST))
  local good, told = pcall(over_bus, text.line(title), body)
  if good and told then return end
  local count = text.count(#lines, "dialog has new messages", "dialogs have new messages")
  local command = "notify-send --app-name=b24 -- %s %s >/dev/null 2>&1"
  local ok = os.execute(command:format(quote(text.line(title)), quote(count)))
  if ok == true or ok == 0 or hooks.silent then return end
  hooks.silent = true
  io.stderr:write("b24: notify-send failed; install libnotify-bin, and check that a notification "
    .. "service is running\n")
end

return hooks
