-- Every way a portal says no: kind, code, message and what to do next. The code is looked at first,
-- the status second.

local codec = require "b24.codec"
local data = require "spec.support.data"
local final = require "spec.support.final"

local fail, body_of = final.fail, final.body_of
local SECRET, METHOD, WEBHOOK, JSON, conf = final.SECRET, final.METHOD, final.WEBHOOK,
  final.JSON, final.conf

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
  { "CHAT_NOT_FOUND", { 400 }, "portal", false },
  { "FILE_EMPTY", { 400 }, "portal", false },
  { "FILE_INVALID_CONTENT", { 400 }, "portal", false },
  { "FILE_TOO_LARGE", { 400 }, "portal", false },
  { "ERROR_COULD_NOT_SAVE_FILE", { 400 }, "portal", false },
  { "DISK_BASE_SERVICE_22001", { 400 }, "portal", false },
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

-- status, code, kind, retryable, words of the hint: what is known of a code beyond its row
local WORDS =
  "The message says what is wrong: the parameters, or the rights of the credential's owner."
local verdicts = {
  { 400, "ERROR_CORE", "portal", false, WORDS }, { 200, "ERROR_CORE", "portal", false, WORDS },
  { 403, "ERROR_CORE", "portal", false, WORDS }, { 500, "ERROR_CORE", "portal", true,
    "fault of the portal" },
  { 400, "SOME_NEW_CODE", "portal", false, WORDS },
  { 404, "SOME_NEW_CODE", "portal", false, WORDS },
  { 200, "SOME_NEW_CODE", "portal", false, WORDS },
  { 422, "SOME_NEW_CODE", "portal", false, WORDS },
  { 403, "SOME_NEW_CODE", "denied", false, WORDS }, { 401, "SOME_NEW_CODE", "auth", false,
    "The message says" },
  { 429, "SOME_NEW_CODE", "limit", true, "Ask less often" },
  { 500, "SOME_NEW_CODE", "portal", false, "fault of the portal" },
  { 502, "SOME_NEW_CODE", "portal", true, "repeat the call" },
  { 400, "0", "portal", false, WORDS }, { 400, "", "portal", false, WORDS },
  { 400, "1048582", "portal", false, WORDS },
  { 400, "100", "portal", false, "Check the parameters" },
  -- rights
  { 400, "ACCESS_DENIED", "denied", false, "has no right" },
  { 403, "ACCESS_DENIED", "denied", false, "has no right" },
  { 200, "ACCESS_DENIED", "denied", false, "has no right" },
  { 401, "ACCESS_DENIED", "denied", false, "plan" },
  { 401, "user_access_error", "denied", false, "application" },
  { 400, "ACCESS_ERROR", "denied", false, "has no access" },
  { 400, "IS_NOT_ADMIN", "denied", false, "administrator" }, { 400, "FEATURE_NOT_AVAIL", "denied",
    false, "plan" },
  { 400, "0x100002", "denied", false, "has no right" },
  { 400, "200040300010", "denied", false, "has no right" }, { 400, "200040300043", "denied", false,
    "has no right" },
  { 400, "201240400001", "portal", false, "no such object" },
  { 400, "200850000016", "portal", false, WORDS },
  { 400, "BITRIX_REST_V3_EXCEPTION_ACCESSDENIEDEXCEPTION", "denied", false, "has no right" },
  -- from a portal; the token server means other things: spec/rest/token_spec.lua
  { 401, "expired_token", "auth", false, "one with the refresh token" },
  { 400, "invalid_grant", "auth", false, "b24 login %-%-app again" },
}

