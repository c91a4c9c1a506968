-- One spec for each bug that was found by reading, fuzzing or failing allocations.
-- One Lua of each kind: real time.

local b24 = require "b24"
local codec = require "b24.codec"
local data = require "spec.support.data"
local portal = require "spec.support.portal"
local process = require "spec.support.process"

local BASE = "https://portal.example/rest/1/s3cr3t0fTheSpec/"
local LIMIT = '{"error":"QUERY_LIMIT_EXCEEDED"}'

local function conf(more)
  local options = { webhook = BASE, limiter = false }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(codec.conf(options))
end

describe("a conf", function()
  it("refuses an endless IPv6 address (it was read beyond its buffer)", function()
    for _, length in ipairs { 48, 300, 1200 } do
      local value, _, info = codec.conf("https://[" .. ("1:"):rep(length / 2)
        .. "]/rest/1/abcdefgh/")
      assert.is_nil(value)
      assert.equal("BAD_WEBHOOK", info.code)
    end
    assert(codec.conf "https://[2001:db8::1]:8443/rest/1/abcdefgh/")
  end)

  it("names the method of the call that failed by it", function()
    assert.equal("im.counters.get", (select(3, b24.counters "bad")).method)
    assert.equal("profile", (select(3, codec.reply("bad", "profile", { status = 200 }))).method)
  end)

  it("refuses what it would have to ignore", function()
    local value, _, info = codec.conf { webhook = "http://127.0.0.1:1/rest/1/abcdefgh/",
      allow_http = true, http_version = "2" }
    assert.is_nil(value)
    assert.equal("config", info.kind)
    assert.has_error(function()
      codec.conf { webhook = BASE, limiter = { penalise = function() end } }
    end)
  end)

  it("survives a finaliser that uses it while the state closes", function()
    local status, _, err = process.run([[
      local b24 = require "b24"
      local client
      local function last() if client then client:call "profile" end end
      if newproxy then
        local proxy = newproxy(true)
        getmetatable(proxy).__gc = last
        KEEP = proxy
      else KEEP = setmetatable({}, { __gc = last }) end
      client = assert(b24.client { webhook = "https://127.0.0.1:1/rest/1/abcdefgh/", retries = 0,
        limiter = false })
      client:call "profile"
      os.exit(0, true)]])
    assert.equal(0, status, err)
  end)
end)

describe("after QUERY_LIMIT_EXCEEDED", function()
  local folder
  before_each(function() folder = data.folder() end)
  after_each(function() data.remove_folder(folder) end)

  it("a Retry-After beyond the limiter's longest penalty is obeyed", function()
    local call = codec.call(conf { limiter = { rate = 2, burst = 50 }, timeout = 600,
      runtime_dir = folder }, "profile")
    local now = codec.clock()
    assert.equal("SEND", (call:next(now, "go")))
    local action, seconds = call:next(now, "reply",
      { status = 503, body = LIMIT, retry_after = "120" })
    assert.equal("SLEEP", action)
    assert.is_true(seconds >= 119.9, seconds)
  end)

  it("a user's limiter hears of it also when the call ends there", function()
    local limiter = { reserve = function() end, penalise = function() end }
    local call = codec.call(conf { limiter = limiter, retries = 0 }, "profile")
    call:next(0, "go")
    call:next(0, "answer", { wait = 0 })
    local action, question = call:next(0, "reply", { status = 503, body = LIMIT })
    assert.same({ "ASK", "penalise" }, { action, question.question })
    assert.equal("DONE", (call:next(0, "answer", {})))
    assert.equal("QUERY_LIMIT_EXCEEDED", (select(3, call:result())).code)
  end)
end)

describe("a user's limiter", function()
  it("is not asked for less than no time", function()
    local call = codec.call(conf { limiter = { reserve = function() end }, timeout = 1 }, "profile")
    call:next(0, "go")
    call:next(0, "answer", { wait = 0 })
    assert.equal("SLEEP",
      (call:next(0.1, "failed", { kind = "network", code = "X", message = "", sent = true })))
    assert.equal("DONE", (call:next(2, "woke")))
    assert.equal("X", (select(3, call:result())).code)
  end)
end)

