-- What the push server sends, and what each event means for the counters (src/rest/live_frames.c,
-- live_event.c).

local live = require "spec.support.live"

-- A channel that was connected: only events change counters from now on.
local function connected()
  local channel = live.polling()
  channel:nothing(40)
  return channel
end

-- An event with a text in it.
local function said(command, text)
  return ([[{"module_id":"im","command":"%s","params":{"text":"%s"}}]]):format(command, text)
end

local function hears(body)
  local channel = connected()
  local action, _, changed = channel:reply(3, body)
  return changed, action == "POLL" and channel:mid() or nil, action
end

describe("frames between markers", function()
  it("are read one after another", function()
    local changed, mid = hears(live.frame(1, "startWriting") .. live.frame(2, "messageLike")
      .. live.frame(3, "message"))
    assert.same({ true, live.mid(3) }, { changed, mid })
    changed, mid = hears(live.frame(1, "startWriting") .. "\r\n " .. live.frame(2, "messageLike"))
    assert.same({ false, live.mid(2) }, { changed, mid })
  end)

  it("may hold markers that somebody has typed", function()
    for _, typed in ipairs { "#!NGINXNME!#", "#!NGINXNMS!#", "}#!NGINXNME!#",
      [[\"}#!NGINXNME!##!NGINXNMS!#{\"a\":\"]], "{[", [[\\]] } do
      local text = said("messageLike", typed)
      local changed, mid = hears(live.frame(1, text) .. live.frame(2, "userStatus"))
      assert.same({ false, live.mid(2) }, { changed, mid })
    end
  end)

  it("may be cut anywhere: what is whole counts, and the rest will come again", function()
    local first, second = live.frame(1, "messageLike"),
      live.frame(2, said("message", [[}#!NGINXNME!#\"é]]))
    for n = 1, #second - 1 do
      local channel = connected()
      local action, _, changed = channel:reply(3, first .. second:sub(1, n))
      assert.same({ "POLL", false, live.mid(1) }, { action, changed, channel:mid() })
    end
    for n = 1, #first - 1 do
      local channel = connected()
      assert.equal("SLEEP", (channel:reply(3, first:sub(1, n))))
    end
  end)

  it("that cannot be read may mean anything, and move on by their number", function()
    for _, text in ipairs { [[{"module_id":"im"]], [["bad \x escape"]], "[1,2", [[{"a":1e999}]],
      "nonsense", "" } do
      local changed, mid = hears(live.frame(1, "{}"):gsub("{}", text)
        .. live.frame(2, "messageLike"))
      assert.same({ true, live.mid(2) }, { changed, mid })
    end
    local body = live.frame(5, "[") .. ("#!NGINXNMS!#"):rep(2) .. "#!NGINXNME!#"
    assert.same({ true, live.mid(5), "POLL" }, { hears(body) })
  end)

  it("of a megabyte are read", function()
    local text = said("message", ("x"):rep(1000000))
    assert.same({ true, live.mid(1), "POLL" }, { hears(live.frame(1, text)) })
  end)

  it("that come twice say nothing new; those that come late do", function()
    local channel = connected()
    channel:reply(3, live.frame(5, "message"))
    assert.same({ "POLL", 60, false, false }, { channel:reply(3, live.frame(5, "message")
      .. live.frame(6, "messageLike")) })
    assert.same({ "POLL", 60, true, false }, { channel:reply(3, live.frame(4, "message")) })
    assert.equal(live.mid(6), channel:mid())
  end)

  it("without a number that the server would take are events all the same", function()
    for _, mid in ipairs { "4711", ("9"):rep(27), "" } do
      local changed, cursor = hears((live.frame(1, "message"):gsub(live.mid(1), mid)))
      assert.is_true(changed)
      assert.is_nil(cursor)
    end
  end)
end)

describe("bodies of JSON", function()
  local OBJECT = [[{"mid":"%s","channel":"-",
    "text":{"module_id":"im","command":"%s","params":[]}}]]
  local RPC = [[{"jsonrpc":"2.0","method":"%s",
    "params":{"mid":"%s","body":{"module_id":"im","command":"%s","params":{}},
    "user_params":{},"dictionary":{}},"id":1}]]

  it("are one object or an array of them", function()
    assert.same({ true, live.mid(1), "POLL" }, { hears(OBJECT:format(live.mid(1), "message")) })
    local list = "[" .. OBJECT:format(live.mid(1), "messageLike") .. ","
      .. OBJECT:format(live.mid(2), "message") .. "]"
    assert.same({ true, live.mid(2), "POLL" }, { hears("\239\187\191 " .. list) })
  end)

  it("are JSON-RPC from version 5 on", function()
    assert.same({ true, live.mid(1), "POLL" }, { hears(RPC:format("incoming.message", live.mid(1),
      "message")) })
    assert.same({ false, live.mid(1), "POLL" }, { hears(RPC:format("incoming.message", live.mid(1),
      "messageLike")) })
    assert.same({ false, live.mid(1), "POLL" }, { hears(RPC:format("ping", live.mid(1),
      "message")) })
  end)

  it("that are cut are asked for again", function()
    local list = "[" .. OBJECT:format(live.mid(1), "message") .. "]"
    for n = 1, #list - 1 do
      local _, _, action = hears(list:sub(1, n))
      assert.equal("SLEEP", action)
    end
  end)
end)

describe("an event", function()
  local function changes(text) return (hears(live.frame(1, text))) end

  it("of the messenger may change counters, unless it is known not to", function()
    for _, command in ipairs { "message", "messageChat", "readMessageChat", "readMessage",
      "unreadMessage", "chatUnread",
      "readAllChats", "readAllChatsByType", "readChildren", "chatMuteNotify", "chatHide",
        "chatUserLeave", "chatDelete",
      "messageDelete", "messageDeleteComplete", "recentUpdate", "notifyAdd", "notifyRead",
        "notifyUnread", "notifyConfirm",
      "notifyDelete", "notifyReadAll", "notifyDeleteAll", "ofTheFuture", "" } do
      assert.is_true(changes(command), command)
    end
    for _, command in ipairs { "startWriting", "messageLike", "messageUpdate",
      "messageParamsUpdate", "userStatus",
      "desktopOnline", "readMessageOpponent", "readMessageChatOpponent" } do
      assert.is_false(changes(command), command)
    end
  end)

  it("that only flashes up is none", function()
    local notice = [[{"module_id":"im","command":"notifyAdd","params":{"onlyFlash":%s}}]]
    assert.is_false(changes(notice:format "true"))
    assert.is_false(changes(notice:format "\"Y\""))
    assert.is_true(changes(notice:format "false"))
  end)

  it("of another module is none; of nobody in particular it may be anything", function()
    assert.is_false(changes [[{"module_id":"main","command":"user_counter","params":{}}]])
    assert.is_true(changes [[{"command":"message"}]])
    assert.is_true(changes [[{"module_id":5,"command":[]}]])
    assert.is_true(changes "[1]")
  end)

  it("announces the end of the channel", function()
    local channel = connected()
    local _, method = channel:reply(3, live.frame(1, live.pull("channel_expire",
      '{"action":"get_config"}')))
    assert.equal("pull.config.get", method)
    assert.same({ "POLL", 60, true, false }, { channel:after(0.1, "config", live.config()) })
    assert.equal(live.mid(1), channel:mid())
  end)

  it("names the channel that takes its place", function()
    local channel, text = connected(),
      [[{"action":"reconnect","new_channel":{"id":"%s","type":"%s"}}]]
    assert.same({ "POLL", 60, true, false },
      { channel:reply(3, live.frame(1, live.pull("channel_expire", text:format("new:id.1",
        "private")))) })
    assert.match("CHANNEL_ID=new%%3Aid%.1&", channel:url())
    assert.equal("POLL", (channel:reply(3, live.frame(2, live.pull("channel_expire",
      text:format("other", "shared"))))))
    assert.match("CHANNEL_ID=new%%3Aid%.1&", channel:url())
    assert.equal("ASK", (channel:reply(3, live.frame(3, live.pull("channel_expire",
      text:format("a b", "private"))))))
  end)

  it("announces another configuration, which not everybody asks for at the same moment", function()
    local least, most = math.huge, 0
    for seed = 1, 30 do
      local channel = live.new(nil, seed)
      channel:after(0, "go")
      channel:after(0, "config", live.config())
      channel:nothing(40)
      assert.equal("POLL", (channel:reply(1, live.frame(1, live.pull "config_expire"))))
      local passed = 0
      repeat
        local seconds = math.min(channel.payload, 40)
        passed = passed + seconds
      until channel:nothing(seconds) == "ASK"
      least, most = math.min(least, passed), math.max(most, passed)
    end
    assert.is_true(least >= 10 and least < 40)
    assert.is_true(most > 60)
  end)

  it("announces a restart: fifteen seconds, and no failure", function()
    local channel = connected()
    for n = 1, 6 do
      local action, pause = channel:reply(3, live.frame(n, live.pull "server_restart"))
      assert.equal("SLEEP", action)
      assert.is_true(pause >= 15 and pause <= 18)
      assert.same({ "POLL", 60, true, false }, { channel:after(pause, "woke") })
    end
    assert.is_true(channel.machine:state().live)
  end)
end)
