-- What messages carry besides their text: files, and attachments of blocks. Sources:
-- bitrix24/b24restdocs, api-reference/chats/messages/im-dialog-messages-get.md ("File Object"),
-- attachments.md.

local clock = require "b24.mock.clock"
local people = require "b24.mock.people"
local php = require "b24.mock.php"

local attachments = {}

local TYPES = {
  png = "image", jpg = "image", jpeg = "image", gif = "image", webp = "image",
  mp4 = "video", mov = "video", webm = "video",
  mp3 = "audio", ogg = "audio", wav = "audio", m4a = "audio",
}
local FIRST_FILE = 5000

local function type_of(name)
  return TYPES[(name:match "%.(%w+)$" or ""):lower()] or "file"
end

-- Files -------------------------------------------------------------------------------------------

-- One that came from the Drive has its id there.
local function file_id(message)
  return message.file.id or FIRST_FILE + message.id
end

local function address(host, action, id, more)
  return ("https://%s/bitrix/services/main/ajax.php?action=disk.api.file.%s&SITE_ID=s1&humanRE=1"
    .. "&fileId=%d%s&exact=N"):format(host, action, id, more or "")
end

local function viewer(chat, id, kind, name, download)
  return php.map("viewer", "", "viewerType", kind == "image" and kind or "unknown", "src", download,
    "viewerResized", "", "objectId", tostring(id), "viewerGroupBy", chat.id,
    "imChatId", tonumber(chat.id), "title", name, "actions", '[{"type":"download"}]')
end

--- The file of a message as im.dialog.messages.get shows it.
---@param call table
---@param chat table
---@param message Message
---@return table
function attachments.file(call, chat, message)
  local user, host = call.account.counters, call.headers.host or "localhost"
  local id, name, kind = file_id(message), message.file.name, type_of(message.file.name)
  local image, author = kind == "image", people.find(user, message.author_id)
  local download = address(host, "download", id)
  local show = image and address(host, "showImage", id, "&width=1280&height=1280") or download
  return php.map("id", id, "chatId", tonumber(chat.id), "date", clock.iso(message.date),
    "type", kind, "name", name, "extension", (name:match "%.(%w+)$" or ""):lower(),
    "size", message.file.size or 0, "image", image and php.map("height", 61, "width", 72) or false,
    "status", "done", "progress", 100, "authorId", message.author_id,
    "authorName", author and author.name or "", "urlPreview", image and download or "",
    "urlShow", show, "urlDownload", download,
    "viewerAttrs", viewer(chat, id, kind, name, download),
    "mediaUrl", image and php.map("preview", php.map(250, download)) or php.array(),
    "isTranscribable", kind == "audio", "isVideoNote", false, "isVoiceNote", false)
end

--- The same as the list of recent chats shows it; false without one.
---@param message Message
---@return table|false
function attachments.short_file(message)
  if not message.file then return false end
  return php.map("id", file_id(message), "type", type_of(message.file.name),
    "name", message.file.name)
end

-- Blocks ------------------------------------------------------------------------------------------

--- What was sent as ATTACH ({ BLOCKS = … }, blocks alone, or the JSON of either), as messages show
--- it. Nil for anything else.
---@param value any
---@return table?
function attachments.attach(value)
  if type(value) == "string" then value = php.decode(value) end
  if not php.is_array(value) or #value.order == 0 then return nil end
  local fields = php.upper_keys(value)
  local blocks = fields:get("BLOCKS") or value
  return { php.map("ID", php.text(fields:get("ID")) or "1", "BLOCKS", blocks,
    "DESCRIPTION", php.text(fields:get("DESCRIPTION")) or "",
    "COLOR_TOKEN", php.text(fields:get("COLOR_TOKEN")) or "primary") }
end

--- The params of a message that carries something; nil when it does not.
---@param message Message
---@return table?
function attachments.params(message)
  if not message.file and not message.attach then return nil end
  local params = php.array()
  if message.file then params:set("FILE_ID", { file_id(message) }) end
  params:set("ATTACH", message.attach)
  return params
end

return attachments
