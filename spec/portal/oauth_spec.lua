-- luacheck: std max+busted
-- The mock portal's log-in for applications and its token server.
-- One Lua of each kind: the mock portal has a Lua of its own.

local cjson = require "cjson"
local http = require "socket.http"
local ltn12 = require "ltn12"
local socket = require "socket"

local start = require("spec.support.portal").start

-- Plain http. Returns the decoded body (or the text), the status and the headers.
local function request(url, form, headers)
  local parts = {}
  headers = headers or {}
  if form then
    headers["content-length"] = #form
    headers["content-type"] = "application/x-www-form-urlencoded"
  end
  local ok, status, answered = http.request {
    url = url, method = form and "POST" or "GET", headers = headers, redirect = false,
    source = form and ltn12.source.string(form), sink = ltn12.sink.table(parts),
  }
  local text = table.concat(parts)
  local decoded, value = pcall(cjson.decode, text)
  return decoded and value or text, ok and status, answered
end

local function fields(location)
  local out = {}
  for name, value in location:match("%?(.*)$"):gmatch "([^&=]+)=([^&]*)" do
    out[name] = value:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
  end
  return out
end

describe("the mock portal's OAuth", function()
  local portal, origin
  setup(function()
    portal = start()
    origin = "http://127.0.0.1:" .. portal.http_port
  end)
  before_each(function() portal:reset() end)
  teardown(function() portal:stop() end)

  local function authorize(state)
    local _, status, headers = request(origin .. "/oauth/authorize/?client_id=" .. portal.client_id
      .. "&state=" .. (state or "s"))
    assert.equal(302, status)
    return fields(headers.location), headers.location
  end

  local function query(grant, value, secret, id)
    return ("grant_type=%s&client_id=%s&client_secret=%s&%s=%s"):format(grant,
      id or portal.client_id, secret or portal.client_secret,
      grant == "refresh_token" and grant or "code", value)
  end

  local function exchange(...)
    local answer, status = request(origin .. "/oauth/token/?" .. query(...))
    return answer, status
  end

  local function refused(...)
    local answer, status = exchange(...)
    return answer.error .. " " .. status
  end

  local function profile(token)
    local answer, status = request(origin .. "/rest/profile", nil,
      { authorization = "Bearer " .. token })
    return answer.error or answer.result.ID, status
  end

  describe("sends the browser back", function()
    it("to the application's address, with a code", function()
      local found, location = authorize "a%26b"
      assert.equal("http://127.0.0.1:21024/?code=", location:match "^.-code=")
      assert.equal(70, #found.code)
      assert.equal("a&b", found.state)
      assert.equal("127.0.0.1:" .. portal.http_port, found.domain)
      assert.equal("127.0.0.1:" .. portal.http_port, found.server_domain)
      assert.equal(portal.member_id, found.member_id)
      assert.equal("im,user,crm,task,pull", found.scope)
    end)

    it("and keeps the address's own query", function()
      portal:control("app", { redirect_uri = "http://127.0.0.1:9/x?y=z", scope = { "im" } })
      local _, location = authorize()
      assert.equal("http://127.0.0.1:9/x?y=z&code=", location:match "^.-code=")
      assert.equal("im", fields(location).scope)
    end)

    it("unless the user refuses, or nobody knows the application", function()
      portal:control("oauth", { decision = "deny" })
      local url = origin .. "/oauth/authorize/?client_id="
      local body, status, headers = request(url .. portal.client_id)
      assert.truthy(body:find("Access denied", 1, true))
      assert.equal(403, status)
      assert.is_nil(headers.location)
      body, status, headers = request(url .. "x")
      assert.truthy(body:find("Application not found", 1, true))
      assert.equal(200, status)
      assert.is_nil(headers.location)
    end)

    it("naming the token server of the portal's zone, which the certificate covers too", function()
      local function curl(url)
        local pipe = io.popen(("curl -s -m 60 --cacert %s --proxy http://127.0.0.1:%d"
          .. " -w '\n%%{http_code} %%{redirect_url}' '%s'")
          :format(portal.ca_file, portal.proxy_port, url))
        local text = pipe:read "*a"
        pipe:close()
        return text:match "^(.*)\n(%d+) (.*)$"
      end
      for host, server in pairs { ["acme.bitrix24.com"] = "oauth.bitrix.info",
        ["acme.bitrix24.ru"] = "oauth.bitrix24.tech" } do
        local _, status, location = curl("https://" .. host .. "/oauth/authorize/?client_id="
          .. portal.client_id)
        assert.equal("302", status)
        local found = fields(location)
        assert.same({ host, server }, { found.domain, found.server_domain })
        local body
        body, status = curl("https://" .. server .. "/oauth/token/?"
          .. query("authorization_code", found.code))
        assert.equal("200", status)
        local answer = cjson.decode(body)
        assert.equal("https://" .. host .. "/rest/", answer.client_endpoint)
        assert.equal("https://" .. server .. "/rest/", answer.server_endpoint)
        assert.equal(server, answer.domain)
      end
      portal:control("oauth", { server_domain = "evil.example" })
      assert.equal("evil.example", authorize().server_domain)
    end)
  end)

  describe("takes a code", function()
    it("once", function()
      local code = authorize().code
      local answer, status = exchange("authorization_code", code)
      assert.equal(200, status)
      assert.equal(3600, answer.expires_in)
      assert.equal(origin .. "/rest/", answer.client_endpoint)
      assert.equal(portal.member_id, answer.member_id)
      assert.equal("L", answer.status)
      assert.is_nil(answer.expires)
      assert.is_nil(answer.user_id)
      assert.equal("1", profile(answer.access_token))
      assert.equal("expired_token 400", refused("authorization_code", code))
      assert.equal("invalid_grant 400", refused("authorization_code", "x"))
    end)

    it("for a time", function()
      portal:control("oauth", { code_life = 0 })
      local answer = exchange("authorization_code", authorize().code)
      assert.equal("The authorization token provided has expired.", answer.error_description)
    end)

    it("as a form too, unless it only reads the query", function()
      local function post()
        return request(origin .. "/oauth/token/", query("authorization_code", authorize().code))
      end
      assert.equal(70, #post().access_token)
      portal:control("oauth", { post = false })
      local answer, status = post()
      assert.equal("invalid_request 400", answer.error .. " " .. status)
    end)

    it("for the user who is logged in", function()
      portal:control("oauth", { user_id = 7 })
      local answer = exchange("authorization_code", authorize().code)
      assert.equal("7", profile(answer.access_token))
      assert.equal(7, exchange("refresh_token", answer.refresh_token).user_id)
    end)
  end)

  describe("replaces tokens", function()
    it("by a new pair, once", function()
      local first = portal:control "token"
      local second, status = exchange("refresh_token", first.refresh_token)
      assert.equal(200, status)
      assert.equal(1, second.user_id)
      assert.is_true(math.abs(second.expires - os.time() - 3600) < 60)
      assert.not_equal(first.access_token, second.access_token)
      assert.equal("1", profile(second.access_token))
      assert.equal("1", profile(first.access_token)) -- it lives until its end
      assert.equal("invalid_grant 400", refused("refresh_token", first.refresh_token))
      assert.equal(200, select(2, exchange("refresh_token", second.refresh_token)))
      assert.same({ false, false, true }, (function()
        local out = {}
        for i, pair in ipairs(portal:control("tokens").tokens) do out[i] = pair.refreshable end
        return out
      end)())
    end)

    it("once more within a time of grace", function()
      portal:control("oauth", { grace = 60 })
      local first = portal:control "token"
      local lost = exchange("refresh_token", first.refresh_token)
      local second, status = exchange("refresh_token", first.refresh_token)
      assert.equal(200, status)
      assert.equal("invalid_grant 400", refused("refresh_token", lost.refresh_token))
      assert.equal(200, select(2, exchange("refresh_token", second.refresh_token)))
      assert.equal("invalid_grant 400", refused("refresh_token", first.refresh_token))
    end)

    it("in parallel: both get a pair, and one of these is dead", function()
      portal:control("oauth", { delay = 0.2 })
      local first = portal:control "token"
      local sockets = {}
      for i = 1, 2 do
        sockets[i] = assert(socket.connect("127.0.0.1", portal.http_port))
        sockets[i]:send("GET /oauth/token/?" .. query("refresh_token", first.refresh_token)
          .. " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      end
      local alive = 0
      for i = 1, 2 do
        local answer = sockets[i]:receive "*a"
        assert.equal("200", answer:match "^HTTP/1.1 (%d+)")
        sockets[i]:close()
      end
      for _, pair in ipairs(portal:control("tokens").tokens) do
        if pair.refreshable then alive = alive + 1 end
      end
      assert.equal(1, alive)
    end)

    it("and has done so when its answer is cut", function()
      local first = portal:control "token"
      portal:control("fault", { kind = "execute_then_cut", method = "oauth.token" })
      assert.is_nil(select(2, exchange("refresh_token", first.refresh_token)) or nil)
      assert.equal("invalid_grant 400", refused("refresh_token", first.refresh_token))
      assert.equal(2, #portal:control("tokens").tokens)
    end)

    it("and tells the portal's new address", function()
      portal:control("oauth", { client_endpoint = "https://new.bitrix24.com/rest/" })
      local first = portal:control("token", { portal = "https://old.bitrix24.com" })
      local second = exchange("refresh_token", first.refresh_token)
      assert.equal("https://new.bitrix24.com/rest/", second.client_endpoint)
    end)
  end)

  it("refuses as the token server does", function()
    local first = portal:control "token"
    assert.equal("invalid_client 401", refused("refresh_token", first.refresh_token, "wrong"))
    assert.equal("invalid_client 401", refused("refresh_token", first.refresh_token, nil, "x"))
    assert.equal("invalid_request 400", refused("password", "x"))
    portal:control("app", { client_id = "other", client_secret = "s" })
    assert.equal("wrong_client 200", refused("refresh_token", first.refresh_token, "s", "other"))
    portal:control("fault", { kind = "oauth_error", code = "wrong_client", method = "oauth.token" })
    assert.equal("wrong_client 200", refused("refresh_token", first.refresh_token))
    portal:control("app", { paid = false })
    assert.equal("PAYMENT_REQUIRED 401", refused("refresh_token", first.refresh_token))
    portal:control("app", { paid = true })
    portal:control "revoke_tokens"
    assert.equal("invalid_grant 400", refused("refresh_token", first.refresh_token))
    assert.same({ "invalid_token", 401 }, { profile(first.access_token) })
  end)

  it("ends access tokens by time and on request", function()
    local short = portal:control("token", { life = 0 })
    assert.same({ "expired_token", 401 }, { profile(short.access_token) })
    local long = portal:control("token", { user_id = 7 })
    assert.equal("7", profile(long.access_token))
    assert.equal(1, portal:control("expire_tokens", { user_id = 7 }).expired)
    assert.equal("expired_token", profile(long.access_token))
    assert.equal("7", profile(exchange("refresh_token", long.refresh_token).access_token))
    portal:control("expire_tokens", { user_id = 7, code = "invalid_token" })
    assert.equal("invalid_token", profile(long.access_token))
    portal:control("oauth", { token_life = 0 })
    assert.equal("expired_token", profile(portal:control("token").access_token))
  end)

  it("cannot judge a new token while the token server is away", function()
    local old, new = portal:control "token", portal:control "token"
    assert.equal("1", profile(old.access_token))
    portal:control("oauth", { unreachable = true })
    assert.equal("1", profile(old.access_token)) -- the portal remembers
    assert.same({ "CONNECTION_ERROR", 401 }, { profile(new.access_token) })
    portal:control("oauth", { unreachable = false })
    assert.equal("1", profile(new.access_token))
  end)

  it("shows an application what it is", function()
    portal:control("app", { scope = { "im" } })
    local token = portal:control("token").access_token
    local info = request(origin .. "/rest/app.info?auth=" .. token).result
    assert.equal(portal.client_id, info.CODE)
    assert.same({ true, "L", "N" }, { info.INSTALLED, info.STATUS, info.PAYMENT_EXPIRED })
    assert.same({ "im" }, request(origin .. "/rest/scope?auth=" .. token).result)
    assert.equal("insufficient_scope",
      request(origin .. "/rest/crm.deal.list?auth=" .. token).error)
    assert.is_nil(request(portal.http_webhook .. "app.info").result.CODE)
  end)

  it("logs what it was asked, plays tricks by name alone, and is not limited", function()
    portal:control("settings", { bucket = { enabled = true, rate = 0.1, burst = 0 } })
    portal:control("fault", { kind = "html", times = -1 })
    local first = portal:control "token"
    exchange("refresh_token", first.refresh_token)
    local entry = portal:log()[1]
    assert.equal("oauth.token", entry.method)
    assert.equal("refresh_token", entry.grant_type)
    assert.equal(200, entry.status)
    assert.equal(1, portal:stats().executions["oauth.refresh_token"])
    assert.equal(404, select(2, request(origin .. "/oauth/other/")))
  end)
end)
