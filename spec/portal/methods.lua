-- The REST methods this portal knows: name -> { scope =, run = function(call) }. `run` returns the result and, for
-- lists, a table with `next` and `total`; or nil, status, code, description.

local php = require "portal.php"

local methods = {}

local PAGE = 50

local function method(name, scope, run)
  methods[name] = { scope = scope, run = run }
end

-- Who and what --------------------------------------------------------------------------------------------------------

method("profile", nil, function(call)
  return php.map("ID", call.account.user_id, "ADMIN", true, "NAME", call.account.name or "User",
    "LAST_NAME", call.account.user_id, "PERSONAL_GENDER", "", "TIME_ZONE", "")
end)

method("user.current", "user", function(call)
  return php.map("ID", call.account.user_id, "ACTIVE", true, "NAME", call.account.name or "User",
    "LAST_NAME", call.account.user_id, "IS_ONLINE", "Y", "USER_TYPE", "employee", "UF_DEPARTMENT", { 1 })
end)

method("scope", nil, function(call) return call.account.scope end)

method("server.time", nil, function() return os.date("!%Y-%m-%dT%H:%M:%S+00:00") end)

method("method.get", nil, function(call)
  local name = call.params:get("name") -- the real one wants it in lower case
  local known = type(name) == "string" and methods[name]
  return php.map("isExisting", known and true or false, "isAvailable", known and call.has_scope(known.scope) or false)
end)

-- Messages ------------------------------------------------------------------------------------------------------------

local function camel_case(array)
  local out = php.array()
  for key, value in array:each() do
    if not key:find("^%d") then
      key = key:lower():gsub("_(%w)", string.upper)
    end
    out:set(key, php.is_array(value) and camel_case(value) or value)
  end
  return out
end

method("im.counters.get", "im", function(call)
  local generation = call.account.generation or call.portal.settings.generation
  local only_totals, camel = php.truthy(call.params:get("ONLY_COUNTER")), call.params:get("JSON") == "Y"
  if not only_totals and not camel then return call.account.counters:encoded(generation) end
  local result = call.account.counters:result(generation)
  if only_totals then result = result:get("TYPE") end
  return camel and camel_case(result) or result
end)

local next_id = 500

local function new_id()
  next_id = next_id + 1
  return next_id
end

method("im.message.add", "im", function(call)
  if not php.truthy(call.params:get("DIALOG_ID")) then
    return nil, 400, "DIALOG_ID_EMPTY", "Dialog ID can't be empty"
  elseif not php.truthy(call.params:get("MESSAGE")) then
    return nil, 400, "MESSAGE_EMPTY", "Message can't be empty"
  end
  return new_id()
end)

method("crm.deal.add", "crm", new_id)

-- For tests -----------------------------------------------------------------------------------------------------------

method("b24test.echo", nil, function(call) return call.params end)

method("b24test.item.add", nil, function(call)
  call.portal.items_added = call.portal.items_added + 1
  return call.portal.settings.items + call.portal.items_added
end)

-- Items 1..n, by `start`, or by `filter[>ID]` with start = -1, which counts nothing.
method("b24test.item.list", nil, function(call)
  local count = call.portal.settings.items + call.portal.items_added
  local filter = call.params:get("filter")
  local after = php.is_array(filter) and tonumber(filter:get(">ID") or 0) or 0
  local first = after + math.max(call.start, 0) + 1
  local rows = {}
  for id = first, math.min(count, first + PAGE - 1) do
    rows[#rows + 1] = php.map("ID", tostring(id), "TITLE", "Item " .. id)
  end
  if call.start < 0 then return rows end
  return rows, { next = first + PAGE <= count and call.start + PAGE or nil, total = math.max(count - after, 0) }
end)

return methods
