-- A desktop with nothing but a bar that has the widget of examples/awesome. What the widget and
-- notifications show is appended to the file $B24_SEEN; a click on the badge comes by itself.
local awful = require "awful"
local gears = require "gears"
local naughty = require "naughty"
local wibox = require "wibox"
require("beautiful").init(gears.filesystem.get_themes_dir() .. "default/theme.lua")

local widget = require "b24_widget"
local seen = assert(io.open(os.getenv "B24_SEEN", "a"))
seen:setvbuf "line"

awful.screen.connect_for_each_screen(function(s)
  awful.tag({ "1" }, s, awful.layout.suit.floating)
  awful.wibar({ position = "top", screen = s }):setup {
    layout = wibox.layout.align.horizontal, nil, nil,
    { layout = wibox.layout.fixed.horizontal, widget, wibox.widget.textclock() },
  }
end)

naughty.config.notify_callback = function(note)
  seen:write(note.title, ": ", (note.text:gsub("\n", "; ")), "\n")
  return note
end

local last
gears.timer { timeout = 0.2, autostart = true, callback = function()
  if widget.text == last then return end
  last = widget.text
  seen:write(last, "\n")
  if last:find "%d" then widget:emit_signal("button::press", 0, 0, 1, {}) end
end }
