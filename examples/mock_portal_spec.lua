-- A busted spec of a program that uses Bitrix24, without Bitrix24. To run it:
--   busted examples/mock_portal_spec.lua

local b24 = require "b24"
local mock = require "b24.mock"

-- The program under test: tells who is waiting, in one line.
local function status_line(webhook)
  local counters, err, info = b24.counters { webhook = webhook, allow_http = true, retries = 0 }
  if not counters then return info.kind == "auth" and "log in again" or "offline: " .. err end
  return b24.badge(counters) .. " unread"
end

describe("the status line", function()
  local portal

  setup(function() portal = assert(mock.start()) end)
  before_each(function() portal:reset() end)
  teardown(function() portal:stop() end)

  it("counts messages", function()
    portal:control "clear_counters"
    portal:control("message", { dialog_id = "5", count = 2 })
    portal:control("message", { dialog_id = "chat18" })
    assert.equal("3 unread", status_line(portal.http_webhook))
    assert.equal("im.counters.get", portal:log()[1].method)
  end)

  it("survives a bad gateway", function()
    portal:control("fault", { kind = "html", status = 502 })
    assert.truthy(status_line(portal.http_webhook):find "^offline: ")
  end)

  it("asks to log in when the webhook is gone", function()
    portal:control("account", { user_id = 1, secret = "another" })
    assert.equal("log in again", status_line(portal.http_webhook))
  end)
end)
