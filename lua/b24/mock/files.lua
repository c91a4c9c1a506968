-- Files: in a chat (im.v2.File.upload), and the older way over a folder of the drive.

local php = require "b24.mock.php"

local attachments = require "b24.mock.attachments"
local dialogs = require "b24.mock.dialogs"
local disk = require "b24.mock.disk"
local messages = require "b24.mock.messages"

local files = {}

local MOST = 100 * 1024 * 1024 -- bytes of a file in a chat
local function text(value)
  return type(value) == "string" and value or ""
end

-- The bytes that a Base64 text stands for; nil: it is none.
local function size_of(content)
  local padding = content:match "^[%w+/]*(=?=?)$"
  return padding and #content % 4 == 0 and #content / 4 * 3 - #padding or nil
end

-- A message with a file in it. Returns its id, and the file as messages show it.
local function post(call, chat, file, message)
  local user = call.account.counters
  local id = dialogs.send(user, chat, message)
  local posted = dialogs.newest(chat)
  posted.file = { id = file.id, name = file.name, size = file.size }
  user:changed()
  return id, attachments.file(call, chat, posted)
end

-- The chat of a dialog, at the top of the list from now on; or nil.
local function open(call, dialog_id)
  local params = php.map("DIALOG_ID", dialog_id)
  local _, failure = messages.find(call, params)
  return not failure and call.account.counters:open(tostring(php.text(dialog_id)):lower()) or nil
end

local function upload(call)
  local fields = call.params:get "fields"
  fields = php.is_array(fields) and fields or php.array()
  local name, content = text(fields:get "name"), text(fields:get "content")
  local chat = open(call, call.params:get "dialogId")
  if not chat then return nil, 400, "CHAT_NOT_FOUND", "CHAT_NOT_FOUND" end
  if name == "" or content == "" then
    return nil, 400, "FILE_EMPTY", "File name and content are required"
  end
  local size = size_of(content)
  if not size then return nil, 400, "FILE_INVALID_CONTENT", "Invalid base64 content" end
  if size > MOST then return nil, 400, "FILE_TOO_LARGE", "File too large" end
  local file = disk.keep(call, disk.folder_of(chat), name, { base64 = content })
  local id, shown = post(call, chat, file, text(fields:get "message"))
  return php.map("file", shown, "messageId", id, "chatId", tonumber(chat.id),
    "dialogId", chat.dialog_id)
end

local function folder_get(call)
  local params = php.upper_keys(call.params)
  local chat = open(call, params:get "DIALOG_ID")
  if not chat then
    return nil, 403, "ACCESS_ERROR", "You do not have access to the specified dialog"
  end
  return php.map("ID", disk.folder_of(chat))
end

local function commit(call)
  local params = php.upper_keys(call.params)
  local chat = open(call, params:get "DIALOG_ID")
  if not chat then
    return nil, 403, "ACCESS_ERROR", "You do not have access to the specified dialog"
  end
  local id = params:get "FILE_ID" or params:get "UPLOAD_ID"
  if not id then return nil, 400, "FILES_ERROR", "List of files is not specified" end
  if php.is_array(id) then id = id:get(0) end
  local file = disk.file(call.portal, php.integer(id))
  if not file then return nil, 400, "SAVE_ERROR", "Error during saving file to chat" end
  local message, shown = post(call, chat, file, text(params:get "MESSAGE"))
  return php.map("FILES", php.map("upload" .. file.id, shown),
    "DISK_ID", { tostring(file.id) }, "MESSAGE_ID", message)
end

--- Makes the methods known.
---@param method fun(name: string, scope: string?, run: function)
function files.register(method)
  method("im.v2.file.upload", "im", upload)
  method("im.disk.folder.get", "im", folder_get)
  method("im.disk.file.commit", "im", commit)
end

return files
