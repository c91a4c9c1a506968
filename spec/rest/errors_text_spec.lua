-- The words of an error, from wherever they come: its code is kept, its text is one readable line,
-- its times are obeyed.

local codec = require "b24.codec"
local final = require "spec.support.final"

local fail, body_of = final.fail, final.body_of

describe("the description", function()
  it("is kept as sent; the message is one line", function()
    for _, text in ipairs { "Disk is full.<br>", "one\ntwo\r\nthree", "tab\there",
        "\208\152\209\129\209\135", "%s %n" } do
      local info = fail(401, body_of("ERROR_OAUTH", text))
      assert.equal(text, info.message)
    end
  end)

  it("may be huge", function()
    local info, message = fail(400, body_of("X", ("\208\152\n"):rep(200000)))
    assert.equal("portal", info.kind)
    assert.is_truthy(message:find("^b24: X: "))
    assert.is_truthy(message:find("%(HTTP 400%)$"))
    assert.is_not_nil((codec.encode(message)), "no character is cut in two")
  end)

  it("may be missing or of any type", function()
    for _, rest in ipairs { "", ',"error_description":null', ',"error_description":""',
        ',"error_description":5', ',"error_description":{"a":1}', ',"error_description":[]',
        ',"error_description":true' } do
      local info, message = fail(400, '{"error":"SOME_CODE"' .. rest .. "}")
      assert.equal("SOME_CODE", info.code)
      assert.is_truthy(message:find("^b24: SOME_CODE.*%(HTTP 400%)$"), message)
      assert.is_true(info.message == nil or type(info.message) == "string")
    end
  end)

  it("of a huge code does no harm", function()
    assert.equal("portal", fail(400, body_of(("C"):rep(100000))).kind)
    assert.equal("portal", fail(400, body_of("A\nB")).kind)
  end)
end)

-- What the strict gate refuses in a result must not hide why a call failed.
describe("an error body with wrong characters", function()
  for name, text in pairs {
    ["\\u0000"] = "a\\u0000b", ["a NUL byte"] = "a\0b", ["invalid UTF-8"] = "a\255b",
    ["half a character"] = "\208",
    ["a raw line end"] = "a\nb", ["a lone surrogate"] = "\\ud83d",
    ["a low surrogate"] = "\\ude00 x",
    ["an unknown escape"] = "\\x", ["a cut escape"] = "\\u12",
    ["PHP's private names"] = "\\u0000*\\u0000id",
  } do
    it("keeps its code: " .. name, function()
      for status, row in pairs { [401] = { "expired_token", "auth" },
          [503] = { "QUERY_LIMIT_EXCEEDED", "limit" }, [400] = { "SOME_NEW_CODE", "portal" },
          [200] = { "insufficient_scope", "denied" } } do
        local info,
          message = fail(status, ('{"error":"%s","error_description":"%s"}'):format(row[1], text))
        assert.same({ row[2], row[1] }, { info.kind, info.code })
        assert.is_not_nil((codec.encode { message, info.message }), "valid UTF-8")
        info = fail(status, ('{"error_description":"%s \\" }","error":"%s"}'):format(text, row[1]))
        assert.same({ row[2], row[1] }, { info.kind, info.code })
      end
    end)
  end

  it("keeps its code: something behind it", function()
    for _, rest in ipairs { "\0", "<!-- 0.02 s -->", "\n<br />Warning: x", '{"error":"x"}' } do
      assert.equal("expired_token", fail(401, body_of "expired_token" .. rest).code)
    end
  end)

  it("is none without an error in it: a result needs every byte right", function()
    for _, body in ipairs { '{"result":"\\u0000"}', '{"result":1}\0',
        '{"result":{"error":"X"},"a":"\255"}', '{"error":"","a":"\0"}', '{"error":null,"a":"\0"}',
        '["error"]\0' } do
      assert.equal("decode", fail(200, body).kind, body)
    end
  end)

  it("is not searched for in pages", function()
    assert.equal("http", fail(404, '<script>{"error":"expired_token"}</script>').kind)
    assert.equal("http",
      fail(404, ('{"error":"expired_token","a":"%s\0"}'):format(("x"):rep(70000))).kind)
  end)
end)

