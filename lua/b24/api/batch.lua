--- client:batch: many commands in few requests.

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

-- The info of all requests: that of the first which failed, if one did, else of the last.
local function summary(requests, failed, failed_info)
  local info = requests:total(failed_info or requests.info or { method = "batch" })
  info.next, info.total = nil, nil -- of one command
  if failed == 0 then -- so is an error of the last
    for _, name in ipairs(FAILURE) do info[name] = nil end
  end
  info.failed = failed > 0 and failed or nil
  return info
end

--- Carries out the steps that codec.batch planned. `value, err, info` as everywhere: one failed
--- request does not hide the answers of the others, but `info` tells of it; only when no request
--- was answered is it a failure.
---@param core table b24.core, or that of a task
---@param conf userdata
---@param steps table[] of codec.batch(commands, halt), which throws what is wrong with the commands
---@param halt boolean? stop at the first command that fails
---@param requests b24.series? those that these belong to
local function run(core, conf, steps, halt, requests)
  requests = requests or series.new(core, conf)
  local answer = { results = {}, errors = {}, not_reached = {}, next = {}, total = {} }
  local answered, failed, stopped, first_err, first_info = #steps == 0, 0, false, nil, nil
  for _, step in ipairs(steps) do
    if stopped then
      for _, name in pairs(names_of(step)) do answer.not_reached[name] = true end
    else
      local ok, err, info = carry_out(requests, step, answer)
      answered = answered or ok
      if not ok then
        failed, first_err, first_info = failed + 1, first_err or err, first_info or info
      end
      stopped = halt and next(answer.errors) ~= nil
    end
  end
  local info = summary(requests, failed, first_info)
  if not answered then return nil, first_err, info end
  return codec.batch_check(steps, answer), nil, info
end

return { run = run }
