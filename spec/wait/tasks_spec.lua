-- What a task may do while it waits, and where it cannot wait. At random: tasks_random_spec.

local loops = require "spec.support.loops"
local start = require("spec.support.portal").start

describe("in a task", function()
  local portal
  setup(function() portal = start() end)
  before_each(function() portal:reset() end)

  -- Printed over each loop, when every request was sent so many times over each.
  local function prints(expected, source, requests, opts)
    local ends, n = loops.run(portal, source, opts), 0
    for name, ended in pairs(ends) do
      n = n + 1
      assert.same({ name, 0, expected, "" }, { name, ended.status, ended.out, ended.err })
    end
    if requests then assert.equal(requests * n, #portal:log()) end
  end

  local RUN = [[
    local function refused(ok, err)
      return not ok and (err:find "cannot here" or err:find "attempt to yield across") ~= nil
    end
    local function ask(n)
      local answer, err = client:call("b24test.echo", { n = n })
      return answer and answer.n or err
    end
    local waiter = require("b24.wait." .. LOOP)
    local function task(body) return require("b24.wait.task").spawn(waiter, body) end
  ]]

  it("a call that cannot wait is refused before it is sent; the next answer is its own", function()
    prints("true\n2\ntrue\n4\ntrue\n6\n", RUN .. [[
      task(function()
        print(refused(pcall(string.gsub, "a", "a", function() ask(1) end)))
        print(ask(2))
        print(refused(pcall(table.sort, { 2, 1 }, function(a, b) ask(3) return a < b end)))
        print(ask(4))
        local seen = {}
        local proxy = rawget(_G, "newproxy") and newproxy(true) or setmetatable({}, { __gc = true })
        getmetatable(proxy).__gc = function() seen = { pcall(ask, 5) } end
        proxy = nil
        collectgarbage() collectgarbage()
        print(refused(seen[1], seen[2]))
        print(ask(6))
        done()
      end)
    ]], 3)
  end)

  -- In Lua 5.1 it is Lua's own words.
  local named = _VERSION == "Lua 5.1" and not rawget(_G, "jit") and function() end or it
  named("the refusal names the caller's line", function()
    prints("true\ttrue\n", RUN .. [[
      task(function()
        local ok, err = pcall(string.gsub, "a", "a", function() client:call "profile" end)
        print(not ok, err:find "main%.lua:%d+: b24: .*cannot here" ~= nil)
        done()
      end)
    ]], 0)
  end)

  it("a coroutine of the program's own may make calls", function()
    prints("1\nyielded\n3\n2\n", RUN .. [[
      task(function()
        local step = coroutine.wrap(function()
          print(ask(1))
          coroutine.yield "yielded"
          print(ask(2))
        end)
        print((step() or "nothing"))
        print(ask(3))
        step()
        done()
      end)
    ]], 3)
  end)

  it("a log makes calls, is told of these, and of no more", function()
    -- 1 call, 2 events; 2 calls of the log, 4 events; 4 calls that nobody is told of
    prints("7\t6\t9\n", [[
      local n, told = 100, 0
      local logged
      conf.log = function()
        told = told + 1
        n = n + 1
        local mine = n
        assert(logged:call("b24test.echo", { n = mine }).n == mine)
      end
      logged = b24.client(conf)
      require("b24.wait.task").spawn(require("b24.wait." .. LOOP), function()
        local answer = logged:call("b24test.echo", { n = 7 })
        print(answer.n, told, (client:call("b24test.echo", { n = 9 })).n)
        done()
      end)
    ]], 8)
  end)

  it("an error of a log is in the info, and of no harm", function()
    prints("7\ttrue\n8\ttrue\n", [[
      conf.log = function() error "the disk is full" end
      local logged = b24.client(conf)
      local function show(answer, _, info)
        print(answer.n, info.log_error:find "the disk is full" ~= nil)
      end
      require("b24.wait.task").spawn(require("b24.wait." .. LOOP), function()
        show(logged:call("b24test.echo", { n = 7 }))
        -- which blocks
        coroutine.wrap(function() show(logged:call("b24test.echo", { n = 8 })) end)()
        done()
      end)
    ]], 2)
  end)

  it("a limiter makes calls", function()
    prints("7\t1\n", [[
      local asked
      conf.limiter = { reserve = function()
        asked = client:call("b24test.echo", { n = 1 }).n
        return 0
      end }
      local limited = b24.client(conf)
      require("b24.wait.task").spawn(require("b24.wait." .. LOOP), function()
        local answer = limited:call("b24test.echo", { n = 7 })
        print(answer.n, asked)
        done()
      end)
    ]], 2)
  end)

  it("a log may cancel it", function()
    prints("nil\tCANCELLED\n", [[
      local task
      conf.log = function(event) if event.event == "attempt" then task:cancel() end end
      local logged = b24.client(conf)
      local tasks, waiter = require "b24.wait.task", require("b24.wait." .. LOOP)
      task = tasks.spawn(waiter, function()
        tasks.sleep(0.01) -- until `task` is set
        local answer, _, info = logged:call "profile"
        print(answer, info.code)
        done()
      end)
    ]], 0)
  end)

  it("what resumes its coroutine from outside changes nothing", function()
    prints("7\n", RUN .. [[
      task(function()
        local mine = coroutine.running()
        local pest = task(function()
          for _ = 1, 3 do
            coroutine.resume(mine, "reply", { status = 200, body = '{"result":{"n":0}}' })
            require("b24.wait.task").sleep(0.001)
          end
        end)
        print(ask(7))
        pest:wait()
        done()
      end)
    ]], 1)
  end)

  it("odd times to wait are errors at the caller's line, in it and outside", function()
    prints(("true\ttrue\n"):rep(14), RUN .. [[
      local function odd(handle)
        for _, ms in ipairs { math.huge, -math.huge, -1, 0 / 0, 1e13, "5", {} } do
          local ok, err = pcall(function() handle:wait(ms) end)
          print(not ok, err:find "main%.lua:%d+: b24: wait needs " ~= nil)
        end
      end
      local first = task(function() ask(1) end)
      odd(first)
      task(function()
        odd(first)
        first:wait(1e12)
        done()
      end)
    ]])
  end)

  it("it cannot wait for itself, not in a coroutine of its own either", function()
    prints("false\ttrue\nfalse\ttrue\n", RUN .. [[
      local me
      me = task(function()
        require("b24.wait.task").sleep(0.01)
        local function try()
          local ok, err = pcall(me.wait, me)
          print(ok, err:find "cannot wait for itself" ~= nil)
        end
        try()
        coroutine.wrap(try)()
        done()
      end)
    ]])
  end)

  it("the same holds in a coroutine of a controller of cqueues", function()
    prints("true\n2\n3\n4\ntrue\n", RUN .. [[
      print(refused(pcall(string.gsub, "a", "a", function() ask(1) end)))
      print(ask(2))
      coroutine.wrap(function() print(ask(3)) end)()
      local handle
      coroutine.wrap(function()
        handle = client:call("b24test.echo", { n = 4 }, function(answer) print(answer.n) end)
        print(handle:wait() ~= nil)
      end)()
    ]], 3, { over = { "cqueues" } })
  end)
end)
