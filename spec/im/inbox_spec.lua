-- Who waits, as pure values: dates, and what the answers say together.

local b24 = require "b24"
local codec = require "b24.codec"

describe("codec.date", function()
  for text, seconds in pairs { ["1970-01-01T00:00:00+00:00"] = 0,
      ["2026-02-25T12:07:10+01:00"] = 1772017630, ["2026-02-25T11:07:10Z"] = 1772017630,
      ["2026-02-25T06:37:10-0430"] = 1772017630, ["2026-02-25T11:07:10.123456+00:00"] = 1772017630,
      ["2024-02-29T23:59:59+03:00"] = 1709240399, ["2000-03-01T00:00:00Z"] = 951868800,
      ["1969-12-31T23:59:59Z"] = -1, ["2100-03-01T00:00:00Z"] = 4107542400 } do
    it("reads " .. text, function() assert.equal(seconds, codec.date(text)) end)
  end

  it("reads nothing without an offset, and nothing else", function()
    for _, text in ipairs { "", "2026-02-25", "2026-02-25T12:07:10", "2026-02-25 12:07:10+01:00",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-32T00:00:00Z",
        "2026-02-25T24:00:00Z", "2026-02-25T12:60:00Z", "2026-2-25T12:00:00Z",
        "2026-02-25T12:07:10+1:00", "2026-02-25T12:07:10+01:00 ", "2026-02-25T12:07:10Zx",
        "2026-02-25T12:07:10+", "2026-02-25T12:07:", "x", "2026-02-25T12:07:10+24:00" } do
      assert.is_nil(codec.date(text), text)
    end
    for _, value in ipairs { 5, true, {}, print } do assert.is_nil(codec.date(value)) end
  end)
end)

describe("codec.inbox", function()
  local item = { id = "chat7", chat_id = 7, title = "Team", counter = 1, last_id = 10,
    message = { id = 11, author_id = 3, date = "2026-02-25T12:00:00+03:00", text = "Hi" },
    chat = { type = "chat" } }
  local NOW = 1772010000 + 60 -- one minute later

  it("measures waiting by the clock that it is told", function()
    local list = codec.inbox({ CHAT = { ["7"] = 1 } }, { item }, { now = NOW })
    assert.same({ { dialog_id = "chat7", chat_id = 7, name = "Team", kind = "chat",
      section = "CHAT", unread = 1,
      last_message = "Hi", date = NOW - 60, waiting = 60, last_id = 10 } }, list)
    assert.is_nil(codec.inbox({ CHAT = { ["7"] = 1 } }, { item })[1].waiting)
    -- no negative ages
    assert.equal(0, codec.inbox({ CHAT = { ["7"] = 1 } }, { item }, { now = NOW - 600 })[1].waiting)
  end)

  it("does not take the user's own message for one that waits", function()
    assert.is_nil(codec.inbox({ CHAT = { ["7"] = 1 } }, { item }, { now = NOW, me = 3 })[1].waiting)
    assert.equal(60, codec.inbox({ CHAT = { ["7"] = 1 } }, { item },
      { now = NOW, me = 4 })[1].waiting)
  end)

  it("survives whatever a portal may put there", function()
    local strange = { {}, { id = {} }, { id = "chat" }, { id = "chat7", message = 5, chat = false,
      user = "x" },
      { id = 0 }, { id = -1 }, { id = "chatx" }, { id = "547" }, { id = "chat7", title = "" }, 5,
      "x", false, b24.null,
      { id = "chat7", message = { date = 5, id = "x" }, counter = "1", last_id = {} },
      { id = ("9"):rep(40) } }
    for _, counters in ipairs { {}, { CHAT = 5 },
        { CHAT = { ["7"] = "x", x = 1, [""] = 2, [0] = 3 } },
        { CHAT = { ["7"] = 1 }, CHAT_UNREAD = { "x", {}, 0, -1, 7 },
        CHANNEL_COMMENT = { a = 5, b = { ["8"] = 1 } },
        CHAT_MUTED = b24.null, DIALOG_UNREAD = 5 } } do
      for _, list in ipairs { (codec.inbox(counters, strange, { now = "x", me = {} })) } do
        assert.is_table(list)
        codec.inbox_questions(list, true)
        for _, answers in ipairs { {}, { people = 5 }, { people = { 5, { id = 1 } }, wchat7 = 5,
            nchat8 = 5 }, { wchat7 = { messages = { 5, {}, { id = 1 } } },
            nchat8 = { name = 5, type = {}, dialog_id = {} } } } do
          codec.inbox_answers(list, answers, { now = 5 })
        end
      end
    end
  end)
end)
