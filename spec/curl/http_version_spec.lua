-- http_version = "2": an older kept connection is not taken for it, whatever was asked before.
-- One Lua of each kind: connections of libcurl.

local b24 = require "b24"
local libcurl = require "spec.support.libcurl"
local start = require("spec.support.portal").start

for _, how in ipairs { "in a blocking program", "in the engine" } do
  describe("a conf with http_version \"2\" " .. how, function()
    local portal
    local tests = 0
    setup(function() portal = start { addresses = 4 } end)
    before_each(function()
      portal:reset()
      tests = tests + 1
    end)

    -- The connections of one test are not another's.
    local function host(n) return portal.addresses[(tests - 1) % 2 * 2 + n] end

    local function version(address, wanted)
      local client = assert(b24.client { webhook = portal:webhook_for(address),
        ca_file = portal.ca_file, limiter = false, retries = 0, http_version = wanted })
      local err, info
      local function ask() err, info = select(2, client:call "profile") end
      if how == "in the engine" then b24.run(ask) else ask() end
      assert.is_nil(err)
      return info.http_version
    end

    it("gets it beside a kept connection of HTTP/1.1, also after another host's HTTP/2", function()
      assert.equal("1.1", version(host(1), "1.1"))
      assert.equal("2", version(host(2), "auto"))
      for _ = 1, 3 do assert.equal("2", version(host(1), "2")) end
    end)

    local function skip_where_any_is_taken()
      if libcurl.version < libcurl.TELLS_OF_CONNECTIONS then
        pending "libcurl before 7.80 takes a kept connection of HTTP/2 for HTTP/1.1"
      end
    end

    it("does not give it to who wants HTTP/1.1", function()
      skip_where_any_is_taken()
      assert.equal("2", version(host(2), "auto"))
      assert.equal("1.1", version(host(2), "1.1"))
    end)

    it("keeps its one connection", function()
      skip_where_any_is_taken()
      assert.equal("1.1", version(host(1), "1.1"))
      for _ = 1, 4 do
        assert.equal("2", version(host(1), "2"))
        assert.equal("2", version(host(2), "2"))
        assert.equal("1.1", version(host(2), "1.1"))
      end
      local connections = {}
      for _, entry in ipairs(portal:log()) do connections[entry.connection] = true end
      local n = 0
      for _ in pairs(connections) do n = n + 1 end
      assert.equal(4, n)
    end)
  end)
end
