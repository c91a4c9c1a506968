-- Who is who, for other modules than the messenger: user.get, user.current, department.get.
-- Sources: bitrix24/b24restdocs, api-reference/user/ and departments/; the server's
-- rest/lib/api/user.php and intranet/classes/general/rest.php.

local clock = require "b24.mock.clock"
local people = require "b24.mock.people"
local php = require "b24.mock.php"
local schema = require "b24.mock.schema"

local lists_people = {}

-- Users -------------------------------------------------------------------------------------------

local REGISTERED = 1600000000
local DAY = 86400
local OBJECT = php.json "{}" -- what a date becomes that nobody has converted

local function constant(value)
  return function() return value end
end

local function of(user, get)
  return function(id) return get(people.find(user, id)) end
end

local function phone(name)
  return function(person) return people.phones(person)[name] or "" end
end

-- `activity`: user.current writes the last activity as the database does, user.get as an empty
-- object.
local function fields(user, activity)
  return {
    { "ID", "number", tostring },
    { "ACTIVE", "text", of(user, function(person) return person.active end) },
    { "NAME", "text", of(user, function(person) return person.first_name end) },
    { "LAST_NAME", "text", of(user, function(person) return person.last_name end) },
    { "SECOND_NAME", "text", constant "" },
    { "EMAIL", "text", of(user, people.email) },
    { "LAST_LOGIN", "date", of(user, function(person) return clock.iso(people.seen(person)) end) },
    { "DATE_REGISTER", "date", function(id)
      return clock.iso(REGISTERED + id * DAY):gsub("T.*$", "T00:00:00+03:00")
    end },
    { "TIME_ZONE", "text", constant "" },
    { "IS_ONLINE", "text", of(user, function(person)
      return people.is_online(person) and "Y" or "N"
    end) },
    { "TIMESTAMP_X", "list", constant(OBJECT) },
    { "LAST_ACTIVITY_DATE", "list", activity and of(user, function(person)
      return clock.iso(people.seen(person)):gsub("T", " "):sub(1, 19)
    end) or constant(OBJECT) },
    { "PERSONAL_GENDER", "text", of(user, people.gender) },
    { "PERSONAL_WWW", "text", constant "" },
    { "PERSONAL_BIRTHDAY", "text", constant "" },
    { "PERSONAL_MOBILE", "text", of(user, phone "personal_mobile") },
    { "PERSONAL_CITY", "text", constant "" },
    { "WORK_PHONE", "text", of(user, phone "work_phone") },
    { "WORK_POSITION", "text", of(user, people.position) },
    { "UF_EMPLOYMENT_DATE", "text", constant "" },
    { "UF_DEPARTMENT", "list", function(id) return { people.department(id) } end },
    { "UF_PHONE_INNER", "text", of(user, phone "inner_phone") },
    { "USER_TYPE", "text", constant "employee" },
  }
end

-- "Y" for everything that PHP takes for true, except "N": so for "false" as well.
local FLAGS = { ACTIVE = true, IS_ONLINE = true }

local function with_flags(filter)
  local out = php.array()
  for key, value in filter:each() do
    if FLAGS[key:match("[%w_]+$")] then
      value = php.truthy(value) and value ~= "N" and "Y" or "N"
    end
    out:set(key, value)
  end
  return out
end

-- Without a FILTER all parameters are one.
local function ask_users(params, call)
  local filter, order = params:get("FILTER"), php.array()
  filter = php.is_array(filter) and php.upper_keys(filter) or params
  local sort, direction = php.text(params:get("SORT")), php.text(params:get("ORDER"))
  if sort and direction then order:set(sort, direction) end
  return { schema = schema.new(fields(call.account.counters)), filter = with_flags(filter),
    order = order, select = params:get("SELECT") }
end

local function current(call)
  local user = call.account.counters
  return schema.new(fields(user, true)):whole(user.id)
end

-- Departments -------------------------------------------------------------------------------------

local DEPARTMENTS = schema.new {
  { "ID", "number", tostring },
  { "NAME", "text", function(id) return people.DEPARTMENTS[id] end },
  { "SORT", "number", constant(500) },
  { "PARENT", "number", function(id) return id > 1 and "1" or nil end },
  { "UF_HEAD", "number", function(id) return id <= 2 and tostring(id) or nil end },
}

-- The filter is exact, and its names are in upper case. SORT is a field, and what to sort by.
local function ask_departments(_, call)
  local params, filter, order = call.params, php.array(), php.array()
  if php.is_array(params:get("FILTER")) then params = params:get("FILTER") end
  for _, name in ipairs(DEPARTMENTS.order) do
    local value = params:get(name)
    if name == "SORT" and not tonumber(php.text(value) or "x") then value = nil end
    filter:set(name, value)
  end
  params = php.upper_keys(params)
  local sort = (php.text(params:get("SORT")) or ""):upper()
  if DEPARTMENTS.types[sort] then order:set(sort, params:get("ORDER") or "ASC") end
  return { schema = DEPARTMENTS, filter = filter, order = order }
end

--- Makes the lists and the methods known.
---@param list fun(name: string, kind: table)
---@param method fun(name: string, scope: string?, run: function)
function lists_people.register(list, method)
  list("user.get", { setting = "users", scope = "user", default = "ASC", ask = ask_users,
    rules = { lenient = true }, nothing_is_uncounted = true, zero_total = true })
  list("department.get", { size = #people.DEPARTMENTS, scope = "department", default = "ASC",
    ask = ask_departments, rules = { lenient = true } })
  method("user.current", "user", current)
end

return lists_people
