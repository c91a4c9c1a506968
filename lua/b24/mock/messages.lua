-- The methods for one chat: look, read, write.

local php = require "b24.mock.php"

local attachments = require "b24.mock.attachments"
local chats = require "b24.mock.chats"
local clock = require "b24.mock.clock"
local dialogs = require "b24.mock.dialogs"
local people = require "b24.mock.people"
local recents = require "b24.mock.recents"

local messages = {}

local DEFAULT_LIMIT, MOST = 20, 50

-- Finding the chat --------------------------------------------------------------------------------

local PREFIXES = { [""] = true, chat = true, sg = true, crm = true }
local NO_ACCESS = { 403, "ACCESS_ERROR", "You do not have access to the specified dialog" }

local function fail(failure)
  return nil, (unpack or table.unpack)(failure)
end

-- "5", "chat18", "sg3"; or nil and the failure.
local function dialog_id(params)
  local id = (php.text(params:get("DIALOG_ID")) or ""):lower()
  local prefix = id:match("^(%a*)%d+$")
  if prefix and PREFIXES[prefix] and id ~= "0" then return id end
  return nil, { 400, "DIALOG_ID_EMPTY", "Dialog ID can't be empty" }
end

-- The chat, ready to be looked at; or nil and the failure. With somebody to whom nobody has written
-- yet there is neither.
local function find(call, params)
  local id, failure = dialog_id(params)
  if not id then return nil, failure end
  local user = call.account.counters
  local chat = user:find(id)
  if chat then
    dialogs.settle(user, chat)
  elseif not people.find(user, tonumber(id) or 0) then
    return nil, NO_ACCESS
  end
  return chat
end

messages.find = find

-- Looking -----------------------------------------------------------------------------------------

local function dialog_get(call)
  local chat, failure = find(call, php.upper_keys(call.params))
  if not chat then
    return fail(failure or { 400, "ACCESS_ERROR", "You don't have access to this chat" })
  end
  return chats.full_shape(call.account.counters, chat, { counter = recents.counter(call, chat),
    unread_id = dialogs.first_unread(chat), last_message_id = dialogs.newest(chat).id })
end

local function chat_get(call)
  local params = php.upper_keys(call.params)
  if params:get("DIALOG_ID") then return dialog_get(call) end
  for _, chat in ipairs(call.account.counters.chats) do
    dialogs.settle(call.account.counters, chat)
    local shape = chats.shape(call.account.counters, chat)
    if shape:get("entity_type") ~= "" and shape:get("entity_type") == params:get("ENTITY_TYPE")
      and shape:get("entity_id") == php.text(params:get("ENTITY_ID")) then
      return php.map("ID", tonumber(chat.id))
    end
  end
  return php.null
end

local function shape(chat, message)
  local params = message.params and php.json(message.params) or attachments.params(message)
    or message.author_id == 0 and php.map("CODE", { "CHAT_JOIN" }, "NOTIFY", "N") or php.array()
  local out = php.map("id", message.id, "chat_id", tonumber(chat.id), "author_id",
    message.author_id,
    "date", clock.iso(message.date), "text", message.text, "unread", chat.last_read < message.id,
    "uuid", php.null, "replaces", {}, "params", params, "disappearing_date", php.null)
  if message.forward then out:set("forward", php.json(message.forward)) end
  return out
end

