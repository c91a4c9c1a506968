-- Lists that may be longer than any memory: rows 1..n are made when they are asked for.
--   settings  deals, contacts, leads, companies, tasks, users, items, addresses = how many rows
--             deals_fault, tasks_fault = "stall": every page repeats the first
--   rows      { method, add } now, { method, every } after each request of the list: rows with new,
--   higher ids; { method, drop } and { method, each }: so many of the oldest rows go
--
-- A kind of list: { setting | size = how many rows, scope =, schema =, default = "ASC" or "DESC",
--   ask = function(params, call): what is asked for, or nil and a failure,
--   rules = see selection.new, wrong = function(wrong): the failure for a field that is not there,
--   wrap = the member with the rows, at_once = no pages,
--   nothing_is_uncounted, zero_total = oddities of user.get }

local php = require "b24.mock.php"
local schema = require "b24.mock.schema"
local selection = require "b24.mock.selection"

local lists = {}

local unpack = table.unpack or unpack

local PAGE = 50

local kinds = {} -- method -> kind

-- The highest id, and how many of the lowest are gone.
local function bounds(portal, method)
  local kind = kinds[method]
  local last = kind.size
    or math.floor((portal.settings[kind.setting] or 0) + (portal.added[method] or 0))
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

-- What methods for single rows need.
local rows = {}

--- Is there a row with this id?
---@param portal table
---@param method string
---@param id integer
---@return boolean
function rows.has(portal, method, id)
  local last, gone = bounds(portal, method)
  return id > gone and id <= last
end

--- One more row. Returns its id.
---@param portal table
---@param method string
---@return integer
function rows.grow(portal, method)
  lists.change(portal, method, { add = 1 })
  return (bounds(portal, method))
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

-- Pages -------------------------------------------------------------------------------------------

local function array_of(value)
  return php.is_array(value) and value or php.array()
end

-- The rows that the call is about, as a selection. Nil and the failure when it asks for what is not
-- there.
local function select(call, kind, asked)
  local list, fields = asked.list or call.method, asked.schema or kind.schema
  fields = fields:over(call.portal.rows[list])
  local last, gone = bounds(call.portal, list)
  local found, wrong = selection.new(fields, gone + 1, last, array_of(asked.filter),
    array_of(asked.order), kind.rules)
  if not found then return nil, kind.wrong(wrong) end
  if not found.order[1] then
    found.order[1] = { name = "ID", descending = kind.default == "DESC" }
  end
  return found
end

local function ask_plainly(params)
  return { filter = params:get("FILTER"), order = params:get("ORDER"),
    select = params:get("SELECT") }
end

-- `next` and `total` of the answer.
local function page_of(call, kind, count, total)
  if kind.at_once then return { total = count } end
  if call.start < 0 then
    local zero = kind.zero_total or call.portal.settings.zero_total
    return { total = zero and 0 or nil }
  end
  if kind.nothing_is_uncounted and count == 0 then return {} end
  local following = math.max(call.start, 0) + PAGE
  return { next = following < total and following or nil, total = total }
end

local function page(call)
  local kind = kinds[call.method]
  local asked, failure = (kind.ask or ask_plainly)(php.upper_keys(call.params), call)
  if not asked then return nil, unpack(failure) end
  local stalled = kind.setting and call.portal.settings[kind.setting .. "_fault"] == "stall"
  if stalled then asked.filter = nil end
  local found, wrong = select(call, kind, asked)
  if not found then return nil, unpack(wrong) end
  local size = kind.at_once and call.start < 0 and math.huge or PAGE
  local ids, total = found:page(stalled and 0 or math.max(call.start, 0), size, call.start >= 0)
  local shown = {}
  for i, id in ipairs(ids) do shown[i] = found.fields:row(id, array_of(asked.select)) end
  lists.change(call.portal, call.method, { add = call.portal.every[call.method],
    drop = call.portal.each[call.method] })
  local result = kind.wrap and php.map(kind.wrap, shown) or shown
  return result, page_of(call, kind, #shown, total)
end

-- Kinds -------------------------------------------------------------------------------------------

kinds["b24test.item.list"] = { setting = "items", default = "ASC", rules = { lenient = true },
  schema = schema.new { { "ID", "number", tostring },
    { "TITLE", "text", function(id) return "Item " .. id end } } }

--- Makes the methods known.
---@param method fun(name: string, scope: string?, run: function)
function lists.register(method)
  local function list(name, kind) kinds[name] = kind end
  for _, group in ipairs { "lists_crm", "lists_tasks", "lists_people" } do
    require("b24.mock." .. group).register(list, method, rows)
  end
  for name, kind in pairs(kinds) do method(name, kind.scope, page) end
  method("b24test.item.add", nil, function(call)
    return rows.grow(call.portal, "b24test.item.list")
  end)
end

return lists
