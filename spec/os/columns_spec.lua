-- How wide text stands on a terminal. No sockets.

local codec = require "b24.codec"

describe("columns", function()
  local WIDE = { ["中文"] = 4, ["日本語 テキスト"] = 15, ["한국어"] = 6, ["👍"] = 2, ["Ж"] = 1,
    ["Иван"] = 4, ["e\204\129"] = 1, ["…"] = 1, [""] = 0, ["a b"] = 3,
    ["ＡＢ"] = 4, ["\240\159\145\168\226\128\141\240\159\145\169"] = 4 }
  for text, columns in pairs(WIDE) do
    it(("of '%s' are %d"):format(text, columns), function()
      assert.equal(columns, codec.columns(text))
    end)
  end

  it("of what is no UTF-8 are one for a byte", function()
    assert.equal(3, codec.columns "\255a\228")
    assert.equal("\255\255…", codec.cut("\255\255\255\255", 3))
  end)

  it("cuts before a character that would stand half outside", function()
    assert.equal("中文", codec.cut("中文", 4))
    assert.equal("中…", codec.cut("中文字", 4))
    assert.equal("中…", codec.cut("中文字", 3))
    assert.equal("…", codec.cut("中文字", 2))
    assert.equal("…", codec.cut("中文字", 1))
    assert.has_error(function() codec.cut("a", 0) end)
  end)

  it("keeps what combines with the last character", function()
    assert.equal("e\204\129e\204\129…", codec.cut(("e\204\129"):rep(5), 3))
    assert.equal("e\204\129", codec.cut("e\204\129", 1))
  end)

  it("never takes more than it may", function()
    local parts = { "a", "Я", "中", "👍", "\204\129", "\226\128\141", "\255" }
    math.randomseed(7)
    for _ = 1, 2000 do
      local words = {}
      for i = 1, math.random(0, 12) do words[i] = parts[math.random(#parts)] end
      local text, max = table.concat(words), math.random(1, 12)
      local cut = codec.cut(text, max)
      assert.is_true(codec.columns(cut) <= max)
      assert.is_true(cut == text or cut:sub(-3) == "…")
    end
  end)
end)
