-- What a filter and an order leave of the rows first..last. As long as only ids are asked for, no
-- row is looked at, however many there are.

local filter = require "b24.mock.filter"
local php = require "b24.mock.php"
local schema = require "b24.mock.schema"

---@class portal.Selection
---@field first integer of the range of ids
---@field last integer
---@field ids integer[]? these, instead of the range
---@field test (fun(id: integer): boolean)?
---@field order { name: string, descending: boolean }[]
---@field fields portal.Schema
local Selection = {}
Selection.__index = Selection

local selection = {}

-- Ids ---------------------------------------------------------------------------------------------

local NARROW = {
  [">"] = function(self, id) self.first = math.max(self.first, id + 1) end,
  [">="] = function(self, id) self.first = math.max(self.first, id) end,
  ["<"] = function(self, id) self.last = math.min(self.last, id - 1) end,
  ["<="] = function(self, id) self.last = math.min(self.last, id) end,
}
local AMONG = { [""] = true, ["="] = true, ["@"] = true }

local function sorted_ids(value)
  local ids = {}
  for _, item in (php.is_array(value) and value or php.map(0, value)):each() do
    ids[#ids + 1] = php.integer(item)
  end
  table.sort(ids)
  return ids
end

-- Takes the conditions for the id out of the others.
function Selection:take_ids(conditions)
  local others = php.array()
  for key, value in conditions:each() do
    local operator, name, negated = filter.split(key)
    if name == "ID" and not negated and NARROW[operator] then
      NARROW[operator](self, php.integer(value))
    elseif name == "ID" and not negated and AMONG[operator] and not self.asked then
      self.asked = sorted_ids(value)
    else
      others:set(key, value)
    end
  end
  return others
end

-- The ids that were asked for by name, within the range, each once.
function Selection:settle()
  if not self.asked then return end
  self.ids = {}
  for _, id in ipairs(self.asked) do
    if id >= self.first and id <= self.last and id ~= self.ids[#self.ids] then
      self.ids[#self.ids + 1] = id
    end
  end
end

-- Order -------------------------------------------------------------------------------------------

-- The order as a list, without fields to sort by that there are not; and the name of one of these.
local function read_order(fields, order)
  local out, unknown = {}, nil
  for name, direction in order:each() do
    local key = schema.key(name)
    local kind = fields.types[key]
    if key == "ID" or kind and kind ~= "list" then
      direction = (php.text(direction) or ""):upper()
      out[#out + 1] = { name = key, descending = direction:find("^DESC") ~= nil }
    else
      unknown = name
    end
  end
  return out, unknown
end

-- Those behind an order by id do not matter.
local function by_id(order)
  return not order[1] or order[1].name == "ID"
end

function Selection:sort(ids)
  local keys = {}
  for i, part in ipairs(self.order) do
    local get, kind = self.fields.get[part.name], self.fields.types[part.name]
    keys[i] = {}
    for _, id in ipairs(ids) do keys[i][id] = filter.sortable(kind, get(id)) end
  end
  table.sort(ids, function(a, b)
    for i, part in ipairs(self.order) do
      local x, y = keys[i][a], keys[i][b]
      if x ~= y then
        local smaller = x == nil or y ~= nil and x < y
        return smaller ~= part.descending
      end
    end
    return a < b
  end)
  return ids
end

-- Rows --------------------------------------------------------------------------------------------

function Selection:candidates()
  return self.ids and #self.ids or math.max(0, self.last - self.first + 1)
end

-- The candidate at a position 0, 1, …, in the order of ids.
function Selection:candidate(position)
  if self.order[1] and self.order[1].descending and by_id(self.order) then
    position = self:candidates() - 1 - position
  end
  return self.ids and self.ids[position + 1] or self.first + position
end

-- The first `most` ids that pass the test, in the order of ids.
function Selection:pass(most)
  local out = {}
  for position = 0, self:candidates() - 1 do
    local id = self:candidate(position)
    if self.test(id) then out[#out + 1] = id end
    if #out == most then break end
  end
  return out
end

--- The ids of one page, and how many there are in all: nil when nobody needs to know (`counted`).
---@param offset integer
---@param size number
---@param counted boolean
---@return integer[] ids
---@return integer? total
function Selection:page(offset, size, counted)
  local ids, out = nil, {}
  if not by_id(self.order) then
    self.test = self.test or function() return true end
    ids = self:sort(self:pass(math.huge))
  elseif self.test then
    ids = self:pass(counted and math.huge or offset + size)
  end
  local total = ids and #ids or self:candidates()
  for position = offset, math.min(offset + size, total) - 1 do
    out[#out + 1] = ids and ids[position + 1] or self:candidate(position)
  end
  return out, counted and total or nil
end

--- The rows of a list with ids `first`..`last`. `rules.nested`: filters may contain filters. Nil,
--- and what is wrong: { part = "filter" or "order", name = }, for a field that is not there. With
--- `rules.lenient` such fields count for nothing, with `rules.lenient_filter` those of the filter.
---@param fields portal.Schema
---@param first integer
---@param last integer
---@param conditions table a PHP array
---@param order table a PHP array
---@param rules { nested: boolean?, lenient: boolean?, lenient_filter: boolean? }
---@return portal.Selection?
---@return { part: string, name: string }? wrong
function selection.new(fields, first, last, conditions, order, rules)
  local self = setmetatable({ fields = fields, first = first, last = last }, Selection)
  local logic = rules.nested and php.text(php.upper_keys(conditions):get("LOGIC")) or ""
  local others = logic:upper() == "OR" and conditions or self:take_ids(conditions)
  self:settle()
  local unknown
  self.test, unknown = filter.compile(fields, others, rules.nested or false)
  if unknown and not (rules.lenient or rules.lenient_filter) then
    return nil, { part = "filter", name = unknown }
  end
  self.order, unknown = read_order(fields, order)
  if unknown and not rules.lenient then return nil, { part = "order", name = unknown } end
  return self
end

return selection
