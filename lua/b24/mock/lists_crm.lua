-- The lists of the CRM, and their single items. Fields: bitrix24/b24restdocs, api-reference/crm/
-- (deals/crm-deal-get.md, contacts/crm-contact-list.md, leads/, companies/,
-- universal/crm-item-list.md).

local crm_writing = require "b24.mock.crm_writing"
local php = require "b24.mock.php"
local schema = require "b24.mock.schema"

local lists_crm = {}

local unpack = table.unpack or unpack

local FIRST_NAMES = { "Anastasia", "Artem", "Inna", "Ivan", "Klaus", "Zoë", "Björn" }
local LAST_NAMES = { "Ilyina", "Isaev", "Kuznetsova", "Petrov", "O'Neill", "Müller" }

-- A date that depends on the id alone.
local function date(id)
  return os.date("!%Y-%m-%dT%H:%M:%S+03:00", 1700000000 + id * 60)
end

local function constant(value)
  return function() return value end
end

-- What all of them have.
local ID = { "ID", "number", tostring }
local ASSIGNED = { "ASSIGNED_BY_ID", "number", function(id) return tostring(1 + id % 7) end }
local CREATED = { "DATE_CREATE", "date", date }
local NOTHING = constant(php.null)

-- Deals -------------------------------------------------------------------------------------------

local function is_won(id)
  return id % 5 == 0
end

local DEAL = {
  ID,
  { "TITLE", "text", function(id) return "Deal " .. id end },
  { "TYPE_ID", "text", constant "SALE" },
  { "CATEGORY_ID", "number", constant "0" },
  { "STAGE_ID", "text", function(id) return is_won(id) and "WON" or "NEW" end },
  { "STAGE_SEMANTIC_ID", "text", function(id) return is_won(id) and "S" or "P" end },
  { "OPPORTUNITY", "number", function(id) return ("%d.00"):format(id % 1000 * 100) end },
  { "CURRENCY_ID", "text", constant "EUR" },
  { "COMPANY_ID", "number", function(id) return tostring(id % 10) end },
  { "CONTACT_ID", "number", function(id)
    return id % 3 == 0 and php.null or tostring(1 + id % 50)
  end },
  ASSIGNED,
  { "COMMENTS", "text", NOTHING },
  { "OPENED", "text", constant "Y" },
  { "CLOSED", "text", function(id) return is_won(id) and "Y" or "N" end },
  CREATED,
}

-- People and companies ----------------------------------------------------------------------------

