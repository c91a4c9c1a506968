--- Tasks: coroutines of ours, in which calls look as if they blocked while the program goes on. A
--- callback, b24.run, a watch and b24.counters_all are tasks.

local codec = require "b24.codec"
local perform = require "b24.wait.perform"
local engine = require "b24.wait.engine"
local blame = codec.blame

--- What client:counters(callback) and b24.run return.
---@class b24.task
---@field done boolean
---@field package co thread
---@field package waiter b24.waiter
---@field package callback function|false
---@field package results any[]
---@field package failure string|false what the function threw
---@field package waiting integer|false number of the wait that it is in
---@field package waits integer how many there were
---@field package job integer|false|nil of the engine, for this wait
---@field package wake function|false ends this wait, and no other
---@field package cancelled boolean
---@field package starting boolean
---@field package joiners function[]
local Task = {}
Task.__index = Task

local by_coroutine = setmetatable({}, { __mode = "k" })
local alive = {} -- waiter -> { task = true }
local unpack = table.unpack or unpack -- luacheck: ignore (5.1)
local YIELD = {} -- what a task yields first; anything else that it yields is a mistake
local RESUME = {} -- what it is resumed with by us; who resumes it without is a stranger
local CANNOT_WAIT =
  "this has to wait, and cannot here: not in a finaliser, a hook, or a function that a C function "
  .. "calls (string.gsub, table.sort)"
local LONGEST = 1e12 -- milliseconds: what the engine can sleep

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
  -- a b24.run that blocks waits for it, too
  local later, living = { done = false }, alive[self.waiter]
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
  if err:find("attempt to yield across", 1, true) then
    err = ("%s (b24: %s; in Lua 5.1 not in pcall either)"):format(err, CANNOT_WAIT)
  end
  local ok, text = pcall(debug.traceback, co, err)
  return ok and text or err
end

local resume

-- Begins what the task, which has just yielded, waits for: begin(wake) returns the engine's job,
-- nil where there is none, or false when nothing is waited for. Returns whether to go on at once,
-- and with what.
local function begin_wait(self, begin)
  local number = self.waits + 1
  self.waits, self.waiting = number, number
  local function wake(event, data)
    if self.waiting ~= number then return end
    self.waiting, self.job, self.wake = false, false, false
    resume(self, event, data)
  end
  self.wake = wake
  local job = begin(wake)
  if self.waiting == number then
    self.job = job
    return job == false
  end
  if job then engine.cancel(job) end -- woken meanwhile: a finaliser cancelled the task
  return false
end

-- As begin_wait; what it throws is for the task.
local function try_wait(self, begin)
  local before = self.waits
  local ok, at_once = pcall(begin_wait, self, begin)
  if ok and not at_once then return false end
  -- it has gone on already
  if self.waits > before and self.waiting ~= before + 1 then return false end
  self.waiting, self.job, self.wake = false, false, false
  if ok then return true end
  return true, "error", at_once
end

local function resumed(self, ok, ...)
  if coroutine.status(self.co) == "dead" then
    if ok then return finish(self, true, ...) end
    local err = ...
    return finish(self, false, traced(self.co, err))
  end
  local mark, begin = ...
  if mark ~= YIELD then
    return finish(self, false, "b24: inside b24.run only calls of b24 may yield")
  end
  if not begin then return true end -- it has only tried whether it can yield
  return try_wait(self, begin)
end

-- Runs the coroutine until it waits or ends. What it waits for is begun here, when it has yielded:
-- where it cannot, nothing was begun, and nothing can come back to it later.
function resume(self, event, data)
  local go_on = true
  while go_on do
    go_on, event, data = resumed(self, coroutine.resume(self.co, RESUME, event, data))
  end
end

-- Yields, until one of us resumes.
local function yield(begin)
  local who, event, data = coroutine.yield(YIELD, begin)
  while who ~= RESUME do who, event, data = coroutine.yield(YIELD) end
  return event, data
end

local plain51 = _VERSION == "Lua 5.1" and not rawget(_G, "jit")

-- May the coroutine of a task, which runs now, wait? Where Lua does not tell (5.1, 5.2) it is
-- tried; in 5.1 what cannot be then throws Lua's own words.
local function may_wait()
  local may = codec.may_yield()
  if may ~= nil then return may end
  if plain51 then return yield() or true end
  return (pcall(yield))
end

-- Waits for what `begin` begins, see begin_wait, or for a cancellation, which answers "cancel".
local function await(self, begin)
  if self.cancelled then return "cancel" end
  if codec.may_yield() == false then error("b24: " .. CANNOT_WAIT, 0) end
  local event, data = yield(begin)
  if event == "error" then error(data, 0) end
  return event, data
end

local function outcome(co, ok, ...)
  if coroutine.status(co) == "dead" then return ok, ... end
  return outcome(co, coroutine.resume(co, coroutine.yield(...))) -- it waits, so we do
end

-- pcall for a function that may wait: in PUC Lua 5.1 nothing can yield through pcall.
local function coroutine_pcall(f, ...)
  local co = coroutine.create(f)
  by_coroutine[co] = current()
  return outcome(co, coroutine.resume(co, ...))
end

-- What perform.lua asks for: the task that runs now waits for it.
local CANCELLED = { kind = "closed", code = "CANCELLED", message = "the call was cancelled",
  sent = true }

-- The task that waits. Its host used elsewhere, in a coroutine inside it say, would wait for
-- another one.
local function the_task()
  return current()
    or error("b24: this call belongs to a task, and can be made in its coroutine only", 0)
