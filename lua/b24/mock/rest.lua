-- A REST call without its transport: who calls, may they, what is the answer. In: a request. Out:
-- an answer
-- { status, body, headers = { { name, value }, … } }.

local basexx = require "basexx"
local rand = require "openssl.rand"

local clock = require "b24.mock.clock"
local disk = require "b24.mock.disk"
local limits = require "b24.mock.limits"
local methods = require "b24.mock.methods"
local oauth = require "b24.mock.oauth"
local php = require "b24.mock.php"

local rest = {}

-- Consumed before a method sees its parameters.
local RESERVED = { "auth", "access_token", "auth_connector", "aplogin", "ap", "sessid", "start",
  "state", "token" }
local COOKIE_EVERY = 10 -- "once in a while": the first answer to a user, and each tenth after it

function rest.answer(status, body, headers)
  return { status = status, body = body, content_type = "application/json; charset=utf-8",
    headers = headers or {} }
end

--- An error as the portal words it.
function rest.failure(status, code, description)
  return rest.answer(status, php.encode(php.map("error", code, "error_description", description)))
end

-- Who calls ---------------------------------------------------------------------------------------

local function by_webhook(call)
  local account = call.portal.accounts[call.user_id]
  if call.portal.settings.require_https and not call.tls then
    return nil, rest.failure(401, "INVALID_REQUEST", "Https required.")
  elseif not account or account.secret ~= call.secret then
    return nil, rest.failure(401, "INVALID_CREDENTIALS", "Invalid request credentials")
  end
  return account
end

local REFUSALS = { expired_token = "The access token provided has expired",
  invalid_token = "Unable to get application by token",
  CONNECTION_ERROR = "Error connecting to authorization server" }

-- The user's account, as far as the application may see it.
local function application_account(call, grant)
  local portal = call.portal
  local account = portal.accounts[grant.user_id] or portal:set_account { user_id = grant.user_id }
  call.app = grant.app
  return setmetatable({ scope = grant.app.scope }, { __index = account, __newindex = account })
end

local function by_token(call)
  local bearer = (call.headers.authorization or ""):match("^[Bb]earer +(.+)$")
  local token = bearer or call.params:get("auth") or call.params:get("access_token")
  if type(token) ~= "string" or token == "" then
    return nil, rest.failure(401, "NO_AUTH_FOUND", "Wrong authorization data")
  end
  call.auth = token
  local pair, refusal = oauth.who(call.portal.oauth, token)
  if pair then return application_account(call, pair.grant) end
  if refusal then return nil, rest.failure(401, refusal, REFUSALS[refusal] or "") end
  for _, account in pairs(call.portal.accounts) do
    if account.token == token then
      if not account.expired then return account end
      return nil, rest.failure(401, "expired_token", REFUSALS.expired_token)
    end
  end
  return nil, rest.failure(401, "invalid_token", REFUSALS.invalid_token)
end

--- A browser session of somebody else beats the credential: the reason why clients must keep no
--- cookies.
local function foreign_session(call, account)
  local owner = call.portal.sessions[(call.headers.cookie or ""):match("PHPSESSID=([%w]+)")]
  return owner and owner ~= account.user_id
end

local function authenticate(call)
  local account, failure
  if call.secret then account, failure = by_webhook(call) else account, failure = by_token(call) end
  if account and foreign_session(call, account) then
    return nil, rest.failure(401, "authorization_error", "Unable to authorize user")
  end
  return account, failure
end

-- The answer --------------------------------------------------------------------------------------

local function session_cookie(portal, account)
  account.answers = account.answers + 1
  if account.answers % COOKIE_EVERY ~= 1 then return {} end
  local session = basexx.to_base32(rand.bytes(20)):lower()
  portal.sessions[session] = account.user_id
  return { { "set-cookie", "PHPSESSID=" .. session .. "; path=/; HttpOnly" } }
end

local function time_block(call, started, operating, reset_at)
  local generation = call.account.generation or call.portal.settings.generation
  local modern = generation == "g2b" or generation == "g3"
  local finish = clock.now()
  -- a typed property truncates it on newer servers
  local start = modern and math.floor(started) or started
  local block = php.map("start", start, "finish", finish, "duration", finish - start,
    "processing", modern and 0 or finish - started,
    "date_start", os.date("!%Y-%m-%dT%H:%M:%S+00:00", math.floor(started)),
    "date_finish", os.date("!%Y-%m-%dT%H:%M:%S+00:00", math.floor(finish)))
  if generation ~= "g0" and generation ~= "g1" then -- older than the limiter
    block:set("operating_reset_at", reset_at)
    block:set("operating", operating)
  end
  return block
end

-- A command of a batch has the words of the code alone.
local function refuse_scope(call)
  return nil, 401, php.map("error", "insufficient_scope", "error_description", call.nested and ""
    or "The request requires higher privileges than provided by the "
    .. (call.secret and "webhook token" or "access token"))
end

local function run(call, method)
  local started = clock.now()
  local limit = call.method ~= "batch" and call.portal.settings.operating[call.method] or nil
  local key = call.account.user_id .. (call.secret and " webhook " or " token ") .. call.method
  if not limits.may_operate(call.portal.operating, limit, key) then
    return nil, 429, php.map("error", "OPERATION_TIME_LIMIT",
      "error_description", "Method is blocked due to operation time limit.")
  end
  call.start = php.integer(call.params:get("start"))
  for _, name in ipairs(RESERVED) do call.params:remove(name) end
  call.portal:count(call.method)
  local result, page, code, description = method.run(call)
  local operating, reset_at = limits.operate(call.portal.operating, limit, key)
  if result == nil then
    return nil, page, php.map("error", code, "error_description", description)
  end
  local body = php.map("result", result)
  if page then
    body:set("next", page.next)
    body:set("total", page.total)
  end
  body:set("time", time_block(call, started, operating, reset_at))
  return body
end

--- Runs a method for an account that is known: what a request and each command of a batch have in
--- common.
---@param call table
---@return table? body the whole answer
---@return integer? status when there is none
---@return table? problem the error's body
function rest.invoke(call)
  local method = methods.find(call.portal, call.method)
  if not method then
    return nil, 404, php.map("error", "ERROR_METHOD_NOT_FOUND", "error_description",
      "Method not found!")
  end
  if not call.has_scope(method.scope) then return refuse_scope(call) end
  return run(call, method)
end

-- The parameter `token` makes the address a signed link, which says itself what it may be used for.
local function open_link(call)
  local token = php.text(call.params:get("token"))
  if not token then return nil end
  local file, method = disk.follow(call, token)
  if file then return file end
  return nil, run(call, method)
end

--- Runs the call. Its account is known afterwards as `call.account`, when the credential was good.
function rest.call(call)
  local account, failure = authenticate(call)
  if not account then return failure end
  call.account, call.invoke = account, rest.invoke
  call.has_scope = function(scope)
    for _, granted in ipairs(account.scope) do
      if granted == scope then return true end
    end
    return scope == nil
  end
  local file, body, status, problem = open_link(call)
  if file then
    return { status = 200, body = file.content, content_type = "application/octet-stream",
      headers = { { "content-disposition", 'attachment; filename="' .. file.name .. '"' } } }
  end
  if not body and not status then body, status, problem = rest.invoke(call) end
  if not body then return rest.answer(status, php.encode(problem)) end
  return rest.answer(200, php.encode(body), session_cookie(call.portal, account))
end

return rest
