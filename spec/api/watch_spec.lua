-- client:watch: what is news (on a clock of our own), and the same over a portal.
-- One Lua of each kind: real time.

local b24 = require "b24"
local codec = require "b24.codec"
local start = require("spec.support.portal").start

local function near(expected, actual)
  assert.is_true(actual >= expected * 0.9 - 0.002 and actual <= expected * 1.1 + 0.002,
    ("%g is not about %g"):format(actual, expected))
end

describe("the schedule of a watch", function()
  local LOST = { sent = true }

  it("asks in the interval, counted from question to question", function()
    local watch = codec.watch(60, 1)
    near(60, (watch:answer(true, 0, 0)))
    near(60, (watch:answer(true, 60, 65)) + 5)
    assert.equal(0, (watch:answer(true, 100, 190))) -- the answer took longer than the interval
  end)

  it("differs by up to a tenth, so that watches drift apart", function()
    local watch, seen, least, most = codec.watch(100, 7), {}, math.huge, 0
    for _ = 1, 500 do
      local pause = watch:answer(true, 0, 0)
      near(100, pause)
      seen[pause] = true
      least, most = math.min(least, pause), math.max(most, pause)
    end
    local different = 0
    for _ in pairs(seen) do different = different + 1 end
    assert.is_true(different > 300)
    assert.is_true(least < 92 and most > 108)
  end)

  it("tells an outage once, and how long it was", function()
    local watch = codec.watch(60)
    local _, news = watch:answer(true, 0, 0)
    assert.is_nil(news)
    _, news = watch:answer(false, 60, 61, LOST)
    assert.equal("down", news)
    for at = 200, 500, 100 do
      _, news = watch:answer(false, at, at, LOST)
      assert.is_nil(news)
    end
    local outage
    _, news, outage = watch:answer(true, 661, 661)
    assert.same({ "up", 600 }, { news, outage })
    _, news = watch:answer(true, 700, 700)
    assert.is_nil(news)
    _, news = watch:answer(false, 800, 800, LOST)
    assert.equal("down", news)
  end)

  it("asks less and less often in an outage, at last every ten minutes", function()
    local watch = codec.watch(60)
    for _, expected in ipairs { 60, 120, 240, 480, 600, 600, 600 } do
      near(expected, (watch:answer(false, 0, 0, LOST)))
    end
    near(60, (watch:answer(true, 0, 0)))
    near(60, (watch:answer(false, 0, 0, LOST)))
  end)

  it("stays at a minute while nothing leaves the machine", function()
    local watch = codec.watch(10)
    for _, expected in ipairs { 10, 20, 40, 60, 60, 60 } do
      near(expected, (watch:answer(false, 0, 0, { sent = false })))
    end
    local slow = codec.watch(3600)
    for _ = 1, 3 do near(3600, (slow:answer(false, 0, 0, { sent = false }))) end
  end)

  it("waits at least as long as the portal asks for", function()
    local watch = codec.watch(10)
    assert.equal(500, (watch:answer(false, 0, 0, { sent = true, retry_after = 500 })))
    near(20, (watch:answer(false, 0, 0, { sent = true, retry_after = 1 })))
  end)

  it("asks at once after the clock has jumped", function()
    local watch = codec.watch(60)
    assert.equal(0, (watch:answer(true, 0, 86400)))
    near(60, (watch:answer(true, 86400, 86400)))
  end)

  it("takes 1 second to 1 day", function()
    for _, every in ipairs { 0, 0.5, -1, 86401, 0 / 0, math.huge } do
      assert.is_false((pcall(codec.watch, every)))
    end
    near(1, (codec.watch(1):answer(true, 0, 0)))
    near(86400, (codec.watch(86400):answer(true, 0, 0)))
  end)
end)

