-- b24 send, show, mark-read, inbox: what people see is true, and alerts arrive.
-- One Lua of each kind: processes.

local cjson = require "cjson"
local command = require "spec.support.command"

local ODD = { "null", "false", "0", '""', "[]", "{}", '"text"', "-1" }

describe("b24", function()
  local portal, home, run_dir
  command.scene({ setup = setup, teardown = teardown, before_each = before_each },
    function(...) portal, home, run_dir = ... end)

  local function b24(arguments, opts)
    opts = opts or {}
    opts.env = { HOME = home, B24_RUNTIME_DIR = run_dir, B24_WEBHOOK = portal.http_webhook }
    return command.run(arguments, opts)
  end

  local function sent()
    local texts = {}
    for _, entry in ipairs(portal:log()) do
      if entry.method == "im.message.add" then
        texts[#texts + 1] = cjson.decode(entry.body).MESSAGE
      end
    end
    return texts
  end

  for _, case in ipairs {
    { "im.message.add", { "send", "chat18", "x" }, "BAD_RESULT" },
    { "im.dialog.messages.get", { "show", "chat18" }, "BAD_RESULT" },
    { "im.dialog.read", { "mark-read", "notify" }, "BAD_RESULT" },
    { "batch", { "mark-read", "all" }, "NO_BATCH" },
    { "batch", { "inbox" }, "NO_BATCH" },
  } do
    it(case[2][1] .. " says so when " .. case[1] .. " answers something else", function()
      for _, result in ipairs(ODD) do
        portal:control("reply", { method = case[1], body = '{"result":' .. result .. "}" })
        local status, out, err = b24(case[2])
        assert.same({ 1, "" }, { status, out }, result)
        assert.truthy(err:find("b24: " .. case[3], 1, true), err)
        assert.is_nil(err:find("traceback", 1, true))
      end
    end)
  end

  describe("send", function()
    it("sends what can be read of a log", function()
      local log =
        "\239\187\191\27[1;31mERROR:\27[0m r\233sum\233.txt\0\r\n 10%\r 50%\r100%\r\ncut \208\n"
      assert.same({ 0, "", "" }, { b24({ "send", "chat18", "-" }, { input = log }) })
      assert.same({ "ERROR: r\239\191\189sum\239\191\189.txt\n100%\ncut \239\191\189" }, sent())
    end)

    it("sends nothing when nothing is left of it", function()
      for _, input in ipairs { "\27[0m\n", "\239\187\191", "\0\0", "\r\n" } do
        assert.equal(2, (b24({ "send", "chat18", "-" }, { input = input })))
        assert.same({ 0, "", "" },
          { b24({ "send", "chat18", "-", "--if-input" }, { input = input }) })
      end
      local status, _, err = b24 { "send", "chat18", "\27[0m" }
      assert.equal(2, status)
      assert.truthy(err:find("EMPTY_TEXT", 1, true), err)
      assert.same({}, sent())
    end)

    local log = ("a line of a log\n"):rep(2000)

    it("splits what the portal would cut", function()
      local status, out = b24({ "send", "chat18", "-", "--json" }, { input = log })
      assert.equal(0, status)
      local answer = cjson.decode(out)
      assert.same({ 2, answer.id }, { #answer.ids, answer.ids[1] })
      local texts = sent()
      assert.same({ "(1/2)\na line", "(2/2)\na line" },
        { texts[1]:sub(1, 12), texts[2]:sub(1, 12) })
    end)

    it("refuses it with --once", function()
      local status, _, err = b24({ "send", "chat18", "-", "--once" }, { input = log })
      assert.equal(2, status)
      assert.truthy(err:find("TEXT_TOO_LONG", 1, true), err)
      assert.same({}, sent())
    end)

    it("says how many parts arrived", function()
      portal:control("reply", { method = "im.message.add", status = 403,
        body = '{"error":"ACCESS_ERROR","error_description":"no"}' })
      local status, out, err = b24({ "send", "chat18", "-" }, { input = log })
      assert.is_true(status ~= 0)
      assert.equal("", out)
      assert.truthy(err:find("(0 of 2 parts arrived)", 1, true), err)
      assert.equal(1, #sent())
    end)
  end)

  it("show shows what people see of messages", function()
    portal:control("message", { dialog_id = "chat18", author_id = 5,
      text = "[B]See[/B] [URL=https://a.example/x]the log[/URL][br]>>quoted" })
    portal:control("message", { dialog_id = "chat18", author_id = 5, text = "",
      params = '{"FILE_ID":[9]}',
      files = '{"id":9,"name":"con\\u009btract\\u202e.pdf","type":"file","size":122880}' })
    local status, out = b24 { "show", "chat18", "--limit", "2" }
    assert.equal(0, status)
    assert.truthy(out:find(": See the log (https://a.example/x)\n      > quoted\n", 1, true), out)
    assert.truthy(out:find(": [con tract.pdf, 120 KB]\n", 1, true), out)
    local _, json = b24 { "show", "chat18", "--limit", "1", "--json" }
    local m = cjson.decode(json)
    assert.equal("con\194\155tract\226\128\174.pdf", m.files[1].name)
    assert.is_nil(json:find "\194\155" or json:find "\226\128\174")
    portal:control("reply", { method = "im.dialog.messages.get",
      body = [[{"result":{"messages":[{"id":5,"author_id":503,"text":"x"}],"users":[]}}]] })
    portal:control("reply", { method = "im.user.list.get", body = '{"result":[]}' })
    assert.equal("  user 503: x\n", (select(2, b24 { "show", "chat18" })))
  end)

  it("no JSON has what could steer a terminal", function()
    local odd = "A\194\155B\194\133C\226\128\174D\226\129\166E\216\156F\226\128\168G\127H"
    portal:control("message", { dialog_id = "chat18", author_id = 5, text = odd })
    portal:control("dialog", { dialog_id = "chat18", title = odd })
    for _, arguments in ipairs { { "show", "chat18", "--json" }, { "inbox", "--json" },
      { "waiting", "--over", "1s", "--json" }, { "list", "im.recent.list", "--json" },
      { "call", "im.dialog.messages.get", "DIALOG_ID=chat18" } } do
      local status, out = b24(arguments)
      assert.is_true(status == 0 or arguments[1] == "waiting", arguments[1])
      for _, bytes in ipairs { "\194[\128-\159]", "\226\128[\142\143\168-\174]",
        "\226\129[\166-\169]", "\216\156", "\127" } do
        assert.is_nil(out:find(bytes), arguments[1])
      end
    end
  end)
end)
