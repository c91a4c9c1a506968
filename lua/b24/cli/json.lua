--- JSON for other programs to read: keys in alphabetical order, so that equal answers are equal
--- bytes.

local codec = require "b24.codec"

local json = {}

local OBJECT = { __jsontype = "object" } -- the mark that b24's own maps carry too

--- Marks a table that is to be written as {} when it is empty.
---@param t table
---@return table
function json.object(t)
  return setmetatable(t, OBJECT)
end

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end

local function says_object(t)
  local meta = getmetatable(t)
  return type(meta) == "table" and meta.__jsontype == "object"
end

local function add(out, value)
  if type(value) ~= "table" then
    out[#out + 1] = codec.encode(value)
    return
  end
  local keys = sorted_keys(value)
  local list = #keys == #value and not says_object(value)
  out[#out + 1] = list and "[" or "{"
  for i, key in ipairs(keys) do
    if i > 1 then out[#out + 1] = "," end
    if not list then out[#out + 1] = codec.encode(tostring(key)) .. ":" end
    add(out, value[list and i or key])
  end
  out[#out + 1] = list and "]" or "}"
end

--- One line of JSON, which shows a terminal nothing that could steer it.
---@param value any
---@return string
function json.encode(value)
  local out = {}
  add(out, value)
  return codec.neutral_json(table.concat(out))
end

return json
