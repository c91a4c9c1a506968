-- codec.encode: parameters as JSON. Every value that JSON can hold arrives unharmed; every other
-- one throws where it was passed.

local cjson = require "cjson"
local codec = require "b24.codec"
local data = require "spec.support.data"

local null = codec.null

local function nested(levels)
  local value = "x"
  for _ = 1, levels do value = { a = value } end
  return value
end

local texts = {
  { "true", true, "true" },
  { "false", false, "false" },
  { "null", null, "null" },
  { "an integer", 18, "18" },
  { "a negative integer", -18, "-18" },
  { "zero", 0, "0" },
  { "a whole double, without .0", 3.0, "3" },
  { "10^15, without exponent", 1e15, "1000000000000000" },
  { "2^53", 9007199254740992, "9007199254740992" },
  { "-2^53", -9007199254740992, "-9007199254740992" },
  { "a half", 0.5, "0.5" },
  { "an empty string", "", '""' },
  { "digits in a string, as a string", "18", '"18"' },
  { "an empty top level: no parameters", {}, "{}" },
  { "an empty nested table: a list", { a = {} }, '{"a":[]}' },
  { "an empty table in a list", { { {} } }, "[[[]]]" },
  { "keys 1..n", { 1, 2, 3 }, "[1,2,3]" },
  { "keys 1..n set in any order", (function() local t = {}; t[2] = "b"; t[1] = "a"; return t end)(),
    '["a","b"]' },
  { "nulls in a list", { null, 1, null }, "[null,1,null]" },
  { "null as a member", { a = null }, '{"a":null}' },
  { "a string key", { DIALOG_ID = "chat18" }, '{"DIALOG_ID":"chat18"}' },
  { "an empty key", { [""] = 1 }, '{"":1}' },
  { "an integer key that starts no list", { [18] = 1 }, '{"18":1}' },
  { "the key 2 alone", { [2] = true }, '{"2":true}' },
  { "the key 0", { [0] = "a" }, '{"0":"a"}' },
  { "a negative key", { [-5] = 1 }, '{"-5":1}' },
  { "a large integer key, without exponent", { [1e15] = 1 }, '{"1000000000000000":1}' },
  { "the string \"1\" as key: an object", { ["1"] = "a" }, '{"1":"a"}' },
  { "lists in objects in lists", { { a = { 1, { b = false } } } }, '[{"a":[1,{"b":false}]}]' },
}

local cyclic = {}
cyclic.list = { { back = cyclic } }
local itself = {}
itself[1] = itself

local thrown = {
  { "NaN", 0 / 0 }, { "infinity", math.huge }, { "minus infinity", -math.huge },
  { "NaN inside", { a = { 0 / 0 } } }, { "infinity inside", { a = math.huge } },
  { "a stray continuation byte", "\128" }, { "an overlong form", "\192\175" },
  { "a surrogate", "\237\160\128" },
  { "beyond U+10FFFF", "\244\144\128\128" }, { "a cut character", "\226\130" },
  { "\\255", "a\255b" },
  { "invalid UTF-8 inside", { a = { "\255" } } }, { "invalid UTF-8 as a key", { ["\255"] = 1 } },
  { "list and object keys", { 1, 2, a = 3 } }, { "the same inside", { x = { 1, a = 3 } } },
  { "an integer key beside a string key", { [5] = 1, a = 2 } },
  { "1 beside \"1\"", { [1] = "a", ["1"] = "b" } },
  { "true as a key", { [true] = 1 } }, { "a table as key", { [{}] = 1 } },
  { "a function as key", { [print] = 1 } },
  { "a function", print }, { "a function inside", { a = print } },
  { "a coroutine", { coroutine.create(function() end) } }, { "a userdata", { io.stdout } },
  { "a cycle", cyclic }, { "a table in itself", itself },
}

