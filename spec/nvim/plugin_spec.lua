-- The plugin in real Neovims, against the mock portal.

local data = require "spec.support.data"
local nvim = require "spec.support.nvim"
local start = require("spec.support.portal").start

-- Neovim has LuaJIT: these specs run once.
if not rawget(_G, "jit") then return end

describe("in Neovim", function()
  local missing = nvim.missing()
  if missing then
    pending("the plugin: " .. missing, function() end)
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

    it("costs the start of the editor less than a millisecond, and loads nothing else", function()
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
      assert.same({ "8", "module", false, 8 }, { r.first.status.badge, r.first.status.engine,
        r.first.status.stale, r.first.status.totals.messages })
    end)

    it("follows, with the changes, and notifies of the rise that it was asked to", function()
      assert.same({ "10", 1, 2 }, { r.again.badge, r.unchanged, r.again.events })
      local by_id = {}
      for _, change in ipairs(r.again.data.changes) do
        by_id[change.dialog_id or change.id] = change
      end
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
      assert.truthy(r.nonsense:find("there are: inbox, pick, refresh, start, status, stop", 1,
        true))
      assert.same({ "start", "status", "stop" }, r.words)
    end)

    it("begins by itself where there is a screen, with the last known number at once", function()
      local again = session("screen", { dir = dir, terminal = true })
      -- the portal is at its beginning again
      assert.same({ "11", "8" }, { again.recalled, again.badge })
      assert.is_true(again.silent)
    end)
  end)

  describe("live", function()
    before_each(function()
      portal:control("account", { user_id = 1, scope = { "im", "pull_channel" } })
      portal:control("push", { hold = 1.2 })
    end)

    it("hears of a change, pauses while nobody is there, and is back at a key", function()
      local r = session "live"
      assert.truthy(r.wrong:find("option 'live' of setup must be a boolean", 1, true))
      assert.is_true(r.live.live)
      assert.equal("10", r.while_away)
      assert.truthy(r.health:find("Live: yes", 1, true))
      assert.same({ running = false, groups = 0 }, r.after)
    end)

    it("does so with the installed command b24, too", function()
      local dir, bin = data.folder(), require("spec.support.command").path():match "^(.*)/"
      local r = session("live_program", { dir = dir, env = { LUA_CPATH = false,
        PATH = bin .. ":" .. os.getenv "PATH", B24_ALLOW_HTTP = "1", B24_RUNTIME_DIR = dir } })
      data.remove_folder(dir)
      assert.same({ engine = "program" }, r)
    end)
  end)

  describe("the inbox", function()
    local r
    setup(function()
      portal:reset()
      r = session "inbox"
    end)

    it("leaves nothing behind when it is closed, however that is done", function()
      assert.is_true(r.while_open.autocommands > r.before.autocommands)
      assert.same(r.before, r.after)
    end)

    it("floats, cannot be changed by accident, fits a narrow window and wide letters", function()
      assert.same({ floating = "editor", modifiable = false, cursor = 2, fits = true,
        cursorline = true }, r.window)
      assert.same({ true, 30 }, { r.narrow.fits, r.narrow.width })
      assert.truthy(r.narrow.text:find "\n    2 日本 Support 語語… +%d+m\n", r.narrow.text)
    end)

    it("shows who, how many, since when, and what was written, in one line each", function()
      assert.truthy(r.wide:find "^9 unread in 6 dialogs, 2 in tasks, 1 muted\n", r.wide)
      assert.truthy(r.wide:find "\n    1 Иван Smith +%d+m Перезвоните мне, пожалуйста\n", r.wide)
      assert.truthy(r.wide:find "%d+m first line second line\n", r.wide)
      assert.truthy(r.help:find("mark as read", 1, true))
    end)

    it("opens the messages of a dialog without marking them", function()
      assert.truthy(r.dialog.text:find("\n  first line\n  second line\n", 1, true))
      assert.same({ false, false, 2 }, { r.dialog.marked, r.dialog.modifiable, r.dialog.windows })
      assert.same({ windows = 1, filetype = "" }, r.closed)
    end)

    it("answers, and keeps the text that could not be sent for the next try", function()
      assert.truthy(r.failed:find("b24: ACCESS_ERROR: not today", 1, true))
      assert.is_nil(r.failed:find("may have arrived", 1, true))
      assert.equal("On my way!", r.draft)
      assert.truthy(r.prompt:find "^To 日本 Support 語.*…: $")
      assert.equal(1, select(2, r.sent:gsub("On my way!", "")))
      assert.truthy(r.partly:find("(1 of 2 parts arrived)", 1, true), r.partly)
      assert.equal(("y"):rep(10000), r.left_over)
    end)

    it("marks as read, opens the browser, asks again, and closes", function()
      assert.truthy(r.after_read:find "^7 unread in 5 dialogs", r.after_read)
      assert.equal(portal.http_webhook:match "^http://[^/]+" .. "/online/?IM_DIALOG=1", r.url)
      assert.equal("", r.left)
    end)

    it("is a list for vim.ui.select too", function()
      assert.same({ 6, "b24" }, { r.pick.count, r.pick.kind })
      assert.truthy(r.pick.line:find "^Иван Smith %(2%) %d+m  a new one$", r.pick.line)
    end)
  end)

  describe("all day", function()
    local r
    setup(function()
      portal:reset()
      r = session "daily"
    end)

    it("title and badge count the same, and the keys are told", function()
      assert.equal("8", r.badge)
      assert.truthy(r.title:find "^8 unread in 6 dialogs, 2 in tasks, 1 muted$", r.title)
      assert.truthy(r.last:find("<CR> read  a answer", 1, true) or r.last:find "30", r.last)
    end)

    it("q in the help closes the help", function()
      assert.same({ true, true }, { r.help, r.back })
    end)

    it("tells what is done, for a moment", function()
      assert.equal("b24: marked as read: Project 24", r.told)
      assert.equal("b24: sent to Project 18", r.told_sent)
    end)

    it("answers in several lines, and keeps what was left", function()
      assert.truthy(r.compose.line:find("<C-s> send", 1, true), r.compose.line)
      assert.truthy(r.compose.line:find("To Project 18", 1, true))
      assert.same({ true, "one\ntwo" }, { r.left, r.draft })
    end)

    it("opens from an <expr> mapping", function()
      assert.same({ error = "", asked = true }, r.mapping)
    end)

    it("leaves nothing in a session file", function()
      local s = r.session
      assert.same({ true, "", false }, { s.ok, s.error, s.names }, s.file)
      for _, filetype in ipairs(s.filetypes) do assert.equal("", filetype) end
      assert.equal(1, s.windows, s.file)
      assert.is_nil(r.options.open:find "blank")
      assert.truthy(r.options.after:find "blank") -- as it was
    end)

    it("has its state in one line, and the truth in checkhealth", function()
      assert.truthy(r.status[1]:find "^b24: %d+ unread; asked every 60 s$", r.status[1])
      assert.truthy(r.status[2]:find "HTTP_502.*", r.status[2])
      assert.is_nil(r.status[2]:find "\n")
      local words = "Polling is on, but the last answer was none, and the badge "
      assert.truthy(r.health:find(words, 1, true), r.health)
    end)
  end)

  describe("a dialog", function()
    local r
    setup(function()
      portal:reset()
      r = session "messages"
    end)

    it("shows what people see of its messages", function()
      assert.truthy(r.text:find("\n  See the log (https://a.example/x)\n  > quoted\n", 1, true),
        r.text)
      assert.truthy(r.text:find("\n  [con tract.pdf, 120 KB]\n", 1, true), r.text)
      assert.truthy(r.text:find "^Bitrix24  ", r.text)
      assert.truthy(r.stranger:find "^user 503  ", r.stranger)
    end)

    it("takes no other answer for messages, a sent or a read one", function()
      for i, text in ipairs(r.shown) do
        assert.truthy(text:find("b24: BAD_RESULT", 1, true), i .. text)
      end
      for i, text in ipairs(r.sent) do
        assert.truthy(text:find("b24: BAD_RESULT", 1, true), i .. text)
        assert.truthy(text:find("may have arrived", 1, true), i .. text)
      end
      for i, text in ipairs(r.read) do
        assert.truthy(text:find(i == 2 and "b24: NO_DIALOG" or "b24: BAD_RESULT", 1, true),
          i .. text)
      end
    end)

    it("complains without what could steer a terminal", function()
      assert.truthy(r.said:find("b24: X: a [2J 2Jb", 1, true), r.said)
    end)
  end)

  describe("without a module", function()
    it("the program b24 is the engine, and gets the credential by its environment alone", function()
      local dir = data.folder()
      data.write(dir .. "/bin/b24", data.read "../nvim/program.sh", "700")
      local r = session("program",
        { dir = dir, env = { LUA_CPATH = false, PATH = dir .. "/bin:" .. os.getenv "PATH",
        B24_WEBHOOK = "https://example.com/rest/1/topSecret/" } })
      data.remove_folder(dir)
      assert.same({ "program", "3" }, { r.status.engine, r.status.badge })
      assert.same({ "watch --json --every 90s", "topSecret" }, { r.arguments, r.secret })
      assert.same({ "?", "b24: HOST_NOT_FOUND: no such host", "Check the name." },
        { r.away.badge, r.away.err, r.away.hint })
      assert.equal("4", r.back)
      assert.equal("?", r.ended.badge)
      assert.truthy(r.ended.err:find("no credential at all", 1, true))
      assert.is_true(r.gone)
      assert.truthy(r.inbox:find("the C module does not load", 1, true))
      assert.truthy(r.health:find("Engine: the program", 1, true))
    end)

    it("the installed command b24 keeps the badge", function()
      local dir, bin = data.folder(), require("spec.support.command").path():match "^(.*)/"
      local r = session("real_program",
        { dir = dir, env = { LUA_CPATH = false, PATH = bin .. ":" .. os.getenv "PATH",
        B24_ALLOW_HTTP = "1", B24_RUNTIME_DIR = dir } })
      data.remove_folder(dir)
      assert.equal("program", r.engine)
      assert.truthy(r.err:find("HTTP_502", 1, true), r.err)
    end)

    it("and without the program it says in one sentence what is missing", function()
      local r = session("nothing", { env = { LUA_CPATH = false, PATH = "/usr/bin:/bin" } })
      assert.truthy(r.said:find("the C module does not load, and there is no program 'no-such-b24'",
        1, true))
      assert.truthy(r.said:find(":checkhealth b24", 1, true))
      assert.equal("", r.badge)
      assert.truthy(r.health:find("make nvim", 1, true))
    end)
  end)

  it(":checkhealth b24 shows engine, libraries, credential, portal, rights; no secret", function()
    local r = session "health"
    for _, part in ipairs { "Engine: the C module", "libcurl %d", "TLS: ", "Trusted certificates: ",
      "Credential: the environment variable B24_WEBHOOK", "http://127.0.0.1:%d+ answers in %d+ ms",
      "%(im%)", "Polling is off" } do
      assert.truthy(r.good:find(part), part .. "\n" .. r.good)
    end
    assert.truthy(r.bad:find("insufficient_scope", 1, true), r.bad)
    assert.is_nil((r.good .. r.bad):find(portal.secret, 1, true))
    assert.truthy(r.said:find("'webhok'", 1, true), r.said)
    assert.is_nil(r.said:find("traceback", 1, true))
  end)

  it("quitting with requests under way neither hangs nor crashes", function()
    portal:control("fault", { kind = "slow", delay = 300, times = 3 })
    local r, result = session "quit"
    assert.is_true(r.under_way)
    assert.truthy(result.seconds < 25, result.seconds)
  end)

  it("`make nvim` builds what Neovim finds by itself, and :help b24 is there", function()
    local dir = data.folder()
    local made =
      data.shell(("cd %s && mkdir -p %s/lua %s/plugin && cp -r lua/b24 %s/lua/ && cp -r doc "
        .. "plugin %s/ && "
      .. "make -s nvim NVIM_OUT=build/5.1 NVIM_DIR=%s/lua/b24 && echo made"):format(nvim.root(),
      dir, dir, dir, dir, dir))
    local r = session("installed", { root = dir, env = { LUA_CPATH = false } })
    data.remove_folder(dir)
    assert.truthy(made:find "made\n$", made)
    assert.same({ "module", true }, { r.engine, r.from_folder })
    assert.same({ "b24.txt", true }, { r.help, r.tags })
  end)
end)
