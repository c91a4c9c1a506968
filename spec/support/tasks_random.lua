--- Tasks that do anything a Lua program does, at random: each call carries a number of its own,
--- which the portal sends back.
---
---     require("spec.support.tasks_random").run { conf =, loop =, seed =, calls =, done = }
---
--- Runs in a program of spec/support/loops.lua; ends the process with status 1 at the first wrong
--- answer.

local data = require "spec.support.data"
local garbage = require "spec.support.garbage"

local M = {}

local WORKERS = 12

-- What waiting for calls was before a wake-up acted only for its own wait: begun first, then
-- yielded. It shows that the random tasks find it.
local OLD = {
  ["lua/b24/wait/task.lua"] = {
    { "local function await%(self, begin%)\n.-\nend\n", [[
local function await(self, begin)
  if self.cancelled then return "cancel" end
  local woken = false
  local function wake(event, data)
    if woken or self.done then return end
    woken, self.job, self.wake = true, false, false
    resume(self, event, data)
  end
  self.wake = wake
  self.job = begin(wake)
  if self.job ~= false then return select(2, coroutine.yield(YIELD)) end
  woken, self.wake = true, false
end
]] },
    { "if not begin then return true end", "if not begin then return false end" },
    { "local function may_wait%(%)\n",
      "local function may_wait()\n  if true then return true end\n" },
  },
}

function M.plant()
  for path, changes in pairs(OLD) do
    local file = assert(io.open(path))
    local source = file:read "*a"
    file:close()
    for _, change in ipairs(changes) do
      local count
      source, count = source:gsub(change[1], (change[2]:gsub("%%", "%%%%")))
      assert(count == 1, "the old code fits nowhere: " .. change[1])
    end
    local name = path:match "lua/(.*)%.lua":gsub("/", ".")
    -- luacheck: ignore
    package.preload[name] = assert((loadstring or load)(source, "@old " .. path))
  end
end

