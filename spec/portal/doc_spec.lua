-- doc/mock.md tells what the mock portal knows.
-- One Lua of each kind: the mock portal has a Lua of its own.

local start = require("spec.support.portal").start

describe("doc/mock.md", function()
  local portal, text
  setup(function()
    portal = start()
    local file = assert(io.open "doc/mock.md")
    text = file:read "*a"
    file:close()
  end)
  teardown(function() portal:stop() end)

  it("names every method", function()
    local rest = require("spec.support.rest").new(portal)
    for _, name in ipairs(rest.result("methods", { full = true })) do
      assert.truthy(text:find("`" .. name .. "`", 1, true), name)
    end
  end)

  it("names no method that there is not", function()
    local rest = require("spec.support.rest").new(portal)
    local methods = text:match "\n## Methods\n(.-)\n\n## "
    for name in methods:match("(.-)\n\nRows"):gmatch "`(%l+%.?[%l%d.]*)`" do
      if name ~= "list" and name ~= "get" then
        local found = rest.result("method.get", { name = name })
        assert.is_true(found.isExisting, name)
      end
    end
  end)
end)
