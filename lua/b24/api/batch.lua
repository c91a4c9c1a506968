--- client:batch: many commands in few requests.

local by_side = require "b24.api.side"
local codec = require "b24.codec"
local series = require "b24.api.series"

-- What a failed request says of a command in it.
local function failure(err, info)
  return { kind = info.kind, code = info.code, message = info.message, hint = info.hint, text = err,
    retryable = info.retryable, sent = info.sent }
end

local function names_of(step)
  return step.names or { step.name }
end

-- A request that failed as a whole: nobody knows more of its commands than that.
local function lost(step, err, info, answer)
  for _, name in pairs(names_of(step)) do answer.errors[name] = failure(err, info) end
end

local function merge(from, into)
  for part, entries in pairs(from) do
    for name, value in pairs(entries) do into[part][name] = value end
  end
end

-- The portal's answer to the command, and not to the request.
local ANSWER = { portal = true, denied = true }

-- A command that has to go by itself: its text would be taken for a reference inside a batch. One
-- that the portal refused is answered, too.
local function single(requests, step, answer)
  local result, err, info = requests:call(step.method, step.params)
  if err then
    lost(step, err, info, answer)
    return ANSWER[info.kind] == true, err, info
  end
  answer.results[step.name] = result
  answer.next[step.name], answer.total[step.name] = info.next, info.total
  answer.time[step.name] = info.time
  return true, nil, info
end

-- One request: whether it was answered, err, info.
local function carry_out(requests, step, answer)
  if not step.names then return single(requests, step, answer) end
  local part, err, info = requests:batch(step)
  if part then merge(part, answer) else lost(step, err, info, answer) end
  return part ~= nil, err, info
end

local FAILURE = { "kind", "code", "message", "hint", "retryable", "retry_after", "sent" }

-- The info of all requests, into that of the first which failed, if one did, else of the last.
local function summary(info, failed)
  info.next, info.total = nil, nil -- of one command
  if failed == 0 then -- so is an error of the last
    for _, name in ipairs(FAILURE) do info[name] = nil end
  end
  info.failed = failed > 0 and failed or nil
  return info
end

-- One step after another. Returns how each went, {ok=, err=, info=}, and the info for all.
local function in_turn(requests, steps, halt, answer)
  local outcomes, stopped = {}, false
  for i, step in ipairs(steps) do
    if stopped then
      for _, name in pairs(names_of(step)) do answer.not_reached[name] = true end
    else
      local ok, err, info = carry_out(requests, step, answer)
      outcomes[i] = { ok = ok, err = err, info = info }
      stopped = halt and next(answer.errors) ~= nil
    end
  end
  return outcomes, function(info) return requests:total(info) end
end

-- Several at once. The deadline counts from the beginning of all.
local function at_once(core, conf, steps, parallel, answer)
  local outcomes, sum, begun = {}, {}, codec.clock()
  by_side(core, #steps, parallel, function(i)
    local spent = codec.clock() - begun
    local ok, err, info = carry_out(series.new(core, conf, spent), steps[i], answer)
    codec.add_cost(sum, info, {})
    outcomes[i] = { ok = ok, err = err, info = info }
  end)
  for i, step in ipairs(steps) do -- of a call that was cancelled: each command is in a part
    if not outcomes[i] then
      local _, err, info = codec.fault("closed", "CANCELLED", "the call was cancelled", nil,
        "batch")
      lost(step, err, info, answer)
      outcomes[i] = { ok = false, err = err, info = info }
    end
  end
  return outcomes, function(info)
    sum.elapsed = codec.clock() - begun -- side by side: no sum
    return codec.add_cost(sum, nil, info)
  end
end

-- How many requests failed; err and info of the first, or nil and info of the last; was any
-- answered?
local function judge(outcomes, steps)
  local failed, answered, first, last = 0, #steps == 0, nil, nil
  for i = 1, #steps do
    local one = outcomes[i]
    if one then
      last, answered = one, answered or one.ok
      if not one.ok then failed, first = failed + 1, first or one end
    end
  end
  local shown = first or last or {}
  return failed, first and first.err, shown.info, answered
end

--- Carries out the steps that codec.batch planned. `value, err, info` as everywhere: one failed
--- request does not hide the answers of the others, but `info` tells of it; only when no request
--- was answered is it a failure.
---@param core table b24.core, or that of a task
---@param conf userdata
---@param steps table[] of codec.batch(commands, halt), which throws what is wrong with the commands
---@param opts? {halt: boolean?, parallel: integer?, requests: b24.series?} halt: stop at the first
--- command that fails; parallel: requests at once, in a core that has `spawn`; requests: those that
--- these belong to
local function run(core, conf, steps, opts)
  opts = opts or {}
  local answer = { results = {}, errors = {}, not_reached = {}, next = {}, total = {}, time = {} }
  local outcomes, total
  if (opts.parallel or 1) > 1 then
    outcomes, total = at_once(core, conf, steps, opts.parallel, answer)
  else
    outcomes, total = in_turn(opts.requests or series.new(core, conf), steps, opts.halt, answer)
  end
  local failed, err, info, answered = judge(outcomes, steps)
  info = summary(total(info or { method = "batch" }), failed)
  if not answered then return nil, err, info end
  return codec.batch_check(steps, answer), nil, info
end

return { run = run }
