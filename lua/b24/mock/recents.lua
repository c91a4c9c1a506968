-- The list of recent chats: im.recent.list in pages, im.recent.get in one piece.

local php = require "b24.mock.php"

local attachments = require "b24.mock.attachments"
local chats = require "b24.mock.chats"
local clock = require "b24.mock.clock"
local dialogs = require "b24.mock.dialogs"
local people = require "b24.mock.people"

local recents = {}

local DEFAULT_LIMIT, MOST = 50, 200
local DAY = 24 * 3600
local OVERFLOW = 100

--- The count of one chat, which newer servers let end at 100.
---@param call table
---@param chat table
---@return integer
function recents.counter(call, chat)
  local generation = call.account.generation or call.portal.settings.generation
  local ends = generation == "g2b" or generation == "g3"
  return ends and math.min(chat.count, OVERFLOW) or chat.count
end

-- Items -------------------------------------------------------------------------------------------

-- As the list shows a text: in one line, without BB codes.
local function plain_text(text)
  return (text:gsub("\n", " "):gsub("%[/?%u+=?[^%]]*%]", ""))
end

local function message_shape(message, original)
  local file = message.files and php.json(message.files) or attachments.short_file(message)
  return php.map("id", message.id, "text", original and message.text or plain_text(message.text),
    "file", file,
    "author_id", message.author_id, "attach", message.attach or false, "sticker", php.null, "date",
    clock.iso(message.date), "status", "received", "uuid", php.null)
end

local function item(call, chat, original)
  local user, message = call.account.counters, dialogs.newest(chat)
  local peer = tonumber(chat.peer)
  local person = people.find(user, peer or message.author_id)
  local date = clock.iso(message.date)
  local out = php.map("id", peer or chat.dialog_id, "chat_id", tonumber(chat.id), "type",
    peer and "user" or "chat",
    "avatar", php.map("url", "", "color", "#1eb4aa"), "title",
    peer and person.name or chats.title(chat),
    "message", message_shape(message, original), "counter", recents.counter(call, chat), "last_id",
    chat.last_read,
    "pinned", false, "unread", chat.marked and true or false, "has_reminder", false,
    "date_update", date, "date_last_activity", date)
  if peer then
    out:set("user", people.shape(person))
    out:set("chat", php.map("text_field_enabled", true, "background_id", php.null,
      "mute_list", chats.mute_list(user, chat)))
  else
    out:set("chat", chats.shape(user, chat))
    if chat.kind == "line" then
      out:set("lines", php.map("id", tonumber(chat.id), "status", chat.unanswered and 0 or 20,
        "date_create", date))
    end
    out:set("user", person and people.shape(person) or php.map("id", 0))
  end
  out:set("options", {})
  return out
end

-- Which -------------------------------------------------------------------------------------------

-- A flag is set by exactly "Y". The kinds that it lets through, or not.
local ONLY = {
  ONLY_COPILOT = { A = true }, ONLY_OPENLINES = { L = true }, ONLY_CHANNEL = { N = true, J = true },
}
local SKIP = { SKIP_OPENLINES = { L = true }, SKIP_CHAT = { C = true, O = true },
  SKIP_DIALOG = { P = true } }

local function fits(params, message_type)
  for flag, types in pairs(ONLY) do
    if params:get(flag) == "Y" then return types[message_type] end
  end
  for flag, types in pairs(SKIP) do
    if params:get(flag) == "Y" and types[message_type] then return false end
  end
  return true
end

local function has_unread(user, chat)
  if chat.count > 0 or chat.marked then return true end
  for _, other in ipairs(user.chats) do
    if other.parent == chat.id and other.count > 0 then return true end
  end
  return false
end

-- Newest first. Hidden chats and those of comments are not in the list, whatever they count.
local function listed(user, params, keep)
  local out = {}
  for _, chat in ipairs(user.chats) do
    dialogs.settle(user, chat)
    if not chat.hidden and chat.kind ~= "comment" and fits(params, chats.message_type(chat))
        and keep(chat) then
      out[#out + 1] = chat
    end
  end
  table.sort(out, function(a, b)
    local x, y = dialogs.newest(a), dialogs.newest(b)
    if x.date ~= y.date then return x.date > y.date end
    return x.id > y.id
  end)
  return out
end

-- The methods -------------------------------------------------------------------------------------

-- What a page shows of its rows. settings: recent_hides = how many of each page are missing,
-- recent_appends = how many of the oldest chats are at its end, whether they are its own or not (on
-- a real portal: the queue of the open lines).
local function shown(call, found, first, last)
  local settings, page = call.portal.settings, {}
  for i = first + (settings.recent_hides or 0), last do page[#page + 1] = found[i] end
  for i = 1, math.min(settings.recent_appends or 0, #found) do
    page[#page + 1] = found[#found + 1 - i]
  end
  return page
end

local function list(call)
  local params, user = php.upper_keys(call.params), call.account.counters
  local before = clock.parse(params:get("LAST_MESSAGE_DATE"))
    or clock.parse(params:get("DATE_LAST_ACTIVITY"))
  local unread_only = params:get("UNREAD_ONLY") == "Y"
  local found = listed(user, params, function(chat)
    return (not before or dialogs.newest(chat).date <= before)
      and (not unread_only or has_unread(user, chat))
  end)
  local limit = php.integer(params:get("LIMIT"))
  limit = limit <= 0 and DEFAULT_LIMIT or math.min(limit, MOST)
  local offset = call.start > 0 and call.start or math.max(php.integer(params:get("OFFSET")), 0)
  local items, skipped = {}, before and 0 or offset -- the date makes the server forget the offset
  local last = math.min(skipped + limit, #found)
  for _, chat in ipairs(shown(call, found, skipped + 1, last)) do
    items[#items + 1] = item(call, chat, params:get("GET_ORIGINAL_TEXT") == "Y")
  end
  local more = last - skipped == limit -- so also when nothing is left behind a full page
  local result = php.map("items", items, "hasMorePages", more, "hasMore", more, "copilot", php.null,
    "messagesAutoDeleteConfigs", {})
  if not before and not unread_only then result:set("birthdayList", {}) end
  return result, { next = more and offset + limit or nil, total = -1 }
end

local function get(call)
  local params = php.upper_keys(call.params)
  local since = clock.parse(params:get("LAST_UPDATE")) or clock.parse(params:get("LAST_SYNC_DATE"))
  local oldest = os.time() - (since and 7 or 30) * DAY
  oldest = math.max(since or oldest, oldest)
  local items = {}
  for _, chat in ipairs(listed(call.account.counters, params, function(chat)
    return dialogs.newest(chat).date >= oldest
  end)) do
    items[#items + 1] = item(call, chat, false)
  end
  return items
end

--- Makes the methods known.
---@param method fun(name: string, scope: string?, run: function)
function recents.register(method)
  method("im.recent.list", "im", list)
  method("im.recent.get", "im", get)
end

return recents
