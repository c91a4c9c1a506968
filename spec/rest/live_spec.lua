-- The user's push channel as a state machine, on a clock of our own (src/rest/live.c).

local live = require "spec.support.live"

local WEBHOOK = "https://portal.example/rest/1/abcdefghij/"

local function between(low, high, actual)
  assert.is_true(actual >= low and actual <= high, ("%s is not from %g to %g"):format(actual, low,
    high))
end

describe("who is asked for the configuration", function()
  local function say(code, kind) return { kind = kind or "denied", code = code, message = code } end

  it("is the old method, then the new one", function()
    local channel = live.new()
    assert.same({ "ASK", "pull.config.get", false, false }, { channel:after(0, "go") })
    assert.same({ "ASK", "pull.api.config.get", false, false },
      { channel:after(0.1, "refused", say "insufficient_scope") })
    assert.equal("POLL", (channel:after(0.1, "config", live.config())))
  end)

  it("is the new one alone for a token", function()
    local channel = live.new { portal = "portal.example", token = "abcdefghij" }
    assert.equal("pull.api.config.get", select(2, channel:after(0, "go")))
    assert.equal("SLEEP", (channel:after(0, "refused", say "insufficient_scope")))
    assert.match("scope pull%.", channel.machine:state().hint)
  end)

  it("is told once what is missing, and asked again after ten minutes, then hourly", function()
    local channel = live.new()
    channel:after(0, "go")
    channel:after(0, "refused", say "insufficient_scope")
    local action, pause, changed, told = channel:after(0, "refused", say("ERROR_METHOD_NOT_FOUND",
      "portal"))
    assert.same({ "SLEEP", true, true }, { action, changed, told })
    between(600, 720, pause)
    local state = channel.machine:state()
    assert.same({ false, "insufficient_scope" }, { state.live, state.why })
    assert.match("pull_channel", state.hint)
    for _ = 1, 3 do
      assert.equal("ASK", (channel:after(pause, "woke")))
      assert.equal("ASK", (channel:after(0, "refused", say "insufficient_scope")))
      action, pause, changed, told = channel:after(0, "refused", say "insufficient_scope")
      assert.same({ "SLEEP", false, false }, { action, changed, told })
      between(3600, 4320, pause)
    end
  end)

  it("is known to have no push server", function()
    for _, words in ipairs { { "SERVER_ERROR" }, { "ERROR_METHOD_NOT_FOUND",
      "ERROR_METHOD_NOT_FOUND" } } do
      local channel = live.new()
      channel:after(0, "go")
      for _, code in ipairs(words) do channel:after(0, "refused", say(code, "portal")) end
      assert.equal("NO_PUSH_SERVER", channel.machine:state().why)
    end
  end)

  it("is asked again soon after what passes", function()
    local channel = live.new()
    channel:after(0, "go")
    for _, bounds in ipairs { { 0.5, 0.6 }, { 15, 18 }, { 45, 54 } } do
      local action, pause = channel:after(0, "refused", say("CONNECT_FAILED", "network"))
      assert.equal("SLEEP", action)
      between(bounds[1], bounds[2], pause)
      assert.same({ "ASK", "pull.config.get", false, false }, { channel:after(pause, "woke") })
    end
    local _, pause = channel:after(0, "refused", say("CONNECT_FAILED", "network"))
    between(600, 720, pause)
    assert.equal("ASK", (channel:after(1, "go"))) -- the network may be back: who knows may say so
  end)
end)

describe("a poll", function()
  it("says at first that counters may have changed, and again when it has been answered", function()
    local channel = live.polling()
    assert.same({ "POLL", 60, true, false }, { channel.action, channel.payload, channel.changed,
      channel.told })
    assert.is_nil(channel.machine:state().live)
    assert.same({ "POLL", 60, true, true }, { channel:nothing(40) })
    assert.is_true(channel.machine:state().live)
    assert.same({ "POLL", 60, false, false }, { channel:nothing(40) })
  end)

  it("goes on from the newest message", function()
    local channel = live.polling()
    assert.is_nil(channel:mid())
    channel:reply(3, live.frame(7, "message") .. live.frame(8, "messageChat"))
    assert.equal(live.mid(8), channel:mid())
    channel:nothing(40, live.mid(9))
    assert.equal(live.mid(9), channel:mid())
    channel:nothing(40, "")
    assert.equal(live.mid(9), channel:mid())
  end)

  it("takes no number from a 304 that a proxy made, and none that is none", function()
    for _, header in ipairs { { live.mid(5), "" }, { live.mid(5), "0" }, { "5", live.SENTINEL },
      { live.mid(5):gsub("5$", "x"), live.SENTINEL } } do
      local channel = live.polling()
      channel:after(40, "reply", { status = 304, body = "", last_message_id = header[1],
        expires = header[2] })
      assert.is_nil(channel:mid())
    end
  end)

  it("moves by renewal when the channel ends, and asks for counters then", function()
    local channel = live.polling { ["2027-01-15T20:00:00+00:00"] = "2027-01-15T08:01:00+00:00" }
    assert.equal(54, channel.payload) -- a tenth before its end
    channel:reply(10, live.frame(1, "message"))
    assert.equal("ASK", (channel:fail(44, "timeout")))
    assert.same({ "POLL", 60, true, false }, { channel:after(0.1, "config", live.config()) })
    assert.equal(live.mid(1), channel:mid())
  end)
end)

