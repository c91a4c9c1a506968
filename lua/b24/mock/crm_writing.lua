-- crm.*.add and crm.*.update: what was written lies over the rows that are made from their ids.
-- Sources: bitrix24/b24restdocs, api-reference/crm/deals/crm-deal-add.md, crm-deal-update.md.

local php = require "b24.mock.php"

local crm_writing = {}

local NOT_AN_ARRAY = "Parameter 'fields' must be array."
local MADE_HERE = { ID = true, DATE_CREATE = true }

-- The value as the database gives it back: text.
local function stored(name, value)
  if name == "OPPORTUNITY" then return ("%.2f"):format(tonumber(php.text(value) or "") or 0) end
  if value == true then return "Y" elseif value == false then return "N" end
  return php.text(value) or php.null
end

-- Fields that there are not count for nothing.
local function write(portal, kind, list, id, fields)
  local rows = portal.rows[list] or {}
  portal.rows[list] = rows
  rows[id] = rows[id] or {}
  for name, value in fields:each() do
    if kind.schema.types[name] and not MADE_HERE[name] then rows[id][name] = stored(name, value) end
  end
end

local function fields_of(params)
  local fields = params:get("FIELDS")
  if fields == nil then return php.array() end
  return php.is_array(fields) and php.upper_keys(fields) or nil
end

local function adder(list, kind, rows)
  return function(call)
    local fields = fields_of(php.upper_keys(call.params))
    if not fields then return nil, 400, "", NOT_AN_ARRAY end
    local id = rows.grow(call.portal, list)
    write(call.portal, kind, list, id, fields)
    return id
  end
end

local function updater(list, kind, rows)
  return function(call)
    local params = php.upper_keys(call.params)
    local id, fields = php.integer(params:get("ID")), fields_of(params)
    if id <= 0 then return nil, 400, "", "ID is not defined or invalid." end
    if not rows.has(call.portal, list, id) then return nil, 400, "", "Not found" end
    if not fields then return nil, 400, "", NOT_AN_ARRAY end
    write(call.portal, kind, list, id, fields)
    return true
  end
end

--- Makes the methods known.
---@param kinds table<string, table> the lists by their methods
---@param method fun(name: string, scope: string?, run: function)
---@param rows { has: function, grow: function } see lists.lua
function crm_writing.register(kinds, method, rows)
  for _, what in ipairs { "deal", "contact", "lead", "company" } do
    local list = "crm." .. what .. ".list"
    method("crm." .. what .. ".add", "crm", adder(list, kinds[list], rows))
    method("crm." .. what .. ".update", "crm", updater(list, kinds[list], rows))
  end
end

return crm_writing
