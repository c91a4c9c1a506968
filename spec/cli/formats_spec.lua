-- b24 on the command line: what it prints, byte by byte, and its exit codes.
-- One Lua of each kind: processes.

local cjson = require "cjson"
local command = require "spec.support.command"
local process = require "spec.support.process"

describe("b24", function()
  local portal, home, run_dir
  command.scene({ setup = setup, teardown = teardown, before_each = before_each },
    function(...) portal, home, run_dir = ... end)

  local function run(arguments, env, opts)
    local all = { HOME = home, B24_RUNTIME_DIR = run_dir, B24_WEBHOOK = portal.http_webhook }
    for name, value in pairs(env or {}) do all[name] = value end
    opts = opts or {}
    opts.env = all
    return command.run(arguments, opts)
  end

  local function fault(kind, more)
    local arguments = { kind = kind, times = -1 }
    for name, value in pairs(more or {}) do arguments[name] = value end
    portal:control("fault", arguments)
  end

  local function answer(body, status)
    portal:control("reply", { body = cjson.encode(body), status = status, times = -1 })
  end

  describe("as a table", function()
    local TABLE = [[
DIALOG   NAME                    UNREAD  WAITING
1        User 1                       3  5 min
5        Иван Smith                   1  10 min
chat18   Project 18                   1  15 min
chat24   Project 24                   2  20 min
chat44   Visitor - Open line 44       1  25 min
chat901  Task 901                     2  30 min

14 = 2 tasks + 4 notifications + 8 messages
1 of the messages is in open lines
1 muted dialog is not in it
8 messages are waiting; longest, for 25 min: Visitor - Open line 44.
]]
    -- Between the portal's minutes and ours a second may pass.
    local function timeless(s) return (s:gsub("%d+ min", "N min")) end

    it("names who waits and explains the number", function()
      for _, arguments in ipairs { {}, { "counters" } } do
        local status, out, err = run(arguments)
        assert.same({ 0, timeless(TABLE), "" }, { status, timeless(out), err })
      end
    end)

    it("is an answer too when nothing is unread", function()
      local user = portal:control("account", { user_id = 7 })
      assert.same({ 0, "No message is waiting.\n", "" },
        { run({}, { B24_WEBHOOK = user.http_webhook }) })
    end)

    it("shows nothing that could steer a terminal", function()
      portal:control("dialog", { dialog_id = "chat18", title = "A\27[2Jb\194\155c\226\128\174d" })
      local status, out = run {}
      assert.equal(0, status)
      assert.truthy(out:find("chat18   A [2Jb cd ", 1, true), out)
      assert.is_nil(out:find "[\1-\9\11-\31\127]")
    end)
  end)

  it("--json is one line: counters, totals, info; empty maps are {}", function()
    local status, out, err = run { "--json" }
    assert.same({ 0, "" }, { status, err })
    assert.equal(1, select(2, out:gsub("\n", "")))
    local answered = cjson.decode(out)
    assert.same({ messages = 8, tasks = 2, notifications = 4, lines = 1, all = 14,
      saturated = false }, answered.totals)
    assert.equal(2, answered.counters.CHAT["24"])
    assert.equal("im.counters.get", answered.info.method)
    assert.equal(1, answered.info.attempts)
    assert.equal('{"counters":{"CHANNEL_COMMENT":{},"CHAT":{"18":1,"24":2},"CHAT_MUTED":{"30":7},'
      .. '"CHAT_UNREAD":[],'
      .. '"COLLAB":{},"COLLAB_UNREAD":[],"COPILOT":{},"COPILOT_UNREAD":[],"DIALOG":{"1":3,"5":1},'
      .. '"DIALOG_UNREAD":[],"LINES":{"44":1},"TASKS_TASK":{"901":2},"TASKS_TASK_UNREAD":[],'
      .. '"TYPE":{"ALL":14,"CHAT":3,"COLLAB":0,"COPILOT":0,"DIALOG":4,"LINES":1,"MESSENGER":10,'
      .. '"NOTIFY":4,'
      .. '"TASKS_TASK":2}}', out:match '^(.*),"info":')
  end)

  it("--format fills a template", function()
    assert.same({ 0, "8 new, 2/4/1/14 in 6, 8 {x} 0\n", "" }, { run { "--format",
      "{messages} new, {tasks}/{notifications}/{lines}/{all} in {dialogs}, {badge} {{x} "
        .. "{age}{stale}" } })
  end)

  it("--format says that a number is unknown, not that it is 0", function()
    answer { result = { TYPE = { ALL = 5 } } }
    assert.same({ 0, "? of 5\n", "" }, { run { "--format", "{tasks} of {all}" } })
  end)

  describe("for waybar", function()
    -- of waybar-custom(5)
    local FIELDS = { text = true, alt = true, tooltip = true, class = true, percentage = true }

    local function bar(env)
      local status, out, err = run({ "--format", "waybar" }, env)
      assert.equal(0, status)
      for name in pairs(cjson.decode(out)) do assert.is_true(FIELDS[name], name) end
      return out, err
    end

    it("is the badge and the reason", function()
      assert.equal('{"alt":"unread","class":"unread","text":"8","tooltip":"14 = 2 tasks + 4 '
        .. 'notifications + 8 messages'
        .. '\\u000a1 of the messages is in open lines\\u000a1 muted dialog is not in it"}\n',
        (bar()))
    end)

    it("is empty at 0", function()
      local user = portal:control("account", { user_id = 7 })
      assert.equal('{"alt":"none","class":"none","text":"","tooltip":"0"}\n',
        (bar { B24_WEBHOOK = user.http_webhook }))
    end)

    it("shows an error, and exits with 0", function()
      local out, err = bar { B24_WEBHOOK = "http://127.0.0.1:1/rest/1/x/" }
      assert.truthy(out:find('{"alt":"error","class":"error","text":"?","tooltip":"b24: '
        .. 'CONNECTION_REFUSED', 1, true), out)
      assert.truthy(err:find("b24: CONNECTION_REFUSED", 1, true))
      answer({ error = "X", error_description = "a < b & c" }, 400)
      assert.truthy((bar()):find("a &lt; b &amp; c", 1, true), (bar()))
      assert.truthy(bar { B24_WEBHOOK = false }:find('"class":"error"', 1, true))
    end)
  end)

  it("for tmux is the badge, empty at 0, ? without an answer; always 0", function()
    local user = portal:control("account", { user_id = 7 })
    assert.same({ 0, "8\n", "" }, { run { "--format", "tmux" } })
    assert.same({ 0, "\n", "" },
      { run({ "--format", "tmux" }, { B24_WEBHOOK = user.http_webhook }) })
    local status, out, err = run({ "--format", "tmux" }, { B24_WEBHOOK = false })
    assert.same({ 0, "?\n" }, { status, out })
    assert.truthy(err:find("Run: b24 login", 1, true), err)
  end)

  it("is what a real tmux shows in its status line", function()
    local found = os.execute "command -v tmux >/dev/null 2>&1"
    if found ~= 0 and found ~= true then return pending "no tmux" end
    local words = command.words({ "--format", "tmux" }, { HOME = home, B24_RUNTIME_DIR = run_dir,
      B24_WEBHOOK = portal.http_webhook })
    process.write(home .. "/bar.sh", words)
    process.write(home .. "/tmux.conf",
      ("set -g status-interval 1\nset -g status-right 'b24[#(sh %s/bar.sh)]'\n"):format(home))
    -- Two servers: the inner one has the bar, the outer one is the terminal whose screen is read.
    local tmux = "unset TMUX LD_PRELOAD; TERM=screen LC_ALL=C.UTF-8 tmux -S " .. home
    os.execute(("%s/outer -f /dev/null new -d -x 100 -y 10 'unset TMUX; tmux -S %s/inner -f "
      .. "%s/tmux.conf new sleep 300'")
      :format(tmux, home, home))
    local screen
    local shown = process.eventually(10, function()
      os.execute(("%s/outer capture-pane -p >%s/screen 2>/dev/null"):format(tmux, home))
      screen = process.read(home .. "/screen")
      return screen:find("b24[8]", 1, true)
    end)
    os.execute(("{ %s/inner kill-server; %s/outer kill-server; } 2>/dev/null"):format(tmux, tmux))
    assert.is_true(shown, screen)
  end)

  describe("for Prometheus", function()
    local METRICS = [[
# HELP b24_up Whether the portal answered: 1 or 0.
# TYPE b24_up gauge
b24_up 1
# HELP b24_unread Unread, by kind; lines are part of messages, all is the portal's own sum.
# TYPE b24_unread gauge
b24_unread{kind="messages"} 8
b24_unread{kind="tasks"} 2
b24_unread{kind="notifications"} 4
b24_unread{kind="lines"} 1
b24_unread{kind="all"} 14
# HELP b24_saturated Whether a chat is at the portal's cap, so that the numbers are lower bounds.
# TYPE b24_saturated gauge
b24_saturated 0
# HELP b24_answer_age_seconds Age of these numbers.
# TYPE b24_answer_age_seconds gauge
b24_answer_age_seconds 0
]]
    it("is metrics", function()
      assert.same({ 0, METRICS, "" }, { run { "--format", "prometheus" } })
      fault("html", { status = 502 })
      local status, out = run({ "--format", "prometheus" })
      assert.same({ 1, METRICS:match "^(.-)1\n" .. "0\n" }, { status, out })
    end)

    it("that promtool accepts", function()
      local found = os.execute "command -v promtool >/dev/null 2>&1"
      if found ~= 0 and found ~= true then
        return pending "no promtool (Debian package prometheus)"
      end
      local status, out, err = run({ "--format", "prometheus" }, nil,
        { pipe = "promtool check metrics 2>&1; echo \"status $?\"" })
      assert.same({ 0, "status 0\n", "" }, { status, out, err })
    end)
  end)

  it("for Nagios has states of its own, and perfdata", function()
    local perfdata = "|messages=8;%s;%s;0 tasks=2;;;0 notifications=4;;;0 lines=1;;;0 all=14;;;0\n"
    local function expect(status, text, ...)
      local code, out = run { "--format", "nagios", ... }
      assert.same({ status, text }, { code, out })
    end
    expect(0, "B24 OK - 8 unread messages" .. perfdata:format("", ""))
    expect(0, "B24 OK - 8 unread messages" .. perfdata:format(8, 20), "--warn", "8", "--crit", "20")
    expect(1, "B24 WARNING - 8 unread messages" .. perfdata:format(7, 8), "--warn", "7",
      "--crit", "8")
    expect(2, "B24 CRITICAL - 8 unread messages" .. perfdata:format(0, 7), "--warn", "0",
      "--crit", "7")
    answer { result = { TYPE = { ALL = 5 } } }
    expect(3, "B24 UNKNOWN - the portal did not report the number of messages|all=5;;;0\n",
      "--warn", "7")
    portal:control "clear_faults"
    answer({ error = "X", error_description = "a|b" }, 400)
    expect(3, "B24 UNKNOWN - b24: X: a b (HTTP 400)\n")
  end)

  describe("exits with", function()
    local function expect(status, pattern, env, ...)
      local code, out, err = run({ "--json", ... }, env)
      assert.equal(status, code)
      assert.truthy(out:find '^{"error":{"code":"[%w_]+",[^\n]*}}\n$', out)
      assert.truthy(err:find(pattern, 1, true), err)
      assert.equal(2, select(2, err:gsub("\n", "")), err) -- what happened, and what to do next
    end

    it("1 for an error of the portal", function()
      answer({ error = "ERROR_CORE", error_description = "x" }, 500)
      expect(1, "b24: ERROR_CORE: ")
    end)
    it("1 for what is no portal", function()
      fault("html", { status = 200 })
      expect(1, "b24: NOT_JSON")
    end)
    it("2 without a webhook", function() expect(2, "Run: b24 login", { B24_WEBHOOK = false }) end)
    it("2 for a webhook that cannot be one", function()
      expect(2, "(in B24_WEBHOOK)", { B24_WEBHOOK = "https://x/" })
    end)
    it("2 for wrong usage", function()
      expect(2, "unknown option '--no-such'", nil, "--no-such")
      expect(2, "can not be used together", nil, "--format", "{new}")
      assert.equal(2, (run { "--format", "{new}" }))
      local status, out, err = run { "https://x/rest/1/verySecret/" }
      assert.same({ 2, "" }, { status, out })
      assert.is_nil(err:find("verySecret", 1, true), err)
    end)
    it("3 for a wrong credential", function()
      expect(3, "b24: INVALID_CREDENTIALS",
        { B24_WEBHOOK = portal.http_webhook:gsub(portal.secret, "wrongSecret") })
    end)
    it("3 for a missing scope", function()
      portal:control("account", { user_id = 1, scope = { "crm" } })
      expect(3, "b24: insufficient_scope")
    end)
    it("4 for a limit", function()
      answer({ error = "QUERY_LIMIT_EXCEEDED", error_description = "x" }, 503)
      expect(4, "b24: QUERY_LIMIT_EXCEEDED")
    end)
    it("5 for a timeout", function()
      fault "silent"
      expect(5, "b24: TIMEOUT", nil, "--timeout", "1")
      portal:control "clear_faults"
    end)
    it("5 for the network and for TLS", function()
      expect(5, "b24: CONNECTION_REFUSED", { B24_WEBHOOK = "http://127.0.0.1:1/rest/1/x/" })
      expect(5, "b24: CERTIFICATE_UNTRUSTED",
        { B24_WEBHOOK = portal:webhook_for(portal.untrusted_port) })
    end)
  end)

  it("fails when its output does not fit", function()
    if not process.read "/proc/self/status" then return pending "no /dev/full" end
    for _, arguments in ipairs { {}, { "--json" }, { "--help" }, { "--format", "tmux" },
        { "completion", "bash" } } do
      local status, _, err = run(arguments, nil, { stdout = "/dev/full" })
      assert.equal(2, status)
      assert.truthy(err:find("b24: standard output cannot be written: ", 1, true), err)
    end
  end)

  it("colours only a terminal", function()
    if os.execute "script -qec true /dev/null >/dev/null 2>&1" ~= (_VERSION == "Lua 5.1"
        and 0 or true)
      and not pcall(require, "jit") then return pending "no program `script`" end
    local function typed(env)
      local dir = command.home()
      local words = command.words({}, { HOME = home, B24_RUNTIME_DIR = run_dir, TERM = "xterm",
        B24_WEBHOOK = portal.http_webhook, NO_COLOR = env })
      process.write(dir .. "/run.sh", words)
      os.execute(("script -qec 'sh %s/run.sh' /dev/null >%s/out </dev/null"):format(dir, dir))
      local out = process.read(dir .. "/out")
      command.remove(dir)
      return out
    end
    local bold = "^\27%[1m8 messages are waiting; .*\27%[0m$"
    local function last(shown) return shown:match "([^\r\n]*)\r?\n$" end
    assert.truthy(last(typed(false)):find(bold))
    assert.truthy(last(typed "1"):find "^8 messages are waiting; .*%.$")
    assert.truthy(last(typed ""):find(bold))
  end)

  it("helps", function()
    local status, out, err = run { "--help" }
    assert.same({ 0, "" }, { status, err })
    for _, word in ipairs { "counters", "inbox", "waiting", "show", "send", "mark%-read", "call",
        "list", "login", "doctor", "completion", "Exit codes: " } do
      assert.truthy(out:find(word), word)
    end
    assert.truthy(select(2, run { "send", "--help" }):find("Usage: b24 send", 1, true))
    assert.same({ 0, "b24 " .. require("b24")._VERSION .. "\n", "" }, { run { "--version" } })
  end)
end)
