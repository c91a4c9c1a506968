-- The limiter of the whole machine: real processes, one mapped file, and everything that can happen
-- to that file.
-- One Lua of each kind: real time.

local calm = require "spec.support.calm"
local codec = require "b24.codec"
local data = require "spec.support.data"
local portal = require "spec.support.portal"
local posix = require "b24_posix"
local process = require "spec.support.process"

-- An enterprise portal's bucket; b24 leaves a twentieth of it empty.
local RATE, BURST, OURS, PROCESSES, CALLS = 5, 250, 238, 8, 34

-- Makes `calls` calls and prints: successes, limit errors, other errors, time of the first and of
-- the last.
local WORKER = [[
local b24, codec = require "b24", require "b24.codec"
local client = assert(b24.client { webhook = %q, allow_http = true, retries = 0, timeout = 60,
  runtime_dir = %q,
  plan = "enterprise" })
local ok, limited, failed, first = 0, 0, 0, codec.clock()
for _ = 1, %d do
  local value, err, info = client:call "profile"
  if value then ok = ok + 1
  elseif info.kind == "limit" then limited = limited + 1
  else failed = failed + 1 io.stderr:write(err, "\n") end
end
print(ok, limited, failed, first, codec.clock())
]]

local p, folder

local function worker(calls, dir)
  return process.start(WORKER:format(p.http_webhook, dir or folder, calls or CALLS))
end

-- Waits for all; sums of what they printed, and the time between the first call and the last.
local function total(workers)
  local ok, limited, failed, begun, ended = 0, 0, 0, math.huge, 0
  for _, child in ipairs(workers) do
    local status, out, err = child:wait(60)
    assert.equal(0, status, err)
    local a, b, c, first, last = out:match "^(%d+)%s+(%d+)%s+(%d+)%s+(%S+)%s+(%S+)"
    assert(a, out .. err)
    ok, limited, failed = ok + a, limited + b, failed + c
    begun, ended = math.min(begun, tonumber(first)), math.max(ended, tonumber(last))
  end
  return ok, limited, failed, ended - begun
end

describe("many processes", function()
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function()
    p:reset()
    p:control("settings", { bucket = { enabled = true, rate = RATE, burst = BURST } })
    folder = data.folder()
  end)
  after_each(function() data.remove_folder(folder) end)

  it("never overrun the portal together, and use what it allows", function()
    local ideal = (PROCESSES * CALLS - OURS) / RATE
    local in_time, took = calm.attempt(function()
      p:control("settings", { bucket = { rate = RATE } }) -- empties it
      data.remove_folder(folder)
      folder = data.folder()
      local workers = {}
      for i = 1, PROCESSES do workers[i] = worker() end
      local ok, limited, failed, seconds = total(workers)
      assert.same({ PROCESSES * CALLS, 0, 0 }, { ok, limited, failed })
      assert.equal(0, p:stats().rejections)
      return seconds <= ideal * 1.5 or process.sanitized(), seconds
    end)
    assert.is_true(in_time, took .. " s; the bucket allows " .. ideal)
  end)

  it("do overrun it when each counts for itself (so the spec above can fail)", function()
    -- slow workers overrun it, too
    p:control("settings", { bucket = { enabled = true, rate = 2, burst = 10 } })
    local workers, folders = {}, {}
    for i = 1, PROCESSES do
      folders[i] = data.folder()
      workers[i] = worker(6, folders[i])
    end
    local _, limited = total(workers)
    for _, dir in ipairs(folders) do data.remove_folder(dir) end
    assert.is_true(limited > 0)
    assert.is_true(p:stats().rejections > 0)
  end)

  it("go on when others are killed at any moment", function()
    local doomed, workers = {}, {}
    for i = 1, 4 do doomed[i] = worker(1000) end
    for i = 1, 4 do workers[i] = worker(15) end
    math.randomseed(24)
    for _, child in ipairs(doomed) do
      posix.sleep(math.random() * 0.2)
      child:signal(9)
    end
    local ok, limited, failed = total(workers)
    for _, child in ipairs(doomed) do assert.equal(137, (child:wait())) end
    assert.same({ 60, 0, 0 }, { ok, limited, failed })
    assert.equal(0, p:stats().rejections)
  end)

  it("survive what is done to the file under their feet", function()
    p:control("settings", { bucket = { enabled = false } })
    local workers = {}
    for i = 1, 4 do workers[i] = worker(40) end
    local file
    assert(process.eventually(5, function()
      file = data.shell("ls -d " .. data.quote(folder) .. "/limiter-*"):match "(/%S+limiter%-%S+)"
      return file and process.read(file)
    end))
    -- By renaming: a cut between a process's look at the file and its use of it is SIGBUS, which
    -- only a signal handler in somebody else's program could prevent. What happens after a cut is
    -- below.
    local other = folder .. "/other"
    for i = 1, 60 do
      if i % 3 == 0 then
        os.remove(file)
      else
        process.write(other, i % 3 == 1 and "" or ("\255\1\127"):rep(i))
        assert(os.rename(other, file))
      end
      posix.sleep(0.01)
    end
    local ok, limited, failed = total(workers)
    assert.same({ 160, 0, 0 }, { ok, limited, failed })
  end)
