-- The unread messages of one user, and what im.counters.get made of them in each server generation:
--   g0  2017-10: counts are strings, no lines             g2b  up to 2026-04: MESSENGER, marks add
--   to the totals
--   g1  2017-12: LINES                                    g3   since 2026-04: collabs, CoPilot,
--   task chats, comments
--   g2a 2020-22: muted chats, marks

local attachments = require "b24.mock.attachments"
local php = require "b24.mock.php"

local counters = {}

local User = {}
User.__index = User
counters.User = User -- for snapshot.lua

local OVERFLOW = 100 -- g3 reports exactly 100 for a chat or a feed past 100

--- The counters of a user who has none yet.
function counters.new(user_id)
  local id = tonumber(user_id)
  return setmetatable({ id = id, chats = {}, notifications = 0, next_chat = 1000, prepared = {},
    people = { [id] = { name = "User " .. user_id } }, last_message = 84001 }, User)
end

-- Changing ----------------------------------------------------------------------------------------

--- The chat behind a DIALOG_ID: "5" is the dialog with user 5, "chat18" the chat 18. Nil when there
--- is none.
function User:find(dialog_id)
  for i, chat in ipairs(self.chats) do
    if chat.dialog_id == dialog_id then return chat, i end
  end
end

--- The chat, made when there is none yet. Newest first, as the server keeps them.
function User:open(dialog_id, kind)
  local chat, i = self:find(dialog_id)
  if chat then
    table.remove(self.chats, i)
  else
    local peer, id = dialog_id:match("^%d+$"), dialog_id:match("^chat(%d+)$")
    if not peer and not id then return nil end
    if peer then
      self.next_chat = self.next_chat + 1
      id = tostring(self.next_chat)
      self.people[tonumber(peer)] = self.people[tonumber(peer)] or {} -- so this person exists
    end
    chat = { dialog_id = dialog_id, id = id, peer = peer, kind = peer and "dialog" or kind
      or "chat", count = 0 }
  end
  table.insert(self.chats, 1, chat)
  return chat
end

local BUILD = '[{"MESSAGE":"[B]Build 512[/B] failed"},{"LINK":{"NAME":"The log",'
  .. '"LINK":"https://ci.example/512"}}]'

