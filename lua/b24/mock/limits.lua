-- How a portal slows its clients down: the leaky bucket per source address, and the operating time
-- of a method.

local monotime = require("cqueues").monotime

local baskets = require "b24.mock.baskets"

local limits = {}

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

local clock_offset = os.time() - monotime()

local function account_of(accounts, key)
  accounts[key] = accounts[key] or baskets.new()
  return accounts[key]
end

--- May this method run?
function limits.may_operate(accounts, settings, key)
  return not settings
    or baskets.admit(account_of(accounts, key), settings, monotime() + clock_offset)
end

--- Books the call's cost. Returns `operating` and `operating_reset_at` of the time block.
function limits.operate(accounts, settings, key)
  local operating, reset_at =
    baskets.book(account_of(accounts, key), settings or {}, monotime() + clock_offset)
  return operating, math.ceil(reset_at)
end

return limits
