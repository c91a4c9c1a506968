-- The operating time of one method for one webhook or application: ten baskets of a minute each.
-- Sources: bitrix24/b24restdocs, limits.md; the server's rest/lib/engine/access/loadlimiter.php.
--
-- An account is { baskets = oldest first }. Settings: { limit =, cost = seconds of a call,
-- window = of all baskets, ban = }. `now` is in seconds since 1970.

local baskets = {}

local COUNT = 10
local WINDOW = 600

function baskets.new()
  return { baskets = {} }
end

-- A basket is emptied so long after its first call; the others stay.
local function drop_old(account, now)
  local list = account.baskets
  while list[1] and list[1].ends <= now do table.remove(list, 1) end
end

local function sum(account)
  local total = 0
  for _, basket in ipairs(account.baskets) do total = total + basket.seconds end
  return total
end

--- May the method run? It is asked before the call, so the call that goes over the limit still
--- runs.
---@param account table
---@param settings table
---@param now number
---@return boolean
function baskets.admit(account, settings, now)
  drop_old(account, now)
  if account.banned_until and now < account.banned_until then return false end
  if not settings.limit or sum(account) <= settings.limit then return true end
  if settings.ban then -- newer servers refuse for so long, and then count from nothing
    account.baskets, account.banned_until = {}, now + settings.ban
  end
  return false
end

--- Books a call. Returns the time block's `operating` and `operating_reset_at`: when the oldest
--- basket will be emptied.
---@param account table
---@param settings table
---@param now number
---@return number operating
---@return number reset_at
function baskets.book(account, settings, now)
  drop_old(account, now)
  local window, cost, list = settings.window or WINDOW, settings.cost or 0, account.baskets
  local minute, newest = math.floor(now / (window / COUNT)), list[#list]
  if cost > 0 and (not newest or newest.minute ~= minute) then
    newest = { minute = minute, ends = now + window, seconds = 0 }
    list[#list + 1] = newest
  end
  if cost > 0 then newest.seconds = newest.seconds + cost end
  return sum(account), list[1] and list[1].ends or now + window
end

return baskets
