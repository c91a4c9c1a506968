-- What the portal's own code tells the push server: whenever a chat or the notifications of a user
-- have changed, whoever changed them. Only for users whose channel somebody has asked for.

local dialogs = require "b24.mock.dialogs"
local php = require "b24.mock.php"
local push = require "b24.mock.push"

local push_events = {}

local OVERFLOW = 100 -- counters of events end here

local function seen_of(chat)
  local last = chat.messages and chat.messages[#chat.messages]
  return { count = chat.count, muted = chat.muted or false, marked = chat.marked or false,
    hidden = chat.hidden or false, unanswered = chat.unanswered or false,
    last = last and last.id or 0, read = chat.last_read or 0 }
end

local function snapshot(user)
  local seen = { notifications = user.notifications, chats = {} }
  for _, chat in ipairs(user.chats) do
    dialogs.settle(user, chat)
    seen.chats[chat.dialog_id] = seen_of(chat)
  end
  return seen
end

--- From now on the user's changes are told.
---@param server table
---@param account table
function push_events.begin(server, account)
  server.seen = server.seen or {}
  server.seen[account.user_id] = server.seen[account.user_id] or snapshot(account.counters)
end

local function params_of(chat, ...)
  return php.map("chatId", tonumber(chat.id), "dialogId", chat.dialog_id,
    "counter", math.min(chat.count, OVERFLOW), "muted", chat.muted or false,
    "unread", chat.marked or false, "lines", chat.kind == "line", "parentChatId", chat.parent or 0,
    ...)
end

local function message_params(user, chat, message)
  return params_of(chat, "message", php.map("id", message.id, "senderId", message.author_id,
    "text", message.text, "system", message.author_id == 0 and "Y" or "N"),
    "users", php.map(tostring(user.id), php.map("id", user.id, "name", "User")))
end

-- Each new message is an event of its own.
local function tell_messages(tell, user, chat, before)
  local told = false
  for _, message in ipairs(chat.messages) do
    if message.id > before.last then
      tell(chat.peer and "message" or "messageChat", message_params(user, chat, message))
      told = true
    end
  end
  return told
end

local function tell_chat(tell, user, chat, before)
  dialogs.settle(user, chat)
  local now = seen_of(chat)
  local told = tell_messages(tell, user, chat, before)
  if now.muted ~= before.muted then tell("chatMuteNotify", params_of(chat)) end
  if now.marked ~= before.marked or now.unanswered ~= before.unanswered then
    tell("chatUnread", params_of(chat, "active", now.marked))
  end
  if now.hidden ~= before.hidden then tell("chatHide", params_of(chat)) end
  if now.count < before.count or now.read > before.read and not told then
    tell("readMessageChat", params_of(chat, "lastId", chat.last_read, "viewedMessages", {}))
  elseif now.count ~= before.count and not told then
    tell("recentUpdate", params_of(chat))
  end
  return now
end

local NEVER = { count = 0, muted = false, marked = false, hidden = false, unanswered = false,
  last = 0, read = 0 }

local function tell_notifications(tell, before, now)
  local counter = math.min(now, OVERFLOW)
  if now == 0 and before > 0 then
    tell("notifyReadAll", php.map("newCounter", 0))
  elseif now < before then
    tell("notifyRead", php.map("chatId", 1, "list", { 1 }, "counter", counter))
  elseif now > before then
    tell("notifyAdd", php.map("id", now, "counter", counter, "text", "A notification"))
  end
end

local function tell_user(server, account, seen)
  local user, channel = account.counters, push.channel(server, account.user_id, "private")
  local function tell(command, params) push.event(server, channel, "im", command, params) end
  local there = {}
  for _, chat in ipairs(user.chats) do
    there[chat.dialog_id] = true
    seen.chats[chat.dialog_id] = tell_chat(tell, user, chat, seen.chats[chat.dialog_id] or NEVER)
  end
  for dialog_id in pairs(seen.chats) do
    if not there[dialog_id] then
      seen.chats[dialog_id] = nil
      tell("chatDelete", php.map("dialogId", dialog_id))
    end
  end
  tell_notifications(tell, seen.notifications, user.notifications)
  seen.notifications = user.notifications
end

--- Tells what a request or a control has changed. Cheap where nobody listens.
---@param portal table
function push_events.tell(portal)
  local server = portal.push
  for user_id, seen in pairs(server and server.seen or {}) do
    local account = portal.accounts[user_id]
    -- Whoever changes something replaces what was prepared for im.counters.get.
    if account and account.counters.prepared ~= seen.prepared then
      seen.prepared = account.counters.prepared
      tell_user(server, account, seen)
    end
  end
end

return push_events
