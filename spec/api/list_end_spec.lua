-- client:list and client:all end where the list does: with odd methods, and within one deadline.

local b24 = require "b24"
local portal = require "spec.support.portal"

local p

local function client(more)
  local options = { webhook = p.http_webhook, allow_http = true, limiter = false, timeout = 60, retries = 0 }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(b24.client(options))
end

describe("the end of a list", function()
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function() p:reset() end)

  it("is not that of a page which the portal counts as everything", function()
    for _, n in ipairs { 0, 1, 50, 100, 120 } do
      p:control("settings", { addresses = n })
      local rows, err = client():all "crm.address.list"
      assert(rows, err)
      assert.equal(n, #rows)
      rows = assert(client():all("crm.address.list", { start = 50 }))
      assert.equal(math.max(0, n - 50), #rows)
    end
  end)

  it("is not that of a full page which counts itself", function()
    p:control("settings", { items = 50 })
    local rows, _, info = client():all "b24test.item.list"
    assert.equal(50, #rows)
    assert.equal(2, info.pages)
  end)
end)
