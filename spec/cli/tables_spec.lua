-- b24 inbox, show, call at a terminal: tables that fit it, colours, the pager; orders, limits and
-- templates.
-- One Lua of each kind: processes.

local codec = require "b24.codec"
local command = require "spec.support.command"
local process = require "spec.support.process"
local terminal = require "spec.support.terminal"

describe("at a terminal", function()
  if not terminal.exists() then return pending "no program `script`" end
  local portal, home, run_dir
  command.scene({ setup = setup, teardown = teardown, before_each = before_each },
    function(...) portal, home, run_dir = ... end)

  local LONG = ("Пожалуйста, посмотрите счёт 请看发票 👍 "):rep(5)

  local function env(more)
    local all = { HOME = home, B24_RUNTIME_DIR = run_dir, B24_WEBHOOK = portal.http_webhook,
      TERM = "xterm", NO_COLOR = "1", B24_PAGER = "" }
    for name, value in pairs(more or {}) do all[name] = value end
    return all
  end

  local function typed(arguments, opts)
    opts = opts or {}
    return terminal.run(arguments, { env = env(opts.env), columns = opts.columns,
      lines = opts.lines, keep = opts.keep })
  end

  local function b24(...)
    return command.run({ ... }, { env = env() })
  end

  local function widest(shown)
    local most = 0
    for line in shown:gmatch "[^\n]+" do most = math.max(most, codec.columns(line)) end
    return most
  end

  describe("a table", function()
    before_each(function()
      portal:control("dialog", { dialog_id = "chat18",
        title = "Отдел продаж 销售部门 и все остальные коллеги" })
      portal:control("message", { dialog_id = "chat18", author_id = 5, text = LONG })
      portal:control("message", { dialog_id = "5", author_id = 5, text = "e\204\129 short" })
    end)

    it("fits 80 and 120 columns and any other number, in Cyrillic, Chinese and emoji", function()
      for _, columns in ipairs { 40, 60, 80, 120, 200 } do
        local shown = typed({ "inbox" }, { columns = columns })
        local list = shown:match "^(DIALOG.-)\n\n"
        assert.is_true(widest(list) <= columns, ("%d in %d:\n%s"):format(widest(list), columns,
          list))
        assert.equal(7, select(2, list:gsub("[^\n]+", "")), list)
      end
    end)

    it("shortens names before texts", function()
      local at = { typed({ "inbox" }, { columns = 80 }), typed({ "inbox" }, { columns = 200 }) }
      assert.truthy(at[1]:find("Отдел продаж 销…", 1, true), at[1])
      assert.truthy(at[2]:find("Отдел продаж 销售部门 и все остальные коллеги ", 1, true), at[2])
      assert.truthy(at[1]:find "Пожалуйста, посмотрите счёт[^\n]*…\n", at[1])
    end)

    it("is whole in a pipe", function()
      local _, out = b24 "inbox"
      assert.truthy(out:find("и все остальные коллеги", 1, true))
      assert.truthy(out:find(LONG:match "^(.-) *$", 1, true), out)
    end)

    it("has aligned columns, whatever the width of the characters", function()
      local shown, places = typed({ "inbox" }, { columns = 120 }), {}
      for line in shown:match "^(DIALOG.-)\n\n":gmatch "[^\n]+" do
        local before = line:match "^(.-)%d+ min" or line:match "^(.-)%d+ s " or
          line:match "^(.-)WAITING"
        places[codec.columns(before)] = line
      end
      local first = next(places)
      assert.is_nil(next(places, first), shown)
    end)
  end)

  it("shows the summary last, and nothing but one line when nobody waits", function()
    local last = "\n8 messages are waiting; longest, for 2%d min: [^\n]*%.\n$"
    assert.truthy(typed { "inbox" }:find(last))
    assert.truthy(typed {}:find(last))
    local user = portal:control("account", { user_id = 7 })
    for _, arguments in ipairs { {}, { "inbox" } } do
      assert.equal("No message is waiting.\n", typed(arguments, { env = {
        B24_WEBHOOK = user.http_webhook } }))
    end
  end)

  it("is styled on terminals only, or as --color says", function()
    local plain = select(2, b24 "inbox")
    local coloured = typed({ "inbox" }, { env = { NO_COLOR = "" } })
    assert.is_nil(plain:find "\27")
    assert.truthy(coloured:find("\27[1mProject 18\27[0m", 1, true), coloured)
    assert.truthy(coloured:find "\27%[33m2%d min\27%[0m", coloured)
    assert.is_nil(typed { "inbox" }:find "\27")
    assert.is_nil(typed({ "--color", "never", "inbox" }, { env = { NO_COLOR = "" } }):find "\27")
    assert.truthy(select(2, b24("--color", "always", "inbox")):find("\27[1m", 1, true))
    local status, _, err = b24("--color", "maybe", "inbox")
    assert.equal(2, status)
    assert.truthy(err:find("--color cannot be 'maybe'; there are: auto, always, never", 1, true))
  end)

  it("sends more than a screen through the pager", function()
    local pager = "sed 's/^/| /'"
    local function paged(lines, more)
      local vars = { B24_PAGER = false, PAGER = pager }
      for name, value in pairs(more or {}) do vars[name] = value end
      return typed({ "inbox" }, { lines = lines, env = vars })
    end
    assert.truthy(paged(5):find "^| DIALOG.*\n| 8 messages are waiting[^\n]*\n$")
    assert.truthy(paged(24):find "^DIALOG")
    assert.truthy(paged(5, { B24_PAGER = "cat" }):find "^DIALOG")
    assert.truthy(paged(5, { PAGER = "no-such-pager" }):find "^DIALOG.*\n8 messages are")
    assert.truthy(paged(5, { PAGER = "head -1" }):find "^DIALOG[^\n]*\n$") -- left early
  end)

  it("shows the longest waiting first, only some, and muted ones when asked", function()
    local function ids(...)
      local _, out = b24("inbox", "--template", "{dialog_id} ", ...)
      return (out:gsub("%s+", " "))
    end
    assert.equal("1 5 chat18 chat24 chat44 chat901 ", ids())
    assert.equal("chat901 chat44 chat24 chat18 5 1 ", ids("--sort", "waiting"))
    assert.equal("chat30 chat901 ", ids("--sort", "waiting", "--limit", "2", "--muted"))
    local _, out = b24("inbox", "--limit", "4")
    assert.truthy(out:find("\nNot shown: 2 more (--limit), 1 muted (--muted).\n", 1, true), out)
    for _, wrong in ipairs { { "--sort", "oldest" }, { "--limit", "0" },
        { "--template", "{who}" } } do
      local status, _, err = b24("inbox", wrong[1], wrong[2])
      assert.equal(2, status)
      assert.truthy(err:find("b24: " .. wrong[1], 1, true), err)
    end
  end)

  it("fills templates with what cannot steer it", function()
    portal:control("message", { dialog_id = "chat18", author_id = 5, text = "a\27[2Jb" })
    local _, out = b24("inbox", "--template", "{{{name}|{unread}|{section}|{last_message}")
    assert.equal("{Project 18|2|CHAT|a [2Jb\n", out:match "^[^\n]*\n")
    _, out = b24("show", "chat18", "--limit", "1", "--template", "{author}: {text} ({unread})")
    assert.equal("Иван Smith: a [2Jb (unread)\n", out)
    _, out = b24("waiting", "--over", "20m", "--lines", "--template", "{name}")
    assert.equal("Visitor - Open line 44\n", out)
  end)

  it("marks unread messages, and leaves out today's date", function()
    -- Where it is noon: so what the portal said some minutes ago, it said today.
    local noon = ("NOON%+d"):format(tonumber(os.date "!%H") - 12)
    local shown = typed({ "show", "chat18", "--limit", "2" }, { env = { TZ = noon } })
    assert.truthy(shown:find "^  %d%d:%d%d  User 1: ", shown)
    assert.truthy(shown:find "\n%* %d%d:%d%d  Aiko Weber: Перезвоните", shown)
    local _, out = b24("show", "chat18", "--limit", "1")
    assert.truthy(out:find "^%* %d%d%d%d%-%d%d%-%d%d %d%d:%d%d  Aiko Weber: ", out)
  end)

  it("indents what a method returns, and says when that is not all", function()
    local said = home .. "/said"
    local shown = typed { "call", "im.counters.get" }
    assert.truthy(shown:find '^{\n  "CHANNEL_COMMENT": %[%],\n  "CHAT": {\n    "18": 1,\n', shown)
    local _, out = b24("call", "im.counters.get")
    assert.truthy(out:find '^{"CHANNEL_COMMENT":%[%],"CHAT":{"18":1,[^\n]*}\n$', out)
    portal:control("reply", { method = "crm.deal.list",
      body = '{"result":[{"ID":"1"},{"ID":"2"}],"next":50,"total":120}' })
    shown = typed { "call", "crm.deal.list" }
    local told = "\nb24: 2 rows of 120; all of them: b24 list crm.deal.list\n"
    assert.truthy(shown:find(told, 1, true), shown)
    portal:control("reply", { method = "crm.deal.list",
      body = '{"result":[{"ID":"1"},{"ID":"2"}],"next":50,"total":120}' })
    typed({ "call", "crm.deal.list" }, { keep = said })
    assert.equal("", process.read(said))
  end)
end)
