-- conf.oauth, and the file of an application's tokens: what is read, what is refused, and which
-- credential is found first.

local codec = require "b24.codec"
local data = require "spec.support.data"
local tokens = require "spec.support.tokens"

local A1, R1, A2, R2, pair = tokens.A1, tokens.R1, tokens.A2, tokens.R2, tokens.pair

local folder

-- A file that b24 has written: tokens, and the application's own.
local function write(name, fields)
  local app = pair(A2, R2, fields)
  app.client_id = app.client_id or "local.1"
  app.client_secret = tokens.CLIENT_SECRET
  data.write(folder .. "/" .. name, codec.encode(app), "600")
end

local function oauth(more)
  local fields = pair(A1, R1, { client_id = "local.1", client_secret = tokens.CLIENT_SECRET })
  fields.store = folder .. "/app"
  for name, value in pairs(more or {}) do fields[name] = value end
  return fields
end

-- The token that a conf would send, or the code of its refusal.
local function sent(conf)
  local checked, err, info = codec.conf(conf)
  tokens.hide(err, info)
  if not checked then return info.code, info end
  local action, request = codec.call(checked, "profile"):next(0, "go")
  return action == "SEND" and request.headers.Authorization:match "^Bearer (.*)$" or action
end

describe("conf.oauth", function()
  before_each(function() folder = data.folder() end)
  after_each(function() data.remove_folder(folder) end)

  it("is the token server's answer as it is, with what nobody knows yet", function()
    local answer = codec.decode(('{"access_token":"%s","refresh_token":"%s","expires_in":3600,'
      .. '"expires":1795682496,"domain":"oauth.bitrix.info","scope":"im,user","status":"L",'
      .. '"server_endpoint":"https:\\/\\/oauth.bitrix.info\\/rest\\/","member_id":"m","user_id":5,'
      .. '"client_endpoint":"https:\\/\\/p.bitrix24.com\\/rest\\/","something_new":{"a":1}}')
      :format(A1, R1))
    assert.equal(A1, sent { oauth = answer, limiter = false }) -- good until it ends
    answer.client_id, answer.client_secret = "local.1", tokens.CLIENT_SECRET
    answer.store = folder .. "/app"
    assert.equal(A1, sent { oauth = answer, limiter = false })
  end)

  it("has the tokens of its store, as soon as they have grown out of its own", function()
    local grown = { oauth = oauth(), limiter = false }
    assert.equal(A1, sent(grown))
    write("app", { seed = "0123456789abcdef" })
    assert.equal(A1, sent(grown)) -- those of another log-in are no better
    local machine = codec.call(assert(codec.conf { oauth = oauth { store = {
      load = print, save = print } }, runtime_dir = folder, limiter = false }), "profile")
    machine:next(0, "go")
    machine:next(0, "answer", tokens.NOTHING)
    machine:next(0, "reply", tokens.refused "expired_token")
    machine:next(0, "answer", tokens.NOTHING)
    local _, question = machine:next(0, "reply", tokens.given(A2, R2))
    write("app", { seed = question.tokens.seed })
    assert.equal(A2, sent(grown))
    assert.equal(A2, sent { oauth = { store = folder .. "/app" }, limiter = false })
  end)

  it("belongs to one application, portal and user", function()
    write("app", { member_id = "another" })
    assert.equal("STORE_MISMATCH", (sent { oauth = oauth() }))
    write("app", { user_id = 8 })
    assert.equal("STORE_MISMATCH", (sent { oauth = oauth() }))
    write("app", { client_id = "local.2" })
    assert.equal("STORE_MISMATCH", (sent { oauth = oauth() }))
    assert.equal(A1, sent { oauth = oauth { store = folder .. "/other" }, limiter = false })
  end)

  it("says what is missing", function()
    for _, row in ipairs {
      { "NO_CREDENTIAL", { client_id = "local.1", client_secret = "s", store = folder .. "/app" } },
      { "NO_CREDENTIAL", { access_token = A1 } },
      { "NO_STORE", { client_id = "local.1", client_secret = "s", access_token = A1,
        client_endpoint = "https://p.bitrix24.com/rest/" } },
      { "BAD_OPTION", { client_id = "local.1", access_token = A1 } },
      { "BAD_OPTION", { client_id = "local.1", client_secret = "s", access_token = A1,
        member_id = folder .. "/elsewhere", client_endpoint = "https://p.bitrix24.com/rest/" } },
      { "BAD_OPTION", { client_secret = "s", access_token = A1 } },
      { "BAD_OPTION", { store = { load = print, save = print }, access_token = A1 } },
      { "BAD_OPTION", oauth { scope = {} } },
      { "BAD_OPTION", oauth { user_id = 1.5 } },
      { "BAD_OPTION", oauth { member_id = "a\nb" } },
      { "BAD_TOKEN", oauth { access_token = "a b" } },
      { "BAD_PORTAL", oauth { client_endpoint = "p.bitrix24.com" } },
      { "BAD_PORTAL", oauth { client_endpoint = "ftp://p.bitrix24.com/rest/" } },
      { "HTTPS_REQUIRED", oauth { client_endpoint = "http://p.bitrix24.com/rest/" } },
      { "BAD_PROFILE", oauth { store = "../app" } },
      { "BAD_FILE", oauth { store = folder .. "/" } },
    } do
      assert.equal(row[1], (sent { oauth = row[2] }))
    end
  end)

  it("throws for what nobody could have meant", function()
    for words, wrong in pairs {
      ["did you mean 'client_secret'"] = oauth { client_secert = "s" },
      ["did you mean 'refresh_token'"] = oauth { refreshtoken = "s" },
      ["not named"] = oauth { "x" },
      ["a name, a path or {load=, save=}"] = oauth { store = 5 },
      ["'save' is a nil"] = oauth { store = { load = print } },
    } do
      local ok, err = pcall(codec.conf, { oauth = wrong })
      assert.is_false(ok)
      assert.truthy(tostring(err):find(words, 1, true), err)
    end
  end)

  it("is the only credential of its conf", function()
    local webhook = "https://p.bitrix24.com/rest/1/abcdefgh/"
    for _, more in ipairs { { webhook = webhook }, { token = A2, portal = "p.bitrix24.com" },
      { profile = "work" } } do
      more.oauth = oauth()
      assert.equal("BAD_CREDENTIAL", (sent(more)))
    end
    assert.equal(A1, sent { oauth = oauth(), portal = "ignored.bitrix24.com", limiter = false })
  end)

  it("reads no file that others can read, and none that is nobody's tokens", function()
    write("app", {})
    data.shell("chmod 640 " .. folder .. "/app")
    assert.equal("FILE_NOT_PRIVATE", (sent { oauth = oauth() }))
    for _, text in ipairs { "", "{}", "null", "{", '{"access_token":5e400}', ("x"):rep(100000) } do
      data.write(folder .. "/app", text, "600")
      assert.equal("BAD_FILE", (sent { oauth = oauth() }), text:sub(1, 20))
    end
    data.shell(("rm %s/app; mkdir -m 700 %s/app"):format(folder, folder))
    assert.equal("BAD_FILE", (sent { oauth = oauth() }))
  end)
end)

