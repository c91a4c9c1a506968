-- The mission over a real network: b24.counters, b24.client, client:counters, client:call against
-- the mock portal.

local codec = require "b24.codec"
local data = require "spec.support.data"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

local LOADED = { "b24", "b24.codec", "b24.core", "b24.client", "b24.wait.context" }

-- A module that has made no call yet.
local function reload()
  for _, name in ipairs(LOADED) do package.loaded[name] = nil end
  return require "b24"
end


-- user 1's demo counters as each server generation sends them, in b24's shape
local DIALOG, MUTED = { ["1"] = 3, ["5"] = 1 }, { ["30"] = 7 }
local shapes = {
  g0 = { TYPE = { ALL = 14, NOTIFY = 4, DIALOG = 4, CHAT = 6 }, DIALOG = DIALOG, LINES = {},
    CHAT = { ["18"] = 1, ["24"] = 2, ["44"] = 1, ["901"] = 2 } },
  g1 = { TYPE = { ALL = 14, NOTIFY = 4, DIALOG = 4, CHAT = 5, LINES = 1 }, DIALOG = DIALOG,
    LINES = { ["44"] = 1 }, CHAT = { ["18"] = 1, ["24"] = 2, ["901"] = 2 } },
  g2a = { TYPE = { ALL = 14, NOTIFY = 4, DIALOG = 4, CHAT = 5, LINES = 1 }, DIALOG = DIALOG,
    LINES = { ["44"] = 1 },
    CHAT = { ["18"] = 1, ["24"] = 2, ["901"] = 2 }, CHAT_MUTED = MUTED, CHAT_UNREAD = {},
    DIALOG_UNREAD = {} },
  g2b = { TYPE = { ALL = 14, NOTIFY = 4, DIALOG = 4, CHAT = 5, LINES = 1, MESSENGER = 10 },
    DIALOG = DIALOG,
    LINES = { ["44"] = 1 }, CHAT = { ["18"] = 1, ["24"] = 2, ["901"] = 2 }, CHAT_MUTED = MUTED,
    CHAT_UNREAD = {}, DIALOG_UNREAD = {} },
  g3 = { TYPE = { ALL = 14, NOTIFY = 4, DIALOG = 4, CHAT = 3, LINES = 1, MESSENGER = 10,
    TASKS_TASK = 2, COLLAB = 0,
      COPILOT = 0 }, DIALOG = DIALOG, LINES = { ["44"] = 1 }, CHAT = { ["18"] = 1, ["24"] = 2 },
        CHAT_MUTED = MUTED,
    TASKS_TASK = { ["901"] = 2 }, COLLAB = {}, COPILOT = {}, CHANNEL_COMMENT = {}, CHAT_UNREAD = {},
    DIALOG_UNREAD = {}, COLLAB_UNREAD = {}, COPILOT_UNREAD = {}, TASKS_TASK_UNREAD = {} },
}

