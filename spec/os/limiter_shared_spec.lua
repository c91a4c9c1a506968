-- The limiter's files where others can do harm: folders of a group, locks that are held, things
-- that come and go, homes that machines share.
-- One Lua of each kind: files and processes.

local codec = require "b24.codec"
local data = require "spec.support.data"
local posix = require "b24_posix"
local process = require "spec.support.process"

local quote = data.quote
local LONG = tonumber(os.getenv "B24_TEST_CUT_SECONDS") or 0.3 -- by hand: 20
local FILE = "limiter-portal.example"
local ROOT = data.shell("id -u"):match "^0" ~= nil

local folder

local function conf(more)
  local options = { webhook = "https://portal.example/rest/1/abcdefgh/", runtime_dir = folder,
    timeout = 600, retries = 0 }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(codec.conf(options))
end

local function file() return folder .. "/" .. FILE end

-- One call. Returns action, payload, call, and what the log said of the limiter.
local function go(options, now)
  local events = {}
  local call = codec.call(conf { runtime_dir = options.runtime_dir, limiter = options.limiter,
    log = function(event)
      events[#events + 1] = event.event == "degraded" and event.message or nil
    end }, "profile")
  local action, seconds = call:next(now or codec.clock(), "go")
  return action, seconds, call, events[1]
end

local function share_folder() data.shell("chmod 770 " .. quote(folder)) end

-- Another process, as far as this Lua state knows.
local function other() return { runtime_dir = folder .. "/." } end

describe("in a folder that a group shares", function()
  before_each(function()
    folder = data.folder()
    share_folder()
  end)
  after_each(function() data.remove_folder(folder) end)

  -- Calls as fast as it can for so long; prints how many were answered.
  local CALLER = [[
package.path, package.cpath = %q, %q
local codec = require "b24.codec"
local ends, n = codec.clock() + %s, 0
local conf = assert(codec.conf { webhook = "https://portal.example/rest/1/abcdefgh/",
  runtime_dir = %q, timeout = 600 })
while codec.clock() < ends do
  local action = codec.call(conf, "profile"):next(codec.clock(), "go")
  assert(action == "SEND" or action == "SLEEP" or action == "DONE", action)
  n = n + 1
end
print(n)]]

  -- Runs eight callers, one half under `prefix`, while a shell under `prefix` carries out `harm`
  -- without pause.
  local function besieged(prefix, harm)
    local script = folder .. "/caller.lua"
    process.write(script, CALLER:format(package.path, package.cpath, LONG, folder))
    local lua = ("$(command -v %s) %s"):format(quote(process.interpreter()), quote(script))
    local pipes = {}
    for i = 1, 8 do
      pipes[i] = io.popen(("%s %s 2>&1; echo status $?"):format(i % 2 == 0 and prefix or "", lua))
    end
    data.shell(("%s timeout %s sh -c %s"):format(prefix, LONG,
      quote(("while :; do %s; done"):format(harm))))
    for _, pipe in ipairs(pipes) do
      local out = pipe:read "*a"
      pipe:close()
      local n, status = out:match "^(%d+)\nstatus (%d+)"
      assert.equal("0", status, out)
      assert.is_true(tonumber(n) > 0)
    end
  end

  it("nobody is killed by cutting the file", function()
    besieged("", (": >%s"):format(quote(file())))
  end)

  it("nobody is killed by what else can be done to it", function()
    besieged("", ("rm -f %s; mkfifo %s; rm -f %s; ln -s /etc/passwd %s; rm -f %s; echo xx >%s; "
      .. "mkdir %s/x; mv -T %s/x %s; "
      .. "rmdir %s"):format(quote(file()), quote(file()), quote(file()), quote(file()),
      quote(file()), quote(file()),
        quote(folder), quote(folder), quote(file()), quote(file())))
  end)

  it("nobody is killed by a second user", function()
    if not ROOT then pending "only root can become another user" end
    local nobody = "setpriv --reuid 65534 --regid 0 --clear-groups"
    local try = ("package.cpath = %q require 'b24.codec' print 'good'"):format(package.cpath)
    local lua = ("$(command -v %s)"):format(quote(process.interpreter()))
    if not data.shell(("%s %s -e %s"):format(nobody, lua, quote(try))):find "good" then
      pending "other users cannot run this interpreter, or cannot read this clone"
    end
    go({}, 100) -- else who cuts it may be the one who makes it, for himself
    besieged(nobody, (": >%s"):format(quote(file())))
    assert.equal("0 660", data.shell("stat -c '%g %a' " .. quote(file())):match "[^\n]+")
  end)

  it("the count is one for all", function()
    for _ = 1, 24 do
      assert.equal("SEND", (go({}, 100)))
      assert.equal("SEND", (go(other(), 100)))
    end
    local action, seconds = go({}, 100)
    assert.same({ "SLEEP", 0.5 }, { action, seconds })
    action, seconds = go(other(), 100)
    assert.same({ "SLEEP", 1 }, { action, seconds })
  end)

  describe("a lock that somebody keeps", function()
    local holder, pid
    local function hold()
      holder = process.start(("os.execute(%q)"):format(
        ("exec flock -x %s sh -c 'echo $$; exec sleep 30'"):format(quote(file()))))
      assert(process.eventually(20, function() return holder:output():find "\n" end))
      pid = tonumber(holder:output():match "%d+")
    end
    local function release()
      if pid then posix.kill(pid, 9) end
      if holder then holder:wait() end
      holder, pid = nil, nil
    end
    after_each(release)
    before_each(function()
      go({}, 100)
      hold()
    end)

    it("is a short sleep, and after a while this process counts for itself and says so", function()
      posix.kill(pid, 19) -- SIGSTOP
      local now = 100
      local action, seconds, call = go({}, now)
      local naps = 0
      while action == "SLEEP" and naps < 1000 do
        assert.is_true(seconds > 0 and seconds <= 0.01, seconds)
        now, naps = now + seconds, naps + 1
        action, seconds = call:next(now, "woke")
      end
      assert.equal("SEND", action)
      assert.is_true(now - 100 >= 0.1 and now - 100 < 0.5, now)
      assert.truthy(call:options().unshared:find("another process holds it", 1, true))
      local again, _, _, message = go({}, now) -- at once from now on, and it counts
      assert.equal("SEND", again)
      assert.truthy(message:find("another process holds it", 1, true))
      for _ = 1, 60 do action = go({}, now) end
      assert.equal("SLEEP", action)

      release()
      assert.is_nil((select(4, go({}, now + 5))))
      action, seconds = go(other(), now + 5) -- and what was counted alone is not forgotten
      assert.equal("SLEEP", action)
      assert.is_true(seconds > 1, seconds)
    end)

    it("does not lose what a portal said meanwhile", function()
      release()
      local _, _, call = go({}, 100)
      hold()
      local action, seconds = call:next(100, "reply",
        { status = 503, body = '{"error":"QUERY_LIMIT_EXCEEDED"}', retry_after = "20" })
      assert.equal("SLEEP", action)
      assert.is_true(seconds <= 0.01)
      release()
      assert.equal("DONE", (call:next(100 + seconds, "woke")))
      action, seconds = go(other(), 100.1)
      assert.equal("SLEEP", action)
      assert.is_true(seconds > 19 and seconds < 21, seconds)
    end)
  end)

  it("a forked child has a lock of its own", function()
    go({}, 1) -- of the children's clock: the machine's may be ahead of it by minutes only
    local child, _, err = process.run(([[
      local codec, posix = require "b24.codec", require "b24_posix"
      local conf = assert(codec.conf { webhook = "https://portal.example/rest/1/abcdefgh/",
        runtime_dir = %q,
        timeout = 600 })
      local function places(n)
        for _ = 1, n do
          local call, now = codec.call(conf, "profile"), 1
          local action, seconds = call:next(now, "go")
          -- the lock is busy; no time passes for the limiter
          while action == "SLEEP" and seconds < 0.01 do
            posix.sleep(seconds)
            call = codec.call(conf, "profile")
            action, seconds = call:next(now, "go")
          end
        end
      end
      places(1)
      local pids = {}
      for i = 1, 4 do
        pids[i] = posix.fork()
        if pids[i] == 0 then places(200) posix.exit(0) end
      end
      for i = 1, 4 do assert(posix.wait(pids[i]) == 0) end
      local call = codec.call(conf, "profile")
      local _, seconds = call:next(1, "go")
      assert(seconds == (1 + 1 + 4 * 200 + 1 - 48) * 0.5, seconds)]]):format(folder))
    assert.equal(0, child, err)
  end)
end)

describe("a folder that could not be used once", function()
  before_each(function() folder = data.folder() end)
  after_each(function() data.remove_folder(folder) end)

  it("is tried again five seconds later, and told of what was counted meanwhile", function()
    local late = { runtime_dir = folder .. "/late/run" }
    local action, seconds, call, message
    for _ = 1, 48 do
      local _
      action, _, call, message = go(late, 100)
    end
    assert.equal("SEND", action)
    assert.is_string(message)
    assert.is_string(call:options().unshared)
    assert.equal("SLEEP", (go(late, 100)))
    data.shell("mkdir -m 700 " .. quote(folder) .. "/late")
    message = select(4, go(late, 104))
    assert.is_string(message)
    action, seconds, call, message = go(late, 105)
    assert.same({ "SEND", nil, nil }, { action, message, call:options().unshared })
    assert.is_string(process.read(folder .. "/late/run/" .. FILE))
    for _ = 1, 60 do action, seconds = go({ runtime_dir = folder .. "/late/run/." }, 105) end
    assert.equal("SLEEP", action)
    assert.is_true(seconds > (60 - 10) * 0.5, seconds)
  end)

  it("is left alone until then: a clock that was set back does not count", function()
    local late = { runtime_dir = folder .. "/late/run" }
    go(late, 1000)
    data.shell("mkdir -m 700 " .. quote(folder) .. "/late")
    assert.is_nil((select(4, go(late, 10))))
  end)

  for what, make in pairs { link = "ln -s /etc/passwd %s", fifo = "mkfifo -m 600 %s",
      folder = "mkdir -m 700 %s", file = "sh -c 'echo x >%s.x; ln %s.x %s'" } do
    it("takes its place back after a " .. what .. " stood in the file's place", function()
      go({}, 100)
      os.remove(file())
      data.shell((make:gsub("%%s", (quote(file()):gsub("%%", "%%%%")))))
      local action, _, _, message = go({}, 100)
      assert.equal("SEND", action)
      assert.is_string(message)
      data.shell("rm -rf " .. quote(file()))
      action, _, _, message = go({}, 105)
      assert.same({ "SEND" }, { action, message })
      assert.equal(24, #process.read(file()))
    end)
  end
end)

describe("machines that share a home", function()
  before_each(function() folder = data.folder() end)
  after_each(function() data.remove_folder(folder) end)

  -- Each has a boot and a clock of its own. Prints what a call did after `used` calls.
  local MACHINE = [[
package.path, package.cpath = %q, %q
local codec = require "b24.codec"
local conf = assert(codec.conf { webhook = "https://portal.example/rest/1/abcdefgh/",
  runtime_dir = %q, timeout = 600 })
for _ = 1, tonumber(arg[1]) do codec.call(conf, "profile"):next(codec.clock(), "go") end
print(codec.call(conf, "profile"):next(codec.clock(), "go"))]]

  local function machine(boot, ahead, calls)
    process.write(folder .. "/boot" .. boot, ("%08d-0000-4000-8000-000000000000\n"):format(boot))
    local inside = ("mount --bind %s/boot%d /proc/sys/kernel/random/boot_id && exec $(command -v "
      .. "%s) %s/machine.lua %d")
      :format(folder, boot, process.interpreter(), folder, calls)
    local out = data.shell(("unshare -rmT --monotonic %d --boottime %d sh -c %s 2>&1"):format(ahead,
      ahead, quote(inside)))
    if out:find "unshare: " or out:find "mount: " then
      pending("no namespaces here: " .. out:match "[^\n]*")
    end
    return out:match "^(%u+)%s+(%S*)"
  end

  it("have a file each, and keep to their own clock", function()
    process.write(folder .. "/machine.lua", MACHINE:format(package.path, package.cpath,
      folder .. "/home"))
    assert.equal("SLEEP", (machine(1, 5000, 60)))
    assert.equal("SEND", (machine(2, 4800, 0))) -- the other's clock is 200 s ahead of this one's
    assert.equal("SLEEP", (machine(2, 4800, 60)))
    -- and nobody has erased what this machine had counted
    local action, seconds = machine(1, 5000, 0)
    assert.equal("SLEEP", action)
    assert.is_true(tonumber(seconds) < 20, seconds)
    assert.equal("SLEEP", (machine(2, 4800, 0)))
    assert.equal("2", data.shell("ls " .. quote(folder) .. "/home | grep -c limiter-"):match "%d+")
  end)

  it("take over a file that a boot before this one has left", function()
    process.write(folder .. "/machine.lua", MACHINE:format(package.path, package.cpath,
      folder .. "/home"))
    assert.equal("SLEEP", (machine(1, 5000, 60)))
    data.shell("touch -d '1 year ago' " .. quote(folder) .. "/home/" .. FILE)
    assert.equal("SEND", (machine(2, 10, 0)))
    assert.equal("1", data.shell("ls " .. quote(folder) .. "/home | grep -c limiter-"):match "%d+")
  end)
end)
