-- An application's secret, its tokens, the code of a log-in: in no error, no info, no log event, no
-- text about an object, whatever the token server, the portal, a store or the network does.
-- One Lua of each kind: what libcurl and C make of texts.

local applications = require "spec.support.applications"
local b24 = require "b24"
local codec = require "b24.codec"
local data = require "spec.support.data"
local process = require "spec.support.process"
local secrets = require "spec.support.secrets"
local start = require("spec.support.portal").start

local no_secret, percent, dead_port = secrets.no_secret, secrets.percent, secrets.dead_port

describe("an application's secrets stay hidden when", function()
  local portal, folder, oauth, hidden
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    folder = data.folder()
    oauth = applications.oauth(portal, folder)
    hidden = { oauth.client_secret, oauth.access_token, oauth.refresh_token }
  end)
  after_each(function() data.remove_folder(folder) end)
  teardown(function() portal:control "clear_faults" end)

  local function hide(...)
    for _, secret in ipairs(hidden) do no_secret(secret, ...) end
  end

  -- Pairs that the server has made meanwhile are secrets, too.
  local function learn()
    for _, pair in ipairs(portal:control("tokens").tokens) do
      hidden[#hidden + 1] = pair.access_token
      hidden[#hidden + 1] = pair.refresh_token
    end
  end

  -- A call whose token has ended, and all that can be seen of it.
  local function call(changes, more)
    local fields, events = {}, {}
    for name, value in pairs(oauth) do fields[name] = value end
    for name, value in pairs(changes or {}) do fields[name] = value end
    local conf = applications.conf(fields, { timeout = 5, log = function(event)
      events[#events + 1] = event
    end })
    for name, value in pairs(more or {}) do conf[name] = value end
    local client, refused, about = b24.client(conf)
    if not client then
      hide(refused, about)
      return nil, refused, about
    end
    local value, err, info = client:call "profile"
    learn()
    hide(err, info, events, client, client.conf)
    return value, err, info
  end

  local function fails(...)
    portal:control "expire_tokens"
    local value, err, info = call(...)
    assert.is_nil(value)
    return info, err
  end

  -- The token server answers this, once or more.
  local function server_says(body, more)
    local reply = { method = "oauth.token", body = body, times = 3 }
    for name, value in pairs(more or {}) do reply[name] = value end
    portal:control("reply", reply)
    local info = fails()
    portal:control "clear_faults"
    return info
  end

  -- What a server, or a proxy's page, would repeat of the request.
  local function echoes()
    local url = ("%s/oauth/token/?grant_type=refresh_token&client_id=%s&client_secret=%s"
      .. "&refresh_token=%s"):format(oauth.server, oauth.client_id, oauth.client_secret,
      oauth.refresh_token)
    return { url, (url:gsub("/", "\\/")), percent(url), percent(percent(url)),
      oauth.client_secret, oauth.refresh_token, oauth.access_token,
      "Bearer " .. oauth.access_token, (url:gsub("&", "&amp;")) }
  end

  it("all goes well", function()
    portal:control "expire_tokens"
    assert(call())
    hide(assert(codec.conf(applications.conf(oauth))))
  end)

  it("the token server repeats them in an error", function()
    for n, echo in ipairs(echoes()) do
      for _, status in ipairs { 200, 400, 401, n == 1 and 500 or nil } do -- it is asked again
        server_says(('{"error":"x","error_description":"Bad: %s"}'):format(echo),
          { status = status })
        server_says(('{"error":"%s"}'):format(echo), { status = status })
      end
      server_says(('{"error":"invalid_grant","error_description":"%s"}'):format(echo))
    end
  end)

  it("something else repeats them in a page, or in broken JSON", function()
    for n, echo in ipairs(echoes()) do
      for _, status in ipairs { 403, n < 3 and 200 or nil, n == 1 and 502 or nil } do
        server_says("<html><p>No page " .. echo .. " here", { status = status,
          content_type = "text/html" })
        server_says('{"access_token":"' .. echo, { status = status })
      end
      server_says("", { status = 302, headers = { location = echo } })
    end
  end)

  it("the answer is no pair", function()
    for _, answer in ipairs { { access_token = "new0Token0of0them" },
      { access_token = "new0Token0of0them", refresh_token = { "new0Token0of0them" } },
      { access_token = "new0Token0of0them", refresh_token = "new0Token0of0them",
        member_id = "another" },
      { access_token = "new0Token0of0them \1", refresh_token = "new0Token0of0them" },
      { result = "new0Token0of0them" } } do
      hidden[#hidden + 1] = "new0Token0of0them"
      server_says(codec.encode(answer))
    end
  end)

  it("the token server misbehaves, or is not there", function()
    for _, kind in ipairs { "cut_body", "cut_header", "execute_then_cut", "reset", "garbage",
      "html", "empty" } do
      portal:control("fault", { kind = kind, method = "oauth.token", times = 3 })
      fails()
      portal:control "clear_faults"
    end
    for _, server in ipairs { "http://127.0.0.1:" .. dead_port(),
      "https://no-such-host.invalid", "https://localhost:" .. portal.untrusted_port,
      "https://localhost:" .. portal.http_port } do
      fails { server = server }
    end
    for _, proxy in ipairs { "http://127.0.0.1:" .. dead_port(), "http://" .. oauth.client_secret
      .. "@127.0.0.1:" .. dead_port() } do
      fails(nil, { proxy = proxy })
    end
  end)

  it("the token server is a stranger", function()
    oauth.server = nil
    for _, endpoint in ipairs { "https://evil.example/", "https://" .. oauth.client_secret
      .. ".example/", "https://x:" .. oauth.refresh_token .. "@evil.example/" } do
      assert.equal("UNKNOWN_TOKEN_SERVER", fails({ server_endpoint = endpoint }).code)
    end
  end)

  it("they are what is wrong with the conf", function()
    for _, changes in ipairs { { client_secret = oauth.client_secret .. "\n" },
      { access_token = oauth.access_token .. " x" },
      { refresh_token = oauth.refresh_token:rep(99) },
      { client_endpoint = oauth.access_token },
      { client_endpoint = "ftp://" .. oauth.access_token },
      { store = "/nowhere/" .. oauth.client_secret .. "/" },
      { server = oauth.client_secret .. " x" },
      { store = "../" .. oauth.client_secret } } do
      fails(changes)
    end
    for _, changes in ipairs { { client_secret = { oauth.client_secret } },
      { client_id = false }, { store = 5 }, { store = { load = oauth.client_secret } },
      { client_secrett = oauth.client_secret } } do
      local fields = { oauth = {} }
      for name, value in pairs(oauth) do fields.oauth[name] = value end
      for name, value in pairs(changes) do fields.oauth[name] = value end
      hide(select(2, pcall(b24.client, fields)), select(3, pcall(b24.client, fields)))
    end
  end)

  it("the store's file is none", function()
    for _, text in ipairs { "", "{", oauth.access_token, '{"access_token":"' .. oauth.access_token,
      codec.encode { access_token = { oauth.access_token } },
      codec.encode { access_token = oauth.access_token:rep(99) },
      codec.encode { access_token = "x", client_id = oauth.client_secret } } do
      data.write(oauth.store, text, "600")
      local _, err, info = b24.client(applications.conf(oauth))
      assert.equal("config", info.kind, err)
      hide(err, info)
    end
    data.write(oauth.store, codec.encode(oauth), "644")
    assert.equal("FILE_NOT_PRIVATE", select(3, b24.client(applications.conf(oauth))).code)
  end)

  it("the store's name has them", function()
    local name = folder .. "/" .. oauth.client_secret
    data.shell(("ln -s nothing %s; ln -s %s %s/app2"):format(name, name, folder))
    for _, store in ipairs { name, folder .. "/app2" } do
      assert.equal("BAD_FILE", fails({ store = store }).code)
    end
    data.shell(("rm %s; mkdir %s"):format(name, name))
    for _, store in ipairs { name, folder .. "/app2" } do fails { store = store } end
    data.write(name .. "/app", "{", "600")
    fails { store = name .. "/app" }
  end)

  it("the server refuses the refresh token, now and before, and the store is gone", function()
    portal:control "revoke_tokens"
    for _ = 1, 3 do assert.equal("invalid_grant", fails().code) end
    os.remove(oauth.store)
    oauth = applications.oauth(portal, folder)
    portal:control "expire_tokens"
    local client = assert(b24.client(applications.conf(oauth)))
    assert(client:call "profile")
    os.remove(oauth.store)
    portal:control "expire_tokens"
    local _, err, info = client:call "profile"
    learn()
    assert.equal("NO_CREDENTIAL", info.code)
    hide(err, info, client)
  end)

  it("a store of one's own complains of them", function()
    for _, words in ipairs { oauth.refresh_token, "no row for " .. percent(oauth.refresh_token),
      oauth.client_secret .. oauth.access_token } do
      for _, how in ipairs { function() error(words) end, function() error { words } end,
        function() return nil, words end, function() return false, words end,
        function() return { access_token = words .. "\1" } end, function() return words end } do
        fails { store = { load = how, save = how } }
        portal:control "expire_tokens"
        call { store = { load = function() end, save = how } }
      end
    end
  end)

  it("a function that should return the token fails with it", function()
    local answers = { oauth.access_token }
    local client = assert(b24.client { portal = oauth.server, allow_http = true, limiter = false,
      token = function()
        local answer = table.remove(answers, 1)
        if answer then return answer end
        error("cannot ask with " .. oauth.access_token)
      end })
    portal:control "expire_tokens"
    local _, err, info = client:call "profile"
    assert.equal("BAD_TOKEN", info.code)
    hide(err, info, client)
  end)

  it("the code of a log-in is refused", function()
    hidden[#hidden + 1] = "c0deOfTheLogIn0123456789"
    for _ = 1, 2 do
      local _, err, info = call({ code = "c0deOfTheLogIn0123456789",
        store = folder .. "/login" }, { portal = nil })
      hide(err, info)
    end
    local login = { client_id = oauth.client_id, client_secret = oauth.client_secret,
      server = oauth.server, code = "c0deOfTheLogIn0123456789", store = folder .. "/login" }
    local client = assert(b24.client(applications.conf(login, { portal = oauth.server })))
    local _, err, info = client:call "profile"
    assert.equal("invalid_grant", info.code)
    hide(err, info, client)
  end)

  it("a process works with them: /proc shows none, and its files are its user's", function()
    portal:control "expire_tokens"
    portal:control("fault", { kind = "silent", method = "profile" })
    local child = process.start(([[
      local b24 = require "b24"
      local client = assert(b24.client(%s))
      client:call "user.current"
      client:call "profile"
    ]]):format(applications.literal(applications.conf(oauth))))
    assert.is_true(process.eventually(10, function()
      local log = portal:log()
      return #log > 0 and log[#log].method == "profile"
    end))
    learn()
    for _, name in ipairs { "cmdline", "comm", "status", "environ" } do
      hide(process.read("/proc/" .. child.pid .. "/" .. name) or "")
    end
    assert.equal("", data.shell("find " .. folder .. " -type f -perm /077"))
    child:signal(9)
    child:wait()
    portal:control "clear_faults"
  end)
end)
