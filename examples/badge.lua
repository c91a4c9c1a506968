#!/usr/bin/env lua
-- The badge of a status bar that reads lines (polybar's tail, i3blocks' persist, a tmux pane): one
-- line per change. The credential comes from $B24_WEBHOOK, or from the file ~/.config/b24/webhook.
--
-- badge.lua [SECONDS]     polling interval; default 60
local b24 = require "b24"

local client, err, info = b24.client()
if not client then
  io.stderr:write(err, "\n", info.hint or "", "\n")
  os.exit(2)
end

local shown
local function show(badge)
  if badge == shown then return end
  shown = badge
  print(badge)
  io.stdout:flush()
end

client:watch {
  every = tonumber(arg[1]) or 60,
  on_change = function(counters) show(b24.badge(counters)) end,
  on_error = function(message, about) -- once per outage; polling continues
    io.stderr:write(message, "\n", about.hint or "", "\n")
    show(b24.badge(nil)) -- "?"
    if about.kind == "auth" or about.kind == "denied" then os.exit(1) end
  end,
  on_recover = function(counters) show(b24.badge(counters)) end,
}
