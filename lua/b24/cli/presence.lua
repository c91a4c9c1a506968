--- b24 watch --live: is anybody there? While nobody is, the push channel is closed: the portal
--- counts whoever holds it open as online.

local hooks = require "b24.cli.hooks"
local tasks = require "b24.wait.task"

local presence = {}

local LOOK = 30 -- seconds between two looks while somebody is there
local LOOK_AWAY = 5 -- and while nobody is: the first sign of life should be seen
local PATIENCE = 10 -- seconds for the command

-- What the desktop tells logind: no key for its idle time, or a locked screen.
local LOGIND = [[loginctl show-session "$XDG_SESSION_ID" -p IdleHint -p LockedHint --value \
  2>/dev/null | grep -qx yes]]

--- The command that is asked whether nobody is there: exit status 0 says so. Nil: none can be.
---@param given? string --idle-command
---@return string?
function presence.command(given)
  if given then return given end
  return (os.getenv "XDG_SESSION_ID" or "") ~= "" and LOGIND or nil
end

--- Looks again and again, until the watch is stopped. To be called in a task.
---@param watch b24.watching
---@param command string
function presence.look(watch, command)
  repeat
    local status, problem = hooks.run(command, PATIENCE)
    if problem == "cancelled" then return end
    if problem then
      io.stderr:write("b24: --idle-command: the command cannot be started: ", problem, "\n")
    end
    local away = status == 0
    watch:away(away)
  until not tasks.sleep(away and LOOK_AWAY or LOOK)
end

return presence
