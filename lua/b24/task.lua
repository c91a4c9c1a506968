--- Tasks: coroutines of ours, in which calls look as if they blocked while the program goes on. A callback, b24.run, a
--- watch and b24.counters_all are tasks.

local codec = require "b24.codec"
local drive = require "b24.drive"
local engine = require "b24.engine"

--- What client:counters(callback) and b24.run return.
---@class b24.task
---@field done boolean
---@field package co thread
---@field package waiter b24.waiter
---@field package callback function|false
---@field package results any[]
---@field package failure string|false what the function threw
---@field package job integer|false|nil what it waits for
---@field package resume_with function|false
---@field package cancelled boolean
---@field package starting boolean
---@field package joiners function[]
local Task = {}
Task.__index = Task

local by_coroutine = setmetatable({}, { __mode = "k" })
local alive = {} -- waiter -> { task = true }
local unpack = table.unpack or unpack -- luacheck: ignore (5.1)
local YIELD = {} -- what we yield; anything else that a task yields is a mistake

---@return b24.task? the task that runs now
local function current()
  local co = coroutine.running()
  return co and by_coroutine[co] or nil
end

local function pack(...) return { n = select("#", ...), ... } end

-- A callback is never called before the function that took it has returned.
local function deliver(self)
  local callback, results = self.callback, self.results
  self.callback = false
  if not callback or self.failure then return end
  if not self.starting then return callback(unpack(results, 1, results.n)) end
  local later, living = { done = false }, alive[self.waiter] -- a b24.run that blocks waits for it, too
  engine.sleep(0, self.waiter, function()
    later.done, living[later] = true, nil
    callback(unpack(results, 1, results.n))
  end)
  living[later] = true
end

-- What a task has answered when there was no memory even to keep its answer.
local NO_MEMORY = pack(codec.fault("closed", "OUT_OF_MEMORY", "not enough memory for the answer"))

-- All are woken, whatever one of them throws. Returns the first error.
local function wake_joiners(joiners)
  local failure
  for i = 1, #joiners do
    local ok, err = pcall(joiners[i])
    if not ok then failure = failure or err end
  end
  return failure
end

local function cancelled_results(self)
  return pack(codec.fault("closed", "CANCELLED", "the call was cancelled", nil, self.method))
end

-- `done` first: whatever fails here for lack of memory, nobody waits for ever.
local function finish(self, ok, ...)
  self.done = true
  alive[self.waiter][self] = nil
  by_coroutine[self.co] = nil
  local kept, results
  if self.cancelled and ok then kept, results = pcall(cancelled_results, self)
  else kept, results = pcall(pack, ...) end
  if kept then self.results = results end
  if not ok then self.failure = kept and results[1] or "not enough memory" end
  local failure = wake_joiners(self.joiners)
  deliver(self)
  failure = self.failure or failure
  if failure then error(failure, 0) end
end

local function traced(co, err)
  if type(err) ~= "string" or err:find "interrupted!$" then return err end
  local ok, text = pcall(debug.traceback, co, err)
  return ok and text or err
end

local function resumed(self, ok, ...)
  if coroutine.status(self.co) == "dead" then
    if ok then return finish(self, true, ...) end
    local err = ...
    return finish(self, false, traced(self.co, err))
  elseif (...) ~= YIELD then
    finish(self, false, "b24: inside b24.run only calls of b24 may yield")
  end
end

-- Runs the coroutine until it waits again or ends.
local function resume(self, ...)
  resumed(self, coroutine.resume(self.co, ...))
end

-- Waits until resume_with is called: by what `begin(wake)` has begun, or by a cancellation, which answers "cancel". When
-- begin answers false nothing is waited for.
local function await(self, begin)
  if self.cancelled then return "cancel" end
  local woken = false
  local function wake(...)
    if woken or self.done then return end
    woken, self.job, self.resume_with = true, false, false
    resume(self, ...)
  end
  self.resume_with = wake
  self.job = begin(wake)
  if self.job ~= false then return coroutine.yield(YIELD) end
  woken, self.resume_with = true, false
  return nil
end

-- The transport of drive.lua: what is asked for is waited for by the task that runs now.
local CANCELLED = { kind = "closed", code = "CANCELLED", message = "the call was cancelled", sent = true }