describe("HTML in a message", function()
  for name, row in pairs {
    entities = { "R&amp;D &quot;a&quot; &lt;b&gt; &#039;c&#39; &#x27;d&#x27;",
      'R&D "a" <b> \'c\' \'d\'' },
    ["typographic ones"] = { "&laquo;a&raquo;&nbsp;&mdash; &hellip; &#1048;", "«a» — … И" },
    ["decoded once"] = { "&amp;quot;", "&quot;" },
    ["what is none"] = { "a & b &foo; &#; &#x; &amp a&", "a & b &foo; &#; &#x; &amp a&" },
    ["control characters"] = { "a&#0;b&#27;[31m&#10;c&#x9b;d&#xd800;&#9999999999;",
      "a b [31m c d??" },
    tags = { "Disk is full.<br>Ask <b>Anna</b>", "Disk is full. Ask Anna" },
    ["comments, scripts, styles"] = {
      "a<!-- > x --><style>b{c:d}</style><script>e<f</script>g<STYLE>h", "a g" },
    ["comparisons"] = { "1 < 2 > 0 <> <3", "1 < 2 > 0 <> <3" },
  } do
    it("is made readable: " .. name, function()
      local _, message = fail(400, body_of("X", row[1]))
      assert.equal("b24: X: " .. row[2] .. " (HTTP 400)", message)
    end)
  end

  it("that is a whole page shows its title", function()
    local _, message = fail(502,
      "<html><head><title>502 Bad Gateway &mdash; R&amp;D</title><style>body { margin: 0 }"
      .. "</style></head><body><!-- padding --><h1>Error</h1></body></html>",
      { content_type = "text/html" })
    assert.truthy(message:find("502 Bad Gateway — R&D Error", 1, true), message)
  end)
end)

describe("Retry-After", function()
  it("in seconds is told", function()
    assert.equal(7, fail(503, "<html>", { retry_after = "7" }).retry_after)
    assert.equal(120, fail(429, body_of "QUERY_LIMIT_EXCEEDED",
      { retry_after = "120" }).retry_after)
    assert.is_nil(fail(503, "<html>").retry_after)
  end)

  -- Whose clock is right does not matter: the reply's own Date tells what "now" was.
  local NOW = "Wed, 25 Nov 2026 17:58:00 GMT"
  for name, row in pairs {
    ["fixdate"] = { "Wed, 25 Nov 2026 18:00:00 GMT", NOW, 120 },
    ["RFC 850"] = { "Wednesday, 25-Nov-26 18:00:00 GMT", NOW, 120 },
    ["asctime"] = { "Wed Nov 25 18:00:00 2026", NOW, 120 },
    ["asctime, one digit"] = { "Sun Dec  6 17:58:00 2026", NOW, 11 * 86400 },
    ["another year"] = { "Fri, 01 Jan 2027 00:00:00 GMT", "Thu, 31 Dec 2026 23:59:50 GMT", 10 },
    ["a leap day"] = { "Tue, 29 Feb 2028 00:00:01 GMT", "Mon, 28 Feb 2028 23:59:59 GMT", 2 },
    ["a Date in another form"] = { "Wed, 25 Nov 2026 18:00:00 GMT", "Wed Nov 25 17:59:53 2026", 7 },
    ["lower case, and spaces"] = { " wed, 25 nov 2026 18:00:00 gmt ", NOW, 120 },
    ["the past"] = { "Wed, 21 Oct 2015 07:28:00 GMT", NOW, 0 },
    ["the same second"] = { NOW, NOW, 0 },
    ["far away"] = { "Wed, 25 Nov 2099 18:00:00 GMT", NOW, 999999 },
    ["many seconds"] = { "86400000", NOW, 999999 },
  } do
    it("as a date counts from the reply's own Date: " .. name, function()
      assert.equal(row[3], fail(503, "<html>", { retry_after = row[1], date = row[2] }).retry_after)
    end)
  end

  it("as a date without a Date counts from this machine's clock", function()
    local at = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 5000)
    for _, date in ipairs { "", "yesterday" } do
      local seconds = fail(429, "<html>", { retry_after = at, date = date }).retry_after
      assert.is_true(seconds and seconds > 0 and seconds <= 5000)
    end
  end)

  it("as a date that is none is none", function()
    for _, text in ipairs { "Wed, 25 Nov 2026", "Wed, 25 Nov 2026 18:00:00",
        "Wed, 32 Nov 2026 18:00:00 GMT", "Wed, 25 Foo 2026 18:00:00 GMT",
        "Wed, 25 Nov 2026 25:00:00 GMT", "Wed, 25 Nov 2026 18:00:00 CET", ",", "Wed", "Wed,",
        "Wed Nov 25 18:00:00 26", "25 Nov 2026 18:00:00 GMT", "2026-11-25T18:00:00Z",
        ("W"):rep(100) } do
      assert.is_nil(fail(503, "<html>", { retry_after = text, date = NOW }).retry_after, text)
    end
  end)

  it("of any other kind does no harm", function()
    for _, text in ipairs { "", "x", "-5", "7.5", "1e9", "Wed, 21 Oct 2026 07:28:00 GMT",
        ("9"):rep(40), "\0", "nan" } do
      local seconds = fail(503, "<html>", { retry_after = text }).retry_after
      assert.is_true(seconds == nil or seconds >= 0 and seconds < math.huge, text)
    end
  end)
end)
