-- b24 watch --live: over the mock's push server.
-- One Lua of each kind: real time.

local cjson = require "cjson"
local command = require "spec.support.command"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

describe("b24 watch --live", function()
  local portal, home, running
  setup(function()
    portal, home = start(), command.home()
  end)
  teardown(function() command.remove(home) end)
  before_each(function()
    portal:reset()
    portal:control("account", { user_id = 1, scope = { "im", "pull_channel" } })
    portal:control("push", { hold = 1.2 })
  end)
  after_each(function()
    if running then running:kill(9) end -- a spec that failed left it
    running = nil
  end)

  local function begin(arguments, more)
    local env = { HOME = home, B24_RUNTIME_DIR = home .. "/run", B24_WEBHOOK = portal.http_webhook,
      XDG_SESSION_ID = "" }
    for name, value in pairs(more or {}) do env[name] = value end
    local all = { "watch", "--live" }
    for _, argument in ipairs(arguments or {}) do all[#all + 1] = argument end
    process.write(home .. "/out", "")
    running = command.start(all, { env = env, stdout = home .. "/out" })
    return running
  end

  local function output() return process.read(home .. "/out") or "" end

  local function shows(text)
    local seen = process.eventually(10, function() return output():find(text, 1, true) end)
    assert.is_true(seen, "not seen: " .. text .. "\nbut: " .. output())
  end

  local function polls(n)
    assert.is_true(process.eventually(10, function()
      return portal:control("push", {}).polls == n
    end), "there are not " .. n .. " polls")
  end

  it("prints what happens as it happens", function()
    local child = begin()
    shows "8 messages are waiting\n"
    polls(1)
    portal:control("message", { dialog_id = "5", count = 2, text = "are you there?" })
    shows " Иван Smith: are you there?\n10 messages are waiting\n"
    child:kill(2)
    assert.equal(130, (child:wait()))
    running = nil
  end)

  it("tells programs whether it is live, and people why it is not", function()
    begin { "--json" }
    shows '"event":"live"'
    local line = output():match '([^\n]*"live"[^\n]*)\n'
    assert.is_true(cjson.decode(line).live)
    running:kill(9)
    portal:control("account", { user_id = 1, scope = { "im" } })
    begin { "--every", "2m" }
    shows("b24: --live: the scope pull_channel is missing; asking every 2 min\n"
      .. "Tick the scope pull_channel (Push and Pull) in the webhook's settings.\n")
    assert.is_nil(output():find(portal.secret, 1, true))
  end)

  it("closes the channel while the idle command says that nobody is there", function()
    local away = home .. "/away"
    process.write(away, "")
    begin { "--idle-command", "test -e '" .. away .. "'", "--json" }
    shows '"why":"AWAY"'
    polls(0)
    portal:control("message", { dialog_id = "5", count = 2 })
    os.remove(away)
    shows '"dialog_id":"5"'
    polls(1)
  end)

  it("asks the desktop's session when there is one", function()
    process.write(home .. "/loginctl", [[#!/bin/sh
      [ "$*" = "show-session 7 -p IdleHint -p LockedHint --value" ] && printf 'no\nyes\n']])
    os.execute("chmod 700 '" .. home .. "/loginctl'")
    begin({ "--json" }, { XDG_SESSION_ID = "7", PATH = home .. ":" .. os.getenv "PATH" })
    shows '"why":"AWAY"'
    process.write(home .. "/loginctl", "#!/bin/sh\nprintf 'no\\nno\\n'\n")
    polls(1)
  end)

  it("refuses an idle command without it", function()
    local status, _, err = command.run({ "watch", "--idle-command", "true" }, { env = {
      HOME = home, B24_WEBHOOK = portal.http_webhook } })
    assert.equal(2, status)
    assert.match("%-%-idle%-command needs %-%-live", err)
  end)
end)