local function send(_, call)
  local self, trouble, sent = current(), nil, nil
  local event, data = await(self, function(wake)
    local ok, id, err = pcall(engine.send, call, self.waiter, wake)
    if ok and id then return id end
    trouble, sent = ok and err or id, ok
    return false
  end)
  if trouble then
    return nil, { kind = "network", code = "ENGINE_FAILED", message = tostring(trouble):gsub("^b24: ", ""), sent = sent }
  elseif event == "cancel" then
    return nil, CANCELLED
  elseif event == "reply" then
    return data
  end
  return nil, data
end

local function sleep(seconds)
  local self = current()
  return await(self, function(wake) return engine.sleep(seconds, self.waiter, wake) end) ~= "cancel"
end

local core = drive.core { send = send, sleep = sleep }

---@param waiter b24.waiter
---@param body fun(core: table): any
---@param opts? {callback: function?, method: string?} callback: gets what `body` returns; method: for the info of a
--- cancelled call
---@return b24.task
local function spawn(waiter, body, opts)
  opts = opts or {}
  -- All fields at once: setting one that is there needs no memory.
  local self = setmetatable({ done = false, joiners = {}, waiter = waiter, callback = opts.callback or false,
    method = opts.method, results = NO_MEMORY, failure = false, job = false,
    resume_with = false, cancelled = false, starting = true, co = false }, Task)
  self.co = coroutine.create(function() return body(core) end)
  by_coroutine[self.co] = self
  alive[waiter] = alive[waiter] or {}
  alive[waiter][self] = true
  resume(self)
  self.starting = false
  return self
end

-- A task beside the one that runs now.
function core.spawn(body) return spawn(current().waiter, body) end

--- Gives the call up: its callback gets kind "closed", code "CANCELLED". What was sent may still have run.
---@return boolean cancelled false: it was over already
function Task:cancel()
  if self.done or self.cancelled then return false end
  self.cancelled = true
  if self.job then engine.cancel(self.job) end
  if self.resume_with then self.resume_with "cancel" end
  return true
end

-- Inside another task: that one waits.
local function join(self, me, seconds)
  local timer
  await(me, function(wake)
    self.joiners[#self.joiners + 1] = wake
    if not seconds then return nil end
    timer = engine.sleep(seconds, me.waiter, wake)
    return timer
  end)
  if timer and self.done then engine.cancel(timer) end
end

--- Waits until the call is over, and keeps the program's event loop going meanwhile. Inside b24.run only the task waits.
---@param ms? number at most so many milliseconds
---@return any value
---@return string? err code "WAIT_TIMEOUT" when the call is not over yet; it goes on
---@return b24.info? info
function Task:wait(ms)
  if ms ~= nil and type(ms) ~= "number" then error("b24: wait needs a number of milliseconds, not a " .. type(ms), 2) end
  local me = current()
  if me == self then error("b24: a task cannot wait for itself", 2) end
  if not self.done and me then
    join(self, me, ms and ms / 1000)
  elseif not self.done then
    self.waiter.turn(self, ms and ms / 1000 or math.huge)
  end
  if self.done then return unpack(self.results, 1, self.failure and 0 or self.results.n) end
  return codec.fault("timeout", "WAIT_TIMEOUT", "the call is not over yet; it goes on", nil, self.method)
end

local finishing -- the waiter of a b24.run that blocks until all is over: callbacks may begin more

local function turn_all(waiter)
  local task = next(alive[waiter])
  while task and engine.busy() do
    waiter.turn(task, math.huge)
    task = next(alive[waiter])
  end
end

-- Blocks until no task of this waiter is left.
local function finish_all(waiter)
  local outer = finishing
  finishing = waiter
  local ok, err = pcall(turn_all, waiter)
  finishing = outer
  if not ok then error(err, 0) end
end

---@return b24.waiter? the one that drives what is begun now: that of the task that runs, or of a b24.run that blocks
local function driver()
  local task = current()
  return task and task.waiter or finishing
end

function Task:__tostring() return self.done and "b24.task (done)" or "b24.task" end

return { spawn = spawn, current = current, driver = driver, core = core, sleep = sleep,
  finish_all = finish_all }
