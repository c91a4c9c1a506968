-- client:list and client:all of the recent chats, which move up while they are read.

local b24 = require "b24"
local portal = require "spec.support.portal"

local p

local function client()
  return assert(b24.client { webhook = p.http_webhook, allow_http = true, limiter = false,
    timeout = 20, retries = 0 })
end

describe("the recent chats", function()
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function()
    p:reset()
    p:control "clear_counters"
  end)

  local function chats(n)
    for i = 1, n do
      p:control("dialog", { dialog_id = "chat" .. 1000 + i, kind = "chat", age = i * 60 })
    end
  end

  local function dialogs(iterator)
    local n, seen = 0, {}
    for row in iterator do
      assert.is_nil(seen[row.id], "twice: " .. tostring(row.id))
      seen[row.id], n = true, n + 1
    end
    return n, seen
  end

  it("are listed once each", function()
    for _, n in ipairs { 0, 1, 10, 11, 20, 25 } do
      p:control "clear_counters"
      chats(n)
      assert.equal(n, (dialogs(client():list("im.recent.list", { LIMIT = 10 }))))
      assert.equal(n, #assert(client():all "im.recent.list"))
    end
  end)

  it("are 300, and come 200 at a time", function()
    p:control("crowd", { dialogs = 300 })
    local rows = assert(client():all "im.recent.list")
    local one_by_one = dialogs(client():list("im.recent.list", { LIMIT = 7 }))
    assert.equal(one_by_one, #rows)
    assert.is_true(#rows > 200)
  end)

  it("are all found, although one moves up while they are read", function()
    chats(30)
    local iterator = client():list("im.recent.list", { LIMIT = 10 })
    local first = iterator()
    p:control("message", { dialog_id = "chat1025" }) -- from the third page to the top
    p:control("message", { dialog_id = "chat2000" }) -- a new one
    local n, seen = dialogs(iterator)
    seen[first.id] = true
    for i = 1, 30 do assert.is_true(seen["chat" .. 1000 + i], "lost: " .. i) end
    assert.is_true(seen.chat2000)
    assert.equal(30, n)
  end)
end)