describe("an answer that brings nothing at once", function()
  local SAME = live.frame(1, "message")
  local NOTHING = {
    ["304"] = function(channel) return channel:nothing(0.1) end,
    empty = function(channel) return channel:reply(0.1, "") end,
    ["the same again"] = function(channel) return channel:reply(0.1, SAME) end,
  }
  for name, happens in pairs(NOTHING) do
    it("slows the polls down, and one with news makes them quick again: " .. name, function()
      local channel, pauses = live.polling(), {}
      channel:reply(0.1, SAME)
      for i = 1, 7 do
        local action, pause = happens(channel)
        assert.equal("SLEEP", action)
        pauses[i] = pause
        assert.equal("POLL", (channel:after(pause, "woke")))
      end
      assert.same({ 1, 2, 4, 8, 16, 30, 30 }, pauses)
      assert.equal("POLL", (channel:reply(0.1, live.frame(99, "message"))))
      assert.equal(1, select(2, channel:nothing(0.1)))
    end)
  end

  it("means that the server has forgotten us, if it is empty", function()
    local channel = live.polling()
    channel:reply(2, SAME)
    local _, pause, changed = channel:reply(2, "")
    assert.is_true(changed)
    channel:after(pause, "woke")
    assert.is_nil(channel:mid())
  end)
end)

describe("a failure", function()
  local FAILURES = {
    lost = function(c) return c:fail(3) end,
    ["502"] = function(c) return c:reply(3, "<html>", 502) end,
    html = function(c) return c:reply(3, "<html>hello</html>") end,
    ["429"] = function(c) return c:reply(3, "4029: Too many connections", 429) end,
    moved = function(c) return c:reply(3, "", 302) end,
    ["cut"] = function(c) return c:reply(3, live.frame(5, "message"):sub(1, 80)) end,
  }
  for name, happens in pairs(FAILURES) do
    it("is followed by another attempt, and the fourth in a row by polling: " .. name, function()
      local channel = live.polling()
      channel:nothing(40, live.mid(4))
      for _, bounds in ipairs { { 0.5, 0.6 }, { 15, 18 }, { 45, 54 } } do
        local action, pause, _, told = happens(channel)
        assert.same({ "SLEEP", false }, { action, told })
        between(bounds[1], bounds[2], pause)
        local again, _, changed = channel:after(pause, "woke")
        assert.same({ "POLL", true }, { again, changed })
        assert.equal(live.mid(4), channel:mid())
      end
      local action, pause, changed, told = happens(channel)
      assert.same({ "SLEEP", true, true }, { action, changed, told })
      between(600, 720, pause)
      assert.is_false(channel.machine:state().live)
      assert.equal("ASK", (channel:after(pause, "woke")))
    end)
  end

  it("is forgotten after the next good answer", function()
    local channel = live.polling()
    for _ = 1, 9 do
      for _ = 1, 3 do
        local _, pause = channel:fail(3)
        assert.equal("POLL", (channel:after(pause, "woke")))
      end
      assert.equal("POLL", (channel:nothing(40)))
    end
    assert.is_true(channel.machine:state().live)
  end)

  it("of too much forgets where it was, for it would come again", function()
    local channel = live.polling()
    channel:reply(1, live.frame(3, "message"))
    local _, pause = channel:after(1, "failed", { kind = "too_large", code = "REPLY_TOO_LARGE",
      sent = true })
    channel:after(pause, "woke")
    assert.is_nil(channel:mid())
    assert.is_true(channel.changed)
  end)

  it("is told in words that hold no secret", function()
    local channel = live.polling()
    for _ = 1, 4 do
      local action, pause = channel:after(1, "failed", { kind = "network", code = "X", sent = true,
        message = "lost https://push.example/?CHANNEL_ID=" .. live.CHANNEL })
      if action == "SLEEP" and channel.machine:state().why ~= "X" then channel:after(pause,
        "woke") end
    end
    local state = channel.machine:state()
    assert.same({ "X", "https://push.example" }, { state.why, state.host })
    for _, text in pairs(state) do assert.is_nil(tostring(text):find(live.CHANNEL, 1, true)) end
    assert.equal("b24.live", tostring(channel.machine))
  end)
end)

