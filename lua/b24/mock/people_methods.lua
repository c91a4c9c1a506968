-- im.user.get and im.user.list.get.

local php = require "b24.mock.php"

local people = require "b24.mock.people"

local people_methods = {}

local function user_get(call)
  local params, user = php.upper_keys(call.params), call.account.counters
  local asked = params:get("ID")
  local id = asked and php.integer(asked) or user.id
  if id <= 0 then return nil, 400, "ID_EMPTY", "User ID can't be empty" end
  local person = people.find(user, id)
  if not person then return nil, 400, "USER_NOT_EXISTS", "User is not exists" end
  return people.shape(person)
end

-- ID is an array, or its JSON as a string. Whom nobody knows is null.
local function user_list(call)
  local params, user = php.upper_keys(call.params), call.account.counters
  local ids, found = params:get("ID"), php.array()
  if type(ids) == "string" then ids = php.decode(ids) end
  for _, value in (php.is_array(ids) and ids or php.array()):each() do
    local id = php.integer(value)
    local person = people.find(user, id)
    if id > 0 then found:set(id, person and people.shape(person) or php.null) end
  end
  if #found.order == 0 then
    return nil, 400, "INVALID_FORMAT", "A wrong format for the ID field is passed"
  end
  if (php.text(params:get("RESULT_TYPE")) or ""):lower() ~= "array" then return found end
  local list = {}
  for _, shape in found:each() do list[#list + 1] = shape end
  return list
end

--- Makes the methods known.
---@param method fun(name: string, scope: string?, run: function)
function people_methods.register(method)
  method("im.user.get", "im", user_get)
  method("im.user.list.get", "im", user_list)
end

return people_methods
