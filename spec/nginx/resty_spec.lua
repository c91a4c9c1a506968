-- Calls inside a real nginx: over cosockets, in every phase, against a portal that behaves and one
-- that does not.

local calm = require "spec.support.calm"
local nginx = require "spec.support.nginx"
local posix = require "b24_posix"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

if nginx.skips(describe, pending, "b24 in nginx") then return end

local PHASES = [[
  init_by_lua_block { require "b24" }
  init_worker_by_lua_block {
    local ok, err = pcall(require("b24").counters, "http://127.0.0.1:1/rest/1/abcdefgh/")
    ngx.shared.notes:set("init_worker", tostring(ok) .. " " .. tostring(err))
    ngx.timer.at(0, function()
      local value, err = require("b24").counters("http://127.0.0.1:1/rest/1/abcdefgh/")
      ngx.shared.notes:set("timer", tostring(value) .. " " .. tostring(err))
    end)
  }
]]
local ASK = [[ local c = require "b24".counters(ngx.req.get_headers().webhook)
  ngx.ctx.all = c and c.TYPE.ALL ]]
local LOCATIONS = [[
  location = /rewrite {
    rewrite_by_lua_block { ]] .. ASK .. [[ } content_by_lua_block { ngx.print(ngx.ctx.all) }
  }
  location = /access {
    access_by_lua_block { ]] .. ASK .. [[ } content_by_lua_block { ngx.print(ngx.ctx.all) }
  }
  location = /header_filter {
    content_by_lua_block { ngx.print("-") }
    header_filter_by_lua_block {
      local ok, err = pcall(require "b24".counters, "http://127.0.0.1:1/rest/1/abcdefgh/")
      ngx.shared.notes:set("header_filter", tostring(ok) .. " " .. tostring(err))
    }
  }
  location = /log {
    content_by_lua_block { ngx.print("-") }
    log_by_lua_block {
      local ok, err = pcall(require "b24".counters, "http://127.0.0.1:1/rest/1/abcdefgh/")
      ngx.shared.notes:set("log", tostring(ok) .. " " .. tostring(err))
    }
  }
]]

