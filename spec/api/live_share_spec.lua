-- One push channel for all programs of a user on a machine.
-- One Lua of each kind: processes.

local command = require "spec.support.command"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

describe("programs of one user", function()
  local portal, home, children
  setup(function()
    portal, home = start(), command.home()
  end)
  teardown(function() command.remove(home) end)
  before_each(function()
    portal:reset()
    portal:control("account", { user_id = 1, scope = { "im", "pull_channel" } })
    portal:control("push", { hold = 1.2 })
    children = {}
  end)
  after_each(function()
    for _, child in pairs(children) do
      child:signal(18)
      child:signal(9)
      child:wait()
    end
    os.execute("rm -rf '" .. home .. "/run'")
  end)

  -- Each prints the dialog's count at each change, and "+" or the reason when it is told of live.
  local function begin(name)
    children[name] = process.start(([[
      local b24 = require "b24"
      io.stdout:setvbuf "no"
      local client = b24.client { webhook = %q, ca_file = %q, limiter = false, runtime_dir = %q }
      client:watch {
        live = true,
        on_change = function(counters) print(counters.DIALOG[5]) end,
        on_live = function(on, state) print(on and "+" or state.why) end,
      }
    ]]):format(portal.webhook, portal.ca_file, home .. "/run"))
  end

  local function shows(name, pattern)
    local seen = process.eventually(10, function()
      return children[name]:output():match(pattern)
    end)
    assert.is_true(seen, name .. " shows " .. children[name]:output() .. " and not " .. pattern)
  end

  local function all_show(pattern)
    for name in pairs(children) do shows(name, pattern) end
  end

  local function begin_all()
    for i = 1, 4 do
      begin(i)
      shows(i, "^1\n+%+\n") -- the first is the one that listens
    end
  end

  -- Between two polls none is open for a moment; never more than one.
  local function one_listens()
    local polls
    assert.is_true(process.eventually(10, function()
      polls = portal:control("push", {}).polls
      return polls > 0
    end))
    assert.equal(1, polls)
  end

  it("share one channel and one answer", function()
    begin_all()
    one_listens()
    portal:control("log_clear", {})
    portal:control("message", { dialog_id = "5", count = 2 })
    all_show "\n3\n"
    assert.same({ 0, 1 }, { portal:asked "pull.config.get", portal:control("push", {}).most })
    -- One for the message; the first answer to a poll may have caused another one.
    assert.is_true(portal:asked "im.counters.get" <= 2)
  end)

  it("replace one that is killed, and lose nothing", function()
    begin_all()
    children[1]:signal(9)
    children[1]:wait()
    children[1] = nil
    portal:control("message", { dialog_id = "5", count = 2 })
    all_show "\n3\n"
    one_listens()
    assert.equal(2, portal:asked "pull.config.get")
  end)

  it("all hear why it is not possible", function()
    portal:control("push", { enabled = false })
    for i = 1, 2 do
      begin(i)
      shows(i, "^1\nNO_PUSH_SERVER\n")
    end
    assert.equal(1, portal:asked "pull.config.get")
  end)

  it("note nothing that is secret", function()
    begin_all()
    local secret
    for _, entry in ipairs(portal:log()) do
      secret = secret or entry.path:match "CHANNEL_ID=(%x+)"
    end
    local found = io.popen("cat '" .. home .. "'/run/live-*")
    local text = found:read "*a"
    found:close()
    assert.match('"host":"https:', text)
    assert.is_nil(text:find(secret, 1, true))
    assert.is_nil(text:find(portal.secret, 1, true))
  end)
end)
