-- codec.neutral, codec.neutral_json: what strangers wrote must not steer a terminal.

local cjson = require "cjson"
local codec = require "b24.codec"

-- UTF-8 of a code point below U+10000.
local function utf8_of(c)
  if c < 0x80 then return string.char(c) end
  local tail = string.char(0x80 + c % 64)
  if c < 0x800 then return string.char(0xC0 + math.floor(c / 64)) .. tail end
  return string.char(0xE0 + math.floor(c / 4096), 0x80 + math.floor(c / 64) % 64) .. tail
end

local STEERING = { 0x061C, 0x200E, 0x200F, 0x2028, 0x2029 }
for c = 0x202A, 0x202E do STEERING[#STEERING + 1] = c end
for c = 0x2066, 0x2069 do STEERING[#STEERING + 1] = c end

local function controls()
  local list = { 0x7F }
  for c = 0, 31 do list[#list + 1] = c end
  for c = 0x80, 0x9F do list[#list + 1] = c end
  return list
end

describe("codec.neutral", function()
  it("makes a blank of control characters", function()
    for _, c in ipairs(controls()) do
      assert.equal("a b", codec.neutral("a" .. utf8_of(c) .. "b"))
    end
    assert.equal("a b", codec.neutral "a\27\194\155\r\n\0b")
    assert.equal("a\nb c", codec.neutral("a\nb\tc", true))
    assert.equal("a b", codec.neutral "a\nb")
  end)

  it("leaves out what turns or breaks lines", function()
    for _, c in ipairs(STEERING) do
      assert.equal("ab", codec.neutral("a" .. utf8_of(c) .. "b", true))
    end
  end)

  it("shows bytes that are no text", function()
    assert.equal("a\239\191\189b", codec.neutral "a\155b") -- CSI of a terminal without UTF-8
  end)

  it("leaves everything else", function()
    for _, text in ipairs { "", "plain", "Иван 日本 👍", "שלום مرحبا", "e\204\129", "\226\129\160",
        "\239\187\191" } do
      assert.equal(text, codec.neutral(text))
    end
  end)
end)

describe("codec.neutral_json", function()
  it("is the same to a parser, and nothing to a terminal", function()
    local parts = {}
    for _, c in ipairs(controls()) do if c > 31 then parts[#parts + 1] = utf8_of(c) end end
    for _, c in ipairs(STEERING) do parts[#parts + 1] = utf8_of(c) end
    local text = "a" .. table.concat(parts, "é") .. "👍"
    local json = codec.neutral_json(codec.encode { text })
    assert.equal(text, cjson.decode(json)[1])
    assert.equal(json, codec.neutral_json(json))
    for _, part in ipairs(parts) do assert.is_nil(json:find(part, 1, true)) end
    assert.truthy(json:find("\\u009b", 1, true))
    assert.truthy(json:find("é", 1, true))
    assert.truthy(json:find("👍", 1, true))
  end)
end)
