-- The REST methods this portal knows. `run(call)` returns the result and, for lists, a table with
-- `next` and `total`; or nil, status, code, description.

local batch = require "b24.mock.batch"
local oauth = require "b24.mock.oauth"
local php = require "b24.mock.php"

local methods = {}

local known = {} -- name -> { scope =, run = function(call) }

local function method(name, scope, run)
  known[name] = { scope = scope, run = run }
end

--- The method of this name, unless this portal is told (settings.missing) that it is too old for
--- it.
---@param portal table
---@param name string
---@return { scope: string?, run: function }?
function methods.find(portal, name)
  for _, missing in ipairs(portal.settings.missing or {}) do
    if missing == name then return nil end
  end
  return known[name]
end

for _, group in ipairs { "recents", "messages", "people_methods", "lists", "apps", "disk",
  "files", "push_methods" } do
  require("b24.mock." .. group).register(method)
end

method("batch", nil, batch.run)

-- Who and what ------------------------------------------------------------------------------------

method("profile", nil, function(call)
  return php.map("ID", call.account.user_id, "ADMIN", true, "NAME", call.account.name or "User",
    "LAST_NAME", call.account.user_id, "PERSONAL_GENDER", "", "TIME_ZONE", "")
end)

method("scope", nil, function(call) return call.account.scope end)

-- As a webhook sees it; an application gets more.
method("app.info", nil, function(call)
  if call.app then return oauth.app_info(call.app) end
  return php.map("SCOPE", call.account.scope, "LICENSE", "ru_basic")
end)

method("server.time", nil, function() return os.date("!%Y-%m-%dT%H:%M:%S+00:00") end)

method("method.get", nil, function(call)
  local name = call.params:get("name") -- the real one wants it in lower case
  local found = type(name) == "string" and methods.find(call.portal, name)
  return php.map("isExisting", found and true or false, "isAvailable",
    found and call.has_scope(found.scope) or false)
end)

-- Deprecated, but clients ask for it. "scope=" is what belongs to no scope, "full" is all:
-- rest_provider.php, methodsList.
method("methods", nil, function(call)
  local params, names = php.upper_keys(call.params), {}
  local scope, full = php.text(params:get("SCOPE")), php.truthy(params:get("FULL"))
  for name, found in pairs(known) do
    local fits
    if scope then fits = (found.scope or "") == scope
    else fits = full or call.has_scope(found.scope) end
    if fits and not name:find("^b24test%.") and methods.find(call.portal, name) then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end)

-- Counters ----------------------------------------------------------------------------------------

local function camel_case(array)
  local out = php.array()
  for key, value in array:each() do
    local camel = key:find("^%d") and key or key:lower():gsub("_(%w)", string.upper)
    out:set(camel, php.is_array(value) and camel_case(value) or value)
  end
  return out
end

method("im.counters.get", "im", function(call)
  local generation = call.account.generation or call.portal.settings.generation
  local only_totals, camel = php.truthy(call.params:get("ONLY_COUNTER")),
    call.params:get("JSON") == "Y"
  if not only_totals and not camel then return call.account.counters:encoded(generation) end
  local result = call.account.counters:result(generation)
  if only_totals then result = result:get("TYPE") end
  return camel and camel_case(result) or result
end)

-- For tests ---------------------------------------------------------------------------------------

method("b24test.echo", nil, function(call) return call.params end)

method("b24test.hex", nil, function(call)
  return ((php.text(call.params:get("value")) or ""):gsub(".", function(byte)
    return ("%02x"):format(byte:byte())
  end))
end)

method("b24test.null", nil, function() return php.null end)

method("b24test.fail", nil, function(call)
  local status = math.min(math.max(php.integer(call.params:get("status")), 400), 599)
  return nil, status, php.text(call.params:get("error")) or "",
    php.text(call.params:get("description")) or ""
end)

return methods