for _, code in ipairs { "ACCESS_DENIED_KICK", "ATTACH_READ_ACCESS_DENIED", "DOCGEN_ACCESS_ERROR",
    "ERROR_DOCUMENT_RIGHTS", "CHAT_DELETE_USER_PERMISSION_DENIED", "CONFIG_WRONG_USER_PERMISSION",
    "USER_ACCESS_ERROR" } do
  verdicts[#verdicts + 1] = { 400, code, "denied", false, "has no right" }
end

local function mixed(code)
  return (code:lower():gsub("^%l", string.upper):gsub("_(%l)", function(letter)
    return "_" .. letter:upper()
  end))
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

  for _, row in ipairs(verdicts) do
    local status, code, kind, retryable, hint = (unpack or table.unpack)(row)
    it(("'%s' with status %d is %s, and the hint fits"):format(code, status, kind), function()
      local info = fail(status, body_of(code))
      assert.same({ kind, retryable, code }, { info.kind, info.retryable, info.code })
      assert.truthy(info.hint:find(hint), info.hint)
      assert.is_nil(info.hint:find("dialog", 1, true) or info.hint:find("imopenlines", 1, true))
    end)
  end

  it("that came without words does not send people to the message", function()
    for _, status in ipairs { 400, 401, 403, 404 } do
      local info = fail(status, '{"error":"SOME_NEW_CODE"}')
      assert.is_nil(info.hint:find("message", 1, true), info.hint)
    end
  end)

  it("ACCESS_ERROR speaks of dialogs where the method is about one", function()
    local function hint(method)
      return select(3,
        codec.reply(conf, method, { status = 403, body = body_of "ACCESS_ERROR" })).hint
    end
    for _, method in ipairs { "im.dialog.messages.get", "im.chat.get", "im.message.add",
        "IM.Dialog.Read" } do
      assert.truthy(hint(method):find("not a member of this dialog.*imopenlines"), method)
    end
    for _, method in ipairs { "im.counters.get", "crm.deal.get", "disk.file.get",
        "imopenlines.dialog.get" } do
      assert.is_nil(hint(method):find("dialog", 1, true), method)
    end
  end)

  it("ERROR_CORE is repeated only after status 500", function()
    local broken, refused = fail(500, body_of "ERROR_CORE"), fail(400, body_of "ERROR_CORE")
    assert.same({ "portal", true }, { broken.kind, broken.retryable })
    assert.same({ "portal", false }, { refused.kind, refused.retryable })
    assert.is_truthy(refused.hint:find("%a"))
  end)

  it("that nobody knows leaves it to the status", function()
    for status, kind in pairs { [400] = "portal", [401] = "auth", [403] = "denied",
        [404] = "portal", [200] = "portal", [422] = "portal", [500] = "portal" } do
      for _, code in ipairs { "SOME_NEW_CODE", "1048582", "0", "" } do
        assert.equal(kind, fail(status, body_of(code)).kind, status .. " " .. code)
      end
    end
  end)

  it("may be a number", function()
    for text, code in pairs { ['"1048582"'] = "1048582", ["1048582"] = "1048582", ["404"] = "404",
        ["0"] = "0" } do
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

  it("in numbers under HTTP 200 is the status that was meant", function()
    for code, kind in pairs { [401] = "auth", [403] = "denied", [429] = "limit", [404] = "portal",
        [500] = "portal" } do
      for _, form in ipairs { '{"error":%d,"error_description":"Text"}',
          '{"error":"%d","error_description":"Text"}', '{"error":{"code":%d,"message":"Text"}}' } do
        local info = fail(200, form:format(code))
        assert.same({ kind, tostring(code), "Text" }, { info.kind, info.code, info.message }, form)
      end
    end
    assert.same({ "denied", "200040300010" }, (function(info) return { info.kind, info.code } end)(
      fail(400, '{"error":200040300010,"error_description":"Access Denied"}')))
  end)

  it("that is empty beside a good result is no error", function()
    for _, error in ipairs { '""', "0", '"0"', "[]", "{}", "null", "false" } do
      for _, text in ipairs { "", ',"error_description":""', ',"error_description":null',
          ',"error_description":[]' } do
        local value, message = codec.reply(conf, METHOD,
          { status = 200, body = ('{"result":{"a":1},"error":%s%s}'):format(error, text),
            content_type = JSON })
        assert.same({ { a = 1 }, nil }, { value, message }, error .. text)
      end
    end
    assert.equal("Not found",
      fail(200, '{"result":[],"error":"","error_description":"Not found"}').message)
    fail(200, '{"result":null,"error":""}')
    fail(400, '{"result":{"a":1},"error":""}')
    fail(200, '{"result":{"a":1},"error":true}')
    fail(200, '{"result":{"a":1},"error":"1"}')
  end)

  it("may come with a result", function()
    assert.equal("limit", fail(200, '{"result":[],"error":"QUERY_LIMIT_EXCEEDED"}').kind)
    assert.equal("portal", fail(200, '{"result":null,"error":"X","error_description":"y"}').kind)
  end)

  it("may be of another type altogether", function()
    for _, value in ipairs { "true", "{}", "[]", "[1]", '{"code":5}', '{"code":{}}',
        '{"message":[]}' } do
      assert.equal("portal", fail(400, '{"error":' .. value .. "}").kind, value)
      assert.equal("auth", fail(401, '{"error":' .. value .. "}").kind, value)
    end
  end)
end)

describe("REST 3.0", function()
  local function v3(name, status)
    return fail(status, '{"error":{"code":"BITRIX_REST_V3_EXCEPTION_' .. name
      .. '","message":"Text of v3"}}')
  end

  it("keeps code and message of its object", function()
    local info, message = v3("VALIDATION_REQUESTVALIDATIONEXCEPTION", 400)
    assert.equal("BITRIX_REST_V3_EXCEPTION_VALIDATION_REQUESTVALIDATIONEXCEPTION", info.code)
    assert.equal("Text of v3", info.message)
    assert.equal("b24: " .. info.code .. ": Text of v3 (HTTP 400)", message)
    assert.is_truthy(info.hint:find("%a"))
  end)

  for _, row in ipairs { { 400, "portal", false }, { 401, "auth", false }, { 403, "denied", false },
    { 404, "portal", false }, { 422, "portal", false }, { 429, "limit", true },
    { 500, "portal", true } } do
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
  ["01"] = { "limit", "QUERY_LIMIT_EXCEEDED", true },
  ["02"] = { "limit", "QUERY_LIMIT_EXCEEDED", true },
  ["03"] = { "limit", nil, true }, ["04"] = { "limit", "OPERATION_TIME_LIMIT", true },
  ["06"] = { "auth", "INVALID_CREDENTIALS", false }, ["08"] = { "auth", "expired_token" },
  ["11"] = { "denied", "insufficient_scope", false },
  ["13"] = { "portal", "ERROR_METHOD_NOT_FOUND", false },
  ["17"] = { "limit", "OVERLOAD_LIMIT", false }, ["18"] = { "portal", "PORTAL_DELETED", false },
  ["21"] = { "portal", "", false }, ["27"] = { "portal", "CONNECTION_ERROR", true },
  ["28"] = { "denied", "verification_needed", false },
  ["34"] = { "portal", "INTERNAL_SERVER_ERROR", true },
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
        local info, message = fail(sample.status, "", { content_type = sample.content_type,
          location = location })
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

describe("the secret", function()
  local url = WEBHOOK .. METHOD
  local replies = {
    { 401, body_of("INVALID_CREDENTIALS", "No access to " .. url) },
    { 400, body_of(SECRET, SECRET) },
    { 400, '{"error":{"code":"' .. SECRET .. '","message":"' .. url .. '"}}' },
    { 404, body_of("", url) },
    { 502, "<p>" .. url .. "</p>" }, { 200, "<p>" .. url .. "</p>" }, { 200, '{"' .. url .. '":' },
    { 200, url },
    { 200, ("x"):rep(190) .. url }, { 200, url .. url .. url }, { 302, url }, { 403, SECRET },
  }
  for i, row in ipairs(replies) do
    it("appears nowhere when a reply repeats it: " .. i, function()
      fail(row[1], row[2], { location = url, content_type = "text/html; " .. SECRET })
    end)
  end

  it("appears nowhere when it is a token", function()
    local other = assert(codec.conf { portal = "https://portal.example", token = SECRET,
      retries = 0 })
    for _, row in ipairs(replies) do
      local value, message, info = codec.reply(other, METHOD,
        { status = row[1], body = row[2], location = url })
      assert.is_nil(value)
      assert.is_nil(data.leak(SECRET, message, info))
    end
  end)
end)

it("codec.reply throws for a reply of the wrong shape", function()
  for _, reply in ipairs { false, "x", 5, {}, { status = "many", body = "" },
      { status = 200, body = {} } } do
    assert.is_false((pcall(codec.reply, conf, METHOD, reply)))
  end
  assert.is_false((pcall(codec.reply, conf, nil, { status = 200, body = "" })))
  assert.is_false((pcall(codec.reply, conf, METHOD, { status = 200, body = "" }, "counter")))
end)
