-- Lists that may be longer than any memory: rows 1..n are made when they are asked for.
--   settings  deals, tasks, items, addresses = how many rows
--             deals_fault, tasks_fault = "stall": every page repeats the first
--   rows      { method, add } now, { method, every } after each request of the list: rows with new,
--   higher ids; { method, drop } and { method, each }: so many of the oldest rows go

local php = require "b24.mock.php"

local lists = {}

local PAGE = 50

-- method -> { setting = the setting with its length, select = its default order ("ASC"), row =
-- function(id) }
local kinds = {}

-- The highest id, and how many of the lowest are gone.
local function bounds(portal, method)
  local last = (portal.settings[kinds[method].setting] or 0) + (portal.added[method] or 0)
  return last, math.min(portal.dropped[method] or 0, last)
end

--- The number of rows of a list now, and of those that are gone.
---@param portal table
---@param method string
---@return integer
---@return integer
function lists.length(portal, method)
  local last, gone = bounds(portal, method)
  return last - gone, gone
end

--- Lets rows come and go: at once, or with each request of the list.
---@param portal table
---@param method string
---@param change {add: integer?, every: integer?, drop: integer?, each: integer?}
---@return boolean known whether there is such a list
function lists.change(portal, method, change)
  if not kinds[method] then return false end
  portal.added[method] = (portal.added[method] or 0) + (change.add or 0)
  portal.dropped[method] = (portal.dropped[method] or 0) + (change.drop or 0)
  if change.every then portal.every[method] = change.every end
  if change.each then portal.each[method] = change.each end
  return true
end

-- Ids ---------------------------------------------------------------------------------------------

local function array_of(value)
  return php.is_array(value) and value or php.array()
end

local NARROW = {
  [">"] = function(range, id) range.first = math.max(range.first, id + 1) end,
  [">="] = function(range, id) range.first = math.max(range.first, id) end,
  ["<"] = function(range, id) range.last = math.min(range.last, id - 1) end,
  ["<="] = function(range, id) range.last = math.min(range.last, id) end,
}

local function among(value)
  local ids = {}
  for _, item in (php.is_array(value) and value or php.map(0, value)):each() do
    ids[#ids + 1] = php.integer(item)
  end
  table.sort(ids)
  return ids
end

-- What the filter leaves: a range of ids, or single ids. Conditions for other fields count for
-- nothing.
local function selection(filter, last, gone)
  local range = { first = 1 + gone, last = last }
  for key, value in filter:each() do
    local operator, name = key:match("^([<>=@!%%]*)(.*)$")
    if name:upper() == "ID" then
      if NARROW[operator] then
        NARROW[operator](range, php.integer(value))
      elseif operator == "" or operator == "=" or operator == "@" then
        range.ids = among(value)
      end
    end
  end
  if range.ids then
    local ids = {}
    for _, id in ipairs(range.ids) do
      if id >= range.first and id <= range.last and id ~= ids[#ids] then ids[#ids + 1] = id end
    end
    range.ids = ids
  end
  range.count = range.ids and #range.ids or math.max(0, range.last - range.first + 1)
  return range
end

-- The id at a position (0, 1, …) of the selection.
local function id_at(range, position, descending)
  if descending then position = range.count - 1 - position end
  return range.ids and range.ids[position + 1] or range.first + position
end

-- Rows --------------------------------------------------------------------------------------------

local function only(row, select)
  if #select.order == 0 then return row end
  local wanted, out = {}, php.array()
  for _, name in select:each() do wanted[tostring(name):upper()] = true end
  if wanted["*"] then return row end
  for name, value in row:each() do
    if wanted[name:upper()] or wanted[(name:gsub("%u", "_%0")):upper()] then
      out:set(name, value)
    end
  end
  return out
end

local function page(call)
  local kind, params = kinds[call.method], php.upper_keys(call.params)
  local stalled = call.portal.settings[kind.setting .. "_fault"] == "stall"
  local filter = stalled and php.array() or array_of(params:get("FILTER"))
  local range = selection(filter, bounds(call.portal, call.method))
  local order = php.upper_keys(array_of(params:get("ORDER"))):get("ID")
  local descending = tostring(order or kind.order):upper() == "DESC"
  local offset = stalled and 0 or math.max(call.start, 0)
  local rows, size = {}, kind.at_once and call.start < 0 and math.huge or PAGE
  for position = offset, math.min(offset + size, range.count) - 1 do
    rows[#rows + 1] = only(kind.row(id_at(range, position, descending)),
      array_of(params:get("SELECT")))
  end
  lists.change(call.portal, call.method, { add = call.portal.every[call.method],
    drop = call.portal.each[call.method] })
  local result = kind.wrap and php.map(kind.wrap, rows) or rows
  if kind.at_once then return result, { total = #rows } end
  if call.start < 0 then return result, { total = call.portal.settings.zero_total and 0 or nil } end
  local following = call.start + PAGE
  return result, { next = following < range.count and following or nil, total = range.count }
end

-- A date that depends on the id alone.
local function date(id)
  return os.date("!%Y-%m-%dT%H:%M:%S+03:00", 1700000000 + id * 60)
end

kinds["b24test.item.list"] = { setting = "items", order = "ASC", row = function(id)
  return php.map("ID", tostring(id), "TITLE", "Item " .. id)
end }

kinds["crm.deal.list"] = { setting = "deals", scope = "crm", order = "ASC", row = function(id)
  return php.map("ID", tostring(id), "TITLE", "Deal " .. id, "TYPE_ID", "SALE", "CATEGORY_ID", "0",
    "STAGE_ID", id % 5 == 0 and "WON" or "NEW", "OPPORTUNITY", ("%d.00"):format(id % 1000 * 100),
    "CURRENCY_ID", "EUR", "ASSIGNED_BY_ID", tostring(1 + id % 7), "COMMENTS", php.null,
    "DATE_CREATE", date(id))
end }

-- It never names a next page and counts only what it gives; start = -1 gives everything. No row has
-- an ID.
kinds["crm.address.list"] = { setting = "addresses", scope = "crm", order = "ASC", at_once = true,
  row = function(id)
    return php.map("TYPE_ID", "1", "ENTITY_TYPE_ID", "4", "ENTITY_ID", tostring(id), "CITY",
      "City " .. id)
  end }

kinds["tasks.task.list"] = { setting = "tasks", scope = "task", order = "DESC", wrap = "tasks",
  row = function(id)
    local responsible = tostring(1 + id % 7)
    return php.map("id", tostring(id), "title", "Task " .. id, "deadline", php.null,
      "createdDate", date(id),
      "responsibleId", responsible, "priority", "1", "status", "2", "accomplices", {}, "group", {},
      "responsible", php.map("id", responsible, "name", "User " .. responsible), "subStatus", "2")
  end }

--- Makes the methods known.
---@param method fun(name: string, scope: string?, run: function)
function lists.register(method)
  for name, kind in pairs(kinds) do method(name, kind.scope, page) end
  method("b24test.item.add", nil, function(call)
    lists.change(call.portal, "b24test.item.list", { add = 1 })
    return (lists.length(call.portal, "b24test.item.list"))
  end)
end

return lists
