-- b24.resty: one worker of a real nginx asks the portal, a shared dictionary serves all.

local nginx = require "spec.support.nginx"
local posix = require "b24_posix"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

if nginx.skips(describe, pending, "b24.resty") then return end

local EVERY = 0.3
-- The accounts are what the dictionary "notes" says, so that a spec can change them while nginx
-- runs.
local POLL = ([[
  init_worker_by_lua_block {
    require("resty.b24").poll {
      dict = "b24", every = %g,
      accounts = function()
        local text = ngx.shared.notes:get "accounts" or "{}"
        if text == "broken" then error "no database" end
        return require("cjson").decode(text)
      end,
    }
  }
]]):format(EVERY)

describe("b24.resty", function()
  local portal, server

  setup(function()
    portal = start()
    server = nginx.start { http = POLL .. "lua_ssl_trusted_certificate " .. portal.ca_file .. ";" }
  end)
  teardown(function() server:stop() end)

  local function set_accounts(text)
    server:run(("ngx.shared.notes:set('accounts', %q)"):format(text))
  end

  local function get(name)
    local counters, err, info = server:run(("return require('b24.resty').get(%q)"):format(name))
    return counters, err, info
  end

  local function eventually(condition, seconds)
    assert.is_true(process.eventually(seconds or 4, condition))
  end

  local function polls() return portal:stats().executions["im.counters.get"] or 0 end

  local function accounts(more)
    local list = { ('"anna":{"webhook":"%s","limiter":false,"retries":0,"timeout":2}')
      :format(portal.http_webhook) }
    for name, webhook in pairs(more or {}) do
      list[#list + 1] = ('"%s":{"webhook":"%s","limiter":false,"retries":0}'):format(name, webhook)
    end
    return "{" .. table.concat(list, ",") .. "}"
  end

  local function settle(more)
    set_accounts(accounts(more))
    eventually(function()
      local counters, _, info = get "anna"
      return counters and not info.stale and info.age < EVERY + 0.3
    end)
  end

  before_each(function()
    portal:reset()
    settle()
  end)

  it("answers from every worker what the portal said, and how long ago", function()
    local direct = server:run(("return require('b24').counters { webhook = %q, limiter = false }")
      :format(portal.http_webhook))
    local seen = {}
    eventually(function()
      local counters, err, info = get "anna"
      if info.stale then return false end -- its time came and the machine had none
      assert.same({ direct, nil }, { counters, err })
      assert.same({ "im.counters.get", 200 }, { info.method, info.status })
      assert.is_true(info.age >= 0 and info.age < 60)
      seen[server.worker] = true
      return seen[server:workers()[1]] and seen[server:workers()[2]]
    end)
    assert.equal(1, (server:run [[
      local c = require("b24.resty").get "anna"
      return c.CHAT[18] and #{ c.CHAT[18] } ]]))
  end)

  it("says the badge of what it has, and of anything else, as b24.badge does", function()
    assert.same({ true, "?", "99+", "", false }, (server:run [[
      local resty = require "b24.resty"
      local counters = resty.get "anna"
      return { resty.badge(counters) == require("b24").badge(counters), resty.badge(nil),
        resty.badge { TYPE = { MESSENGER = 120 } }, resty.badge { TYPE = { MESSENGER = 0 } },
        (pcall(resty.badge, 5)) }]]))
  end)

  it("answers as a call would under the account's own conf: nulls, deep nesting", function()
    local deep = ("["):rep(150) .. ("]"):rep(150)
    local body = ('{"result":{"TYPE":{"ALL":null},"CHAT":{"18":null,"5":2},"NEW":%s}}'):format(deep)
    portal:control("reply", { method = "im.counters.get", status = 200, body = body, times = -1 })
    set_accounts(('{"anna":{"webhook":"%s","limiter":false},"bert":{"webhook":"%s",'
      .. '"limiter":false,%s}}'):format(
      portal.http_webhook, portal.http_webhook, '"nulls":true,"max_depth":1000'))
    local function seen(name)
      return (server:run(([[
        local counters, _, info = require("b24.resty").get %q
        if not counters then return tostring(info.code) end
        local depth, level = 0, counters.NEW
        while level do depth, level = depth + 1, level[1] end
        return tostring(counters.TYPE.ALL) .. " " .. tostring(counters.CHAT[18]) .. " " .. depth]])
          :format(name)))
    end
    eventually(function() return seen "bert" == "userdata: NULL userdata: NULL 150" end)
    -- 150 is too deep for it: what it had before, or a failure
    assert.not_equal("NOT_YET", seen "anna")
    portal:control "clear_faults"
  end)

  it("notices a new message", function()
    local before = get("anna").TYPE.ALL
    portal:control("message", { dialog_id = "5", count = 3 })
    eventually(function() return get("anna").TYPE.ALL == before + 3 end)
  end)

  it("asks once each time, whatever the number of workers and pages", function()
    local begun = posix.now()
    local before = polls()
    repeat
      server:run "for i = 1, 500 do assert(require('b24.resty').get 'anna') end ngx.sleep(0.02)"
    until posix.now() - begun > 2
    local asked, most = polls() - before, (posix.now() - begun) / EVERY + 1
    assert.is_true(asked >= 1 and asked <= most, asked .. " of at most " .. most)
  end)

  it("does not ask for an account again that is still being asked for", function()
    local before = #portal:log()
    portal:control("fault", { kind = "slow", delay = 1, times = 1 })
    eventually(function()
      local log = portal:log(before)
      for i = 2, #log do
        if log[i].t - log[i - 1].t > 0.9 then return true end
      end
    end)
  end)

  it("keeps the last answer while the portal is away, says so, and comes back", function()
    local kept = get "anna"
    portal:control("fault", { kind = "html", status = 502, times = -1 })
    eventually(function() return select(3, get "anna").stale end)
    posix.sleep(0.5)
    local counters, err, info = get "anna"
    assert.same({ kept, nil, true }, { counters, err, info.stale })
    assert.is_true(info.age > 0.5)
    assert.truthy(info.last_error:find("b24: HTTP_502", 1, true))
    portal:control "clear_faults"
    eventually(function() return not select(3, get "anna").stale end)
    local _, lines = server:log():gsub("b24: account anna: b24: HTTP_502", "")
    assert.equal(1, lines) -- not each time
    eventually(function() -- another worker may be the one that says it
      return server:log():find("b24: account anna: answered again", 1, true)
    end)
  end)

  it("lets one account's failure alone", function()
    settle { boris = portal.http_webhook:gsub(portal.secret, "wrongSecret"), clara = "nonsense" }
    eventually(function() return select(3, get "boris").code == "INVALID_CREDENTIALS" end)
    eventually(function() return select(3, get "clara").kind == "config" end)
    local counters, err, info = get "boris"
    assert.is_nil(counters)
    assert.truthy(err:find("b24: INVALID_CREDENTIALS", 1, true))
    assert.truthy(info.hint)
    assert.truthy(get "anna")
    local all = server:run "return require('b24.resty').all()"
    assert.same({ "auth", true, "config" }, { all.boris.info.kind, all.anna.counters ~= nil,
      all.clara.info.kind })
  end)

  it("follows the accounts as they come and go", function()
    portal:control("account", { user_id = 2, secret = "otherSecret0fTheSpec" })
    settle { dora = portal.http_webhook:gsub("/1/" .. portal.secret, "/2/otherSecret0fTheSpec") }
    eventually(function() return get "dora" end)
    set_accounts "broken"
    eventually(function()
      return server:log():find("the function accounts failed: .*no database")
    end)
    assert.truthy(get "dora")
    portal:control("fault", { kind = "slow", delay = 0.8, times = -1, user_id = 2 })
    posix.sleep(2 * EVERY)
    settle()
    eventually(function() return select(3, get "dora").code == "UNKNOWN_ACCOUNT" end)
    posix.sleep(0.6) -- an answer that comes late is not kept
    assert.is_nil((get "dora"))
    local _, err, info = get "dora"
    assert.same({ "b24: UNKNOWN_ACCOUNT: there is no such account", "config" }, { err, info.kind })
  end)

  it("keeps asking for all accounts when the name of one is no UTF-8, or odd", function()
    local odd = { "\255\254", "12:", "", "a:b", "J\195\188rgen", "line\nbreak" }
    local more = {}
    for _, name in ipairs(odd) do more[(name:gsub("\n", "\\n"))] = portal.http_webhook end
    settle(more)
    for _, name in ipairs(odd) do eventually(function() return (get(name)) end) end
    local before = polls()
    eventually(function() return polls() > before + 2 * #odd end)
    local found =
      server:run("local n = 0 for _ in pairs(require('b24.resty').all()) do n = n + 1 end return n")
    assert.equal(#odd + 1, found)
    settle()
    for _, name in ipairs(odd) do
      eventually(function() return select(3, get(name)).code == "UNKNOWN_ACCOUNT" end)
    end
  end)

  it("puts no secret into the dictionary, nor into nginx's log", function()
    portal:control("account", { user_id = 2, token = "tokenOfTheSpec0123456789" })
    local conf =
      ('{"anna":{"webhook":"%s","limiter":false},"token":{"portal":"127.0.0.1:%d","token":"%s",'
        .. '"retries":0},'
      .. '"bad":{"webhook":"%s?x","limiter":false},"worse":{"%s":1}}'):format(portal.http_webhook,
      portal.https_port,
      "tokenOfTheSpec0123456789", portal.http_webhook:gsub("/$", "x/"), portal.http_webhook)
    set_accounts(conf)
    eventually(function()
      return get "anna" and select(2, get "token") and select(2, get "bad")
        and select(2, get "worse")
    end)
    local text = server:run [[
      local text, dict = {}, ngx.shared.b24
      for _, key in ipairs(dict:get_keys(0)) do
        text[#text + 1] = key .. "=" .. tostring(dict:get(key))
      end
      return table.concat(text, "\n")]]
    assert.truthy(text:find("b24:counters:anna", 1, true))
    for _, secret in ipairs { portal.secret, "tokenOfTheSpec" } do
      assert.is_nil(text:find(secret, 1, true))
      assert.is_nil(server:log():find(secret, 1, true))
    end
  end)

  it("goes on in another worker when the one that polls is killed", function()
    local leader = tonumber((server:run "return ngx.shared.b24:get 'b24:poller:'"))
    server:signal(nginx.KILL, leader)
    local before = polls()
    eventually(function() return polls() >= before + 2 end)
    local now = tonumber((server:run "return ngx.shared.b24:get 'b24:poller:'"))
    assert.is_true(now ~= leader)
    assert.is_true(posix.kill(now, 0))
  end)

  it("goes on over a reload, with what it knew", function()
    local old = server:reload()
    local before = polls()
    eventually(function()
      assert.truthy(get "anna")
      return server.worker ~= old[1] and server.worker ~= old[2] and polls() >= before + 2
    end)
    for _, pid in ipairs(old) do eventually(function() return not posix.kill(pid, 0) end) end
  end)

  it("ends at once although a portal is silent", function()
    local other = nginx.start { http = POLL, workers = 1 }
    other:run(("ngx.shared.notes:set('accounts', %q)"):format(accounts():gsub('"timeout":2',
      '"timeout":300')))
    portal:control("fault", { kind = "silent", times = -1 })
    local before = #portal:log()
    -- theirs and ours
    assert.is_true(process.eventually(3, function() return #portal:log() >= before + 2 end))
    local ended = other:quit()
    other:stop()
    assert.is_true(ended)
  end)

  describe("says what is wrong with", function()
    local function thrown(source)
      local ok, err = server:run("return pcall(function() " .. source .. " end)")
      assert.is_false(ok)
      return err
    end

    it("a call of poll", function()
      for options, words in pairs {
        ["dict = 'none', accounts = {}"] = "put into nginx.conf: lua_shared_dict none 1m;",
        ["dict = 'b24', account = {}"] = "unknown option 'account'",
        ["dict = 'b24', accounts = {}, live = true"] = "would count as online for ever",
        ["dict = 'b24', accounts = 'x'"] = "must be a table or a function",
        ["dict = 'b24'"] = "needs dict and accounts",
        ["dict = 'b24', accounts = {}, every = 0"] = "from 0.1 to 86400",
        ["dict = 'b24', accounts = {}, every = 0/0"] = "from 0.1 to 86400",
        ["dict = 'b24', accounts = {}"] = "already been called",
      } do
        local err = thrown("require('b24.resty').poll { " .. options .. " }")
        assert.truthy(err:find(words, 1, true), err)
      end
      assert.truthy(thrown "require('b24.resty').poll()":find("run:1: b24: poll{", 1, true))
    end)

    it("get before poll, and before the first answer", function()
      local other = nginx.start { workers = 1 }
      local ok, err = other:run "return pcall(require('resty.b24').get, 'anna')"
      assert.is_false(ok)
      assert.truthy(err:find("init_worker_by_lua", 1, true))
      local value, text, info = other:run [[
        local b24 = require "resty.b24"
        b24.poll { dict = "b24", accounts = { anna = "http://127.0.0.1:1/rest/1/abcdefgh/" } }
        return b24.get "anna"]]
      other:stop()
      assert.is_nil(value)
      assert.equal("b24: NOT_YET: there is no answer yet", text)
      assert.same({ "timeout", true, 1 }, { info.kind, info.retryable, info.retry_after })
    end)

    it("a module of everything that b24 has", function()
      assert.is_true(server:run("return require('resty.b24') == require('b24.resty') and "
        .. "require('b24.resty').totals ~= nil"))
    end)
  end)
end)
