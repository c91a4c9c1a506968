-- The mock portal's Drive. Sources: bitrix24/b24restdocs, api-reference/disk/folder/
-- disk-folder-upload-file.md, disk/file/disk-file-get.md, files/how-to-upload-files.md.
-- One Lua of each kind: the mock portal has a Lua of its own.

local http = require "socket.http"
local mime = require "mime"

local start = require("spec.support.portal").start

describe("the mock portal's Drive", function()
  local portal, rest
  setup(function()
    portal = start()
    rest = require("spec.support.rest").new(portal)
  end)
  before_each(function() portal:reset() end)
  teardown(function() portal:stop() end)

  local function upload(name, content, more)
    local params = { id = 1, data = { NAME = name }, fileContent = { name, (mime.b64(content)) } }
    for key, value in pairs(more or {}) do params[key] = value end
    return rest.post("disk.folder.uploadFile", params)
  end

  -- All bytes, and lengths that end base64 in every way.
  local BYTES = {}
  for byte = 0, 255 do BYTES[byte + 1] = string.char(byte) end
  BYTES = table.concat(BYTES)

  it("takes a file in one request, and gives it back as it was", function()
    for length = 254, 256 do
      local content = BYTES:sub(1, length)
      local file = upload(length .. ".bin", content).result
      assert.same({ length .. ".bin", tostring(length), "1", "file", "1" },
        { file.NAME, file.SIZE, file.PARENT_ID, file.TYPE, file.CREATED_BY })
      local bytes, status, headers = http.request(file.DOWNLOAD_URL)
      assert.same({ content, 200 }, { bytes, status })
      assert.truthy(headers["content-disposition"]:find(file.NAME, 1, true))
      assert.equal(file.NAME, rest.result("disk.file.get", { id = file.ID }).NAME)
    end
  end)

  it("takes a file in two requests", function()
    local step = rest.result("disk.folder.uploadfile", { id = 2 })
    assert.equal("file", step.field)
    local function send(field, url)
      return rest.post(url or step.uploadUrl, ("--=_b\r\n"
        .. "Content-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n"
        .. "--=_b\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"a b.txt\"\r\n"
        .. "Content-Type: text/plain\r\n\r\n%s\r\n--=_b--\r\n"):format(field, "one\r\n--two\r\n"),
        { ["content-type"] = "multipart/form-data; boundary==_b" })
    end
    local file = send("file").result
    assert.same({ "a b.txt", "12", "2" }, { file.NAME, file.SIZE, file.PARENT_ID })
    assert.equal("one\r\n--two\r\n", (http.request(file.DOWNLOAD_URL)))
    local answer, status = send("other")
    assert.same({ "ERROR_COULD_NOT_SAVE_FILE", 400 }, { answer.error, status })
    answer, status = send("file", step.uploadUrl .. "0")
    assert.same({ "ACCESS_DENIED", 403 }, { answer.error, status })
  end)

  it("takes multipart forms for every method", function()
    local answer = rest.post("b24test.echo", "--b\r\n"
      .. "Content-Disposition: form-data; name=\"a[b]\"\r\n\r\n1\r\n--b\r\n"
      .. "Content-Disposition: form-data; name=\"c\"\r\n\r\n\r\n--b--\r\n",
      { ["content-type"] = "multipart/form-data; boundary=\"b\"" })
    assert.same({ a = { b = "1" }, c = "" }, answer.result)
  end)

  it("has one file of a name in a folder", function()
    assert.is_nil(upload("a.txt", "1").error)
    assert.equal("DISK_OBJ_22000", upload("a.txt", "2").error)
    assert.equal("a (1).txt", upload("a.txt", "3", { generateUniqueName = true }).result.NAME)
    assert.equal("a (2).txt", upload("a.txt", "4", { generateUniqueName = "1" }).result.NAME)
    assert.equal("a.txt", upload("a.txt", "5", { id = 2 }).result.NAME)
  end)

  it("says what is wrong", function()
    assert.equal("ERROR_ARGUMENT 400", rest.failure "disk.folder.uploadfile")
    assert.equal("ERROR_NOT_FOUND 400", rest.failure("disk.folder.uploadfile", { id = 3 }))
    assert.equal("DISK_BASE_SERVICE_22001 400",
      rest.failure("disk.folder.uploadfile", { id = 1, fileContent = { "a", "YQ==" } }))
    assert.equal("ERROR_COULD_NOT_SAVE_FILE", upload("a.txt", "").error)
    assert.equal("ERROR_NOT_FOUND 400", rest.failure("disk.file.get", { id = 1 }))
    portal:control("account", { user_id = 1, scope = { "im" } })
    assert.equal("insufficient_scope", upload("a.txt", "1").error)
  end)
end)
