--- conf.max_age, conf.stale_ok: an answer of this user's other processes in the place of a request.
--- What decides is C (src/os/cache_call.c); here it is carried out where waiting is yielding.
--- Nothing waits on a lock: what is busy is looked at again.

local codec = require "b24.codec"

local cache = {}

local METHOD = "im.counters.get"

-- Not in PUC Lua 5.1: there the claim of a call that waits by yielding, and throws, ends when the
-- entry is collected.
local PCALL_YIELDS = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil

local function ended(entry, ok, ...)
  if ok then return entry:asked(...) end
  entry:release()
  error((...), 0)
end

-- One request, for all. What a call throws (a lack of memory) must not leave the others waiting for
-- it.
local function ask(entry, core, conf)
  local function call()
    -- Waiting for others is within the one deadline.
    local request, err, info = codec.call(conf, METHOD, nil, "kept", { spent = entry:spent() })
    if not request then return nil, err, info end
    return core.perform(request)
  end
  if not PCALL_YIELDS then return ended(entry, true, call()) end
  return ended(entry, pcall(call))
end

local function from_entry(entry, core, conf)
  while true do
    local step, counters, age, pause = entry:step()
    if step == "ask" then return ask(entry, core, conf) end
    if step == "plain" then return core.counters(conf, entry:spent()) end
    if step == "wait" and not core.sleep(pause) then step = "cancelled" end
    if step ~= "wait" then return entry:finish(step, counters, age) end
  end
end

--- The counters as the conf wants them: from the cache if it names one, or from the portal. Yields
--- where the core does.
---@param core table b24.core, or one of b24.wait.perform
---@param conf userdata
---@param spent? number seconds of conf's timeout that are over already
---@param since? number seconds since 1970: an answer from then on, whatever the conf says of age
---@return b24.counters? counters
---@return string? err
---@return b24.info info
function cache.counters(core, conf, spent, since)
  if not core.sleep then return core.counters(conf) end -- b24.core does the same in C
  local entry, err, info = codec.cache(conf, spent, since)
  if err then return nil, err, info end
  if entry then return from_entry(entry, core, conf) end
  return core.counters(conf, spent)
end

--- What is fresh enough, without a core: a hit loads no libcurl, and can be had where no call could
--- be made.
---@param conf userdata
---@return b24.counters? counters nil: there is none, or the conf wants no cache
---@return nil
---@return b24.info? info
function cache.hit(conf)
  local entry = codec.cache(conf)
  local counters, age
  if entry then counters, age = entry:peek() end
  if counters then return entry:finish("hit", counters, age) end
end

return cache
