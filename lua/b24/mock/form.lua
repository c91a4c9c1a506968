-- Query strings and form bodies, as PHP reads them.

local php = require "b24.mock.php"

local form = {}

local function unescape(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

-- "a[b][]" -> { "a", "b", "" }; the first name loses characters that a PHP variable cannot have.
-- What follows a "]" other than "[" is ignored, and a "[" that is never closed is such a character
-- too.
local function split_key(key)
  local name, rest = key:match("^ *([^%[]+)(.*)$")
  if not name then return nil end
  local path = { (name:gsub("[ .]", "_")) }
  if rest ~= "" and not rest:find("]", 1, true) then
    path[1] = path[1] .. "_" .. rest:sub(2)
    rest = ""
  end
  while true do
    local part, tail = rest:match("^%[([^%]]*)%](.*)$")
    if not part then return path end
    path[#path + 1], rest = part, tail
  end
end

local function assign(array, path, value)
  for i = 1, #path - 1 do
    local key = path[i] ~= "" and path[i] or nil
    local child = key and array:get(key)
    if not php.is_array(child) then
      child = php.array()
      array:set(key, child)
    end
    array = child
  end
  local last = path[#path]
  array:set(last ~= "" and last or nil, value)
end

--- Adds the fields of "a=1&b[c]=2" to a PHP array.
function form.decode(text, into)
  for field in text:gmatch("[^&]+") do
    local key, value = field:match("^([^=]*)=?(.*)$")
    local path = split_key(unescape(key))
    if path then assign(into, path, unescape(value)) end
  end
  return into
end

-- The parts between the boundaries, each with its header's text.
local function parts(text, boundary)
  local mark, found = "--" .. boundary, {}
  local _, last = text:find(mark, 1, true)
  while last do
    local first, following = text:find("\r\n" .. mark, last, true)
    if not first then break end
    local head, body = text:sub(last + 1, first - 1):match("^\r\n(.-)\r\n\r\n(.*)$")
    if head then found[#found + 1] = { head = head .. "\r\n", body = body } end
    last = following
  end
  return found
end

--- Adds the fields of a multipart body to a PHP array. Returns the files: field -> { name, content
--- }.
---@param text string
---@param boundary string
---@param into table
---@return table<string, { name: string, content: string }>
function form.multipart(text, boundary, into)
  local files = {}
  for _, part in ipairs(parts(text, boundary)) do
    local disposition = part.head:match("[Cc]ontent%-[Dd]isposition:([^\r\n]*)") or ""
    local name = disposition:match '[; ]name="([^"]*)"'
    local file = disposition:match 'filename="([^"]*)"'
    local path = name and split_key(name)
    if file and path then
      files[path[1]] = { name = file, content = part.body }
    elseif path then
      assign(into, path, part.body)
    end
  end
  return files
end

return form