--- Two people, two chats (a third is muted), a line, a task chat and notifications: 14 in all on
--- g3.
function counters.demo(user_id)
  local user = counters.new(user_id)
  user.notifications = 4
  local function add(dialog_id, kind, count, muted)
    local chat = user:open(dialog_id, kind)
    chat.count, chat.muted, chat.age = count, muted, (8 - #user.chats) * 300
    return chat
  end
  add("chat30", "chat", 7, true).samples = {
    { text = "", file = { name = "plan.png", size = 245760 } },
    { text = "", attach = attachments.attach(BUILD) },
    { text = "The contract", file = { name = "contract.pdf", size = 51200 } },
  }
  add("chat901", "task", 2)
  add("chat44", "line", 1)
  add("chat24", "chat", 2)
  add("chat18", "chat", 1)
  add("5", nil, 1)
  add("1", nil, 3)
  return user
end

-- Reading -----------------------------------------------------------------------------------------

local function sum(map)
  local total = 0
  for _, value in map:each() do total = total + value end
  return total
end

local function flatten(map, chat, key, count)
  if count > 0 then map:set(key or chat.id, count) end
end

local function old(user, with_lines, with_marks)
  local dialog, chats, muted, lines = php.array(), php.array(), php.array(), php.array()
  local marked = { dialog = {}, chat = {} }
  local extra = { dialog = 0, chat = 0 }
  for _, chat in ipairs(user.chats) do
    local group = chat.peer and "dialog" or "chat"
    if chat.peer then
      flatten(dialog, chat, chat.peer, chat.count)
    elseif chat.muted then
      flatten(muted, chat, nil, chat.count)
    elseif chat.kind == "line" and with_lines then
      lines:set(chat.id, chat.count) -- also when it is 0
    else
      flatten(chats, chat, nil, chat.count)
    end
    if chat.marked and with_marks then
      table.insert(marked[group], tonumber(chat.peer or chat.id))
      if chat.count == 0 then extra[group] = extra[group] + 1 end
    end
  end
  return { dialog = dialog, chat = chats, muted = muted, lines = lines, marked = marked,
    TYPE = { NOTIFY = user.notifications, DIALOG = sum(dialog) + extra.dialog,
      CHAT = sum(chats) + extra.chat, LINES = sum(lines) } }
end

local function old_type(counted, with_lines)
  local t = counted.TYPE
  local map = php.map("ALL", t.NOTIFY + t.DIALOG + t.CHAT + t.LINES, "NOTIFY", t.NOTIFY,
    "DIALOG", t.DIALOG, "CHAT", t.CHAT)
  if with_lines then map:set("LINES", t.LINES) end
  return map
end

local function strings(map)
  local out = php.array()
  for key, value in map:each() do out:set(key, tostring(value)) end
  return out
end

local generations = {}

function generations.g0(user)
  local counted = old(user, false, false)
  return php.map("TYPE", old_type(counted, false), "DIALOG", strings(counted.dialog), "CHAT",
    strings(counted.chat))
end

function generations.g1(user)
  local counted = old(user, true, false)
  return php.map("TYPE", old_type(counted, true), "DIALOG", counted.dialog, "CHAT", counted.chat,
    "LINES", counted.lines)
end

function generations.g2a(user)
  local counted = old(user, true, true)
  return php.map("TYPE", old_type(counted, true), "DIALOG", counted.dialog, "DIALOG_UNREAD",
    counted.marked.dialog,
    "CHAT", counted.chat, "CHAT_MUTED", counted.muted, "CHAT_UNREAD", counted.marked.chat, "LINES",
    counted.lines)
end

function generations.g2b(user)
  local dialog, chats, muted, lines = php.array(), php.array(), php.array(), php.array()
  local dialog_marks, chat_marks, extra, waiting = {}, {}, 0, 0
  for _, chat in ipairs(user.chats) do
    if chat.kind ~= "copilot" then -- this generation does not count CoPilot at all
      if chat.muted then flatten(muted, chat, nil, chat.count)
      elseif chat.peer then flatten(dialog, chat, chat.peer, chat.count)
      elseif chat.kind == "line" then flatten(lines, chat, nil, chat.count)
      else flatten(chats, chat, nil, chat.count) end
      if chat.kind == "line" and chat.unanswered then waiting = waiting + 1 end
      if chat.marked then
        table.insert(chat.peer and dialog_marks or chat_marks, tonumber(chat.peer or chat.id))
        if not chat.peer and not chat.muted and chat.count == 0 then extra = extra + 1 end
      end
    end
  end
  -- a mark adds 1 even to a dialog that has a count or is muted
  local dialog_total = sum(dialog) + #dialog_marks
  local chat_total, line_total = sum(chats) + extra, sum(lines) + waiting
  local messenger = dialog_total + chat_total + line_total
  return php.map(
    "TYPE", php.map("ALL", messenger + user.notifications, "NOTIFY", user.notifications,
      "CHAT", chat_total, "LINES", line_total, "DIALOG", dialog_total, "MESSENGER", messenger),
    "CHAT", chats, "CHAT_MUTED", muted, "CHAT_UNREAD", chat_marks, "LINES", lines, "DIALOG", dialog,
    "DIALOG_UNREAD", dialog_marks)
end

-- Where g3 puts a chat of each kind. Collabs and CoPilot chats are in CHAT as well.
local G3_MAPS = {
  dialog = { "DIALOG" }, chat = { "CHAT" }, open = { "CHAT" }, channel = { "CHAT" },
  line = { "LINES" },
  collab = { "CHAT", "COLLAB" }, copilot = { "CHAT", "COPILOT" }, task = { "TASKS_TASK" },
  comment = {},
}
local G3_RESULT = { "CHAT", "DIALOG", "COLLAB", "CHAT_MUTED", "CHAT_UNREAD", "DIALOG_UNREAD",
  "COLLAB_UNREAD",
  "COPILOT_UNREAD", "TASKS_TASK_UNREAD", "LINES", "COPILOT", "CHANNEL_COMMENT", "TASKS_TASK" }
local G3_TYPES = { "CHAT", "LINES", "DIALOG", "COPILOT", "COLLAB", "MESSENGER", "TASKS_TASK" }

local function g3_count_chat(chat, maps, totals)
  local count = math.min(chat.count, OVERFLOW)
  if chat.kind == "line" and chat.unanswered then count = 1 end -- overwritten, not added
  local section_names = G3_MAPS[chat.kind]
  for _, section in ipairs(section_names) do
    if chat.marked and section ~= "LINES" then
      maps[section .. "_UNREAD"]:set(nil, tonumber(chat.peer or chat.id))
    end
    if not chat.muted then
      flatten(maps[section], chat, chat.peer, count)
      totals[section] = totals[section] + (count == 0 and chat.marked and 1 or count)
    end
  end
  if chat.muted then
    flatten(maps.CHAT_MUTED, chat, nil, count) -- by chat id, also for a dialog
  elseif chat.kind == "comment" and count > 0 then
    local comments = maps.CHANNEL_COMMENT:get(chat.parent) or php.array()
    comments:set(chat.id, count)
    maps.CHANNEL_COMMENT:set(chat.parent, comments)
    totals.COMMENTS = totals.COMMENTS + count
  end
end

function generations.g3(user)
  local maps, totals = {}, { COMMENTS = 0 }
  for _, section in ipairs(G3_RESULT) do maps[section], totals[section] = php.array(), 0 end
  for _, chat in ipairs(user.chats) do g3_count_chat(chat, maps, totals) end
  totals.MESSENGER =
    totals.CHAT + totals.LINES + totals.DIALOG + totals.TASKS_TASK + totals.COMMENTS
  local notifications = math.min(user.notifications, OVERFLOW)
  local types = php.map("ALL", totals.MESSENGER + notifications, "NOTIFY", notifications)
  for _, name in ipairs(G3_TYPES) do types:set(name, totals[name]) end
  local result = php.map("TYPE", types)
  for _, section in ipairs(G3_RESULT) do result:set(section, maps[section]) end
  return result
end

--- The result of im.counters.get.
function User:result(generation)
  return generations[generation](self)
end

--- The same, encoded, and kept until `changed`: the real server keeps it for a day.
function User:encoded(generation)
  local text = self.prepared[generation]
  if not text then
    text = php.encode(self:result(generation))
    self.prepared[generation] = text
  end
  return php.json(text)
end

--- To be called when chats or notifications have been changed.
function User:changed()
  self.prepared = {}
end

return counters
