-- b24 call with files in its parameters, b24 send --file.
-- One Lua of each kind: processes.

local cjson = require "cjson"
local command = require "spec.support.command"
local data = require "spec.support.data"
local process = require "spec.support.process"
local terminal = require "spec.support.terminal"

describe("b24", function()
  local portal, home, run_dir
  command.scene({ setup = setup, teardown = teardown, before_each = before_each },
    function(...) portal, home, run_dir = ... end)
  setup(function() process.write(home .. "/report.pdf", "content") end)

  local function b24(arguments, opts)
    opts = opts or {}
    opts.env = { HOME = home, B24_RUNTIME_DIR = run_dir, B24_WEBHOOK = portal.http_webhook }
    return command.run(arguments, opts)
  end

  local function asked()
    local list = {}
    for i, entry in ipairs(portal:log()) do
      list[i] = { entry.method, cjson.decode(entry.body) }
    end
    return list
  end

  local report = { "report.pdf", "Y29udGVudA==" }

  it("call sends a file's name and content", function()
    local status, out, err = b24 { "call", "disk.folder.uploadfile", "id=8930",
      "data[NAME]=report.pdf", "fileContent:=@" .. home .. "/report.pdf" }
    assert.same({ 0, "" }, { status, err })
    local stored = cjson.decode(out)
    assert.same({ "report.pdf", "7" }, { stored.NAME, stored.SIZE })
    assert.same({ { "disk.folder.uploadfile", { id = "8930", data = { NAME = "report.pdf" },
      fileContent = report } } }, asked())
  end)

  it("call sends the content alone, and several files", function()
    local path = home .. "/report.pdf"
    assert.equal(0, (b24 { "call", "b24test.echo", "content@=" .. path, "fields[file]@=" .. path,
      "FILES[]:=@" .. path, "FILES[]:=@" .. path, "@ID=5", "text=@anna" }))
    assert.same({ content = report[2], fields = { file = report[2] }, FILES = { report, report },
      ["@ID"] = "5", text = "@anna" }, asked()[1][2])
  end)

  it("send sends a file, with and without a text", function()
    local path = home .. "/report.pdf"
    assert.same({ 0, "", "" }, { b24 { "send", "chat18", "--file", path } })
    local status, out = b24 { "send", "chat18", "Here", "--file", path, "--file", path, "--json" }
    assert.same({ 0, 2 }, { status, #cjson.decode(out).ids })
    local list = asked()
    assert.same({ { "im.v2.file.upload", { dialogId = "chat18",
      fields = { name = "report.pdf", content = report[2] } } } }, { list[1] })
    assert.same({ "Here", nil }, { list[2][2].fields.message, list[3][2].fields.message })
  end)

  it("tells a terminal what it sends, before it does", function()
    if not terminal.exists() then
      return pending "no program `script`"
    end
    data.shell("truncate -s 1572864 " .. home .. "/larger.bin")
    process.write(home .. "/run.sh", command.words({ "send", "chat18", "--file",
      home .. "/report.pdf", "--file", home .. "/larger.bin" }, { HOME = home,
      B24_RUNTIME_DIR = run_dir, B24_WEBHOOK = portal.http_webhook }) .. " >/dev/null")
    local shown = data.shell(("script -qec 'sh %s/run.sh' /dev/null </dev/null"):format(home))
    assert.equal("sending report.pdf (7 bytes)\r\nsending larger.bin (1.5 MB)\r\n", shown)
  end)

  it("send sends a file with what a pipe said, and nothing where it said nothing", function()
    local arguments = { "send", "chat18", "-", "--if-input", "--file", home .. "/report.pdf" }
    assert.equal(0, (b24(arguments, { input = "\n" })))
    assert.equal(0, #portal:log())
    assert.equal(0, (b24(arguments, { input = "backup failed\n" })))
    assert.equal("backup failed", asked()[1][2].fields.message)
  end)

  for what, case in pairs {
    ["a file that is missing"] = { "NO_FILE", { "send", "chat18", "x", "--file", "/none/x" } },
    ["a folder"] = { "NOT_A_FILE", { "call", "disk.folder.uploadfile", "fileContent:=@/" } },
    ["no path"] = { "names no file", { "call", "disk.folder.uploadfile", "fileContent:=@" } },
    ["no path for --file"] = { "needs the path", { "send", "chat18", "x", "--file", "" } },
    ["neither text nor file"] = { "give the message", { "send", "chat18" } },
    ["a file in a list"] = { "only client:call can send", { "list", "crm.deal.list", "a:=@/" } },
  } do
    it("says before anything is sent what is wrong with " .. what, function()
      local status, out, err = b24(case[2])
      assert.same({ 2, "", 0 }, { status, out, #portal:log() }, err)
      assert.truthy(err:find(case[1], 1, true), err)
      assert.is_nil(err:find("traceback", 1, true))
    end)
  end
end)
