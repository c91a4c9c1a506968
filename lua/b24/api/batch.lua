--- client:batch: many commands in few requests.

local codec = require "b24.codec"

-- A command that has to go by itself: its text would be taken for a reference inside a batch.
local function single(core, conf, step, answer)
  local result, err, info = core.call(conf, step.method, step.params)
  if err then
    answer.errors[step.name] = { kind = info.kind, code = info.code, message = info.message, hint = info.hint, text = err,
      retryable = info.retryable }
  else
    answer.results[step.name] = result
    answer.next[step.name], answer.total[step.name] = info.next, info.total
  end
  return err, info
end

local function merge(from, into)
  for part, entries in pairs(from) do
    for name, value in pairs(entries) do into[part][name] = value end
  end
end

-- A request that failed as a whole: nobody knows more of its commands than that.
local function lost(step, err, info, answer)
  for _, name in pairs(step.names) do
    answer.errors[name] = { kind = info.kind, code = info.code, message = info.message, hint = info.hint, text = err,
      retryable = info.retryable }
  end
end

local function names_of(step)
  return step.names or { step.name }
end

--- Carries out the steps that codec.batch planned. `value, err, info` as everywhere: one failed request does not hide the
--- answers of the others; only when no request was answered is it a failure.
---@param core table b24.core, or that of a task
---@param conf userdata
---@param steps table[] of codec.batch(commands, halt, level), which throws what is wrong with the commands
---@param halt boolean? stop at the first command that fails
local function run(core, conf, steps, halt)
  local answer = { results = {}, errors = {}, not_reached = {}, next = {}, total = {} }
  local answered, first_err, last_info, stopped = #steps == 0, nil, nil, false
  for _, step in ipairs(steps) do
    if stopped then
      for _, name in pairs(names_of(step)) do answer.not_reached[name] = true end
    else
      local err, info
      if step.names then
        local part
        part, err, info = core.batch(conf, step)
        if part then merge(part, answer) else lost(step, err, info, answer) end
        answered = answered or part ~= nil
      else
        err, info = single(core, conf, step, answer)
        answered = answered or not err or info.status ~= nil -- a command that the portal refused is answered, too
      end
      last_info = info
      first_err = first_err or (err and { err, info })
      stopped = halt and next(answer.errors) ~= nil
    end
  end
  if answered then
    last_info = last_info or { method = "batch", attempts = 0, waited = 0, elapsed = 0 }
    return codec.batch_check(steps, answer), nil, last_info
  end
  return nil, first_err[1], first_err[2]
end

return { run = run }