local function files(call, chat, found)
  local out = {}
  for _, message in ipairs(found) do
    if message.files then
      out[#out + 1] = message.files
    elseif message.file then
      out[#out + 1] = php.encode(attachments.file(call, chat, message))
    end
  end
  return php.json("[" .. table.concat(out, ",") .. "]")
end

-- The newest messages below an id, newest first.
local function below(chat, id, limit)
  local out = {}
  for i = #chat.messages, 1, -1 do
    if #out == limit then break end
    if not id or chat.messages[i].id < id then out[#out + 1] = chat.messages[i] end
  end
  return out
end

-- The oldest messages above an id, oldest first.
local function above(chat, id, limit)
  local out = {}
  for _, message in ipairs(chat.messages) do
    if #out == limit then break end
    if message.id > id then out[#out + 1] = message end
  end
  return out
end

-- Without a cursor the answer is about what is unread, and longer than the limit: with few unread
-- messages they come on top of it; with many it holds the *oldest* unread ones and, below them, as
-- many read ones. The second result is the length of the first part.
local function around_unread(chat, limit)
  if chat.count <= limit then return below(chat, nil, limit + chat.count) end
  local found, out = above(chat, chat.last_read, limit), {}
  for i = #found, 1, -1 do out[#out + 1] = found[i] end
  for _, message in ipairs(below(chat, dialogs.first_unread(chat), limit)) do
    out[#out + 1] = message
  end
  return out, #found
end

local function select(chat, first_id, last_id, limit)
  if first_id then return above(chat, tonumber(first_id), limit) end
  if not last_id then return around_unread(chat, limit) end
  return below(chat, tonumber(last_id) > 0 and tonumber(last_id) or nil, limit)
end

local function authors(user, found, count)
  local seen, out = {}, {}
  for i = 1, count or #found do
    local person = people.find(user, found[i].author_id)
    if person and not seen[person.id] then
      seen[person.id] = true
      out[#out + 1] = people.shape(person)
    end
  end
  return out
end

-- The cursors, as text; or nil, nil and the failure.
local function cursors(params)
  local first_id, last_id = php.text(params:get("FIRST_ID")), php.text(params:get("LAST_ID"))
  if first_id then
    if first_id:find("^%d+$") then return first_id end
    return nil, nil, { 400, "FIRST_ID_STRING", "First ID can't be string" }
  elseif last_id and not last_id:find("^%d+$") then
    return nil, nil, { 400, "LAST_ID_STRING", "Last ID can't be string" }
  end
  return nil, last_id
end

local function messages_get(call)
  local params, user = php.upper_keys(call.params), call.account.counters
  local chat_id = php.integer(params:get("CHAT_ID"))
  if chat_id > 0 then params:set("DIALOG_ID", "chat" .. chat_id) end
  local chat, failure = find(call, params)
  if failure then return fail(failure) end
  if chat and chat.kind == "line" then return fail(NO_ACCESS) end
  local first_id, last_id, wrong = cursors(params)
  if wrong then return fail(wrong) end
  local limit = params:get("LIMIT") and php.integer(params:get("LIMIT")) or DEFAULT_LIMIT
  limit = limit <= 0 and DEFAULT_LIMIT or math.min(limit, MOST)
  local found, first_part = {}, nil
  if chat then found, first_part = select(chat, first_id, last_id, limit) end
  local shapes = {}
  for i, message in ipairs(found) do shapes[i] = shape(chat, message) end
  return php.map("chat_id", chat and tonumber(chat.id) or 0, "messages", shapes,
    -- the second part's authors are not among them
    "users", authors(user, found, first_part), "files", files(call, chat, found))
end

-- Reading -----------------------------------------------------------------------------------------

local function dialog_read(call)
  local params, user = php.upper_keys(call.params), call.account.counters
  if params:get("DIALOG_ID") == "notify" then
    user.notifications = 0
    user:changed()
    return true
  end
  local id, failure = dialog_id(params)
  if not id then return fail(failure) end
  local chat = user:find(id)
  if not chat then return false end
  local message_id = php.integer(params:get("LAST_ID") or params:get("MESSAGE_ID"))
  dialogs.read(user, chat, message_id > 0 and message_id or nil)
  user:changed()
  return php.map("dialogId", tonumber(chat.peer) or chat.dialog_id, "chatId", tonumber(chat.id),
    "lastId", chat.last_read, "counter", math.min(chat.count, 100))
end

local function dialog_read_all(call)
  local user = call.account.counters
  for _, chat in ipairs(user.chats) do dialogs.read(user, chat) end
  user:changed()
  return true
end

local function notify_read_all(call)
  call.account.counters.notifications = 0
  call.account.counters:changed()
  return php.map("result", true, "newCounter", 0)
end

-- Writing -----------------------------------------------------------------------------------------

local LONGEST = 20000 -- characters; the rest of a longer message is dropped, and nobody is told

local function cut(text)
  local n = 0
  for at in text:gmatch "()[^\128-\191]" do
    n = n + 1
    if n > LONGEST then return text:sub(1, at - 1) end
  end
  return text
end

local function text_of(params)
  local text = params:get("MESSAGE")
  if text and type(text) ~= "string" then
    return nil, { 400, "MESSAGE_EMPTY", "Wrong message type" }
  end
  text = (text or ""):match("^[%s%z]*(.-)[%s%z]*$")
  if text == "" then return nil, { 400, "MESSAGE_EMPTY", "Message can't be empty" } end
  return cut(text)
end

local function message_add(call)
  local params, user = php.upper_keys(call.params), call.account.counters
  local id, wrong_id = dialog_id(params)
  if not id then return fail(wrong_id) end
  local attach = attachments.attach(params:get("ATTACH"))
  if not attach and php.truthy(params:get("ATTACH")) then
    return nil, 400, "ATTACH_ERROR", "Incorrect attach params"
  end
  local text, wrong_text = text_of(params)
  if not text and not (attach and not params:get("MESSAGE")) then return fail(wrong_text) end
  local _, failure = find(call, params)
  if failure then
    if tonumber(id) then return nil, 400, "USER_NOT_FOUND", "User not found" end
    return nil, 403, "ACCESS_ERROR", "It is forbidden to send messages to this chat"
  end
  local chat = user:open(id) -- at the top of the list from now on
  user:changed()
  return dialogs.send(user, chat, text or "", attach)
end

--- Makes the methods known.
---@param method fun(name: string, scope: string?, run: function)
function messages.register(method)
  method("im.dialog.get", "im", dialog_get)
  method("im.chat.get", "im", chat_get)
  method("im.dialog.messages.get", "im", messages_get)
  method("im.dialog.read", "im", dialog_read)
  method("im.dialog.read.all", "im", dialog_read_all)
  method("im.notify.read.all", "im", notify_read_all)
  method("im.message.add", "im", message_add)
end

return messages
