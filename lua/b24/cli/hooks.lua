--- What b24 watch does besides printing: a command for each change, a desktop notification. The children find the change in
--- their environment, and no credential there: account.lua has removed it.

local text = require "b24.cli.text"

local hooks = {}

local BUS_PATIENCE = 2000 -- ms for the desktop to take a notification
local LONGEST = 1000 -- characters of one

local function quote(s)
  return "'" .. s:gsub("'", "'\\''") .. "'"
end

local function number(n)
  return n and ("%d"):format(n) or ""
end

--- Runs the user's shell command and waits for it, so that changes stay in their order. Its failure is its own business.
---@param command string
---@param variables table<string, string>
function hooks.exec(command, variables)
  local words = {}
  for name, value in pairs(variables) do words[#words + 1] = name .. "=" .. quote(value) end
  os.execute("export " .. table.concat(words, " ") .. "\n" .. command .. "\n")
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
    B24_DIALOG_ID = change.dialog_id or "", B24_SECTION = change.section or "", B24_FROM = number(change.from),
    B24_TO = number(change.to) }
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
  return bus:call_sync("org.freedesktop.Notifications", "/org/freedesktop/Notifications", "org.freedesktop.Notifications",
    "Notify", notice, nil, "NONE", BUS_PATIENCE) ~= nil
end

--- A notification of the desktop. Says on standard error, once, when there is none. notify-send is not told who has
--- written what: every user of the machine can read the command lines of all programs.
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
  io.stderr:write "b24: notify-send failed; install libnotify-bin, and check that a notification service is running\n"
end

return hooks
