-- codec.decode: the strict gate in front of cJSON. What JSON is, and only that, gets in, and
-- arrives unharmed.

local cjson = require "cjson"
local codec = require "b24.codec"
local data = require "spec.support.data"

local null = codec.null
local BOM = "\239\187\191"

local function nested(levels)
  return ("["):rep(levels) .. ("]"):rep(levels)
end

local accepted = {
  { "true", "true", true },
  { "false", "false", false },
  { "null at the top", "null", null },
  { "zero", "0", 0 },
  { "minus zero", "-0", 0 },
  { "an integer", "18", 18 },
  { "a negative integer", "-18", -18 },
  { "a fraction", "-12.5", -12.5 },
  { "exponents with sign", "[25E-2,1.5e+1]", { 0.25, 15 } },
  { "a double as C reads it", "0.1", 0.1 },
  { "the largest double", "1.7976931348623157e308", 1.7976931348623157e308 },
  { "a number too small for a double", "1e-400", 0 },
  { "2^53 - 1", "9007199254740991", 9007199254740991 },
  { "2^53", "9007199254740992", 9007199254740992 },
  { "an empty string", '""', "" },
  { "every short escape", [["\"\\\/\b\f\n\r\t"]], '"\\/\b\f\n\r\t' },
  { "escapes in both letter cases", [["\u00e9\u00E9"]], "\195\169\195\169" },
  { "escaped ASCII", [["\u0041\u007f"]], "A\127" },
  { "an escaped control character", [["\u0001\u001f"]], "\1\31" },
  { "three-byte escapes", [["\u20ac\uffff"]], "\226\130\172\239\191\191" },
  { "a surrogate pair", [["\ud83d\ude00"]], "\240\159\152\128" },
  { "the last surrogate pair", [["\udbff\udfff"]], "\244\143\191\191" },
  { "an escaped backslash before u", [["\\u0000"]], "\\u0000" },
  { "raw UTF-8 of every length",
    '"\127\194\128\223\191\224\160\128\239\191\191\240\144\128\128\244\143\191\191"',
    "\127\194\128\223\191\224\160\128\239\191\191\240\144\128\128\244\143\191\191" },
  { "code points beside the surrogates", '"\237\159\191\238\128\128"', "\237\159\191\238\128\128" },
  { "a slash, raw", '"a/b"', "a/b" },
  { "an empty list", "[]", {} },
  { "an empty object", "{}", {} },
  { "nested containers", '{"a":[{"b":[]},2],"c":{"d":"e"}}',
    { a = { { b = {} }, 2 }, c = { d = "e" } } },
  { "all four kinds of white space", " \t\r\n[ 1 ,\n2\t]\r\n ", { 1, 2 } },
  { "white space around members", '{ "a" : 1 , "b" : 2 }', { a = 1, b = 2 } },
  { "an empty key", '{"":2}', { [""] = 2 } },
  { "an escaped key", [[{"\u0063at\n":1}]], { ["cat\n"] = 1 } },
  { "keys that differ in letter case", '{"ID":1,"id":2}', { ID = 1, id = 2 } },
  { "digits as keys, left strings", '{"18":1}', { ["18"] = 1 } },
  { "a byte order mark", BOM .. "[1]", { 1 } },
  { "a byte order mark and white space", BOM .. " {} ", {} },
  { "a byte order mark inside a string", '"' .. BOM .. '"', BOM },
  { "the last of equal keys", '{"a":1,"b":2,"a":3}', { a = 3, b = 2 } },
  { "the last of equal keys, when it is null", '{"a":1,"a":null}', {} },
  { "the last of equal keys, spelled differently", [[{"a":1,"\u0061":2}]], { a = 2 } },
  { "nulls in a list, as null", "[null,1,null]", { null, 1, null } },
  { "null members, as absence", '{"a":null,"b":[{"c":null}]}', { b = { {} } } },
}

