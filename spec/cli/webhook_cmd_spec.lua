-- The command that prints the webhook: within the deadline, its first line is enough, and nothing
-- of it is left behind.
-- One Lua of each kind: processes.

local calm = require "spec.support.calm"
local command = require "spec.support.command"
local data = require "spec.support.data"
local process = require "spec.support.process"
local start = require("spec.support.portal").start
local terminal = require "spec.support.terminal"

local quote = process.quote

describe("webhook_cmd", function()
  local portal, home
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    home = command.home()
  end)
  after_each(function() command.remove(home) end)

  local function stored(line)
    process.write(home .. "/url", portal.http_webhook)
    data.write(home .. "/.config/b24/webhook_cmd", line .. "\n", "600")
  end

  local function b24(arguments, opts)
    opts = opts or {}
    opts.env = { HOME = home, B24_RUNTIME_DIR = home .. "/run", PATH = os.getenv "PATH" }
    local status, out, err = command.run(arguments, opts)
    assert.is_nil((out .. err):find(portal.secret, 1, true), out .. err)
    return status, out, err
  end

  -- The processes whose id a command has written into a file.
  local function gone(file)
    local pid = process.read(home .. "/" .. file):match "%d+"
    return process.eventually(5, function()
      local stat = process.read("/proc/" .. pid .. "/stat")
      return not stat or stat:find "%) Z " ~= nil
    end)
  end

  for name, line in pairs {
    ["with a line end"] = "cat url; echo",
    ["without one"] = "cat url",
    ["with CR LF, and other lines"] = "printf '%s\\r\\nlogin: anna\\r\\n' \"$(cat url)\"",
    ["with a byte order mark"] = "printf '\\357\\273\\277'; cat url; echo; echo login: anna",
    ["behind empty lines"] = "echo; echo '  '; cat url",
    ["with a megabyte of other lines"] =
      "cat url; echo; head -c 1000000 /dev/zero | tr '\\0' x; true",
    ["and a background process that keeps the pipe open"] =
      "cat url; echo; sleep 600 & echo $! >left",
  } do
    it("may print its line " .. name, function()
      stored("cd " .. quote(home) .. "; " .. line)
      assert.same({ 0, "8\n", "" }, { b24 { "--format", "{badge}" } })
      if line:find "left" then os.execute("kill " .. process.read(home .. "/left")) end
    end)
  end

  it("need not end: its line is enough", function()
    stored("cd " .. quote(home)
      .. "; echo $$ >shell; sleep 600 & echo $! >child; cat url; echo; wait")
    assert.same({ 0, "8\n", "" }, { b24 { "--timeout", "20s", "--format", "{badge}" } })
    assert.is_true(gone "shell")
    assert.is_true(gone "child")
  end)

  it("is ended with all that it has started when its time is up", function()
    for _, line in ipairs { "trap '' TERM HUP INT; sleep 600 & echo $! >child; wait; sleep 600",
        "exec sleep 600", "cat url; sleep 600", "cat >/dev/null </dev/tty; exec sleep 600" } do
      stored("cd " .. quote(home) .. "; echo $$ >shell; " .. line)
      local before = #portal:log()
      local status, out, err = b24 { "--timeout", "1s" }
      assert.same({ 5, "" }, { status, out }, err)
      assert.truthy(err:find("WEBHOOK_CMD_TIMEOUT", 1, true), err)
      assert.truthy(err:find("within 1 s", 1, true), err)
      assert.equal(before, #portal:log())
      assert.is_true(gone "shell")
      if line:find "child" then assert.is_true(gone "child") end
    end
  end)

  it("has its time from the deadline of the call", function()
    stored("cd " .. quote(home) .. "; sleep 1; cat url")
    portal:control("fault", { kind = "silent", method = "im.counters.get", times = -1 })
    local seconds, status, _, err = calm.timed(2.9, b24, { "--timeout", "2s", "--json" })
    portal:control "clear_faults"
    assert.equal(5, status, err)
    assert.truthy(err:find("TIMEOUT", 1, true), err)
    assert.is_true(seconds >= 1.9 and seconds < 2.9, tostring(seconds)) -- not 1 s and then 2 s
  end)

  it("does not eat the text that is sent", function()
    stored("cd " .. quote(home) .. "; cat >eaten; cat url")
    local status, _, err = b24({ "send", "5", "-" }, { input = "important" })
    assert.same({ 0, "" }, { status, err })
    assert.equal("", process.read(home .. "/eaten"))
  end)

  it("does not outlive a b24 that is killed", function()
    stored("cd " .. quote(home)
      .. "; sleep 600 & echo $! >child; echo $$ >shell.new; mv shell.new shell; wait")
    local child = command.start({ "--json" }, { env = { HOME = home, PATH = os.getenv "PATH" } })
    assert.is_true(process.eventually(10, function() return process.read(home .. "/shell") end))
    child:kill(9)
    child:wait()
    assert.is_true(gone "shell")
    assert.is_true(gone "child")
  end)

  it("may ask on the terminal, and gives it back", function()
    if not terminal.exists() then
      return pending "no program `script`"
    end
    stored("cd " .. quote(home) .. "; printf 'Password: ' >/dev/tty; read -r word </dev/tty; "
      .. "[ \"$word\" = open ] && cat url")
    process.write(home .. "/run.sh", "set -m; " .. command.words({ "--format", "{badge}" },
      { HOME = home, B24_RUNTIME_DIR = home .. "/run", TERM = "xterm", PATH = os.getenv "PATH" })
      .. " 2>&1; read -r after; echo \"then: $after\"")
    os.execute(([[cd %s && touch out && {
      n=0; until grep -q "Password:" out || [ $n -gt 500 ]; do sleep 0.02; n=$((n+1)); done
      echo open
      n=0; until grep -q "^8" out || [ $n -gt 500 ]; do sleep 0.02; n=$((n+1)); done; echo mine
      n=0; until grep -q "then:" out || [ $n -gt 500 ]; do sleep 0.02; n=$((n+1)); done
    } | timeout 60 script -qefc 'sh run.sh' /dev/null >out]]):format(quote(home)))
    local out = process.read(home .. "/out")
    assert.truthy(out:find("\n8\r\n", 1, true), out)
    assert.truthy(out:find("then: mine", 1, true), out)
  end)
end)