describe("b24 over the network", function()
  local b24, portal
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    b24 = reload()
  end)

  local function conf(more)
    local c = { webhook = portal.webhook, ca_file = portal.ca_file, timeout = 10, limiter = false }
    for name, value in pairs(more or {}) do c[name] = value end
    return c
  end

  for _, version in ipairs { "2", "1.1" } do
    describe("by https and HTTP/" .. version, function()
      for generation, expected in pairs(shapes) do
        it("has the one shape for generation " .. generation, function()
          portal:control("settings", { generation = generation })
          local client = assert(b24.client(conf { http_version = version }))
          for _, ask in ipairs { function()
            return b24.counters(conf { http_version = version })
          end,
            function() return client:counters() end } do
            local counters, err, info = ask()
            assert.is_nil(err)
            assert.same(expected, counters)
            assert.is_true(data.all_integers(counters))
            assert.equal(version, info.http_version)
          end
          local counters = client:counters()
          assert.equal(counters.CHAT["18"], counters.CHAT[18])
          assert.equal(generation == "g3" and 8 or 10, b24.totals(counters).messages)
          assert.equal(generation == "g3" and "8" or "10", b24.badge(counters))
        end)
      end

      it("tells in info how it went", function()
        local client = assert(b24.client(conf { http_version = version }))
        for attempt = 1, 2 do
          local elapsed, _, err, info = process.timed(client.counters, client)
          assert.is_nil(err)
          assert.same({ 200, "im.counters.get", 1, 0, version, attempt == 2 },
            { info.status, info.method, info.attempts, info.waited, info.http_version,
              info.reused })
          assert.is_true(info.elapsed >= 0 and info.elapsed <= elapsed + 0.002)
          assert.is_number(info.time.operating_reset_at)
          for _, name in ipairs { "kind", "code", "message", "hint", "retryable",
              "retry_after", "sent" } do
            assert.is_nil(info[name], name)
          end
        end
        local _, _, info = client:call("b24test.item.list", { start = 50 })
        assert.same({ "b24test.item.list", 100, 120 }, { info.method, info.next, info.total })
      end)

      it("sends a large body whole, whether it may be repeated or not", function()
        local client = assert(b24.client(conf { http_version = version }))
        -- 256 KiB: more than any window or socket buffer
        local text = ("0123456789abcdef"):rep(16384)
        assert.equal(text, assert(client:call("b24test.echo", { text = text })).text)
        assert(client:call("b24test.item.list", { text = text }))
        local log = portal:log()
        assert.equal('{"text":"' .. text .. '"}', log[1].body)
        assert.equal(log[1].body, log[2].body)
      end)
    end)
  end

  it("reads every shape of JSON as the codec does", function()
    local checked = assert(codec.conf(conf()))
    local samples = { '{"result":[]}', '\n{ "result" : {"CHAT":[3,4],"DIALOG":{},"TYPE":[]} }\n',
      '{"result":{"type":{"all":1,"tasksTask":2},"chat":{"18":1},"chatMuted":[]}}',
      '{"result":{"CHAT":{"18":null,"19":"7"},"NEW":{"1":2},"NEW_UNREAD":{"0":5}}}' }
    for _, sample in ipairs(data.sources "counters") do samples[#samples + 1] = sample.text end
    for _, body in ipairs(samples) do
      portal:control("reply", { body = body })
      local counters, err = b24.counters(conf())
      local expected, expected_err = codec.reply(checked, "im.counters.get",
        { status = 200, body = body }, "counters")
      assert.same(expected, counters)
      assert.equal(expected_err, err)
    end
  end)

  it("sees a message arrive and a dialog being read at the next call", function()
    local client = assert(b24.client(conf()))
    local before = assert(client:counters())
    portal:control("message", { dialog_id = "chat77", count = 2 })
    portal:control("read", { dialog_id = "1" })
    local after = assert(client:counters())
    assert.same({ before.TYPE.ALL - 1, 2 }, { after.TYPE.ALL, after.CHAT[77] })
    assert.is_nil(after.DIALOG["1"])
    local changes = {}
    for _, change in ipairs(b24.diff(before, after)) do
      changes[#changes + 1] = ("%s %s %s>%s"):format(change.section, change.dialog_id or change.id,
        change.from, change.to)
    end
    assert.same({ "CHAT chat77 0>2", "DIALOG 1 3>0", "TYPE ALL 14>13", "TYPE CHAT 3>5",
      "TYPE DIALOG 4>1",
      "TYPE MESSENGER 10>9" }, (function() table.sort(changes) return changes end)())
    assert.same({}, b24.diff(after, assert(client:counters())))
  end)

  it("carries parameters there and back byte for byte", function()
    local client = assert(b24.client(conf { nulls = true }))
    local params = {
      text = "Zoë «日本» \240\159\152\128 \226\128\168 </script>&'\"\\/ \1\31\127 %2F+%",
      deep = { { { a = { b = { 1, { c = "x" } } } } } }, empty = {},
      list = { true, false, b24.null, "", 0, -1.5 },
      ["ключ \"1\""] = 9007199254740991, negative = -9007199254740991, small = 1e-7,
      null = b24.null,
    }
    local result = assert(client:call("b24test.echo", params))
    assert.same(params, result)
    assert.same(params, assert(codec.decode(portal:log()[1].body, { nulls = true })))
    assert.is_nil(assert(b24.client(conf())):call("b24test.echo", { null = b24.null }).null)
  end)

  it("brings integers beyond 2^53 as the digits that the portal wrote", function()
    local client = assert(b24.client(conf()))
    portal:control("reply",
      { body = '{"result":[9007199254740993,-9223372036854775808,18446744073709551615]}' })
    assert.same({ "9007199254740993", "-9223372036854775808", "18446744073709551615" },
      (client:call "profile"))
    if math.type then
      assert.equal("9007199254740993",
        client:call("b24test.echo", { id = math.tointeger(2 ^ 53) + 1 }).id)
    end
  end)

  it("sends {} when there are no parameters", function()
    local client = assert(b24.client(conf()))
    assert(client:call "profile")
    assert(client:call("profile", {}))
    assert(client:call("profile", nil))
    for _, entry in ipairs(portal:log()) do assert.equal("{}", entry.body) end
  end)

  describe("takes as conf", function()
    it("portal and token, sent as a Bearer header and in no URL", function()
      local base = portal.webhook:match "^(.-)/rest"
      local client = assert(b24.client { portal = base, token = portal.token,
        ca_file = portal.ca_file, limiter = false })
      assert.equal(14, assert(client:counters()).TYPE.ALL)
      local entry = portal:log()[1]
      assert.equal("Bearer " .. portal.token, entry.headers.authorization)
      assert.equal("/rest/im.counters.get", entry.path)
      assert.equal("{}", entry.body)
    end)

    it("a function that returns the webhook, asked once for each conf", function()
      local asked = 0
      local function webhook()
        asked = asked + 1
        return portal.webhook
      end
      local client = assert(b24.client(conf { webhook = webhook }))
      assert(client:counters())
      assert(client:counters())
      assert.equal(1, asked)
      assert(b24.counters(conf { webhook = webhook }))
      assert.equal(2, asked)
    end)

    it("a function that fails or returns no string: a config error", function()
      for _, webhook in ipairs { function() error "vault is sealed" end, function() end,
          function() return {} end,
          function() error {} end, function() return true end } do
        for _, ask in ipairs { b24.counters, b24.client, b24.counters } do
          local value, err, info = ask(conf { webhook = webhook })
          assert.is_nil(value)
          assert.same({ "config", "BAD_WEBHOOK" }, { info.kind, info.code })
          assert.truthy(err:find("the webhook function returned no string", 1, true))
        end
      end
      assert.truthy(select(2, b24.counters(conf { webhook = function()
        error "vault is sealed"
      end }))
        :find("vault is sealed", 1, true))
      assert.equal(0, #portal:log())
    end)

    it("a URL string, and the environment's B24_WEBHOOK", function()
      local ask =
        [[local b24 = require "b24"
          print(b24.counters(%s).TYPE.ALL, (select(3, b24.counters(%s)).http_version))]]
      local env = { B24_ALLOW_HTTP = "1" }
      local url = ("%q"):format(portal.http_webhook)
      assert.same({ 0, "14\t1.1\n", "" }, { process.run(ask:format(url, url), env) })
      env.B24_WEBHOOK = portal.http_webhook .. "im.counters.get.json?x=y"
      assert.same({ 0, "14\t1.1\n", "" }, { process.run(ask:format("", ""), env) })
    end)
  end)

  describe("as a module", function()
    it("loads nothing but the codec at require, and makes no global", function()
      local status, out, err = process.run [[
        local before, globals = {}, {}
        for name in pairs(package.loaded) do before[name] = true end
        for name in pairs(_G) do globals[name] = true end
        local b24 = require "b24"
        for name in pairs(package.loaded) do if not before[name] then io.write(name, "\n") end end
        for name in pairs(_G) do if not globals[name] then io.write("global ", name, "\n") end end
        local maps = io.open "/proc/self/maps"
        if maps and maps:read "*a":find("libcurl", 1, true) then print "libcurl" end
      ]]
      assert.same({ 0, "" }, { status, err })
      local names = {}
      for name in out:gmatch "[^\n]+" do names[#names + 1] = name end
      table.sort(names)
      assert.same({ "b24", "b24.codec" }, names)
    end)

    it("answers the same after it was loaded anew, and the old one still works", function()
      local old, client = b24, assert(b24.client(conf()))
      local first = assert(client:counters())
      b24 = reload()
      collectgarbage()
      assert.not_equal(old, b24)
      assert.same(first, assert(b24.counters(conf())))
      assert.same(first, assert(old.counters(conf())))
      assert.same(first, assert(client:counters()))
      assert.equal(old.null, b24.null)
    end)

    it("works inside coroutines, several at once", function()
      local client, threads, sums = assert(b24.client(conf())), {}, {}
      for i = 1, 3 do
        threads[i] = coroutine.create(function()
          for _ = 1, 2 do coroutine.yield(assert(client:counters()).TYPE.ALL) end
          return assert(b24.counters(conf())).TYPE.ALL
        end)
      end
      for _ = 1, 3 do
        for _, thread in ipairs(threads) do
          local ok, all = coroutine.resume(thread)
          assert.is_true(ok, all)
          sums[#sums + 1] = all
        end
      end
      assert.equal("14 14 14 14 14 14 14 14 14", table.concat(sums, " "))
    end)
  end)

  it("answers kind closed after close, which may come twice", function()
    local client = assert(b24.client(conf()))
    assert(client:counters())
    client:close()
    client:close()
    for method, ask in pairs { ["im.counters.get"] = client.counters, profile = client.call } do
      local value, err, info = ask(client, "profile" == method and method or nil)
      assert.is_nil(value)
      assert.equal("b24: CLOSED: the client was closed", err)
      assert.same({ "closed", "CLOSED", method, 0, false },
        { info.kind, info.code, info.method, info.attempts, info.retryable })
      assert.is_false(info.sent)
    end
    assert.equal("b24.client (closed)", tostring(client))
    assert(b24.counters(conf()))
  end)

  it("reports a method name that cannot be one as a value", function()
    local value, err, info = assert(b24.client(conf())):call "im counters/get"
    assert.is_nil(value)
    assert.same({ "config", "BAD_METHOD", false }, { info.kind, info.code, info.sent })
    assert.truthy(err:find("the method name is unusable", 1, true))
  end)

  describe("refuses to freeze", function()
    local hosts = {
      nginx = "ngx = { get_phase = function() return 'content' end }",
      Neovim = "vim = { api = {}, uv = {} }",
      AwesomeWM = "awesome = { connect_signal = function() end }",
      Hammerspoon = "hs = {}",
    }
    local script = [[
      %s
      local b24 = require "b24"
      local conf = { webhook = %q, allow_http = true, transport = %s }
      local client = assert(b24.client(conf))
      for _, ask in ipairs { b24.counters, function() return client:counters() end,
        function() return client:call "profile" end } do
        local ok, value, err = pcall(ask, conf)
        print(ok, ok and (err or "answer") or value)
      end
      print(package.loaded["b24.core"] and "core" or "")
    ]]

    for name, global in pairs(hosts) do
      it(name .. ", unless transport = \"blocking\" says so (never nginx)", function()
        local _, out, err = process.run(script:format(global, portal.http_webhook, "nil"))
        assert.equal("", err)
        local words = name == "nginx" and "cannot wait here: a worker thread"
          or "would freeze " .. name
        for _, call in ipairs { "b24.counters(conf)", "client:counters()",
            "client:call(method, params)" } do
          assert.truthy(out:find("b24: " .. call .. " " .. words, 1, true), out)
        end
        assert.is_nil(out:find("true", 1, true))
        assert.is_nil(out:find("core", 1, true))
        _, out, err = process.run(script:format(global, portal.http_webhook, '"blocking"'))
        assert.equal("", err)
        if name == "nginx" then
          assert.is_nil(out:find("true", 1, true))
        else
          assert.equal("true\tanswer\ntrue\tanswer\ntrue\tanswer\ncore\n", out)
        end
      end)
    end
  end)
end)