local refused = {
  { "nothing", "" }, { "white space only", " \n" }, { "a byte order mark only", BOM },
  { "two byte order marks", BOM .. BOM .. "1" }, { "a byte order mark after white space",
    " " .. BOM .. "1" },
  { "text after the value", "{} x" }, { "two values", "{}{}" }, { "two scalars", "1 2" },
  { "nullx", "nullx" },
  { "half a word", "nul" }, { "a word in capitals", "True" }, { "NaN", "NaN" }, { "nan", "nan" },
  { "Infinity", "Infinity" }, { "-Infinity", "-Infinity" }, { "inf", "[inf]" },
  { "undefined", "undefined" },
  { "a lone minus", "-" }, { "a plus", "+1" }, { "a leading zero", "01" },
  { "a negative leading zero", "[-01]" },
  { "a fraction without digits", "1." }, { "a fraction without an integer", ".5" },
  { "minus and a point", "-.5" },
  { "an exponent without digits", "1e" }, { "a signed exponent without digits", "1e+" },
  { "a broken exponent", "1e1.5" },
  { "hexadecimal", "0x10" }, { "underscores", "1_000" }, { "two points", "1.2.3" },
  { "two signs", "--1" },
  { "a number too large for a double", "1e999" }, { "the same, negative", "[-1e999]" },
  { "the same, with a fraction", "1.5e309" },
  { "a trailing comma in a list", "[1,]" }, { "a leading comma", "[,1]" },
  { "two commas", "[1,,2]" },
  { "no comma", "[1 2]" }, { "a colon in a list", "[1:2]" }, { "an open list", "[1" },
  { "a wrong bracket", "[1}" },
  { "a closing bracket only", "]" }, { "a trailing comma in an object", '{"a":1,}' },
  { "a key only", '{"a"}' },
  { "no value", '{"a":}' }, { "no colon", '{"a" 1}' }, { "two colons", '{"a"::1}' },
  { "a bare key", "{a:1}" },
  { "a key in single quotes", "{'a':1}" }, { "a number as key", "{1:2}" },
  { "null as key", "{null:1}" },
  { "a wrong brace", '{"a":1]' }, { "an open object", '{"a":1' }, { "a comma only", "{,}" },
  { "an open string", '"abc' }, { "single quotes", "'abc'" },
  { "a string that ends in a backslash", '"abc\\' },
  { "an escaped end quote", '"abc\\"' }, { "an unknown escape", [["\x41"]] },
  { "an escaped quote of C", [["\'"]] },
  { "\\a", [["\a"]] }, { "an escape in capitals", [["\U0041"]] },
  { "\\u with three digits", [["\u004"]] },
  { "\\u with letters", [["\uZZZZ"]] }, { "\\u with a sign", [["\u+041"]] },
  { "\\u with blanks", [["\u  41"]] },
  { "\\u0000", [["\u0000"]] }, { "\\u0000 inside", [["a\u0000b"]] },
  { "\\u0000 in a key", [[{"a\u0000":1}]] },
  { "a lone high surrogate", [["\ud800"]] }, { "a high surrogate and text", [["\ud800x"]] },
  { "two high surrogates", [["\ud800\ud800"]] },
  { "a high surrogate and an escape", [["\ud800\u0041"]] },
  { "a high surrogate and \\n", [["\ud800\n"]] }, { "a lone low surrogate", [["\udc00"]] },
  { "a pair the wrong way round", [["\ude00\ud83d"]] },
  { "a raw line feed in a string", '"a\nb"' }, { "a raw tab in a string", '"a\tb"' },
  { "a raw \\1", '"\1"' },
  { "a raw \\31", '"\31"' }, { "a raw control byte in a key", '{"a\1":1}' },
  { "NUL in a string", '"a\0b"' }, { "NUL in a key", '{"a\0":1}' },
  { "NUL between tokens", "[1\0]" },
  { "NUL after the value", "1\0" }, { "NUL and more after the value", "{}\0x" },
  { "NUL alone", "\0" },
  { "\\1 as white space", "[1\1]" }, { "a vertical tab as white space", "\11[1]" },
  { "a form feed", "[1]\12" },
  { "a no-break space", "\194\160[1]" }, { "DEL as white space", "[1]\127" },
  { "a line separator", "\226\128\168[1]" },
  { "a comment to the end of the line", "[1] // one" }, { "a comment in between", "[/* one */1]" },
  { "a stray continuation byte", '"\128"' }, { "an overlong slash", '"\192\175"' },
  { "an overlong NUL", '"\192\128"' },
  { "overlong in three bytes", '"\224\128\128"' },
  { "overlong in four bytes", '"\240\128\128\128"' },
  { "a surrogate as UTF-8", '"\237\160\128"' }, { "beyond U+10FFFF", '"\244\144\128\128"' },
  { "\\245", '"\245\128\128\128"' }, { "\\255", '"\255"' }, { "a cut character", '"\226\130"' },
  { "a cut character before more", '"\226\130x"' }, { "invalid UTF-8 in a key", '{"\255":1}' },
  { "invalid UTF-8 outside strings", "[1]\255" }, { "UTF-16", "\255\254[\0]\0" },
}