describe("without a conf", function()
  before_each(function()
    folder = data.folder()
    data.shell("mkdir -m 700 " .. folder .. "/b24")
  end)
  after_each(function() data.remove_folder(folder) end)

  -- What a program finds: "app TOKEN", "webhook SECRET" or a code and its message.
  local function found(env, conf)
    local all = { XDG_CONFIG_HOME = folder, HOME = "/nowhere", B24_RUNTIME_DIR = folder }
    for name, value in pairs(env or {}) do all[name] = value end
    return (data.lua(all, ([[
      local codec = require "b24.codec"
      local conf, err, info = codec.conf(%s)
      if not conf then
        print(info.code, err)
      else
        local _, request = codec.call(conf, "profile"):next(0, "go")
        local bearer = request.headers.Authorization
        print(bearer and bearer:match "^Bearer (.*)$" or request.url:match "/rest/1/(.-)/")
      end
    ]]):format(conf or "nil")):gsub("%s+$", ""))
  end

  local function webhook(secret) return "https://p.bitrix24.com/rest/1/" .. secret .. "/" end

  it("the environment counts, then the webhook's file, then the application's", function()
    write("b24/app", {})
    assert.equal(A2, found())
    data.write(folder .. "/b24/webhook", webhook "fromFile" .. "\n", "600")
    assert.equal("fromFile", found())
    assert.equal("fromEnvironment", found { B24_WEBHOOK = webhook "fromEnvironment" })
  end)

  it("a profile names both files", function()
    write("b24/app.work", {})
    assert.equal(A2, found(nil, '{ profile = "work" }'))
    assert.equal(A2, found({ B24_WEBHOOK = webhook "fromEnvironment" }, '{ profile = "work" }'))
    assert.equal(A2, found { B24_PROFILE = "work" })
    assert.equal(A2, found(nil, '{ oauth = { store = "work" } }'))
    data.write(folder .. "/b24/webhook.work", webhook "fromFile" .. "\n", "600")
    assert.equal("fromFile", found(nil, '{ profile = "work" }'))
  end)

  it("the error names all the places", function()
    local said = found()
    assert.truthy(said:find("^NO_CREDENTIAL"), said)
    for _, place in ipairs { "B24_WEBHOOK is not set", folder .. "/b24/webhook does not exist",
      "nor does " .. folder .. "/b24/app" } do
      assert.truthy(said:find(place, 1, true), said)
    end
    data.write(folder .. "/b24/app", "{", "600")
    assert.truthy(found():find("^BAD_FILE"))
    assert.truthy(found(nil, "{}"):find("~/.config/b24/app", 1, true))
  end)

  it("pasted tokens have a file of their user's own", function()
    assert.equal("nil", (data.lua({ XDG_CONFIG_HOME = folder, B24_RUNTIME_DIR = folder }, ([[
      local codec = require "b24.codec"
      local conf = assert(codec.conf { limiter = false, oauth = {
        client_id = "local.1", client_secret = "s", access_token = "4f00d1", refresh_token = "r",
        client_endpoint = "https://p.bitrix24.com/rest/", member_id = "abcd", user_id = 7 } })
      local call = codec.call(conf, "profile")
      call:next(0, "go")
      call:next(0, "reply", { status = 401, body = '{"error":"expired_token"}' })
      local _, request = call:next(0, "reply", { status = 200, body = '{"access_token":"4f00d2",'
        .. '"refresh_token":"r2","member_id":"abcd","user_id":7}' })
      print(request and nil)
      assert(request.headers.Authorization == "Bearer 4f00d2")
    ]])):gsub("%s+$", "")))
    assert.equal("/b24/app.abcd-7",
      data.shell("cd " .. folder .. " && find . -type f -name 'app*'"):match "^%.(%S+)%s*$")
    assert.equal("-rw-------", data.shell("ls -l " .. folder .. "/b24/app.abcd-7"):match "^%S+")
  end)

  it("what is no secret of the file can be shown", function()
    write("b24/app", { expires = 1795682496, scope = "im,user" })
    local said = data.lua({ XDG_CONFIG_HOME = folder }, [[
      local app = assert(require("b24.codec").system.app())
      local names = {}
      for name in pairs(app) do names[#names + 1] = name end
      table.sort(names)
      print(table.concat(names, " "), app.user_id, app.expires == 1795682496, app.scope)
    ]])
    assert.equal("client_endpoint client_id expires member_id path scope server_endpoint user_id"
      .. "\t7\ttrue\tim,user\n", said)
    tokens.hide(said)
  end)
end)
