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

-- `indent`: what a line begins with; nil: all in one line.
local function add(out, value, indent)
  if type(value) ~= "table" then
    out[#out + 1] = codec.encode(value)
    return
  end
  local keys = sorted_keys(value)
  local list = #keys == #value and not says_object(value)
  local inner = indent and #keys > 0 and indent .. "  "
  out[#out + 1] = list and "[" or "{"
  for i, key in ipairs(keys) do
    if i > 1 then out[#out + 1] = "," end
    if inner then out[#out + 1] = "\n" .. inner end
    if not list then
      out[#out + 1] = codec.encode(tostring(key)) .. (indent and ": " or ":")
    end
    add(out, value[list and i or key], inner)
  end
  if inner then out[#out + 1] = "\n" .. indent end
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

--- The same for people: indented by two blanks.
---@param value any
---@return string[] lines
function json.lines(value)
  local out, lines = {}, {}
  add(out, value, "")
  for line in table.concat(out):gmatch "[^\n]+" do lines[#lines + 1] = codec.neutral_json(line) end
  return lines
end

return json
