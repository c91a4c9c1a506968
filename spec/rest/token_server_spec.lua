-- Where tokens come from: the token server, a portal's new name, a first log-in, functions.

local codec = require "b24.codec"
local data = require "spec.support.data"
local tokens = require "spec.support.tokens"

local SERVER, GOOD, LOGIN = tokens.SERVER, tokens.GOOD, tokens.LOGIN
local NOTHING, SAVED = tokens.NOTHING, tokens.SAVED
local A1, R1, A2, R2, A3, R3 = tokens.A1, tokens.R1, tokens.A2, tokens.R2, tokens.A3, tokens.R3
local pair, given, refused, kept = tokens.pair, tokens.given, tokens.refused, tokens.kept
local words, play = tokens.words, tokens.play

local folder
local function new_conf(...) return tokens.conf(folder, ...) end

describe("a portal with a new name", function()
  setup(function() folder = data.folder() end)
  teardown(function() data.remove_folder(folder) end)

  local function next_url(endpoint)
    local conf, id = new_conf()
    local machine = codec.call(conf, "profile")
    machine:next(0, "go")
    machine:next(0, "reply", refused "expired_token")
    machine:next(0, "answer", NOTHING)
    machine:next(0, "reply", given(A2, R2, { member_id = id, client_endpoint = endpoint }))
    local _, request = machine:next(0, "answer", SAVED)
    machine:next(0, "reply", GOOD)
    return request.url, select(2, codec.call(conf, "profile"):next(0, "go")).url
  end

  it("is where the token server says, within its zone", function()
    local url, later = next_url "https://renamed.bitrix24.com/rest/"
    assert.equal("https://renamed.bitrix24.com/rest/profile", url)
    assert.equal(url, later)
  end)

  it("is nowhere else, whatever it says", function()
    for _, endpoint in ipairs { "https://renamed.bitrix24.ru/rest/", "https://evil.example/rest/",
      "http://renamed.bitrix24.com/rest/", "https://renamed.bitrix24.com:8443/rest/", "x", "",
      "https://portal.bitrix24.com.evil.example/rest/", "https://127.0.0.1/rest/" } do
      assert.equal("https://portal.bitrix24.com/rest/profile", (next_url(endpoint)), endpoint)
    end
  end)
end)

describe("the token server", function()
  setup(function() folder = data.folder() end)
  teardown(function() data.remove_folder(folder) end)

  -- The URL that the client_secret would go to, or the error.
  local function server(fields, more)
    local oauth = pair(A1, R1)
    oauth.server_endpoint = nil
    for name, value in pairs(fields) do oauth[name] = value end
    local machine = codec.call((new_conf(oauth, more)), "profile")
    machine:next(0, "go")
    machine:next(0, "reply", refused "expired_token")
    local action, request = machine:next(0, "answer", NOTHING)
    if action == "SEND" then return request.url:match "^(.-)%?" end
    local _, err, info = machine:result()
    tokens.hide(err, info)
    return info.code
  end

  it("is one of Bitrix24's two", function()
    assert.equal("https://oauth.bitrix.info/oauth/token/",
      server { server_endpoint = "https://oauth.bitrix.info/rest/" })
    assert.equal("https://oauth.bitrix24.tech/oauth/token/",
      server { server_endpoint = "https://OAuth.Bitrix24.Tech:443/rest/" })
  end)

  it("is that of the portal's zone if nobody said", function()
    for zone, host in pairs { com = "bitrix.info", de = "bitrix.info", ru = "bitrix24.tech",
      kz = "bitrix24.tech", by = "bitrix24.tech" } do
      assert.equal("https://oauth." .. host .. "/oauth/token/",
        server { client_endpoint = "https://portal.bitrix24." .. zone .. "/rest/" })
    end
    assert.equal("https://oauth.bitrix.info/oauth/token/",
      server { client_endpoint = "https://box.example/rest/" })
  end)

  it("is no stranger", function()
    for _, endpoint in ipairs { "https://evil.example/rest/",
      "https://oauth.bitrix.info.evil.example/", "http://oauth.bitrix.info/rest/",
      "https://oauth.bitrix.info:8443/", "https://evil.example/?" .. R1,
      "https://oauth.bitrix.info@evil.example/", "127.0.0.1", "x y" } do
      assert.equal("UNKNOWN_TOKEN_SERVER", server { server_endpoint = endpoint }, endpoint)
    end
  end)

  it("is whom the conf vouches for, over https", function()
    assert.equal("https://auth.box.example/oauth/token/",
      server { server = "https://auth.box.example", server_endpoint = "https://evil.example/" })
    assert.equal("HTTPS_REQUIRED", server { server = "http://auth.box.example" })
    assert.equal("HTTPS_REQUIRED",
      server({ server = "http://auth.box.example" }, { allow_http = true }))
    assert.equal("HTTPS_REQUIRED", server { server = "http://127.0.0.1:8080" })
    assert.equal("http://127.0.0.1:8080/oauth/token/",
      server({ server = "http://127.0.0.1:8080" }, { allow_http = true }))
    assert.equal("BAD_TOKEN_SERVER", server { server = "https://a:b@c.example" })
  end)

  it("gets a GET with everything encoded, and no access token", function()
    local oauth = pair(A1, "r1+/=&x y", { client_secret = "s&e=c%r et" })
    oauth.client_id = "local.1"
    local machine = codec.call((new_conf(oauth)), "profile")
    machine:next(0, "go")
    machine:next(0, "reply", refused "expired_token")
    local _, request = machine:next(0, "answer", NOTHING)
    assert.equal(SERVER .. "/oauth/token/?grant_type=refresh_token&client_id=local.1"
      .. "&client_secret=s%26e%3Dc%25r%20et&refresh_token=r1%2B%2F%3D%26x%20y", request.url)
    assert.same({ "GET", "" }, { request.verb, request.body })
    assert.is_nil(request.headers.Authorization)
    assert.is_nil(request.headers["Content-Type"])
  end)
end)

