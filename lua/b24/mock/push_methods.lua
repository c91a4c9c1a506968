-- The methods that tell where the push server is.

local clock = require "b24.mock.clock"
local php = require "b24.mock.php"
local push = require "b24.mock.push"
local push_events = require "b24.mock.push_events"

local push_methods = {}

local CLIENT_ID = "3fa85f64" -- of a portal on the vendor's shared server

local function wrong_auth()
  return nil, 403, "WRONG_AUTH_TYPE", "Method not available for this authorization type."
end

local function disabled()
  return nil, 500, "SERVER_ERROR", "Push & Pull server is not configured"
end

local function server_shape(call, settings)
  local ports = call.portal.ports
  local secure = ("https://localhost:%d/bitrix/sub/"):format(ports.https)
  local plain = ("http://127.0.0.1:%d/bitrix/sub/"):format(ports.http)
  return php.map("version", settings.version, "server_enabled", true,
    "mode", settings.shared and "shared" or "personal", "hostname", "localhost",
    "long_polling", plain, settings.secure_name, secure,
    "websocket_enabled", true, "websocket", "ws://localhost/bitrix/subws/",
    "websocket_secure", "wss://localhost/bitrix/subws/", "publish_enabled", true,
    "config_timestamp", 1774886062)
end

local function config(call, server, kind)
  local settings = server.settings
  local own = push.channel(server, call.account.user_id, kind)
  local channels = php.map("private", push.describe(own))
  if kind == "private" then
    channels:set("shared", push.describe(push.channel(server, "shared", "shared")))
  end
  local result = php.map("server", server_shape(call, settings),
    "api", php.map("revision_web", 19, "revision_mobile", 3), "channels", channels)
  if settings.version >= 5 then result:set("jwt", push.token(server, own)) end
  if settings.version >= 4 then result:set("exp", own.stop) end
  if settings.shared then result:set("clientId", CLIENT_ID) end
  return result
end

local function config_get(call)
  local server = push.of(call.portal)
  if not call.secret then return wrong_auth() end
  if not server.settings.enabled then return disabled() end
  push_events.begin(server, call.account)
  local result = config(call, server, "private")
  result:set("serverTime", clock.iso(os.time()))
  return result
end

local function api_config_get(call)
  local server = push.of(call.portal)
  if not server.settings.enabled then return disabled() end
  push_events.begin(server, call.account)
  return config(call, server, "private")
end

-- The application's own channel: nothing of the messenger comes there.
local function application_config_get(call)
  local server = push.of(call.portal)
  if call.secret then return wrong_auth() end
  if not server.settings.enabled then return disabled() end
  return config(call, server, "client")
end

--- Makes the methods known.
---@param method fun(name: string, scope: string?, run: function)
function push_methods.register(method)
  method("pull.config.get", "pull_channel", config_get)
  method("pull.api.config.get", "pull", api_config_get)
  method("pull.application.config.get", "pull", application_config_get)
end

return push_methods
