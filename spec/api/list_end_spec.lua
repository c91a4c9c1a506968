-- client:list and client:all end where the list does: with odd methods, and within one deadline.

local b24 = require "b24"
local portal = require "spec.support.portal"

local p

local function client(more)
  local options = { webhook = p.http_webhook, allow_http = true, limiter = false, timeout = 60,
    retries = 0 }
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

  it("is not missed when the portal appends chats to a page, or hides some", function()
    p:control "clear_counters"
    p:control("crowd", { dialogs = 500 })
    local function read(settings)
      p:control("settings", settings)
      local rows, err, info = client():all "im.recent.list"
      assert(rows, err)
      local seen = {}
      for _, row in ipairs(rows) do
        assert.is_nil(seen[row.id])
        seen[row.id] = true
      end
      return #rows, info.pages
    end
    local all = read {}
    assert.is_true(all > 400)
    assert.equal(all, (read { recent_appends = 20 }))
    local pages = math.ceil(all / 200)
    assert.equal(all - 190 * (pages - 1) - math.min(190, all - 200 * (pages - 1)),
      (read { recent_appends = 0, recent_hides = 190 }))
    assert.equal(0, (read { recent_hides = 200 }))
  end)

  it("is not that of a full page which counts itself", function()
    p:control("settings", { items = 50 })
    local rows, _, info = client():all "b24test.item.list"
    assert.equal(50, #rows)
    assert.equal(2, info.pages)
  end)
end)
