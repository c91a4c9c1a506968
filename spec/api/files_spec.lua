-- Files: client:send with files, b24.file in client:call. What arrives is what was on the disk,
-- once.

local b24 = require "b24"
local cjson = require "cjson"
local data = require "spec.support.data"
local mime = require "mime"
local start = require("spec.support.portal").start

local quote = data.quote

describe("a file", function()
  local portal, client, home
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    home = data.folder()
    client = assert(b24.client { webhook = portal.webhook, ca_file = portal.ca_file, timeout = 60,
      limiter = false })
  end)
  after_each(function() data.remove_folder(home) end)

  local function write(name, content)
    local file = assert(io.open(home .. "/" .. name, "wb"))
    file:write(content)
    file:close()
    return home .. "/" .. name
  end

  local function bytes(n)
    local random, list = data.random(n), {}
    for i = 1, n do list[i] = string.char(random(256) - 1) end
    return table.concat(list)
  end

  -- What the portal was asked: {method, parameters} for each request.
  local function asked()
    local list = {}
    for i, entry in ipairs(portal:log()) do
      list[i] = { entry.method, entry.body ~= "" and cjson.decode(entry.body) or nil }
    end
    return list
  end

  it("arrives in a chat, with the text", function()
    local content = bytes(10000)
    local id, err, info = client:send("chat18", "The report, [B]new[/B]",
      { files = write("report.pdf", content) })
    assert.is_nil(err)
    assert.same({ { id }, 1, 1 }, { info.ids, info.parts, info.attempts })
    local request = asked()[1]
    assert.equal("im.v2.file.upload", request[1])
    assert.equal("chat18", request[2].dialogId)
    assert.equal("report.pdf", request[2].fields.name)
    assert.equal(content, (mime.unb64(request[2].fields.content)))
    assert.truthy(request[2].fields.message:find("%[\226\129\160B%]new"))
    local shown = assert(client:messages("chat18", { limit = 1 }))[1]
    assert.same({ id, "report.pdf", 10000 },
      { shown.id, shown.files[1].name, shown.files[1].size })
  end)

  it("needs no text; several are a message each, in their order", function()
    local one, two = write("one.txt", "one"), write("two.txt", "two")
    local id, _, info = client:send(5, nil, { files = { one, b24.file(two) } })
    assert.same({ 2, 2, id }, { #info.ids, info.parts, info.ids[1] })
    local list = asked()
    assert.same({ "one.txt", "two.txt", "b25l", "dHdv", "5" }, { list[1][2].fields.name,
      list[2][2].fields.name, list[1][2].fields.content, list[2][2].fields.content,
      list[2][2].dialogId })
    assert.is_nil(list[1][2].fields.message)
  end)

  it("comes after a text that needs several messages", function()
    local _, _, info = client:send("chat18", ("line\n"):rep(9000), { files = write("a.log", "x") })
    local names = {}
    for i, request in ipairs(asked()) do names[i] = request[1] end
    assert.same({ "im.message.add", "im.message.add", "im.message.add", "im.v2.file.upload" },
      names)
    assert.equal(4, #info.ids)
  end)

  it("goes over the chat's folder where the portal is older", function()
    portal:control("settings", { missing = { "im.v2.file.upload" } })
    local id, err, info = client:send("chat18", "text", { files = write("report.pdf", "content") })
    assert.is_nil(err)
    local names, list = {}, asked()
    for i, request in ipairs(list) do names[i] = request[1] end
    assert.same({ "im.v2.file.upload", "im.disk.folder.get", "disk.folder.uploadfile",
      "im.disk.file.commit" }, names)
    assert.same({ "report.pdf", "Y29udGVudA==" }, list[3][2].fileContent)
    assert.same({ "text", true }, { list[4][2].MESSAGE, list[3][2].generateUniqueName })
    assert.same({ { id }, 4 }, { info.ids, info.attempts })
    assert.equal("report.pdf", assert(client:messages("chat18", { limit = 1 }))[1].files[1].name)
  end)

  for number, case in ipairs {
    { "NO_FILE", function() return home .. "/none" end },
    { "NOT_A_FILE", function() return home end },
    { "NOT_A_FILE", function() -- it has content, and says that it has 0 bytes
      return io.open "/proc/version" and "/proc/version" or home
    end },
    { "FILE_EMPTY", function() return write("empty", "") end },
    { "FILE_TOO_LARGE", function()
      data.shell("truncate -s 104857601 " .. quote(home .. "/large"))
      return home .. "/large"
    end },
  } do
    it(("is refused before anything is sent: %s (%d)"):format(case[1], number), function()
      local good = write("good", "content")
      local id, err, info = client:send("chat18", "text", { files = { good, case[2]() } })
      assert.is_nil(id)
      assert.same({ "config", case[1], 0, 0 }, { info.kind, info.code, info.attempts,
        #portal:log() }, err)
    end)
  end

  it("is not sent again when its answer is lost", function()
    portal:control("fault", { kind = "execute_then_cut", method = "im.v2.file.upload" })
    local id, _, info = client:send("chat18", "text", { files = write("a", bytes(100000)) })
    assert.is_nil(id)
    assert.same({ 1, true, false }, { #portal:log(), info.sent, info.retryable })
  end)

  it("is sent anew where the portal had no room for the call", function()
    portal:control("reply", { method = "im.v2.file.upload", status = 503, times = 1,
      body = '{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}' })
    local id, err, info = client:send("chat18", "text", { files = write("a", bytes(100000)) })
    assert.is_nil(err)
    assert.same({ { id }, 2 }, { info.ids, info.attempts })
    local list = asked()
    assert.equal(list[1][2].fields.content, list[2][2].fields.content)
  end)

  it("is a parameter like any other for client:call", function()
    local content, file = bytes(70000), b24.file(home .. "/report.pdf")
    write("report.pdf", content)
    local stored, err = client:call("disk.folder.uploadfile",
      { id = 8930, data = { NAME = file.name }, fileContent = { file.name, file } })
    assert.is_nil(err)
    assert.same({ "report.pdf", "70000" }, { stored.NAME, stored.SIZE })
    assert.equal(content, (mime.unb64(asked()[1][2].fileContent[2])))
  end)

  it("arrives over HTTP/1.1, and from a task", function()
    local content = bytes(300000)
    write("a", content)
    local id
    for _, version in ipairs { "1.1", "auto" } do
      portal:reset()
      local c = b24.client { webhook = portal.webhook, ca_file = portal.ca_file, limiter = false,
        http_version = version, timeout = 60 }
      b24.run(function()
        id = assert(c:send("chat18", nil, { files = home .. "/a" }))
      end)
      assert.is_number(id)
      assert.equal(content, (mime.unb64(asked()[1][2].fields.content)))
    end
  end)

  it("may run twice where its caller says so, over a connection that was lost", function()
    local file = b24.file(write("a", bytes(100000)))
    assert(client:call("profile")) -- opens a connection
    portal:control("fault", { kind = "execute_then_cut", method = "disk.folder.uploadfile" })
    local stored, err = client:call("disk.folder.uploadfile", { id = 8930, data = { NAME = "a" },
      generateUniqueName = true, fileContent = { "a", file } }, { idempotent = true })
    assert.is_nil(err)
    assert.equal("100000", stored.SIZE)
  end)

  it("of any name arrives", function()
    local odd = write("a\255\27[31m.txt", "content")
    assert(client:send("chat18", nil, { files = odd }))
    assert.equal("a\239\191\189 [31m.txt", asked()[1][2].fields.name)
  end)

  it("is a path or what b24.file made", function()
    for _, files in ipairs { 5, { 5 }, { path = "a" }, true, io.stdin, { {} } } do
      local ok, err = pcall(client.send, client, "chat18", "text", { files = files })
      assert.is_false(ok)
      assert.truthy(err:find "b24: ", err)
    end
    local ok, err = pcall(client.send, client, "chat18", nil, { files = {} })
    assert.is_false(ok)
    assert.truthy(err:find "text must be a string", err)
    assert.equal(0, #portal:log())
  end)
end)
