-- Whatever becomes of connections, processes and channels: the last counters are right.
-- One Lua of each kind: real time.

local b24 = require "b24"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

describe("a live watch loses nothing when", function()
  local portal
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    portal:control("account", { user_id = 1, scope = { "im", "pull_channel" } })
    portal:control("push", { hold = 1.2 })
  end)

  local function conf()
    return { webhook = portal.webhook, ca_file = portal.ca_file, limiter = false, retries = 0 }
  end

  it("answers break off at random", function()
    portal:control("push", { drop = 0.05 })
    local client = assert(b24.client(conf()))
    local began, right
    client:watch { live = true, on_live = function(on, _, watch)
      if not on or began then return end
      began = true
      portal:control("push_storm", { count = 600, rate = 200 })
      require("b24.wait.task").core.spawn(function(core)
        repeat core.sleep(0.2) until portal:control("push", {}).storm == 0
        local truth = client:counters()
        -- what broke off last is told after the pauses between attempts
        for _ = 1, 700 do
          right = #b24.diff(watch.counters, truth) == 0
          if right then break end
          core.sleep(0.1)
        end
        watch:stop()
      end)
    end }
    assert.is_true(right)
  end)

  it("the process is stopped for a while", function()
    local child = process.start(([[
      local b24 = require "b24"
      local client = b24.client { webhook = %q, ca_file = %q, limiter = false }
      io.stdout:setvbuf "no"
      client:watch { live = true, on_change = function(counters) print(counters.DIALOG[5]) end }
    ]]):format(portal.webhook, portal.ca_file))
    finally(function()
      child:signal(9)
      child:wait()
    end)
    local function polls(n)
      return process.eventually(10, function() return portal:control("push", {}).polls == n end)
    end
    assert.is_true(polls(1))
    child:signal(19)
    portal:control("message", { dialog_id = "5" })
    assert.is_true(polls(0)) -- the answer is on its way
    portal:control("message", { dialog_id = "5" })
    child:signal(18)
    assert.is_true(process.eventually(10, function()
      return child:output():match "^1\n.*3\n"
    end))
  end)
end)
