-- Files over cosockets: read and sent in pieces, as elsewhere.

local cjson = require "cjson"
local data = require "spec.support.data"
local mime = require "mime"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

if nginx.skips(describe, pending, "in nginx a file") then return end

describe("in nginx a file", function()
  local portal, server, home
  setup(function()
    portal, home = start(), data.folder()
    server = nginx.start { workers = 1 }
    data.shell("chmod 755 " .. home)
  end)
  teardown(function()
    server:stop()
    data.remove_folder(home)
  end)
  before_each(function() portal:reset() end)

  local function run(words, ...)
    return server:run(([[
      local b24 = require "b24"
      local client = assert(b24.client { limiter = false, timeout = 60, webhook = %q })
      local path = %q
      ]] .. words):format(portal.http_webhook, home .. "/report.pdf", ...))
  end

  it("is sent as it is", function()
    local content = ("any bytes \0\255\r\n"):rep(10000)
    process.write(home .. "/report.pdf", content)
    local value, err = run [[
      local id, err = client:send("chat18", "text", { files = path })
      return id and "sent", err]]
    assert.same({ "sent", nil }, { value, err })
    local sent = cjson.decode(portal:log()[1].body)
    assert.same({ "report.pdf", "text" }, { sent.fields.name, sent.fields.message })
    assert.equal(content, (mime.unb64(sent.fields.content)))
  end)

  it("is sent again over a new connection only where the call may run twice", function()
    process.write(home .. "/report.pdf", "content")
    local words = [[
      assert(client:call "profile")
      local stored, err, info = client:call("disk.folder.uploadfile", { id = 8930,
        data = { NAME = "a" }, generateUniqueName = true, fileContent = { "a", b24.file(path) } },
        { idempotent = %s })
      return stored and stored.SIZE, info.kind, err]]
    portal:control("fault", { kind = "execute_then_cut", method = "disk.folder.uploadfile" })
    assert.equal("network", select(2, run(words, "false")))
    portal:control("fault", { kind = "execute_then_cut", method = "disk.folder.uploadfile" })
    local size, _, err = run(words, "true")
    assert.equal("7", size, err)
  end)

  it("that changed meanwhile is no request", function()
    process.write(home .. "/report.pdf", ("x"):rep(100000))
    local value, code = run([[
      client = b24.client { limiter = false, webhook = %q, log = function(event)
        if event.event ~= "attempt" then return end
        local file = io.open(path, "w")
        file:write "shorter"
        file:close()
      end }
      local stored, _, info = client:call("disk.folder.uploadfile", { id = 8930,
        data = { NAME = "a" }, fileContent = { "a", b24.file(path) } })
      return tostring(stored), info.code]], portal.http_webhook)
    assert.same({ "nil", "FILE_CHANGED" }, { value, code })
    assert.same({}, portal:stats().executions)
  end)
end)
