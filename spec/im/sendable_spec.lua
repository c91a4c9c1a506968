-- codec.parts: what a program wrote, as messages that Bitrix24 takes.

local codec = require "b24.codec"
local data = require "spec.support.data"

local MOST = 20000
local U = "\239\191\189" -- U+FFFD

local function one(text)
  local parts, n = codec.parts(text, true)
  assert.same({ n, #parts }, { 1, 1 }, text)
  return parts[1]
end

-- UTF-16 units, the strictest way to count characters.
local function units(text)
  local n = 0
  for c in text:gmatch "[^\128-\191]" do n = n + (c:byte() >= 0xF0 and 2 or 1) end
  return n
end

describe("codec.parts", function()
  it("makes text of what only a terminal understands", function()
    for given, wanted in pairs {
      ["plain\ttext\nof lines"] = "plain\ttext\nof lines",
      -- what is not UTF-8
      ["r\233sum\233.txt"] = "r" .. U .. "sum" .. U .. ".txt",
      ["cut \208"] = "cut " .. U,
      ["\192\175\237\160\128x"] = U:rep(5) .. "x",
      -- colours and other sequences
      ["\27[31mred\27[0m"] = "red",
      ["\27[1;38;5;208mbold\27[m \27[?25lx\27[K"] = "bold x",
      ["\194\15531mred"] = "red",
      ["\27]0;title\7text"] = "text",
      ["\27]8;;https://a.example\27\\link\27]8;;\27\\"] = "link",
      ["\27]never ended\nnext line"] = "\nnext line",
      ["\27(Bx\27=y\27cz"] = "xyz",
      ["\27P1;2q\27\\x"] = "x",
      ["a\27"] = "a", ["a\27["] = "a", ["a\27[1"] = "a", ["a\27[1\nb"] = "a\nb",
      -- lines that were written over
      ["10%\r50%\r100%\n"] = "100%",
      ["10%\r50%"] = "50%",
      ["10%\r50%\r"] = "50%",
      ["10%\r\ndone\r\n"] = "10%\ndone",
      ["a\r\r\nb"] = "a\nb",
      ["a\27[2K\27[1Gb"] = "b",
      ["first\n10%\rlast"] = "first\nlast",
      -- control characters
      ["a\0b\1c\127d"] = "abcd", ["a\194\128b\194\129c"] = "abc",
      ["N\8NA\8AME"] = "NAME",
      ["é\8x\n\8y"] = "x\ny",
      ["a\11b\12c\194\133d"] = "a\nb\nc\nd",
      ["\239\187\191with a mark"] = "with a mark",
      ["one\n\239\187\191two\239\187\191"] = "one\ntwo\239\187\191",
      ["trailing \n\t\n"] = "trailing",
    } do
      assert.equal(wanted, one(given), given)
    end
  end)

  it("is nothing when nothing is left", function()
    for _, text in ipairs { "", " \n\t", "\0", "\27[0m\n", "\239\187\191", "\r\n", "x\8" } do
      local parts, n = codec.parts(text, false)
      assert.same({ {}, 0 }, { parts, n })
    end
  end)

  it("takes markup apart unless it counts", function()
    assert.equal("[B]x[/B]", one "[B]x[/B]")
    assert.same({ codec.plain "[B]x[/B]" }, (codec.parts("[B]x[/B]", false)))
    -- also what cleaning has uncovered
    assert.same({ codec.plain ">>y" }, (codec.parts("\27[0m>>y", false)))
  end)

  it("is one message up to the portal's limit, in characters and not in bytes", function()
    for _, character in ipairs { "x", "é", "я", "語" } do
      assert.equal(1, select(2, codec.parts(character:rep(MOST), true)))
      assert.equal(2, select(2, codec.parts(character:rep(MOST + 1), true)))
    end
    assert.equal(1, select(2, codec.parts(("x"):rep(MOST) .. "\n\n", true)))
  end)

  it("is split at line ends, and nothing is lost", function()
    local random = data.random(5)
    local words = { "x", "é", "語", "👍", " ", "error: ", "\n", "\n", "  indented" }
    for _ = 1, 12 do
      local pieces = {}
      for i = 1, random(30000) do pieces[i] = words[random(#words)] end
      local text = (table.concat(pieces) .. "end"):gsub("^%s+", "")
      local parts, n = codec.parts(text, true)
      assert.equal(n, #parts)
      local joined = {}
      for i, part in ipairs(parts) do
        assert.is_true(units(part) <= MOST)
        local body = n == 1 and part or part:match(("^%%(%d/%d%%)\n(.*)$"):format(i, n))
        assert.is_string(body, part:sub(1, 20))
        assert.is_nil(body:find "^\n")
        joined[i] = body
      end
      assert.equal((text:gsub("%s+", "")), (table.concat(joined, "\n"):gsub("%s+", "")))
    end
  end)

  it("keeps lines whole where they fit", function()
    local lines = {}
    for i = 1, 900 do lines[i] = ("%d: "):format(i) .. ("語"):rep(50) end
    local parts, n = codec.parts(table.concat(lines, "\n"), true)
    assert.equal(3, n)
    local found = {}
    for _, part in ipairs(parts) do
      for line in part:gsub("^%(%d/3%)\n", ""):gmatch "[^\n]+" do found[#found + 1] = line end
    end
    assert.same(lines, found)
  end)

  it("is cut between characters where a line is too long", function()
    local parts = codec.parts(("👍"):rep(25000), true)
    assert.equal(3, #parts)
    local sum = 0
    for _, part in ipairs(parts) do
      local _, count = part:gsub("👍", "")
      assert.equal("", (part:gsub("^%(%d/3%)\n", ""):gsub("👍", "")))
      sum = sum + count
    end
    assert.equal(25000, sum)
  end)

  it("is refused when it would flood a chat", function()
    local parts, n = codec.parts(("line\n"):rep(300000), true)
    assert.equal(0, #parts)
    assert.is_true(n > 50)
  end)
end)

describe("codec.unsent", function()
  -- The last ones are, or begin as, what takes markup apart.
  local WORDS = { "x", "語", "👍", " ", "[B]bold[/B] ", "\n", "\n>>quoted\n", "\n------\n",
    "\n  indented", "it’s", "\226\129\160", "[\226\129\160B]" }

  local function text_of(random)
    local pieces = {}
    for i = 1, 20000 + random(30000) do pieces[i] = WORDS[random(#WORDS)] end
    return "begin" .. table.concat(pieces) .. "end"
  end

  it("is what stands behind the parts that have arrived, as it was given", function()
    local random = data.random(7)
    for round = 1, 6 do
      local text, bb = text_of(random), round % 2 == 0
      local parts, n = codec.parts(text, bb)
      assert.is_true(n > 1)
      for arrived = 1, n - 1 do
        local rest = codec.unsent(text, bb, arrived)
        assert.equal(rest, text:sub(-#rest))
        local body = parts[arrived + 1]:match "^%(%d+/%d+%)\n(.*)$"
        assert.equal(body, (bb and rest or codec.plain(rest)):sub(1, #body))
      end
      assert.equal("", codec.unsent(text, bb, n))
    end
  end)

  it("is cleaned, as the parts are", function()
    local text = ("a line\r\n"):rep(3000) .. "\27[31mthe end\27[0m\n\n"
    local rest = codec.unsent(text, false, select(2, codec.parts(text, false)) - 1)
    assert.truthy(rest:find "^a line\na line\n")
    assert.truthy(rest:find "\na line\nthe end$")
  end)
end)
