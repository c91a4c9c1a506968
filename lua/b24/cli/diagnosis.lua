--- Which layer between here and the portal a failure belongs to: those before it are good.

local diagnosis = {}

local LAYERS = { "dns", "tcp", "tls", "https", "limits", "plan", "credential", "portal" }

local DNS = { HOST_NOT_FOUND = true }
local PROXY = { PROXY_NOT_FOUND = true, PROXY_FAILED = true }
local PLAN = { ACCESS_DENIED = true, PAYMENT_REQUIRED = true, WRONG_LICENSE = true, verification_needed = true,
  PORTAL_BLOCKED_BY_LICENSE_SCANNER = true, OVERLOAD_LIMIT = true }

-- The layer of a failure.
local function layer(info)
  local code, kind = info.code, info.kind
  if PROXY[code] then return "proxy" end
  if DNS[code] then return "dns" end
  if kind == "config" then return "credential" end
  if kind == "tls" then return "tls" end
  if (kind == "network" or kind == "timeout") and info.sent == false then return "tcp" end
  if code == "INVALID_REQUEST" then return "https" end
  if PLAN[code] then return "plan" end
  if kind == "limit" then return "limits" end
  if kind == "auth" or kind == "denied" then return "credential" end
  return "portal"
end

local GOOD = {
  dns = "the portal's name has an address",
  tcp = "the portal's port is open",
  tls = "the certificate is trusted and for this name",
  https = "the portal is called as it wants to be",
}

--- The layers that a call went through, and the one that stopped it.
---@param info? b24.info of the failure; nil: the call was answered
---@param portal string "https://portal.example"
---@return {good: string[][], bad: string?}
function diagnosis.of(info, portal)
  local found, plain = { good = {}, bad = info and layer(info) }, portal:find "^http:" ~= nil
  if found.bad == "proxy" then return found end
  for _, name in ipairs(LAYERS) do
    if name == found.bad then break end
    local words = GOOD[name]
    if name == "tls" and plain then words = nil end
    if words then found.good[#found.good + 1] = { name, words } end
  end
  return found
end

return diagnosis
