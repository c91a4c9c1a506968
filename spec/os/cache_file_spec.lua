-- The file behind max_age: who may read and write it, and what becomes of a damaged one.
-- One Lua of each kind: processes.

local b24 = require "b24"
local calm = require "spec.support.calm"
local codec = require "b24.codec"
local command = require "spec.support.command"
local data = require "spec.support.data"
local posix = require "b24_posix"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

local JSON = '{"result":{"TYPE":{"ALL":3}}}'

describe("the cache as a file", function()
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

  local function path() return (data.shell("ls -d " .. dir .. "/cache-*"):match "^[^\n]*") end

  it("is nothing that a conf without max_age has", function()
    assert.is_nil((codec.cache(assert(codec.conf(conf { max_age = 0 })))))
    assert.is_nil(process.read(dir))
  end)

  -- What a live watch asks because of a hint: the portal may have answered just before the change.
  it("holds no answer to what happened after its question, however late it was stored", function()
    local checked = assert(codec.conf(conf { max_age = 0 }))
    local function step(since)
      local one = assert(codec.cache(checked, nil, since))
      local first = one:step()
      one:release()
      return first
    end
    local before = codec.wall()
    local asking = assert(codec.cache(checked, nil, before))
    assert.equal("ask", (asking:step()))
    codec.nap(0.02)
    local change = codec.wall()
    codec.nap(0.02)
    assert.is_true(asking:store(JSON))
    local _, asked = codec.live_share(checked):stored()
    assert.is_true(asked >= before and asked < change)
    assert.same({ "hit", "ask", "ask" }, { step(before), step(change), step(codec.wall()) })
    assert.equal("hit", (entry():step())) -- by its age it is good
  end)

  it("tells how much of the call's time is over", function()
    local spent = assert(codec.cache(assert(codec.conf(conf { timeout = 20 })), 5)):spent()
    assert.is_true(spent >= 5 and spent < 20, spent)
    assert.is_true(entry():spent() >= 0)
  end)

  it("lets those who wait for another process ask within what is left of their time", function()
    local tasks = require "b24.wait.task"
    calm.check(portal, function()
      command.remove(dir)
      portal:control("fault", { kind = "slow", delay = 1.2, method = "im.counters.get", times = 9 })
      local other, counters, err, info = entry(), nil, nil, nil
      assert.equal("ask", (other:step()))
      b24.run(function()
        local release = tasks.core.spawn(function()
          tasks.sleep(1.2)
          other:release()
        end)
        counters, err, info = b24.counters(conf { timeout = 2, retries = 0 })
        release:wait()
      end)
      assert.is_nil(counters)
      assert.equal("TIMEOUT", info.code, err)
      assert.equal(1, info.attempts)
    end)
  end)

  it("is asked for once, and a hit for everybody then", function()
    local one, two = entry(), entry()
    assert.equal("ask", (one:step()))
    assert.equal("wait", (two:step()))
    assert.equal("ask", (one:step())) -- the claim is kept
    assert.is_true(one:store(JSON))
    local step, counters, age = two:step()
    assert.same({ "hit", 3 }, { step, counters.TYPE.ALL })
    assert.is_true(age >= 0 and age < 60)
    assert.equal("hit", (entry():step()))
    assert.equal(1, select(2, data.shell("ls " .. dir):gsub("cache%-", "")))
  end)

  it("goes to the next when the one that asks gives up, or is collected", function()
    local one, two = entry(), entry()
    one:step()
    one:release()
    assert.equal("ask", (two:step()))
    two = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.equal("ask", (entry():step()))
  end)

  it("is old after max_age, and never older than the call", function()
    local one = entry { max_age = 0.05 }
    one:step()
    one:store(JSON)
    posix.sleep(0.1)
    assert.equal("hit", (one:step())) -- stored since this call began
    local step, counters, age = entry { max_age = 0.05 }:step()
    assert.same({ "ask", 3 }, { step, counters.TYPE.ALL })
    assert.is_true(age >= 0.1)
  end)

  it("belongs to its owner, and to one account; no secret is in it", function()
    local one = entry()
    one:step()
    one:store(JSON)
    assert.truthy(data.shell("ls -l " .. path()):find "^%-rw%-%-%-%-%-%-%-")
    assert.is_nil((path() .. process.read(path())):find(portal.secret, 1, true))
    local token = ("s3cr3t"):rep(6)
    local other = entry { webhook = nil }
    assert.equal("ask",
      (entry { webhook = portal.http_webhook:gsub("/rest/1/", "/rest/2/") }:step()))
    assert.equal("hit", (other:step()))
    local app = conf()
    app.webhook, app.portal, app.token = nil, "http://127.0.0.1:" .. portal.http_port, token
    assert.equal("ask", (codec.cache(assert(codec.conf(app))):step()))
    assert.is_nil(data.shell("ls " .. dir):find("s3cr3t", 1, true))
  end)

  it("ignores garbage in its place", function()
    local one = entry()
    one:step()
    one:store(JSON)
    local good = process.read(path())
    local head, sum = good:match "^(b24 cache 3 )%d+( [^\n]*\n.*)$"
    local garbage = { "", "x", good:sub(1, -2), good .. "x", (good:gsub("ALL", "ALX")),
      good:sub(1, 20), ("\0"):rep(99),
      (good:gsub("cache 3", "cache 2")), head .. "99999999999999" .. sum, head .. "-5" .. sum,
      good:gsub("\n", " ", 1) }
    for i, bytes in ipairs(garbage) do
      process.write(path(), bytes)
      local next_one = entry()
      assert.equal("ask", (next_one:step()), "garbage " .. i)
      next_one:release()
    end
    process.write(path(), good)
    assert.equal("hit", (entry():step()))
    -- a right checksum over what is no counters: the portal is asked
    one = entry { webhook = portal.http_webhook:gsub("/rest/1/", "/rest/3/") }
    one:step()
    one:store "[1,2"
    assert.equal("ask",
      (entry { webhook = portal.http_webhook:gsub("/rest/1/", "/rest/3/") }:step()))
  end)

  it("follows no link and reads no folder", function()
    local one = entry()
    one:step()
    one:store(JSON)
    local name = path()
    os.execute(("mv %s %s/elsewhere && ln -s %s/elsewhere %s"):format(name, dir, dir, name))
    assert.equal("ask", (entry():step()))
    collectgarbage()
    collectgarbage()
    os.execute(("rm %s && mkdir %s"):format(name, name))
    local blocked = entry()
    assert.equal("ask", (blocked:step()))
    assert.is_false(blocked:store(JSON))
    assert.equal("ask", (entry():step()))
  end)

  it("is whole or absent after kill -9 in the middle of a write", function()
    local source = ([[
      local codec = require "b24.codec"
      local big = '{"result":{"TYPE":{"ALL":3},"X":"' .. ("x"):rep(300000) .. '"}}'
      local conf = assert(codec.conf { webhook = %q, allow_http = true, runtime_dir = %q,
        max_age = 60 })
      while true do
        local entry = codec.cache(conf)
        entry:step()
        os.remove(%q)
        entry = codec.cache(conf)
        if entry:step() == "ask" then entry:store(big) end
      end
    ]]):format(portal.http_webhook, dir, "PATH")
    local one = entry()
    one:step()
    one:store(JSON)
    source = source:gsub('"PATH"', ("%q"):format(path()))
    for i = 1, 15 do
      local child = process.start(source, { B24_RUNTIME_DIR = dir })
      posix.sleep(0.03 + i * 0.003)
      child:signal(9)
      child:wait()
      local fresh = entry()
      local step, counters = fresh:step()
      if step == "hit" then
        assert.equal(3, counters.TYPE.ALL)
      else
        assert.equal("ask", step) -- nobody is waited for who is dead
        fresh:store(JSON)
      end
    end
  end)
end)
