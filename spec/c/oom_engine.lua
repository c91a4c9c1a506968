-- What oom.c does with engines while memory runs out; see oom.lua. All leave the engine of this
-- state at work, or their own behind: the end of the state must take it along.

local open, webhook, bare = ...
if bare then return {} end

package.path = "lua/?.lua;lua/?/init.lua"
package.preload["b24.codec"], package.preload["b24.core"] = open.codec, open.core

local CONF = { webhook = webhook, allow_http = true, proxy = "", retries = 0, timeout = 25,
  user_agent = "oom", limiter = false }
local scenarios = {}

local function scenario(name, prepare, run)
  scenarios[#scenarios + 1] = { name = name, prepare = prepare, run = run, threads = true }
end

local codec, core = require "b24.codec", require "b24.core" -- the same tables that b24 uses

-- The one event of an engine that has one job.
local function only(engine)
  if not engine:wait(5) then error "nothing happened" end
  local _, event, data = engine:step()
  return event, data
end

local function exchange(engine)
  local call, err, info = codec.call(CONF, "b24test.echo", { a = { 1, 2 } })
  if not call then return nil, err, info end
  local action = call:next(codec.clock(), "go")
  while action ~= "DONE" do
    engine:add(call)
    action = call:next(codec.clock(), only(engine))
  end
  return call:result()
end

-- One after the other on one engine; what goes wrong with one is over before the next.
scenario("engine", nil, function()
  local engine = core.engine()
  engine:sleep(0)
  local woke = only(engine)
  local answer, err, info = exchange(engine)
  if not answer then return nil, err, info end
  local again, again_err, again_info = exchange(engine)
  if not again then return nil, again_err, again_info end
  engine:close()
  return { woke, answer, again }
end)

local function begin(engine)
  local calls = {}
  for i = 1, 3 do
    local call, err, info = codec.call(CONF, "b24test.echo")
    if not call then return nil, err, info end
    call:next(codec.clock(), "go")
    calls[i] = engine:add(call)
  end
  calls[4] = engine:sleep(60)
  return calls
end

scenario("engine cancel", nil, function()
  local engine = core.engine()
  local calls, err, info = begin(engine)
  if not calls then return nil, err, info end
  for _, id in ipairs(calls) do engine:cancel(id) end
  return { engine:running(), engine:step() }
end)

scenario("engine closed in flight", nil, function()
  local engine = core.engine()
  local calls, err, info = begin(engine)
  if not calls then return nil, err, info end
  engine:close()
  return tostring(engine)
end)

scenario("engine left in flight", nil, function()
  local calls, err, info = begin(core.engine())
  return calls and #calls, err, info
end)

-- ------------------------------------------------------------ tasks, over the engine of the state

local function load()
  for _, name in ipairs { "b24.client", "b24.api.counters_all", "b24.api.watch", "b24.wait.context",
    "b24.wait.task", "b24.wait.blocking" } do
    require(name)
  end
  return require "b24"
end

scenario("task", load, function()
  local answer
  local task = require("b24.wait.task").spawn(require "b24.wait.blocking",
    function(tasks) return tasks.call(CONF, "profile") end,
    { callback = function(...) answer = { ... } end, method = "profile" })
  local value, err, info = task:wait()
  if not value then return nil, err, info end
  return { value.ID ~= nil, answer ~= nil, answer and answer[1] == value }
end)

scenario("run", load, function()
  local b24 = load()
  return b24.run(function()
    local client, err, info = b24.client(CONF)
    if not client then return nil, err, info end
    local profile, failure, more = client:call "profile"
    if not profile then return nil, failure, more end
    local counters, message, last = client:counters()
    return counters, message, last
  end, { transport = "blocking" })
end)

scenario("counters_all", load, function()
  local answers, err, info = load().counters_all { a = CONF, b = CONF, c = CONF }
  if not answers then return nil, err, info end
  for _, name in ipairs { "a", "b", "c" } do
    local answer = answers[name]
    if not answer.counters then return nil, answer.err, answer.info end
  end
  return { answers.a.counters, answers.b.counters, answers.c.counters, info.failed }
end)

-- The pause between two answers, at least 0.9 s, would take too long here.
local function hurry()
  load()
  if codec.patient then return end
  codec.patient = codec.watch
  codec.watch = function(every)
    local schedule = codec.patient(every)
    return { answer = function(_, ...) return 0.001, select(2, schedule:answer(...)) end }
  end
end

scenario("watch", hurry, function()
  local client, err, info = load().client(CONF)
  if not client then return nil, err, info end
  local changes, failure = 0, nil
  local function stop_after_two(_, _, watch)
    changes = changes + 1
    watch.counters.TYPE.ALL = -1 -- so that the next answer is news
    if changes == 2 then watch:stop() end
  end
  client:watch { on_change = stop_after_two, on_error = function(text, more, watch)
    failure = { text, more }
    watch:stop()
  end }
  if failure then return nil, failure[1], failure[2] end
  return { changes }
end)

return scenarios
