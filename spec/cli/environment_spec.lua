-- What the environment says: certificates, proxies, a user without a home.
-- One Lua of each kind: processes.

local command = require "spec.support.command"
local data = require "spec.support.data"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

local quote = process.quote

describe("the environment:", function()
  local portal, home
  setup(function()
    portal, home = start(), command.home()
  end)
  teardown(function() command.remove(home) end)
  before_each(function() portal:reset() end)

  local function b24(env, ...)
    local all = { HOME = home, B24_RUNTIME_DIR = home .. "/run", B24_WEBHOOK = portal.webhook }
    for name, value in pairs(env) do all[name] = value end
    local status, out, err = command.run({ ... }, { env = all })
    assert.is_nil((out .. err):find(portal.secret, 1, true), out .. err)
    return status, out, err
  end
  local BADGE = { "--format", "{badge}" }
  local function badge(env, ...) return b24(env, BADGE[1], BADGE[2], ...) end

  describe("SSL_CERT_FILE", function()
    it("names the certificates that are trusted", function()
      assert.equal(5, (badge {}))
      assert.same({ 0, "8\n", "" }, { badge { SSL_CERT_FILE = portal.ca_file } })
      assert.same({ 0, "8\n", "" }, { badge { SSL_CERT_FILE = portal.ca_file .. "\r\n" } })
      assert.equal(5, (badge { SSL_CERT_FILE = "" })) -- unset
    end)

    it("goes behind --ca-file", function()
      assert.same({ 0, "8\n", "" },
        { badge({ SSL_CERT_FILE = "/nowhere.pem" }, "--ca-file", portal.ca_file) })
    end)

    it("that names nothing is an error that says so", function()
      local status, _, err = badge { SSL_CERT_FILE = "/nowhere.pem" }
      assert.equal(2, status, err)
      assert.truthy(err:find("BAD_CA_FILE.*SSL_CERT_FILE"), err)
    end)

    it("is shown by doctor", function()
      local status, out = b24({ SSL_CERT_FILE = portal.ca_file }, "doctor")
      assert.equal(0, status, out)
      assert.truthy(out:find("ok    trust      SSL_CERT_FILE: " .. portal.ca_file .. "\n", 1, true),
        out)
      status, out = b24({ SSL_CERT_FILE = "/nowhere.pem" }, "doctor")
      assert.equal(2, status, out)
      assert.truthy(out:find("BAD   trust      SSL_CERT_FILE: /nowhere.pem: No such file", 1, true),
        out)
      out = select(2, b24({ SSL_CERT_FILE = "/nowhere.pem" }, "doctor", "--ca-file",
        portal.ca_file))
      assert.truthy(out:find("-     trust      SSL_CERT_FILE: /nowhere.pem is not used; --ca-file",
        1, true), out)
      out = select(2, b24({}, "doctor", "--ca-file", portal.ca_file))
      assert.is_nil(out:find("trust  ", 1, true), out)
    end)

    it("goes behind B24_CA_FILE, which is of this program alone", function()
      assert.same({ 0, "8\n", "" }, { badge { B24_CA_FILE = portal.ca_file } })
      assert.same({ 0, "8\n", "" },
        { badge { SSL_CERT_FILE = "/nowhere.pem", B24_CA_FILE = portal.ca_file } })
      local status, _, err = badge { SSL_CERT_FILE = portal.ca_file, B24_CA_FILE = "/nowhere.pem" }
      assert.equal(2, status, err)
      assert.truthy(err:find("B24_CA_FILE", 1, true), err)
      local out = select(2, b24({ B24_CA_FILE = portal.ca_file }, "doctor"))
      assert.truthy(out:find("ok    trust      B24_CA_FILE: " .. portal.ca_file .. "\n", 1, true),
        out)
    end)

    it("counts for calls in an event loop too", function()
      local source = ([[
        local b24 = require "b24"
        local counters, err = b24.run(function() return b24.counters { webhook = %q } end)
        print(counters and b24.badge(counters) or err)
      ]]):format(portal.webhook)
      local _, out, err = process.run(source, { SSL_CERT_FILE = portal.ca_file })
      assert.same({ "8\n", "" }, { out, err })
    end)
  end)

  it("SSL_CERT_DIR names a folder of hashed certificates", function()
    local facts = require("b24.core").versions()
    if not facts.tls:find "OpenSSL" then return pending "only OpenSSL has such folders" end
    local dir = home .. "/certs"
    data.shell(("mkdir %s; cp %s %s/ca.pem; cd %s; ln -s ca.pem $(openssl x509 -hash -noout -in "
      .. "ca.pem).0"):format(dir, quote(portal.ca_file), dir, dir))
    assert.same({ 0, "8\n", "" }, { badge { SSL_CERT_DIR = dir } })
    assert.equal(5, (badge { SSL_CERT_DIR = home }))
    local _, out = b24({ SSL_CERT_DIR = dir }, "doctor")
    assert.truthy(out:find("ok    trust      SSL_CERT_DIR: " .. dir .. "\n", 1, true), out)
  end)

  describe("a line end behind", function()
    local webhook, proxy
    before_each(function()
      webhook = ("https://mine.bitrix24.ru/rest/1/%s/"):format(portal.secret)
      proxy = "http://127.0.0.1:" .. portal.proxy_port
    end)

    for _, name in ipairs { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" } do
      it(name .. " is no part of it", function()
        for _, tail in ipairs { "\n", "\r\n", " \r" } do
          assert.same({ 0, "8\n", "" },
            { badge({ B24_WEBHOOK = webhook, [name] = proxy .. tail }, "--ca-file",
            portal.ca_file) })
        end
      end)
    end

    it("--proxy is no part of it", function()
      assert.same({ 0, "8\n", "" },
        { badge({ B24_WEBHOOK = webhook }, "--ca-file", portal.ca_file, "--proxy",
        proxy .. "\r\n") })
    end)

    it("no_proxy is no part of it", function()
      assert.same({ 0, "8\n", "" },
        { badge({ https_proxy = "http://127.0.0.1:1\n", no_proxy = "localhost,127.0.0.1\r\n" },
        "--ca-file", portal.ca_file) })
    end)
  end)

  describe("a user without an entry in passwd", function()
    local NOBODY = "unshare -U --map-user=54321 --map-group=54321 "
    local function run(env, arguments)
      local all = { B24_WEBHOOK = portal.http_webhook }
      for name, value in pairs(env) do all[name] = value end
      local line = command.words(arguments, all)
      local out =
        data.shell(("unset LD_PRELOAD; %s timeout 50 %s 2>%s; echo \"[$?]\""):format(NOBODY, line,
        quote(home .. "/err")))
      return out, process.read(home .. "/err")
    end

    for name, env in pairs { ["no HOME"] = {}, ["HOME=/dev/null"] = { HOME = "/dev/null" },
      ["HOME=/nonexistent"] = { HOME = "/nonexistent" },
      ["HOME=relative"] = { HOME = "relative" } } do
      it("and with " .. name .. " gets answers, also from no cache", function()
        if data.shell(NOBODY .. "id -u") ~= "54321\n" then return pending "no user namespaces" end
        assert.same({ "8\n[0]\n", "" }, { run(env, { "--format", "{badge}" }) })
        assert.same({ "8\n[0]\n", "" },
          { run(env, { "--format", "{badge}", "--max-age", "30s", "--stale-ok" }) })
      end)
    end

    it("is told what to name by doctor", function()
      if data.shell(NOBODY .. "id -u") ~= "54321\n" then return pending "no user namespaces" end
      local out = run({}, { "doctor" })
      assert.truthy(out:find("BAD   limiter    [^\n]*user 54321 has neither a home nor a runtime "
        .. "folder"), out)
      assert.truthy(out:find("B24_RUNTIME_DIR", 1, true), out)
    end)
  end)
end)