describe("client:watch in a plain interpreter", function()
  local portal, client
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    client = assert(b24.client { webhook = portal.webhook, ca_file = portal.ca_file,
      limiter = false, retries = 0 })
  end)

  it("tells the state at once, then changes only, and ends when a handler stops it", function()
    local told = {}
    local watch = client:watch {
      every = 1,
      on_change = function(counters, changes, self)
        told[#told + 1] = { counters.DIALOG[5], changes }
        if #told == 1 then
          portal:control("message", { dialog_id = "5", count = 2 })
        else
          self:stop()
        end
      end,
    }
    assert.equal(2, #told)
    assert.same({}, told[1][2])
    local change = told[2][2][1]
    assert.same({ "5", "DIALOG", told[1][1], told[1][1] + 2 },
      { change.dialog_id, change.section, change.from, change.to })
    assert.is_true(watch.stopped)
    assert.equal(told[2][1], watch.counters.DIALOG[5])
    assert.is_true(watch:wait(0))
  end)

  it("tells an outage once and the recovery once, and goes on", function()
    local told = {}
    client:watch {
      every = 1,
      on_change = function(_, changes, self)
        told[#told + 1] = "change " .. #changes
        if #told == 1 then -- the next question is answered the same: silence
          portal:control("fault", { kind = "slow", delay = 0, method = "im.counters.get",
            times = 1 })
          portal:control("reply", { method = "im.counters.get", status = 502, body = "<html>",
            times = 2 })
        else
          self:stop()
        end
      end,
      on_error = function(err, info, self)
        told[#told + 1] = "error " .. info.code
        assert.equal(err, self.err)
        portal:control("message", { dialog_id = "5", count = 1 })
      end,
      on_recover = function(counters, seconds, self)
        told[#told + 1] = "recover"
        assert.is_true(seconds > 0.8)
        assert.is_nil(self.err)
        assert.equal(counters, self.counters)
      end,
    }
    assert.same({ "change 0", "error HTTP_502", "recover", "change " .. told[4]:match "%d+" }, told)
    assert.not_equal("change 0", told[4])
    assert.equal(5, #portal:log())
  end)

  it("lets its handlers make calls, and several run side by side inside b24.run", function()
    local log = {}
    local other = assert(b24.client { webhook = portal.webhook, ca_file = portal.ca_file,
      limiter = false })
    b24.run(function()
      for name, one in pairs { a = client, b = other } do
        local watch = one:watch { every = 1, on_change = function(_, _, self)
          local inbox = assert(one:inbox())
          log[#log + 1] = name .. #inbox
          self:stop()
        end }
        assert.is_false(watch.stopped)
      end
    end)
    table.sort(log)
    assert.same({ "a7", "b7" }, log)
  end)

  it("throws what a handler throws, and is over then", function()
    local ok, err = pcall(function()
      local watch = client:watch { every = 1, on_change = function() error("no badge", 0) end }
      return watch
    end)
    assert.is_false(ok)
    assert.truthy(err:find("no badge", 1, true))
    assert.equal(1, #portal:log())
  end)

  it("throws wrong options at the caller's line", function()
    for _, row in ipairs {
      { "b24: watch needs a table of options, not a nil" },
      { "b24: a watch without a handler tells nobody: give on_change = function(counters, changes)",
        { every = 60 } },
      { "b24: option 'every' must be a number of seconds from 1 to 86400, not 0.5",
        { every = 0.5 } },
      { "b24: option 'every' must be a number of seconds from 1 to 86400, not 1", { every = "1" } },
      { "b24: option 'on_change' must be a function, not a string", { on_change = "x" } },
      { "b24: unknown option 'on_changed' of watch (there are: every, live, on_change, on_error, "
        .. "on_live, on_recover; did you mean 'on_change'?)",
        { on_changed = print } },
    } do
      local ok, err = pcall(function()
        local watch = client:watch(row[2])
        return watch
      end)
      assert.is_false(ok)
      assert.truthy(err:find("^[^:]*watch_spec%.lua:%d+: "), err)
      assert.equal(row[1], (err:gsub("^[^:]*watch_spec%.lua:%d+: ", "")))
    end
  end)

  it("of a closed client is an error", function()
    client:close()
    local watch, err, info = client:watch { on_change = print }
    assert.is_nil(watch)
    assert.truthy(err:find("CLOSED", 1, true))
    assert.equal("closed", info.kind)
  end)
end)