describe("a channel that is refused", function()
  it("is replaced after 5 to 35 seconds, and given up the second time in a row", function()
    for _, status in ipairs { 400, 403 } do
      local channel = live.polling()
      channel:nothing(40)
      local action, pause, _, told = channel:reply(1, "4010: Wrong Channel Id.", status)
      assert.same({ "SLEEP", false }, { action, told })
      between(5, 35, pause)
      assert.equal("ASK", (channel:after(pause, "woke")))
      assert.equal("POLL", (channel:after(0, "config", live.config())))
      action, pause, _, told = channel:reply(1, "4010: Wrong Channel Id.", status)
      assert.same({ "SLEEP", true }, { action, told })
      between(600, 720, pause)
      assert.equal("CHANNEL_REFUSED", channel.machine:state().why)
    end
  end)

  it("is asked for at other moments by others", function()
    local seen = {}
    for seed = 1, 40 do
      local channel = live.new(nil, seed)
      channel:after(0, "go")
      channel:after(0, "config", live.config())
      seen[math.floor(select(2, channel:reply(1, "4010", 400)) / 10)] = true
    end
    assert.is_true(seen[0] and seen[1] and seen[2] and seen[3])
  end)

  it("is none when nothing answers at its address twice", function()
    local channel = live.polling()
    local _, pause = channel:reply(1, "<html>", 404)
    between(0.5, 0.6, pause)
    channel:after(pause, "woke")
    channel:reply(1, "<html>", 404)
    assert.equal("NO_PUSH_SERVER", channel.machine:state().why)
  end)
end)

describe("silence", function()
  it("of 70 seconds ends it", function()
    local channel = live.polling()
    channel:nothing(40)
    assert.same({ "POLL", 10, false, false }, { channel:fail(60, "timeout") })
    local action, _, changed, told = channel:fail(10, "timeout")
    assert.same({ "SLEEP", true, true }, { action, changed, told })
    assert.equal("PUSH_SERVER_SILENT", channel.machine:state().why)
  end)

  it("of a process that was stopped, or a machine that was suspended, is nobody's fault", function()
    for _, away in ipairs { 90, 7200 } do
      local channel = live.polling()
      channel:reply(1, live.frame(3, "message"))
      assert.same({ "POLL", 60, true, false }, { channel:fail(away, "timeout") })
      assert.equal(live.mid(3), channel:mid())
      assert.same({ "POLL", 60, true, false }, { channel:fail(away, "network") })
      assert.same({ "POLL", 60, true, false }, { channel:nothing(40) })
    end
  end)

  it("of a connection that cannot be made is a failure like others", function()
    local channel = live.polling()
    local action, pause = channel:fail(10, "timeout")
    assert.equal("SLEEP", action)
    between(0.5, 0.6, pause)
  end)
end)

describe("going on", function()
  it("is possible at any moment, from where it was", function()
    local channel = live.polling()
    channel:reply(1, live.frame(3, "message"))
    assert.same({ "POLL", 60, true, false }, { channel:after(700, "go") })
    assert.equal(live.mid(3), channel:mid())
    assert.is_nil(channel.machine:state().live)
    assert.is_true(select(4, channel:nothing(40)))
    channel:fail(1)
    assert.equal("POLL", (channel:after(0, "go")))
    assert.equal("ASK", (channel:after(13 * 3600, "go")))
  end)

  it("waits where the portal has refused", function()
    local channel = live.new()
    channel:after(0, "go")
    channel:after(0, "refused", { kind = "portal", code = "SERVER_ERROR", message = "" })
    local action, pause = channel:after(60, "go")
    assert.equal("SLEEP", action)
    between(540, 660, pause)
  end)

  it("sleeps on when woken early", function()
    local channel = live.polling()
    local _, pause = channel:reply(1, "", 400)
    local action, rest = channel:after(1, "woke")
    assert.equal("SLEEP", action)
    assert.is_true(math.abs(rest - (pause - 1)) < 0.01)
  end)

  it("takes no event that it does not wait for", function()
    local channel = live.new()
    for _, event in ipairs { "config", "refused", "reply", "failed", "woke" } do
      local data = event == "config" and "{}" or { status = 200, kind = "network" }
      assert.is_false((pcall(channel.after, channel, 0, event, data)))
    end
    channel:after(0, "go")
    assert.is_false((pcall(channel.reply, channel, 1)))
    assert.is_false((pcall(channel.after, channel, 0, "nonsense")))
  end)
end)

describe("a conf", function()
  it("is needed", function()
    local codec = require "b24.codec"
    local machine, err, info = codec.live { webhook = "https://portal.example/" }
    assert.is_nil(machine)
    assert.match("BAD_WEBHOOK", err)
    assert.equal("config", info.kind)
    assert.is_nil(codec.live { webhook = WEBHOOK }:log())
    local function log() end
    assert.equal(log, codec.live { webhook = WEBHOOK, log = log }:log())
  end)
end)
