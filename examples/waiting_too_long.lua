#!/usr/bin/env lua
-- For cron: reports clients who have waited longer than 15 minutes to the team's chat. Silent
-- otherwise.
--   */5 * * * *  B24_TEAM=chat42 lua waiting_too_long.lua

local b24 = require "b24"

local PATIENCE = 15 * 60                                   -- seconds
local team = os.getenv "B24_TEAM" or "chat42"

-- $B24_WEBHOOK, or the file ~/.config/b24/webhook
local client = assert(b24.client())
local late = {}
for _, d in ipairs(assert(client:inbox { section = "LINES" })) do
  -- with d.at_least: that long, perhaps longer
  if (d.waiting or 0) > PATIENCE then
    late[#late + 1] = ("%s: %d unread, %d min"):format(d.name or d.dialog_id, d.unread,
      math.floor(d.waiting / 60))
  end
end
if #late > 0 then
  assert(client:send(team, "Waiting:\n" .. table.concat(late, "\n")))
end