describe("codec.decode", function()
  describe("accepts", function()
    for _, row in ipairs(accepted) do
      local name, text, value = row[1], row[2], row[3]
      it(name, function()
        local got, message = codec.decode(text)
        assert.is_nil(message)
        assert.same(value, got)
      end)
    end

    it("a long string and a long list", function()
      local long = ("0123456789abcdef"):rep(65536)
      assert.equal(long, codec.decode('"' .. long .. '"'))
      local list = codec.decode("[" .. ("1,"):rep(99999) .. "2]")
      assert.equal(100000, #list)
      assert.equal(2, list[100000])
    end)
  end)

  -- Strings are read in words of eight bytes.
  it("finds what ends or spoils a string at any place of it", function()
    local odd = { ["\1"] = "a raw control byte", ["\31"] = "a raw control byte",
      ["\127"] = false, ["\128"] = "invalid UTF-8", ["\255"] = "invalid UTF-8",
      [ [[\x]] ] = "an unknown escape", ['"'] = "without comma" }
    for length = 0, 25 do
      for place = 0, length do
        for bytes, what in pairs(odd) do
          local text = ("[\"%s%s%s\"]"):format(("!"):rep(place), bytes,
            ("~"):rep(length - place))
          local got, message = codec.decode(text)
          local at = #bytes == 2 and place + 4 or bytes == '"' and place + 4 or place + 3
          if what then
            assert.is_nil(got, text)
            assert.is_truthy(message:find(what, 1, true), message)
            assert.is_truthy(message:find("at byte " .. at .. "$"), message .. text)
          else
            assert.equal(text:sub(3, -3), got[1])
          end
        end
      end
    end
  end)

  describe("refuses with nil and a message", function()
    for _, row in ipairs(refused) do
      local name, text = row[1], row[2]
      it(name, function()
        local got, message = codec.decode(text)
        assert.is_nil(got)
        assert.equal("string", type(message))
        assert.is_truthy(message:find("%a"))
      end)
    end
  end)

  describe("reads numbers as a Lua programmer expects:", function()
    for _, text in ipairs { "1", "1.0", "1e0", "10e-1", "100.00E-2" } do
      it(text .. " is the integer 1", function()
        local got = codec.decode(text)
        assert.equal(1, got)
        assert.is_true(data.all_integers(got))
        assert.equal("1", tostring(got))
      end)
    end

    it("1e3 is the integer 1000", function()
      assert.equal("1000", tostring(codec.decode("1e3")))
    end)

    -- cJSON has 64 bytes for a number, and what is longer is cut there, unless Debian has patched
    -- it.
    for _, digits in ipairs { "0." .. ("123456789"):rep(7), "-0." .. ("123456789"):rep(7),
        "1." .. ("0"):rep(62), ("0.%se-5"):format(("7"):rep(80)), ("1%s.5"):format(("0"):rep(70)),
        "1e-" .. ("0"):rep(70) .. "5", "0." .. ("9"):rep(100000) } do
      it("a number of more than 63 bytes is its decimal string: " .. digits:sub(1, 24), function()
        assert.same({ digits, 1, { x = digits } },
          codec.decode(("[%s,1,{\"x\":%s}]"):format(digits, digits)))
        assert.equal(digits, codec.decode(digits))
      end)
    end

    for _, digits in ipairs { "0." .. ("3"):rep(61), "-0." .. ("3"):rep(60),
        "1e-" .. ("0"):rep(59) .. "5" } do
      it("a number of 63 bytes is a number: " .. digits:sub(1, 24), function()
        assert.equal(63, #digits)
        assert.equal(tonumber(digits), codec.decode(digits))
      end)
    end

    it("a long number that no double can hold is refused", function()
      assert.is_nil((codec.decode("[1e" .. ("0"):rep(70) .. "400]")))
    end)

    for _, digits in ipairs { "9007199254740993", "-9007199254740993", "12345678901234567890",
        "9223372036854775807", "-9223372036854775808", "1" .. ("0"):rep(400) } do
      it("an integer beyond 2^53 is its decimal string: " .. digits:sub(1, 24), function()
        assert.equal(digits, codec.decode(digits))
        assert.same({ digits }, codec.decode("[" .. digits .. "]"))
        assert.same({ id = digits, n = 1 }, codec.decode('{"id": ' .. digits .. ' ,"n":1}'))
      end)
    end

    it("digits inside strings stay as they are", function()
      assert.same({ ["9007199254740993"] = "9007199254740993 1e999" },
        codec.decode('{"9007199254740993":"9007199254740993 1e999"}'))
    end)
  end)

  describe("knows two options:", function()
    it("nulls keeps null members", function()
      local text = '{"a":null,"b":[{"c":null}]}'
      assert.same({ a = null, b = { { c = null } } }, codec.decode(text, { nulls = true }))
      assert.same({ b = { {} } }, codec.decode(text, { nulls = false }))
    end)

    it("null equals that of cjson", function()
      assert.equal("userdata", type(null))
      assert.equal(cjson.null, null)
    end)

    it("max_depth is 100 unless told", function()
      assert.is_table((codec.decode(nested(100))))
      assert.is_nil((codec.decode(nested(101))))
      assert.is_nil((codec.decode(nested(100000))))
      assert.is_nil((codec.decode(('{"a":'):rep(101) .. "1" .. ("}"):rep(101))))
    end)

    it("max_depth counts open containers", function()
      assert.is_table((codec.decode("[1]", { max_depth = 1 })))
      assert.is_nil((codec.decode("[[1]]", { max_depth = 1 })))
      assert.is_nil((codec.decode('[{"a":1}]', { max_depth = 1 })))
      assert.is_table((codec.decode('[[],[],{"a":[]}]', { max_depth = 3 })))
      assert.is_table((codec.decode(nested(500), { max_depth = 500 })))
    end)

    for name, options in pairs { ["an unknown name"] = { null = true },
        ["a wrong type"] = { max_depth = "deep" } } do
      it(name .. " throws", function()
        assert.has_error(function() codec.decode("1", options) end)
      end)
    end

    it("what is no string throws", function()
      assert.has_error(function() codec.decode(nil) end)
      assert.has_error(function() codec.decode({}) end)
    end)
  end)
end)

-- Random documents, the same on every Lua ---------------------------------------------------------

local pieces = { "a", "Zz", " ", "{", "]", ",", ":", "0", [[\n]], [[\u00e9]], "\195\169",
  [[\ud83d\ude00]], [[\/]], [[\"]], [[\\]], "\240\159\152\128", "\127", [[\u0001]], "\226\130\172" }
local blanks = { "", "", "", " ", "\n", "\t\r\n " }

local function text_of(random)
  local parts = {}
  for i = 1, random(5) - 1 do parts[i] = pieces[random(#pieces)] end
  return '"' .. table.concat(parts) .. '"'
end

local function digits_of(random, most)
  local parts = { tostring(random(9)) }
  for i = 2, random(most) do parts[i] = tostring(random(10) - 1) end
  return table.concat(parts)
end

local scalars = {
  function() return "null" end,
  function(random) return random(2) == 1 and "true" or "false" end,
  function(random) return (random(3) == 1 and "-" or "") .. digits_of(random, 15) end,
  function(random)
    return digits_of(random, 3) .. "." .. digits_of(random, 17) .. "e-" .. random(200)
  end,
  function(random) return "0." .. digits_of(random, 20) end,
  text_of,
}

local function document(random, depth)
  if depth == 0 or depth < 5 and random(3) == 1 then return scalars[random(#scalars)](random) end
  local parts, is_list = {}, random(2) == 1
  for i = 1, random(6) - 1 do
    local value = blanks[random(#blanks)] .. document(random, depth - 1) .. blanks[random(#blanks)]
    parts[i] = is_list and value or text_of(random) .. blanks[random(#blanks)] .. ":" .. value
  end
  local inside = table.concat(parts, ",")
  return is_list and "[" .. inside .. "]" or "{" .. inside .. "}"
end

local function without_null_members(value)
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, inner in pairs(value) do
    if type(key) == "number" or inner ~= cjson.null then copy[key] = without_null_members(inner) end
  end
  return copy
end

describe("codec.decode beside cjson", function()
  it("agrees on random documents", function()
    local random = data.random(20260301)
    for _ = 1, 2000 do
      local text = document(random, 5)
      local theirs = cjson.decode(text)
      local ours, message = codec.decode(text, { nulls = true })
      assert.is_nil(message, text)
      assert.is_nil(data.difference(ours, theirs), text)
      assert.is_nil(data.difference(codec.decode(text), without_null_members(theirs)), text)
    end
  end)

  for _, dir in ipairs { "counters", "payloads" } do
    for _, sample in ipairs(data.sources(dir)) do
      it("agrees on the sample " .. sample.name, function()
        assert.is_nil(data.difference(codec.decode(sample.text, { nulls = true }),
          cjson.decode(sample.text)))
      end)
    end
  end

  it("refuses every prefix of a document", function()
    local texts = { '{"a":[1,-2.5e-3,"\\ud83d\\ude00\226\130\172",true,false,null,{}],'
      .. '"b":{"c":"\\n"}}',
      '"ab\\u00e9"', "[[[]]]" }
    for _, name in ipairs { "02-doc-legacy-lines-object.json", "09-derived-g3-full.json" } do
      texts[#texts + 1] = data.read("counters/" .. name):gsub("%s+$", "")
    end
    for _, text in ipairs(texts) do
      assert.is_not_nil((codec.decode(text)))
      for last = 0, #text - 1 do
        local got, message = codec.decode(text:sub(1, last))
        assert.is_nil(got, last)
        assert.is_string(message)
      end
    end
  end)

  it("survives changed bytes, and what it still accepts is what cjson reads", function()
    if not cjson._VERSION then return pending "lua-cjson is not installed for this Lua" end
    local random, kept = data.random(314159), 0
    local favourites = '{}[]",:0123456789.-+eE\\u/ tfnr\0\1\127\128\237\255'
    local sources = { data.read("counters/09-derived-g3-full.json"),
      data.read("counters/01-doc-2026-current.json"), data.read("errors/46-v3-validation.json"),
      '["\\ud83d\\ude00","\226\130\172",-1.5e-7,{"a":null,"a":[true,false]}]' }
    local function byte()
      if random(2) == 1 then return string.char(random(256) - 1) end
      local at = random(#favourites)
      return favourites:sub(at, at)
    end
    local changes = {
      function(text, at) return text:sub(1, at - 1) .. byte() .. text:sub(at + 1) end,
      function(text, at) return text:sub(1, at - 1) .. text:sub(at + 1) end,
      function(text, at) return text:sub(1, at) .. byte() .. text:sub(at + 1) end,
      function(text, at) return text:sub(1, at) .. text:sub(at - random(9)) end,
    }
    for _ = 1, 20000 do
      local text = sources[random(#sources)]
      for _ = 1, random(3) do text = changes[random(#changes)](text, 10 + random(#text - 12)) end
      local ours, message = codec.decode(text, { nulls = true })
      if ours == nil then
        assert.is_string(message, text)
      else
        kept = kept + 1
        assert.is_nil(data.difference(ours, cjson.decode(text)), text)
      end
    end
    assert.is_true(kept > 200, kept)
  end)
end)
