-- The counters: one shape for every server generation, whatever the portal's PHP made of its
-- arrays.

local cjson = require "cjson"
local codec = require "b24.codec"
local data = require "spec.support.data"

local METHOD = "im.counters.get"

local function conf(more)
  local options = { webhook = "https://portal.example/rest/1/s3cr3t0fTheSpec/", retries = 0 }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(codec.conf(options))
end

local function answer(body, more)
  local reply = { status = 200, content_type = "application/json; charset=utf-8", body = body }
  return codec.reply(conf(more), METHOD, reply, "counters")
end

local function counters(result)
  local value, message = answer('{"result":' .. result .. "}")
  assert.is_nil(message)
  return value
end

-- What cjson reads, with the four sections that are always there.
local function expected(body)
  local value = cjson.decode(body).result
  for _, name in ipairs { "TYPE", "CHAT", "DIALOG", "LINES" } do value[name] = value[name] or {} end
  return value
end

local EMPTY = { TYPE = {}, CHAT = {}, DIALOG = {}, LINES = {} }

local rows = {
  { "im 17.5.3 (2017): decimal strings, no LINES",
    '{"TYPE":{"ALL":7,"NOTIFY":1,"DIALOG":4,"CHAT":2},"DIALOG":{"1":"3","5":"1"},'
      .. '"CHAT":{"18":"2"}}',
    { TYPE = { ALL = 7, NOTIFY = 1, DIALOG = 4, CHAT = 2 }, DIALOG = { ["1"] = 3, ["5"] = 1 },
      CHAT = { ["18"] = 2 }, LINES = {} } },
  { "im 17.5.3, nothing unread",
    '{"TYPE":{"ALL":0,"NOTIFY":0,"DIALOG":0,"CHAT":0},"DIALOG":[],"CHAT":[]}',
    { TYPE = { ALL = 0, NOTIFY = 0, DIALOG = 0, CHAT = 0 }, DIALOG = {}, CHAT = {}, LINES = {} } },
  { "im 17.5.3, strings among the totals too",
    '{"TYPE":{"ALL":"7","NOTIFY":"0"},"DIALOG":{"1":"7"},"CHAT":[]}',
    { TYPE = { ALL = 7, NOTIFY = 0 }, DIALOG = { ["1"] = 7 }, CHAT = {}, LINES = {} } },
  { "im 17.5.9 (2017): LINES, and an empty key",
    '{"TYPE":{"ALL":4,"NOTIFY":0,"DIALOG":2,"CHAT":0,"LINES":2},"DIALOG":{"":2},"CHAT":[],'
      .. '"LINES":{"44":2}}',
    { TYPE = { ALL = 4, NOTIFY = 0, DIALOG = 2, CHAT = 0, LINES = 2 },
      DIALOG = { [""] = 2 }, CHAT = {}, LINES = { ["44"] = 2 } } },
  { "about 2020 to 2022: muted chats, marks, a zero in LINES",
    '{"TYPE":{"ALL":6,"NOTIFY":1,"DIALOG":3,"CHAT":2,"LINES":0},"DIALOG":{"27":2},"CHAT":{"18":2},'
    ..
      '"CHAT_MUTED":{"19":4},"LINES":{"44":0},"DIALOG_UNREAD":[33],"CHAT_UNREAD":[]}',
    { TYPE = { ALL = 6, NOTIFY = 1, DIALOG = 3, CHAT = 2, LINES = 0 }, DIALOG = { ["27"] = 2 },
      CHAT = { ["18"] = 2 },
      CHAT_MUTED = { ["19"] = 4 }, LINES = { ["44"] = 0 }, DIALOG_UNREAD = { 33 },
      CHAT_UNREAD = {} } },
  { "2022 to 2025: totals in another order, no MESSENGER yet",
    '{"TYPE":{"ALL":3,"NOTIFY":1,"CHAT":2,"LINES":0,"DIALOG":0},"CHAT":{"3001":2},"CHAT_MUTED":[],'
    ..
      '"CHAT_UNREAD":[3001],"LINES":[],"DIALOG":[],"DIALOG_UNREAD":[]}',
    { TYPE = { ALL = 3, NOTIFY = 1, CHAT = 2, LINES = 0, DIALOG = 0 }, CHAT = { ["3001"] = 2 },
      CHAT_MUTED = {}, CHAT_UNREAD = { 3001 }, LINES = {}, DIALOG = {}, DIALOG_UNREAD = {} } },
  { "a portal of tomorrow: sections and totals nobody knows",
    '{"TYPE":{"ALL":1,"MAIL":4},"CHAT":[],"NEW_KIND":{"7":1},"NEW_KIND_UNREAD":["7"],"VERSION":3}',
    { TYPE = { ALL = 1, MAIL = 4 }, CHAT = {}, DIALOG = {}, LINES = {}, NEW_KIND = { ["7"] = 1 },
      NEW_KIND_UNREAD = { 7 }, VERSION = 3 } },
  { "a list where a map belongs: ids 0, 1, …",
    '{"CHAT":[5,"3"],"LINES":[2],"CHANNEL_COMMENT":[[4]]}',
    { TYPE = {}, CHAT = { ["0"] = 5, ["1"] = 3 }, DIALOG = {}, LINES = { ["0"] = 2 },
      CHANNEL_COMMENT = { ["0"] = { ["0"] = 4 } } } },
  { "nested maps, empty ones too",
    '{"CHANNEL_COMMENT":{"801":{"8101":"3"},"802":[]}}',
    { TYPE = {}, CHAT = {}, DIALOG = {}, LINES = {}, CHANNEL_COMMENT = { ["801"] = { ["8101"] = 3 },
      ["802"] = {} } } },
  { "marks as strings", '{"DIALOG_UNREAD":["27","33"]}',
    { TYPE = {}, CHAT = {}, DIALOG = {}, LINES = {}, DIALOG_UNREAD = { 27, 33 } } },
  { "marks as a PHP array with holes", '{"CHAT_UNREAD":{"0":27,"2":33}}',
    { TYPE = {}, CHAT = {}, DIALOG = {}, LINES = {}, CHAT_UNREAD = { 27, 33 } } },
  { "whole numbers written as doubles",
    '{"TYPE":{"ALL":3.0},"CHAT":{"18":3e0},"CHAT_UNREAD":[18.0]}',
    { TYPE = { ALL = 3 }, CHAT = { ["18"] = 3 }, DIALOG = {}, LINES = {}, CHAT_UNREAD = { 18 } } },
  { "null sections and totals are absent",
    '{"TYPE":{"ALL":null,"NOTIFY":1},"CHAT":null,"COLLAB":null}',
    { TYPE = { NOTIFY = 1 }, CHAT = {}, DIALOG = {}, LINES = {} } },
  { "a result of PHP's empty array", "[]", EMPTY },
  { "a result of an empty object", "{}", EMPTY },
}

