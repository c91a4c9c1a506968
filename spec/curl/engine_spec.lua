-- The engine itself (b24.core.engine): jobs that go on in its thread, seen as one descriptor.
-- One Lua of each kind: threads and sockets of C.

local codec = require "b24.codec"
local data = require "spec.support.data"
local libcurl = require "spec.support.libcurl"
local posix = require "b24_posix"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

local core = require "b24.core"

describe("an engine", function()
  local portal, engine
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    engine = core.engine()
  end)
  after_each(function() engine:close() end)
  teardown(function() portal:control "clear_faults" end)

  local function conf(more)
    local options = { webhook = portal.webhook, ca_file = portal.ca_file, timeout = 60, retries = 0,
      limiter = false, allow_http = true }
    for name, value in pairs(more or {}) do options[name] = value end
    return assert(codec.conf(options))
  end

  -- A call that wants to send its request now.
  local function call(checked, method)
    local one = codec.call(checked or conf(), method or "profile")
    assert.equal("SEND", (one:next(codec.clock(), "go")))
    return one
  end

  local function send(n, checked, method)
    checked = checked or conf()
    local ids = {}
    for i = 1, n do ids[i] = engine:add(call(checked, method)) end
    return ids
  end

  -- The next `n` jobs that are done: a list of {id=, event=, data=}.
  local function take(n, seconds)
    local list, deadline = {}, codec.clock() + (seconds or 60)
    while #list < n and codec.clock() < deadline do
      engine:wait(math.max(deadline - codec.clock(), 0))
      for id, event, about in engine.step, engine do
        list[#list + 1] = { id = id, event = event, data = about }
      end
    end
    assert.equal(n, #list)
    return list
  end

  local function quiet(seconds)
    assert.is_false(engine:wait(seconds or 0.05))
    assert.is_nil((engine:step()))
  end

  describe("lets nobody wait for a connection that cannot be his:", function()
    local function tunnels()
      local n = 0
      for _, entry in ipairs(portal:log()) do n = n + (entry.listener == "proxy" and 1 or 0) end
      return n
    end

    local function proxy(user)
      return ("http://%s127.0.0.1:%d"):format(user or "", portal.proxy_port)
    end

    -- The first one hangs in the proxy; the second one differs in one thing.
    for what, second in pairs {
      ["another proxy"] = function()
        return { proxy = (proxy():gsub("127.0.0.1", "localhost")) }
      end, ["no proxy"] = function() return { proxy = "" } end,
      ["another user of the proxy"] = function() return { proxy = proxy "other:secret@" } end,
      ["another trust store"] = function() return { ca_path = portal.ca_dir, ca_file = false } end,
      ["another HTTP version"] = function() return { http_version = "1.1" } end,
    } do
      it(what, function()
        if libcurl.version < libcurl.TELLS_OF_CONNECTIONS and what ~= "another HTTP version" then
          pending "libcurl before 7.80 waits for whichever connection comes first"
        end
        portal:control("settings", { hosts = { localhost = { "silent", "https" } } })
        local base = { proxy = proxy "user:word@", connect_timeout = 4 }
        local hung = engine:add(call(conf(base)))
        assert.is_truthy(process.eventually(10, function() return tunnels() == 1 end))
        local options = { webhook = portal.webhook, ca_file = portal.ca_file, timeout = 5,
          retries = 0, limiter = false }
        for _, more in ipairs { base, (second()) } do
          for name, value in pairs(more) do options[name] = value or nil end
        end
        local free = engine:add(call(assert(codec.conf(options))))
        local first = take(1)[1]
        assert.same({ free, "reply", 200 }, { first.id, first.event, first.data.status })
        assert.is_true(engine:cancel(hung))
      end)
    end
  end)

  describe("has sleeps", function()
    it("that end in the order of their times, never early, 600 of them", function()
      local random, due = data.random(24), {}
      for _ = 1, 600 do
        local seconds, before = random(300) / 1000, codec.clock()
        -- at the earliest, at the latest
        due[engine:sleep(seconds)] = { before + seconds, codec.clock() + seconds }
      end
      local earliest = 0
      while engine:running() > 0 do
        assert.is_true(engine:wait(60))
        for id, event in engine.step, engine do
          assert.equal("woke", event)
          assert.is_true(codec.clock() >= due[id][1] - 0.003)
          assert.is_true(due[id][2] >= earliest - 0.003)
          earliest, due[id] = math.max(earliest, due[id][1]), nil
        end
      end
      assert.is_nil(next(due))
      quiet(0)
    end)

    it("some of which are cancelled, and only the others end", function()
      local random, alive, ids = data.random(7), {}, {}
      for i = 1, 500 do
        ids[i] = engine:sleep(random(200) / 1000)
        alive[ids[i]] = true
        if random(3) == 1 then
          local id = ids[random(i)]
          local was = alive[id] or false
          assert.equal(was, engine:cancel(id))
          alive[id] = nil
        end
      end
      local n = 0
      for _ in pairs(alive) do n = n + 1 end
      assert.equal(n, engine:running())
      for _, one in ipairs(take(n)) do
        assert.is_true(alive[one.id])
        alive[one.id] = nil
      end
      assert.equal(0, engine:running())
      quiet()
    end)

    it("of no time at all, and far ones that hold up nothing", function()
      engine:sleep(1e9)
      local id = engine:sleep(0)
      assert.equal(id, take(1, 2)[1].id)
      assert.equal(1, engine:running())
    end)
  end)

  it("never uses an id twice", function()
    local seen = {}
    for round = 1, 50 do
      for i = 1, 20 do
        local id = engine:sleep(i % 2 == 0 and 0 or 100)
        assert.is_nil(seen[id])
        assert.is_true(id > 0 and id % 1 == 0)
        seen[id] = round
        if i % 2 == 1 then assert.is_true(engine:cancel(id)) end
      end
      for _, one in ipairs(take(10)) do assert.is_false(engine:cancel(one.id)) end
    end
  end)

  it("answers a request with what call:next takes", function()
    local one = call(nil, "im.counters.get")
    local id = engine:add(one)
    local done = take(1)[1]
    assert.same({ id, "reply", 200, 2 },
      { done.id, done.event, done.data.status, done.data.http_version })
    assert.truthy(done.data.body:find('"result"', 1, true))
    assert.equal("DONE", (one:next(codec.clock(), "reply", done.data)))
    assert.equal(14, (one:result()).TYPE.ALL)
  end)

  it("needs neither the call nor its conf any more once it was added", function()
    send(20, nil, "profile")
    collectgarbage()
    collectgarbage()
    for _, done in ipairs(take(20)) do
      assert.same({ "reply", 200 }, { done.event, done.data.status })
    end
  end)

  describe("can cancel", function()
    it("what was just added", function()
      for _ = 1, 100 do
        assert.is_true(engine:cancel(engine:add(call())))
        assert.is_true(engine:cancel(engine:sleep(0)))
      end
      assert.equal(0, engine:running())
      quiet()
    end)

    it("what is queued behind others, and what is in flight", function()
      portal:control("fault", { kind = "silent", times = -1 })
      local ids = send(60, conf { webhook = portal.http_webhook })
      assert.is_true(process.eventually(3, function() return #portal:log() == 50 end))
      assert.is_true(engine:cancel(ids[55]))
      assert.is_true(engine:cancel(ids[3]))
      assert.is_true(engine:cancel(ids[60]))
      assert.is_false(engine:cancel(ids[3]))
      assert.equal(57, engine:running())
      -- the place of the one in flight goes to the first of the queue
      assert.is_true(process.eventually(3, function() return #portal:log() == 51 end))
      for _, id in ipairs(ids) do engine:cancel(id) end
      assert.equal(0, engine:running())
      quiet()
      portal:control "clear_faults"
      send(1)
      assert.equal("reply", take(1)[1].event)
    end)

    it("one stream of a connection, and the others go on", function()
      portal:control("fault", { kind = "slow", delay = 0.2, times = -1 })
      local ids = send(10)
      assert.is_true(process.eventually(3, function() return #portal:log() >= 5 end))
      for i = 1, 10, 2 do assert.is_true(engine:cancel(ids[i])) end
      for _, done in ipairs(take(5)) do assert.equal("reply", done.event) end
      quiet(0)
      assert.equal(1, portal:stats().connections.https)
    end)

    it("what is done, but was not asked for yet", function()
      local kept, given_up = engine:sleep(0), engine:add(call())
      assert.is_true(engine:wait(60))
      assert.is_true(process.eventually(3, function() return #portal:log() == 1 end))
      posix.sleep(0.05)
      assert.is_true(engine:cancel(given_up))
      assert.equal(kept, take(1)[1].id)
      quiet()
      local only = engine:sleep(0)
      assert.is_true(engine:wait(60))
      assert.is_true(engine:cancel(only))
      assert.is_false(engine:wait(0)) -- the descriptor is quiet again
      assert.is_false(engine:cancel(only))
    end)

    it("nothing that it does not know", function()
      for _, id in ipairs { 0, 1, 1048576, 2 ^ 52 } do assert.is_false(engine:cancel(id)) end
    end)
  end)

  it("shares one HTTP/2 connection among 40 requests that begin side by side", function()
    portal:control("fault", { kind = "slow", delay = 0.1, times = -1 })
    send(40)
    for _, done in ipairs(take(40)) do
      assert.same({ "reply", 2 }, { done.event, done.data.http_version })
    end
    -- before 7.80 nobody knows when the first one is connected
    local most = libcurl.version < libcurl.TELLS_OF_CONNECTIONS and 2 or 1
    assert.is_true(portal:stats().connections.https <= most)
    assert.is_true(portal:stats().most_at_once > 4, portal:stats().most_at_once)
  end)

  it("opens at most 50 sockets to one portal for 200 requests over HTTP/1.1", function()
    portal:control("fault", { kind = "slow", delay = 0.05, times = -1 })
    send(200, conf { http_version = "1.1" })
    for _, done in ipairs(take(200)) do
      assert.same({ "reply", 1.1 }, { done.event, done.data.http_version })
    end
    assert.is_true(portal:stats().connections.https <= 50, portal:stats().connections.https)
  end)

  it("ends what is still queued at its deadline, and nothing was sent", function()
    portal:control("fault", { kind = "silent", times = -1 })
    local sent = send(50, conf { webhook = portal.http_webhook, timeout = 2 })
    local queued, first = send(20, conf { webhook = portal.http_webhook, timeout = 0.3 }), {}
    for i, done in ipairs(take(20)) do -- before all of those that were sent
      first[i] = done.id
      assert.same({ "failed", "timeout", "TIMEOUT", false },
        { done.event, done.data.kind, done.data.code, done.data.sent })
    end
    table.sort(first)
    assert.same(queued, first)
    for _, done in ipairs(take(#sent)) do
      assert.same({ "failed", "timeout", true }, { done.event, done.data.kind, done.data.sent })
    end
  end)

  it("refuses a reply that is larger than max_reply, and keeps the others", function()
    portal:control("fault", { kind = "huge", bytes = 3 * 1024 * 1024, method = "crm.deal.list",
      times = -1 })
    local small = conf { max_reply = 100 * 1024 }
    local large = engine:add(call(small, "crm.deal.list"))
    send(5, small)
    for _, done in ipairs(take(6)) do
      assert.equal(done.id == large and "failed" or "reply", done.event)
      if done.id == large then assert.equal("REPLY_TOO_LARGE", done.data.code) end
    end
  end)

  describe("wrongly used throws", function()
    it("for what is no job, no call, no time, no engine", function()
      local done = call()
      for _, wrong in ipairs {
        function() engine:add() end, function() engine:add {} end,
        function() engine:add(conf()) end,
        function() engine:add(codec.call(conf(), "profile")) end, -- has not been asked yet
        function() engine:sleep() end, function() engine:sleep(-1) end,
        function() engine:sleep(0 / 0) end,
        function() engine:sleep(2e9) end, function() engine:sleep "soon" end,
        function() engine:wait() end, function() engine:wait(-1) end,
        function() engine:wait(0 / 0) end,
        function() engine:cancel() end, function() engine:cancel(-1) end,
        function() engine:cancel(0 / 0) end,
        function() engine:cancel(2 ^ 60) end, function() engine:cancel "x" end,
        function() engine.step() end, function() engine.step {} end,
        function() engine.close(done) end, function() engine.running(io.stdout) end,
      } do
        local ok, err = pcall(wrong)
        assert.is_false(ok)
        assert.is_string(err)
      end
      assert.equal(0, engine:running())
      assert.is_false(engine:wait(0))
    end)

    it("once it is closed, and close may be called again", function()
      engine:sleep(100)
      assert.truthy(tostring(engine):find "1 running")
      engine:close()
      engine:close()
      assert.truthy(tostring(engine):find "closed")
      assert.is_false(engine:usable())
      for _, name in ipairs { "add", "sleep", "step", "pollfd", "running", "wait", "cancel" } do
        local ok, err = pcall(engine[name], engine, 1)
        assert.is_false(ok)
        assert.truthy(err:find("b24: the engine was closed", 1, true), name .. ": " .. err)
      end
    end)
  end)

  it("says of an option that libcurl refuses what the caller's own thread says", function()
    local long = { ca_file = ("/x"):rep(5e6) }
    for name, value in pairs { webhook = portal.webhook, limiter = false, retries = 0 } do
      long[name] = value
    end
    local _, _, info = core.counters(long)
    assert.same({ "config", "BAD_OPTION", false }, { info.kind, info.code, info.sent })
    local ids = send(2, conf(long), "profile")
    assert.is_true(engine:cancel(ids[2]))
    local job = take(1)[1]
    assert.same({ id = ids[1], event = "failed", data = { kind = info.kind, code = info.code,
      hint = info.hint, message = info.message, sent = false } }, job)
    quiet()
    send(1) -- it goes on
    assert.equal("reply", take(1)[1].event)
  end)

  it("closes in every state of its requests, quickly", function()
    portal:control("fault", { kind = "silent", method = "crm.deal.list", times = -1 })
    for _, pause in ipairs { 0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05 } do
      local closing = core.engine()
      for _, method in ipairs { "profile", "crm.deal.list" } do
        for _ = 1, 30 do closing:add(call(conf { http_version = "1.1" }, method)) end
        for _ = 1, 10 do closing:add(call(nil, method)) end
      end
      closing:sleep(100)
      posix.sleep(pause)
      assert.is_true(process.timed(closing.close, closing) < 30) -- the sleep has 100
    end
  end)
end)