local function first_name(id) return FIRST_NAMES[id % #FIRST_NAMES + 1] end
local function last_name(id) return LAST_NAMES[id % #LAST_NAMES + 1] end

local function reachable(kind, value)
  return function(id)
    return { php.map("ID", tostring(2 * id + (kind == "PHONE" and 0 or 1)), "VALUE_TYPE", "WORK",
      "VALUE", value:format(id), "TYPE_ID", kind) }
  end
end

-- "*" is everything but these.
local PHONE = { "PHONE", "list", reachable("PHONE", "+1333%07d"), true }
local EMAIL = { "EMAIL", "list", reachable("EMAIL", "person%d@example.test"), true }

local CONTACT = {
  ID,
  { "NAME", "text", first_name },
  { "LAST_NAME", "text", last_name },
  { "TYPE_ID", "text", constant "CLIENT" },
  { "SOURCE_ID", "text", constant "WEB" },
  { "COMPANY_ID", "number", function(id) return id % 4 == 0 and php.null or tostring(id % 10) end },
  { "EXPORT", "text", constant "Y" },
  { "HAS_PHONE", "text", constant "Y" },
  { "HAS_EMAIL", "text", constant "Y" },
  ASSIGNED,
  CREATED,
}

local LEAD = {
  ID,
  { "TITLE", "text", function(id) return "Lead #" .. id end },
  { "NAME", "text", first_name },
  { "LAST_NAME", "text", last_name },
  { "STATUS_ID", "text", function(id) return id % 3 == 0 and "IN_PROCESS" or "NEW" end },
  { "OPPORTUNITY", "number", function(id) return ("%d.00"):format(id % 100 * 50) end },
  { "CURRENCY_ID", "text", constant "EUR" },
  { "SOURCE_ID", "text", constant "WEB" },
  ASSIGNED,
  CREATED,
}

local COMPANY = {
  ID,
  { "TITLE", "text", function(id) return "Company " .. id end },
  { "COMPANY_TYPE", "text", constant "CUSTOMER" },
  { "INDUSTRY", "text", constant "IT" },
  ASSIGNED,
  CREATED,
}

local ADDRESS = {
  { "TYPE_ID", "number", constant "1" },
  { "ENTITY_TYPE_ID", "number", constant "4" },
  { "ENTITY_ID", "number", tostring },
  { "CITY", "text", function(id) return "City " .. id end },
}

-- The universal methods: other names for some fields, numbers instead of digits. Null sums are 0.
local RENAMED = { DATE_CREATE = "CREATED_TIME", STATUS_ID = "STAGE_ID" }
local NUMBER_OR_NULL = { CONTACT_ID = true, COMPANY_ID = true }

local function as_items(fields)
  local out, source = {}, {}
  for i, field in ipairs(fields) do
    local name, get = RENAMED[field[1]] or field[1], field[3]
    source[name] = field[1]
    if NUMBER_OR_NULL[name] then
      out[i] = { name, "number", function(id) return get(id) == php.null and "0" or get(id) end }
    else
      out[i] = { name, field[2], get }
    end
  end
  return schema.new(out, { camel = true, numbers = true, source = source })
end

-- Lists -------------------------------------------------------------------------------------------

local function failure(code, format, ...)
  return { 400, code, format:format(...) }
end

-- "Parameter 'filter' must be array.", and fields that are not there count for nothing.
local function ask_old(params)
  for _, name in ipairs { "ORDER", "FILTER" } do
    local value = params:get(name)
    if value ~= nil and not php.is_array(value) then
      return nil, failure("", "Parameter '%s' must be array.", name:lower())
    end
  end
  return { filter = params:get("FILTER"), order = params:get("ORDER"),
    select = params:get("SELECT") }
end

local function old(setting, fields)
  return { setting = setting, scope = "crm", default = "ASC", ask = ask_old,
    rules = { lenient = true }, schema = schema.new(fields) }
end

local function with(fields, ...)
  local out = {}
  for i, field in ipairs(fields) do out[i] = field end
  for _, field in ipairs { ... } do out[#out + 1] = field end
  return out
end

local kinds = {
  ["crm.deal.list"] = old("deals", DEAL),
  ["crm.contact.list"] = old("contacts", with(CONTACT, PHONE, EMAIL)),
  ["crm.lead.list"] = old("leads", LEAD),
  ["crm.company.list"] = old("companies", COMPANY),
  -- It never names a next page and counts only what it gives; start = -1 gives everything. No row
  -- has an ID.
  ["crm.address.list"] = old("addresses", ADDRESS),
}
kinds["crm.address.list"].at_once = true

local ITEMS = { -- entityTypeId -> the same rows as items
  [1] = { list = "crm.lead.list", schema = as_items(LEAD) },
  [2] = { list = "crm.deal.list", schema = as_items(DEAL) },
  [3] = { list = "crm.contact.list", schema = as_items(CONTACT) },
  [4] = { list = "crm.company.list", schema = as_items(COMPANY) },
}

local function item_kind(params)
  local item = ITEMS[php.integer(params:get("ENTITYTYPEID"))]
  if not item then return nil, failure("NOT_FOUND", "SPA not found") end
  return item
end

local function ask_items(params)
  local item, wrong = item_kind(params)
  if not item then return nil, wrong end
  return { list = item.list, schema = item.schema, filter = params:get("FILTER"),
    order = params:get("ORDER"), select = params:get("SELECT") }
end

kinds["crm.item.list"] = { setting = "deals", scope = "crm", default = "ASC", wrap = "items",
  ask = ask_items, rules = { nested = true }, wrong = function(wrong)
    return failure("INVALID_ARG_VALUE", "Invalid %s: field '%s' is not allowed in %s", wrong.part,
      wrong.name, wrong.part)
  end }

-- Single ones -------------------------------------------------------------------------------------

local function get_old(name, has)
  return function(call)
    local id = php.integer(php.upper_keys(call.params):get("ID"))
    if id <= 0 then return nil, 400, "", "ID is not defined or invalid." end
    if not has(call.portal, name, id) then return nil, 400, "", "Not found" end
    return kinds[name].schema:over(call.portal.rows[name]):whole(id)
  end
end

local function get_item(has)
  return function(call)
    local params = php.upper_keys(call.params)
    local item, wrong = item_kind(params)
    if not item then return nil, unpack(wrong) end
    local id = php.integer(params:get("ID"))
    if not has(call.portal, item.list, id) then
      return nil, 400, "NOT_FOUND", "Element not found"
    end
    return php.map("item", item.schema:over(call.portal.rows[item.list]):whole(id))
  end
end

--- Makes the lists and the methods known.
---@param list fun(name: string, kind: table)
---@param method fun(name: string, scope: string?, run: function)
---@param rows { has: function, grow: function } see lists.lua
function lists_crm.register(list, method, rows)
  for name, kind in pairs(kinds) do list(name, kind) end
  for _, what in ipairs { "deal", "contact", "lead", "company" } do
    method("crm." .. what .. ".get", "crm", get_old("crm." .. what .. ".list", rows.has))
  end
  method("crm.item.get", "crm", get_item(rows.has))
  crm_writing.register(kinds, method, rows)
end

return lists_crm
