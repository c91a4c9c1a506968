-- client:send with what programs write: cleaned, in parts, each sent once.

local b24 = require "b24"
local start = require("spec.support.portal").start

local LOG = ("a line of a log\n"):rep(3000) -- 48,000 characters

describe("a long text", function()
  local portal, client
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    client = assert(b24.client { webhook = portal.webhook, ca_file = portal.ca_file, timeout = 20,
      limiter = false })
  end)

  local function sent() return portal:stats().executions["im.message.add"] or 0 end

  it("arrives in numbered parts, and nothing of it is lost", function()
    local id, err, info = client:send("chat18", LOG)
    assert.is_nil(err)
    assert.same({ 3, 3, id }, { info.parts, #info.ids, info.ids[1] })
    assert.equal(3, info.attempts)
    local list, lines = assert(client:messages("chat18", { limit = 3 })), 0
    for i, m in ipairs(list) do
      assert.equal(info.ids[i], m.id)
      local body = m.text:match(("^%%(%d/3%%)\n(.*)$"):format(i))
      lines = lines + select(2, (body .. "\n"):gsub("a line of a log\n", ""))
    end
    assert.equal(3000, lines)
  end)

  it("is refused when it must be one message", function()
    local id, err, info = client:send("chat18", LOG, { once = true })
    assert.is_nil(id)
    assert.same({ "config", "TEXT_TOO_LONG", false, "string" },
      { info.kind, info.code, info.sent, type(info.hint) }, err)
    assert.equal(0, #portal:log())
    assert(client:send("chat18", ("x"):rep(20000), { once = true }))
    assert.equal(20000, #client:messages("chat18", { limit = 1 })[1].text)
  end)

  it("is refused when it would flood the chat", function()
    local id, _, info = client:send("chat18", LOG:rep(30))
    assert.same({ "TEXT_TOO_LONG", 0 }, { id or info.code, #portal:log() })
  end)

  it("stops at the part that fails, and says how many arrived", function()
    for arrived, fault in ipairs {
      { kind = "reply", status = 403,
        body = '{"error":"ACCESS_ERROR","error_description":"no more"}' },
      { kind = "reply", body = '{"result":false}' },
    } do
      portal:reset()
      client = assert(b24.client { webhook = portal.webhook, ca_file = portal.ca_file,
        limiter = false })
      local seen = 0
      local real = require("b24.codec").call
      require("b24.codec").call = function(...) -- from the second or third part on
        seen = seen + 1
        if seen == arrived + 1 then
          portal:control("reply", { method = "im.message.add", status = fault.status,
            body = fault.body })
        end
        return real(...)
      end
      local id, err, info = client:send("chat18", LOG)
      require("b24.codec").call = real
      assert.is_nil(id)
      assert.truthy(err:find(("(%d of 3 parts arrived)"):format(arrived), 1, true), err)
      assert.same({ arrived, 3, arrived + 1 }, { #info.ids, info.parts, info.attempts })
      assert.equal(arrived, sent())
      portal:control "clear_faults"
      assert(client:send("chat18", info.rest))
      local lines = 0
      for _, m in ipairs(assert(client:messages("chat18", { limit = 3 }))) do
        lines = lines + select(2, m.text:gsub("a line of a log", ""))
      end
      assert.equal(3000, lines)
    end
  end)

  it("is never sent twice", function()
    portal:control("fault", { kind = "execute_then_cut", method = "im.message.add" })
    local id, err, info = client:send("chat18", LOG)
    assert.is_nil(id)
    assert.same({ "network", false, 0, 3 }, { info.kind, info.retryable, #info.ids, info.parts })
    assert.is_nil(info.rest) -- nothing is known to have arrived
    assert.truthy(err:find("(0 of 3 parts arrived)", 1, true), err)
    assert.equal(1, sent())
  end)

  it("arrives with what cannot be read marked, and without what steers a terminal", function()
    assert(client:send("chat18", "\239\187\191\27[31mERROR\27[0m r\233sum\233\0\r\n10%\r100%"))
    assert.equal("ERROR r\239\191\189sum\239\191\189\n100%",
      client:messages("chat18", { limit = 1 })[1].text)
  end)
end)