describe("a token that is not there yet", function()
  setup(function() folder = data.folder() end)
  teardown(function() data.remove_folder(folder) end)

  local PORTAL = { portal = "portal.bitrix24.com" }

  it("is loaded at the first call", function()
    local conf = new_conf({}, PORTAL)
    play(codec.call(conf, "profile"), { { "load", "answer", kept(A2, R2) },
      { "send " .. A2, "reply", GOOD }, { "DONE" } })
    play(codec.call(conf, "profile"), { { "send " .. A2, "reply", GOOD }, { "DONE" } })
  end)

  it("is looked for though the conf has one, which may be long out of date", function()
    local oauth = pair(A1, R1, { client_id = "local.1", client_secret = tokens.CLIENT_SECRET,
      store = { load = print, save = print } })
    local function conf()
      return assert(codec.conf { oauth = oauth, limiter = false, runtime_dir = folder })
    end
    local newer, older = conf(), conf()
    play(codec.call(newer, "profile"), { { "load", "answer", kept(A2, R2) },
      { "send " .. A2, "reply", GOOD }, { "DONE" } })
    play(codec.call(newer, "profile"), { { "send " .. A2, "reply", GOOD }, { "DONE" } })
    play(codec.call(older, "profile"), { { "load", "answer", NOTHING },
      { "send " .. A1, "reply", GOOD }, { "DONE" } })
    play(codec.call(older, "profile"), { { "send " .. A1, "reply", GOOD }, { "DONE" } })
    play(codec.call(conf(), "profile"), { { "load", "answer",
      kept(A2, R2, { seed = "0123456789abcdef" }) }, { "send " .. A1, "reply", GOOD }, { "DONE" } })
  end)

  it("is an error if nothing was ever stored", function()
    local _, _, info = play(codec.call((new_conf({}, PORTAL)), "profile"),
      { { "load", "answer", NOTHING }, { "load", "answer", NOTHING }, { "DONE" } })
    assert.same({ "config", "NO_TOKENS" }, { info.kind, info.code })
    assert.truthy(info.hint:find(LOGIN))
  end)

  local logins = { code = { code = "c0de" }, ["refresh token"] = { refresh_token = "c0de" } }
  for name, oauth in pairs(logins) do
    it("is what a " .. name .. " is exchanged for", function()
      local conf = new_conf(oauth, PORTAL)
      play(codec.call(conf, "profile"), { { "load", "answer", NOTHING },
        { "load", "answer", NOTHING }, { "refresh c0de", "reply", given(A2, R2) },
        { "save", "answer", SAVED }, { "send " .. A2, "reply", GOOD }, { "DONE" } })
      play(codec.call(conf, "profile"), { { "send " .. A2, "reply", refused "expired_token" },
        { "load", "answer", kept(A2, R2) }, { "refresh " .. R2, "reply", given(A3, R3) },
        { "save", "answer", SAVED }, { "send " .. A3, "reply", GOOD }, { "DONE" } })
    end)
  end

  it("is not what a used code is exchanged for: the hint knows who said expired_token", function()
    local _, _, info = play(codec.call((new_conf({ code = "c0de" }, PORTAL)), "profile"), {
      { "load", "answer", NOTHING }, { "load", "answer", NOTHING },
      { "refresh c0de", "reply", refused("expired_token", 400) }, { "load", "answer", NOTHING },
      { "DONE" } })
    assert.same({ "auth", "expired_token" }, { info.kind, info.code })
    assert.truthy(info.hint:find "30 seconds")
    assert.truthy(info.hint:find(LOGIN))
  end)
end)

