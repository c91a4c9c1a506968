-- Whoever knows a channel's id reads all of its user's messages for twelve hours: it appears in no
-- log, no error, no object's text, no file and no command line.
-- One Lua of each kind: real time.

local b24 = require "b24"
local command = require "spec.support.command"
local data = require "spec.support.data"
local process = require "spec.support.process"
local secrets = require "spec.support.secrets"
local start = require("spec.support.portal").start

describe("the id of a push channel stays hidden when", function()
  local portal, home
  setup(function()
    portal, home = start(), command.home()
  end)
  teardown(function()
    portal:control "clear_faults"
    command.remove(home)
  end)

  before_each(function()
    portal:reset()
    portal:control("account", { user_id = 1, scope = { "im", "pull_channel" } })
    portal:control("push", { hold = 1.1 })
  end)

  -- The ids that the portal has been asked with, as they are and as they were sent.
  local function ids()
    local list = {}
    for _, entry in ipairs(portal:log()) do
      local id = entry.path:match "CHANNEL_ID=([^&]+)" or entry.path:match "token=([^&]+)"
      if id then list[#list + 1] = id end
      if id then list[#list + 1] = (id:gsub("%%3A", ":")) end
    end
    assert.is_true(#list > 0)
    return list
  end

  local function nowhere(...)
    for _, id in ipairs(ids()) do secrets.no_secret(id, ...) end
  end

  -- A live watch until it has polled so often and, if asked for, given up; then all that it told.
  local function watch(polls, more)
    local heard = {}
    local conf = { webhook = portal.webhook, ca_file = portal.ca_file, limiter = false, retries = 0,
      runtime_dir = home .. "/run", log = function(event) heard[#heard + 1] = event end }
    for name, value in pairs(more or {}) do conf[name] = value end
    local client = assert(b24.client(conf))
    local watching
    watching = client:watch { live = true,
      on_change = function(counters, _, self)
        heard[#heard + 1] = counters
        if watching then return end
        watching = self
        require("b24.wait.task").core.spawn(function(core)
          repeat
            core.sleep(0.05)
          until portal:asked "bitrix/sub" >= polls
          core.sleep(0.7)
          self:stop()
        end)
      end,
      on_live = function(_, state) heard[#heard + 1] = state end,
      on_error = function(err, info) heard[#heard + 1] = { err, info } end,
    }
    nowhere(heard, watching, client, watching.live_state)
    return heard
  end

  it("all goes well, with any version of the server", function()
    watch(2)
    for _, settings in ipairs { { version = 3 }, { version = 5 },
      { version = 4, shared = true } } do
      portal:reset()
      portal:control("account", { user_id = 1, scope = { "im", "pull_channel" } })
      portal:control("push", settings)
      watch(1)
    end
  end)

  it("the push server misbehaves", function()
    for _, kind in ipairs { "cut_header", "reset", "garbage", "html", "silent" } do
      portal:control("log_clear", {})
      portal:control("fault", { method = "bitrix/sub", kind = kind, times = 2,
        seconds = kind == "silent" and 0.2 or nil })
      watch(2)
      portal:control "clear_faults"
    end
  end)

  it("it gives up", function()
    portal:control("fault", { method = "bitrix/sub", kind = "html", status = 404, times = -1 })
    local heard, state = watch(2), nil
    for _, one in ipairs(heard) do state = one.why and one or state end
    assert.equal("NO_PUSH_SERVER", state.why)
  end)

  it("somebody lists processes and files", function()
    local env = { HOME = home, B24_RUNTIME_DIR = home .. "/run2", B24_WEBHOOK = portal.webhook }
    process.write(home .. "/out", "")
    local child = command.start({ "watch", "--live", "--json", "--ca-file", portal.ca_file },
      { env = env, stdout = home .. "/out" })
    local polled = process.eventually(10, function()
      return portal:control("push", {}).polls == 1
    end)
    portal:control("message", { dialog_id = "5" })
    local seen = process.eventually(10, function()
      return (process.read(home .. "/out") or ""):find('"dialog_id":"5"', 1, true)
    end)
    local all = data.shell("cat /proc/[0-9]*/cmdline 2>/dev/null; grep -ra . " .. data.quote(home)
      .. " 2>/dev/null; true")
    child:kill(15)
    child:wait()
    assert.is_true(polled and seen)
    nowhere(all)
  end)
end)
