-- A portal that is not reached: who was in the way is named, and nothing was sent.
-- One Lua of each kind: real time.

local b24 = require "b24"
local mime = require "mime"
local process = require "spec.support.process"
local socket = require "socket"
local start = require("spec.support.portal").start

local function dead_port()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  listener:close()
  return port
end

describe("a portal that is not reached:", function()
  local portal
  setup(function() portal = start() end)
  before_each(function() portal:reset() end)

  local function new_client(more)
    local conf = { webhook = portal.webhook, ca_file = portal.ca_file, timeout = 30, retries = 0,
      limiter = false, allow_http = true }
    for name, value in pairs(more or {}) do conf[name] = value end
    return assert(b24.client(conf))
  end

  describe("nothing listens", function()
    local function unreached(kind_code, client)
      local elapsed, value, err, info = process.timed(client.call, client, "crm.deal.add")
      assert.is_nil(value)
      assert.equal(kind_code, info.kind .. " " .. info.code)
      assert.is_false(info.sent)
      assert.is_true(elapsed < 30)
      assert.truthy(err and info.hint)
      assert.same({}, portal:log())
    end

    it("at the port: network, and nothing was sent", function()
      local tail = ":" .. dead_port() .. "/rest/1/" .. portal.secret .. "/"
      unreached("network CONNECTION_REFUSED", new_client { webhook = "https://localhost" .. tail })
      unreached("network CONNECTION_REFUSED", new_client { webhook = "http://127.0.0.1" .. tail })
    end)

    it("under the name: network, and nothing was sent", function()
      unreached("network HOST_NOT_FOUND",
        new_client { webhook = "https://no-such-host.invalid/rest/1/x/" })
    end)

    it("at the proxy: network, and nothing was sent", function()
      local port = dead_port()
      for _, webhook in ipairs { portal.webhook, portal.http_webhook } do
        for _, scheme in ipairs { "http://", "", "socks5://", "socks5h://" } do
          unreached("network PROXY_UNREACHABLE",
            new_client { webhook = webhook, proxy = scheme .. "127.0.0.1:" .. port })
        end
      end
      unreached("network PROXY_NOT_FOUND",
        new_client { proxy = "http://no-such-proxy.invalid:3128" })
      unreached("config BAD_PROXY", new_client { proxy = "nonsense://127.0.0.1:" .. port })
      unreached("config BAD_PROXY", new_client { proxy = "http://127.0.0.1:99999" })
      assert(new_client { proxy = "" }:counters())
    end)

    it("at the proxy of the environment; proxy = \"\" goes around it", function()
      local script = ([[
        local b24 = require "b24"
        local conf = { webhook = %q, ca_file = %q, retries = 0, limiter = false, timeout = 5 }
        local _, _, info = b24.counters(conf)
        print(info.kind, info.code, info.sent)
        conf.proxy = ""
        print(b24.counters(conf).TYPE.ALL)
      ]]):format(portal.webhook, portal.ca_file)
      for _, name in ipairs { "https_proxy", "HTTPS_PROXY", "all_proxy" } do
        assert.same({ 0, "network\tPROXY_UNREACHABLE\tfalse\n14\n", "" },
          { process.run(script, { [name] = "http://127.0.0.1:" .. dead_port() }) })
      end
      local env = { https_proxy = "http://127.0.0.1:" .. dead_port(), no_proxy = "localhost" }
      assert.equal("nil\tnil\tnil\n14\n", select(2, process.run(script, env)))
    end)

    it("at the portal, which no_proxy excepts from the proxy", function()
      local out = select(2, process.run(([[
        local conf = { webhook = "https://localhost:%d/rest/1/x1/", retries = 0, limiter = false,
          timeout = 5 }
        local _, _, info = require("b24").counters(conf)
        print(info.kind, info.code, info.sent)
      ]]):format(dead_port()), { https_proxy = "http://127.0.0.1:" .. portal.proxy_port,
        no_proxy = "localhost" }))
      assert.equal("network\tCONNECTION_REFUSED\tfalse\n", out)
    end)

    it("behind the proxy: the proxy's refusal is no request to the portal", function()
      for status, row in pairs {
        ["403 Forbidden"] = { "PROXY_REFUSED", "administrator to allow" },
        ["404 Not Found"] = { "PROXY_REFUSED", "administrator to allow" },
        ["407 Proxy Authentication Required"] = { "PROXY_AUTH", "USER:PASSWORD@" },
        ["407 Need\r\nProxy-Authenticate: Basic realm=x"] = { "PROXY_AUTH", "USER:PASSWORD@" },
        ["502 Bad Gateway"] = { "PROXY_REFUSED", "portal's name" },
        ["503 Service Unavailable"] = { "PROXY_REFUSED", "portal's name" },
        ["504 Gateway Timeout"] = { "PROXY_REFUSED", "portal's name" },
      } do
        portal:control("raw", { bytes = "HTTP/1.1 " .. status .. "\r\nContent-Length: 0\r\n\r\n" })
        local value, err, info = new_client { proxy = "http://127.0.0.1:" .. portal.raw_port,
          retries = 2 }
          :call "crm.deal.add"
        assert.is_nil(value)
        assert.same({ status, "network", row[1], false, 1 },
          { status, info.kind, info.code, info.retryable, info.attempts })
        assert.truthy(err:find(": the proxy ", 1, true) and err:find("HTTP " .. status:match "%d+",
          1, true), err)
        assert.truthy(info.hint:find(row[2], 1, true), info.hint)
        assert.equal(1, #portal:log())
        assert.equal("CONNECT localhost:" .. portal.https_port .. " HTTP/1.1",
          portal:log()[1].body:match "^[^\r]*")
        assert.is_nil(portal:log()[1].body:find(portal.secret, 1, true))
        assert.is_false(info.sent)
        portal:control "log_clear"
      end
    end)
  end)

  it("tells a proxy that hangs up, or is none, from the portal behind it", function()
    for _, bytes in ipairs { "", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200" } do
      portal:control("raw", { bytes = bytes })
      local _, err, info = new_client { proxy = "http://127.0.0.1:"
        .. portal.raw_port }:call "profile"
      assert.same({ bytes, "network", "PROXY_FAILED", false },
        { bytes, info.kind, info.code, info.sent }, err)
    end
  end)

  it("tells the certificate of an https proxy from the portal's", function()
    for _, port in ipairs { portal.https_port, portal.wrong_name_port } do
      local _, err, info = new_client { proxy = "https://localhost:" .. port,
        retries = 2 }:call "profile"
      assert.same({ "tls", "PROXY_CERTIFICATE", false, false, 1 },
        { info.kind, info.code, info.sent, info.retryable, info.attempts }, err)
      assert.truthy(err:find("the proxy: ", 1, true), err)
      assert.same({}, portal:log())
    end
  end)

  -- SOCKS 5: greeting, then the verdict on the request.
  it("tells what a SOCKS proxy refuses", function()
    for bytes, code in pairs { ["\5\255"] = "PROXY_AUTH",
        ["\5\0\5\2\0\1\0\0\0\0\0\0"] = "PROXY_REFUSED",
        ["\5\0\5\5\0\1\0\0\0\0\0\0"] = "PROXY_REFUSED" } do
      portal:control("raw", { bytes_base64 = mime.b64(bytes), at_once = true,
        after = "keep" })
      local _, err, info = new_client { proxy = "socks5h://127.0.0.1:" .. portal.raw_port,
        retries = 2 }:call "profile"
      assert.same({ "network", code, false, false, 1 },
        { info.kind, info.code, info.sent, info.retryable, info.attempts }, err)
      assert.truthy(info.hint:find("prox", 1, true) or info.hint:find("USER:PASSWORD@", 1, true),
        info.hint)
      portal:control "clear_faults"
    end
  end)

  it("calls a lack of file descriptors what it is: nothing of the network", function()
    local script = [[
      local b24 = require "b24"
      local function ask(webhook)
        return b24.counters { webhook = webhook, ca_file = %q, allow_http = true, retries = 2,
          limiter = false,
          timeout = 5 }
      end
      assert(ask %q) -- all libraries are loaded
      local files = {}
      repeat files[#files + 1] = io.open "/dev/null" until not files[#files] or #files > 500
        or not pcall(function() assert(io.open "/dev/null"):close() end)
      for _ = 1, %d do table.remove(files):close() end
      local value, err, info = ask %q
      print(value and "answered" or table.concat({ info.kind, info.code, tostring(info.sent),
        info.attempts }, " "), err)
    ]]
    local http = portal.http_webhook:gsub("localhost", "127.0.0.1")
    for _, way in ipairs { { http, portal.webhook }, { portal.webhook, http } } do
      local seen = {}
      for _, spare in ipairs { 0, 1, 2, 3, 4, 30 } do
        local out = select(2, process.run(script:format(portal.ca_file, way[1], spare, way[2]), {},
          { files = 100 }))
        seen[spare] = out:match "^[^\t]*"
        assert.truthy(seen[spare] == "answered"
          or seen[spare] == "config TOO_MANY_OPEN_FILES false 1", out)
        if seen[spare] ~= "answered" then
          assert.truthy(out:find("too many open files", 1, true), out)
        end
      end
      assert.same({ "config TOO_MANY_OPEN_FILES false 1", "answered" }, { seen[0], seen[30] })
    end
  end)

  it("calls a lack of file descriptors so in an event loop, too", function()
    if not pcall(require, "cqueues") then pending "cqueues is not installed for this Lua" end
    local _, out, err = process.run([[
      local b24, loop = require "b24", require("cqueues").new()
      for _, name in ipairs { "core", "wait.cqueues", "wait.engine", "wait.task",
          "wait.perform" } do
        require("b24." .. name) -- a module needs a descriptor, too
      end
      loop:wrap(function()
        local client = assert(b24.client { webhook = "http://127.0.0.1:9/rest/1/x1/",
          allow_http = true, limiter = false })
        local files = {}
        repeat files[#files + 1] = io.open "/dev/null" until not files[#files] or #files > 500
          or not pcall(function() assert(io.open "/dev/null"):close() end)
        local _, _, info = client:call "profile"
        print(info.kind, info.code, info.sent)
      end)
      assert(loop:loop())
    ]], {}, { files = 100 })
    if err:find("libgcrypt", 1, true) then
      pending "without a descriptor this libcurl's libgcrypt ends the process"
    end
    assert.match("^config TOO_MANY_OPEN_FILES false", (out:gsub("\t", " ")), err)
  end)
end)
