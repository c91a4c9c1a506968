-- A webhook as people and their tools hand it over: what is around it, hosts in other scripts,
-- functions.

local cjson = require "cjson"
local codec = require "b24.codec"
local data = require "spec.support.data"

local SECRET = "s3cr3t0fTheSpec"
local PATH = "/rest/1/" .. SECRET .. "/"
local BASE = "https://portal.example" .. PATH

local function request(options, ...)
  return codec.request(assert(codec.conf(options)), ...)
end

-- The URL of a request without what may follow the method's name.
local function url(options)
  return (request(options, "im.counters.get").url:gsub("%.json$", ""))
end

-- Expects a refusal of kind config; its message and info.
local function refused(options)
  local conf, message, info = codec.conf(options)
  assert.is_nil(conf)
  assert.is_nil(message:find("%c"))
  assert.equal("config", info.kind)
  assert.is_nil(data.leak(SECRET, message, info))
  return message, info
end

-- What tools and people leave around a webhook. Each as bytes before and behind it.
local AROUND = {
  { "a byte order mark and CR LF", "\239\187\191", "\r\n" },
  { "no-break spaces", "\194\160", "\194\160\n" },
  { "narrow no-break spaces", "\226\128\175", "\226\128\175" },
  { "zero-width spaces", "\226\128\139", "\226\128\139" },
  { "marks of direction", "\226\128\142", "\226\128\172" },
  { "word joiners", "\226\129\160", "\226\129\160" },
  { "ideographic spaces", "\227\128\128", "\227\128\128" },
  { "angle brackets", "<", ">" },
  { "quotation marks", '"', '"' },
  { "apostrophes in blanks", " '", "' " },
  { "backticks", "`", "`" },
  { "curly quotation marks", "\226\128\156", "\226\128\157" },
  { "guillemets", "\194\171", "\194\187" },
  { "several of them", "\239\187\191 \194\160<", ">\226\128\139\r\n" },
}

describe("a pasted webhook", function()
  for _, row in ipairs(AROUND) do
    it("has " .. row[1] .. " around it", function()
      for _, text in ipairs { BASE, BASE:sub(1, -2), (BASE:gsub("^https://", "")) } do
        text = row[2] .. text .. row[3]
        assert.equal(BASE .. "im.counters.get", url(text))
        assert.equal(BASE .. "im.counters.get", url { webhook = text })
        assert.equal(BASE .. "im.counters.get", url { webhook = function() return text end })
      end
      local portal, token = row[2] .. "portal.example" .. row[3], row[2] .. SECRET .. row[3]
      assert.equal("https://portal.example/rest/im.counters.get",
        url { portal = portal, token = token })
    end)
  end

  it("with something invisible inside is refused in these words", function()
    for _, text in ipairs { (BASE:gsub("s3c", "s\226\128\1393c")),
        (BASE:gsub("^ht", "ht\226\128\139")), (BASE:gsub("/1/", "/1\194\160/")) } do
      assert.is_truthy(refused(text):find("not ASCII, and may be invisible", 1, true))
    end
  end)
end)

