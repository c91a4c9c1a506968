-- client:watch{ live = true } over the mock's push server.
-- One Lua of each kind: real time.

local b24 = require "b24"
local codec = require "b24.codec"
local start = require("spec.support.portal").start

describe("a live watch", function()
  local portal, client, events, under_way
  setup(function() portal = start() end)

  local function scope(...) portal:control("account", { user_id = 1, scope = { "im", ... } }) end

  before_each(function()
    portal:reset()
    scope("pull_channel", "pull")
    portal:control("push", { hold = 1.2 })
    events, under_way = {}, 0
    client = assert(b24.client { webhook = portal.webhook, ca_file = portal.ca_file,
      limiter = false, retries = 0, log = function(event)
        if event.event == "live" then events[#events + 1] = event end
        if event.method ~= "im.counters.get" then return end
        if event.event == "attempt" then under_way = under_way + 1 end
        if event.event == "reply" then under_way = under_way - 1 end
      end })
  end)

  -- Watches until `done(watch)` is true. `on(watch, counters, changes)`: at each change.
  local function watch_until(done, on, more)
    local told = {}
    local opts = {
      live = true,
      on_change = function(counters, changes, watch)
        told[#told + 1] = counters
        if on then on(watch, counters, changes) end
        if done(watch, told) then watch:stop() end
      end,
      on_live = function(_, _, watch)
        if done(watch, told) then watch:stop() end
      end,
      on_error = error,
    }
    for name, value in pairs(more or {}) do opts[name] = value end
    return client:watch(opts), told
  end

  -- Hints cause questions two seconds apart, however many there are and however slow the machine.
  local function seldom_asked(begun)
    return portal:asked "im.counters.get" <= 1 + (codec.boot_clock() - begun) / 2
  end

  -- What the opening of the channel has caused is asked, and answered.
  local function settle(core, watch)
    repeat
      core.sleep(0.02)
    until under_way == 0 and watch.schedule:wait(codec.boot_clock()) > 60
  end

  -- Meanwhile, once the channel is open.
  local function after_polls(n, act)
    require("b24.wait.task").core.spawn(function(core)
      repeat until not core.sleep(0.02) or portal:asked "bitrix/sub" >= n
      act()
    end)
  end

  it("hears of a message, of a dialog that was read and of a notification", function()
    local steps = {
      function() portal:control("message", { dialog_id = "5", count = 2 }) end,
      function() portal:control("read", { dialog_id = "chat18" }) end,
      function() portal:control("notify", {}) end,
    }
    local begun = codec.boot_clock()
    local watch, told = watch_until(function(_, list) return #list == 4 end, function(_, _, _)
      local step = table.remove(steps, 1)
      if step then after_polls(1, step) end
    end)
    assert.is_true(watch.stopped)
    assert.same({ 1, 3, 3, 3 }, { told[1].DIALOG[5], told[2].DIALOG[5], told[3].DIALOG[5],
      told[4].DIALOG[5] })
    assert.same({ 1, 1 }, { told[1].CHAT[18], told[2].CHAT[18] })
    assert.is_nil(told[3].CHAT[18])
    assert.equal(told[3].TYPE.NOTIFY + 1, told[4].TYPE.NOTIFY)
    assert.is_true(watch.live)
    assert.same({ "live" }, { events[1].state })
    assert.is_true(seldom_asked(begun))
  end)

  it("asks once for what comes together", function()
    local begun = codec.boot_clock()
    watch_until(function(_, list) return list[#list].DIALOG[5] == 51 end, function(_, _, changes)
      if #changes > 0 then return end
      after_polls(1, function()
        for _ = 1, 50 do portal:control("message", { dialog_id = "5" }) end
      end)
    end)
    assert.is_true(seldom_asked(begun))
  end)

  it("asks nothing of the portal while nothing happens", function()
    local before
    local watch = client:watch { live = true, on_live = function(_, _, watch)
      require("b24.wait.task").core.spawn(function(core)
        settle(core, watch)
        before = portal:asked "im.counters.get"
        after_polls(portal:asked "bitrix/sub" + 2, function() watch:stop() end)
      end)
    end }
    assert.is_true(watch.stopped)
    assert.equal(before, portal:asked "im.counters.get")
  end)

  it("is told once why it cannot be, and polls", function()
    local function refused()
      local states = {}
      portal:control("log_clear", {})
      events = {}
      local watch = client:watch { live = true, every = 1, on_live = function(on, state)
        states[#states + 1] = { on, state.why, state.hint }
      end, on_change = function(_, changes, watch)
        if #changes > 0 then return watch:stop() end
        after_polls(0, function()
          require("b24.wait.task").core.sleep(2.5)
          portal:control("message", { dialog_id = "5" })
        end)
      end }
      assert.equal(1, #states)
      assert.is_false(watch.live)
      assert.same({ "polling", states[1][2] }, { events[1].state, events[1].why })
      assert.equal(1, #events)
      assert.is_true(portal:asked "im.counters.get" >= 3)
      return states[1]
    end
    scope()
    local state = refused()
    assert.equal("insufficient_scope", state[2])
    assert.match("pull_channel", state[3])
    assert.same({ 1, 1 }, { portal:asked "pull.config.get", portal:asked "pull.api.config.get" })
    scope("pull_channel")
    portal:control("push", { enabled = false })
    assert.equal("NO_PUSH_SERVER", refused()[2])
  end)

  it("works with an application's token, over the other method", function()
    client = assert(b24.client { portal = "https://localhost:" .. portal.https_port,
      token = portal.token, ca_file = portal.ca_file, limiter = false, retries = 0 })
    watch_until(function(watch) return watch.live end)
    assert.same({ 0, 1 }, { portal:asked "pull.config.get", portal:asked "pull.api.config.get" })
  end)

  it("listens again after a break, with nothing lost", function()
    local function fault(kind)
      return function() portal:control("fault", { method = "bitrix/sub", kind = kind }) end
    end
    local breaks = {
      function() portal:control("push_restart", {}) end,
      function() portal:control("push_restart", { forget = true }) end,
      function() portal:control("push_expire", { tell = true }) end,
      fault "reset", fault "cut_body", function() end,
    }
    local watch = watch_until(function(_, list) return list[#list].DIALOG[5] == 7 end,
      function(_, counters)
        local act = table.remove(breaks, 1)
        if not act then return end
        require("b24.wait.task").core.spawn(function(core)
          -- a poll waits there
          repeat until not core.sleep(0.02) or portal:control("push", {}).polls == 1
          act()
          portal:control("message", { dialog_id = "5" })
        end)
        assert.equal(7 - #breaks - 1, counters.DIALOG[5])
      end)
    assert.equal(7, watch.counters.DIALOG[5])
    assert.is_nil(events[2]) -- it was never given up
  end)

  it("renews its channel before it ends", function()
    portal:control("push", { life = 20 })
    watch_until(function() return portal:asked "pull.config.get" == 2 end, function(_, _, changes)
      if #changes > 0 then return end
      require("b24.wait.task").core.spawn(function(core)
        repeat until not core.sleep(0.1) or portal:asked "pull.config.get" == 2
        portal:control("message", { dialog_id = "5" })
      end)
    end)
    for _, entry in ipairs(portal:log()) do
      if entry.method == "bitrix/sub" then assert.not_equal(400, entry.status) end
    end
    assert.is_nil(events[2])
  end)

  it("closes the channel while nobody is there, and asks at once when somebody is", function()
    local steps = {}
    local watch = watch_until(function(_, list) return list[#list].DIALOG[5] == 2 end, nil,
      { on_live = function(on, state, watch)
        steps[#steps + 1] = on and "live" or state.why
        if #steps == 1 then
          watch:away(true)
        elseif #steps == 2 then
          require("b24.wait.task").core.spawn(function(core)
            repeat until not core.sleep(0.02) or portal:control("push", {}).polls == 0
            settle(core, watch)
            local asked = portal:asked "im.counters.get"
            portal:control("message", { dialog_id = "5" })
            core.sleep(1)
            steps[#steps + 1] = watch.counters.DIALOG[5]
            steps[#steps + 1] = portal:asked "im.counters.get" - asked
            watch:away(false)
          end)
        end
      end })
    assert.is_true(watch.stopped)
    assert.same({ "live", "AWAY", 1, 0 }, { steps[1], steps[2], steps[3], steps[4] })
    assert.is_false((pcall(watch.away, watch, "yes")))
  end)

  it("ends with the watch, whatever ends that", function()
    watch_until(function(watch) return watch.live end)
    local ok, err = pcall(client.watch, client, { live = true,
      on_live = function() error "mine" end })
    assert.is_false(ok)
    assert.match("mine", err)
    local gone = false
    for _ = 1, 100 do
      gone = portal:control("push", {}).polls == 0
      if gone then break end
      require("socket").sleep(0.05)
    end
    assert.is_true(gone)
  end)

  it("takes a boolean, and handlers that are functions", function()
    assert.is_false((pcall(client.watch, client, { live = 1 })))
    assert.is_false((pcall(client.watch, client, { on_live = true })))
  end)
end)