-- The answer to {JSON = "Y"}: the content of 09-derived-g3-full.json under camelCase names.
local camel = [[{"type":{"all":60,"notify":4,"chat":24,"lines":3,"dialog":6,"copilot":3,
  "collab":7,"messenger":56,
  "tasksTask":18},"chat":{"501":9,"601":3,"701":7,"801":4},"dialog":{"15":5},"collab":{"701":7},
  "chatMuted":{"503":40,"77":2},"chatUnread":[502,503],"dialogUnread":[27],"collabUnread":[],
    "copilotUnread":[],
  "tasksTaskUnread":[905],"lines":{"4001":2,"4002":1},"copilot":{"601":3},
  "channelComment":{"801":{"8101":3,"8102":1},"802":{"8201":1}},"tasksTask":{"901":10,"902":7}}]]

describe("counters", function()
  describe("of a server generation:", function()
    for _, row in ipairs(rows) do
      it(row[1], function()
        local value = counters(row[2])
        assert.same(row[3], value)
        assert.is_true(data.all_integers(value))
      end)
    end
  end)

  describe("of the sample", function()
    local samples = {}
    for _, dir in ipairs { "counters", "payloads" } do
      for _, sample in ipairs(data.sources(dir)) do
        local is_counters = not (sample.name:find("batch")
          or sample.name:find("time-blocks", 1, true))
        if is_counters then samples[#samples + 1] = sample end
      end
    end

    for _, sample in ipairs(samples) do
      it(sample.name, function()
        local value, message, info = answer(sample.text)
        assert.is_nil(message)
        assert.same(expected(sample.text), value)
        assert.is_true(data.all_integers(value))
        assert.equal(200, info.status)
        assert.equal(METHOD, info.method)
      end)
    end
  end)

  it("of a camelCase answer have the same upper-case names", function()
    assert.same(expected(data.read("counters/09-derived-g3-full.json")), counters(camel))
  end)

  it("of a camelCase answer fold names that nobody knows, too", function()
    assert.same({ TYPE = { ALL = 1, NEW_KIND = 2 }, CHAT = {}, DIALOG = {}, LINES = {},
      NEW_KIND = { ["5"] = 1 }, NEW_KIND_UNREAD = { 5 } },
      counters '{"type":{"all":1,"newKind":2},"chat":[],"newKind":{"5":"1"},"newKindUnread":["5"]}')
  end)

  for _, junk in ipairs { "false", "true", "0", '""', '"x"', "[[]]", '{"18":{}}',
    '{"18":"many"}', '{"18":[1]}', '{"18":1.5}' } do
    it("never fail on a section that makes no sense: " .. junk, function()
      local value =
        counters((('{"TYPE":@,"CHAT":@,"COLLAB":@,"CHAT_UNREAD":@,"CHANNEL_COMMENT":@,'
          .. '"LINES":{"44":1}}')
        :gsub("@", junk)))
      for _, name in ipairs { "TYPE", "CHAT", "DIALOG", "LINES" } do
        assert.is_table(value[name], name)
      end
      assert.equal(1, value.LINES["44"])
    end)
  end

  for _, result in ipairs { "true", "false", "5", '"text"', "null" } do
    it("are not made of a result that is " .. result, function()
      local value, message, info = answer('{"result":' .. result .. "}")
      assert.is_nil(value)
      assert.is_string(message)
      assert.equal("decode", info.kind)
    end)
  end

  it("read a byte order mark before the answer", function()
    assert.same(EMPTY, (answer('\239\187\191{"result":[]}')))
  end)

  it("keep null members where conf.nulls asks for them", function()
    local value = answer('{"result":{"TYPE":{"ALL":1},"CHAT":{"18":1},"OTHER":null}}',
      { nulls = true })
    assert.equal(codec.null, value.OTHER)
    assert.same({ ["18"] = 1 }, value.CHAT)
  end)
end)

describe("the list of sections", function()
  it("is in the LuaLS type, too", function()
    local file = assert(io.open "lua/b24/types.lua")
    local text = file:read "*a"
    file:close()
    assert.is_true(#codec.sections > 7)
    for _, name in ipairs(codec.sections) do
      assert.truthy(text:find("---@field " .. name .. "?", 1, true)
        or text:find("---@field " .. name .. " ", 1, true), name)
    end
  end)

  it("has the maps that every answer has", function()
    local known = { TYPE = true }
    for _, name in ipairs(codec.sections) do known[name] = true end
    for name in pairs(counters "[]") do assert.is_true(known[name], name) end
  end)
end)

describe("a map of counters", function()
  local body = [[{"result":{"TYPE":{"ALL":9},"CHAT":{"18":1,"9007199254740991":2},"DIALOG":{"1":3,
    "":2},"LINES":[7,8],
    "COLLAB":{"5":1},"CHAT_MUTED":{"6":1},"CHANNEL_COMMENT":{"801":{"8101":3}}}}]]

  it("is found by string and by number", function()
    local value = answer(body)
    assert.equal(1, value.CHAT["18"])
    assert.equal(1, value.CHAT[18])
    assert.equal(1, value.CHAT[18.0])
    assert.equal(2, value.CHAT[9007199254740991])
    assert.equal(3, value.DIALOG[1])
    assert.equal(7, value.LINES[0])
    assert.equal(8, value.LINES[1])
    assert.equal(1, value.COLLAB[5])
    assert.equal(1, value.CHAT_MUTED[6])
    assert.equal(3, value.CHANNEL_COMMENT[801][8101])
  end)

  it("holds nothing under another key", function()
    local value = answer(body)
    for _, key in ipairs { 19, "19", -18, 1.5, 18.5, math.huge, -math.huge, 2 ^ 60, true, " 18",
        "018", print } do
      assert.is_nil(value.CHAT[key], tostring(key))
    end
    assert.is_nil(value.CHAT[0 / 0])
    assert.is_nil(value.CHAT[{}])
  end)

  it("keeps the strings of the JSON as its keys", function()
    local value = answer(body)
    for _, name in ipairs { "CHAT", "DIALOG", "LINES", "CHANNEL_COMMENT" } do
      for key in pairs(value[name]) do assert.equal("string", type(key)) end
    end
    assert.is_nil(rawget(value.LINES, 1))
  end)

  it("goes through any encoder and back", function()
    for _, sample in ipairs { "02-doc-legacy-lines-object.json", "09-derived-g3-full.json" } do
      local text = data.read("counters/" .. sample)
      local value = answer(text)
      assert.same(expected(text), cjson.decode(cjson.encode(value)))
      assert.same(expected(text), codec.decode(codec.encode(value)))
    end
  end)

  it("is a table of its own in every answer", function()
    local one, other = answer(body), answer(body)
    one.CHAT["18"] = 99
    one.CHAT["20"] = 5
    assert.equal(1, other.CHAT["18"])
    assert.is_nil(other.CHAT["20"])
    assert.equal(5, one.CHAT["20"])
  end)
end)

describe("a good answer", function()
  local function plain(method, body, more)
    return codec.reply(conf(more), method, { status = 200, content_type = "application/json",
      body = body })
  end

  it("without the word counters is the plain result", function()
    local value, message = plain(METHOD, '{"result":{"CHAT":{"18":"1"},"LINES":{},"TYPE":null}}')
    assert.is_nil(message)
    assert.same({ CHAT = { ["18"] = "1" }, LINES = {} }, value)
  end)

  for _, row in ipairs { { "true", true }, { "false", false }, { "0", 0 }, { '"text"', "text" },
      { "[]", {} },
      { "null", codec.null }, { "[null]", { codec.null } },
      { "9007199254740993", "9007199254740993" },
      { '{"error":"X","error_description":"of the data"}',
      { error = "X", error_description = "of the data" } } } do
    it("may be " .. row[1], function()
      local value, message, info = plain("profile", '{"result":' .. row[1] .. "}")
      assert.is_nil(message)
      assert.same(row[2], value)
      assert.is_table(info)
      assert.is_nil(info.kind)
    end)
  end

  it("of a batch is what cjson reads", function()
    for _, name in ipairs { "counters/17-derived-batch.json", "errors/42-batch-mixed.json",
      "errors/45-batch-length-exceeded.json" } do
      local text = data.read(name)
      assert.is_nil(data.difference(plain("batch", text), cjson.decode(text).result), name)
    end
  end)

  it("hands back the portal's time block", function()
    for _, block in ipairs(cjson.decode(data.read("counters/21-real-time-blocks.json"))) do
      local _, _,
        info = plain("profile", '{"result":true,"time":' .. cjson.encode(block.time) .. "}")
      assert.is_nil(data.difference(info.time, cjson.decode(cjson.encode(block.time))),
        block.source)
    end
    local _, _, info = plain("profile", '{"result":true}')
    assert.is_nil(info.time)
  end)

  it("hands back next and total", function()
    local _, _, info = plain("im.recent.list", '{"result":[],"next":50,"total":-1}')
    assert.equal(50, info.next)
    assert.equal(-1, info.total)
  end)
end)
