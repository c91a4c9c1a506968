-- client:messages: what a message holds, for people.

local b24 = require "b24"
local codec = require "b24.codec"
local start = require("spec.support.portal").start

describe("a message", function()
  local portal, client
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    client = assert(b24.client { webhook = portal.webhook, ca_file = portal.ca_file, timeout = 20,
      limiter = false })
  end)

  -- The newest message of a chat, which has this in it.
  local function message(fields)
    fields.dialog_id, fields.author_id = "chat18", fields.author_id or 5
    portal:control("message", fields)
    local list = assert(client:messages("chat18", { limit = 1 }))
    return list[1]
  end

  it("has its text for people, and as it was sent", function()
    local m = message { text = "[B]Hello[/B] [USER=5]Anna[/USER]" }
    assert.same({ "Hello Anna", "[B]Hello[/B] [USER=5]Anna[/USER]" }, { m.plain, m.text })
    assert.same({}, { m.files, m.attachments, m.deleted, m.forwarded })
  end)

  local function file(name, size, more)
    return ('{"id":5255,"chatId":18,"type":"file","name":%s,"size":%d,"authorId":5,'
      .. '%s"urlDownload":"%s"}'):format(
      name, size, more or "", portal.webhook .. "download/?token=x")
  end

  it("that is only a file names it", function()
    for size, words in pairs { [0] = "0 bytes", [1] = "1 byte", [1023] = "1023 bytes",
        [1024] = "1 KB", [2144] = "2 KB", [122880] = "120 KB", [1048575] = "1.0 MB",
        [1572864] = "1.5 MB", [157286400] = "150 MB", [5368709120] = "5.0 GB" } do
      local m = message { text = "", params = '{"FILE_ID":[5255]}',
        files = file('"contract.pdf"', size) }
      assert.equal(("[contract.pdf, %s]"):format(words), m.plain)
      assert.equal("", m.text)
      assert.same({ { id = 5255, name = "contract.pdf", size = size, type = "file" } }, m.files)
    end
  end)

  it("with a text has its file below", function()
    local m = message { text = "See [B]this[/B]", params = '{"FILE_ID":["5255",77]}',
      files = file('"a.txt"', 5) }
    assert.equal("See this\n[a.txt, 5 bytes]\n[file 77]", m.plain)
    assert.same({ { id = 5255, name = "a.txt", size = 5, type = "file" }, { id = 77 } }, m.files)
  end)

  it("names its files however PHP writes their ids", function()
    for _, ids in ipairs { "5255", '"5255"', '{"3":5255}', '["5255"]' } do
      assert.equal("[a.txt, 5 bytes]", message { text = "", params = '{"FILE_ID":' .. ids .. '}',
        files = file('"a.txt"', 5) }.plain)
    end
    for _, ids in ipairs { "[]", "{}", "null", "false", '"x"', "[[]]" } do
      assert.equal("[no text]", message { text = "", params = '{"FILE_ID":' .. ids .. '}' }.plain)
    end
  end)

  it("that was spoken, drawn or called says so", function()
    for params, words in pairs {
      ['{"STICKER_PARAMS":{"id":5,"packId":1}}'] = "[sticker]",
      ['{"COMPONENT_ID":"StickerMessage"}'] = "[sticker]",
      ['{"COMPONENT_ID":"CallMessage","COMPONENT_PARAMS":{"CALL_ID":5}}'] = "[call]",
      ['{"CALL_ID":5}'] = "[call]",
      ['{"COMPONENT_ID":"ChatCreationMessage"}'] = "[no text: ChatCreationMessage]",
      ["[]"] = "[no text]", ["null"] = "[no text]", ["5"] = "[no text]",
    } do
      assert.equal(words, message { text = "", params = params }.plain, params)
    end
    local params = '{"FILE_ID":[5255]}'
    for more, words in pairs {
      ['"isVoiceNote":true,'] = "[voice note a.ogg, 2 KB]",
      ['"isVideoNote":true,'] = "[video note a.ogg, 2 KB]",
      ['"type":"audio",'] = "[audio a.ogg, 2 KB]",
    } do
      local json = file('"a.ogg"', 2000, more)
      if more:find '"type"' then json = json:gsub('"type":"file",', "", 1) end
      assert.equal(words, message { text = "", params = params, files = json }.plain)
    end
    assert.equal("[image]", message { text = "", params = params,
      files = '{"id":5255,"type":"image"}' }.plain)
  end)

  it("that has an attachment shows what is in it", function()
    local m = message { text = "", params = [[{"ATTACH":[{"ID":1,"BLOCKS":[
      {"MESSAGE":"[B]Build[/B] failed"},{"LINK":{"NAME":"the log","LINK":"https://a.example/log"}},
      {"GRID":[{"NAME":"Host","VALUE":"db1","DISPLAY":"LINE"},{"NAME":"Disk",
        "VALUE":5}]},{"DELIMITER":{"SIZE":200}},
      {"IMAGE":[{"LINK":"https://a.example/i.png"}]},{"FILE":[{"NAME":"log.txt","SIZE":2048}]},
      {"USER":[{"NAME":"Anna"}]}]}]}]] }
    local words = "Build failed\nthe log (https://a.example/log)\nHost: db1\nDisk: "
      .. "5\n[image]\n[log.txt, 2 KB]\nAnna"
    assert.equal(words, m.plain)
    assert.same({ { text = words } }, m.attachments)
    assert.equal("x",
      message { text = "", params = '{"ATTACH":{"BLOCKS":[{"MESSAGE":"x"}]}}' }.plain)
    assert.equal("y",
      message { text = "", params = '{"ATTACH":[{"blocks":[{"message":"y"}]}]}' }.plain)
    assert.equal("z",
      message { text = "", params = '{"ATTACH":[{"DESCRIPTION":"z","BLOCKS":[]}]}' }.plain)
    assert.equal("w", message { text = "", params = '{"ATTACH":[{"MESSAGE":"w"}]}' }.plain)
    for _, attach in ipairs { "5", '"x"', "[5]", "[[]]", '{"BLOCKS":5}',
        '[{"BLOCKS":[5,{"LINK":5},{"GRID":[5]}]}]' } do
      assert.equal("[no text]", message { text = "", params = '{"ATTACH":' .. attach .. '}' }.plain,
        attach)
    end
  end)

  it("does not show the preview of a link that stands in it", function()
    local m = message { text = "https://a.example", params = [[{"URL_ID":[5],"URL_ONLY":"Y",
      "ATTACH":[{"ID":"5",
      "BLOCKS":[{"RICH_LINK":[{"NAME":"My site","LINK":"https://a.example","DESC":"Mine"}]}]}]}]] }
    assert.equal("https://a.example", m.plain)
    assert.same({ { text = "My site (https://a.example)\nMine" } }, m.attachments)
  end)

  it("that was deleted or forwarded says so", function()
    local m = message { text = "This message was deleted.", params = '{"IS_DELETED":"Y"}' }
    assert.same({ "[deleted message]", true }, { m.plain, m.deleted })
    m = message { text = "hello", params = "[]",
      forward = '{"id":"chat5/17","userId":5,"chatTitle":"Other"}' }
    assert.same({ "[forwarded from Иван Smith]\nhello", true, "Иван Smith" },
      { m.plain, m.forwarded, m.forwarded_from })
    m = message { text = "hello", params = '{"FORWARD_ID":17,"FORWARD_USER_ID":99}' }
    assert.same({ "[forwarded from user 99]\nhello", "user 99" }, { m.plain, m.forwarded_from })
    m = message { text = "hello", params = '{"FORWARD_CONTEXT_ID":"chat5/17"}' }
    assert.same({ "[forwarded]\nhello", true, nil }, { m.plain, m.forwarded, m.forwarded_from })
    assert.is_nil(message { text = "x", forward = "null" }.forwarded)
  end)

  it("tells no address of a file: it may hold the webhook's secret", function()
    local m = message { text = "", params = '{"FILE_ID":[5255]}', files = file('"a.txt"', 5) }
    assert.is_nil(require("spec.support.data").leak(portal.secret, m))
  end)

  it("is the system's only when the portal says so", function()
    local author = require("b24.api.messages").author
    assert.equal("Bitrix24", author { author_id = 0 })
    assert.equal("Anna", author { author_id = 5, author = "Anna" })
    assert.equal("user 503", author { author_id = 503 })
    assert.equal("unknown author", author {})
  end)
end)

describe("the last message of an inbox", function()
  local function last(message)
    message.id, message.date = 11, "2026-02-25T12:00:00+03:00"
    return codec.inbox({ CHAT = { ["7"] = 1 } },
      { { id = "chat7", message = message } })[1].last_message
  end

  it("is what people see of it, in one line", function()
    assert.equal("Hi Anna see (https://a.example)",
      last { text = "[B]Hi[/B] [USER=5]Anna[/USER][br][URL=https://a.example]see[/URL]" })
    assert.equal("cut off [B]in the", last { text = "cut off [B]in the" })
  end)

  it("names what has no text", function()
    assert.equal("[contract.pdf]",
      last { text = "", file = { type = "file", name = "contract.pdf" } })
    assert.equal("[image]", last { text = "", file = { type = "image" } })
    assert.equal("[file]", last { text = "", file = true })
    assert.equal("[attachment]", last { text = "", file = false, attach = true })
    assert.equal("[sticker]", last { text = "", file = false, attach = false,
      sticker = { id = 5 } })
    assert.equal("x", last { text = "x", file = true })
    assert.is_nil(last { text = "", file = false, attach = false, sticker = codec.null })
    assert.is_nil(last { text = 5, file = 5, attach = "x" })
  end)
end)