end)

describe("the file", function()
  local BASE = "https://portal.example/rest/1/abcdefgh/"
  before_each(function() folder = data.folder() end)
  after_each(function() data.remove_folder(folder) end)

  local function conf(more)
    local options = { webhook = BASE, timeout = 600, runtime_dir = folder, retries = 0 }
    for name, value in pairs(more or {}) do options[name] = value end
    return assert(codec.conf(options))
  end
  local function go(options)
    return codec.call(options or conf(), "profile"):next(codec.clock(), "go")
  end
  local function exhaust(options)
    for _ = 1, 48 do assert.equal("SEND", (go(options))) end
    assert.equal("SLEEP", (go(options)))
  end
  local function file() return folder .. "/limiter-portal.example" end
  local function number(n) -- little endian, 8 bytes
    local bytes = {}
    n = math.floor(n)
    for i = 1, 8 do
      bytes[i] = string.char(n % 256)
      n = math.floor(n / 256)
    end
    return table.concat(bytes)
  end

  it("is small, private, and has no secret in its name", function()
    go()
    assert.equal(24, #process.read(file()))
    assert.equal("600", data.shell("stat -c %a " .. data.quote(file())):match "%d+")
    assert.is_nil(data.shell("ls " .. data.quote(folder)):find "abcdefgh")
  end)

  it("is mended when it was cut or overwritten between two calls", function()
    go()
    for _, text in ipairs { "", "x", ("\255\1\127"):rep(9) } do
      process.write(file(), text)
      assert.is_string((go()))
      assert.is_true(#process.read(file()) >= 16)
    end
  end)

  it("belongs to one portal", function()
    exhaust()
    assert.equal("SEND", (go(conf { webhook = BASE:gsub("portal", "other") })))
    -- the portal counts addresses, not users
    assert.equal("SLEEP", (go(conf { webhook = BASE:gsub("/1/", "/2/") })))
  end)

  it("is read for what it says when that can be", function()
    go()
    local boot = process.read(file()):sub(9)
    process.write(file(), number((codec.clock() + 100) * 1e6) .. boot)
    local action, seconds = go()
    assert.equal("SLEEP", action)
    assert.is_true(math.abs(seconds - (100 - 47 * 0.5)) < 1, seconds)
  end)

  it("counts as an empty bucket when it is absurd: garbage, a clock set back", function()
    go()
    local boot = process.read(file()):sub(9)
    local tomorrow = number((codec.clock() + 86400) * 1e6)
    for _, arrival in ipairs { tomorrow, ("\255"):rep(8), ("\0"):rep(8), "\1\2\3\4\5\6\7\128" } do
      process.write(file(), arrival .. boot)
      exhaust()
    end
  end)

  it("counts as an empty bucket after a reboot", function()
    process.write(file(), number((codec.clock() + 100) * 1e6) .. "\1\2\3\4\5\6\7\8")
    assert.equal("SEND", (go()))
  end)
end)

describe("a folder that cannot be used: the process counts for itself, and logs it:", function()
  local function trouble(dir)
    local events = {}
    local options = assert(codec.conf { webhook = "https://portal.example/rest/1/abcdefgh/",
      runtime_dir = dir, retries = 0,
      limiter = { rate = 1, burst = 1 }, log = function(event) events[#events + 1] = event end })
    local call = codec.call(options, "profile")
    assert.equal("SEND", (call:next(codec.clock(), "go")))
    -- it does count
    assert.equal("SLEEP", (codec.call(options, "profile"):next(codec.clock(), "go")))
    assert.equal("degraded", events[1].event)
    return events[1].message
  end
  before_each(function() folder = data.folder() end)
  after_each(function() data.remove_folder(folder) end)

  it("relative", function() assert.is_truthy(trouble("tmp"):find("absolute", 1, true)) end)

  it("a link", function()
    data.shell(("ln -s %s %s/link"):format(data.quote(folder), data.quote(folder)))
    assert.is_truthy(trouble(folder .. "/link"):find("link", 1, true))
  end)

  it("a file", function()
    process.write(folder .. "/file", "x")
    assert.is_string(trouble(folder .. "/file"))
  end)

  it("a missing parent", function() assert.is_string(trouble(folder .. "/a/b/c")) end)

  it("open to everybody", function()
    data.shell("chmod 777 " .. data.quote(folder))
    assert.is_truthy(trouble(folder):find("everybody", 1, true))
  end)

  it("somebody else's", function()
    -- Root can give the folder away; everybody else finds one in /root or /proc/1.
    local root = data.shell("id -u"):match "^0"
    local dir = folder
    if root then
      data.shell("mkdir -m 700 " .. data.quote(folder) .. "/b; chown 65534 "
        .. data.quote(folder) .. "/b")
    end
    assert.is_truthy(trouble(root and dir .. "/b" or "/proc"):find("another user", 1, true))
  end)

  it("with a link where the file should be", function()
    data.shell(("ln -s /etc/passwd %s/limiter-portal.example"):format(data.quote(folder)))
    assert.is_string(trouble(folder))
  end)

  it("with a FIFO where the file should be", function()
    data.shell(("mkfifo %s/limiter-portal.example"):format(data.quote(folder)))
    assert.is_string(trouble(folder))
  end)

  it("on a full disk", function()
    process.write(folder .. "/full.lua", ([[
      package.path, package.cpath = %q, %q
      local codec, events = require "b24.codec", {}
      local conf = assert(codec.conf { webhook = "https://portal.example/rest/1/abcdefgh/",
        runtime_dir = arg[1],
        limiter = { rate = 1, burst = 1 }, log = function(event) events[#events + 1] = event end })
      print(codec.call(conf, "profile"):next(codec.clock(), "go"),
        codec.call(conf, "profile"):next(codec.clock(), "go"))
      print(events[1].event, events[1].message)]]):format(package.path, package.cpath))
    local inside =
      ("mount -t tmpfs -o size=4k,mode=700 none %s/disk && (cat /dev/zero > %s/disk/zero; true) && "
      .. "$(command -v %s) %s/full.lua %s/disk"):format(folder, folder, process.interpreter(),
      folder, folder)
    data.shell("mkdir " .. data.quote(folder) .. "/disk")
    local out = data.shell("unshare -rm sh -c " .. data.quote(inside))
    if out:find("^unshare: ") or out:find("^mount: ") then
      pending("this user may not mount: " .. out:match "[^\n]*")
    end
    assert.is_truthy(out:find("SEND"), out)
    assert.is_truthy(out:find("degraded[^\n]+limiter%-portal.example"), out)
  end)
end)
