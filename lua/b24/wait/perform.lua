--- Carries out calls in programs that wait in their own way: the state machine (codec.call)
--- decides, the host waits.

local codec = require "b24.codec"

codec.own(debug.getinfo(1, "S").source) -- where b24 itself was not loaded

local M = {}

--- What waits for a call: sends and sleeps. Both may yield.
---@class b24.host
---@field send fun(request: table, call: userdata): table?, table? a reply
--- {status=, body=, content_type=, location=, retry_after=, date=, http_version=, reused=}, or nil
--- and {kind=, code=, message=, sent=}
---@field sleep fun(seconds: number): boolean false: cancelled
---@field pcall? function pcall through which may be yielded, where Lua's own is none
---@field here? fun(): any what tells those apart that wait side by side; default: the coroutine

-- What is not the user's to keep: a lack of memory and Ctrl-C (lua.c's hook raises "interrupted!",
-- once).
function M.guard(ok, err)
  if ok or type(err) ~= "string" then return end
  if err:find "interrupted!$" or err == "not enough memory" then error(err, 0) end
end

-- What the user's function for tokens says: conf.oauth.store.load or save, or what conf.token or
-- conf.webhook is.
local function ask_for_tokens(host, answerer, question)
  local ok, value, message = (host.pcall or pcall)(answerer, question.tokens)
  M.guard(ok, value)
  return { ok = ok, value = value, message = message }
end

local LIMITER = { reserve = true, penalise = true }

-- The answer of the user's own limiter, or store, as the machine wants it.
local function ask(host, call, question)
  local limiter = call:answerer(question.question)
  if not LIMITER[question.question] then return ask_for_tokens(host, limiter, question) end
  if not limiter then return { wait = 0 } end
  local ok, first, second = (host.pcall or pcall)(limiter, question.portal, question.time)
  M.guard(ok, first)
  if not ok then
    return { broken = true }
  elseif not first then
    return { refused = true, wait = second }
  end
  return { wait = first }
end

local MAIN = {} -- Lua 5.1 has no name for the main coroutine
-- who waits -> how many logs are being called there
local depths = setmetatable({ [MAIN] = 0 }, { __mode = "k" })
-- a log is told of the calls that it makes, but not of those that it makes then: there is no end of
-- them
local DEPTH = 2

-- Tells the user's log what the last step did. It may make calls, which wait. A log that throws
-- must not break the call that it watches: the error is returned.
local function tell(host, call, log)
  local here, failure = (host.here or coroutine.running)() or MAIN, nil
  local depth = depths[here] or 0
  if depth == DEPTH then return nil end
  for event in call.event, call do
    depths[here] = depth + 1
    local ok, err = (host.pcall or pcall)(log, event)
    depths[here] = depth
    M.guard(ok, err)
    if not ok then failure = failure or tostring(err) end
  end
  return failure
end

local function finish(call, log_error)
  local value, err, info = call:result()
  if info then info.log_error = log_error end
  return value, err, info
end

-- A call object from its first event to its result.
local function perform(host, call)
  local event, data, log_error = "go", nil, nil
  local log = call:log()
  while true do
    local action, payload = call:next(codec.clock(), event, data)
    if log then log_error = log_error or tell(host, call, log) end
    if action == "SEND" then
      local reply, failure = host.send(payload, call)
      event, data = reply and "reply" or "failed", reply or failure
    elseif action == "SLEEP" then
      event, data = host.sleep(payload) and "woke" or "cancel", nil
    elseif action == "ASK" then
      event, data = "answer", ask(host, call, payload)
    else
      local value, err, info = finish(call, log_error)
      return value, err, info
    end
  end
end

--- What b24.core is in blocking programs: the functions that make calls, over a host that may
--- yield.
---@param host b24.host
---@return table core {perform=, call=, counters=, batch=, sleep=}
function M.core(host)
  local core = { sleep = host.sleep }

  -- A call object of codec.call -> value, err, info
  function core.perform(call) return perform(host, call) end

  -- spent: seconds of conf's timeout that earlier requests took
  local function run(conf, method, params, shape, idempotent, spent, bulk)
    local opts = { idempotent = idempotent, spent = spent, bulk = bulk }
    local call, err, info = codec.call(conf, method, params, shape, opts)
    if not call then return nil, err, info end
    return perform(host, call)
  end

  function core.call(conf, method, params, idempotent, spent)
    return run(conf, method, params, nil, idempotent, spent)
  end

  function core.counters(conf, spent)
    return run(conf, "im.counters.get", nil, "counters", nil, spent)
  end

  -- A step of codec.batch. Only its plan knows that it does nothing but read.
  function core.batch(conf, step, spent)
    return run(conf, "batch", step, "batch", step.idempotent and true or nil, spent, step.bulk)
  end

  return core
end

return M
