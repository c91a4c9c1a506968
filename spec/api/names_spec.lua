-- Names and titles as people gave them: some portals send them with HTML's entities.

local b24 = require "b24"
local start = require("spec.support.portal").start

describe("a title with HTML's entities", function()
  local portal, client
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    client = b24.client { webhook = portal.webhook, ca_file = portal.ca_file, limiter = false,
      timeout = 20 }
  end)

  for sent, shown in pairs { ["R&amp;D &quot;Next&quot;"] = 'R&D "Next"',
      ["Anna&#039;s &lt;team&gt;"] = "Anna's <team>", ["&amp;quot;"] = "&quot;",
      ["R&D & &foo;"] = "R&D & &foo;" } do
    it("reads as it was written: " .. sent, function()
      portal:control("dialog", { dialog_id = "chat18", title = sent, count = 2 })
      portal:control("dialog", { dialog_id = "77", title = sent, count = 1 })
      local names = {}
      for _, entry in ipairs(assert(client:inbox())) do names[entry.dialog_id] = entry.name end
      assert.same({ shown, shown }, { names.chat18, names["77"] })
    end)
  end
end)