describe("a host in another script", function()
  -- Unicode, the same in capitals where there are any, and what Python and libidn2 make of it.
  local HOSTS = {
    { "пример.рф", "ПРИМЕР.РФ", "xn--e1afmkfd.xn--p1ai" },
    { "портал.компания.example", "Портал.Компания.Example",
      "xn--80awhdgm.xn--80aqeigdi5k.example" },
    { "їжак.укр", "ЇЖАК.УКР", "xn--80aln7i.xn--j1amh" },
    { "b24.münchen.de", "B24.MÜNCHEN.DE", "b24.xn--mnchen-3ya.de" },
    { "faß.example", nil, "xn--fa-hia.example" },
    { "țară.example", "ȚARĂ.example", "xn--ar-kla13i.example" },
    { "δοκιμή.example", "ΔΟΚΙΜΉ.example", "xn--jxalpdlp.example" },
    { "测试.example", "测试。example", "xn--0zwm56d.example" },
    { "例え.テスト", nil, "xn--r8jz45g.xn--zckzah" },
    { "테스트.example", nil, "xn--9t4b11yi5a.example" },
    { "إختبار.example", nil, "xn--kgbechtv.example" },
    { "טעסט.example", nil, "xn--deba0ad.example" },
  }

  for _, row in ipairs(HOSTS) do
    local name, capitals, ascii = row[1], row[2], row[3]
    it(name .. " is " .. ascii, function()
      for _, host in ipairs { name, capitals or name } do
        local base = "https://" .. host .. ":8443" .. PATH
        local wanted = "https://" .. ascii .. ":8443" .. PATH .. "profile"
        assert.equal(wanted,
          (codec.request(assert(codec.conf(base)), "profile").url:gsub("%.json$", "")))
        assert.equal(wanted,
          (codec.request(assert(codec.conf(host .. ":8443" .. PATH)), "profile").url
          :gsub("%.json$", "")))
        assert.equal("https://" .. ascii .. "/rest/profile",
          (request({ portal = host, token = SECRET }, "profile").url:gsub("%.json$", "")))
        assert.equal("b24.conf (https://" .. ascii .. ":8443)", tostring(codec.conf(base)))
      end
    end)
  end

  it("that b24 cannot convert is to be written in punycode", function()
    for _, host in ipairs { "и\204\134.рф", "\239\172\129.example", "💬.example",
        "a\226\128\139b.example", "\255.example", ("п"):rep(64) .. ".рф",
        (("портал."):rep(40)) .. "рф" } do
      assert.is_truthy(refused("https://" .. host .. PATH):find("write it in punycode (xn--...)", 1,
        true), host)
    end
    for _, host in ipairs { "портал..рф@evil.example", "порт:ал.рф", ".рф" } do
      refused("https://" .. host .. PATH)
    end
  end)
end)

describe("a webhook function", function()
  it("says why in its own words, without secrets", function()
    for _, row in ipairs {
      { function() return nil, "vault is locked" end, "no string: vault is locked" },
      { function() return false, "vault is locked" end, "no string: vault is locked" },
      { function() error("vault is locked", 0) end, "no string: vault is locked" },
      { function()
        return nil, "cannot read " .. BASE
      end, "no string: cannot read https://portal.example/rest/1/***/" },
      { function() return nil, "two\nlines\27[31m" end, "no string: two" },
      { function() end, "returned no string" },
      { function() return nil, {} end, "returned no string" },
    } do
      local message, info = refused { webhook = row[1] }
      assert.is_truthy(message:find(row[2], 1, true), message)
      assert.equal("BAD_WEBHOOK", info.code)
    end
  end)

  it("may return more than the webhook", function()
    assert.equal(BASE .. "im.counters.get", url { webhook = function()
      return BASE, "the file"
    end })
  end)
end)

describe("a webhook file", function()
  local home
  before_each(function() home = data.folder() end)
  after_each(function() data.remove_folder(home) end)

  local function file(text) data.write(home .. "/b24/webhook", text, "600") end

  -- What a program without a conf finds, in an environment of its own.
  local function find(env)
    local told = cjson.decode(data.lua(env, [[
      local codec = require "b24.codec"
      local conf, message = codec.conf()
      io.write(require "cjson".encode {
        conf and codec.request(conf, "profile").url or message })]]))[1]
    assert.is_nil(data.leak(SECRET, told))
    return told
  end

  local WEBHOOK = "https://portal.example/rest/1/ofTheFile/"

  it("may have what Windows tools and web pages put around it; B24_WEBHOOK, too", function()
    for _, row in ipairs(AROUND) do
      local text = row[2] .. WEBHOOK .. row[3]
      file(text)
      assert.equal(WEBHOOK .. "profile", (find({ XDG_CONFIG_HOME = home }):gsub("%.json$", "")))
      assert.equal(WEBHOOK .. "profile", (find({ B24_WEBHOOK = text }):gsub("%.json$", "")))
    end
  end)

  it("in UTF-16 is called so", function()
    file("\255\254" .. BASE:gsub(".", "%0\0"))
    assert.is_truthy(find({ XDG_CONFIG_HOME = home }):find("UTF-16", 1, true))
  end)
end)
