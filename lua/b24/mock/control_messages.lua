-- The controls for what arrives and what is read: one user's chats, from the outside.

local attachments = require "b24.mock.attachments"
local fail = require "b24.mock.complaint"
local counters = require "b24.mock.counters"
local crowd = require "b24.mock.crowd"
local dialogs = require "b24.mock.dialogs"
local people = require "b24.mock.people"

local control_messages = {}

local operations = {} -- { name, arguments, run }

local function operation(...)
  operations[#operations + 1] = { ... }
end

local CHAT_FIELDS = { "count", "muted", "marked", "unanswered", "parent", "hidden",
  "age", "history" }
local CHAT_KINDS = { dialog = true, chat = true, open = true, line = true, collab = true,
  copilot = true, task = true, channel = true, comment = true }

-- A title is a person's name when the chat is with a person.
local function set_title(user, chat, title, active)
  if chat.peer then
    people.tell(user, tonumber(chat.peer), { name = title, active = active })
  elseif title then
    chat.title = title
  end
end

-- Changes a chat.
local function change(user, chat, fields)
  for _, name in ipairs(CHAT_FIELDS) do
    if fields[name] ~= nil then chat[name] = fields[name] end
  end
  chat.parent = chat.parent and tostring(chat.parent)
  set_title(user, chat, fields.title, fields.active)
  dialogs.settle(user, chat)
end

local function account_of(portal, arguments)
  return portal:account(arguments.user_id)
    or fail("no account for user %s", tostring(arguments.user_id))
end

local function counters_of(portal, arguments) -- to be changed
  local user = account_of(portal, arguments).counters
  user:changed()
  return user
end

local function chat_of(user, arguments)
  return user:open(tostring(arguments.dialog_id), arguments.kind)
    or fail("dialog_id must be like \"5\" or \"chat18\"")
end

local function check_kind(what, kind)
  if kind and not CHAT_KINDS[kind] then fail("%s: unknown kind '%s'", what, tostring(kind)) end
end

operation("message", { "user_id", "dialog_id", "count", "kind", "text", "author_id", "age",
  "params", "files", "forward", "file", "attach" },
  function(portal, arguments)
    check_kind("message", arguments.kind)
    if type(arguments.file) == "string" then arguments.file = { name = arguments.file } end
    if arguments.attach then
      arguments.attach = attachments.attach(arguments.attach)
        or fail("message: attach is the JSON of blocks")
    end
    local user = counters_of(portal, arguments)
    if arguments.kind == "comment" and not user:find(tostring(arguments.dialog_id)) then
      fail("message: make a comment chat with dialog, which knows its parent")
    end
    local chat = chat_of(user, arguments)
    dialogs.receive(user, chat, arguments.count or 1, arguments)
    return { dialog_id = chat.dialog_id, count = chat.count, message_id = dialogs.newest(chat).id }
  end)

operation("read", { "user_id", "dialog_id" }, function(portal, arguments)
  local user = counters_of(portal, arguments)
  if arguments.dialog_id == "notify" then
    user.notifications = 0
    return { dialog_id = "notify", count = 0 }
  end
  local chat = user:find(tostring(arguments.dialog_id))
    or fail("no dialog %s", tostring(arguments.dialog_id))
  dialogs.read(user, chat)
  return { dialog_id = chat.dialog_id, count = 0 }
end)

operation("notify", { "user_id", "count" }, function(portal, arguments)
  local user = counters_of(portal, arguments)
  user.notifications = user.notifications + (arguments.count or 1)
  return { count = user.notifications }
end)

operation("dialog", { "user_id", "dialog_id", "kind", "count", "muted", "marked", "unanswered",
  "parent", "hidden", "title", "active", "age", "history" }, function(portal, arguments)
  check_kind("dialog", arguments.kind)
  local user = counters_of(portal, arguments)
  local known = user:find(tostring(arguments.dialog_id))
  local kind = known and known.kind or arguments.kind
  if kind == "comment" and not arguments.parent and not (known and known.parent) then
    fail("dialog: a comment chat needs a parent")
  end
  local chat = chat_of(user, arguments)
  change(user, chat, arguments)
  return { dialog_id = chat.dialog_id, chat_id = chat.id, count = chat.count }
end)

operation("person", { "user_id", "id", "name", "active" }, function(portal, arguments)
  local user = counters_of(portal, arguments)
  local id = tonumber(arguments.id) or fail("person: id is needed")
  people.tell(user, id, { name = arguments.name, active = arguments.active })
  return people.find(user, id) or fail("person: nobody can have the id %s", tostring(arguments.id))
end)

operation("crowd", { "user_id", "dialogs" }, function(portal, arguments)
  return crowd.make(counters_of(portal, arguments), arguments.dialogs or 300, change)
end)

operation("clear_counters", { "user_id" }, function(portal, arguments)
  local account = account_of(portal, arguments)
  account.counters = counters.new(account.user_id)
  return {}
end)

--- Makes the operations known.
---@param known fun(name: string, arguments: string[], run: function)
function control_messages.register(known)
  for _, item in ipairs(operations) do known((unpack or table.unpack)(item)) end
end

return control_messages
