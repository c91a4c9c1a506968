-- b24 login, and where the command line looks for a credential. The secret is in no argument list,
-- no child's environment and no output.
-- One Lua of each kind: processes.

local command = require "spec.support.command"
local data = require "spec.support.data"
local process = require "spec.support.process"
local start = require("spec.support.portal").start
local terminal = require "spec.support.terminal"

local quote = process.quote

describe("b24 login", function()
  local portal, home
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    home = command.home()
  end)
  after_each(function() command.remove(home) end)

  local function b24(arguments, opts)
    opts = opts or {}
    local env = { HOME = home, B24_RUNTIME_DIR = home .. "/run" }
    for name, value in pairs(opts.env or {}) do env[name] = value end
    opts.env = env
    local status, out, err = command.run(arguments, opts)
    assert.is_nil((out .. err):find(portal.secret, 1, true), out .. err)
    return status, out, err
  end

  local function mode(path) return data.shell("stat -c %a " .. quote(path)):match "%d+" end
  local function folder() return home .. "/.config/b24" end

  it("reads a pipe, tries the webhook and stores it for its owner only", function()
    local status, out, err = b24({ "login" }, { input = portal.http_webhook .. "\n" })
    assert.same({ 0,
      ("http://127.0.0.1:%d answers: 8 unread messages. Stored in %s/webhook\n")
        :format(portal.http_port,
      folder()), "" }, { status, out, err })
    assert.same({ "600", "700" }, { mode(folder() .. "/webhook"), mode(folder()) })
    assert.equal(portal.http_webhook .. "\n", process.read(folder() .. "/webhook"))
    assert.equal("webhook\n", data.shell("ls -A " .. quote(folder())))
    assert.same({ 0, "8\n", "" }, { b24 { "--format", "{badge}" } })
  end)

  it("stores the webhook alone, whatever was pasted around it", function()
    for _, around in ipairs { { "\239\187\191", "\r\n" }, { "\194\160", "\226\128\139\n" },
        { " <", ">\r\n" }, { "'", "'" } } do
      local status, _,
        err = b24({ "login" }, { input = around[1] .. portal.http_webhook .. around[2] })
      assert.same({ 0, "" }, { status, err })
      assert.equal(portal.http_webhook .. "\n", process.read(folder() .. "/webhook"))
    end
    process.write(folder() .. "/webhook", "\239\187\191" .. portal.http_webhook .. "\194\160\r\n")
    assert.same({ 0, "8\n", "" }, { b24 { "--format", "{badge}" } })
  end)

  it("keeps the authority that it was tested with beside the webhook", function()
    local badge = { "--format", "{badge}" }
    local kept = folder() .. "/ca_file"
    local link = home .. "/ca.pem"
    os.execute(("ln -s %s %s"):format(quote(portal.ca_file), quote(link)))
    assert.equal(5, (b24({ "login" }, { input = portal.webhook })))
    assert.is_nil(process.read(kept))
    assert.equal(0, (b24({ "login", "--ca-file", link }, { input = portal.webhook })))
    assert.equal(portal.ca_file .. "\n", process.read(kept)) -- a path that stays
    assert.equal("600", mode(kept))
    assert.same({ 0, "8\n", "" }, { b24(badge) })
    assert.truthy(select(2, b24 { "status" }):find("\ntrusts      " .. portal.ca_file .. "\n", 1,
      true))
    assert.truthy(select(2, b24 { "doctor" }):find("ok    trust      of login --ca-file: "
      .. portal.ca_file, 1, true))
    -- programs that use the same file
    local _, out = process.run("print(require('b24').counters() ~= nil)", { HOME = home,
      B24_RUNTIME_DIR = home .. "/run", XDG_CONFIG_HOME = "" })
    assert.equal("true\n", out)
    -- not for other webhooks, nor against who says otherwise
    assert.equal(5, (b24(badge, { env = { B24_WEBHOOK = portal.webhook } })))
    assert.equal(2, (b24(badge, { env = { B24_CA_FILE = "/nowhere.pem" } })))
    assert.equal(0, (b24 { "logout" }))
    assert.is_nil(process.read(kept))
  end)

  it("forgets that authority when the next webhook needs none", function()
    assert.equal(0, (b24({ "login", "--ca-file", portal.ca_file }, { input = portal.webhook })))
    assert.equal(0, (b24({ "login" }, { input = portal.http_webhook })))
    assert.equal("webhook\n", data.shell("ls -A " .. quote(folder())))
  end)

  it("stores profiles apart", function()
    assert.equal(0, (b24({ "login", "--profile", "work" }, { input = portal.http_webhook })))
    assert.equal(2, (b24 { "--json" }))
    assert.same({ 0, "8\n", "" }, { b24 { "--profile", "work", "--format", "{badge}" } })
    assert.same({ 0, "8\n", "" },
      { b24({ "--format", "{badge}" }, { env = { B24_PROFILE = "work" } }) })
    local status, _, err = b24({ "login", "--profile", "../x" }, { input = portal.http_webhook })
    assert.equal(2, status)
    assert.truthy(err:find("BAD_PROFILE", 1, true))
  end)

  it("stores nothing that does not work, unless told to", function()
    local wrong = portal.http_webhook:gsub(portal.secret, "wrongSecret")
    local status, out, err = b24({ "login" }, { input = wrong })
    assert.same({ 3, "" }, { status, out })
    assert.truthy(err:find "INVALID_CREDENTIALS.*\nNothing was stored%.\n$")
    assert.is_nil(err:find("wrongSecret", 1, true))
    assert.is_nil(process.read(folder() .. "/webhook"))
    assert.equal(2, (b24({ "login" }, { input = "https://portal.example/\n" })))
    assert.equal(2, (b24({ "login" }, { input = "" })))
    assert.equal(0, (b24({ "login", "--no-check" }, { input = wrong })))
    assert.equal(3, (b24 { "--json" }))
    -- in place of what was there
    assert.equal(0, (b24({ "login" }, { input = portal.http_webhook })))
    assert.equal(0, (b24 { "--json" }))
  end)

  it("says so when the environment goes before what was stored", function()
    local _, _, err = b24({ "login" },
      { input = portal.http_webhook, env = { B24_WEBHOOK = "https://x/rest/1/y/" } })
    assert.truthy(err:find("B24_WEBHOOK is set and takes precedence", 1, true), err)
  end)

  it("does not show what is typed at a terminal", function()
    if not terminal.exists() then
      return pending "no program `script`"
    end
    process.write(home .. "/run.sh", "exec " .. command.words({ "login" },
      { HOME = home, B24_RUNTIME_DIR = home .. "/run", TERM = "xterm" }) .. " 2>&1")
    process.write(home .. "/in", portal.http_webhook .. "\n")
    os.execute(([[cd %s && touch out && {
      n=0; until grep -q "press Enter" out || [ $n -gt 500 ]; do sleep 0.02; n=$((n+1)); done
      cat in
      n=0; until grep -q "Stored" out || [ $n -gt 500 ]; do sleep 0.02; n=$((n+1)); done
    } | script -qefc 'sh run.sh' /dev/null >out]]):format(quote(home)))
    local out = process.read(home .. "/out")
    assert.truthy(out:find("Stored in", 1, true), out)
    assert.is_nil(out:find(portal.secret, 1, true))
    assert.equal(portal.http_webhook .. "\n", process.read(folder() .. "/webhook"))
  end)

  describe("--webhook-cmd", function()
    it("keeps the command of a password manager, whose output nobody sees", function()
      process.write(home .. "/vault", portal.http_webhook .. "\nmore\n")
      local status, out, err = b24 { "login", "--webhook-cmd", "cat '" .. home .. "/vault'" }
      assert.same({ 0, "" }, { status, err })
      assert.truthy(out:find("Stored in " .. folder() .. "/webhook_cmd", 1, true), out)
      assert.equal("600", mode(folder() .. "/webhook_cmd"))
      assert.same({ 0, "8\n", "" }, { b24 { "--format", "{badge}" } })
      -- a webhook that is stored later replaces it, and the reverse
      assert.equal(0, (b24({ "login" }, { input = portal.http_webhook })))
      assert.equal("webhook\n", data.shell("ls -A " .. quote(folder())))
      assert.equal(0, (b24 { "login", "--webhook-cmd", "cat '" .. home .. "/vault'" }))
      assert.equal("webhook_cmd\n", data.shell("ls -A " .. quote(folder())))
    end)

    local function stored(line, permissions)
      data.write(folder() .. "/webhook_cmd", line .. "\n", permissions or "600")
    end
    local function expect(word)
      local status, out, err = b24 { "--json" }
      assert.equal(2, status)
      assert.truthy(out:find '^{"error":{"code":"[%w_]+",[^\n]*}}\n$', out)
      assert.truthy(err:find(word, 1, true), err)
      assert.is_nil((out .. err):find("telling", 1, true))
    end

    it("says what is wrong with the command, not what it printed", function()
      stored "echo telling; exit 3"
      expect "failed (exit status 3)"
      stored "echo telling words"
      expect(folder() .. "/webhook_cmd"        )
      stored "true"
      expect "printed nothing"
      stored "https://portal.example/rest/1/telling/"
      expect "must be a command"
      stored("echo x", "644")
      expect "chmod 600"
    end)

    it("starts the command without the environment's webhook", function()
      stored("tr '\\0' '\\n' </proc/self/environ >" .. home
        .. "/seen; tr '\\0' '\\n' </proc/$$/environ >>"
        .. home .. "/seen; cat " .. home .. "/vault")
      process.write(home .. "/vault", portal.http_webhook .. "\n")
      os.execute("mv " .. quote(folder() .. "/webhook_cmd") .. " "
        .. quote(folder() .. "/webhook_cmd.work"))
      assert.equal(0,
        (b24({ "--json", "--profile", "work" }, { env = { B24_WEBHOOK = portal.http_webhook } })))
      local seen = assert(process.read(home .. "/seen"))
      assert.truthy(seen:find("HOME=" .. home, 1, true))
      assert.is_nil(seen:find("B24_WEBHOOK", 1, true))
      assert.is_nil(seen:find(portal.secret, 1, true))
    end)
  end)

  it("keeps the secret out of /proc while a call runs", function()
    if not process.read "/proc/self/cmdline" then return pending "no /proc" end
    assert.equal(0, (b24({ "login" }, { input = portal.http_webhook })))
    portal:control("fault", { kind = "silent", method = "im.counters.get" })
    local before = #portal:log()
    local child = command.start({ "--json", "--timeout", "10" },
      { env = { HOME = home, B24_RUNTIME_DIR = home .. "/run" } })
    assert.is_true(process.eventually(5, function() return #portal:log() > before end))
    local line = assert(process.read("/proc/" .. child.pid .. "/cmdline"))
    local environment = assert(process.read("/proc/" .. child.pid .. "/environ"))
    portal:control "clear_faults"
    child:wait()
    assert.truthy(line:find("--json", 1, true), line)
    assert.truthy(environment:find("HOME=", 1, true))
    assert.is_nil((line .. environment):find(portal.secret, 1, true))
  end)
end)
