-- b24.why: the number explained, with nothing that is not known.

local b24 = require "b24"
local codec = require "b24.codec"
local data = require "spec.support.data"

local function line() return debug.getinfo(2, "l").currentline end

describe("b24.why", function()
  local G3 = { ALL = 1165, NOTIFY = 52, TASKS_TASK = 979, MESSENGER = 1113, CHAT = 100,
    DIALOG = 30, LINES = 4 }

  it("takes the number to pieces that make it up exactly", function()
    assert.equal("1165 = 979 tasks + 52 notifications + 134 messages\n4 of the messages are in "
      .. "open lines", b24.why { TYPE = G3 })
    assert.equal("14 = 4 notifications + 10 messages\n1 of the messages is in open lines",
      b24.why { TYPE = { ALL = 14, NOTIFY = 4, DIALOG = 4, CHAT = 5, LINES = 1 } })
    assert.equal("3 = 1 task + 1 notification + 1 message",
      b24.why { TYPE = { ALL = 3, NOTIFY = 1, TASKS_TASK = 1, MESSENGER = 2 } })
    assert.equal("0", b24.why { TYPE = { ALL = 0, NOTIFY = 0, DIALOG = 0, CHAT = 0 } })
  end)

  it("says what is not known", function()
    assert.equal("how many in all is unknown", b24.why {})
    assert.equal("how many in all is unknown; known: 3 notifications",
      b24.why { TYPE = { NOTIFY = 3 } })
    assert.equal("9 = 5 messages + 4 that the portal does not explain",
      b24.why { TYPE = { ALL = 9, MESSENGER = 5 } })
    assert.equal("9 = 9 that the portal does not explain", b24.why { TYPE = { ALL = 9 } })
    assert.equal("5, though the parts make 9: 4 notifications + 5 messages",
      b24.why { TYPE = { ALL = 5, NOTIFY = 4, MESSENGER = 5 } })
  end)

  it("tells of muted, marked and capped dialogs", function()
    local counters = { TYPE = { ALL = 203, NOTIFY = 100, TASKS_TASK = 0, MESSENGER = 103 },
      CHAT = { ["1"] = 100, ["2"] = 2 }, COLLAB = { ["2"] = 2 },
      CHAT_MUTED = { ["3"] = 100, ["4"] = 1 }, CHAT_UNREAD = { 1, 5 }, DIALOG_UNREAD = {} }
    assert.equal("203 = 100 notifications + 103 messages\n1 dialog is only marked as unread\n2 "
      .. "muted dialogs are not in it\n"
      .. "1 dialog is at the cap of 100 (or more)\nthe notifications are at the cap of 100 (or "
        .. "more)", b24.why(counters))
    counters.TYPE.TASKS_TASK = nil -- older servers count on
    assert.is_nil(b24.why(counters):find "cap")
  end)

  it("adds what an inbox knows", function()
    local counters = { TYPE = { ALL = 20, NOTIFY = 0, MESSENGER = 20 } }
    local inbox = { { unread = 9, dismissed = true }, { unread = 2, hidden = true },
      { unread = 3, hidden = true, unknown = true },
      { unread = 0, hidden = true, marked = true }, { unread = 6, hidden = true, dismissed = true,
        section = "CHAT_MUTED" } }
    local text = "20 = 20 messages\n9 messages are from dismissed colleagues\n"
      .. "2 dialogs are not in the list of recent chats\nthe portal gives no name for 1 dialog"
    assert.equal(text, b24.why(counters, inbox))
    inbox.section = "LINES" -- a part of the dialogs says nothing of all
    assert.equal("20 = 20 messages", b24.why(counters, inbox))
    assert.equal("20 = 20 messages", b24.why(counters, {}))
  end)

  it("says the same of counters that went through JSON", function()
    for _, sample in ipairs(data.sources "counters") do
      local counters = codec.reply("https://portal.example/rest/1/abcdefgh/", "im.counters.get",
        { status = 200, body = sample.text }, "counters")
      if counters then
        local text = b24.why(counters)
        assert.equal(text, b24.why(assert(codec.decode(codec.encode(counters)))), sample.name)
        assert.truthy(text:find "^%d+" or text:find "^how many", sample.name)
      end
    end
  end)

  it("has parts that make up the number in every sample where it is known", function()
    for _, sample in ipairs(data.sources "counters") do
      local counters = codec.reply("https://portal.example/rest/1/abcdefgh/", "im.counters.get",
        { status = 200, body = sample.text }, "counters")
      local p = counters and codec.why_parts(counters) or {}
      if p.all then
        assert.equal(p.all, (p.tasks or 0) + (p.notifications or 0) + (p.messages or 0) + (p.rest
          or 0), sample.name)
      end
    end
  end)

  it("survives tables of any shape, and throws for what is no table", function()
    for _, counters in ipairs { { TYPE = 5 }, { TYPE = { ALL = "x" } },
      { CHAT = 5, CHAT_MUTED = "x", CHAT_UNREAD = true } } do
      assert.is_string(b24.why(counters, { 5, {}, { unread = "x" }, section = nil }))
    end
    for _, wrong in ipairs { 5, "x", true } do
      local at = {}
      local ok, message = pcall(function() at[1] = line() b24.why(wrong) end)
      assert.is_false(ok)
      assert.truthy(message:find("why_spec.lua:" .. at[1] .. ": b24: counters must be a table", 1,
        true), message)
      assert.is_false((pcall(b24.why, {}, wrong)))
    end
  end)
end)
