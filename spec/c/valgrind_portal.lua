-- luacheck: std max+busted
-- The short portal run of make valgrind: each way that a transfer can end, without looking at the
-- clock.

local b24 = require "b24"

describe("under valgrind", function()
  local portal

  setup(function() portal = require("spec.support.portal").start() end)
  teardown(function() portal:stop() end)

  local function conf(webhook)
    return { webhook = webhook or portal.webhook, ca_file = portal.ca_file, allow_http = true,
      timeout = 60, retries = 0 }
  end

  it("counters come over TLS and over a kept connection", function()
    local client = assert(b24.client(conf()))
    local counters = assert(client:counters())
    assert.equal(counters.CHAT["18"], counters.CHAT[18])
    assert.is_true(select(3, client:counters()).reused)
    for _ in b24.dialogs(counters) do assert.is_table(b24.totals(counters)) end
    assert.same({}, b24.diff(counters, assert(client:counters())))
  end)

  it("any call comes over plain http", function()
    local client = assert(b24.client(conf(portal.http_webhook)))
    assert.same({ a = { 1, 2 } }, client:call("b24test.echo", { a = { 1, 2 } }))
  end)

  it("a file is sent as it is read", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(("b24"):rep(20000))
    file:close()
    local client = assert(b24.client(conf()))
    assert.is_number((client:send("chat18", "a report", { files = path })))
    portal:control("fault", { kind = "cut_body", method = "im.v2.File.upload", times = 1 })
    assert.is_nil((client:send("chat18", nil, { files = path })))
    os.remove(path)
    assert.is_nil((client:send("chat18", nil, { files = path })))
  end)

  it("failures come as values", function()
    local client = assert(b24.client(conf(portal.http_webhook)))
    assert.equal("portal", select(3, client:call "no.such.method").kind)
    assert.equal("tls",
      select(3, b24.counters(conf(portal:webhook_for(portal.untrusted_port)))).kind)
    for _, kind in ipairs { "cut_body", "empty", "html" } do
      portal:control("fault", { kind = kind, times = 1 })
      assert.is_nil((client:counters()))
    end
    assert.is_table((client:counters()))
  end)
end)
