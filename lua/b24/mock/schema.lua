-- What a row of a list consists of: fields in their order, each made from the row's id alone, so
-- that a filter looks at one field of many rows without making the rows.

local php = require "b24.mock.php"

---@class portal.Schema
---@field order string[] the names, as SQL has them: ASSIGNED_BY_ID
---@field types table<string, "number"|"text"|"date"|"list"> a "list" is not sorted by
---@field get table<string, fun(id: integer): any>
---@field label fun(name: string): string how answers call a field
---@field asked table<string, boolean>
---@field numbers boolean answers have numbers where SQL has digits
---@field source table<string, string> the names of fields that are called otherwise where they lie
local Schema = {}
Schema.__index = Schema

local schema = {}

--- The name as SQL has it: assignedById and ASSIGNED_BY_ID are one field.
---@param name string
---@return string
function schema.key(name)
  return name:find("%l") and (name:gsub("%u", "_%0")):upper() or name
end

local function camel(name)
  return (name:lower():gsub("_(%w)", string.upper))
end

local function same(name)
  return name
end

--- `fields`: { name, type, function(id), asked } in the order of answers; `asked`: only for who
--- asks for it by its name. `style.camel`: answers have camel case; `style.numbers`: and numbers;
--- `style.source`: see above.
---@param fields table[]
---@param style? { camel: boolean?, numbers: boolean?, source: table? }
---@return portal.Schema
function schema.new(fields, style)
  style = style or {}
  local self = setmetatable({ order = {}, types = {}, get = {}, asked = {},
    source = style.source or {}, label = style.camel and camel or same,
    numbers = style.numbers or false }, Schema)
  for i, field in ipairs(fields) do
    local name = field[1]
    self.order[i], self.types[name] = name, field[2]
    self.get[name], self.asked[name] = field[3], field[4]
  end
  return self
end

--- The same, but with what was written (id -> fields) in place of what is made.
---@param rows? table<integer, table<string, any>>
---@return portal.Schema
function Schema:over(rows)
  if not rows then return self end
  local copy = setmetatable({ get = {} }, Schema)
  for name, value in pairs(self) do
    if name ~= "get" then copy[name] = value end
  end
  for name, get in pairs(self.get) do
    local source = self.source[name] or name
    copy.get[name] = function(id)
      local written = rows[id] and rows[id][source]
      if written ~= nil then return written end
      return get(id)
    end
  end
  return copy
end

local function names_in(select)
  local names = {}
  for _, name in select:each() do
    name = php.text(name) or ""
    names[name == "*" and name or schema.key(name)] = true
  end
  if #select.order == 0 then names["*"] = true end
  return names
end

function Schema:shown(name, value)
  if self.numbers and self.types[name] == "number" then return tonumber(value) or value end
  return value
end

local function row(self, id, wants)
  local out = php.array()
  for _, name in ipairs(self.order) do
    if wants(name) then out:set(self.label(name), self:shown(name, self.get[name](id))) end
  end
  return out
end

--- The row with this id, or of it what `select` (a PHP array of names; "*" is all) asks for.
---@param id integer
---@param select table
---@return table
function Schema:row(id, select)
  local names = names_in(select)
  return row(self, id, function(name)
    return names[name] or names["*"] and not self.asked[name]
  end)
end

--- All of the row with this id.
---@param id integer
---@return table
function Schema:whole(id)
  return row(self, id, function() return true end)
end

return schema
