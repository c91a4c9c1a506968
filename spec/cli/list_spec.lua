-- b24 list: its formats, and what it tells a terminal.
-- One Lua of each kind: processes.

local cjson = require "cjson"
local command = require "spec.support.command"
local data = require "spec.support.data"
local process = require "spec.support.process"
local terminal = require "spec.support.terminal"

describe("b24 list", function()
  local portal, home, run_dir
  command.scene({ setup = setup, teardown = teardown, before_each = before_each },
    function(...) portal, home, run_dir = ... end)

  local function env()
    return { HOME = home, B24_RUNTIME_DIR = run_dir, B24_WEBHOOK = portal.http_webhook }
  end

  local function b24(...)
    return command.run({ "list", ... }, { env = env() })
  end

  -- The same with a real terminal for standard errors: what that showed. Its output: home/rows, or
  -- the terminal's too.
  local function at_terminal(arguments, shows_rows)
    table.insert(arguments, 1, "list")
    process.write(home .. "/run.sh", command.words(arguments, env())
      .. (shows_rows and "" or " >" .. home .. "/rows") .. "; echo status $?\n")
    return (data.shell(("script -qec 'sh %s/run.sh' /dev/null </dev/null"):format(home)))
  end

  local missing
  if not terminal.exists() then
    missing = "no program `script`"
  end

  local function rows(method, body)
    portal:control("reply", { method = method or "crm.deal.list",
      body = '{"result":' .. body .. ',"total":1}', times = -1 })
  end

  describe("--format", function()
    it("csv has the columns of select[] in their order", function()
      local status, out, err = b24("crm.deal.list", "select[]=TITLE", "select[]=ID", "--format",
        "csv", "--max", "2")
      assert.same({ 0, "TITLE,ID\nDeal 1,1\nDeal 2,2\n", "" }, { status, out, err })
    end)

    it("csv finds a field that is answered under another spelling", function()
      local _, out = b24("tasks.task.list", "select[]=RESPONSIBLE_ID", "select[]=ID", "--format",
        "csv", "--max", "1")
      assert.truthy(out:find "^RESPONSIBLE_ID,ID\n%d,%d+\n$", out)
    end)

    it("csv quotes what has to be, and knows nulls, numbers, lists and objects", function()
      rows(nil, '[{"ID":"1","A":"x,\\"y\\"\\nz","B":null,"C":1.5,"D":[1,2],"E":{"k":true},'
        .. '"F":false,"G":" blank"}]')
      local status, out, err = b24("crm.deal.list", "--format", "csv")
      assert.same({ 0, "" }, { status, err })
      assert.equal('A,B,C,D,E,F,G,ID\n"x,""y""\nz",,1.5,"[1,2]","{""k"":true}",false," blank",1\n',
        out)
    end)

    it("tsv escapes tabs, line ends and backslashes", function()
      rows(nil, [=[[{"ID":"1","A":"a\tb\nc\\d","B":"x, y"}]]=])
      local _, out = b24("crm.deal.list", "select[]=A", "select[]=B", "--format", "tsv")
      assert.equal("A\tB\na\\tb\\nc\\\\d\tx, y\n", out)
    end)

    it("json is one array, lines are the default", function()
      local _, out = b24("crm.deal.list", "--format", "json")
      assert.equal(120, #cjson.decode(out))
      _, out = b24("crm.deal.list", "--format", "json", "--max", "1", "select[]=ID")
      assert.equal('[\n{"ID":"1"}\n]\n', out)
      local _, lines = b24("crm.deal.list", "--max", "3")
      local _, same = b24("crm.deal.list", "--max", "3", "--format", "lines")
      assert.equal(lines, same)
      assert.equal(3, select(2, lines:gsub("\n", "")))
    end)

    it("knows an empty list", function()
      portal:control("settings", { deals = 0 })
      local expected = { lines = "", json = "[]\n", csv = "", tsv = "" }
      for format, text in pairs(expected) do
        assert.same({ 0, text, "" }, { b24("crm.deal.list", "--format", format) }, format)
      end
      local _, out = b24("crm.deal.list", "--format", "csv", "select[]=ID", "select[]=TITLE")
      assert.equal("ID,TITLE\n", out)
    end)

    it("csv of rows that are no objects is one column", function()
      rows(nil, '["a","b"]')
      local _, out = b24("crm.deal.list", "--format", "csv", "order[TITLE]=ASC")
      assert.equal("value\na\nb\n", out)
    end)

    it("csv drops no field that comes late: it ends, and says what to do", function()
      local first = {}
      for i = 1, 50 do first[i] = ('{"ID":"%d"}'):format(i) end
      portal:control("reply", { method = "crm.deal.list", times = 1,
        body = '{"result":[' .. table.concat(first, ",") .. '],"total":51,"next":50}' })
      local status, out, err = b24("crm.deal.list", "--format", "csv")
      assert.equal(1, status)
      assert.truthy(err:find("has the field", 1, true), err)
      assert.truthy(err:find("50 rows were printed: not the whole list.", 1, true), err)
      assert.equal(51, select(2, out:gsub("\n", "")))
    end)

    it("must be one of these", function()
      local status, _, err = b24("crm.deal.list", "--format", "xml")
      assert.equal(2, status)
      assert.truthy(err:find("there are: lines, json, csv, tsv", 1, true), err)
    end)
  end)

  it("reads many pages in one request", function()
    portal:control("settings", { deals = 2000 })
    local status, out = b24("crm.deal.list", "select[]=ID")
    assert.same({ 0, 2000 }, { status, select(2, out:gsub("\n", "")) })
    assert.is_true(#portal:log() < 10, #portal:log())
  end)

  it("that fails says so, and leaves no array that looks whole", function()
    portal:control("settings", { deals = 5000 })
    portal:control("reply", { method = "crm.deal.list", times = 1,
      body = '{"result":[{"ID":"1"}],"total":5000,"next":50}' })
    portal:control("reply", { method = "*", status = 400, times = -1,
      body = '{"error":"X","error_description":"y"}' })
    local status, out, err = b24("crm.deal.list", "--format", "json", "order[TITLE]=ASC")
    assert.equal(1, status)
    assert.truthy(err:find "^b24: X: y %(HTTP 400%)\n.*\n1 row was printed: not the whole list.\n$",
      err)
    assert.is_false(pcall(cjson.decode, out))
  end)

  it("tells a terminal its progress, and at the end whether the list was whole", function()
    if missing then return pending(missing) end
    local shown = at_terminal { "crm.deal.list", "order[TITLE]=ASC" }
    assert.truthy(shown:find "^\r50 of 120 rows, %d+ a second\27%[K", shown)
    assert.truthy(shown:find "\r\27%[K120 rows in %d+ s: the whole list\r\nstatus 0\r\n$", shown)
    assert.equal(120, select(2, process.read(home .. "/rows"):gsub("\n", "")))
  end)

  it("tells a terminal that --max stopped it", function()
    if missing then return pending(missing) end
    local more = "120 rows in %d+ s: stopped by %-%-max, there are more\r\nstatus 0\r\n$"
    portal:control("settings", { deals = 130 })
    assert.truthy(at_terminal { "crm.deal.list", "--max", "120" }:find(more))
    local whole = at_terminal { "crm.deal.list", "--max", "130" }
    assert.truthy(whole:find "130 rows in %d+ s: the whole list\r\nstatus 0\r\n$", whole)
  end)

  it("tells a terminal that a failure ended it, on a line of its own", function()
    if missing then return pending(missing) end
    portal:control("reply", { method = "crm.deal.list", times = 1,
      body = '{"result":[{"ID":"1"}],"total":5000,"next":50}' })
    portal:control("reply", { method = "*", status = 400, times = -1,
      body = '{"error":"X","error_description":"y"}' })
    local shown = at_terminal { "crm.deal.list", "order[TITLE]=ASC" }
    assert.truthy(shown:find("\r\27[Kb24: X: y (HTTP 400)\r\n", 1, true), shown)
    local last = "\n1 row was printed: not the whole list.\r\nstatus 1\r\n"
    assert.truthy(shown:find(last, 1, true), shown)
  end)

  it("draws nothing where the rows are shown, says nothing with --quiet or in a pipe", function()
    if missing then return pending(missing) end
    local shown = at_terminal({ "crm.deal.list", "--max", "60" }, true)
    assert.is_nil(shown:find("a second", 1, true))
    assert.truthy(shown:find "60 rows in %d+ s: stopped by")
    assert.equal("status 0\r\n", at_terminal { "crm.deal.list", "--quiet" })
    assert.equal("", select(3, b24 "crm.deal.list"))
  end)
end)
