-- PHP's arrays (ordered maps), and the JSON that PHP reads and writes.

local utf8_text = require "b24.mock.utf8_text"

local php = {}

--- PHP's null, where nil would mean "not there".
php.null = setmetatable({}, { __tostring = function() return "null" end })

local Array = {}
Array.__index = Array
-- a value that is JSON already: what php.json made, or an integer that a double cannot hold
local Json = {}

php.Array, php.Json = Array, Json -- for snapshot.lua

function php.array()
  return setmetatable({ order = {}, map = {}, next_index = 0 }, Array)
end

function php.is_array(value)
  return getmetatable(value) == Array
end

--- `php.map("ID", "1", "ACTIVE", true)`: an array with these keys in this order.
function php.map(...)
  local array = php.array()
  for i = 1, select("#", ...), 2 do
    array:set((select(i, ...)), (select(i + 1, ...)))
  end
  return array
end

--- JSON that stands for a value as it is.
function php.json(text)
  return setmetatable({ text = text }, Json)
end

--- Is it what php.json made?
---@param value any
---@return boolean
function php.is_json(value)
  return getmetatable(value) == Json
end

local function key_text(key)
  return type(key) == "number" and string.format("%.0f", key) or key
end

--- Sets a key, or appends when it is nil.
function Array:set(key, value)
  if value == nil then return end
  key = key_text(key == nil and self.next_index or key)
  if self.map[key] == nil then self.order[#self.order + 1] = key end
  self.map[key] = value
  local first = key:byte()
  if first and first >= 0x30 and first <= 0x39 and key:find("^%d+$") then
    self.next_index = math.max(self.next_index, tonumber(key) + 1)
  end
end

function Array:get(key)
  return self.map[key_text(key)]
end

function Array:remove(key)
  if self.map[key] == nil then return end
  self.map[key] = nil
  for i, name in ipairs(self.order) do
    if name == key then return table.remove(self.order, i) end
  end
end

function Array:each()
  local i = 0
  return function()
    i = i + 1
    return self.order[i], self.map[self.order[i]]
  end
end

--- PHP writes a list exactly when the keys are 0, 1, ..., n-1 in this order: so also for no keys at
--- all.
function Array:is_list()
  local order = self.order
  if order[1] ~= "0" then return order[1] == nil end -- most are no lists
  for i = 2, #order do
    if order[i] ~= key_text(i - 1) then return false end
  end
  return true
end

--- PHP's idea of true: "0", "", 0, false, null and an empty array are not.
function php.truthy(value)
  if php.is_array(value) then return #value.order > 0 end
  return value ~= nil and value ~= php.null and value ~= false and value ~= 0 and value ~= ""
    and value ~= "0"
end

--- The same array with its keys in upper case: most methods do not care about the case of their
--- parameters.
---@param array table a PHP array
---@return table
function php.upper_keys(array)
  local out = php.array()
  for key, value in array:each() do out:set(key:upper(), value) end
  return out
end

-- Writing -----------------------------------------------------------------------------------------

local ESCAPES = {
  ['"'] = "\\u0022", ["\\"] = "\\\\", ["/"] = "\\/", ["<"] = "\\u003C", [">"] = "\\u003E",
  ["&"] = "\\u0026",
  ["'"] = "\\u0027", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
}

local function escape(character)
  return ESCAPES[character] or string.format("\\u%04x", character:byte())
end

local function encode_string(text)
  if not text:find('[%z\1-\31"\\/<>&\'\128-\255]') then return '"' .. text .. '"' end
  return '"' .. utf8_text.clean(text):gsub('[%z\1-\31"\\/<>&\']', escape) .. '"'
end

local function encode_number(number)
  if number % 1 == 0 and math.abs(number) < 2 ^ 53 then return string.format("%.0f", number) end
  for digits = 15, 17 do
    local text = string.format("%." .. digits .. "g", number)
    if tonumber(text) == number then return text end
  end
end

-- The keys of rows come again in each row: `"key":` is made once for as many as this.
local KEYS_KEPT = 2000
local kept, keys_kept = {}, 0

local function encode_key(key)
  local text = kept[key]
  if text then return text end
  if keys_kept == KEYS_KEPT then kept, keys_kept = {}, 0 end
  text, keys_kept = encode_string(key) .. ":", keys_kept + 1
  kept[key] = text
  return text
end

local write

-- These put the parts of the text behind the `n` parts of `out`, and return how many there are
-- then.
local function write_array(array, out, n)
  local list, order, map = array:is_list(), array.order, array.map
  out[n + 1] = list and "[" or "{"
  n = n + 1
  for i = 1, #order do
    local key = order[i]
    if i > 1 then
      n = n + 1
      out[n] = ","
    end
    if not list then
      n = n + 1
      out[n] = encode_key(key)
    end
    n = write(map[key], out, n)
  end
  out[n + 1] = list and "]" or "}"
  return n + 1
end

local function write_list(list, out, n)
  out[n + 1] = "["
  n = n + 1
  for i = 1, #list do
    if i > 1 then
      n = n + 1
      out[n] = ","
    end
    n = write(list[i], out, n)
  end
  out[n + 1] = "]"
  return n + 1
end

local function scalar(value)
  local kind = type(value)
  if kind == "string" then return encode_string(value) end
  if kind == "number" then return encode_number(value) end
  if kind == "boolean" then return tostring(value) end
  if value == php.null then return "null" end
  return getmetatable(value) == Json and value.text or nil
end

function write(value, out, n)
  local text = scalar(value)
  if not text then return (php.is_array(value) and write_array or write_list)(value, out, n) end
  out[n + 1] = text
  return n + 1
end

--- Writes a value as Bitrix24 does. Plain Lua tables are lists here; maps are made with php.map or
--- php.array.
function php.encode(value)
  local out = {}
  write(value, out, 0)
  return table.concat(out)
end

-- Reading -----------------------------------------------------------------------------------------

local MAX_DEPTH = 512 -- json_decode's default
local UNESCAPES = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\",
  ["/"] = "/" }
