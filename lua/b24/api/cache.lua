--- conf.max_age, conf.stale_ok: an answer of this user's other processes in the place of a request. What decides is C
--- (src/os/cache_file.c); here it is only carried out. Nothing waits on a lock: what is busy is looked at again.

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

-- Not in PUC Lua 5.1: there the claim of a call that waits by yielding, and throws, ends when the entry is collected.
local PCALL_YIELDS = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil

local function ended(entry, ok, ...)
  if ok then return ... end
  entry:release()
  error((...), 0)
end

-- One request. What a call throws (Ctrl-C, a lack of memory) must not leave the others waiting for it.
local function ask(entry, core, conf)
  local function call()
    local request, err, info = codec.call(conf, METHOD, nil, "kept")
    if not request then return nil, err, info end
    return core.perform(request)
  end
  if core.sleep and not PCALL_YIELDS then return call() end
  return ended(entry, pcall(call))
end

-- With the claim: ask, then keep the reply for the others. It is kept as the portal wrote it: another conf may want its
-- nulls, or less depth, and must get what it would get from the portal.
local function ask_portal(entry, core, conf, old, age, stale_ok)
  local counters, err, info = ask(entry, core, conf)
  local body = info.body
  info.body = nil
  if counters and body then
    entry:store(body)
    return counters, nil, info
  end
  entry:release()
  if counters then return counters, nil, info end
  if old and stale_ok and not FINAL[info.kind] then return answered(old, age, err) end
  return nil, err, info
end

-- Another process asks, and has not answered yet: what is to be said when there is no time left.
local function too_late(old, age, stale_ok)
  if old and stale_ok then return answered(old, age, "another process still waits for an answer") end
  return codec.fault("timeout", "TIMEOUT", "another process of yours has been asking the portal all the time",
    "Repeat the call, or give it more time with timeout (seconds).", METHOD)
end

local function from_entry(entry, core, conf)
  local waited = false
  while true do
    local step, old, age = entry:step()
    local left, stale_ok = entry:patience()
    if step == "hit" and old then
      return answered(old, age)
    elseif step == "hit" then
      return core.counters(conf) -- an entry whose checksum is right, though it holds no counters
    elseif step == "ask" and waited and old and stale_ok then
      -- Who had the claim before us got no answer: not one process after the other shall wait for the same silence.
      entry:release()
      return answered(old, age, "another process got no answer")
    elseif step == "ask" then
      return ask_portal(entry, core, conf, old, age, stale_ok)
    elseif left <= 0 then
      return too_late(old, age, stale_ok)
    end
    waited = true
    local pause = math.min(PAUSE, left)
    if not core.sleep then
      codec.nap(pause)
    elseif not core.sleep(pause) then
      return codec.fault("closed", "CANCELLED", "the call was cancelled", nil, METHOD)
    end
  end
end

--- The counters as the conf wants them: from the cache if it names one, or from the portal. Yields where the core does.
---@param core table b24.core, or one of b24.drive
---@param conf userdata
---@return b24.counters? counters
---@return string? err
---@return b24.info info
function cache.counters(core, conf)
  local entry, err, info = codec.cache(conf)
  -- A user without a home, of a service or container: as the limiter counts alone, so it asks alone.
  if err and info.code == "NO_RUNTIME_DIR" then return core.counters(conf) end
  if err then return nil, err, info end
  if entry then return from_entry(entry, core, conf) end
  return core.counters(conf)
end

--- What is fresh enough, without a core: a hit loads no libcurl, and can be had where no call could be made.
---@param conf userdata
---@return b24.counters? counters nil: there is none, or the conf wants no cache
---@return nil
---@return b24.info? info
function cache.hit(conf)
  local entry = codec.cache(conf)
  local counters, age
  if entry then counters, age = entry:peek() end
  if counters then return answered(counters, age) end
end

--- The same for core.counters, when it is called by itself.
---@param conf userdata
---@return b24.counters? counters
---@return string? err
---@return b24.info info
function cache.blocking(conf)
  local counters, _, about = cache.hit(conf)
  if counters then return counters, nil, about end
  return cache.counters(require "b24.core", conf)
end

return cache
