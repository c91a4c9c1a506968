-- The Drive: files are uploaded in one request, or to an address that the first one gives, and can
-- be downloaded again. Sources: bitrix24/b24restdocs,
-- api-reference/disk/folder/disk-folder-upload-file.md and disk/file/disk-file-get.md; signed
-- links: the server's rest/classes/general/rest.php.

local rand = require "openssl.rand"

local clock = require "b24.mock.clock"
local php = require "b24.mock.php"

local disk = {}

local FOLDERS = { [1] = "Company Drive", [2] = "Documents", [8930] = "Shared" }
local FIRST_OF_CHATS = 5000 -- a chat's folder has the number of the chat after this one
local STORAGE = "1"
local FIRST_FILE = 9001

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local DIGITS = {}
for i = 1, 64 do DIGITS[ALPHABET:sub(i, i)] = i - 1 end

-- As PHP's base64_decode: what is no digit is skipped.
local function from_base64(text)
  return (text:gsub("[^%w+/]", ""):gsub("(.)(.)(.?)(.?)", function(a, b, c, d)
    local bits = DIGITS[a] * 262144 + DIGITS[b] * 4096 + (DIGITS[c] or 0) * 64 + (DIGITS[d] or 0)
    local bytes = string.char(math.floor(bits / 65536), math.floor(bits / 256) % 256, bits % 256)
    return bytes:sub(1, d ~= "" and 3 or c ~= "" and 2 or 1)
  end))
end

-- How many bytes that is, without making them.
local function size_of(text)
  local digits = text:match "^[%w+/]*()=?=?$"
  digits = digits and digits - 1 or select(2, text:gsub("[%w+/]", ""))
  return math.floor(digits * 3 / 4)
end

-- Files -------------------------------------------------------------------------------------------

local function link(call, what, token)
  local scheme, host = call.tls and "https" or "http", call.headers.host or "localhost"
  if call.secret then
    return ("%s://%s/rest/%s/%s/%s/?token=%s"):format(scheme, host, call.user_id, call.secret, what,
      token)
  end
  return ("%s://%s/rest/%s.json?auth=%s&token=%s"):format(scheme, host, what, call.auth, token)
end

-- Something that stands in a link for what the link is about.
local function sign(call, meaning)
  local text = rand.bytes(16):gsub(".", function(byte) return ("%02x"):format(byte:byte()) end)
  call.portal.links["disk|" .. text] = meaning
  return "disk%7C" .. text
end

local function shape(call, file)
  local by = tostring(file.created_by)
  return php.map("ID", file.id, "NAME", file.name, "CODE", php.null, "STORAGE_ID", STORAGE,
    "TYPE", "file", "PARENT_ID", tostring(file.folder), "DELETED_TYPE", 0,
    "GLOBAL_CONTENT_VERSION", 1, "FILE_ID", file.id + 20000, "SIZE", tostring(file.size),
    "CREATE_TIME", clock.iso(file.created), "UPDATE_TIME", clock.iso(file.created),
    "DELETE_TIME", php.null, "CREATED_BY", by, "UPDATED_BY", by, "DELETED_BY", php.null,
    "DOWNLOAD_URL", link(call, "download", sign(call, { file = file })),
    "DETAIL_URL", "/company/personal/user/" .. by .. "/disk/file/" .. file.name)
end

local function find(portal, folder, name)
  for _, file in ipairs(portal.files) do
    if file.folder == folder and file.name == name then return file end
  end
end

-- "a.txt" -> "a (1).txt"
local function unique(portal, folder, name)
  local stem, extension = name:match("^(.+)(%.[^.]*)$")
  local candidate, n = name, 0
  while find(portal, folder, candidate) do
    n = n + 1
    candidate = (stem or name) .. " (" .. n .. ")" .. (extension or "")
  end
  return candidate
end

-- The folder of a chat that the user is in, too.
local function is_folder(call, id)
  if FOLDERS[id] then return true end
  for _, chat in ipairs(call.account.counters.chats) do
    if tonumber(chat.id) == id - FIRST_OF_CHATS then return true end
  end
  return false
end

