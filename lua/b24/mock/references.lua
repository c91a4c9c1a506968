-- A batch's `$result[key][field]`: how a command's parameters are filled in from what ran before
-- it. The rules are the server's, traps included: see spec/portal/portal_batch_spec.lua.

local php = require "b24.mock.php"

local references = {}

-- What PHP's isset($value[$key]) lets through: an array's item unless it is null, or one character
-- of a string.
local function item(value, key)
  local position = key:find("^%d+$") and tonumber(key) + 1
  if type(value) == "string" then
    return position and position <= #value and value:sub(position, position) or nil
  end
  if php.is_json(value) then value = php.plain(value) end
  local found
  if php.is_array(value) then
    found = value:get(key)
  elseif type(value) == "table" and position then -- a list
    found = value[position]
  end
  if found ~= php.null then return found end
end

-- Follows "[a][b]…". A missing step leaves the last value reached. Nil when there is no step at
-- all.
local function follow(root, path)
  local value, steps = root, 0
  for key in path:gmatch("%[([^%]]+)%]") do
    steps = steps + 1
    local found = item(value, key)
    if found == nil then break end
    value = found
  end
  if steps > 0 then return value end
end

-- The part that "$result…" begins with, in any case. Only its own case finds a value.
local function part_name(text, done)
  for name in done:each() do
    if text:sub(1, #name):lower() == name:lower() then return text:sub(1, #name) end
  end
end

local function replace_all(text, old, new)
  local out, position = {}, 1
  while true do
    local first, last = text:find(old, position, true)
    if not first then break end
    out[#out + 1] = text:sub(position, first - 1) .. new
    position = last + 1
  end
  return table.concat(out) .. text:sub(position)
end

-- Everything up to the next blank belongs to the reference.
local function fill_text(text, done)
  local filled, position = text, 1
  while true do
    local dollar = text:find("$", position, true)
    if not dollar then return filled end
    local reference = text:match("^%S*", dollar)
    local name = part_name(reference:sub(2), done)
    if name then
      local value = follow(done:get(name) or php.null, reference:sub(2 + #name))
      if value ~= nil then
        if reference == text then return php.plain(value) end -- whatever it is: an array too
        local new = php.text(value)
        if new then filled = replace_all(filled, reference, new) end
      end
    end
    position = dollar + (name and #reference or 1)
  end
end

--- The parameters with their references resolved.
---@param params table a PHP array
---@param done table the PHP array of "result", "next", "total", "time" and "error" so far
---@return table
function references.fill(params, done)
  local out = php.array()
  for key, value in params:each() do
    if php.is_array(value) then
      out:set(key, references.fill(value, done))
    elseif type(value) == "string" then
      out:set(key, fill_text(value, done))
    else
      out:set(key, value)
    end
  end
  return out
end

return references
