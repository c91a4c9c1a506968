--- What a call has shown of the way to the portal: each layer is judged by what was seen of it,
--- never by its place.

local diagnosis = {}

local PLAN = { ACCESS_DENIED = true, PAYMENT_REQUIRED = true, WRONG_LICENSE = true,
  verification_needed = true,
  PORTAL_BLOCKED_BY_LICENSE_SCANNER = true, OVERLOAD_LIMIT = true, LICENCE_PAGE = true }

-- Codes with a layer of their own, whatever their kind.
local LAYERS = { HOST_NOT_FOUND = "dns", PROXY_NOT_FOUND = "proxy", PROXY_FAILED = "proxy",
  PROXY_UNREACHABLE = "proxy", PROXY_REFUSED = "proxy", PROXY_AUTH = "proxy",
  PROXY_CERTIFICATE = "proxy", CONNECTION_REFUSED = "tcp",
  CONNECT_FAILED = "tcp", LIMITER = "limiter", INVALID_REQUEST = "https", REDIRECT = "address" }
for code in pairs(PLAN) do LAYERS[code] = "plan" end

local KINDS = { tls = "tls", config = "options", closed = "call", limit = "limits",
  auth = "credential", denied = "credential" }

-- A page, not the REST interface, that only its status tells something about.
local function page(info)
  return info.code:find "^HTTP_%d" ~= nil or info.code:find "_PAGE$" ~= nil
end

local NETWORK = { network = true, timeout = true }

-- The layer of a failure. "network": before the request went out, and nobody can say how far it
-- came.
local function layer(info, way)
  local name = LAYERS[info.code]
  local unsent = NETWORK[info.kind] and info.sent == false
  if unsent and way.proxy and name ~= "dns" then return way.sure and "proxy" or "network" end
  if name then return name end
  if page(info) then return "portal" end
  return unsent and "network" or KINDS[info.kind] or "portal"
end

-- A proxy's URL without its user and password.
local function unnamed(url)
  return (url:gsub("^(%w+://)[^/]*@", "%1***@"):gsub("^[^/]*@", "***@"))
end

---@class b24.cli.way
---@field https boolean
---@field named boolean the portal is a name, no address
---@field proxy boolean
---@field name? string of the proxy: its URL, and who names it
---@field sure boolean no_proxy cannot mean otherwise

--- How the portal is reached.
---@param portal string "https://portal.example"
---@param proxy? string the option
---@return b24.cli.way
function diagnosis.way(portal, proxy)
  local scheme, host = portal:match "^(%w+)://(%[?[^/%]]*)"
  host = host:gsub(":%d+$", "")
  ---@type b24.cli.way
  local way = { https = scheme == "https", named = host:find "^%[" == nil and host:find "%a" ~= nil,
    proxy = false, sure = true }
  if proxy then
    way.proxy, way.name = proxy ~= "", unnamed(proxy) .. " (--proxy)"
  elseif way.https then -- plain http is loopback, which no variable sends elsewhere
    for _, name in ipairs { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" } do
      local url = os.getenv(name) or ""
      if url ~= "" and not way.proxy then
        way.proxy, way.name = true, ("%s ($%s)"):format(unnamed(url), name)
      end
    end
    way.sure = not way.proxy or (os.getenv "no_proxy" or os.getenv "NO_PROXY" or "") == ""
  end
  return way
end

-- What is known to be good. A reply has come all the way; a request that was sent, too, but behind
-- a proxy it counts as sent before the portal's certificate was seen; a certificate has come from
-- the portal's port.
local function seen(info, way)
  local good = {}
  local reply = info == nil or info.status ~= nil
  local direct = not way.proxy
  local reached = reply or info.kind == "tls" or (direct and info.sent == true)
  local refused = info and (info.code == "CONNECTION_REFUSED" or info.code == "CONNECT_FAILED")
  good.dns = direct and way.named and (reached or refused)
  good.tcp = direct and reached
  good.proxy = way.proxy and way.sure and reached
  good.tls = way.https and (reply or (direct and info.sent == true))
    and not (info and info.kind == "tls")
  good.https = info == nil or (reply and KINDS[info.kind] == "credential" and not page(info))
  return good
end

local ROWS = {
  { "dns", "the portal's name resolves" },
  { "proxy", "it reaches the portal" },
  { "tcp", "the portal's port is open" },
  { "tls", "the certificate is trusted and matches the name" },
  { "https", "the portal accepts this form of request" },
}

--- The layers that a call has shown to be good, and the one that stopped it.
---@param info? b24.info of the failure; nil: the call was answered
---@param way b24.cli.way
---@return {good: string[][], bad: string?, judged: boolean} judged: the portal has looked at the
--- credential
function diagnosis.of(info, way)
  local found = { good = {}, bad = info and layer(info, way) }
  local good = seen(info, way)
  for _, row in ipairs(ROWS) do
    if good[row[1]] and row[1] ~= found.bad then found.good[#found.good + 1] = row end
  end
  found.judged = info == nil or found.bad == "credential" or found.bad == "plan"
  return found
end

return diagnosis