it("a new address without a place in its queue is the limiter's failure", function()
  local folder = data.folder()
  local options = { webhook = "https://old.bitrix24.ru/rest/1/s3cr3t0fTheSpec/", limiter = {},
    timeout = 5, runtime_dir = folder }
  local call, now = codec.call(conf(options), "profile"), codec.clock()
  assert.equal("SEND", (call:next(now, "go")))
  options.webhook, options.timeout = "https://new.bitrix24.ru/rest/1/other/", 600
  -- they take the places of a minute
  for _ = 1, 100 do codec.call(conf(options), "profile"):next(now, "go") end
  assert.equal("DONE", (call:next(now, "reply", { status = 302, body = "",
    location = "https://new.bitrix24.ru/rest/1/s3cr3t0fTheSpec/profile" })))
  local _, _, info = call:result()
  data.remove_folder(folder)
  assert.same({ "limit", "LIMITER", true }, { info.kind, info.code, info.retryable })
end)

describe("the limiter's file", function()
  local folder
  before_each(function() folder = data.folder() end)
  after_each(function() data.remove_folder(folder) end)

  local function go(more)
    local options = { runtime_dir = folder, limiter = { rate = 2, burst = 50 } }
    for name, value in pairs(more or {}) do options[name] = value end
    return codec.call(conf(options), "profile"):next(codec.clock(), "go")
  end

  local function degraded(dir)
    local events = {}
    assert.equal("SEND", (go { runtime_dir = dir, webhook = BASE:gsub("portal", "other"),
      log = function(event) events[#events + 1] = event end }))
    return events[1].event == "degraded" and events[1].message
  end

  it("may be cut while only confs without a limiter use the portal (this was a SIGBUS)", function()
    go()
    process.write(folder .. "/limiter-portal.example", "")
    assert.equal("SEND", (go { limiter = false }))
    assert.equal("SEND", (go()))
  end)

  it("is not trusted under a second name", function()
    process.write(folder .. "/victim", ("x"):rep(16))
    data.shell(("ln %s/victim %s/limiter-other.example"):format(data.quote(folder),
      data.quote(folder)))
    assert.is_string(degraded(folder))
    assert.equal(("x"):rep(16), process.read(folder .. "/victim"))
  end)

  it("is not reached through a link, with a slash behind it either", function()
    data.shell(("mkdir -m 700 %s/real; ln -s real %s/link"):format(data.quote(folder),
      data.quote(folder)))
    assert.is_truthy(degraded(folder .. "/link/"):find("link", 1, true))
    assert.is_truthy(degraded(folder .. "/link///"))
  end)

  it("belongs to the group of a folder that a group shares", function()
    data.shell("chmod 770 " .. data.quote(folder))
    assert.is_false(degraded(folder))
    assert.equal("660",
      data.shell("stat -c %a " .. data.quote(folder .. "/limiter-other.example")):match "%d+")
  end)
end)

describe("Ctrl-C", function()
  local p
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function() p:reset() end)

  local function interrupted(source)
    local child = process.start(source)
    assert.is_true(process.eventually(10, function() return child:output():find "ready" end))
    require("b24_posix").sleep(0.2)
    child:signal(2)
    local status, out, err = child:wait() -- it is patient for a minute; what fails here takes five
    assert.is_truthy(err:find("interrupted!", 1, true), err)
    assert.equal(1, status)
    assert.is_nil(out:find "went on")
  end

  it("inside a log function ends the program, too", function()
    interrupted(([[
      io.stdout:setvbuf "no"
      local client = assert(require "b24".client { webhook = %q, allow_http = true, limiter = false,
        log = function(event)
          if event.event ~= "attempt" then return end
          print "ready"
          local till = os.time() + 300
          while os.time() < till do end
        end })
      client:counters()
      print "went on"]]):format(p.http_webhook))
  end)

  it("is not lost when it comes inside a coroutine, just before the wait", function()
    p:control("fault", { kind = "silent", times = -1 })
    local child = process.start(([[
      local b24, pid = require "b24", require("b24_posix").getpid()
      coroutine.wrap(function()
        io.popen("kill -INT " .. pid):close()
        b24.counters { webhook = %q, allow_http = true, limiter = false, timeout = 300 }
      end)()
      print "went on"]]):format(p.http_webhook))
    local status, out, err = child:wait()
    assert.is_truthy(err:find("interrupted!", 1, true), err)
    assert.same({ 1, "" }, { status, out })
  end)

  it("reaches a first call that is made inside a coroutine", function()
    p:control("fault", { kind = "silent", times = -1 })
    interrupted(([[
      io.stdout:setvbuf "no"
      local b24 = require "b24"
      print "ready"
      coroutine.wrap(function()
        b24.counters { webhook = %q, allow_http = true, limiter = false, timeout = 300 }
      end)()
      print "went on"]]):format(p.http_webhook))
  end)
end)
