-- What a list method's `filter` lets through: "STAGE_ID", ">=OPPORTUNITY", "!@ID", "%TITLE", …
-- The operators: bitrix24/b24restdocs, api-reference/crm/universal/crm-item-list.md and
-- user/user-get.md. Null as the server's SQL has it: only "!" and an empty value find it.

local clock = require "b24.mock.clock"
local php = require "b24.mock.php"
local schema = require "b24.mock.schema"

local filter = {}

-- Values ------------------------------------------------------------------------------------------

local function seconds(value)
  local text = php.text(value) or ""
  return clock.parse(text) or clock.parse(text .. "T00:00:00+03:00")
    or clock.parse(text .. "+03:00") or 0
end

-- A value as its type is compared: the portal's database does not care about the case of letters.
local CAST = {
  number = function(value) return tonumber(php.text(value) or "") or 0 end,
  date = seconds,
  text = function(value)
    if value == true then return "y" elseif value == false then return "n" end
    return (php.text(value) or ""):lower()
  end,
}

local function is_empty(value)
  return value == nil or value == php.null or value == ""
end

local function list_of(value)
  local out = {}
  for _, item in (php.is_array(value) and value or php.map(0, value)):each() do
    out[#out + 1] = item
  end
  return out
end

-- Operators: function(cast, value), which makes function(what a row has): boolean -----------------

local function among(cast, value)
  local wanted = {}
  for _, item in ipairs(list_of(value)) do wanted[cast(item)] = true end
  return function(found) return wanted[found] == true end
end

local function compare(fits)
  return function(cast, value)
    local bound = cast(list_of(value)[1])
    return function(found) return fits(found, bound) end
  end
end

local function contains(_, value)
  local part = CAST.text(list_of(value)[1])
  return function(found) return tostring(found):find(part, 1, true) ~= nil end
end

-- SQL's LIKE: "%" stands for any text, "_" for one character.
local function like(_, value)
  local pattern = (CAST.text(list_of(value)[1]) .. "%"):gsub("([^%%]*)%%", function(part)
    part = part:gsub("[^%w%s_\128-\255]", "%%%0"):gsub("_", "[^\128-\191][\128-\191]*")
    return part .. ".*"
  end)
  pattern = "^" .. pattern:sub(1, -3) .. "$"
  return function(found) return tostring(found):find(pattern) ~= nil end
end

local function between(cast, value)
  local ends = list_of(value)
  local first, last = cast(ends[1]), cast(ends[2])
  return function(found) return found >= first and found <= last end
end

local OPERATORS = {
  [""] = among, ["="] = among, ["@"] = among, ["><"] = between,
  [">"] = compare(function(a, b) return a > b end),
  [">="] = compare(function(a, b) return a >= b end),
  ["<"] = compare(function(a, b) return a < b end),
  ["<="] = compare(function(a, b) return a <= b end),
  ["%"] = contains, ["=%"] = like, ["%="] = like,
}

--- "!>=assignedById" -> ">=", "ASSIGNED_BY_ID", true
---@param key string
---@return string operator
---@return string name
---@return boolean negated
function filter.split(key)
  local operator, name = key:match("^([<>=@!%%]*)(.*)$")
  local negated = operator:sub(1, 1) == "!"
  return negated and operator:sub(2) or operator, schema.key(name), negated
end

-- Conditions --------------------------------------------------------------------------------------

local function condition(fields, name, operator, negated, value)
  local get, cast, make = fields.get[name], CAST[fields.types[name]], OPERATORS[operator]
  local wants_nothing = make == among and (is_empty(value) or value == false)
  local fits = make(cast, value)
  return function(id)
    local found = get(id)
    if wants_nothing then return is_empty(found) ~= negated end
    if is_empty(found) then return negated end
    return fits(cast(found)) ~= negated
  end
end

-- Do all tests hold, or (`either`) at least one of them?
local function together(tests, either)
  return function(id)
    for _, test in ipairs(tests) do
      if test(id) == either then return either end
    end
    return not either or #tests == 0
  end
end

local function wants_either(conditions)
  for key, value in conditions:each() do
    if key:lower() == "logic" then return CAST.text(value) == "or" end
  end
  return false
end

--- The conditions as one test of ids; nil when there is none.
---@param fields portal.Schema
---@param conditions table a PHP array
---@param nested boolean may there be filters in the filter, and a `logic`?
---@return (fun(id: integer): boolean)? test
---@return string? unknown a name that no row has
function filter.compile(fields, conditions, nested)
  local tests, unknown = {}, nil
  for key, value in conditions:each() do
    local operator, name, negated = filter.split(key)
    local kind = fields.types[name]
    if nested and key:find("^%d+$") and php.is_array(value) then
      local inner, wrong = filter.compile(fields, value, true)
      tests[#tests + 1], unknown = inner, unknown or wrong
    elseif kind and kind ~= "list" and OPERATORS[operator] then
      tests[#tests + 1] = condition(fields, name, operator, negated, value)
    elseif not (nested and key:lower() == "logic") then
      unknown = unknown or key:match("^[<>=@!%%]*(.*)$")
    end
  end
  return #tests > 0 and together(tests, nested and wants_either(conditions)) or nil, unknown
end

--- A field's value as an order compares it. Null comes before everything.
---@param kind string the field's type
---@param value any
---@return any
function filter.sortable(kind, value)
  return not is_empty(value) and CAST[kind](value) or nil
end

return filter
