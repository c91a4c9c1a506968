-- Chats as im.* methods show them.

local php = require "b24.mock.php"

local clock = require "b24.mock.clock"

local chats = {}

-- kind -> { chat.type, message_type, entity_type, title }
local KINDS = {
  dialog = { "private", "P", "", "Private chat" },
  chat = { "chat", "C", "", "Project" },
  open = { "open", "O", "", "Open chat" },
  line = { "lines", "L", "LINES", "Visitor - Open line" },
  collab = { "collab", "B", "SONET_GROUP", "Collab" },
  copilot = { "copilot", "A", "", "CoPilot chat" },
  task = { "tasksTask", "X", "TASKS_TASK", "Task" },
  channel = { "channel", "N", "", "Channel" },
  comment = { "comment", "T", "", "Comments" },
}

local COLOR = "#4ba984"

---@param chat table
---@return string
function chats.title(chat)
  return chat.title or KINDS[chat.kind][4] .. " " .. chat.id
end

--- One letter: what the server's filters go by.
---@param chat table
---@return string
function chats.message_type(chat)
  return KINDS[chat.kind][2]
end

--- [] while nobody has muted it.
---@param user table
---@param chat table
---@return table
function chats.mute_list(user, chat)
  return chat.muted and php.map(user.id, true) or php.array()
end

local function restrictions()
  local out = php.array()
  for _, name in ipairs { "avatar", "rename", "extend", "call", "mute", "leave", "leave_owner",
      "send", "user_list" } do
    out:set(name, true)
  end
  return out
end

local function permissions()
  return php.map("manage_users_add", "member", "manage_users_delete", "manager",
    "manage_ui", "member",
    "manage_settings", "owner", "manage_messages", "member", "can_post", "member")
end

local function entity(chat)
  local kind = KINDS[chat.kind]
  local id = kind[3] ~= "" and chat.id or ""
  return kind[3], kind[3] == "LINES" and "livechat|1|" .. id .. "|9" or id
end

--- The member `chat` of a chat among the recent ones.
---@param user table
---@param chat table
---@return table
function chats.shape(user, chat)
  local entity_type, entity_id = entity(chat)
  return php.map("id", tonumber(chat.id), "parent_chat_id", tonumber(chat.parent) or 0,
    "parent_message_id", 0,
    "name", chats.title(chat), "owner", user.id, "extranet", false, "contains_collaber", false,
    "avatar", "",
    "color", COLOR, "type", KINDS[chat.kind][1], "entity_type", entity_type, "entity_id", entity_id,
    "entity_data_1", "", "entity_data_2", "", "entity_data_3", "", "mute_list",
    chats.mute_list(user, chat),
    "manager_list", {}, "date_create", clock.iso(chat.created), "message_type", KINDS[chat.kind][2],
    "user_counter", 3,
    "restrictions", restrictions(), "role", "MEMBER", "text_field_enabled", true,
    "background_id", php.null,
    "entity_link", php.map("type", "", "url", "", "id", ""), "permissions", permissions(),
    "public", "")
end

--- The same for im.dialog.get and im.chat.get.
---@param user table
---@param chat table
---@param more { counter: integer, unread_id: integer, last_message_id: integer }
---@return table
function chats.full_shape(user, chat, more)
  local out = chats.shape(user, chat)
  out:remove("contains_collaber")
  out:set("description", "")
  out:set("role", "member")
  out:set("counter", more.counter)
  out:set("message_count", #chat.messages)
  out:set("unread_id", more.unread_id)
  out:set("last_message_id", more.last_message_id)
  out:set("last_id", chat.last_read)
  out:set("marked_id", chat.marked and more.last_message_id or 0)
  out:set("disk_folder_id", 0)
  out:set("is_new", false)
  out:set("readed_list", {})
  out:set("last_message_views", php.map("message_id", more.last_message_id, "first_viewers", {},
    "count_of_viewers", 0))
  out:set("dialog_id", chat.dialog_id)
  return out
end

return chats
