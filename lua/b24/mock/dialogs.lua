-- The messages of one user's chats. A chat's `count` is what the counters say; the messages are
-- made to agree with it, so that a test which only sets a count finds as many unread messages, and
-- older read ones below them.

local people = require "b24.mock.people"

local dialogs = {}

-- unread messages made for one chat; the rest of a larger count stays a number
local MOST_MADE = 1000
local OLDER = 3 -- read messages below the unread ones

-- With what a client may trip over: BB codes, quotes, markup, line ends, characters of several
-- bytes.
local TEXTS = {
  "Good morning!",
  "Please look at the [B]invoice[/B] № 17\nand tell me what you think.",
  "5 < 6 & \"quoted\" / 'single'",
  "Перезвоните мне, пожалуйста",
  "Спасибо 👍",
  "[USER=5]Anna[/USER], is it done?",
  "Done.",
}

---@class Message
---@field id integer
---@field author_id integer 0: the system
---@field date integer seconds since 1970
---@field text string
---@field own boolean written by the user: never unread
---@field params string? JSON of the message's params
---@field files string? JSON of the files that params.FILE_ID names, without brackets around them
---@field forward string? JSON
---@field file { name: string, size: integer? }? instead of params and files
---@field attach table? what params.ATTACH is

local function append(user, chat, author_id, date, text, own)
  user.last_message = user.last_message + 2
  local id, last = user.last_message, chat.messages[#chat.messages]
  local message = { id = id, author_id = author_id,
    date = math.max(date, last and last.date or date),
    text = text or TEXTS[#chat.messages % #TEXTS + 1], own = own or false }
  chat.messages[#chat.messages + 1] = message
  return message
end

-- The positions of the others' messages that are not read, oldest first.
local function unread(chat)
  local newest_first, positions = {}, {}
  for i = #chat.messages, 1, -1 do
    local message = chat.messages[i]
    if message.id <= chat.last_read then break end
    if not message.own then newest_first[#newest_first + 1] = i end
  end
  for i = #newest_first, 1, -1 do positions[#positions + 1] = newest_first[i] end
  return positions
end

-- Read messages that end before `newest`.
local function begin(user, chat, newest)
  local older = math.max(chat.history or OLDER, 1)
  chat.messages, chat.last_read = {}, 0
  chat.created = newest - older * 60
  if not chat.peer then append(user, chat, 0, chat.created, "The chat was created") end
  while #chat.messages < older do
    local n = #chat.messages
    local own = n % 3 == 2
    append(user, chat, own and user.id or people.author(chat, n), newest - (older - n) * 60 + 59,
      nil, own)
  end
  chat.last_read = chat.messages[#chat.messages].id
end

local function drop(chat, waiting)
  local positions = unread(chat)
  local surplus = #positions - waiting
  if surplus > 0 then chat.last_read = chat.messages[positions[surplus]].id end
  if waiting == 0 then chat.last_read = chat.messages[#chat.messages].id end
end

-- What a demonstration wants to be seen: on the messages above the newest one.
local function show_samples(chat)
  for i, sample in ipairs(chat.samples) do
    local message = chat.messages[#chat.messages - i]
    for name, value in pairs(sample) do message[name] = value end
  end
  chat.samples = nil
end

--- Makes the messages of a chat agree with its count. To be called before they are looked at.
---@param user table
---@param chat table
function dialogs.settle(user, chat)
  local first = os.time() - (chat.age or 0)
  if not chat.messages then begin(user, chat, first) end
  local missing = math.min(chat.count, MOST_MADE) - #unread(chat)
  for i = 1, missing do
    append(user, chat, people.author(chat, i), math.min(os.time(), first + i - 1))
  end
  if missing < 0 then drop(chat, chat.count) end
  if chat.samples then show_samples(chat) end
end

--- Others write in a chat.
---@param user table
---@param chat table
---@param count integer
---@param what table text, author_id, age, and the message's params, files, forward, file, attach;
--- age: seconds since the first of the messages
function dialogs.receive(user, chat, count, what)
  if what.age and not chat.messages then chat.age = what.age end
  dialogs.settle(user, chat)
  local first, own = os.time() - math.floor(what.age or 0), what.author_id == user.id
  for i = 1, math.min(count, MOST_MADE) do
    local author = what.author_id or people.author(chat, i)
    local message = append(user, chat, author, math.min(os.time(), first + i - 1), what.text, own)
    message.params, message.files, message.forward = what.params, what.files, what.forward
    message.file, message.attach = what.file, what.attach
  end
  if own then drop(chat, chat.count) else chat.count = chat.count + count end
  chat.hidden = nil -- a message brings a hidden chat back
end

--- The user writes. What others wrote stays unread.
---@param user table
---@param chat table
---@param text string
---@param attach table?
---@return integer id of the message
function dialogs.send(user, chat, text, attach)
  dialogs.settle(user, chat)
  local message = append(user, chat, user.id, os.time(), text, true)
  message.attach = attach
  drop(chat, chat.count)
  chat.hidden = nil
  return message.id
end

--- The user has read everything, or everything up to a message.
---@param user table
---@param chat table
---@param message_id? integer
function dialogs.read(user, chat, message_id)
  dialogs.settle(user, chat)
  local last = chat.messages[#chat.messages].id
  chat.last_read = math.max(chat.last_read, math.min(message_id or last, last))
  chat.count = math.min(chat.count, #unread(chat))
  chat.marked, chat.unanswered = nil, nil
end

--- The id of the first unread message, or 0.
---@param chat table
---@return integer
function dialogs.first_unread(chat)
  local position = unread(chat)[1]
  return position and chat.messages[position].id or 0
end

---@param chat table
---@return Message
function dialogs.newest(chat)
  return chat.messages[#chat.messages]
end

return dialogs
