#!/usr/bin/env lua
-- Who is waiting for me, and since when.      lua who_is_waiting.lua

local b24 = require "b24"

-- $B24_WEBHOOK, or the file ~/.config/b24/webhook
local client = assert(b24.client())
local inbox = assert(client:inbox())

for _, d in ipairs(inbox) do
  if not d.muted then
    local since = d.waiting and ("%s%d min"):format(d.at_least and "over " or "",
      math.floor(d.waiting / 60)) or "?"
    print(("%-10s %-30s %3d unread  %s"):format(d.dialog_id, d.name or "(no name)",
      d.unread, since))
  end
end
-- 14 = 2 tasks + 4 notifications + 8 messages
print(b24.why(inbox.counters, inbox))
