--- Carries out calls in hosts that wait in their own way: the state machine (codec.call) decides, the transport waits.

local codec = require "b24.codec"

local drive = {}

--- What a transport is. Both may yield.
---@class b24.transport
---@field send fun(request: table, call: userdata): table?, table? a reply {status=, body=, content_type=, location=,
--- retry_after=, http_version=, reused=}, or nil and {kind=, code=, message=, sent=}
---@field sleep fun(seconds: number): boolean false: cancelled

-- The answer of the user's own limiter, as the machine wants it.
local function ask(call, question)
  local limiter = call:limiter(question.question)
  if not limiter then return { wait = 0 } end
  local ok, first, second = pcall(limiter, question.portal, question.time)
  if not ok then
    if type(first) == "string" and (first:find "interrupted!$" or first == "not enough memory") then error(first, 0) end
    return { broken = true }
  elseif not first then
    return { refused = true, wait = second }
  end
  return { wait = first }
end

-- A call object from its first event to its result.
local function perform(transport, call)
  local event, data = "go", nil
  while true do
    local action, payload = call:next(codec.clock(), event, data)
    if action == "SEND" then
      local reply, failure = transport.send(payload, call)
      event, data = reply and "reply" or "failed", reply or failure
    elseif action == "SLEEP" then
      event, data = transport.sleep(payload) and "woke" or "cancel", nil
    elseif action == "ASK" then
      event, data = "answer", ask(call, payload)
    else
      local value, err, info = call:result()
      return value, err, info
    end
  end
end

--- What b24.core is in blocking programs: the functions that make calls, over a transport that may yield.
---@param transport b24.transport
---@return table core {perform=, call=, counters=, batch=, sleep=}
function drive.core(transport)
  local core = { sleep = transport.sleep }

  -- A call object of codec.call -> value, err, info
  function core.perform(call) return perform(transport, call) end

  local function run(conf, method, params, shape, idempotent, level)
    local call, err, info = codec.call(conf, method, params, shape, { idempotent = idempotent, level = level })
    if not call then return nil, err, info end
    return perform(transport, call)
  end

  function core.call(conf, method, params, idempotent, level)
    -- No tail call: levels are counted.
    local value, err, info = run(conf, method, params, nil, idempotent, (level or 1) + 2)
    return value, err, info
  end

  function core.counters(conf) return run(conf, "im.counters.get", nil, "counters") end

  -- A step of codec.batch. Only its plan knows that it does nothing but read.
  function core.batch(conf, step)
    return run(conf, "batch", step, "batch", step.idempotent and true or nil)
  end

  return core
end

return drive
