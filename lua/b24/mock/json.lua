-- JSON of the controls, as plain Lua tables. Bytes pass as they are: a log may hold any.

local php = require "b24.mock.php"

local json = { null = php.null }

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\" }

local function escape(character)
  return ESCAPES[character] or ("\\u%04x"):format(character:byte())
end

local function string_text(text)
  return '"' .. text:gsub('[%z\1-\31"\\\127]', escape) .. '"'
end

local function object_text(map)
  local names, out = {}, {}
  for name in pairs(map) do names[#names + 1] = tostring(name) end
  table.sort(names)
  for i, name in ipairs(names) do
    local value = map[name]
    if value == nil then value = map[tonumber(name)] end
    out[i] = string_text(name) .. ":" .. json.encode(value)
  end
  return "{" .. table.concat(out, ",") .. "}"
end

--- Writes a value. A table whose last index is not 0 is a list.
function json.encode(value)
  if type(value) == "string" then return string_text(value) end
  if type(value) ~= "table" or php.is_json(value) or php.is_array(value) or value == php.null then
    return php.encode(value)
  end
  if #value == 0 then return object_text(value) end
  local out = {}
  for i = 1, #value do out[i] = json.encode(value[i]) end
  return "[" .. table.concat(out, ",") .. "]"
end

-- The PHP array as a table: a list, or by names.
local function plain(value)
  if not php.is_array(value) then return value end
  local out, list = {}, value:is_list()
  for key, item in value:each() do out[list and key + 1 or key] = plain(item) end
  return out
end

json.plain = plain

--- Reads JSON; nil for anything that is none.
function json.decode(text)
  return plain(php.decode(text, true))
end

return json
