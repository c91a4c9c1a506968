-- tasks.task.list: bitrix24/b24restdocs, api-reference/tasks/tasks-task-list.md.

local php = require "b24.mock.php"
local people = require "b24.mock.people"
local schema = require "b24.mock.schema"

local lists_tasks = {}

local DAY = 86400

local function date(id, days)
  return os.date("!%Y-%m-%dT%H:%M:%S+03:00", 1700000000 + id * 60 + (days or 0) * DAY)
end

local function constant(value)
  return function() return value end
end

local function responsible_id(id)
  return 1 + id % 7
end

-- As tasks show people. The icon is the one of people without a picture.
local function member(user, id)
  local person = people.find(user, id)
  return php.map("id", tostring(id), "name", person.name,
    "link", "/company/personal/user/" .. id .. "/",
    "icon", "/bitrix/images/tasks/default_avatar.png", "workPosition", people.position(person))
end

-- Every fourth task has two who watch it.
local function auditors(id)
  return id % 4 == 0 and { tostring(2 + id % 7), tostring(3 + id % 7) } or {}
end

local function members(user, ids)
  local out = php.array()
  for _, id in ipairs(ids) do out:set(id, member(user, tonumber(id))) end
  return out
end

local function tags(id)
  return id % 6 == 0 and php.map(35, php.map("id", 35, "title", "urgent")) or php.array()
end

local function fields(user)
  return {
    { "ID", "number", tostring },
    { "TITLE", "text", function(id) return "Task " .. id end },
    { "DESCRIPTION", "text", function(id) return "What [B]task " .. id .. "[/B] is about" end },
    { "DEADLINE", "date", function(id) return id % 2 == 0 and date(id, 7) or php.null end },
    { "CREATED_DATE", "date", date },
    { "CREATED_BY", "number", function(id) return tostring(1 + id % 3) end },
    { "RESPONSIBLE_ID", "number", function(id) return tostring(responsible_id(id)) end },
    { "GROUP_ID", "number", constant "0" },
    { "PRIORITY", "number", function(id) return id % 10 == 0 and "2" or "1" end },
    { "MARK", "text", constant "" },
    { "DESCRIPTION_IN_BBCODE", "text", constant "Y" },
    { "STATUS", "number", function(id) return id % 3 == 0 and "5" or "2" end },
    { "AUDITORS", "list", auditors },
    { "ACCOMPLICES", "list", constant {} },
    { "GROUP", "list", constant {} },
    { "RESPONSIBLE", "list", function(id) return member(user, responsible_id(id)) end },
    { "ACCOMPLICES_DATA", "list", constant {} },
    { "AUDITORS_DATA", "list", function(id) return members(user, auditors(id)) end },
    { "TAGS", "list", tags },
    { "SUB_STATUS", "number", function(id) return id % 3 == 0 and "5" or "2" end },
  }
end

local cache = setmetatable({}, { __mode = "k" }) -- a user's counters -> the schema

local function tasks_of(user)
  cache[user] = cache[user] or schema.new(fields(user), { camel = true })
  return cache[user]
end

local function array_or_nil(value)
  return php.is_array(value) and value or nil
end

-- REAL_STATUS is what the answer calls status.
local function renamed(filter)
  local out = php.array()
  for key, value in filter:each() do out:set((key:gsub("REAL_STATUS$", "STATUS")), value) end
  return out
end

local function ask(params, call)
  local filter = array_or_nil(params:get("FILTER"))
  return { schema = tasks_of(call.account.counters), filter = filter and renamed(filter),
    order = array_or_nil(params:get("ORDER")), select = params:get("SELECT") }
end

--- Makes the list known.
---@param list fun(name: string, kind: table)
function lists_tasks.register(list)
  list("tasks.task.list", { setting = "tasks", scope = "task", default = "DESC", wrap = "tasks",
    ask = ask, rules = { lenient_filter = true },
    wrong = function() return { 400, "0", "Invalid sorting key (internal error)" } end })
end

return lists_tasks