describe("b24 in nginx", function()
  local portal, server, bare, dns_port, stop_dns

  setup(function()
    portal = start()
    dns_port, stop_dns = nginx.dns()
    server = nginx.start { http = nginx.directives(dns_port, portal.ca_file) .. PHASES,
      server = LOCATIONS }
    bare = nginx.start { workers = 1 }
  end)
  teardown(function()
    server:stop()
    bare:stop()
    stop_dns()
  end)
  before_each(function() portal:reset() end)

  -- One call in a worker. conf and what follows are Lua text; returns {value, err, info}.
  local function call(conf, method, more, from)
    local value, err, info = (from or server):run(([[
      local client = assert(require "b24".client { limiter = false, %s })
      return client:call(%q, %s)]]):format(conf, method or "profile", more or "nil"))
    return { value = value, err = err, info = info }
  end

  local function at(webhook) return ("webhook = %q"):format(webhook) end
  local function fails(kind, code, result)
    assert.is_nil(result.value)
    assert.same({ kind, code }, { result.info.kind, result.info.code }, result.err)
    assert.is_nil(result.err:find(portal.secret, 1, true))
    return result.info
  end

  describe("answers", function()
    it("over verified TLS, the next time over the same connection", function()
      local first = call(at(portal.webhook))
      assert.same({ "1", "1.1" }, { first.value.ID, first.info.http_version }, first.err)
      local reused = 0
      for _ = 1, 4 do
        if call(at(portal.webhook)).info.reused then reused = reused + 1 end
      end
      assert.is_true(reused >= 3, reused) -- each of two workers has its pool
      assert.is_true(portal:stats().connections.https <= 2)
    end)

    it("with everything that a client has", function()
      portal:control("settings", { deals = 5000 })
      local all, sum, first, text, unread = server:run(([[
        local b24 = require "b24"
        local client = assert(b24.client { webhook = %q, limiter = false })
        local sum = #assert(client:all "crm.deal.list")
        for row in client:list("crm.deal.list") do sum = sum + 1 end
        local inbox = assert(client:inbox())
        local batch = assert(client:batch { me = { "user.current" },
          again = { "user.get", { ID = b24.ref("me", "ID") } } })
        return assert(client:counters()).TYPE.ALL, sum, batch.results.me.ID,
          b24.why(inbox.counters, inbox), #inbox]]):format(portal.webhook))
      assert.same({ 10000, "1" }, { sum, first })
      assert.is_true(all > 0 and unread > 0)
      assert.truthy(text:find "messages")
    end)

    it("for many accounts side by side, and inside b24.run", function()
      portal:control("fault", { kind = "slow", delay = 0.2, times = 20 })
      local good, bad, inside = server:run(([[
        local b24 = require "b24"
        local conf = { webhook = %q, limiter = false }
        local answers = b24.counters_all { conf, conf, conf, conf, conf, conf, conf, conf, {} }
        local good = 0
        for i = 1, 8 do good = good + (answers[i].counters and 1 or 0) end
        return good, answers[9].info.code,
          b24.run(function() return (b24.counters(conf)).TYPE.ALL end)]])
        :format(portal.webhook))
      assert.same({ 8, "NO_CREDENTIAL", 14 }, { good, bad, inside })
      assert.is_true(portal:stats().most_at_once > 4, portal:stats().most_at_once)
    end)

    it("but takes no callback there, and says what there is", function()
      local ok, err = server:run(([[
        local b24 = require "b24"
        local client = assert(b24.client { webhook = %q })
        return pcall(client.counters, client, function() end)]]):format(portal.webhook))
      assert.is_false(ok)
      assert.truthy(err:find('in nginx calls take no callback', 1, true), err)
    end)

    it("in rewrite and access, too", function()
      for _, phase in ipairs { "rewrite", "access" } do
        local parts = {}
        require("socket.http").request { url = "http://127.0.0.1:" .. server.port .. "/" .. phase,
          headers = { webhook = portal.http_webhook }, sink = require("ltn12").sink.table(parts) }
        assert.truthy(tonumber(table.concat(parts)), phase .. ": " .. table.concat(parts))
      end
    end)

    it("in a timer, which is the way out of init_worker", function()
      assert.truthy(process.eventually(3, function()
        return server:run 'return ngx.shared.notes:get "timer"'
      end))
      assert.truthy(server:run('return ngx.shared.notes:get "timer"')
        :find("nil b24: CONNECTION_REFUSED", 1, true))
    end)

    it("many at once without holding its worker", function()
      portal:control("fault", { kind = "slow", delay = 0.3, times = 20 })
      local beats = server:run(([[
        local b24, threads, beats = require "b24", {}, 0
        for i = 1, 20 do
          threads[i] = ngx.thread.spawn(function()
            return assert(b24.counters { webhook = %q, limiter = false })
          end)
        end
        local ticker = ngx.thread.spawn(function()
          while true do ngx.sleep(0.01) beats = beats + 1 end
        end)
        for i = 1, 20 do assert(ngx.thread.wait(threads[i])) end
        ngx.thread.kill(ticker)
        return beats]]):format(portal.http_webhook))
      assert.is_true(portal:stats().most_at_once > 4, portal:stats().most_at_once)
      assert.is_true(beats > 3, beats) -- of 30; a worker that is held has none
    end)

    it("with nothing of libcurl in any of its processes", function()
      call(at(portal.webhook))
      local pids = server:workers()
      pids[#pids + 1] = server.pid
      assert.equal(3, #pids)
      for _, pid in ipairs(pids) do
        local maps = assert(process.read("/proc/" .. pid .. "/maps"))
        assert.truthy(maps:find("/b24/codec.so", 1, true))
        assert.is_nil(maps:find("libcurl", 1, true))
        assert.is_nil(maps:find("/b24/core.so", 1, true))
      end
    end)
  end)

  describe("refuses", function()
    local function note(name)
      process.eventually(1, function()
        return server:run(("return ngx.shared.notes:get %q"):format(name))
      end)
      return server:run(("return ngx.shared.notes:get %q"):format(name))
    end

    it("phases in which nothing may wait, and names the way out", function()
      server:ask "/header_filter"
      server:ask "/log"
      for _, phase in ipairs { "init_worker", "header_filter", "log" } do
        local text = note(phase)
        assert.truthy(text:find("^false "), text)
        assert.truthy(text:find("b24: b24.counters(conf) cannot wait here: nothing may wait in "
          .. "nginx's phase " .. phase .. " (API disabled)", 1, true), text)
        assert.truthy(text:find("ngx.timer.at(0,", 1, true), text)
      end
    end)

    it("the top level of a module, in words and at once", function()
      for _, webhook in ipairs { portal.http_webhook, "https://silent.test/rest/1/abcdefgh/" } do
        local took, ok, err = calm.timed(1.5, server.run, server, ([[
          package.loaded.unread = nil
          package.preload.unread = function()
            return require "b24".counters { webhook = %q, limiter = false }
          end
          return pcall(require, "unread")]]):format(webhook))
        assert.is_false(ok)
        assert.truthy(err:find("not at the top level of a module (require)", 1, true), err)
        assert.is_true(took < 1.5, took) -- no light thread is left to wait for
      end
    end)

    it("options that cosockets cannot honour", function()
      for _, case in ipairs { { 'proxy = "http://127.0.0.1:1"', "proxy" },
          { 'ca_file = "/x.pem"', "ca_file" }, { 'ca_path = "/x"', "ca_path" },
          { "http_version = 2", "http_version" } } do
        local info = fails("config", "BAD_OPTION", call(at(portal.webhook) .. ", " .. case[1]))
        assert.same({ false, false }, { info.sent, info.retryable })
        assert.truthy(info.message:find("option '" .. case[2] .. "'", 1, true))
      end
      assert.same({}, portal:log())
      assert.truthy(call(at(portal.webhook) .. ', proxy = "", http_version = "1.1"').value)
      assert.truthy(select(2, pcall(call, at(portal.webhook) .. ', transport = "blocking"'))
        :find("would stop an nginx worker", 1, true))
    end)

    it("names without a resolver, and names the directive", function()
      local info = fails("config", "NO_RESOLVER", call(at(portal.webhook), nil, nil, bare))
      assert.truthy(info.hint:find("resolver", 1, true))
      assert.is_false(info.sent)
    end)

    it("certificates that it does not trust, and names the directive", function()
      local trusting_nobody = nginx.start { workers = 1,
        http = "resolver 127.0.0.1:" .. dns_port .. " ipv6=off;" }
      local result = call(at(portal.webhook) .. ", retries = 0", nil, nil, trusting_nobody)
      trusting_nobody:stop()
      local info = fails("tls", "CERTIFICATE_UNTRUSTED", result)
      assert.truthy(info.hint:find("lua_ssl_trusted_certificate", 1, true))
      assert.same({}, portal:log())
    end)

    it("certificates of others, of another name, and expired ones", function()
      for code, port in pairs { CERTIFICATE_NAME = portal.wrong_name_port,
          CERTIFICATE_EXPIRED = portal.expired_port,
          CERTIFICATE_UNTRUSTED = portal.untrusted_port } do
        local info = fails("tls", code, call(at(portal:webhook_for(port))))
        assert.same({ false, 1, false }, { info.sent, info.attempts, info.retryable })
      end
      fails("tls", "CERTIFICATE_NAME", call(at(portal:webhook_for "127.0.0.1")))
      local plain = ("https://localhost:%d/rest/1/abcdefgh/"):format(portal.http_port)
      fails("tls", "TLS_FAILED", call(at(plain) .. ", retries = 0"))
      assert.same({}, portal:log())
    end)
  end)

  describe("tells", function()
    it("names that do not exist, ports that are closed", function()
      local info = fails("network", "HOST_NOT_FOUND",
        call 'webhook = "https://missing.test/rest/1/abcdefgh/", retries = 0')
      assert.same({ false, true }, { info.sent, info.retryable })
      info = fails("network", "CONNECTION_REFUSED",
        call 'webhook = "http://127.0.0.1:1/rest/1/abcdefgh/", retries = 0')
      assert.is_false(info.sent)
    end)

    it("a name server that is silent, by connect_timeout", function()
      local took, result = calm.timed(1.5, call,
        'webhook = "https://silent.test/rest/1/abcdefgh/", retries = 0, connect_timeout = 0.3')
      assert.is_false(fails("timeout", "TIMEOUT", result).sent)
      assert.is_true(took < 1.5, took) -- nginx itself would give up after 2
    end)

    it("a portal that is silent, and one that drips, by one deadline over all", function()
      for kind, words in pairs { silent = "no reply in time",
          drip = "the reply was not whole in time" } do
        portal:control("fault", { kind = kind, delay = kind == "drip" and 0.1 or nil })
        local took, result = process.timed(call, at(portal.webhook) .. ", timeout = 1, retries = 0")
        local info = fails("timeout", "TIMEOUT", result)
        assert.same({ true, words }, { info.sent, info.message })
        assert.is_true(took > 0.9 and took < 25, took)
      end
    end)

    it("an error of the portal's, as everywhere", function()
      fails("auth", "INVALID_CREDENTIALS",
        call(at(portal.webhook:gsub(portal.secret, "wrongSecret"))))
      assert.truthy(fails("portal", "ERROR_METHOD_NOT_FOUND",
        call(at(portal.webhook), "no.such")).hint)
    end)

    it("a reply that is cut, lies about its length or is none", function()
      for _, case in ipairs {
        { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "network", "REPLY_CUT" },
        { "HTTP/1.1 200 OK\r\nContent-Le", "network", "REPLY_CUT" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", "network",
          "REPLY_CUT" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", "network",
          "REPLY_GARBLED" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}x\r\n", "network",
          "REPLY_GARBLED" },
        { "SSH-2.0-OpenSSH_9.2\r\n", "network", "NOT_HTTP" },
        { "", "network", "NO_REPLY" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "too_large", "REPLY_TOO_LARGE" },
      } do
        portal:control("raw", { bytes = case[1] })
        local info = fails(case[2], case[3],
          call(at(portal:webhook_for(portal.raw_port)) .. ", retries = 0"))
        assert.is_true(info.sent)
      end
      portal:control("fault", { kind = "gzip" })
      fails("decode", "UNKNOWN_ENCODING", call(at(portal.webhook)))
      portal:control("raw", { bytes = "", after = "reset" })
      fails("network", "CONNECTION_LOST",
        call(at(portal:webhook_for(portal.raw_port)) .. ", retries = 0"))
    end)
  end)

  describe("a connection", function()
    -- Two calls of one worker, the second after the portal has closed what the first left; the
    -- second's result.
    local function after_closing(method, seconds)
      local elsewhere = portal.webhook:gsub("localhost", "portal.test") -- a pool of its own
      return server:run(([[
        local client = assert(require "b24".client { webhook = %q, limiter = false, retries = 0 })
        assert(client:call "profile")
        ngx.sleep(%g)
        return client:call(%q, { fields = { TITLE = "x" } })]])
        :format(elsewhere, seconds, method))
    end

    it("is not kept when something is left on it", function()
      local good = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"result\":true}"
      for _ = 1, 2 do
        portal:control("raw", { bytes = good .. "HTTP/1.1 200 OK\r\n", after = "keep" })
        local result = call(at(portal:webhook_for(portal.raw_port)))
        assert.same({ true, false }, { result.value, result.info.reused }, result.err)
      end
      assert.equal(2, portal:stats().connections.raw)
    end)

    it("that was closed meanwhile is not used", function()
      portal:control("fault", { kind = "close_after", method = "profile" })
      local value, err, info = after_closing("profile", 0.1)
      assert.truthy(value, err)
      assert.same({ false, 1 }, { info.reused, info.attempts })
    end)

    it("that closes without an answer is replaced once, if the call may run twice", function()
      portal:control("fault", { kind = "execute_then_cut", method = "user.current" })
      local value, err, info = after_closing("user.current", 0)
      assert.truthy(value, err)
      assert.same({ 1, false }, { info.attempts, info.reused })
      portal:control("fault", { kind = "execute_then_cut", method = "user.current", times = 2 })
      value, err, info = after_closing("user.current", 0)
      assert.is_nil(value)
      assert.truthy(err)
      assert.same({ "NO_REPLY", true }, { info.code, info.sent })
    end)

    it("is never replaced for a call that may have run", function()
      portal:control("fault", { kind = "execute_then_cut", method = "crm.deal.add" })
      local value, _, info = after_closing("crm.deal.add", 0)
      assert.is_nil(value)
      assert.same({ "NO_REPLY", true, 1 }, { info.code, info.sent, info.attempts })
      assert.equal(1, portal:stats().executions["crm.deal.add"])
    end)
  end)

  it("is served on while nginx reloads", function()
    portal:control("fault", { kind = "slow", delay = 0.1, times = -1 })
    local source =
      ("return require('b24').counters { webhook = %q, limiter = false }"):format(portal.webhook)
    assert.truthy(server:run(source))
    local old = server:reload()
    assert.is_true(process.eventually(5, function()
      assert.truthy(server:run(source))
      return server.worker ~= old[1] and server.worker ~= old[2]
    end))
    for _, pid in ipairs(old) do
      assert.is_true(process.eventually(3, function() return not posix.kill(pid, 0) end),
        "worker " .. pid .. " stays")
    end
    assert.is_nil(server:log():find("[alert]", 1, true))
  end)

  it("leaves no secret in nginx's log", function()
    assert.is_nil((server:log() .. bare:log()):find(portal.secret, 1, true))
  end)
end)