local INVALID = {} -- thrown to leave the recursion
local read_value

local function utf8_character(code)
  if code < 0x80 then return string.char(code) end
  local tail, limit = "", 0x40
  repeat
    tail = string.char(0x80 + code % 0x40) .. tail
    code = math.floor(code / 0x40)
    limit = limit / 2
  until code < limit
  return string.char(0x100 - 2 * limit + code) .. tail
end

local function unescape_unicode(text)
  text = text:gsub("\\u([dD][89abAB]%x%x)\\u([dD][c-fC-F]%x%x)", function(high, low)
    return utf8_character(0x10000 + (tonumber(high, 16) - 0xD800) * 0x400 + tonumber(low,
      16) - 0xDC00)
  end)
  return (text:gsub("\\u(%x%x%x%x)", function(hex)
    local code = tonumber(hex, 16)
    if code >= 0xD800 and code <= 0xDFFF then error(INVALID) end
    return utf8_character(code)
  end))
end

local function read_string(text, position)
  local start = position + 1
  position = start
  while true do
    local stop = text:find('["\\%z\1-\31]', position)
    local character = stop and text:sub(stop, stop)
    if character == '"' then
      local raw = text:sub(start, stop - 1)
      if not raw:find("\\", 1, true) then return raw, stop + 1 end
      -- Escaped backslashes are set apart first, or the u of "\\u0041" would look like an escape.
      local parts = {}
      for part in (raw .. "\\\\"):gmatch("(.-)\\\\") do
        parts[#parts + 1] = unescape_unicode(part):gsub("\\(.)", function(c)
          return UNESCAPES[c] or error(INVALID)
        end)
      end
      return table.concat(parts, "\\"), stop + 1
    elseif character ~= "\\" then
      error(INVALID)
    end
    position = stop + 2
  end
