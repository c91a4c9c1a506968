-- The controls for applications and their tokens.

local fail = require "b24.mock.complaint"
local json = require "b24.mock.json"
local oauth = require "b24.mock.oauth"

local control_oauth = {}

local SETTINGS = {
  "decision", -- of the user in the browser: "approve", or "deny": a page without a redirect
  "user_id", -- who is logged in in the browser
  "code_life", "token_life", -- seconds
  "server_domain", -- what the redirect says; a forged one gets the secret of whoever believes it
  "client_endpoint", -- the portal's address in the token server's answers: it has a new name
  "delay", -- seconds of a refresh; two that overlap both get a pair, and the later one lives
  "grace", -- seconds in which a refresh token works once more after its pair was replaced
  "unreachable", -- true: the portal cannot ask the token server about tokens that are new to it
  "post", -- false: a token server that reads the query alone
}
local DECISIONS = { approve = true, deny = true }

local function set(portal, arguments)
  local settings = portal.oauth.settings
  if arguments.decision and not DECISIONS[arguments.decision] then
    fail("oauth: decision is approve or deny")
  end
  for name, value in pairs(arguments) do
    if value == json.null then value = nil end
    settings[name] = value
  end
  return settings
end

local function app_of(portal, arguments)
  local client_id = arguments.client_id or portal.identity.client_id
  return portal.oauth.apps[client_id] or fail("unknown application '%s'", tostring(client_id))
end

-- Tokens that a user got in some other way, such as from a page in the portal's frame.
local function issue(portal, arguments)
  local origin = arguments.portal or "https://localhost:" .. portal.ports.https
  local pair = oauth.issue(portal.oauth, { app = app_of(portal, arguments), origin = origin,
    user_id = tostring(arguments.user_id or 1), life = arguments.life })
  local host = arguments.server_domain or origin:match "^%w+://(.+)$"
  return json.decode(oauth.text(portal.oauth, pair,
    { host = host, origin = origin:match "^%w+://" .. host }))
end

local function matching(portal, arguments)
  local found = {}
  for _, pair in ipairs(portal.oauth.pairs) do
    local fits = (not arguments.user_id or pair.grant.user_id == tostring(arguments.user_id))
      and (not arguments.client_id or pair.grant.app.client_id == arguments.client_id)
      and (not arguments.access_token or pair.access_token == arguments.access_token)
    if fits then found[#found + 1] = pair end
  end
  return found
end

local WHICH = { "user_id", "client_id", "access_token" }

-- From now on the portal refuses these access tokens.
local function expire(portal, arguments)
  local found = matching(portal, arguments)
  for _, pair in ipairs(found) do pair.refusal = arguments.code or "expired_token" end
  return { expired = #found }
end

-- The application was removed, or the user dismissed.
local function revoke(portal, arguments)
  local found = matching(portal, arguments)
  for _, pair in ipairs(found) do pair.grant.revoked = true end
  return { revoked = #found }
end

local function show(portal, arguments)
  local list = {}
  for i, pair in ipairs(matching(portal, arguments)) do
    list[i] = { access_token = pair.access_token, refresh_token = pair.refresh_token,
      user_id = tonumber(pair.grant.user_id), client_id = pair.grant.app.client_id,
      accepted = oauth.check(pair) == true,
      refreshable = oauth.refreshable(portal.oauth, pair) }
  end
  return { tokens = list }
end

--- Makes the operations known.
---@param operation fun(name: string, arguments: string[], run: function)
function control_oauth.register(operation)
  operation("oauth", SETTINGS, set)
  operation("app", { "client_id", "client_secret", "redirect_uri", "scope", "status", "paid" },
    function(portal, arguments)
      arguments.client_id = arguments.client_id or portal.identity.client_id
      return oauth.set_app(portal.oauth, arguments)
    end)
  operation("token", { "client_id", "user_id", "portal", "server_domain", "life" }, issue)
  operation("expire_tokens", { "code", WHICH[1], WHICH[2], WHICH[3] }, expire)
  operation("revoke_tokens", WHICH, revoke)
  operation("tokens", WHICH, show)
end

return control_oauth