local function new_state(setup)
  local b24 = require "b24"
  local state = { setup = setup, random = data.random(setup.seed), asked = 0, open = {},
    handles = {}, all = {}, trail = {}, count = { answered = 0, cancelled = 0 } }

  function state.fail(why)
    print(("%s; in call %d of seed %d over %s, after: %s"):format(why, state.asked,
      setup.seed, setup.loop, table.concat(state.trail, " ", math.max(1, #state.trail - 30))))
    io.stdout:flush()
    os.exit(1)
  end

  function state.number()
    state.asked = state.asked + 1
    local mine = (setup.base or 0) + state.asked
    state.open[mine] = true
    return mine
  end

  -- The answer to the question with number `mine`.
  function state.check(mine, answer, err, info)
    if not state.open[mine] then state.fail("answered twice: " .. mine) end
    state.open[mine] = nil
    local number = type(answer) == "table" and tonumber(answer.n) or answer
    if answer and number ~= mine then
      state.fail(("WRONG: asked %d, answered %s"):format(mine, tostring(number)))
    end
    if not answer
        and info.code == "NO_BATCH" then state.fail("WRONG: asked for a batch,"
          .. " answered something else") end
    if not answer and info.code ~= "CANCELLED" then state.fail("no answer: " .. tostring(err)) end
    local what = answer and "answered" or "cancelled"
    state.count[what] = state.count[what] + 1
  end

  function state.ask(client)
    if state.asked >= setup.calls then return end
    local mine = state.number()
    state.check(mine, (client or state.client):call("b24test.echo", { n = mine }))
  end

  local function client(more)
    local conf = {}
    for key, value in pairs(setup.conf) do conf[key] = value end
    for key, value in pairs(more or {}) do conf[key] = value end
    return assert(b24.client(conf))
  end
  state.client = client()
  state.logged = client { log = function() if state.random(3) == 1 then state.ask() end end }
  state.limited = client { limiter = { reserve = function()
    if state.random(2) == 1 then state.ask() end
    return 0
  end } }
  return state
end

-- What a task may do ------------------------------------------------------------------------------

local actions = {}

function actions.plain(state) state.ask() end
function actions.log(state) state.ask(state.logged) end
function actions.limiter(state) state.ask(state.limited) end
function actions.pcall(state) pcall(state.ask) end
function actions.xpcall(state) xpcall(state.ask, function(err) return err end) end

function actions.gsub(state)
  pcall(string.gsub, "ab", ".", function()
    state.ask(state.random(3) == 1 and state.logged or nil)
  end)
end

function actions.sort(state)
  pcall(table.sort, { 3, 1, 2 }, function(a, b)
    state.ask()
    return a < b
  end)
end

function actions.metamethods(state)
  local meta = {}
  local it = setmetatable({}, meta)
  local function ask()
    state.ask()
    return 1
  end
  meta.__index, meta.__add, meta.__concat, meta.__call, meta.__unm = ask, ask, ask, ask, ask
  pcall(function()
    local all = { it.x, it + 1, it .. "", it(), -it }
    return all
  end)
  pcall(tostring, setmetatable({}, { __tostring = function()
    state.ask()
    return "text"
  end }))
end

function actions.finaliser(state)
  for _ = 1, 3 do garbage.finaliser(function() pcall(state.ask) end) end
  if state.random(4) == 1 then collectgarbage() end
end

function actions.hook(state)
  debug.sethook(function()
    debug.sethook()
    pcall(state.ask)
  end, "", 1)
  local sum = 0
  for i = 1, 100 do sum = sum + i end
  debug.sethook()
  return sum
end

function actions.own_coroutine(state)
  local step = coroutine.wrap(function()
    state.ask()
    coroutine.yield(1)
    state.ask(state.logged)
    coroutine.yield(2)
  end)
  assert(step() == 1)
  state.ask()
  assert(step() == 2)
end

function actions.batch(state)
  if state.asked + 3 > state.setup.calls then return end
  local commands, numbers = {}, {}
  for _, name in ipairs { "a", "b", "c" } do
    numbers[name] = state.number()
    commands[name] = { "b24test.echo", { n = numbers[name] } }
  end
  local answer, err, info = state.client:batch(commands)
  for name, mine in pairs(numbers) do
    state.check(mine, answer and answer.results[name], err, info)
  end
end

local function keep(state, handle)
  state.handles[#state.handles + 1] = handle
  state.all[#state.all + 1] = handle
end

-- One more call beside this task; its handle is kept for others to wait for or cancel.
function actions.callback(state)
  if state.asked >= state.setup.calls or state.setup.loop == "blocking" then return end
  local mine = state.number()
  keep(state, state.client:call("b24test.echo", { n = mine }, function(answer, err, info)
    state.check(mine, answer, err, info)
    if state.random(4) == 1 then pcall(state.ask) end
  end))
end

local function any_handle(state)
  local n = #state.handles
  if n == 0 then return nil end
  return table.remove(state.handles, state.random(n))
end

function actions.wait(state)
  local handle, how = any_handle(state), state.random(4)
  if not handle then return end
  if how == 1 then handle:wait() end
  if how == 2 then handle:wait(state.random(3) - 1) end
  if how == 3 then pcall(handle.wait, handle) end
  if how == 4 then pcall(string.gsub, "a", "a", function() handle:wait(1) end) end
end

function actions.odd_wait(state)
  local handle = any_handle(state)
  if not handle then return end
  for _, odd in ipairs { math.huge, -math.huge, -1, 0 / 0, 1e300 } do
    if pcall(handle.wait, handle, odd) then state.fail("no error for a wait of " .. odd) end
  end
end

function actions.cancel(state)
  local handle = any_handle(state)
  if handle then handle:cancel() end
end

-- A task inside this one, which another cancels, or it itself.
function actions.nested(state)
  local tasks = require "b24.wait.task"
  local task
  task = tasks.spawn(state.waiter, function()
    state.ask()
    if task and state.random(4) == 1 then task:cancel() end
    state.ask()
  end)
  if state.random(3) == 1 then task:cancel() end
  if state.random(2) == 1 then task:wait() else keep(state, task) end
end

function actions.stranger(state)
  local co = coroutine.running()
  garbage.finaliser(function()
    coroutine.resume(co, "reply", { status = 200, body = '{"result":{"n":0}}' })
  end)
  state.ask()
end

local names = {}
for name in pairs(actions) do names[#names + 1] = name end
table.sort(names)

-- The run -----------------------------------------------------------------------------------------

local function work(state)
  while state.asked < state.setup.calls do
    local name = names[state.random(#names)]
    state.trail[#state.trail + 1] = name
    actions[name](state)
  end
end

-- All that was asked has been answered, cancelled or refused.
local function sum_up(state)
  local refused = {}
  for mine in pairs(state.open) do refused[#refused + 1] = mine end
  table.sort(refused)
  print(("asked %d, answered %d, cancelled %d"):format(state.asked, state.count.answered,
    state.count.cancelled))
  print("refused " .. table.concat(refused, " "))
end

--- Runs in a task of its own and ends with state.done(); prints how many calls ended how.
---@param setup table conf, loop, seed, calls, done; base: the numbers of its calls come after it
function M.run(setup)
  local pause = garbage.pace(50)
  local state = new_state(setup)
  local tasks = require "b24.wait.task"
  state.waiter = require("b24.wait." .. setup.loop)
  tasks.spawn(state.waiter, function()
    local workers = {}
    for i = 1, WORKERS do
      workers[i] = tasks.spawn(state.waiter, function() work(state) end)
    end
    for _, worker in ipairs(workers) do worker:wait() end
    for _, handle in ipairs(state.all) do handle:wait() end
    tasks.sleep(0.01) -- who waits for a call goes on before its callback
    garbage.pace(pause)
    sum_up(state)
    setup.done()
  end)
end

return M
