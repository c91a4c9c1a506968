--- conf.max_age, conf.stale_ok: an answer of this user's other processes in the place of a request. What decides is C
--- (src/cache_file.c); here it is only carried out. Nothing waits on a lock: what is busy is looked at again.

local codec = require "b24.codec"

local cache = {}

local PAUSE = 0.02 -- seconds between two looks while another process asks
local METHOD = "im.counters.get"

-- What an old answer cannot put right.
local FINAL = { config = true, auth = true, denied = true, closed = true }

local function answered(counters, age, why)
  return counters, nil, { method = METHOD, attempts = 0, waited = 0, elapsed = 0, age = age, stale = why ~= nil,
    stale_because = why }
end

-- With the claim: ask, then keep the answer for the others.
local function ask_portal(entry, core_of, conf, old, age, stale_ok)
  local counters, err, info = core_of().counters(conf)
  if counters then
    entry:store(codec.encode(counters))
    return counters, nil, info
  end
  entry:release()
  if old and stale_ok and not FINAL[info.kind] then return answered(old, age, err) end
  return nil, err, info
end

--- The counters, from the cache or from the portal. May yield where the core and `sleep` do.
---@param entry userdata codec.cache(conf)
---@param core_of fun(): table the core that asks (not needed, and so not loaded, for a hit); throws where it must not block
---@param conf userdata
---@param sleep? fun(seconds: number) how this host waits; default: it blocks
---@return b24.counters? counters
---@return string? err
---@return b24.info info
function cache.counters(entry, core_of, conf, sleep)
  local waited = false
  while true do
    local step, old, age = entry:step()
    local left, stale_ok = entry:patience()
    if step == "hit" and old then return answered(old, age) end
    if step == "ask" then
      -- Who had the claim before us got no answer: not one process after the other shall wait for the same silence.
      if waited and old and stale_ok then
        entry:release()
        return answered(old, age, "another process got no answer")
      end
      return ask_portal(entry, core_of, conf, old, age, stale_ok)
    elseif step == "hit" then
      return core_of().counters(conf) -- an entry whose checksum is right, though it holds no counters
    elseif left <= 0 then
      if old and stale_ok then return answered(old, age, "another process still waits for an answer") end
      return codec.fault("timeout", "TIMEOUT", "another process of yours has been asking the portal all the time",
        "Repeat the call, or give it more time with timeout (seconds).", METHOD)
    else
      waited = true
      if not sleep then core_of() end -- before the first nap: may this host be blocked?
      local rest = sleep or codec.nap
      rest(math.min(PAUSE, left))
    end
  end
end

--- The same for core.counters, which b24.counters is in plain Lua.
---@param conf userdata
---@return b24.counters? counters
---@return string? err
---@return b24.info info
function cache.blocking(conf)
  local function core_of() return require "b24.core" end
  local entry, err, info = codec.cache(conf)
  if err then return nil, err, info end
  if not entry then return core_of().counters(conf) end
  return cache.counters(entry, core_of, conf)
end

return cache
