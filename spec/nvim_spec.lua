-- The plugin in real Neovims, against the mock portal.

local data = require "spec.support.data"
local nvim = require "spec.support.nvim"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

describe("in Neovim", function()
  local missing = nvim.missing()
  if missing then
    pending("the plugin: " .. missing)
    return
  end

  local portal
  setup(function() portal = start() end)
  before_each(function() portal:reset() end)

  local function session(name, opts)
    opts = opts or {}
    opts.env = opts.env or {}
    opts.env.PORTAL = "http://127.0.0.1:" .. portal.http_port
    if opts.env.B24_WEBHOOK == nil then opts.env.B24_WEBHOOK = portal.http_webhook end
    local result = nvim.run(name, opts)
    assert.is_nil(result.report.failure)
    assert.equal(0, result.status, result.output)
    return result.report, result
  end

  describe("the badge", function()
    local r, dir
    setup(function()
      portal:reset()
      dir = data.folder()
      r = session("badge", { dir = dir })
    end)
    teardown(function() data.remove_folder(dir) end)

    it("costs the start of the editor less than a millisecond, and nothing else is loaded", function()
      assert.truthy(r.start_ms < 1, r.start_ms)
      assert.is_false(r.loaded_early)
      assert.equal("none", r.badge_early)
      assert.is_false(r.core_after_setup)
    end)

    it("takes only options that there are", function()
      assert.truthy(r.wrong[1]:find "unknown option 'evry' of setup %(there are: auto, conf")
      assert.truthy(r.wrong[2]:find "'every' must be a number of seconds from 10")
    end)

    it("shows the first answer, tells it once, and notifies nobody", function()
      assert.same({ "8", 1, 0 }, { r.first.badge, r.first.events, r.first.notes })
      assert.same({ "8", "module", false, 8 }, { r.first.status.badge, r.first.status.engine, r.first.status.stale,
        r.first.status.totals.messages })
    end)

    it("follows, with the changes, and notifies of the rise that it was asked to", function()
      assert.same({ "10", 1, 2 }, { r.again.badge, r.unchanged, r.again.events })
      local by_id = {}
      for _, change in ipairs(r.again.data.changes) do by_id[change.dialog_id or change.id] = change end
      assert.same({ dialog_id = "5", section = "DIALOG", from = 1, to = 3 }, by_id["5"])
      assert.same({ "Bitrix24: 10 unread (2 new)" }, r.again.notes)
      assert.equal("10", r.lualine)
    end)

    it("says ? in an outage: one event, no message on the screen; and comes back", function()
      assert.same({ "?", 3, 1 }, { r.away.badge, r.away.events, r.away.notes })
      assert.truthy(r.away.status.err:find("insufficient_scope", 1, true))
      assert.truthy(r.away.status.hint:find("Chat and Notifications", 1, true))
      assert.same({ badge = "10" }, r.back)
    end)

    it("outlives an autocommand that throws", function()
      assert.equal("module", r.outlived)
    end)

    it("is kept for the next start, in a private file that holds numbers alone", function()
      assert.same({ "rw-------", 1 }, { r.saved_mode, r.saved_files })
      assert.truthy(r.saved:find('"badge":"11"', 1, true))
      assert.is_nil(r.saved:find(portal.secret, 1, true))
      assert.is_nil(r.saved:find("http", 1, true))
    end)

    it("is hidden after :B24 stop, and nothing goes on", function()
      assert.same({ badge = "", running = false }, r.stopped)
    end)

    it("has a command that knows its words", function()
      assert.truthy(r.nonsense:find("there are: inbox, pick, refresh, start, status, stop", 1, true))
      assert.same({ "start", "status", "stop" }, r.words)
    end)

    it("begins by itself where there is a screen, with the last known number at once", function()
      local again = session("screen", { dir = dir, terminal = true })
      assert.same({ "11", "8" }, { again.recalled, again.badge }) -- the portal is at its beginning again
      assert.is_true(again.silent)
    end)
  end)
end)
