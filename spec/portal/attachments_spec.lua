-- What the mock portal's messages carry. Sources: bitrix24/b24restdocs,
-- api-reference/chats/messages/ im-dialog-messages-get.md (the file object), attachments.md;
-- chats/im-recent-list.md.
-- One Lua of each kind: the mock portal has a Lua of its own.

local cjson = require "cjson"

local start = require("spec.support.portal").start

describe("the mock portal's messages carry", function()
  local portal, rest
  setup(function()
    portal = start()
    rest = require("spec.support.rest").new(portal)
  end)
  before_each(function() portal:reset() end)
  teardown(function() portal:stop() end)

  local function newest(dialog_id)
    local answer = rest.result("im.dialog.messages.get",
      { DIALOG_ID = dialog_id, LAST_ID = 9999999 })
    return answer.messages[1], answer
  end

  it("files", function()
    portal:control("message", { dialog_id = "chat18", text = "", author_id = 5,
      file = { name = "Screen shot.PNG", size = 2144 } })
    local message, answer = newest "chat18"
    assert.same({ FILE_ID = { answer.files[1].id } }, message.params)
    local file = answer.files[1]
    assert.same({ 18, "image", "Screen shot.PNG", "png", 2144, "done", 100, 5, message.date },
      { file.chatId, file.type, file.name, file.extension, file.size, file.status, file.progress,
        file.authorId, file.date })
    assert.same({ height = 61, width = 72 }, file.image)
    assert.truthy(file.urlDownload:find("^https://127.0.0.1:%d+/.*fileId="
      .. ("%d"):format(file.id)))
    assert.equal(file.urlDownload, file.mediaUrl.preview["250"])
    local item = rest.result("im.recent.list").items[1]
    assert.same({ id = file.id, type = "image", name = "Screen shot.PNG" }, item.message.file)
  end)

  it("files of other kinds, which have no picture", function()
    for name, kind in pairs { ["a.pdf"] = "file", ["a.ogg"] = "audio", ["a.mp4"] = "video",
      a = "file" } do
      portal:control("message", { dialog_id = "chat18", file = name })
      local _, answer = newest "chat18"
      local file = answer.files[1]
      assert.same({ name, kind, false, kind == "audio" },
        { file.name, file.type, file.image, file.isTranscribable })
    end
  end)

  it("attachments, which one may send", function()
    local blocks = { { MESSAGE = "[B]Build[/B] failed" }, { DELIMITER = { SIZE = 200 } } }
    for _, attach in ipairs { blocks, { ID = 7, BLOCKS = blocks }, cjson.encode(blocks) } do
      assert.is_true(rest.result("im.message.add", { DIALOG_ID = 5, ATTACH = attach }) > 0)
      local sent = newest("5").params.ATTACH[1]
      assert.same(blocks, sent.BLOCKS)
      assert.equal(type(attach) == "table" and attach.ID and "7" or "1", sent.ID)
    end
    assert.equal("ATTACH_ERROR 400",
      rest.failure("im.message.add", { DIALOG_ID = 5, MESSAGE = "x", ATTACH = "{" }))
    assert.equal("MESSAGE_EMPTY 400",
      rest.failure("im.message.add", { DIALOG_ID = 5, MESSAGE = "", ATTACH = blocks }))
    portal:control("message", { dialog_id = "chat18", attach = cjson.encode(blocks) })
    assert.same(blocks, newest("chat18").params.ATTACH[1].BLOCKS)
    assert.same(blocks, rest.result("im.recent.list").items[1].message.attach[1].BLOCKS)
    assert.error_matches(function()
      portal:control("message", { dialog_id = "5", attach = "x" })
    end, "attach is the JSON of blocks")
  end)

  it("both from the beginning, in a muted chat", function()
    local _, answer = newest "chat30"
    assert.equal(2, #answer.files)
    local attached = 0
    for _, message in ipairs(answer.messages) do
      if message.params.ATTACH then attached = attached + 1 end
    end
    assert.equal(1, attached)
    assert.equal(false, rest.result("im.recent.list").items[7].message.file)
  end)
end)
