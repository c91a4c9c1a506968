-- A widget for AwesomeWM 4.3: the badge, and on a click who is waiting. Copy this file into
-- ~/.config/awesome/ and put `require "b24_widget"` among the widgets of your wibox. It needs b24
-- and lgi for awesome's Lua (`awesome --version` names it), and never blocks the window manager.
local b24 = require "b24"
local naughty = require "naughty"

local badge = require("wibox").widget.textbox "✉ …"
local client, err, info = b24.client()

local function show(text) badge.text = text ~= "" and "✉ " .. text or "" end

local function complain(message, about)
  show "?"
  naughty.notify { title = "b24", text = message .. "\n" .. (about.hint or "") }
end

if not client then
  complain(err, info)
  return badge
end

client:watch {
  every = 60,
  on_change = function(counters) show(b24.badge(counters)) end,
  on_error = complain, -- once per outage
  on_recover = function(counters) show(b24.badge(counters)) end,
}

badge:connect_signal("button::press", function()
  client:inbox({}, function(inbox, message, about)
    if not inbox then return complain(message, about) end
    local lines = {}
    for _, d in ipairs(inbox) do
      if not d.muted then
        lines[#lines + 1] = ("%d  %s"):format(d.unread, d.name or d.dialog_id)
      end
    end
    naughty.notify { title = "Waiting for you", text = table.concat(lines, "\n") }
  end)
end)

return badge