describe("codec.encode", function()
  describe("writes", function()
    for _, row in ipairs(texts) do
      local name, value, text = row[1], row[2], row[3]
      it(name, function()
        assert.equal(text, codec.encode(value))
      end)
    end

    it("integers by subtype in full", function()
      if math.type then
        assert.equal("9223372036854775807", codec.encode(math.maxinteger))
        assert.equal("[-9223372036854775808]", codec.encode { math.mininteger })
      end
    end)

    it("an object with several members", function()
      assert.same({ a = 1, b = "x", c = { 1, 2 }, d = false },
        cjson.decode(codec.encode { a = 1, b = "x", c = { 1, 2 }, d = false }))
    end)

    it("only the keys that are there, when some of 1..n are missing", function()
      local ok, text = pcall(codec.encode, { [1] = "a", [3] = "c" })
      if ok then
        assert.same({ ["1"] = "a", ["3"] = "c" }, cjson.decode(text))
      end
    end)

    it("the same table twice: that is no cycle", function()
      local shared = { 1 }
      assert.same({ a = { 1 }, b = { 1 } }, cjson.decode(codec.encode { a = shared, b = shared }))
      assert.equal("[[1],[1]]", codec.encode { shared, shared })
    end)

    it("text that cjson and codec.decode read", function()
      local value = nested(90)
      assert.same(value, cjson.decode(codec.encode(value)))
      assert.same(value, codec.decode(codec.encode(value)))
    end)
  end)

  describe("keeps every string:", function()
    it("all single bytes of ASCII, NUL too", function()
      for code = 0, 127 do
        local text = "<" .. string.char(code) .. ">"
        local json = codec.encode { text }
        for i = 1, #json do assert.is_true(json:byte(i) >= 32, code) end
        assert.equal(text, cjson.decode(json)[1])
        assert.equal(text, next(cjson.decode(codec.encode { [text] = 1 })))
      end
    end)

    for _, text in ipairs { "\195\169", "\226\130\172", "\240\159\152\128",
        "\237\159\191\238\128\128", "\239\191\191", "\244\143\191\191", "\"\\/\b\f\n\r\t'<>&",
        "\226\128\168", "\\u0041", ("x"):rep(100000) } do
      it(("%q"):format(text:sub(1, 12)), function()
        assert.equal(text, cjson.decode(codec.encode { text })[1])
        assert.equal(text, codec.decode(codec.encode { text })[1])
      end)
    end

    it("random characters", function()
      local random = data.random(27182)
      local parts = { "a", "\0", "\n", '"', "\\", "\127", "\195\169", "\226\130\172",
        "\240\159\152\128", "\239\187\191" }
      for _ = 1, 500 do
        local chosen = {}
        for i = 1, random(12) do chosen[i] = parts[random(#parts)] end
        local text = table.concat(chosen)
        assert.equal(text, cjson.decode(codec.encode { text })[1])
      end
    end)
  end)

  describe("keeps every number:", function()
    for _, number in ipairs { 0.1, 1 / 3, 2 / 3, 1e-7, 123456.789, -1.5e-300, 5e-324,
        2.2250738585072014e-308, 1.7976931348623157e308, 1e17, 1e21, 2 ^ 63, -2 ^ 63, 2 ^ 64,
        4503599627370497.5, 0.30000000000000004 } do
      it(("%.17g"):format(number), function()
        local json = codec.encode { number }
        assert.equal(number, tonumber(json:match("^%[(.*)%]$")))
        assert.is_truthy(json:find("^%[%-?%d+%.?%d*[eE]?[-+]?%d*%]$"), json)
      end)
    end

    it("random doubles", function()
      local random = data.random(16180)
      for _ = 1, 2000 do
        local number = (random(2147483646) / random(2147483646)) * 2 ^ (random(1200) - 600)
        local json = codec.encode(number)
        assert.equal(number, tonumber(json), json)
      end
    end)

    it("random integers, without point or exponent", function()
      local random = data.random(14142)
      for _ = 1, 500 do
        local number = (random(2147483646) - 1073741823) * random(4194304)
        assert.equal(("%.0f"):format(number), codec.encode(number))
      end
    end)
  end)

  it("agrees with cjson on the portal's samples", function()
    for _, dir in ipairs { "counters", "payloads" } do
      for _, sample in ipairs(data.sources(dir)) do
        local value = cjson.decode(sample.text)
        assert.is_nil(data.difference(cjson.decode(codec.encode(value)), value), sample.name)
      end
    end
  end)

  describe("throws, at the caller's line, for", function()
    for _, row in ipairs(thrown) do
      local name, value = row[1], row[2]
      it(name, function()
        local ok, message = pcall(function()
          local text = codec.encode(value)
          return text
        end)
        assert.is_false(ok)
        assert.is_truthy(tostring(message):find("params_spec.lua:%d+: "), message)
      end)
    end

    it("tables that are nested too deeply, which is deeper than a reply may be", function()
      local text = ("["):rep(1000) .. ("]"):rep(1000)
      assert.equal(text, codec.encode(assert(codec.decode(text, { max_depth = 1000 }))))
      assert.has_error(function() codec.encode(nested(100000)) end)
    end)

    it("no value at all", function()
      assert.has_error(function() codec.encode() end)
    end)
  end)

  it("works on after an error", function()
    for _ = 1, 200 do pcall(codec.encode, { { { a = { 1, 2, "x", 0 / 0 } } } }) end
    assert.equal('{"a":[1,2]}', codec.encode { a = { 1, 2 } })
  end)
end)