--- The number of a chat's folder.
---@param chat table
---@return integer
function disk.folder_of(chat) return FIRST_OF_CHATS + tonumber(chat.id) end

--- Keeps a new file.
---@param call table
---@param folder integer
---@param name string
---@param content { base64: string?, bytes: string? }
---@return table file { id =, name =, size =, … }
function disk.keep(call, folder, name, content)
  local portal = call.portal
  local file = { id = FIRST_FILE + 2 * #portal.files, name = name, folder = folder,
    base64 = content.base64, bytes = content.bytes,
    size = content.bytes and #content.bytes or size_of(content.base64),
    created = os.time(), created_by = call.account.user_id }
  table.insert(portal.files, file)
  return file
end

--- The file with this number, or nil.
---@param portal table
---@param id integer
---@return table?
function disk.file(portal, id)
  for _, file in ipairs(portal.files) do
    if file.id == id then return file end
  end
end

-- Keeps a new file; nil and the failure when it cannot be.
local function save(call, wish, content)
  if (content.bytes or content.base64 or "") == "" then
    return nil, 400, "ERROR_COULD_NOT_SAVE_FILE", "Could not save file"
  end
  local portal, name = call.portal, wish.name
  if wish.unique then
    name = unique(portal, wish.folder, name)
  elseif find(portal, wish.folder, name) then
    return nil, 400, "DISK_OBJ_22000", "A file with this name already exists"
  end
  return shape(call, disk.keep(call, wish.folder, name, content))
end

-- { name, base64 }, or base64 alone.
local function content_of(value)
  if php.is_array(value) then value = value:get(1) end
  return { base64 = php.text(value) or "" }
end

local function upload(call)
  local params = php.upper_keys(call.params)
  local id = php.integer(params:get("ID"))
  if not params:get("ID") then
    return nil, 400, "ERROR_ARGUMENT", "Invalid value of parameter {Parameter #0}"
  elseif not is_folder(call, id) then
    return nil, 400, "ERROR_NOT_FOUND", ("Could not find entity with id `%d`"):format(id)
  end
  local data, content = params:get("DATA"), params:get("FILECONTENT")
  local name = php.is_array(data) and php.text(php.upper_keys(data):get("NAME")) or nil
  local wish = { folder = id, name = name, unique = php.truthy(params:get("GENERATEUNIQUENAME")) }
  if not content then
    local token = sign(call, { upload = wish })
    return php.map("field", "file", "uploadUrl", link(call, "upload", token))
  elseif not name then
    return nil, 400, "DISK_BASE_SERVICE_22001",
      "Error: required parameter NAME (DISK_BASE_SERVICE_22001)"
  end
  return save(call, wish, content_of(content))
end

local function file_get(call)
  local asked = php.upper_keys(call.params):get("ID")
  if not asked then
    return nil, 400, "ERROR_ARGUMENT", "Invalid value of parameter {Parameter #0}"
  end
  local id = php.integer(asked)
  local file = disk.file(call.portal, id)
  if file then return shape(call, file) end
  return nil, 400, "ERROR_NOT_FOUND", ("Could not find entity with id `%d`"):format(id)
end

-- Links -------------------------------------------------------------------------------------------

local function refuse()
  return nil, 403, "ACCESS_DENIED", "Access denied! Link check failed"
end

--- What a signed link leads to: a file to be sent as it is, or something to run like a method.
---@param call table
---@param token string
---@return { name: string, content: string }? file
---@return { run: function }? method
function disk.follow(call, token)
  local meaning = call.portal.links[token] or {}
  if call.method == "download" and meaning.file then
    local file = meaning.file
    return { name = file.name, content = file.bytes or from_base64(file.base64) }
  end
  if call.method ~= "upload" or not meaning.upload then return nil, { run = refuse } end
  return nil, { run = function()
    local sent, wish = call.files.file or {}, meaning.upload
    return save(call, { folder = wish.folder, unique = wish.unique, name = wish.name or sent.name },
      { bytes = sent.content })
  end }
end

--- Makes the methods known.
---@param method fun(name: string, scope: string?, run: function)
function disk.register(method)
  method("disk.folder.uploadfile", "disk", upload)
  method("disk.file.get", "disk", file_get)
end

return disk
