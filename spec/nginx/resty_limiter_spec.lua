-- The limiter in a real nginx: one for its workers and for the programs around it.

local codec = require "b24.codec"
local nginx = require "spec.support.nginx"
local posix = require "b24_posix"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

if nginx.skips(describe, pending, "the limiter in nginx") then return end

describe("the limiter in nginx", function()
  local portal, server

  setup(function()
    portal = start()
    server = nginx.start {}
  end)
  teardown(function()
    server:stop()
    portal:stop()
  end)

  it("is one for all workers, and for programs outside nginx", function()
    local dir = server.dir .. "/limits"
    local conf = ('runtime_dir = %q, limiter = { rate = 0.01, burst = 2 }, timeout = 1'):format(dir)
    local outside = codec.call({ webhook = portal.http_webhook, allow_http = true,
      runtime_dir = dir, limiter = { rate = 0.01, burst = 2 } }, "profile")
    assert.equal("SEND", (outside:next(codec.clock(), "go")))
    local source =
      ("return require('b24').counters { webhook = %q, %s }"):format(portal.http_webhook, conf)
    assert.truthy(server:run(source))
    local value, _, info = server:run(source)
    assert.is_nil(value)
    assert.same({ "limit", "LIMITER", 0 }, { info.kind, info.code, info.attempts })
  end)

  it("says when it is not, and what to do", function()
    assert.truthy(server:run(("return require('b24').counters { webhook = %q, runtime_dir = "
      .. "'/proc/b24' }")
      :format(portal.http_webhook)))
    local line = "b24: the workers do not share their limiter: /proc/b24 cannot be made"
    assert.truthy(server:log():find(line, 1, true))
    assert.truthy(server:log():find("name a runtime_dir that the user of nginx's workers can "
      .. "write to", 1, true))
  end)

  it("is shared again when its folder appears", function()
    local one = nginx.start { workers = 1 } -- which has seen that there was none
    local dir = one.dir .. "/late"
    local source = ("return require('b24').counters { webhook = %q, runtime_dir = '%s/run' }")
      :format(portal.http_webhook, dir)
    assert.truthy(one:run(source))
    assert(os.execute("mkdir -m 777 " .. process.quote(dir)))
    local function shared()
      assert.truthy(one:run(source))
      local pipe = io.popen("ls " .. process.quote(dir .. "/run") .. " 2>&1")
      local list = pipe:read "*a"
      pipe:close()
      return list:find "limiter%-" ~= nil
    end
    assert.is_false(shared()) -- not before five seconds
    assert.is_true(process.eventually(30, function()
      posix.sleep(0.5)
      return shared()
    end))
    one:stop()
  end)
end)
