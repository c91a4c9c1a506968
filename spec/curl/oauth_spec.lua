-- Tokens that are renewed at the mock portal's token server, by one process for all.
-- One Lua of each kind: processes that renew side by side, and real time.

local applications = require "spec.support.applications"
local b24 = require "b24"
local data = require "spec.support.data"
local loops = require "spec.support.loops"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

local literal, refreshes, stored = applications.literal, applications.refreshes, applications.stored

describe("an application's tokens", function()
  local portal, folder
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    folder = data.folder()
  end)
  after_each(function() data.remove_folder(folder) end)

  local function new_oauth(more) return applications.oauth(portal, folder, more) end

  it("are renewed when the portal refuses them, and not before", function()
    local oauth = new_oauth()
    local client = assert(b24.client(applications.conf(oauth)))
    assert(client:call "profile")
    assert.same({ 0, nil }, { refreshes(portal), stored(oauth.store) })
    portal:control "expire_tokens"
    local profile, err, info = client:call "profile"
    assert.equal("1", assert(profile, err).ID)
    assert.same({ 2, 200 }, { info.attempts, info.status })
    assert(client:call "profile")
    assert.equal(1, refreshes(portal))
    local live, kept = applications.live(portal), stored(oauth.store)
    assert.same({ live.access_token, live.refresh_token, portal.member_id, "1" },
      { kept.access_token, kept.refresh_token, kept.member_id, kept.user_id })
    assert.equal("-rw------- 1", data.shell("ls -l " .. oauth.store):match "^%S+%s+%d+")
  end)

  it("last: the store's are used, though the conf still has the first ones", function()
    local conf = applications.conf(new_oauth())
    for n = 1, 3 do
      portal:control "expire_tokens"
      assert(assert(b24.client(conf)):call "profile")
      assert(assert(b24.client(conf)):call "profile")
      assert.equal(n, refreshes(portal))
    end
  end)

  it("are found by their store's name alone", function()
    local oauth = new_oauth()
    portal:control "expire_tokens"
    assert(assert(b24.client(applications.conf(oauth))):call "profile")
    local client = assert(b24.client(applications.conf { store = oauth.store }))
    assert(client:call "profile")
    portal:control "expire_tokens"
    assert(client:call "profile")
    assert.equal(2, refreshes(portal))
  end)

  it("are renewed for whatever is called", function()
    local client = assert(b24.client(applications.conf(new_oauth(), { max_age = 0.001,
      runtime_dir = folder })))
    local calls = {
      function() return client:counters() end,
      function() return client:batch { me = { "user.current" } } end,
      function() return client:all("crm.deal.list", nil, { max = 60 }) end,
      function()
        local rows = 0
        for _ in client:list "crm.deal.list" do rows = rows + 1 end
        return rows > 0
      end,
      function() return client:inbox() end,
      function() return client:messages(5) end,
      function() return client:send(5, "hello") end,
      function() return client:mark_read(5) end,
    }
    for n, call in ipairs(calls) do
      portal:control "expire_tokens"
      assert(call())
      assert.equal(n, refreshes(portal))
    end
  end)

  it("have one cache, whatever the token is at the moment", function()
    local conf = applications.conf(new_oauth(), { max_age = 60, runtime_dir = folder })
    assert(b24.counters(conf))
    portal:control "expire_tokens"
    assert(assert(b24.client(conf)):call "profile")
    local counters, err, info = b24.counters(conf)
    assert(counters, err)
    assert.is_number(info.age)
    assert.equal(1, portal:stats().executions["im.counters.get"])
  end)

  it("that a log-in brought take the place of what the store had", function()
    local oauth = new_oauth()
    portal:control "expire_tokens"
    assert(assert(b24.client(applications.conf(oauth))):call "profile")
    portal:control "revoke_tokens"
    local client = assert(b24.client(applications.conf(oauth)))
    local _, _, info = client:call "profile"
    assert.same({ "auth", "invalid_grant" }, { info.kind, info.code })
    local again = new_oauth()
    assert(assert(b24.client(applications.conf(again))):call "profile")
    portal:control("expire_tokens", { access_token = again.access_token })
    assert(assert(b24.client(applications.conf(again))):call "profile")
    -- the client that was there before finds them, too
    assert(client:call "profile")
  end)

  it("of a log-in are whoever's who logs in; others keep to their own store", function()
    local oauth = new_oauth()
    portal:control "expire_tokens"
    assert(assert(b24.client(applications.conf(oauth))):call "profile")
    local other = new_oauth { user_id = 2 }
    local _, err, info = b24.client(applications.conf(other))
    assert.equal("STORE_MISMATCH", info.code, err)
    local third = new_oauth { client_id = "local.other", client_secret = "whatever" }
    assert.equal("STORE_MISMATCH", select(3, b24.client(applications.conf(third))).code)
    local login = { client_id = portal.client_id, client_secret = portal.client_secret,
      server = oauth.server, store = oauth.store, refresh_token = new_oauth().refresh_token }
    assert(assert(b24.client(applications.conf(login, { portal = oauth.server }))):call "profile")
    assert.is_string(stored(oauth.store).access_token)
  end)

  it("cost nothing when there is no place for the new pair", function()
    local oauth = new_oauth { store = "/proc/b24/app" }
    local client = assert(b24.client(applications.conf(oauth)))
    portal:control "expire_tokens"
    local _, _, info = client:call "profile"
    assert.same({ "config", "CANNOT_WRITE" }, { info.kind, info.code })
    assert.equal(0, refreshes(portal))
  end)

  it("survive an answer that is lost, if the server forgives", function()
    for _, kind in ipairs { "execute_then_cut", "reset", "cut_body" } do
      portal:reset()
      portal:control("oauth", { grace = 60 })
      local oauth = new_oauth { store = folder .. "/" .. kind }
      portal:control "expire_tokens"
      portal:control("fault", { kind = kind, method = "oauth.token" })
      assert(assert(b24.client(applications.conf(oauth))):call "profile")
      assert.equal(applications.live(portal).refresh_token, stored(oauth.store).refresh_token, kind)
    end
  end)

  it("end in a log-in if it does not", function()
    local oauth = new_oauth()
    portal:control "expire_tokens"
    portal:control("fault", { kind = "execute_then_cut", method = "oauth.token" })
    local client = assert(b24.client(applications.conf(oauth)))
    local _, _, info = client:call "profile"
    assert.same({ "auth", "invalid_grant" }, { info.kind, info.code })
    assert.truthy(info.hint:find("b24 login --app again", 1, true))
    assert.same({}, { next(process.read(oauth.store .. "+new") and { 1 } or {}) })
  end)

  it("follow the portal to its new name, and meet the server that Bitrix24 has", function()
    local old, new, server = "old.bitrix24.ru", "new.bitrix24.ru", "oauth.bitrix24.tech"
    local oauth = new_oauth { client_endpoint = "https://" .. old .. "/rest/" }
    oauth.server, oauth.server_endpoint = nil, "https://" .. server .. "/rest/"
    portal:control "expire_tokens"
    portal:control("oauth", { client_endpoint = "https://" .. new .. "/rest/" })
    -- behind this proxy every name is the mock portal
    local client = assert(b24.client(applications.conf(oauth, { ca_file = portal.ca_file,
      proxy = "http://127.0.0.1:" .. portal.proxy_port })))
    for _ = 1, 2 do assert(client:call "profile") end
    local seen = {}
    for _, entry in ipairs(portal:log()) do
      local request = entry.listener ~= "proxy" and entry.verb .. " " .. entry.headers.host
      seen[#seen + 1] = request or nil
    end
    assert.same({ "POST " .. old, "GET " .. server, "POST " .. new, "POST " .. new }, seen)
    assert.equal("https://" .. new .. "/rest/", stored(oauth.store).client_endpoint)
  end)

  -- Processes ------------------------------------------------------------------------------------

  -- A child that has a client, says so, and calls when there is a file of that name.
  local function child(oauth, env)
    return process.start(([[
      local b24, posix = require "b24", require "b24_posix"
      local client = assert(b24.client(%s))
      io.write "ready "
      io.stdout:flush()
      while not io.open(%q) do posix.sleep(0.005) end
      local profile, err, info = client:call "profile"
      io.write(profile and "user " .. profile.ID or err .. " " .. tostring(info.hint))
    ]]):format(literal(applications.conf(oauth)), folder .. "/go"), env)
  end

  local function go() process.write(folder .. "/go", "") end

  local function ready(children)
    for _, one in ipairs(children) do
      assert.is_true(process.eventually(10, function() return one:output():find "ready" end))
    end
  end

  it("are renewed once for eight processes that call at the same time", function()
    local oauth, children = new_oauth(), {}
    portal:control("oauth", { delay = 0.3 }) -- so that two would overlap, and one pair die
    for i = 1, 8 do children[i] = child(oauth) end
    ready(children)
    portal:control "expire_tokens"
    go()
    for _, one in ipairs(children) do assert.same({ 0, "ready user 1", "" }, { one:wait() }) end
    assert.equal(1, refreshes(portal))
    assert.equal(applications.live(portal).refresh_token, stored(oauth.store).refresh_token)
    assert.is_nil(process.read(oauth.store .. "+new"))
  end)

  it("that the server refuses are asked for once, by whichever process", function()
    local oauth, children = new_oauth(), {}
    portal:control "revoke_tokens"
    for i = 1, 4 do children[i] = child(oauth) end
    ready(children)
    go()
    children[5] = child(oauth)
    for _, one in ipairs(children) do
      local _, out = one:wait()
      assert.truthy(out:find("invalid_grant", 1, true), out)
      assert.truthy(out:find("b24 login --app again", 1, true), out)
    end
    assert.equal(1, refreshes(portal))
    local again = new_oauth() -- a log-in
    portal:control("expire_tokens", { access_token = again.access_token })
    assert.same({ 0, "ready user 1", "" }, { child(again):wait() })
  end)

  it("are renewed by the next process when one is killed while the server is asked", function()
    for _, grace in ipairs { 60, 0 } do
      portal:reset()
      local oauth = new_oauth { store = folder .. "/grace" .. grace }
      portal:control "expire_tokens"
      portal:control("oauth", { grace = grace })
      portal:control("fault", { kind = "drip", delay = 30, method = "oauth.token" })
      go()
      local one = child(oauth)
      assert.is_true(process.eventually(10, function() return refreshes(portal) == 1 end))
      one:signal(9)
      one:wait()
      portal:control "clear_faults"
      local _, out = child(oauth):wait()
      if grace > 0 then
        assert.equal("ready user 1", out)
        assert.equal(applications.live(portal).refresh_token, stored(oauth.store).refresh_token)
      else -- the pair went with the process; nothing but the user can help
        assert.truthy(out:find("invalid_grant", 1, true), out)
        assert.truthy(out:find("b24 login --app again", 1, true), out)
      end
    end
  end)

  -- The call at which it dies -> requests until everybody is happy again. What the token server
  -- does with the old refresh token after a lost answer, nobody has published: both are shown.
  for at, expected in pairs {
    ["flock:1"] = 1, -- it has the lock
    ["pwrite:1"] = 1, -- it makes sure of the space
    ["send:2"] = 1, -- it is about to ask the token server (the first request was the call itself)
    ["sent:2"] = 2, -- it has asked, and the server answers
    ["pwrite:2"] = 2, -- it has the answer, and nobody else: only a server that forgives helps
    ["ftruncate:2"] = 1, -- the pair is written
    ["fsync:1"] = 1,
    ["rename:1"] = 1, -- and on the disk
    ["fsync:2"] = 1, -- and in its place
  } do
    for _, grace in ipairs { 60, 0 } do
      it(("survive kill -9 at %s, grace %d"):format(at, grace), function()
        local env, why = applications.killer(folder, at)
        if not env then return pending(why) end
        local oauth = new_oauth()
        portal:control "expire_tokens"
        portal:control("oauth", { grace = grace })
        go()
        local status = child(oauth, env):wait()
        assert.equal(137, status)
        if expected > 1 then
          assert.is_true(process.eventually(10, function() return refreshes(portal) == 1 end))
        end
        local _, out = child(oauth):wait()
        if grace == 0 and expected > 1 then -- the only pair that was good went with the process
          assert.truthy(out:find("invalid_grant", 1, true), out)
          assert.truthy(out:find("b24 login --app again", 1, true), out)
        else
          assert.equal("ready user 1", out)
          assert.equal(expected, refreshes(portal))
          assert.equal(applications.live(portal).refresh_token, stored(oauth.store).refresh_token)
        end
        assert.is_nil(process.read(oauth.store .. "+new"))
      end)
    end
  end

  it("are renewed by others when one has been stopped for longer than anybody lives", function()
    local oauth = new_oauth()
    portal:control "expire_tokens"
    portal:control("fault", { kind = "silent", method = "oauth.token" })
    go()
    local one = child(oauth)
    assert.is_true(process.eventually(10, function()
      for _, entry in ipairs(portal:log()) do
        if entry.path:find("/oauth/token/", 1, true) then return true end
      end
    end))
    one:signal(19) -- SIGSTOP
    data.shell("touch -d '20 minutes ago' " .. oauth.store .. "+new")
    assert.same({ 0, "ready user 1", "" }, { child(oauth):wait() })
    one:signal(9)
    one:wait()
    assert.equal(applications.live(portal).refresh_token, stored(oauth.store).refresh_token)
  end)

  it("are renewed once for all requests that run side by side, in every loop", function()
    local expected = 0
    portal:control("oauth", { delay = 0.1 })
    for _, name in ipairs(loops.names) do
      local oauth = new_oauth { store = folder .. "/" .. name }
      portal:control "expire_tokens"
      local ended = loops.run(portal, ([[
        local mine = assert(b24.client { oauth = %s, limiter = false, allow_http = true })
        local commands = {}
        for i = 1, 300 do commands[i] = { "user.current" } end
        local answer, err, info = mine:batch(commands)
        local good = 0
        for _ in pairs(answer and answer.results or {}) do good = good + 1 end
        io.write(good, " ", tostring(err), " ", tostring(info.failed))
        done()
      ]]):format(literal(oauth)), { over = { name } })[name]
      if ended then
        assert.same({ name, "300 nil nil", "", 0 }, { name, ended.out, ended.err, ended.status })
        expected = expected + 1
        assert.equal(expected, refreshes(portal))
      end
    end
    assert.is_true(expected >= (loops.has "cqueues" and 2 or 1))
  end)

  it("in a store of one's own are renewed once, too; it may wait in every loop", function()
    local source = [[
      local path = %q
      local function load()
        assert(client:call "profile") -- waits
        local file = io.open(path)
        local text = file and file:read "*a"
        if file then file:close() end
        return text and require("b24.codec").decode(text) or nil
      end
      local function save(tokens)
        assert(client:call "profile")
        local file = io.open(path, "w")
        file:write(require("b24.codec").encode(tokens))
        file:close()
      end
      local oauth = %s
      oauth.store = { load = load, save = save }
      local mine = assert(b24.client { oauth = oauth, limiter = false, allow_http = true })
      io.write(assert(mine:call "profile").ID, " ")
      io.write(assert(mine:call "profile").ID)
      done()
    ]]
    local expected = 0
    for _, name in ipairs(loops.names) do
      local oauth = new_oauth()
      oauth.store = nil
      portal:control "expire_tokens"
      local program = source:format(folder .. "/own-" .. name, literal(oauth))
      local ended = loops.run(portal, program, { over = { name } })[name]
      if ended then
        assert.same({ name, "1 1", "", 0 }, { name, ended.out, ended.err, ended.status })
        expected = expected + 1
        assert.equal(expected, refreshes(portal))
      end
    end
    assert.is_true(expected >= (loops.has "cqueues" and 2 or 1))
  end)
end)
