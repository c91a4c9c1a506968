-- conf.max_age and conf.stale_ok: one answer for all processes of a user.
-- One Lua of each kind: processes.

local b24 = require "b24"
local codec = require "b24.codec"
local command = require "spec.support.command"
local posix = require "b24_posix"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

local JSON = '{"result":{"TYPE":{"ALL":3}}}'

describe("the cache", function()
  local portal, home, dir
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    home = command.home()
    dir = home .. "/run"
  end)
  after_each(function() command.remove(home) end)

  local function conf(more)
    local all = { webhook = portal.http_webhook, allow_http = true, runtime_dir = dir,
      max_age = 60 }
    for name, value in pairs(more or {}) do all[name] = value end
    return all
  end

  local function entry(more) return assert(codec.cache(assert(codec.conf(conf(more))))) end

  local function asked() return portal:asked "im.counters.get" end

  describe("whose claim", function()
    -- Runs `lines` in a process of its own with `entry()`, which makes an entry of this account,
    -- and posix; its output.
    local function program(lines)
      local source = ([[
        local codec, posix = require "b24.codec", require "b24_posix"
        local conf = assert(codec.conf { webhook = %q, allow_http = true, runtime_dir = %q,
          max_age = 60 })
        local JSON = %q
        local function entry() return assert(codec.cache(conf)) end
        local function in_child(f)
          local pid = posix.fork()
          if pid ~= 0 then return posix.wait(pid) end
          posix.exit(f() or 0)
        end
      ]]):format(portal.http_webhook, dir, JSON) .. lines
      local status, out, err = process.run(source)
      assert.same({ 0, "" }, { status, err })
      return out
    end

    for name, act in pairs {
      ["gives up"] = "one:release()",
      ["collects it"] = "one = nil collectgarbage() collectgarbage()",
      ["stores an answer"] = "if one:store '{}' then return 1 end",
      ["looks again"] = "if one:step() ~= 'wait' then return 1 end",
      ["looks again, twice, and gives up"] =
        "one:step() if one:step() ~= 'wait' then return 1 end one:release()",
    } do
      it("is the parent's stays the parent's when a forked child " .. name, function()
        assert.equal("ask 0 wait true hit\n", program(([[
          local one = entry()
          local out = { (one:step()) }
          out[2] = tostring(in_child(function() %s end))
          out[3] = entry():step()
          out[4] = tostring(one:store(JSON))
          out[5] = entry():step()
          print(table.concat(out, " "))
        ]]):format(act)))
      end)
    end

    it("is of a forked child's own is its own", function()
      assert.equal("wait 0 hit\n", program [[
        local one = entry()
        one:step()
        local out = { (entry():step()) }
        one:release()
        out[2] = in_child(function() return one:step() == "ask" and one:store(JSON) and 0 or 1 end)
        out[3] = entry():step()
        print(table.concat(out, " "))
      ]])
    end)

    it("was removed makes nothing of a stranger's file", function()
      local one = entry()
      assert.equal("ask", (one:step()))
      os.execute("rm " .. dir .. "/cache-*.new") -- as a cleaner of old files might
      local stranger = entry()
      assert.equal("ask", (stranger:step()))
      assert.is_false(one:store '{"result":{"TYPE":{"ALL":99}}}')
      assert.equal("wait", (entry():step()))
      one:release()
      assert.equal("wait", (entry():step()))
      assert.is_true(stranger:store(JSON))
      local step, counters = entry():step()
      assert.same({ "hit", 3 }, { step, counters.TYPE.ALL })
    end)

    it("is not left behind by a call that throws", function()
      local thrown = { limiter = { reserve = function() error("interrupted!", 0) end } }
      collectgarbage "stop" -- what is collected gives up its claim by itself
      local ok, message = pcall(b24.counters, conf(thrown))
      assert.same({ false, "interrupted!" }, { ok, message })
      assert.equal("ask", (entry():step()))
      collectgarbage "restart"
    end)
  end)

  it("spares the portal a request, and says how old the answer is", function()
    local first = assert(b24.counters(conf()))
    local again, err, about = b24.counters(conf())
    assert.same({ first, nil }, { again, err })
    assert.same({ 0, false, "im.counters.get" }, { about.attempts, about.stale, about.method })
    assert.is_true(about.age >= 0 and about.age < 60)
    assert.equal(1, again.CHAT[18]) -- looked up by number too
    local client = assert(b24.client(conf()))
    assert.same(first, (client:counters()))
    assert.equal(1, asked())
    assert(b24.counters(conf { max_age = 0 }))
    assert.equal(2, asked())
  end)

  it("is what core.counters reads and writes, too", function()
    local core = require "b24.core"
    local first = assert(core.counters(conf()))
    local again, err, about = core.counters(conf())
    assert.same({ first, nil, 0, false }, { again, err, about.attempts, about.stale })
    assert.is_true(about.age >= 0 and about.age < 60)
    assert.same(first, (core.counters(assert(codec.conf(conf())))))
    assert.equal(1, asked())
    posix.sleep(0.02)
    local old = conf { max_age = 0.01, stale_ok = true, retries = 0 }
    portal:control("reply", { status = 502, body = "", times = -1 })
    again, err, about = core.counters(old)
    assert.same({ first, nil, true }, { again, err, about.stale })
    assert.truthy(about.stale_because:find "^b24: HTTP_502")
    old.stale_ok = nil
    assert.same({ nil, "http" }, { (core.counters(old)), select(3, core.counters(old)).kind })
  end)

  it("is no answer to a wrong conf", function()
    os.execute("mkdir -m 777 " .. dir)
    local counters, err, info = b24.counters(conf())
    assert.same({ "config", "BAD_RUNTIME_DIR" }, { info.kind, info.code })
    assert.is_nil(counters)
    assert.truthy(err)
  end)

  describe("of a portal that does not answer", function()
    local function old()
      assert(b24.counters(conf()))
      posix.sleep(0.02)
      return conf { max_age = 0.01, stale_ok = true, retries = 0 }
    end

    it("is better than nothing with stale_ok", function()
      local settings = old()
      portal:control("reply", { status = 502, body = "", times = -1 })
      local counters, err, info = b24.counters(settings)
      assert.is_nil(err)
      assert.equal(14, counters.TYPE.ALL)
      assert.same({ true, "b24: HTTP_502" },
        { info.stale, info.stale_because:match "^b24: [%w_]+" })
      settings.stale_ok = nil
      counters, err, info = b24.counters(settings)
      assert.is_nil(counters)
      assert.same({ "http", nil }, { info.kind, info.stale })
      assert.truthy(err)
    end)

    it("does not hide a credential that is refused", function()
      local settings = old()
      portal:control("account", { user_id = 1, secret = "another" })
      local counters, _, info = b24.counters(settings)
      assert.is_nil(counters)
      assert.equal("auth", info.kind)
      portal:control("account", { user_id = 1, secret = portal.secret })
    end)

    it("shows in bars", function()
      local env = { HOME = home, B24_RUNTIME_DIR = dir, B24_WEBHOOK = portal.http_webhook }
      local function bar(format)
        local status, out, err = command.run({ "--format", format, "--max-age", "0.001s",
          "--stale-ok" }, { env = env })
        assert.same({ 0, "" }, { status, err })
        return out
      end
      assert.equal("8\n", bar "tmux")
      portal:control("reply",
        { status = 400, body = '{"error":"ERROR_CORE","error_description":"x"}', times = -1 })
      assert.equal("8~\n", bar "tmux")
      assert.truthy(bar("waybar"):find('"class":"stale","text":"8"', 1, true))
      assert.truthy(bar("nagios"):find("^B24 OK %- 8 unread messages, %d+ s ago|"))
      assert.equal("8 stale\n", bar "{badge} {stale}")
    end)
  end)

  it("hit loads no libcurl", function()
    assert(b24.counters(conf()))
    local status, out, err = process.run(([[
      local counters, err, info = require "b24".counters { webhook = %q, allow_http = true,
        runtime_dir = %q, max_age = 60 }
      local maps = io.open "/proc/self/maps"
      print(counters.TYPE.ALL, info.age ~= nil, package.loaded["b24.core"],
        maps and maps:read "*a":find "libcurl")
    ]]):format(portal.http_webhook, dir))
    assert.same({ 0, "14\ttrue\tnil\tnil\n", "" }, { status, out, err })
  end)

  it("lets 20 processes make one request", function()
    portal:control("fault", { kind = "slow", delay = 0.3, times = -1, method = "im.counters.get" })
    local children, env = {}, { HOME = home, B24_RUNTIME_DIR = dir,
      B24_WEBHOOK = portal.http_webhook }
    for i = 1, 20 do
      children[i] = command.start({ "--format", "{messages}", "--max-age", "60s" }, { env = env })
    end
    for _, child in ipairs(children) do assert.same({ 0, "8\n" }, { child:wait() }) end
    assert.equal(1, asked())
  end)

  it("goes on when the process that asks is killed", function()
    portal:control("fault", { kind = "silent", times = 1, method = "im.counters.get" })
    local env = { HOME = home, B24_RUNTIME_DIR = dir, B24_WEBHOOK = portal.http_webhook }
    local first = command.start({ "--format", "{messages}", "--max-age", "60s" }, { env = env })
    assert.is_true(process.eventually(5, function() return asked() == 1 end))
    local second = command.start({ "--format", "{messages}", "--max-age", "60s" }, { env = env })
    posix.sleep(0.1)
    first:kill(9)
    assert.same({ 0, "8\n" }, { second:wait() })
    first:wait()
    assert.equal(2, asked())
    portal:control "clear_faults"
  end)

  it("waits for another process no longer than its deadline", function()
    local asking = entry()
    assert.equal("ask", (asking:step()))
    local elapsed, counters, _, info = process.timed(b24.counters, conf { timeout = 0.2 })
    assert.is_nil(counters)
    assert.same({ "timeout", "TIMEOUT" }, { info.kind, info.code })
    assert.is_true(elapsed >= 0.15 and elapsed < 30) -- the other has a minute
    asking:release()
    assert(b24.counters(conf { timeout = 5 }))
  end)
end)