describe("a function", function()
  local HOOK = "https://portal.bitrix24.com/rest/1/%s/"

  -- A conf whose credential is a function; its first answer is `one`.
  local function asked(kind, one)
    local function credential() return one end
    return assert(codec.conf { [kind] = credential, limiter = false, retries = 0,
      portal = kind == "token" and "portal.bitrix24.com" or nil })
  end

  it("that returns the token is asked again when the portal refuses it", function()
    local conf = asked("token", A1)
    play(codec.call(conf, "profile"), { { "send " .. A1, "reply", refused "expired_token" },
      { "credential", "answer", { ok = true, value = A2 } }, { "send " .. A2, "reply", GOOD },
      { "DONE" } })
    play(codec.call(conf, "profile"), { { "send " .. A2, "reply", GOOD }, { "DONE" } })
  end)

  it("that returns the webhook, too", function()
    local conf = asked("webhook", HOOK:format(A1))
    local call = codec.call(conf, "profile")
    local _, request = call:next(0, "go")
    assert.equal(HOOK:format(A1) .. "profile", request.url)
    assert.equal("credential", words(call:next(0, "reply", refused "INVALID_CREDENTIALS")))
    _, request = call:next(0, "answer", { ok = true, value = HOOK:format(A2) })
    assert.equal(HOOK:format(A2) .. "profile", request.url)
    local echo = ('{"error":"X","error_description":"%s and %s"}'):format(A1, A2)
    call:next(0, "reply", { status = 400, body = echo })
    assert.is_nil(data.leak(A1, call:result()) or data.leak(A2, call:result()))
  end)

  it("is asked once more, not twice", function()
    local _, _, info = play(codec.call(asked("token", A1), "profile"), {
      { "send " .. A1, "reply", refused "expired_token" },
      { "credential", "answer", { ok = true, value = A2 } },
      { "send " .. A2, "reply", refused "expired_token" }, { "DONE" } })
    assert.equal("expired_token", info.code)
  end)

  it("that returns the same leaves the portal's refusal", function()
    for kind, code in pairs { token = "expired_token", webhook = "INVALID_CREDENTIALS" } do
      local same = kind == "token" and A1 or HOOK:format(A1)
      local call = codec.call(asked(kind, same), "profile")
      call:next(0, "go")
      call:next(0, "reply", refused(code))
      assert.equal("DONE", (call:next(0, "answer", { ok = true, value = same })))
      assert.equal(code, select(3, call:result()).code)
    end
  end)

  it("that fails says why, masked", function()
    for _, answer in ipairs { { ok = false, value = "cannot: " .. A1 }, { ok = true },
      { ok = true, message = "locked: " .. A1 }, { ok = true, value = {} } } do
      local _, err, info = play(codec.call(asked("token", A1), "profile"), {
        { "send " .. A1, "reply", refused "expired_token" }, { "credential", "answer", answer },
        { "DONE" } })
      assert.same({ "config", "BAD_TOKEN" }, { info.kind, info.code })
      assert.truthy(err:find("token function", 1, true), err)
    end
  end)

  it("may not return the webhook of another portal", function()
    local call = codec.call(asked("webhook", HOOK:format(A1)), "profile")
    call:next(0, "go")
    call:next(0, "reply", refused "INVALID_CREDENTIALS")
    call:next(0, "answer", { ok = true, value = "https://other.bitrix24.com/rest/1/" .. A2 .. "/" })
    assert.equal("BAD_WEBHOOK", select(3, call:result()).code)
  end)

  it("is asked by one call at a time", function()
    local conf = asked("token", A1)
    local one, other = codec.call(conf, "a"), codec.call(conf, "b")
    for _, machine in ipairs { one, other } do machine:next(0, "go") end
    assert.equal("credential", words(one:next(0, "reply", refused "expired_token")))
    assert.equal("SLEEP", (other:next(0, "reply", refused "expired_token")))
    assert.equal("send " .. A2, words(one:next(0, "answer", { ok = true, value = A2 })))
    assert.equal("send " .. A2, words(other:next(1, "woke")))
  end)
end)
