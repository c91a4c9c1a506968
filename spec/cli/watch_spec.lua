-- b24 watch: lines for people, lines for programs, commands and notifications, and its end.
-- One Lua of each kind: real time.

local cjson = require "cjson"
local command = require "spec.support.command"
local data = require "spec.support.data"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

describe("b24 watch", function()
  local portal, home
  setup(function()
    portal, home = start(), command.home()
  end)
  teardown(function() command.remove(home) end)
  local running
  before_each(function() portal:reset() end)
  after_each(function()
    if running then running:kill(9) end -- a spec that failed left it
    running = nil
  end)

  local function begin(arguments, more)
    local env = { HOME = home, B24_RUNTIME_DIR = home .. "/run", B24_WEBHOOK = portal.http_webhook }
    for name, value in pairs(more or {}) do env[name] = value end
    local all = { "watch", "--every", "1s" }
    for _, argument in ipairs(arguments or {}) do all[#all + 1] = argument end
    process.write(home .. "/out", "")
    running = command.start(all, { env = env, stdout = home .. "/out" })
    return running
  end

  -- Without what the shell says of a signal.
  local function output()
    return (process.read(home .. "/out") or ""):gsub("Terminated\n$", "") .. ""
  end

  local function shows(text)
    local seen = process.eventually(10, function() return output():find(text, 1, true) end)
    assert.is_true(seen, "not seen: " .. text .. "\nbut: " .. output())
  end

  local function ends(child, signal, expected)
    child:kill(signal)
    assert.equal(expected, (child:wait()))
    running = nil
  end

  it("prints the state, then a line for each change, until Ctrl-C", function()
    local child = begin()
    shows "8 messages are waiting\n"
    portal:control("message", { dialog_id = "5", count = 2, text = "are\27you there?" })
    shows ": are you there?\n10 messages are waiting\n"
    assert.truthy(output():find "\n%d%d:%d%d Иван Smith: are you there%?\n")
    portal:control("message", { dialog_id = "chat18", author_id = 5, text = "of\na chat" })
    shows " Иван Smith (chat Project 18): of a chat\n11 messages are waiting\n"
    portal:control("read", { dialog_id = "5" })
    shows " Иван Smith [read]\n8 messages are waiting\n"
    ends(child, 2, 130)
  end)

  it("tells of a dialog whose messages it does not get", function()
    local child = begin()
    shows "8 messages are waiting\n"
    portal:control("reply", { method = "im.dialog.messages.get", status = 403,
      body = '{"error":"ACCESS_DENIED"}', times = -1 })
    portal:control("message", { dialog_id = "5", count = 2 })
    shows " Иван Smith [3 unread]\n10 messages are waiting\n"
    ends(child, 15, 143)
  end)

  it("tells an outage in one line, and its end in one", function()
    portal:control("reply", { method = "im.counters.get", status = 502, body = "<html>",
      times = 6 })
    local child = begin { "--timeout", "2s" }
    shows "b24: the portal is back after "
    ends(child, 15, 143)
    local _, errors = output():gsub("HTTP_502", "")
    assert.equal(1, errors, output())
    assert.truthy(output():find("8 messages are waiting\n", 1, true))
  end)

  it("prints JSON objects that a program can rely on", function()
    local child = begin { "--json" }
    shows "\n"
    portal:control("message", { dialog_id = "chat18", count = 1 })
    shows "chat18"
    ends(child, 15, 143)
    local lines = {}
    for line in output():gmatch "[^\n]+" do lines[#lines + 1] = cjson.decode(line) end
    assert.equal(2, #lines)
    assert.same({ "change", "8", {}, 8 }, { lines[1].event, lines[1].badge, lines[1].changes,
      lines[1].totals.messages })
    assert.equal(14, lines[1].counters.TYPE.ALL)
    assert.equal("9", lines[2].badge)
    local change = lines[2].changes[1]
    assert.same({ "chat18", "CHAT", 1 },
      { change.dialog_id, change.section, change.to - (change.from or 0) })
  end)

  it("ends when the credential is refused, and says so in JSON too", function()
    local webhook = portal.http_webhook:gsub(portal.secret, "wrongSecret")
    local child = begin({ "--json" }, { B24_WEBHOOK = webhook })
    assert.equal(3, (child:wait()))
    running = nil
    local event = cjson.decode(output():match "[^\n]+")
    assert.same({ "error", "INVALID_CREDENTIALS", "auth" }, { event.event, event.code, event.kind })
    assert.truthy(event.hint)
    assert.is_nil(output():find("wrongSecret", 1, true))
  end)

  it("runs a command at each change, with it in the environment and no credential", function()
    local child = begin { "--exec", "env | grep '^B24_' | LC_ALL=C sort; echo ." }
    shows "8 messages are waiting\n"
    portal:control("message", { dialog_id = "5", count = 2 })
    shows "B24_TO=3\n.\n"
    ends(child, 15, 143)
    local told = output():match "10 messages are waiting\n(.*)"
    assert.equal("B24_ALLOW_HTTP=1\nB24_BADGE=10\n"
      .. "B24_DIALOG_ID=5\nB24_EVENT=change\nB24_FROM=1\nB24_MESSAGES=10\nB24_RUNTIME_DIR=" .. home
      .. "/run\nB24_SECTION=DIALOG\nB24_TO=3\n.\n", told)
    assert.is_nil(output():find(portal.secret, 1, true))
  end)

  local function notify_send()
    -- what it prints is thrown away, so it writes to a file
    os.execute("mkdir -p " .. home .. "/bin")
    process.write(home .. "/bin/notify-send", '#!/bin/sh\nprintf "[%s]" "$@" >>' .. home
      .. "/told\n")
    os.execute("chmod +x " .. home .. "/bin/notify-send")
  end

  it("notifies the desktop of how many wrote: notify-send's command line is no secret", function()
    notify_send()
    local child = begin({ "--notify" }, { PATH = home .. "/bin:" .. os.getenv "PATH" })
    shows "8 messages are waiting\n"
    portal:control("message", { dialog_id = "5", text = "<b>Now</b> & `id` $(id) 'x'",
      author_id = 5 })
    assert.is_true(process.eventually(10, function()
      return (process.read(home .. "/told") or ""):find "new messages"
    end))
    ends(child, 15, 143)
    assert.equal("[--app-name=b24][--][Bitrix24: 9 unread][1 dialog has new messages]",
      process.read(home .. "/told"))
  end)

  -- Debian has lgi for 5.1 to 5.3 and LuaJIT.
  local where_lgi = pcall(require, "lgi") and it or function() end
  where_lgi("notifies over D-Bus of who has written, as data and not as markup or shell", function()
    local session = data.shell "dbus-run-session -- sh -c 'command -v dbus-monitor && echo ready'"
    if not session:find "ready" then
      return pending "no D-Bus session: dbus-run-session or dbus-monitor is missing"
    end
    notify_send()
    command.path() -- may skip this; from here on a process must be ended
    process.write(home .. "/session.sh", "echo $DBUS_SESSION_BUS_ADDRESS >" .. home
      .. "/bus; echo $$ >" .. home .. "/monitor; exec dbus-monitor >" .. home .. "/heard")
    local bus = io.popen("dbus-run-session -- sh " .. home .. "/session.sh 2>&1")
    assert.is_true(process.eventually(10, function()
      return (process.read(home .. "/heard") or ""):find "NameAcquired"
    end))
    local child = begin({ "--notify" }, { PATH = home .. "/bin:" .. os.getenv "PATH",
      DBUS_SESSION_BUS_ADDRESS = process.read(home .. "/bus"):match "%S+" })
    shows "8 messages are waiting\n"
    portal:control("message", { dialog_id = "5", text = "<b>Now</b> & `id` $(id) 'x'",
      author_id = 5 })
    local heard
    process.eventually(10, function()
      heard = process.read(home .. "/heard")
      return heard:find("id` $(id)", 1, true)
    end)
    -- nobody took it
    assert.is_true(process.eventually(10, function() return process.read(home .. "/told") end))
    ends(child, 15, 143)
    os.execute("kill " .. process.read(home .. "/monitor")) -- its session ends with it
    bus:close()
    assert.truthy(heard:find("member=Notify", 1, true), heard)
    assert.truthy(heard:find('string "Bitrix24: 9 unread"', 1, true), heard)
    assert.truthy(heard:find("&lt;b&gt;Now&lt;/b&gt; &amp; `id` $(id) 'x'", 1, true), heard)
  end)

  it("ends when nobody reads on", function()
    local status = command.run({ "watch", "--every", "1s" },
      { env = { HOME = home, B24_RUNTIME_DIR = home .. "/run",
      B24_WEBHOOK = portal.http_webhook }, pipe = "head -1",
      before =
        ("(sleep 1; curl -s -d '{\"dialog_id\":\"5\",\"count\":1}' %s >/dev/null) & "):format(
          "http://127.0.0.1:" .. portal.http_port .. "/__portal/message") })
    assert.equal(0, status)
  end)

  describe("its reader:", function()
    -- Starts it with a reader that takes the first line and then goes; what the shell says at its
    -- end.
    local function until_gone(arguments, before)
      local line = command.words(arguments, { HOME = home, B24_RUNTIME_DIR = home .. "/run",
        B24_WEBHOOK = portal.http_webhook, PATH = os.getenv "PATH" })
      return data.shell(("unset LD_PRELOAD; { %s timeout 50 %s 2>%s; echo $? >%s; } | head -n 1")
        :format(before or "", line,
        process.quote(home .. "/err"), process.quote(home .. "/status")))
    end

    it("when it has gone the watch ends, also while it waits", function()
      until_gone { "watch", "--every", "1h" }
      assert.same({ "141\n", "" }, { process.read(home .. "/status"):gsub("^0\n", "141\n") .. "",
        process.read(home .. "/err") })
    end)

    it("also where a closed pipe is no signal", function()
      until_gone({ "watch", "--every", "1h", "--json" }, "trap '' PIPE;")
      assert.same({ "0\n", "" }, { process.read(home .. "/status"), process.read(home .. "/err") })
    end)

    it("a file has none", function()
      local child = begin { "--json" }
      shows "change"
      portal:control("message", { dialog_id = "5", count = 1 })
      shows '"badge":"9"'
      ends(child, 15, 143)
    end)
  end)

  describe("--exec with a command that hangs:", function()
    -- The processes that the commands have noted.
    local function noted() return process.read(home .. "/pids") or "" end
    local function alive()
      local count = 0
      for pid in noted():gmatch "%d+" do
        local stat = process.read("/proc/" .. pid .. "/stat")
        if stat and not stat:find "%) Z " then count = count + 1 end
      end
      return count
    end
    local HANGS
    before_each(function()
      os.remove(home .. "/pids")
      HANGS = ("cd %s; echo $$ >>pids; sleep 600 & echo $! >>pids; wait"):format(home)
    end)
    local function changes(count)
      for i = 1, count do
        portal:control("message", { dialog_id = "5", count = 1 })
        shows(("%d messages are waiting\n"):format(8 + i))
      end
    end

    it("the watch goes on, and there is one of them", function()
      local child = begin { "--exec", HANGS }
      shows "8 messages are waiting\n"
      changes(3)
      assert.is_true(process.eventually(5, function() return alive() == 2 end))
      assert.equal(2, select(2, noted():gsub("%d+", "")))
      ends(child, 15, 143)
      assert.is_true(process.eventually(5, function() return alive() == 0 end))
    end)

    it("it is ended after its time, and the next one begins", function()
      local child = begin { "--exec", HANGS, "--exec-timeout", "0.5s" }
      shows "8 messages are waiting\n"
      changes(2)
      local said =
        "b24: --exec: the command was ended, because it took more than 0.5 s (--exec-timeout)\n"
      assert.is_true(process.eventually(10, function()
        local _, times = output():gsub(said:gsub("%p", "%%%0"), "")
        return times == 2
      end))
      assert.is_true(process.eventually(5, function() return alive() == 0 end))
      ends(child, 15, 143)
    end)

    it("it is ended with a watch that is killed", function()
      local child = begin { "--exec", HANGS }
      shows "8 messages are waiting\n"
      changes(1)
      assert.is_true(process.eventually(5, function() return alive() == 2 end))
      ends(child, 9, 137)
      assert.is_true(process.eventually(5, function() return alive() == 0 end))
    end)
  end)

  it("runs the commands of many changes in their order", function()
    local child = begin { "--exec", "sleep 0.1; echo $B24_DIALOG_ID=$B24_TO >>" .. home
      .. "/order" }
    shows "8 messages are waiting\n"
    for _, id in ipairs { "chat18", "chat19", "chat20", "5" } do
      portal:control("message", { dialog_id = id, count = 1 })
    end
    portal:control("message", { dialog_id = "7", count = 1 })
    assert.is_true(process.eventually(10, function()
      return select(2, (process.read(home .. "/order") or ""):gsub("=", "")) == 5
    end))
    ends(child, 15, 143)
  end)

  it("refuses an interval that is none", function()
    local status, _, err = command.run({ "watch", "--every", "2d" },
      { env = { HOME = home, B24_WEBHOOK = "x" } })
    assert.equal(2, status)
    assert.truthy(err:find("--every must be from 1s to 1d", 1, true), err)
  end)
end)
