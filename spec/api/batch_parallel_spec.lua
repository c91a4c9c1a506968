-- client:batch of more commands than one request takes: requests side by side, or in turn.
-- One Lua of each kind: real time.

local b24 = require "b24"
local calm = require "spec.support.calm"
local portal = require "spec.support.portal"
local posix = require "b24_posix"

describe("the requests of a batch", function()
  local p
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function() p:reset() end)

  local function client(more)
    local options = { webhook = p.http_webhook, allow_http = true, limiter = false, timeout = 60,
      retries = 0 }
    for name, value in pairs(more or {}) do options[name] = value end
    return assert(b24.client(options))
  end

  local function count(map)
    local n = 0
    for _ in pairs(map) do n = n + 1 end
    return n
  end

  -- Each command asks for an echo of its own number.
  local function echoes(n)
    local commands = {}
    for i = 1, n do commands[i] = { "b24test.echo", { value = i } } end
    return commands
  end

  local function slow(times)
    p:control("fault", { kind = "slow", delay = 0.3, method = "batch", times = times or -1 })
  end

  local function check(n, answer, err)
    assert(answer, err)
    assert.equal(n, count(answer.results))
    for i = 1, n do assert.equal(tostring(i), tostring(answer.results[i].value)) end
  end

  it("go side by side, ten at once, and each answer keeps its name", function()
    slow()
    local answer, err, info = client():batch(echoes(500))
    check(500, answer, err)
    assert.same({ 10, nil, nil }, { info.attempts, info.failed, info.kind })
    assert.is_true(p:stats().most_at_once >= 5)
    assert.equal(500, count(answer.time))
    assert.is_number(answer.time[7].operating)
  end)

  it("are as many at once as is said", function()
    slow()
    check(200, client():batch(echoes(200), { parallel = 2 }))
    assert.equal(2, p:stats().most_at_once)
  end)

  it("go in turn with parallel = 1: what comes later finds what came before", function()
    slow()
    local commands = {}
    for i = 1, 120 do commands[i] = { "b24test.item.add" } end
    local answer = assert(client():batch(commands, { parallel = 1 }))
    assert.equal(1, p:stats().most_at_once)
    for i = 1, 120 do assert.equal(120 + i, answer.results[i]) end
  end)

  it("go in turn where the first failure ends it", function()
    local commands = echoes(170)
    commands[60] = { "no.such.method" }
    local answer = assert(client():batch(commands, { halt = true, parallel = 5 }))
    assert.same({ 59, 1, 110 },
      { count(answer.results), count(answer.errors), count(answer.not_reached) })
    assert.equal(2, #p:log())
  end)

  it("keep commands together that refer to each other", function()
    local commands = {}
    for i = 1, 120 do
      commands["first " .. i] = { "b24test.echo", { value = "v" .. i } }
      commands["second " .. i] = { "b24test.echo",
        { value = b24.ref("first " .. i, "value") } }
    end
    local answer = assert(client():batch(commands))
    for i = 1, 120 do assert.equal("v" .. i, answer.results["second " .. i].value) end
    assert.equal(5, #p:log())
  end)

  it("fail by themselves", function()
    p:control("fault", { kind = "cut_body", method = "batch", times = 2 })
    local answer, err, info = client():batch(echoes(250))
    assert.is_nil(err)
    assert.same({ 150, 100 }, { count(answer.results), count(answer.errors) })
    assert.same({ 5, 2, "network" }, { info.attempts, info.failed, info.kind })
    for i, failure in pairs(answer.errors) do
      assert.same({ "network", true }, { failure.kind, failure.sent })
      assert.is_nil(answer.results[i])
    end
    p:control("fault", { kind = "cut_body", method = "batch", times = -1 })
    answer, err, info = client():batch(echoes(250))
    assert.is_nil(answer)
    assert.is_string(err)
    assert.same({ 5, 5 }, { info.attempts, info.failed })
  end)

  it("are sent once each if they write, again if they read", function()
    local commands = {}
    for i = 1, 150 do commands[i] = { i <= 50 and "crm.deal.add" or "profile" } end
    p:control("fault", { kind = "execute_then_cut", method = "batch", times = 3 })
    local answer = assert(client({ retries = 2 }):batch(commands))
    assert.same({ 100, 50 }, { count(answer.results), count(answer.errors) })
    assert.equal(50, p:stats().executions["crm.deal.add"])
  end)

  it("have one deadline", function()
    p:control("fault", { kind = "silent", method = "batch", times = -1 })
    local answer, _, info = client({ timeout = 1 }):batch(echoes(200))
    assert.is_nil(answer)
    assert.same({ "timeout", 4 }, { info.kind, info.failed })
    calm.check(p, function()
      slow()
      answer, _, info = client({ timeout = 1 }):batch(echoes(400), { parallel = 1 })
      assert.is_true(count(answer.results) >= 50 and count(answer.errors) >= 50)
      assert.equal("timeout", info.kind)
    end)
  end)

  it("keep to the limiter", function()
    local begun = posix.now()
    local answer, err, info = client({ limiter = { rate = 10, burst = 2 } }):batch(echoes(300))
    check(300, answer, err)
    assert.equal(6, info.attempts)
    assert.is_true(info.waited > 0)
    local log = p:log()
    assert.is_true(log[6].t - begun >= 0.39, log[6].t - begun)
  end)

  it("go side by side inside a task, too, and with a callback", function()
    slow()
    local seen
    b24.run(function()
      check(150, client():batch(echoes(150)))
      local task = client():batch(echoes(150), function(answer, err)
        check(150, answer, err)
        seen = true
      end)
      task:wait()
    end)
    assert.is_true(seen)
    assert.is_true(p:stats().most_at_once >= 2)
  end)

  it("are given up together", function()
    p:control("fault", { kind = "silent", method = "batch", times = -1 })
    local code
    b24.run(function()
      local task = client():batch(echoes(150), function(_, _, info) code = info.code end)
      task:wait(50)
      task:cancel()
    end)
    assert.equal("CANCELLED", code)
  end)

  it("can be cancelled when some are answered and others are not", function()
    slow()
    local first, code = nil, nil
    b24.run(function()
      local c = client { log = function(event) first = first or event.event == "reply" end }
      local task = c:batch(echoes(300), { parallel = 2 }, function(_, _, info)
        code = info.code
      end)
      while not first do task:wait(20) end
      task:cancel()
    end)
    assert.equal("CANCELLED", code)
  end)

  it("want whole numbers", function()
    for _, wrong in ipairs { 0, 51, 1.5, "2", true } do
      local ok, err = pcall(function() client():batch({}, { parallel = wrong }) end)
      assert.is_false(ok)
      assert.truthy(err:find("option 'parallel' must be a whole number of 1 to 50", 1, true), err)
    end
    local _, err = pcall(function() client():batch({}, { paralel = 1 }) end)
    assert.truthy(err:find("unknown option 'paralel' of a batch (there are: halt, "
      .. "parallel; did you", 1,
      true), err)
  end)
end)
