-- A busted spec of a program that uses Bitrix24, without Bitrix24. To run it:
--   busted examples/mock_portal_spec.lua

local b24 = require "b24"
local mock = require "b24.mock"

-- The program under test: tells who is waiting, in one line.
local function status_line(webhook, oauth)
  local counters, err, info = b24.counters { webhook = webhook, oauth = oauth, allow_http = true,
    retries = 0 }
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

  it("goes on when an application's token has ended, and keeps the new one", function()
    local oauth, kept = portal:oauth(), nil
    oauth.store = { load = function() return kept end, save = function(tokens) kept = tokens end }
    portal:control "clear_counters"
    portal:control("message", { dialog_id = "5", count = 4 })
    assert.equal("4 unread", status_line(nil, oauth))
    portal:control "expire_tokens"
    for _ = 1, 2 do assert.equal("4 unread", status_line(nil, oauth)) end
    assert.equal(1, portal:stats().executions["oauth.refresh_token"])
    portal:control "revoke_tokens"
    assert.equal("log in again", status_line(nil, oauth))
    assert.is_string(kept.refresh_token)
  end)
end)
