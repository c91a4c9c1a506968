-- One request from its stream to its answer: read, log, redirect, limit, play tricks, or simply
-- call.

local faults = require "b24.mock.faults"
local control = require "b24.mock.control"
local form = require "b24.mock.form"
local json = require "b24.mock.json"
local limits = require "b24.mock.limits"
local oauth = require "b24.mock.oauth"
local php = require "b24.mock.php"
local protect = require "b24.mock.protect"
local push = require "b24.mock.push"
local push_events = require "b24.mock.push_events"
local rest = require "b24.mock.rest"
local wire = require "b24.mock.wire"

local handler = {}

local READ_TIMEOUT = 60

-- Reading -----------------------------------------------------------------------------------------

local function plain_headers(headers)
  local out = {}
  for field, value in headers:each() do
    local name = field == ":authority" and "host" or field
    if name:sub(1, 1) ~= ":" then out[name] = out[name] and out[name] .. ", " .. value or value end
  end
  return out
end

local function read_message(stream)
  local headers = stream:get_headers(READ_TIMEOUT)
  if not headers or not headers:has(":path") then return nil end -- gone, or CONNECT
  if headers:get("expect") == "100-continue" then stream:write_continue(READ_TIMEOUT) end
  local body = stream:get_body_as_string(READ_TIMEOUT)
  if not body or stream.state == "open" then return nil end -- the client left in the middle of it
  return headers, body
end

local function read(stream, connection)
  -- lua-http throws for some malformed requests (a transfer coding it does not know, a negative
  -- length).
  local ok, headers, body = protect.call(read_message, stream)
  if not ok or not headers then return nil end
  return {
    listener = connection.listener,
    connection = connection.id,
    http_version = wire.is_h2(stream) and 2 or stream.peer_version,
    verb = headers:get(":method"),
    path = headers:get(":path"),
    headers = plain_headers(headers),
    body = body,
  }
end

-- POST's fields cover the query's. JSON counts only with its content type, and broken JSON counts
-- for nothing.
local function parameters(entry)
  local params = form.decode(entry.path:match("%?(.*)$") or "", php.array())
  if entry.verb ~= "POST" then return params, {} end
  local given = entry.headers["content-type"] or ""
  local content_type = given:lower()
  if content_type:find("^multipart/form%-data") then
    local boundary = given:match '[Bb]oundary="([^"]+)"' or given:match "[Bb]oundary=([^;%s]+)"
      or ""
    return params, form.multipart(entry.body, boundary, params)
  elseif content_type:find("^application/json") or content_type:find("^[%w/.-]+%+json") then
    local decoded = php.decode(entry.body)
    if php.is_array(decoded) then
      for key, value in decoded:each() do params:set(key, value) end
    end
    return params, {}
  end
  return form.decode(entry.body, params), {}
end

-- /rest/1/secret/im.counters.get.json/ or /rest/im.counters.get. Slashes in a row are one (nginx's
-- merge_slashes): b24jssdk calls /rest//profile, as the token server's client_endpoint ends in "/".
local function split_path(path)
  local rest_path = path:match("^[^?]*"):gsub("//+", "/"):match("^/rest/(.+)")
  if not rest_path then return nil end
  local user_id, secret, method = rest_path:match("^([^/]+)/([^/]+)/([^/]+)/?$")
  method = (method or rest_path:match("^([^/]+)/?$") or ""):lower():gsub("%.json$", "")
  return method, user_id, secret
end

-- Answering ---------------------------------------------------------------------------------------

local function is_at_old_address(portal, call)
  local to, from = portal.settings.renamed_to, portal.settings.renamed_from
  if not to then return false end
  if from then return from == call.listener or from == call.headers.host end
  -- whatever is not the new address is the old one
  return call.headers.host ~= to:match("^%w+://([^/]+)")
end

local function redirect(portal, call)
  return { status = 302, body = "", content_type = "text/html; charset=UTF-8",
    headers = { { "location", portal.settings.renamed_to .. call.entry.path } } }
end

local AUTHORIZATION = { ["oauth.authorize"] = oauth.authorize, ["oauth.token"] = oauth.token }

local function run(call)
  call.params, call.files = parameters(call.entry)
  return (AUTHORIZATION[call.method] or rest.call)(call)
end

-- /oauth/token/?… is logged and plays tricks as the "method" oauth.token.
local function authorization_method(path)
  local name = path:match "^/oauth/(%l+)/?%f[?%z]"
  return name and AUTHORIZATION["oauth." .. name] and "oauth." .. name
end

local function new_call(portal, connection, stream, entry)
  local method, user_id, secret = split_path(entry.path)
  method = method or authorization_method(entry.path) or push.method(entry.path)
  entry.method = method
  return { portal = portal, stream = stream, entry = entry, method = method, user_id = user_id,
    secret = secret,
    listener = connection.listener, tls = connection.tls, headers = entry.headers, run = run }
end

local function respond(portal, connection, call)
  local answer
  if not call.method then
    answer = faults.page(404)
  elseif push.method(call.entry.path) then
    return push.respond(call)
  elseif AUTHORIZATION[call.method] then -- no REST: it neither moves nor has a limit
    local trick = portal:take_trick(call)
    if trick then return faults.kinds[trick.kind].run(call, trick) end
    answer = call:run()
  elseif is_at_old_address(portal, call) then
    answer = redirect(portal, call)
  elseif not limits.admit(portal.buckets, portal.settings.bucket, connection.addresses) then
    portal.rejections = portal.rejections + 1
    answer = rest.failure(503, "QUERY_LIMIT_EXCEEDED", "Too many requests")
  else
    local trick = portal:take_trick(call)
    if trick then return faults.kinds[trick.kind].run(call, trick) end
    answer = call:run()
  end
  call.entry.status = answer.status
  wire.send(call.stream, answer)
end

-- POST /__portal/OP with JSON; and, for clients of the REST API such as b24.mock, the "webhook"
-- /rest/0/mock/, whose methods are the operations. Nil when it is neither.
local function steer(portal, entry)
  local operation = entry.path:match "^/__portal/([%w_]+)$"
  if operation then return control.answer(portal, operation, entry.body) end
  operation = entry.path:match "^/rest/0/mock/([%w_]+)"
  if operation then
    return control.rest_answer(portal, operation, json.plain((parameters(entry))))
  end
end

-- As nginx does, which answers before Bitrix24 hears of the request.
local function refuse_long_line(portal, connection, stream)
  local line = wire.long_line(stream)
  if not line then return end
  local verb, path = line:match("^(%S+) (%S+)")
  portal:record { listener = connection.listener, connection = connection.id, http_version = 1.1,
    verb = verb, path = path, headers = {}, body = "", status = 414 }
  wire.refuse(stream, faults.page(414))
end

--- Serves one stream of lua-http.
function handler.serve(portal, connection, stream)
  local entry = read(stream, connection)
  if not entry then return refuse_long_line(portal, connection, stream) end
  local answer = connection.listener == "http" and steer(portal, entry)
  if answer then
    connection:is_control()
    push_events.tell(portal)
    return wire.send(stream, answer)
  end
  portal:record(entry)
  portal:asked()
  local ok, message = protect.call(respond, portal, connection,
    new_call(portal, connection, stream, entry))
  portal:answered()
  push_events.tell(portal)
  if not ok then error(message, 0) end
end

return handler
