-- Every way a portal says no: kind, code, message and what to do next. The code is looked at first, the status second.

local codec = require "b24.codec"
local data = require "spec.support.data"

local SECRET = "s3cr3t0fTheSpec"
local METHOD = "im.counters.get"
local WEBHOOK = "https://portal.example/rest/1/" .. SECRET .. "/"
local JSON = "application/json; charset=utf-8"

local conf = assert(codec.conf { webhook = WEBHOOK, retries = 0 })

-- Hands a final reply to the codec and checks what holds for every failure.
local function fail(status, body, more)
  local reply = { status = status, body = body, content_type = JSON }
  for name, value in pairs(more or {}) do reply[name] = value end
  local value, message, info = codec.reply(conf, METHOD, reply)
  assert.is_nil(value)
  assert.equal("string", type(message))
  assert.equal("b24: ", message:sub(1, 5))
  assert.is_nil(message:find("%c"), "a message is one line")
  assert.is_true(#message < 1000, "a message is short")
  assert.is_table(info)
  assert.equal(status, info.status)
  assert.equal(METHOD, info.method)
  assert.is_string(info.kind)
  assert.is_string(info.code)
  assert.equal("boolean", type(info.retryable))
  assert.is_true(info.sent)
  assert.is_nil(data.leak(SECRET, message, info))
  return info, message
end

local function body_of(code, text)
  return codec.encode { error = code, error_description = text or "Some text" }
end

-- code, statuses it was seen with, kind, retryable (nil: depends on the caller)
local codes = {
  { "QUERY_LIMIT_EXCEEDED", { 503, 429 }, "limit", true },
  { "OPERATION_TIME_LIMIT", { 429 }, "limit", true },
  { "OVERLOAD_LIMIT", { 401, 503 }, "limit", false },
  { "INTERNAL_SERVER_ERROR", { 500 }, "portal", true },
  { "ERROR_UNEXPECTED_ANSWER", { 500 }, "portal", true },
  { "CONNECTION_ERROR", { 401 }, "portal", true },
  { "NO_AUTH_FOUND", { 401 }, "auth" },
  { "INVALID_CREDENTIALS", { 401, 403 }, "auth", false },
  { "expired_token", { 401 }, "auth" },
  { "invalid_token", { 401 }, "auth" },
  { "insufficient_scope", { 401, 403 }, "denied", false },
  { "ACCESS_DENIED", { 401, 403 }, "denied", false },
  { "user_access_error", { 401, 403 }, "denied", false },
  { "authorization_error", { 401 }, "auth", false },
  { "APPLICATION_NOT_FOUND", { 401 }, "auth", false },
  { "ERROR_OAUTH", { 401 }, "auth", false },
  { "NOT_INSTALLED", { 401 }, "auth", false },
  { "PAYMENT_REQUIRED", { 401, 402 }, "denied", false },
  { "verification_needed", { 401 }, "denied", false },
  { "PORTAL_BLOCKED_BY_LICENSE_SCANNER", { 403 }, "denied", false },
  { "PORTAL_DELETED", { 403, 500, 410 }, "portal", false },
  { "INVALID_REQUEST", { 401, 400 }, "portal", false },
  { "ERROR_METHOD_NOT_FOUND", { 404 }, "portal", false },
  { "WRONG_AUTH_TYPE", { 403 }, "denied", false },
  { "WRONG_LICENSE", { 403 }, "denied", false },
  { "METHOD_CONFIRM_WAITING", { 401 }, "denied", false },
  { "METHOD_CONFIRM_DENIED", { 403 }, "denied", false },
  { "ERROR_ARGUMENT", { 400 }, "portal", false },
  { "INVALID_ARG_VALUE", { 400 }, "portal", false },
  { "DIALOG_ID_EMPTY", { 400 }, "portal", false },
  { "MESSAGE_ID_ERROR", { 400 }, "portal", false },
  { "USER_NOT_EXISTS", { 400 }, "portal", false },
  { "ACCESS_ERROR", { 403, 400 }, "denied", false },
  { "NOT_IMPLEMENTED", { 404 }, "portal", false },
  { "NOT_FOUND", { 404 }, "portal", false },
  { "ERROR_MANIFEST_IS_NOT_AVAILABLE", { 404 }, "portal", false },
  { "ERROR_BATCH_LENGTH_EXCEEDED", { 200, 400 }, "portal", false },
  { "ERROR_BATCH_METHOD_NOT_ALLOWED", { 200, 405 }, "portal", false },
  { "session_failed", { 401 }, "auth", false },
  { "allowed_only_intranet_user", { 403 }, "denied", false },
  { "WRONG_ENCODING", { 200 }, "portal", false },
  { "INTERNAL_WRONG_TRANSPORT", { 500 }, "portal", false },
  { "INTERNAL_WRONG_HANDLER_CLASS", { 500 }, "portal", false },
  { "invalid_client", { 400, 401 }, "auth", false },
  { "invalid_grant", { 400, 401 }, "auth", false },
  { "wrong_client", { 200 }, "auth", false },
}

local function mixed(code)
  return (code:lower():gsub("^%l", string.upper):gsub("_(%l)", function(letter) return "_" .. letter:upper() end))
end

describe("the code", function()
  for _, row in ipairs(codes) do
    local code, statuses, kind, retryable = row[1], row[2], row[3], row[4]
    it(code .. " is " .. kind, function()
      for _, status in ipairs(statuses) do
        local info, message = fail(status, body_of(code))
        assert.equal(kind, info.kind)
        assert.equal(code, info.code)
        assert.equal("Some text", info.message)
        assert.equal(("b24: %s: Some text (HTTP %d)"):format(code, status), message)
        assert.is_truthy(info.hint and info.hint:find("%a"), "a hint")
        if retryable ~= nil then assert.equal(retryable, info.retryable) end
      end
    end)

    it(code .. " decides before the status", function()
      for _, status in ipairs { 200, 400, 401, 403, 404, 429, 500, 503 } do
        assert.equal(kind, fail(status, body_of(code)).kind, status)
      end
    end)

    it(code .. " is known in any letter case, and kept as sent", function()
      for _, spelling in ipairs { code:lower(), code:upper(), mixed(code) } do
        local info = fail(statuses[1], body_of(spelling))
        assert.equal(kind, info.kind)
        assert.equal(spelling, info.code)
      end
    end)
  end

  it("ERROR_CORE is repeated only after status 500", function()
    local broken, refused = fail(500, body_of "ERROR_CORE"), fail(400, body_of "ERROR_CORE")
    assert.same({ "portal", true }, { broken.kind, broken.retryable })
    assert.same({ "portal", false }, { refused.kind, refused.retryable })
    assert.is_truthy(refused.hint:find("%a"))
  end)

  it("that nobody knows leaves it to the status", function()
    for status, kind in pairs { [400] = "portal", [401] = "auth", [403] = "denied", [404] = "portal", [200] = "portal",
      [422] = "portal", [500] = "portal" } do
      for _, code in ipairs { "SOME_NEW_CODE", "1048582", "0", "" } do
        assert.equal(kind, fail(status, body_of(code)).kind, status .. " " .. code)
      end
    end
  end)

  it("may be a number", function()
    for text, code in pairs { ['"1048582"'] = "1048582", ["1048582"] = "1048582", ["404"] = "404", ["0"] = "0" } do
      local info, message = fail(400, '{"error":' .. text .. ',"error_description":"Text"}')
      assert.equal("portal", info.kind)
      assert.equal(code, info.code)
      assert.equal("b24: " .. code .. ": Text (HTTP 400)", message)
    end
  end)

  it("may be empty: the key makes the error", function()
    for _, status in ipairs { 200, 400 } do
      local info, message = fail(status, '{"error":"","error_description":"Not found"}')
      assert.equal("", info.code)
      assert.equal("portal", info.kind)
      assert.equal("b24: Not found (HTTP " .. status .. ")", message)
    end
  end)

  it("may come with a result", function()
    assert.equal("limit", fail(200, '{"result":[],"error":"QUERY_LIMIT_EXCEEDED"}').kind)
    assert.equal("portal", fail(200, '{"result":null,"error":"X","error_description":"y"}').kind)
  end)

  it("may be of another type altogether", function()
    for _, value in ipairs { "true", "{}", "[]", "[1]", '{"code":5}', '{"code":{}}', '{"message":[]}' } do
      assert.equal("portal", fail(400, '{"error":' .. value .. "}").kind, value)
      assert.equal("auth", fail(401, '{"error":' .. value .. "}").kind, value)
    end
  end)
end)

describe("REST 3.0", function()
  local function v3(name, status)
    return fail(status, '{"error":{"code":"BITRIX_REST_V3_EXCEPTION_' .. name .. '","message":"Text of v3"}}')
  end

  it("keeps code and message of its object", function()
    local info, message = v3("VALIDATION_REQUESTVALIDATIONEXCEPTION", 400)
    assert.equal("BITRIX_REST_V3_EXCEPTION_VALIDATION_REQUESTVALIDATIONEXCEPTION", info.code)
    assert.equal("Text of v3", info.message)
    assert.equal("b24: " .. info.code .. ": Text of v3 (HTTP 400)", message)
    assert.is_truthy(info.hint:find("%a"))
  end)

  for _, row in ipairs { { 400, "portal", false }, { 401, "auth", false }, { 403, "denied", false },
    { 404, "portal", false }, { 422, "portal", false }, { 429, "limit", true }, { 500, "portal", true } } do
    it("goes by the status: " .. row[1], function()
      local info = v3("SOMETHINGEXCEPTION", row[1])
      assert.equal(row[2], info.kind)
      assert.equal(row[3], info.retryable)
    end)
  end

  it("RATELIMITEXCEPTION is a limit", function()
    local info = v3("RATELIMITEXCEPTION", 429)
    assert.same({ "limit", true }, { info.kind, info.retryable })
  end)
end)

-- kind, code, retryable of the samples; nil: not promised
local samples = {
  ["01"] = { "limit", "QUERY_LIMIT_EXCEEDED", true }, ["02"] = { "limit", "QUERY_LIMIT_EXCEEDED", true },
  ["03"] = { "limit", nil, true }, ["04"] = { "limit", "OPERATION_TIME_LIMIT", true },
  ["06"] = { "auth", "INVALID_CREDENTIALS", false }, ["08"] = { "auth", "expired_token" },
  ["11"] = { "denied", "insufficient_scope", false }, ["13"] = { "portal", "ERROR_METHOD_NOT_FOUND", false },
  ["17"] = { "limit", "OVERLOAD_LIMIT", false }, ["18"] = { "portal", "PORTAL_DELETED", false },
  ["21"] = { "portal", "", false }, ["27"] = { "portal", "CONNECTION_ERROR", true },
  ["28"] = { "denied", "verification_needed", false }, ["34"] = { "portal", "INTERNAL_SERVER_ERROR", true },
  ["37"] = { "portal", "WRONG_ENCODING", false }, ["38"] = { "portal", "INVALID_REQUEST", false },
  ["46"] = { "portal", "BITRIX_REST_V3_EXCEPTION_VALIDATION_REQUESTVALIDATIONEXCEPTION", false },
  ["49"] = { "http" }, ["50"] = { "decode", "NOT_JSON", false },
}

describe("the sample", function()
  for _, sample in ipairs(data.sources("errors")) do
    local number = sample.name:sub(1, 2)
    local row = samples[number]
    if row then
      it(sample.name, function()
        local info = fail(sample.status, sample.text, { content_type = sample.content_type })
        assert.equal(row[1], info.kind)
        if row[2] then assert.equal(row[2], info.code) end
        if row[3] ~= nil then assert.equal(row[3], info.retryable) end
      end)
    elseif number == "48" then
      it(sample.name, function()
        local location = sample.text:match("Location: (%S+)"):gsub("SECRET", SECRET)
        local info, message = fail(sample.status, "", { content_type = sample.content_type, location = location })
        assert.same({ "http", "REDIRECT" }, { info.kind, info.code })
        assert.is_truthy(message:find("new-name.bitrix24.com", 1, true))
      end)
    else
      it(sample.name .. " is no failure of the call", function()
        local value, message = codec.reply(conf, "batch",
          { status = sample.status, body = sample.text, content_type = sample.content_type })
        assert.is_nil(message)
        assert.is_table(value.result_error)
      end)
    end
  end
end)

describe("a reply without JSON", function()
  local html = data.read("errors/03-query-limit-html-503.html")
  local rows = {
    { 400, "http", false }, { 401, "auth" }, { 403, "denied", false }, { 404, "http", false }, { 405, "http", false },
    { 408, "timeout", true }, { 410, "http", false }, { 413, "http", false }, { 429, "limit", true }, { 500, "http" },
    { 501, "http" }, { 502, "http", true }, { 503, "limit", true }, { 504, "http", true }, { 520, "http" },
  }
  for _, row in ipairs(rows) do
    it(("with status %d is %s"):format(row[1], row[2]), function()
      for _, body in ipairs { "", html, "<html>", "\0\1\255", "upstream timed out", '{"cut":', "[]", "{}", "null",
        "5" } do
        local info, message = fail(row[1], body, { content_type = "text/html" })
        assert.equal(row[2], info.kind)
        if row[3] ~= nil then assert.equal(row[3], info.retryable) end
        assert.is_truthy(message:find("(HTTP " .. row[1] .. ")", 1, true), message)
      end
    end)
  end

  it("but a good status is decode", function()
    for body, code in pairs { [""] = "EMPTY_REPLY", [html] = "NOT_JSON", ["<p>"] = "NOT_JSON", ["{}"] = "NO_RESULT",
      ["[]"] = "NO_RESULT", ["5"] = "NO_RESULT", ["null"] = "NO_RESULT", ['{"results":1}'] = "NO_RESULT",
      ['{"Result":1}'] = "NO_RESULT", ['{"RESULT":1,"Error":"x"}'] = "NO_RESULT" } do
      local info = fail(200, body)
      assert.same({ "decode", code }, { info.kind, info.code }, body)
    end
    assert.equal("EMPTY_REPLY", fail(204, "").code)
  end)

  it("or JSON that the gate refuses is decode", function()
    for _, body in ipairs { '{"result":{"CHAT":{"18":1}', '{"result":1}x', '{"result":"\\u0000"}', '{"result":"\255"}',
      '{"result":01}', '{"result":1e999}', '{"result":"\\ud800"}', '{"result":1}\0', '{"result":"a\0b"}',
      '{"result":' .. ("["):rep(200) .. ("]"):rep(200) .. "}" } do
      local info = fail(200, body)
      assert.equal("decode", info.kind)
      assert.is_false(info.retryable)
    end
  end)

  it("shows a short piece of what came, on one line", function()
    local _, message = fail(200, data.read("errors/50-html-before-json.txt"), { content_type = "text/html" })
    assert.is_truthy(message:find("html", 1, true) or message:find("Undefined array key", 1, true), message)
    fail(200, "<html>\r\n\27[31m\0\255" .. ("x\n"):rep(100000), { content_type = "text/html" })
    fail(502, ("<p>\195\169\226\130"):rep(50000), { content_type = "text/html" })
  end)
end)

describe("Retry-After", function()
  it("in seconds is told", function()
    assert.equal(7, fail(503, "<html>", { retry_after = "7" }).retry_after)
    assert.equal(120, fail(429, body_of "QUERY_LIMIT_EXCEEDED", { retry_after = "120" }).retry_after)
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
    for _, text in ipairs { "Wed, 25 Nov 2026", "Wed, 25 Nov 2026 18:00:00", "Wed, 32 Nov 2026 18:00:00 GMT",
      "Wed, 25 Foo 2026 18:00:00 GMT", "Wed, 25 Nov 2026 25:00:00 GMT", "Wed, 25 Nov 2026 18:00:00 CET", ",", "Wed",
      "Wed,", "Wed Nov 25 18:00:00 26", "25 Nov 2026 18:00:00 GMT", "2026-11-25T18:00:00Z", ("W"):rep(100) } do
      assert.is_nil(fail(503, "<html>", { retry_after = text, date = NOW }).retry_after, text)
    end
  end)

  it("of any other kind does no harm", function()
    for _, text in ipairs { "", "x", "-5", "7.5", "1e9", "Wed, 21 Oct 2026 07:28:00 GMT", ("9"):rep(40), "\0",
      "nan" } do
      local seconds = fail(503, "<html>", { retry_after = text }).retry_after
      assert.is_true(seconds == nil or seconds >= 0 and seconds < math.huge, text)
    end
  end)
end)

describe("a redirect", function()
  for _, status in ipairs { 301, 302, 303, 307, 308 } do
    it(status .. " names the new host and nothing that follows it", function()
      local info, message = fail(status, "<html>", { content_type = "text/html",
        location = "https://new.example/rest/1/0therSecret/im.counters.get?auth=0therSecret" })
      assert.same({ "http", "REDIRECT" }, { info.kind, info.code })
      assert.is_truthy(message:find("new.example", 1, true))
      assert.is_nil(data.leak("0therSecret", message, info))
    end)
  end

  it("may lead nowhere", function()
    for _, location in ipairs { "", "/elsewhere", "//", "https://", "https:///x", "javascript:alert(1)", "?", "\0",
      "a b\r\nX: y", "https://user:" .. SECRET .. "@new.example/", ("x"):rep(100000),
      "https://" .. ("h"):rep(100000) .. "/" } do
      assert.equal("http", fail(302, "", { location = location }).kind)
    end
    assert.equal("REDIRECT", fail(302, "").code)
  end)
end)

describe("the description", function()
  it("is kept as sent; the message is one line", function()
    for _, text in ipairs { "Disk is full.<br>", "one\ntwo\r\nthree", "tab\there", "\208\152\209\129\209\135",
      "%s %n" } do
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
    for _, rest in ipairs { "", ',"error_description":null', ',"error_description":""', ',"error_description":5',
      ',"error_description":{"a":1}', ',"error_description":[]', ',"error_description":true' } do
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

describe("the secret", function()
  local url = WEBHOOK .. METHOD
  local replies = {
    { 401, body_of("INVALID_CREDENTIALS", "No access to " .. url) }, { 400, body_of(SECRET, SECRET) },
    { 400, '{"error":{"code":"' .. SECRET .. '","message":"' .. url .. '"}}' }, { 404, body_of("", url) },
    { 502, "<p>" .. url .. "</p>" }, { 200, "<p>" .. url .. "</p>" }, { 200, '{"' .. url .. '":' }, { 200, url },
    { 200, ("x"):rep(190) .. url }, { 200, url .. url .. url }, { 302, url }, { 403, SECRET },
  }
  for i, row in ipairs(replies) do
    it("appears nowhere when a reply repeats it: " .. i, function()
      fail(row[1], row[2], { location = url, content_type = "text/html; " .. SECRET })
    end)
  end

  it("appears nowhere when it is a token", function()
    local other = assert(codec.conf { portal = "https://portal.example", token = SECRET, retries = 0 })
    for _, row in ipairs(replies) do
      local value, message, info = codec.reply(other, METHOD, { status = row[1], body = row[2], location = url })
      assert.is_nil(value)
      assert.is_nil(data.leak(SECRET, message, info))
    end
  end)
end)

it("codec.reply throws for a reply of the wrong shape", function()
  for _, reply in ipairs { false, "x", 5, {}, { status = "many", body = "" }, { status = 200, body = {} } } do
    assert.is_false((pcall(codec.reply, conf, METHOD, reply)))
  end
  assert.is_false((pcall(codec.reply, conf, nil, { status = 200, body = "" })))
  assert.is_false((pcall(codec.reply, conf, METHOD, { status = 200, body = "" }, "counter")))
end)
