-- Files in a request's body: read piece by piece as Base64, and what is wrong with one is said in
-- time.

local b24 = require "b24"
local codec = require "b24.codec"
local data = require "spec.support.data"
local mime = require "mime"

local quote = data.quote
local conf = assert(codec.conf { limiter = false,
  webhook = "https://portal.example/rest/1/s3cr3t0fTheSpec/" })

describe("a body with files", function()
  local home
  before_each(function() home = data.folder() end)
  after_each(function() data.remove_folder(home) end)

  local function write(name, content)
    local file = assert(io.open(home .. "/" .. name, "wb"))
    file:write(content)
    file:close()
    return home .. "/" .. name
  end

  local function bytes(n, seed)
    local random, list = data.random(seed or 1), {}
    for i = 1, n do list[i] = string.char(random(256) - 1) end
    return table.concat(list)
  end

  -- The request that a call with these params sends first.
  local function request(params)
    local call = assert(codec.call(conf, "disk.folder.uploadfile", params))
    local action, sent = call:next(1, "go")
    assert.equal("SEND", action)
    return sent, call
  end

  -- Everything, in pieces of at most n bytes; or nil and the failure, and what came before it.
  local function read(body, n)
    local list = {}
    while true do
      local piece, failure = body:read(n)
      if failure then return nil, failure, table.concat(list) end
      if not piece then return table.concat(list) end
      assert.is_true(#piece >= 1 and #piece <= n)
      list[#list + 1] = piece
    end
  end

  it("is the JSON that has them as Base64, in pieces of any size", function()
    for _, size in ipairs { 0, 1, 2, 3, 4, 5, 6, 7, 47, 48, 49, 1000, 70001 } do
      local content = bytes(size, size + 1)
      local sent = request { write("a", content) and b24.file(home .. "/a") }
      local whole = '["' .. (mime.b64(content) or "") .. '"]'
      assert.equal(#whole, sent.length)
      local pieces = { 7, 4096, 16384, 65536 }
      if size < 100 then pieces = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 100 } end
      for _, n in ipairs(pieces) do
        assert.is_true(whole == read(sent.body, n), ("%d bytes in pieces of %d"):format(size, n))
        sent.body:rewind()
      end
    end
  end)

  it("may hold several, beside other values", function()
    write("one.txt", "one")
    write("two.bin", bytes(100))
    local one, two = b24.file(home .. "/one.txt"), b24.file(home .. "/two.bin")
    local sent = request { { one.name, one }, "between", { two.name, two }, one }
    local whole = '[["one.txt","b25l"],"between",["two.bin","%s"],"b25l"]'
    assert.equal(whole:format(mime.b64(bytes(100))), read(sent.body, 10))
  end)

  it("is a string where no file is in it", function()
    local sent = request { id = 5 }
    assert.same({ '{"id":5}', 8 }, { sent.body, sent.length })
  end)

  it("outlives its call", function()
    write("a", bytes(1000))
    local sent = request { b24.file(home .. "/a") }
    collectgarbage()
    collectgarbage()
    assert.equal(sent.length, #read(sent.body, 100))
  end)

  it("is not sent again after a lost answer, as any call that may write", function()
    write("a", "content")
    local _, call = request { b24.file(home .. "/a") }
    local action = call:next(1, "failed",
      { kind = "network", code = "CONNECTION_LOST", sent = true })
    assert.equal("DONE", action)
  end)

  it("begins anew where the portal had no room for the call", function()
    write("a", "content")
    local sent, call = request { b24.file(home .. "/a") }
    local whole = read(sent.body, 100)
    local action, wait = call:next(1, "reply",
      { status = 503, body = '{"error":"QUERY_LIMIT_EXCEEDED"}' })
    assert.equal("SLEEP", action)
    action, sent = call:next(2 + wait, "woke")
    assert.equal("SEND", action)
    assert.equal(whole, read(sent.body, 100))
  end)

  local function fault(path)
    local call, err, info = codec.call(conf, "disk.folder.uploadfile", { b24.file(path) })
    assert.is_nil(call)
    assert.same({ "config", 0, "disk.folder.uploadfile" },
      { info.kind, info.attempts, info.method })
    return info.code, err
  end

  it("names a file that is missing, a folder, a pipe, and one that cannot be opened", function()
    assert.equal("NO_FILE", (fault(home .. "/none")))
    assert.equal("NO_FILE", (fault(write("a", "") .. "/below")))
    local code, err = fault(home)
    assert.same({ "NOT_A_FILE", "b24: NOT_A_FILE: " .. home .. " is a directory" }, { code, err })
    data.shell("mkfifo " .. quote(home .. "/pipe") .. "; ln -s loop " .. quote(home .. "/loop"))
    assert.equal("NOT_A_FILE", (fault(home .. "/pipe")))
    assert.equal("FILE_UNREADABLE", (fault(home .. "/loop")))
  end)

  it("is refused where it would be larger than Bitrix24 takes", function()
    data.shell("truncate -s 1700000000 " .. quote(home .. "/large"))
    assert.equal("FILE_TOO_LARGE", (fault(home .. "/large")))
  end)

  for what, change in pairs {
    ["longer"] = "printf more >>a", ["shorter"] = "printf x >a",
    ["other content"] = "touch -d 2001-01-01 a",
  } do
    for _, when in ipairs { "before", "while" } do
      it(("notices a file that got %s %s it was read: no end"):format(what, when), function()
        local content = bytes(1000)
        local sent = request { b24.file(write("a", content)) }
        if when == "while" then assert.equal('["', sent.body:read(100):sub(1, 2)) end
        data.shell("cd " .. quote(home) .. " && " .. change)
        local whole, failure, part = read(sent.body, 100)
        assert.is_nil(whole)
        assert.same({ "config", "FILE_CHANGED", true },
          { failure.kind, failure.code, failure.sent })
        assert.is_true(#part < sent.length - 3)
      end)
    end
  end

  it("does not mind a file that is replaced or deleted: it has the old one", function()
    local sent = request { b24.file(write("a", "old")) }
    os.remove(home .. "/a")
    write("a", "newer")
    assert.equal('["b2xk"]', read(sent.body, 100))
  end)

  it("is for client:call: a batch, a list and others say so", function()
    local file = b24.file(write("a", "content"))
    local function refuses(f, ...)
      local ok, err = pcall(f, ...)
      assert.is_false(ok)
      assert.truthy(err:find "a file.-which only client:call can send", err)
    end
    refuses(codec.batch, { up = { "disk.folder.uploadfile", { fileContent = file } } })
    refuses(codec.cursor, "crm.deal.list", { filter = { file } })
    refuses(codec.encode, { file })
    refuses(codec.request, conf, "disk.folder.uploadfile", { file })
  end)

  it("wants a path", function()
    for _, path in ipairs { 5, {}, "", "a\0b" } do
      local ok, err = pcall(b24.file, path)
      assert.is_false(ok)
      assert.truthy(err:find("body_spec.lua:%d+: b24: ") or err:find "^b24: ", err)
    end
    assert.equal("b24.file (some/report.pdf)", tostring(b24.file "some/report.pdf"))
    assert.same({ "report.pdf", "some/report.pdf" },
      { b24.file("some/report.pdf").name, b24.file("some/report.pdf").path })
  end)
end)
