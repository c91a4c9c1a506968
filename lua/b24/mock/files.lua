-- Files: in a chat (im.v2.File.upload), and the older way over a folder of the drive.

local php = require "b24.mock.php"

local clock = require "b24.mock.clock"
local dialogs = require "b24.mock.dialogs"
local messages = require "b24.mock.messages"

local files = {}

local MOST = 100 * 1024 * 1024 -- bytes of a file in a chat
local FIRST_FOLDER = 5000 -- a chat's folder has the number of the chat after this one
local SHARED_FOLDER = 8930 -- one that belongs to no chat

local function text(value)
  return type(value) == "string" and value or ""
end

-- The bytes that a Base64 text stands for; nil: it is none.
local function size_of(content)
  local padding = content:match "^[%w+/]*(=?=?)$"
  return padding and #content % 4 == 0 and #content / 4 * 3 - #padding or nil
end

-- What the user has uploaded, by its id.
local function store(call, name, content, folder)
  local user = call.account.counters
  user.files = user.files or { count = 0 }
  user.files.count = user.files.count + 1
  local file = { id = 9000 + user.files.count, name = name, size = size_of(content),
    folder = folder }
  user.files[file.id] = file
  return file
end

local function shape(call, chat, file)
  return php.map("id", file.id, "chatId", tonumber(chat.id), "date", clock.iso(os.time()),
    "type", "file", "name", file.name, "extension", file.name:match "%.(%w+)$" or "",
    "size", file.size, "image", false, "status", "done", "progress", 100,
    "authorId", tonumber(call.account.user_id), "authorName", call.account.name or "User",
    "urlPreview", "", "urlShow", "", "urlDownload", "")
end

-- A message with a file in it.
local function post(call, chat, file, message)
  local user = call.account.counters
  local id = dialogs.send(user, chat, message)
  local posted = dialogs.newest(chat)
  posted.params = ('{"FILE_ID":[%d]}'):format(file.id)
  posted.files = php.encode(shape(call, chat, file))
  user:changed()
  return id
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
  local file = store(call, name, content)
  local id = post(call, chat, file, text(fields:get "message"))
  return php.map("file", shape(call, chat, file), "messageId", id, "chatId", tonumber(chat.id),
    "dialogId", chat.dialog_id)
end

local function folder_get(call)
  local params = php.upper_keys(call.params)
  local chat = open(call, params:get "DIALOG_ID")
  if not chat then
    return nil, 403, "ACCESS_ERROR", "You do not have access to the specified dialog"
  end
  return php.map("ID", FIRST_FOLDER + tonumber(chat.id))
end

local function is_folder(call, id)
  if id == SHARED_FOLDER then return true end
  for _, chat in ipairs(call.account.counters.chats) do
    if tonumber(chat.id) == id - FIRST_FOLDER then return true end
  end
  return false
end

local function uploadfile(call)
  local id, given = php.integer(call.params:get "id"), call.params:get "data"
  local content = call.params:get "fileContent"
  if id <= 0 then
    return nil, 400, "ERROR_ARGUMENT", "Invalid value of parameter {Parameter #0}"
  elseif not is_folder(call, id) then
    return nil, 400, "ERROR_NOT_FOUND", ("Could not find entity with id `%d`"):format(id)
  elseif not content then
    return php.map("field", "file", "uploadUrl", "https://portal.example/rest/upload.json")
  elseif not (php.is_array(given) and text(given:get "NAME") ~= "") then
    return nil, 400, "DISK_BASE_SERVICE_22001",
      "Error: required parameter NAME (DISK_BASE_SERVICE_22001)"
  end
  local bytes = php.is_array(content) and text(content:get(1)) or ""
  if bytes == "" or not size_of(bytes) then
    return nil, 400, "ERROR_COULD_NOT_SAVE_FILE", "Could not save file"
  end
  local file = store(call, given:get "NAME", bytes, id)
  return php.map("ID", file.id, "NAME", file.name, "CODE", php.null, "STORAGE_ID", "1357",
    "TYPE", "file", "PARENT_ID", tostring(id), "DELETED_TYPE", 0, "GLOBAL_CONTENT_VERSION", 1,
    "FILE_ID", file.id + 20000, "SIZE", tostring(file.size))
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
  local file = (call.account.counters.files or {})[php.integer(id)]
  if not file then return nil, 400, "SAVE_ERROR", "Error during saving file to chat" end
  local message = post(call, chat, file, text(params:get "MESSAGE"))
  return php.map("FILES", php.map("upload" .. file.id, shape(call, chat, file)),
    "DISK_ID", { tostring(file.id) }, "MESSAGE_ID", message)
end

--- Makes the methods known.
---@param method fun(name: string, scope: string?, run: function)
function files.register(method)
  method("im.v2.file.upload", "im", upload)
  method("im.disk.folder.get", "im", folder_get)
  method("im.disk.file.commit", "im", commit)
  method("disk.folder.uploadfile", "disk", uploadfile)
end

return files
