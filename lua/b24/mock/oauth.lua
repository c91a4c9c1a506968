-- The portal's log-in for applications and the token server, which is one for many portals. In: a
-- call with `params`. Out: an answer, as in rest.lua. Real ones answer with the same fields and
-- words; where nobody has published a status, the one here is OAuth 2.0's.

local cqueues = require "cqueues"
local rand = require "openssl.rand"

local clock = require "b24.mock.clock"
local php = require "b24.mock.php"

local oauth = {}

local CODE_LIFE = 30 -- seconds
local TOKEN_LIFE = 3600
-- Portals of these zones have their token server in Russia.
local EASTERN = { ru = true, by = true, kz = true, am = true, az = true, ge = true, kg = true,
  uz = true }
local STATUS = { invalid_client = 401, PAYMENT_REQUIRED = 401, wrong_client = 200 } -- others: 400
local DESCRIPTION = {
  expired_token = "The authorization token provided has expired.",
  PAYMENT_REQUIRED = "Payment required",
}
local PAGE = "<html><head><title>Bitrix24</title></head><body><h1>%s</h1></body></html>\n"

-- Random text as real codes and tokens are: so many hexadecimal digits.
local function hex(digits)
  return (rand.bytes(digits / 2):gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

-- State -------------------------------------------------------------------------------------------

---@class portal.App
---@field client_id string
---@field client_secret string
---@field redirect_uri string where browsers are sent; requests have no say in it
---@field scope string[]
---@field status string L(ocal), F(ree), D(emo), T(rial), P(aid), S(ubscription)
---@field paid boolean

--- What a portal keeps for its whole life: its name and an application that always exists.
function oauth.identity()
  return { member_id = hex(32), client_id = "local." .. hex(14) .. "." .. hex(8),
    client_secret = hex(50) }
end

--- The state after a reset.
function oauth.new(identity)
  local state = { identity = identity, apps = {}, app_count = 0, codes = {}, pairs = {},
    settings = { decision = "approve", user_id = 1, code_life = CODE_LIFE, token_life = TOKEN_LIFE,
      delay = 0, grace = 0, post = true } }
  oauth.set_app(state, { client_id = identity.client_id, client_secret = identity.client_secret })
  return state
end

--- Makes or changes an application.
---@param state table
---@param fields table
---@return portal.App
function oauth.set_app(state, fields)
  local app = state.apps[fields.client_id]
  if not app then
    state.app_count = state.app_count + 1
    app = { client_id = fields.client_id, client_secret = hex(50), paid = true, status = "L",
      redirect_uri = "http://127.0.0.1:21024/", scope = { "im", "user", "crm", "task", "pull" },
      id = state.app_count }
    state.apps[fields.client_id] = app
  end
  for name, value in pairs(fields) do app[name] = value end
  return app
end

-- Tokens ------------------------------------------------------------------------------------------

--- A new pair for a grant (application, user, portal). The refresh token that it replaces is dead;
--- an access token lives until its end.
function oauth.issue(state, grant)
  local now = clock.now()
  local pair = { grant = grant, access_token = hex(70), refresh_token = hex(70),
    ends = now + (grant.life or state.settings.token_life) }
  if grant.pair then grant.pair.replaced = now end
  grant.pair = pair
  state.pairs[#state.pairs + 1] = pair
  return pair
end

--- Is this pair's access token still good? Nil and the code of the portal's refusal if not. The
--- portal asks the token server once for each token, and keeps its answer.
function oauth.check(pair, unreachable)
  if pair.refusal then return nil, pair.refusal end
  if pair.grant.revoked then return nil, "invalid_token" end
  if clock.now() >= pair.ends then return nil, "expired_token" end
  if not pair.known then
    if unreachable then return nil, "CONNECTION_ERROR" end
    pair.known = true
  end
  return true
end

--- May it be exchanged for a new pair? During `grace` also when that has happened already.
function oauth.refreshable(state, pair)
  if pair.grant.revoked then return false end
  if not pair.replaced then return true end
  local latest = pair.grant.pair
  return latest.predecessor == pair and clock.now() - pair.replaced < state.settings.grace
end

--- The pair with this "access_token" or "refresh_token".
function oauth.find(state, kind, text)
  for _, pair in ipairs(state.pairs) do
    if pair[kind] == text then return pair end
  end
end

local function seconds_left(pair)
  return math.max(0, math.floor(pair.ends - clock.now() + 0.5))
end

--- The token server's answer: the whole one, as a refresh gets it.
function oauth.describe(state, pair, server)
  local grant, settings = pair.grant, state.settings
  local left = seconds_left(pair)
  return php.map("access_token", pair.access_token, "expires", os.time() + left,
    "expires_in", left, "scope", table.concat(grant.app.scope, ","),
    "domain", server.host, "server_endpoint", server.origin .. "/rest/",
    "status", grant.app.status,
    "client_endpoint", settings.client_endpoint or grant.origin .. "/rest/",
    "member_id", state.identity.member_id, "user_id", tonumber(grant.user_id),
    "refresh_token", pair.refresh_token)
end

--- The same as JSON.
function oauth.text(state, pair, server)
  return php.encode(oauth.describe(state, pair, server))
end

-- Answers -----------------------------------------------------------------------------------------

local function json(status, body)
  return { status = status, body = php.encode(body), headers = {},
    content_type = "application/json; charset=utf-8" }
end

--- An error of the token server.
function oauth.failure(code)
  local body = php.map("error", code)
  if DESCRIPTION[code] then body:set("error_description", DESCRIPTION[code]) end
  return json(STATUS[code] or 400, body)
end

local function page(status, words)
  return { status = status, body = PAGE:format(words), content_type = "text/html; charset=UTF-8",
    headers = {} }
end

local function escape(text)
  return (text:gsub("[^%w._~-]", function(c) return ("%%%02X"):format(c:byte()) end))
end

local function param(call, name)
  return php.text(call.params:get(name)) or ""
end

local function here(call)
  local host = call.headers.host or "localhost"
  return { host = host, origin = (call.tls and "https://" or "http://") .. host }
end

-- The token server that this portal's applications are told of.
local function server_domain(state, host)
  if state.settings.server_domain then return state.settings.server_domain end
  local zone = host:match "%.bitrix24%.(%w+)$"
  if not zone then return host end -- on loopback all is one
  return EASTERN[zone] and "oauth.bitrix24.tech" or "oauth.bitrix.info"
end

--- The page to which an application sends the browser. A refusal is a page, never a redirect.
function oauth.authorize(call)
  local state, portal = call.portal.oauth, here(call)
  local settings, app = state.settings, state.apps[param(call, "client_id")]
  if not app then return page(200, "Application not found") end
  if settings.decision ~= "approve" then return page(403, "Access denied") end
  local code = hex(70)
  state.codes[code] = { app = app, user_id = tostring(settings.user_id), origin = portal.origin,
    ends = clock.now() + settings.code_life }
  local query = {}
  for _, field in ipairs {
    { "code", code }, { "state", param(call, "state") }, { "domain", portal.host },
    { "member_id", state.identity.member_id }, { "scope", table.concat(app.scope, ",") },
    { "server_domain", server_domain(state, portal.host) },
  } do
    query[#query + 1] = field[1] .. "=" .. escape(field[2])
  end
  local glue = app.redirect_uri:find("?", 1, true) and "&" or "?"
  return { status = 302, body = "", content_type = "text/html; charset=UTF-8",
    headers = { { "location", app.redirect_uri .. glue .. table.concat(query, "&") } } }
end

-- The token server --------------------------------------------------------------------------------

local grants = {} -- grant_type -> function(state, app, call): the pair, or nil and the code

function grants.authorization_code(state, app, call)
  local found = state.codes[param(call, "code")]
  if not found then return nil, "invalid_grant" end
  if found.app ~= app then return nil, "wrong_client" end
  if found.used or clock.now() >= found.ends then return nil, "expired_token" end
  found.used = true
  return oauth.issue(state, { app = app, user_id = found.user_id, origin = found.origin })
end

-- Two that arrive within `delay` both find a token that is good, and the last one's pair lives.
function grants.refresh_token(state, app, call)
  local old = oauth.find(state, "refresh_token", param(call, "refresh_token"))
  if not old or not oauth.refreshable(state, old) then return nil, "invalid_grant" end
  if old.grant.app ~= app then return nil, "wrong_client" end
  if state.settings.delay > 0 then cqueues.sleep(state.settings.delay) end
  local pair = oauth.issue(state, old.grant)
  pair.predecessor = old
  return pair
end

--- Answers /oauth/token/.
function oauth.token(call)
  local state = call.portal.oauth
  local app, kind = state.apps[param(call, "client_id")], param(call, "grant_type")
  call.entry.grant_type = kind
  if call.entry.verb == "POST" and not state.settings.post or not grants[kind] then
    return oauth.failure "invalid_request"
  end
  if not app or app.client_secret ~= param(call, "client_secret") then
    return oauth.failure "invalid_client"
  end
  if not app.paid then return oauth.failure "PAYMENT_REQUIRED" end
  call.portal:count("oauth." .. kind)
  local pair, problem = grants[kind](state, app, call)
  if not pair then return oauth.failure(problem) end
  local body = oauth.describe(state, pair, here(call))
  if kind == "authorization_code" then -- who one is, a first answer does not say
    body:remove "expires"
    body:remove "user_id"
  end
  return json(200, body)
end

-- REST --------------------------------------------------------------------------------------------

--- Whose access token is it? Returns the pair, or nil and the code of the refusal.
function oauth.who(state, token)
  local pair = oauth.find(state, "access_token", token)
  if not pair then return nil, nil end
  local good, refusal = oauth.check(pair, state.settings.unreachable)
  return good and pair, refusal
end

--- app.info as an application sees it: the server's rest_provider.php, appInfo. A paid one that is
--- not paid for any more has a negative number of days.
function oauth.app_info(app)
  return php.map("ID", app.id, "CODE", app.client_id, "VERSION", 1, "STATUS", app.status,
    "INSTALLED", true, "PAYMENT_EXPIRED", app.paid and "N" or "Y",
    "DAYS", not app.paid and -1 or php.null, "LANGUAGE_ID", "en", "LICENSE", "ru_basic",
    "LICENSE_TYPE", "basic", "LICENSE_FAMILY", "basic")
end

return oauth
