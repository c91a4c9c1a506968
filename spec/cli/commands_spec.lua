-- b24's commands: inbox, waiting, show, send, mark-read, call, list.
-- One Lua of each kind: processes.

local cjson = require "cjson"
local command = require "spec.support.command"
local process = require "spec.support.process"

describe("b24", function()
  local portal, home, run_dir
  command.scene({ setup = setup, teardown = teardown, before_each = before_each },
    function(...) portal, home, run_dir = ... end)

  local function b24(arguments, opts)
    opts = opts or {}
    opts.env = { HOME = home, B24_RUNTIME_DIR = run_dir, B24_WEBHOOK = portal.http_webhook }
    return command.run(arguments, opts)
  end

  it("says which argparse it needs", function()
    os.execute("mkdir -p " .. home .. "/old")
    local env = { HOME = home, LUA_PATH = home .. "/old/?.lua;;" }
    for source, found in pairs {
      ['return setmetatable({ version = "0.6.0" }, { __call = error })'] = "0.6.0 is installed",
      ["return function() end"] = "an older one is installed", -- before 0.6 it told nobody
    } do
      process.write(home .. "/old/argparse.lua", source)
      local status, out, err = command.run({ "--version" }, { env = env })
      assert.same({ 2, "" }, { status, out })
      assert.truthy(err:find("argparse 0.7 or later; " .. found, 1, true), err)
      assert.falsy(err:find "traceback")
    end
    process.write(home .. "/old/argparse.lua", 'error "broken"')
    local _, _, err = command.run({ "--version" }, { env = env })
    assert.truthy(err:find("needs argparse for Lua", 1, true), err)
  end)

  -- The JSON objects of an output's lines.
  local function objects(out)
    local list = {}
    for line in out:gmatch "[^\n]+" do list[#list + 1] = cjson.decode(line) end
    return list
  end

  local function requests(method)
    local bodies = {}
    for _, entry in ipairs(portal:log()) do
      if entry.method == method then bodies[#bodies + 1] = cjson.decode(entry.body) end
    end
    return bodies
  end

  it("inbox lists who waits, with the last message", function()
    portal:control("message", { dialog_id = "chat24", text = "Is it\ndone?", author_id = 5 })
    local status, out, err = b24 { "inbox" }
    assert.same({ 0, "" }, { status, err })
    assert.truthy(out:find("^DIALOG +NAME +UNREAD  WAITING  LAST MESSAGE\n"), out)
    assert.truthy(out:find("\nchat24 +Project 24 +3  %d+ min +Is it done%?\n"), out)
    assert.is_nil(out:find "chat30") -- muted
    local list = objects(select(2, b24 { "inbox", "--json", "--section", "LINES" }))
    assert.equal(1, #list)
    assert.equal("chat44", list[1].dialog_id)
    local code, _, complaint = b24 { "inbox", "--section", "NONE" }
    assert.equal(2, code)
    assert.truthy(complaint:find("--section must be one of", 1, true), complaint)
  end)

  it("waiting tells who waits too long, and is silent otherwise", function()
    assert.same({ 0, "", "" }, { b24 { "waiting", "--over", "1h" } })
    local status, out, err = b24 { "waiting", "--over", "19m" }
    assert.same({ 0, "Project 24: 2 unread, N min\nVisitor - Open line 44: 1 unread, N min\nTask "
      .. "901: 2 unread, N min\n", "" }, { status, (out:gsub("%d+ min", "N min")), err })
    assert.equal("chat44", objects(select(2, b24 { "waiting", "--lines", "--json" }))[1].dialog_id)
    assert.equal(2, (b24 { "waiting", "--over", "soon" }))
  end)

  it("show prints messages and marks nothing", function()
    portal:control("message", { dialog_id = "chat24", text = "Is it\ndone?\27[2J", author_id = 5 })
    local status, out, err = b24 { "show", "chat24", "--unread" }
    assert.same({ 0, "" }, { status, err })
    assert.truthy(out:find("\n%* %d%d%d%d%-%d%d%-%d%d %d%d:%d%d  Иван Smith: Is it\n"
      .. "      done%? %[2J\n$"), out)
    assert.equal(3, #objects(select(2, b24 { "show", "chat24", "--unread", "--json" })))
    assert.equal(1, #objects(select(2, b24 { "show", "chat24", "--limit", "1", "--json" })))
    assert.equal(2, (b24 { "show", "nobody" }))
    assert.equal(2, (b24 { "show", "chat24", "--limit", "0" }))
  end)

  it("send takes the text from its arguments or a pipe", function()
    assert.same({ 0, "", "" }, { b24 { "send", "chat18", "On my way [B]!" } })
    assert.same({ 0, "", "" }, { b24({ "send", "chat18", "-" }, { input = "two\nlines\n\n" }) })
    local status, out = b24 { "send", "5", "--json", "--bb", "[B]x[/B]" }
    assert.equal(0, status)
    assert.is_true(cjson.decode(out).id > 0)
    local sent = requests "im.message.add"
    assert.equal(3, #sent)
    assert.truthy(sent[1].MESSAGE:find "^On my way ")
    assert.is_nil(sent[1].MESSAGE:find("[B]", 1, true))
    assert.equal("two\nlines", sent[2].MESSAGE)
    assert.same({ "5", "[B]x[/B]" }, { sent[3].DIALOG_ID, sent[3].MESSAGE })
  end)

  it("send sends nothing without input", function()
    assert.equal(2, (b24 { "send", "chat18", "-" }))
    assert.same({ 0, "", "" }, { b24({ "send", "chat18", "-", "--if-input" }, { input = " \n" }) })
    assert.same({}, requests "im.message.add")
  end)

  it("send warns when a message may have arrived", function()
    portal:control("fault", { kind = "execute_then_cut", method = "im.message.add" })
    local status, out, err = b24 { "send", "chat18", "once" }
    assert.same({ 5, "" }, { status, out })
    assert.truthy(err:find("The message may have arrived anyway", 1, true), err)
    assert.equal(1, #requests "im.message.add")
  end)

  it("mark-read clears a dialog, or everything", function()
    assert.same({ 0, "", "" }, { b24 { "mark-read", "chat18" } })
    assert.equal("7\n", (select(2, b24 { "--format", "{badge}" })))
    assert.same({ 0, "", "" }, { b24 { "mark-read", "all" } })
    assert.equal("0 0\n", (select(2, b24 { "--format", "{messages} {notifications}" })))
    assert.equal(1, (b24 { "mark-read", "chat999" }))
  end)

  describe("call", function()
    local function echo(arguments, opts)
      local list = { "call", "b24test.echo" }
      for _, argument in ipairs(arguments) do list[#list + 1] = argument end
      local status, out, err = b24(list, opts)
      assert.same({ 0, "" }, { status, err })
      return out
    end

    it("sends parameters as the REST documentation writes them", function()
      assert.equal('{"a":"x=y","filter":{">=ID":"5","NAME":"Ann"},"n":[1,true],"select":["ID",'
        .. '"NAME"]}\n', echo {
        "a=x=y", "filter[>=ID]=5", "filter[NAME]=Ann", "n:=[1,true]", "select[]=ID",
        "select[]=NAME" })
    end)

    it("reads them from a file or a pipe", function()
      process.write(home .. "/params", '{"a":1,"b":{"c":"d"}}')
      assert.equal('{"a":1,"b":{"c":"e"}}\n', echo { "--params", home .. "/params", "b[c]=e" })
      assert.equal('{"x":[1]}\n', echo({ "--params", "-" }, { input = '{"x":[1]}' }))
    end)

    it("says what is no parameter", function()
      for _, argument in ipairs { "x", "=1", "a[b=1", "a:={", "a[b]c=1" } do
        local status, out, err = b24 { "call", "b24test.echo", argument }
        assert.same({ 2, "" }, { status, out }, argument)
        assert.truthy(err:find(argument, 1, true), err)
      end
      assert.equal(2, (b24({ "call", "x.y", "--params", "-" }, { input = "[1]" })))
      assert.equal(2, (b24 { "call", "x.y", "--params", "/no/such/file" }))
      assert.equal(2, (b24 { "call", "x.y", "a=1", "a[b]=2" }))
      assert.equal(0, #portal:log())
    end)

    it("tells an unknown method from a known one", function()
      local status, out, err = b24 { "call", "user.curent" }
      assert.same({ 1, "" }, { status, out })
      assert.truthy(err:find("user.current", 1, true), err)
      status, out, err = b24 { "call", portal.http_webhook .. "profile" }
      assert.same({ 2, "" }, { status, out })
      assert.is_nil(err:find(portal.secret, 1, true), err)
    end)
  end)

  describe("list", function()
    it("prints all rows as lines of JSON", function()
      local status, out, err = b24 { "list", "crm.deal.list", "filter[>ID]=100", "select[]=ID" }
      assert.same({ 0, "" }, { status, err })
      local rows = objects(out)
      assert.same({ "101", "120" }, { rows[1].ID, rows[#rows].ID })
      assert.equal(20, #rows)
      assert.equal(7, #objects(select(2, b24 { "list", "crm.deal.list", "--max", "7" })))
    end)

    it("asks for many pages at once", function()
      portal:control("settings", { deals = 2500 })
      portal:control "log_clear"
      local rows = objects(select(2, b24 { "list", "crm.deal.list", "order[ID]=DESC" }))
      assert.same({ 2500, "2500", "1" }, { #rows, rows[1].ID, rows[2500].ID })
      assert.equal(2, #portal:log())
    end)

    it("ends when nobody reads on", function()
      portal:control("settings", { deals = 20000 })
      local before = #portal:log()
      local _, out, err = b24({ "list", "crm.deal.list" }, { pipe = "head -n 1" })
      assert.equal(1, #objects(out))
      assert.equal("", err)
      assert.is_true(#portal:log() - before < 20, "it went on")
      _, out, err = b24({ "list", "crm.deal.list" }, { pipe = "true" })
      assert.same({ "", "" }, { out, err })
    end)

    it("ends in good order when a closed pipe is no signal", function()
      portal:control("settings", { deals = 20000 })
      local status, _, err = b24({ "list", "crm.deal.list" },
        { pipe = "head -n 1", before = "trap '' PIPE; " })
      assert.same({ 0, "" }, { status, err })
    end)

    it("fails when its output does not fit, and when a page fails", function()
      if not process.read "/proc/self/status" then return pending "no /dev/full" end
      local status, _, err = b24({ "list", "crm.deal.list" }, { stdout = "/dev/full" })
      assert.equal(2, status)
      assert.truthy(err:find("standard output cannot be written", 1, true), err)
      portal:control("reply", { method = "crm.deal.list", status = 400,
        body = '{"error":"X","error_description":"y"}' })
      assert.equal(1, (b24 { "list", "crm.deal.list" }))
    end)
  end)

  it("ends at Ctrl-C with 130 and without a word", function()
    portal:control("fault", { kind = "silent", method = "im.counters.get" })
    local child = command.start({ "--json" }, { env = { HOME = home, B24_RUNTIME_DIR = run_dir,
      B24_WEBHOOK = portal.http_webhook } })
    assert.is_true(process.eventually(5, function() return #portal:log() > 0 end))
    child:kill(2)
    assert.same({ 130, "" }, { child:wait() })
    portal:control "clear_faults"
  end)

  it("shows nothing of a portal's words that could steer a terminal", function()
    portal:control("reply",
      { status = 400, body = '{"error":"X","error_description":"a\\u001b[2Jb"}' })
    local status, _, err = b24 { "call", "profile" }
    assert.equal(1, status)
    assert.truthy(err:find("b24: X: a", 1, true))
    assert.is_nil(err:find "\27")
  end)
end)
