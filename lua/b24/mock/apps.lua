-- What only an application may ask for: its events, its settings. A webhook is told so. Sources:
-- bitrix24/b24restdocs, api-reference/events/event-bind.md, event-get.md, event-unbind.md and
-- common/settings/; the server's rest/classes/general/rest_provider.php.

local php = require "b24.mock.php"

local apps = {}

local unpack = table.unpack or unpack

local EVENTS = { -- scope ("" for every application) -> names
  [""] = { "ONAPPINSTALL", "ONAPPUNINSTALL", "ONAPPUPDATE", "ONAPPPAYMENT", "ONAPPTEST",
    "ONOFFLINEEVENT" },
  crm = { "ONCRMDEALADD", "ONCRMDEALUPDATE", "ONCRMDEALDELETE", "ONCRMLEADADD", "ONCRMLEADUPDATE",
    "ONCRMLEADDELETE", "ONCRMCONTACTADD", "ONCRMCONTACTUPDATE", "ONCRMCONTACTDELETE",
    "ONCRMCOMPANYADD", "ONCRMCOMPANYUPDATE", "ONCRMCOMPANYDELETE" },
  task = { "ONTASKADD", "ONTASKUPDATE", "ONTASKDELETE" },
  user = { "ONUSERADD" },
}

local WRONG_AUTH_TYPE = { 403, "WRONG_AUTH_TYPE",
  "Current authorization type is denied for this method" }
local NO_APPLICATION = { 403, "ACCESS_DENIED", "Access denied! Application context required" }

-- What the portal remembers for the application that calls.
local function memory(call)
  local key = call.app and call.app.client_id or ""
  local all = call.portal.app_memory
  all[key] = all[key] or { handlers = {}, options = php.array(), user_options = {} }
  return all[key]
end

local function for_applications(refusal, run)
  return function(call)
    if call.secret then return nil, unpack(refusal) end
    return run(call, php.upper_keys(call.params), memory(call))
  end
end

-- Events ------------------------------------------------------------------------------------------

local function knows_event(call, name)
  for scope, names in pairs(EVENTS) do
    if scope == "" or call.has_scope(scope) then
      for _, known in ipairs(names) do
        if known == name then return true end
      end
    end
  end
  return false
end

-- Nil when the portal could call this address.
local function wrong_handler(url)
  local scheme, host = url:match("^(%a[%w+.-]*)://([^/:?#]+)")
  if scheme and scheme:lower() ~= "http" and scheme:lower() ~= "https" then
    return { 400, "ERROR_UNSUPPORTED_PROTOCOL", "Unsupported handler protocol" }
  elseif not host or not host:find(".", 1, true) then
    return { 400, "ERROR_WRONG_HANDLER_URL", "Wrong handler URL" }
  end
end

local function missing(name)
  return { 400, "ERROR_ARGUMENT", ("Argument '%s' is null or empty"):format(name) }
end

-- The handler that the call describes; nil and the failure when it describes none.
local function read_handler(call, params)
  local event = (php.text(params:get("EVENT")) or ""):upper()
  local url = php.text(params:get("HANDLER")) or ""
  local offline = (php.text(params:get("EVENT_TYPE")) or "online"):lower() == "offline"
  local wrong = event == "" and missing "EVENT" or not offline and url == "" and missing "HANDLER"
    or not offline and wrong_handler(url)
  if wrong then return nil, wrong end
  if not knows_event(call, event) then
    return nil, { 400, "ERROR_EVENT_NOT_FOUND", "Event not found" }
  end
  return { event = event, handler = offline and "" or url, offline = offline,
    auth_type = php.integer(params:get("AUTH_TYPE")) }
end

local function is_same(a, b)
  return a.event == b.event and a.handler == b.handler and a.offline == b.offline
    and a.auth_type == b.auth_type
end

local function bind(call, params, app)
  local handler, failure = read_handler(call, params)
  if not handler then return nil, unpack(failure) end
  for _, known in ipairs(app.handlers) do
    if is_same(known, handler) then
      return nil, 400, "ERROR_CORE", "Unable to set event handler: Handler already binded"
    end
  end
  table.insert(app.handlers, handler)
  return true
end

local function list(_, _, app)
  local out = {}
  for i, handler in ipairs(app.handlers) do
    out[i] = php.map("event", handler.event, "handler", handler.handler,
      "auth_type", tostring(handler.auth_type), "offline", handler.offline and 1 or 0)
  end
  return out
end

-- Without auth_type: whatever it is.
local function unbind(call, params, app)
  local handler, failure = read_handler(call, params)
  if not handler then return nil, unpack(failure) end
  local kept, any_user = {}, params:get("AUTH_TYPE") == nil
  for _, known in ipairs(app.handlers) do
    if any_user then handler.auth_type = known.auth_type end
    if not is_same(known, handler) then kept[#kept + 1] = known end
  end
  local count = #app.handlers - #kept
  app.handlers = kept
  return php.map("count", count)
end

-- Settings ----------------------------------------------------------------------------------------

local function of_user(call, app)
  local id = call.account.user_id
  app.user_options[id] = app.user_options[id] or php.array()
  return app.user_options[id]
end

local function of_app(_, app)
  return app.options
end

local function getter(where)
  return function(call, params, app)
    local options, name = where(call, app), php.text(params:get("OPTION"))
    if not name then return options end
    local value = options:get(name)
    return value == nil and php.null or value
  end
end

local function setter(where)
  return function(call, params, app)
    local given = params:get("OPTIONS")
    if not php.is_array(given) then return nil, unpack(missing "options") end
    for name, value in given:each() do where(call, app):set(name, value) end
    return true
  end
end

--- Makes the methods known.
---@param method fun(name: string, scope: string?, run: function)
function apps.register(method)
  method("event.bind", nil, for_applications(WRONG_AUTH_TYPE, bind))
  method("event.unbind", nil, for_applications(WRONG_AUTH_TYPE, unbind))
  method("event.get", nil, for_applications(WRONG_AUTH_TYPE, list))
  method("app.option.get", nil, for_applications(NO_APPLICATION, getter(of_app)))
  method("app.option.set", nil, for_applications(NO_APPLICATION, setter(of_app)))
  method("user.option.get", nil, for_applications(NO_APPLICATION, getter(of_user)))
  method("user.option.set", nil, for_applications(NO_APPLICATION, setter(of_user)))
end

return apps