end

local function send(_, call)
  local self, trouble, sent = the_task(), nil, nil
  local event, data = await(self, function(wake)
    local ok, id, err = pcall(engine.send, call, self.waiter, wake)
    if ok and id then return id end
    trouble, sent = ok and err or id, ok
    return false
  end)
  if trouble then
    local words = tostring(trouble):gsub("^b24: ", "")
    if words:find("too many open files", 1, true) then
      return nil, { kind = "config", code = "TOO_MANY_OPEN_FILES", message = words, sent = false }
    end
    return nil, { kind = "network", code = "ENGINE_FAILED", message = words, sent = sent }
  elseif event == "cancel" then
    return nil, CANCELLED
  elseif event == "reply" then
    return data
  end
  return nil, data
end

local function sleep(seconds)
  local self = the_task()
  return await(self, function(wake) return engine.sleep(seconds, self.waiter, wake) end) ~= "cancel"
end

local task_pcall = plain51 and coroutine_pcall or pcall
local core = perform.core { send = send, sleep = sleep, pcall = task_pcall,
  here = current }

---@param waiter b24.waiter
---@param body fun(core: table): any
---@param opts? {callback: function?, method: string?} callback: gets what `body` returns; method:
--- for the info of a cancelled call
---@return b24.task
local function spawn(waiter, body, opts)
  opts = opts or {}
  -- All fields at once: setting one that is there needs no memory.
  local self = setmetatable({ done = false, joiners = {}, waiter = waiter,
    callback = opts.callback or false,
    method = opts.method, results = NO_MEMORY, failure = false, job = false,
    waiting = false, waits = 0,
    wake = false, cancelled = false, starting = true, co = false }, Task)
  self.co = coroutine.create(function() return body(core) end)
  by_coroutine[self.co] = self
  alive[waiter] = alive[waiter] or {}
  alive[waiter][self] = true
  resume(self)
  self.starting = false
  return self
end

-- A task beside the one that runs now.
function core.spawn(body) return spawn(the_task().waiter, body) end

--- Gives the call up: its callback gets kind "closed", code "CANCELLED". What was sent may still
--- have run.
---@return boolean cancelled false: it was over already
function Task:cancel()
  if self.done or self.cancelled then return false end
  self.cancelled = true
  if self.job then engine.cancel(self.job) end
  if self.wake then self.wake "cancel" end
  return true
end

--- Calls `f` when the task has ended, however it did; at once if it has.
---@package
function Task:on_end(f)
  if self.done then return f() end
  self.joiners[#self.joiners + 1] = f
end

--- Does not wake this one at the end; it does not wait any more.
---@package
function Task:forget(joiner)
  for i, one in ipairs(self.joiners) do
    if one == joiner then return table.remove(self.joiners, i) end
  end
end

-- Inside another task: that one waits.
local function join(self, me, seconds)
  local timer, joiner
  await(me, function(wake)
    if self.done then return false end -- meanwhile, in a finaliser
    joiner = wake
    self.joiners[#self.joiners + 1] = wake
    timer = seconds and engine.sleep(seconds, me.waiter, wake) or nil
    return timer
  end)
  if not self.done then self:forget(joiner)
  elseif timer then engine.cancel(timer) end
end

--- Milliseconds to wait, checked.
local function to_seconds(ms)
  if ms == nil then return nil end
  if type(ms) ~= "number" then
    blame("b24: wait needs a number of milliseconds, not a " .. type(ms))
  elseif not (ms >= 0 and ms <= LONGEST) then
    blame(("b24: wait needs 0 to 1e12 milliseconds, not %s; without any it waits as long as it "
      .. "takes"):format(tostring(ms)))
  end
  return ms / 1000
end

--- Waits until the call is finished, and keeps the program's event loop running meanwhile. Inside
--- b24.run only the task waits.
---@param ms? number at most so many milliseconds (0 to 1e12); nil: as long as needed
---@return any value
---@return string? err code "WAIT_TIMEOUT" when the call is not finished yet; it keeps running
---@return b24.info? info
function Task:wait(ms)
  local seconds, me = to_seconds(ms), current()
  local inside = me == self or not me and self.co and coroutine.status(self.co) == "normal"
  if inside and not self.done then blame("b24: a task cannot wait for itself") end
  if not self.done and me then
    if not may_wait() then blame("b24: " .. CANNOT_WAIT) end
    join(self, me, seconds)
  elseif not self.done then
    self.waiter.turn(self, seconds or math.huge)
  end
  if self.done then return unpack(self.results, 1, self.failure and 0 or self.results.n) end
  return codec.fault("timeout", "WAIT_TIMEOUT", "the call is not finished yet; it keeps running",
    nil, self.method)
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

---@return b24.waiter? the one that drives what is begun now: that of the task that runs, or of a
--- b24.run that blocks
local function driver()
  local task = current()
  return task and task.waiter or finishing
end

function Task:__tostring() return self.done and "b24.task (done)" or "b24.task" end

--- The task that runs now waits for what `begin(wake, waiter)` begins.
local function wait_for(begin)
  local self = the_task()
  return await(self, function(wake) return begin(wake, self.waiter) end)
end

return { spawn = spawn, current = current, driver = driver, core = core, sleep = sleep,
  finish_all = finish_all, may_wait = may_wait, wait_for = wait_for, pcall = task_pcall }
