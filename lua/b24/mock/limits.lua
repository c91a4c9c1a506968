-- How a portal slows its clients down: the leaky bucket per source address, and the operating time
-- of a method.

local monotime = require("cqueues").monotime

local limits = {}

local OPERATING_WINDOW = 600 -- seconds: ten one-minute slots on a real portal

--- One request falls into the bucket of `source`. False when it is full.
function limits.admit(buckets, settings, source)
  if not settings.enabled then return true end
  local now = monotime()
  local bucket = buckets[source]
  if not bucket then
    bucket = { level = 0, at = now }
    buckets[source] = bucket
  end
  bucket.level = math.max(0, bucket.level - (now - bucket.at) * settings.rate)
  bucket.at = now
  if bucket.level + 1 > settings.burst then return false end
  bucket.level = bucket.level + 1
  return true
end

local function account_of(accounts, settings, key)
  local account, now = accounts[key], monotime()
  if not account or now >= account.reset then
    local window = settings and settings.window or OPERATING_WINDOW
    account = { sum = 0, reset = now + window, reset_at = math.ceil(os.time() + window) }
    accounts[key] = account
  end
  return account
end

--- May this method run? It is asked before the call, so the call that goes over the limit still
--- runs.
function limits.may_operate(accounts, settings, key)
  return not settings or not settings.limit
    or account_of(accounts, settings, key).sum <= settings.limit
end

--- Books the call's cost. Returns `operating` and `operating_reset_at` of the time block.
function limits.operate(accounts, settings, key)
  local account = account_of(accounts, settings, key)
  account.sum = account.sum + (settings and settings.cost or 0)
  return account.sum, account.reset_at
end

return limits
