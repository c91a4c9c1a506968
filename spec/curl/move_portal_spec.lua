-- Redirects end to end. The mock portal has names of Bitrix24's cloud: behind its proxy every name
-- is this machine.
-- One Lua of each kind: redirects, which libcurl and C decide.

local b24 = require "b24"
local cjson = require "cjson"
local data = require "spec.support.data"
local start = require("spec.support.portal").start

local OLD, NEW, STRANGER = "old.bitrix24.ru", "new.bitrix24.ru", "stranger.example"

describe("a redirect to a stranger", function()
  local portal, accounts
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    -- kept since the last test
    for _, host in ipairs { OLD, NEW } do portal:control("hang_up", { host = host }) end
    portal:control("account", { user_id = 2, secret = "secretOfWebhookB" })
    portal:control("settings", { renamed_from = OLD, renamed_to = "https://" .. STRANGER })
    accounts = {
      a = { webhook = ("https://%s/rest/1/%s/"):format(OLD, portal.secret) },
      b = { webhook = ("https://%s/rest/2/secretOfWebhookB/"):format(OLD) },
      token = { portal = OLD, token = portal.token },
    }
    for _, conf in pairs(accounts) do
      conf.proxy, conf.ca_file = "http://127.0.0.1:" .. portal.proxy_port, portal.ca_file
      conf.limiter, conf.retries = false, 0
    end
  end)

  local function seen_at(host)
    local seen = {}
    for _, entry in ipairs(portal:log()) do
      local there = entry.listener == "proxy" and entry.host
        or (entry.headers.host or ""):match "^[^:]*"
      if there == host then seen[#seen + 1] = entry end
    end
    return seen
  end

  -- Whose credentials have come to this host?
  local function told(host)
    local secrets = { a = portal.secret, b = "secretOfWebhookB", token = portal.token }
    local found = {}
    for name, secret in pairs(secrets) do
      found[name] = data.leak(secret, seen_at(host)) ~= nil or nil
    end
    return found
  end

  it("takes no credential there, of no account and in no way of asking", function()
    local clients = {}
    for name, conf in pairs(accounts) do clients[name] = assert(b24.client(conf)) end
    for _ = 1, 2 do
      for name, client in pairs(clients) do
        local value, err, info = client:call "crm.deal.add"
        assert.is_nil(value)
        assert.same({ "http", "REDIRECT", 302 }, { info.kind, info.code, info.status }, name)
        assert.truthy(info.hint:find(STRANGER, 1, true), info.hint)
        assert.is_nil(data.leak(portal.secret, err, info))
      end
    end
    local client = clients.a
    for _, ask in ipairs {
      function() return client:batch { "profile" } end,
      function() return client:all "crm.deal.list" end,
      function() return client:counters() end,
      function() return client:inbox() end,
      function() return b24.counters(accounts.b) end,
      function()
        return b24.counters { webhook = accounts.b.webhook, proxy = accounts.b.proxy,
          ca_file = portal.ca_file, max_age = 60, limiter = false }
      end,
    } do
      local value, _, info = ask()
      assert.is_nil(value)
      assert.equal("REDIRECT", info.code)
    end
    for _, one in pairs(b24.counters_all(accounts)) do assert.equal("REDIRECT", one.info.code) end
    local done
    b24.run(function() done = { client:counters() } end)
    assert.equal("REDIRECT", done[3].code)
    assert.same({}, told(STRANGER))
    assert.same({}, seen_at(STRANGER))
  end)

  for what, location in pairs {
    ["another zone"] = "https://new.bitrix24.com",
    ["plain http on this machine"] = "http://127.0.0.1:%d",
    ["plain http"] = "http://new.bitrix24.ru",
  } do
    it("is any redirect to " .. what, function()
      portal:control("settings", { renamed_to = location:format(portal.http_port) })
      accounts.a.allow_http = true
      local client = assert(b24.client(accounts.a))
      local _, _, info = client:counters()
      assert.equal("REDIRECT", info.code)
      assert.same({}, told(location:match "//([^:]+)"))
    end)
  end

  describe("but within its zone a portal", function()
    before_each(function() portal:control("settings", { renamed_to = "https://" .. NEW }) end)

    local function asked(host)
      local n = 0
      for _, entry in ipairs(seen_at(host)) do
        if entry.listener ~= "proxy" then n = n + 1 end
      end
      return n
    end

    it("is followed by calls, batches, lists, watches and counters of many", function()
      local client = assert(b24.client(accounts.a))
      assert(client:counters())
      assert.same({ 1, 1 }, { asked(OLD), asked(NEW) })
      assert(client:call "profile")
      assert(client:batch { p = "profile" })
      assert.equal(120, #assert(client:all "crm.deal.list"))
      assert.equal(1, asked(OLD))
      for _, one in pairs(b24.counters_all(accounts)) do assert.truthy(one.counters, one.err) end
      local counters
      b24.run(function() counters = client:counters() end)
      assert.truthy(counters)
      local seen
      client:watch { every = 1, on_change = function(found, _, watch)
        seen = found
        watch:stop()
      end, on_error = function(err, _, watch)
        seen = err
        watch:stop()
      end }
      assert.is_table(seen)
      assert.is_true(asked(NEW) > 5)
    end)

    it("gets the same POST, once, and the log tells", function()
      local moved
      accounts.a.log = function(event) moved = event.event == "moved" and event.message or moved end
      assert(assert(b24.client(accounts.a)):call("crm.deal.add", { fields = { TITLE = "x" } }))
      local first, second = seen_at(OLD)[2], seen_at(NEW)[2] -- behind the proxy's own entry
      assert.same({ "POST", "crm.deal.add", first.body },
        { second.verb, second.method, second.body })
      assert.is_truthy(second.body:find("TITLE", 1, true))
      assert.equal(1, portal:stats().executions["crm.deal.add"])
      assert.equal("https://" .. NEW, moved)
    end)

    it("is remembered by the conf that went there, and by no other", function()
      local first, second = assert(b24.client(accounts.a)), assert(b24.client(accounts.a))
      for _ = 1, 3 do assert(first:counters()) end
      assert.same({ 1, 3 }, { asked(OLD), asked(NEW) })
      assert.same({ a = true }, told(NEW))
      assert(second:counters())
      assert.equal(2, asked(OLD))
    end)

    it("is not believed by a conf whose trust store refuses it", function()
      local lax = assert(b24.client(accounts.a))
      assert(lax:counters())
      accounts.a.ca_file = "/etc/ssl/certs/ca-certificates.crt"
      local strict = assert(b24.client(accounts.a))
      portal:control "log_clear"
      local _, _, info = strict:counters()
      assert.equal("tls", info.kind)
      assert.same({ 0, 0 }, { #seen_at(NEW), asked(OLD) })
    end)

    it("is verified at its new address by the trust store of the conf", function()
      portal:control("settings", { hosts = { [NEW] = "untrusted" } })
      local _, _, info = assert(b24.client(accounts.a)):counters()
      assert.same({ "tls", "CERTIFICATE_UNTRUSTED" }, { info.kind, info.code })
      assert.equal(0, asked(NEW))
    end)

    -- From now on the new address is `way`, and the portal answers at its old one.
    local function moves_back(way)
      portal:control("settings", { hosts = { [NEW] = way }, renamed_to = cjson.null })
      assert.is_true(portal:control("hang_up", { host = NEW }).cut > 0)
      portal:control "log_clear"
    end

    for _, way in ipairs { "refuse", "untrusted", "wrong_name" } do
      it("is asked at its old address again when the new one is gone: " .. way, function()
        local client = assert(b24.client(accounts.a))
        assert(client:counters())
        moves_back(way)
        -- nobody has seen it yet, so it can be asked without a retry
        assert(client:call "crm.deal.add")
        assert.equal(1, asked(OLD))
        assert(client:counters())
        local tries = 0
        for _, entry in ipairs(seen_at(NEW)) do
          tries = tries + (entry.listener == "proxy" and 1 or 0)
        end
        assert.same({ 2, 1 }, { asked(OLD), tries })
      end)
    end

    it("is asked at its old address after a page that is no answer", function()
      local client = assert(b24.client(accounts.a))
      assert(client:counters())
      portal:control("fault", { kind = "html", status = 200 })
      assert.equal("NOT_JSON", (select(3, client:counters())).code)
      portal:control "log_clear"
      assert(client:counters())
      assert.same({ 1, 1 }, { asked(OLD), asked(NEW) })
    end)

    it("is not remembered when its new address never answered", function()
      portal:control("settings", { hosts = { [NEW] = "refuse" } })
      local client = assert(b24.client(accounts.a))
      assert.is_nil((client:counters()))
      assert.is_nil((client:counters()))
      assert.equal(2, asked(OLD))
    end)
  end)
end)
