#!/usr/bin/env lua
-- Shows the unread messages of a dialog; with a text, answers and marks it as read.      lua
-- answer.lua chat18 "On my way!"

local b24 = require "b24"

local dialog_id, text = arg[1], arg[2]
if not dialog_id then
  io.stderr:write("usage: answer.lua DIALOG_ID [TEXT]\n")
  os.exit(2)
end

local client = assert(b24.client())
-- marks nothing as read
for _, m in ipairs(assert(client:messages(dialog_id, { unread = true }))) do
  local author = m.author or (m.author_id == 0 and "Bitrix24" or "user " .. tostring(m.author_id))
  print(("%s: %s"):format(author, m.plain))
end
if text then
  print("sent as message " .. assert(client:send(dialog_id, text)))
  assert(client:mark_read(dialog_id))
end
