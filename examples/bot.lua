#!/usr/bin/env lua
-- While you are away: answers each person who writes to you, once, and leaves the messages unread.
-- Chats, open lines and muted dialogs are left alone. Runs until Ctrl-C.
--
-- bot.lua "I am back on Monday; for urgent things write to Anna." [SECONDS between two looks]
local b24 = require "b24"

local text = arg[1]
if not text then
  io.stderr:write('usage: bot.lua "TEXT" [SECONDS]\n')
  os.exit(2)
end

local client = assert(b24.client())
local answered = {}

local function answer()
  local inbox, err, info = client:inbox { section = "DIALOG" }
  if not inbox then return io.stderr:write(err, "\n", info.hint or "", "\n") end
  for _, d in ipairs(inbox) do
    if not answered[d.dialog_id] and not d.muted and d.unread > 0 then
      answered[d.dialog_id] = true -- before sending: never twice, even if the answer is lost
      local id, failure = client:send(d.dialog_id, text)
      print(id and "answered " .. (d.name or d.dialog_id) or failure)
      io.stdout:flush()
    end
  end
end

client:watch {
  every = tonumber(arg[2]) or 60,
  on_change = answer,
  on_error = function(message, about, watch)
    io.stderr:write(message, "\n", about.hint or "", "\n")
    if about.kind == "auth" or about.kind == "denied" then watch:stop() end
  end,
}
