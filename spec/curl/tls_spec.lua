-- TLS: who is trusted, who is not, and that nobody untrusted ever learns the credential.
-- One Lua of each kind: TLS servers; what decides is libcurl.

local b24 = require "b24"
local data = require "spec.support.data"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

describe("over TLS", function()
  local portal, folder
  setup(function()
    portal = start()
    folder = data.folder()
  end)
  before_each(function() portal:reset() end)
  teardown(function() data.remove_folder(folder) end)

  local function ask(more)
    local conf = { webhook = portal.webhook, timeout = 5, retries = 0, limiter = false }
    for name, value in pairs(more) do conf[name] = value end
    local client, err, info = b24.client(conf)
    if not client then return nil, err, info end
    return client:call("crm.deal.add", { title = "not to be sent" })
  end

  -- The call fails like this, and no portal has seen a request.
  local function refused(kind, code, more)
    local value, err, info = ask(more)
    assert.is_nil(value)
    assert.same({ kind, code }, { info.kind, info.code })
    assert.equal("b24: " .. code .. ": ", err:sub(1, #code + 7))
    assert.is_false(info.sent)
    assert.is_nil(info.status)
    assert.truthy(info.hint and info.hint:find "%a")
    assert.same({}, portal:log())
    assert.same({}, portal:stats().executions)
    assert.is_nil(data.leak(portal.secret, err, info))
    return info
  end

  for _, version in ipairs { "2", "1.1" } do
    it("refuses a certificate for another name (HTTP/" .. version .. ")", function()
      refused("tls", "CERTIFICATE_NAME", { webhook = portal:webhook_for(portal.wrong_name_port),
        ca_file = portal.ca_file, http_version = version })
    end)

    it("refuses a certificate of an unknown authority (HTTP/" .. version .. ")", function()
      local info = refused("tls", "CERTIFICATE_UNTRUSTED",
        { webhook = portal:webhook_for(portal.untrusted_port),
        ca_file = portal.ca_file, http_version = version })
      -- Nobody can see from here whether it is the authority or a missing link of the chain.
      assert.truthy(info.hint:find("intermediate certificate", 1, true), info.hint)
      assert.truthy(info.hint:find("another authority than that in ca_file", 1, true), info.hint)
    end)

    it("refuses an expired certificate (HTTP/" .. version .. ")", function()
      refused("tls", "CERTIFICATE_EXPIRED", { webhook = portal:webhook_for(portal.expired_port),
        ca_file = portal.ca_file, http_version = version })
    end)
  end

  it("refuses an address that the certificate does not name", function()
    local webhook = "https://127.0.0.1:" .. portal.wrong_name_port .. "/rest/1/"
      .. portal.secret .. "/"
    refused("tls", "CERTIFICATE_NAME", { webhook = webhook, ca_file = portal.ca_file })
  end)

  it("trusts the authority in ca_file", function()
    assert(ask { ca_file = portal.ca_file })
    assert.equal("localhost:" .. portal.https_port, portal:log()[1].headers.host)
  end)

  it("trusts the authorities in the hashed directory ca_path, with or without a ca_file", function()
    assert(ask { ca_path = portal.ca_dir })
    assert(ask { ca_path = portal.ca_dir, ca_file = portal.ca_file })
  end)

  it("trusts nobody when ca_path has no certificates", function()
    refused("tls", "CERTIFICATE_UNTRUSTED", { ca_path = folder })
    refused("tls", "CERTIFICATE_UNTRUSTED", { ca_path = folder .. "/missing" })
  end)

  it("calls a ca_file that is missing, no PEM file or empty a config error", function()
    process.write(folder .. "/empty.pem", "")
    process.write(folder .. "/text.pem", "certainly not\n")
    process.write(folder .. "/broken.pem",
      "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    for _, name in ipairs { "missing", "empty", "text", "broken" } do
      refused("config", "BAD_CA_FILE", { ca_file = folder .. "/" .. name .. ".pem" })
    end
    refused("config", "BAD_CA_FILE", { ca_file = folder })
  end)

  it("uses the system's trust store when none is given: our authority is not in it", function()
    local info = refused("tls", "CERTIFICATE_UNTRUSTED", {})
    assert.truthy(info.hint:find("ca_file", 1, true))
    assert.truthy(info.hint:find("ca%-certificates.*intermediate certificate"), info.hint)
  end)

  it("does not take over trust from an earlier call", function()
    assert(ask { ca_file = portal.ca_file })
    portal:control "log_clear"
    portal:control "reset"
    refused("tls", "CERTIFICATE_UNTRUSTED", {})
    refused("tls", "CERTIFICATE_UNTRUSTED", { ca_path = folder })
    assert(ask { ca_file = portal.ca_file })
  end)

  it("goes on working after a refusal", function()
    local client = assert(b24.client { webhook = portal.webhook, ca_file = portal.ca_file,
      limiter = false })
    assert(client:counters())
    refused("tls", "CERTIFICATE_UNTRUSTED", { webhook = (function()
      portal:reset()
      return portal:webhook_for(portal.untrusted_port)
    end)() })
    assert.is_true(select(3, client:counters()).reused)
  end)

  describe("does not speak plain http", function()
    it("unless it was asked for", function()
      refused("config", "HTTPS_REQUIRED", { webhook = portal.http_webhook })
      refused("config", "HTTPS_REQUIRED", { webhook = portal.http_webhook, allow_http = false })
      assert(ask { webhook = portal.http_webhook, allow_http = true })
    end)

    it("to other machines, whatever was asked for", function()
      for _, host in ipairs { "portal.example", "192.0.2.1", "10.0.0.1", "127.evil.example",
          "localhost.example", "0.0.0.0", "[::2]", "[::ffff:10.0.0.1]" } do
        refused("config", "HTTPS_REQUIRED",
          { webhook = "http://" .. host .. "/rest/1/" .. portal.secret .. "/", allow_http = true })
      end
    end)

    it("where the portal's https should be", function()
      portal:control("raw", { bytes = "HTTP/1.1 400 Bad Request\r\n\r\nplain http\r\n" })
      local value, err, info = ask { webhook = "https://localhost:" .. portal.raw_port .. "/rest/1/"
        .. portal.secret .. "/", ca_file = portal.ca_file }
      assert.is_nil(value)
      assert.same({ "tls", "TLS_FAILED", false }, { info.kind, info.code, info.sent })
      assert.is_nil(data.leak(portal.secret, err, info, portal:log()))
      assert.equal(1, #portal:log()) -- a ClientHello, and no request
      assert.is_nil(portal:log()[1].body:find("POST", 1, true))
    end)
  end)

  it("fails in time when the handshake hangs, and nothing was sent", function()
    portal:control("raw", { bytes = "", after = "keep" })
    local elapsed, value, _,
      info = process.timed(ask, { webhook = "https://localhost:" .. portal.raw_port
      .. "/rest/1/" .. portal.secret .. "/", timeout = 0.3 })
    assert.is_nil(value)
    assert.same({ "timeout", "TIMEOUT", false }, { info.kind, info.code, info.sent })
    assert.is_true(elapsed < 9) -- connect_timeout has 10
    portal:control "clear_faults"
  end)

  it("fails when the other side hangs up during the handshake, and nothing was sent", function()
    for _, after in ipairs { "close", "reset" } do
      portal:control("raw", { bytes = "\22\3\3", after = after })
      local value, _, info = ask { webhook = "https://localhost:" .. portal.raw_port .. "/rest/1/"
        .. portal.secret .. "/" }
      assert.is_nil(value)
      assert.same({ "tls", false }, { info.kind, info.sent })
    end
  end)

  it("tells a proxy that hangs up from a portal that does; nothing was sent", function()
    for bytes, expected in pairs { [""] = "network", ["HTTP/1.1 200"] = "network",
        ["HTTP/1.1 200 OK\r\n\r\n"] = "tls" } do
      for _, after in ipairs { "close", "reset" } do
        portal:control("raw", { bytes = bytes, after = after })
        local value, _, info = ask { proxy = "http://localhost:" .. portal.raw_port }
        assert.is_nil(value)
        assert.same({ bytes, after, expected, false }, { bytes, after, info.kind, info.sent })
      end
    end
  end)

  it("holds for a token in a header as well", function()
    local base = portal.webhook:match "^(.-)/rest"
    local _, err, info = b24.counters { portal = base, token = portal.token, retries = 0,
      limiter = false }
    assert.same({ "tls", "CERTIFICATE_UNTRUSTED", false }, { info.kind, info.code, info.sent })
    assert.same({}, portal:log())
    assert.is_nil(data.leak(portal.token, err, info))
  end)
end)
