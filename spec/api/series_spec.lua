-- Requests that belong together: one deadline, one info. For batches, lists, the inbox and many
-- accounts.
-- One Lua of each kind: real time.

local b24 = require "b24"
local calm = require "spec.support.calm"
local codec = require "b24.codec"
local drive = require "b24.wait.perform"
local portal = require "spec.support.portal"
local series = require "b24.api.series"
local socket = require "socket"

local function conf(timeout)
  return assert(codec.conf { webhook = "https://portal.example/rest/1/abcdefgh12345678/",
    timeout = timeout, limiter = false, retries = 0 })
end

describe("a series of requests", function()
  it("gives each request what is left of the conf's timeout", function()
    for _, case in ipairs { { nil, 20 }, { 0, 20 }, { 5.25, 14.75 }, { 19.9, 0.1 } } do
      local call = codec.call(conf(20), "profile", nil, nil, { spent = case[1] })
      local action, request = call:next(100, "go")
      assert.equal("SEND", action)
      assert.is_true(math.abs(case[2] - request.timeout) < 1e-6, request.timeout)
    end
  end)

  it("sends nothing when nothing is left", function()
    for _, spent in ipairs { 19.999, 20, 20.001, 1e6 } do
      local call = codec.call(conf(20), "profile", nil, nil, { spent = spent })
      assert.equal("DONE", (call:next(100, "go")))
      local _, err, info = call:result()
      assert.equal("b24: TIMEOUT: the deadline passed before anything was sent", err)
      assert.equal("timeout", info.kind)
      assert.equal(0, info.attempts)
      assert.is_false(info.sent)
    end
  end)

  it("hands the deadline on over every transport", function()
    local seen = {}
    local core = drive.core { sleep = function() return true end, send = function(request)
      seen[#seen + 1] = request.timeout
      return { status = 200, content_type = "application/json",
        body = '{"result":{"result":[],"result_error":[]}}' }
    end }
    local requests = series.new(core, conf(20))
    requests.sum.elapsed = 5
    assert(requests:call "profile")
    requests:batch(codec.batch({ me = { "profile" } }, false, 1)[1])
    core.counters(conf(20), 5)
    assert.equal(3, #seen)
    for _, timeout in ipairs(seen) do assert.is_true(timeout <= 15 and timeout > 10, timeout) end
  end)

  it("sums up what they cost", function()
    local sum = {}
    assert.same({ attempts = 1, waited = 0.5, elapsed = 2, status = 200 },
      codec.add_cost(sum, { attempts = 1, waited = 0.5, elapsed = 2, status = 200 }))
    assert.same({ attempts = 3, waited = 0.5, elapsed = 3 },
      codec.add_cost(sum, { attempts = 2, elapsed = 1 }))
    assert.same({ attempts = 3, waited = 0.5, elapsed = 3, kind = "decode" },
      codec.add_cost(sum, nil, { kind = "decode" }))
    assert.same({ attempts = 3, waited = 0.5, elapsed = 3 }, sum)
    assert.has_error(function() codec.add_cost(nil, {}) end)
  end)
end)

describe("against the portal", function()
  local p
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function() p:reset() end)

  local function client(more)
    local options = { webhook = p.http_webhook, allow_http = true, limiter = false, timeout = 30,
      retries = 0 }
    for name, value in pairs(more or {}) do options[name] = value end
    return assert(b24.client(options))
  end

  local function commands(n)
    local list = {}
    for i = 1, n do list[i] = { "profile" } end
    return list
  end

  local function count(map)
    local n = 0
    for _ in pairs(map) do n = n + 1 end
    return n
  end

  -- As it is called in a plain program, and in a task.
  local function both(what)
    calm.check(p, what)
    calm.check(p, function() b24.run(what) end)
  end

  it("info of a batch is that of all its requests", function()
    local answer, err, info = client():batch(commands(120))
    assert(answer, err)
    assert.equal(3, info.attempts)
    assert.is_nil(info.failed)
    assert.is_nil(info.kind)
    p:control("fault", { kind = "slow", delay = 0.1, method = "batch", times = 3 })
    assert.is_true(select(3, client():batch(commands(120), { parallel = 1 })).elapsed >= 0.3)
  end)

  it("info of a batch tells of a request that failed", function()
    p:control("fault", { kind = "cut_body", method = "batch", times = 1 })
    local answer, err, info = client():batch(commands(120), { parallel = 1 })
    assert.is_nil(err)
    assert.equal(70, count(answer.results))
    assert.equal(50, count(answer.errors))
    assert.equal("network", answer.errors[1].kind)
    assert.is_true(answer.errors[1].sent)
    assert.equal(3, info.attempts)
    assert.equal(1, info.failed)
    assert.equal("network", info.kind)
    assert.equal(answer.errors[1].code, info.code)
  end)

  it("info of a batch whose requests all failed has the cost of all", function()
    p:control("fault", { kind = "cut_body", method = "batch", times = 9 })
    local answer, err, info = client():batch(commands(120))
    assert.is_nil(answer)
    assert.is_string(err)
    assert.equal(3, info.attempts)
    assert.equal(3, info.failed)
  end)

  it("info of a batch tells of a command that went alone, and whose request failed", function()
    local text = { TEXT = "$result[a]" } -- the portal would take it for a reference
    local function ask(status, body)
      p:control("reply", { method = "server.time", status = status, body = body })
      return client():batch { a = { "profile" }, b = { "server.time", text } }
    end
    local answer, err,
      info = ask(503, '{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}')
    assert(answer, err)
    assert.equal(1, info.failed)
    assert.equal("QUERY_LIMIT_EXCEEDED", info.code)
    assert.equal("QUERY_LIMIT_EXCEEDED", answer.errors.b.code)
    assert.equal(2, info.attempts)
    -- the command's own error
    answer, err, info = ask(400, '{"error":"SOME_CODE","error_description":"no"}')
    assert(answer, err)
    assert.equal("SOME_CODE", answer.errors.b.code)
    assert.same({ nil, nil, 2 }, { info.failed, info.code, info.attempts })
  end)

  it("a batch has one deadline", function()
    both(function()
      p:control("fault", { kind = "slow", delay = 1.2, method = "batch", times = 9 })
      local answer, err, info = client({ timeout = 2 }):batch(commands(170), { parallel = 1 })
      assert.is_nil(err)
      assert.equal(50, count(answer.results))
      assert.equal(120, count(answer.errors))
      assert.equal("TIMEOUT", answer.errors[60].code)
      assert.equal("TIMEOUT", answer.errors[160].code)
      assert.is_false(answer.errors[160].sent)
      assert.equal(3, info.failed)
      assert.equal("timeout", info.kind)
      assert.equal(2, info.attempts)
    end)
  end)

  it("a list has one deadline", function()
    both(function()
      p:control("fault", { kind = "slow", delay = 1.2, times = 9 })
      local rows, err, info = client({ timeout = 2 }):all "crm.deal.list"
      assert.is_nil(rows)
      assert.equal("TIMEOUT", info.code, err)
      assert.equal(2, info.attempts)
      assert.equal(2, info.pages)
      assert.is_true(info.elapsed >= 1.2)
    end)
  end)

  it("a list read row by row has one deadline", function()
    calm.check(p, function()
      p:control("fault", { kind = "slow", delay = 1.2, times = 9 })
      local n = 0
      local ok, err = pcall(function()
        for _ in client({ timeout = 2 }):list "crm.deal.list" do n = n + 1 end
      end)
      assert.is_false(ok)
      assert.is_truthy(err:find("TIMEOUT", 1, true), err)
      assert.equal(50, n)
    end)
  end)

  it("what the program does between two pages is not within a list's deadline", function()
    local n = 0
    for _ in client({ timeout = 3 }):list "crm.deal.list" do
      n = n + 1
      if n % 50 == 0 then socket.sleep(1.7) end
    end
    assert.equal(120, n)
  end)

  it("the inbox has one deadline", function()
    both(function()
      p:control("fault", { kind = "slow", delay = 1.2, method = "batch", times = 9 })
      local list, err, info = client({ timeout = 2 }):inbox()
      assert(list, err)
      assert.is_truthy(list.incomplete and list.incomplete:find("TIMEOUT", 1, true),
        list.incomplete)
      assert.equal(2, info.attempts)
    end)
  end)

  it("the parts of a long text have one deadline", function()
    calm.check(p, function()
      p:control("fault", { kind = "slow", delay = 1.2, method = "im.message.add", times = 9 })
      local id, err, info = client({ timeout = 2 }):send("chat18", ("a line of text\n"):rep(4000))
      assert.is_nil(id)
      assert.equal("TIMEOUT", info.code, err)
      assert.equal(2, info.attempts)
    end)
  end)

  it("a dialog's messages have one deadline", function()
    calm.check(p, function()
      p:control("dialog", { dialog_id = "chat500", count = 0, history = 170 })
      p:control("fault", { kind = "slow", delay = 1.2, method = "im.dialog.messages.get",
        times = 9 })
      local list, err, info = client({ timeout = 2 }):messages("chat500", { limit = 200 })
      assert.is_nil(list)
      assert.equal("TIMEOUT", info.code, err)
      assert.equal(2, info.attempts)
    end)
  end)
end)