end

local function read_number(text, position)
  local _, stop = text:find("^-?%d+", position)
  if not stop or text:find("^-?0%d", position) then error(INVALID) end
  local digits = text:sub(position, stop)
  local _, fraction = text:find("^%.%d+", stop + 1)
  local _, exponent = text:find("^[eE][+-]?%d+", (fraction or stop) + 1)
  local last = exponent or fraction or stop
  local number = tonumber(text:sub(position, last))
  if last == stop and math.abs(number) >= 2 ^ 53 and math.abs(number) < 2 ^ 63 then
    return php.json(digits), last + 1
  end
  return number, last + 1
end

local function skip(text, position)
  return text:find("[^ \t\r\n]", position) or error(INVALID)
end

local function read_array(text, position, depth)
  local array, object = php.array(), text:sub(position, position) == "{"
  local closing = object and "}" or "]"
  position = skip(text, position + 1)
  if text:sub(position, position) == closing then return array, position + 1 end
  while true do
    local key, value
    if object then
      if text:sub(position, position) ~= '"' then error(INVALID) end
      key, position = read_string(text, position)
      position = skip(text, position)
      if text:sub(position, position) ~= ":" then error(INVALID) end
      position = skip(text, position + 1)
    end
    value, position = read_value(text, position, depth)
    array:set(key, value)
    position = skip(text, position)
    local character = text:sub(position, position)
    if character == closing then return array, position + 1 end
    if character ~= "," then error(INVALID) end
    position = skip(text, position + 1)
  end
end

function read_value(text, position, depth)
  local character = text:sub(position, position)
  if character == '"' then return read_string(text, position) end
  if character == "{" or character == "[" then
    if depth == 0 then error(INVALID) end
    return read_array(text, position, depth - 1)
  end
  if text:find("^true", position) then return true, position + 4 end
  if text:find("^false", position) then return false, position + 5 end
  if text:find("^null", position) then return php.null, position + 4 end
  return read_number(text, position)
end

--- The value as a method would see it: lists become PHP arrays, and what is JSON already is read
--- again.
---@param value any
---@return any
function php.plain(value)
  if getmetatable(value) == Json then
    if value.text:find("^%-?%d+$") then return value end -- an integer too large for a double
    value = php.decode(value.text)
  end
  if type(value) ~= "table" or value == php.null then return value end
  local out = php.array()
  if php.is_array(value) then
    for key, item in value:each() do out:set(key, php.plain(item)) end
  else
    for i, item in ipairs(value) do out:set(i - 1, php.plain(item)) end
  end
  return out
end

--- The text of a string or a number as PHP would write it. Nil for anything else.
---@param value any
---@return string?
function php.text(value)
  if type(value) == "string" then return value end
  if type(value) == "number" then return encode_number(value) end
  if getmetatable(value) == Json and value.text:find("^%-?%d+$") then return value.text end
end

--- PHP's intval(): the integer at the beginning of a text, else 0; of an array 1, unless it is
--- empty.
---@param value any
---@return number
function php.integer(value)
  if value == true then return 1 end
  if php.is_array(value) then return php.truthy(value) and 1 or 0 end
  local number = tonumber((php.text(value) or ""):match("^%s*([+-]?%d+)")) or 0
  return number
end

--- Reads JSON as json_decode(…, true) does. Nil for anything that is not valid JSON.
---@param text string
---@param any_bytes? boolean strings need not be UTF-8
function php.decode(text, any_bytes)
  local _, dirty = utf8_text.clean(text)
  if dirty and not any_bytes then return nil end
  local ok, value = pcall(function()
    local result, position = read_value(text, skip(text, 1), MAX_DEPTH)
    if text:find("[^ \t\r\n]", position) then error(INVALID) end
    return result
  end)
  if ok then return value end
end

return php
