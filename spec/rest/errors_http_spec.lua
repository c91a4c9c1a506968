-- Refusals that are no JSON of the portal: pages, empty bodies, redirects.

local data = require "spec.support.data"
local final = require "spec.support.final"

local fail = final.fail
local SECRET = final.SECRET

describe("a reply without JSON", function()
  local html = data.read("errors/03-query-limit-html-503.html")
  local rows = {
    { 400, "http", false }, { 401, "auth" }, { 403, "denied", false }, { 404, "http", false },
    { 405, "http", false },
    { 407, "http", false }, { 408, "timeout", true }, { 410, "http", false },
    { 413, "http", false },
    { 429, "limit", true }, { 500, "http" }, { 501, "http" }, { 502, "http", true },
    { 503, "limit", true },
    { 504, "http", true }, { 520, "http" },
  }
  for _, row in ipairs(rows) do
    it(("with status %d is %s"):format(row[1], row[2]), function()
      for _, body in ipairs { "", html, "<html>", "\0\1\255", "upstream timed out", '{"cut":', "[]",
          "{}", "null", "5" } do
        local info, message = fail(row[1], body, { content_type = "text/html" })
        assert.equal(row[2], info.kind)
        if row[3] ~= nil then assert.equal(row[3], info.retryable) end
        assert.is_truthy(message:find("(HTTP " .. row[1] .. ")", 1, true), message)
      end
    end)
  end

  it("but a good status is decode", function()
    for body, code in pairs { [""] = "EMPTY_REPLY", [html] = "NOT_JSON", ["<p>"] = "NOT_JSON",
        ["{}"] = "NO_RESULT", ["[]"] = "NO_RESULT", ["5"] = "NO_RESULT", ["null"] = "NO_RESULT",
        ['{"results":1}'] = "NO_RESULT", ['{"Result":1}'] = "NO_RESULT",
        ['{"RESULT":1,"Error":"x"}'] = "NO_RESULT" } do
      local info = fail(200, body)
      assert.same({ "decode", code }, { info.kind, info.code }, body)
    end
    assert.equal("EMPTY_REPLY", fail(204, "").code)
  end)

  it("or JSON that the gate refuses is decode", function()
    for _, body in ipairs { '{"result":{"CHAT":{"18":1}', '{"result":1}x', '{"result":"\\u0000"}',
        '{"result":"\255"}', '{"result":01}', '{"result":1e999}', '{"result":"\\ud800"}',
        '{"result":1}\0', '{"result":"a\0b"}',
        '{"result":' .. ("["):rep(200) .. ("]"):rep(200) .. "}" } do
      local info = fail(200, body)
      assert.equal("decode", info.kind)
      assert.is_false(info.retryable)
    end
  end)

  it("shows a short piece of what came, on one line", function()
    local _, message = fail(200, data.read("errors/50-html-before-json.txt"),
      { content_type = "text/html" })
    assert.is_truthy(message:find("html", 1, true) or message:find("Undefined array key", 1, true),
      message)
    fail(200, "<html>\r\n\27[31m\0\255" .. ("x\n"):rep(100000), { content_type = "text/html" })
    fail(502, ("<p>\195\169\226\130"):rep(50000), { content_type = "text/html" })
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
    for _, location in ipairs { "", "/elsewhere", "//", "https://", "https:///x",
        "javascript:alert(1)", "?", "\0", "a b\r\nX: y",
        "https://user:" .. SECRET .. "@new.example/", ("x"):rep(100000),
        "https://" .. ("h"):rep(100000) .. "/" } do
      assert.equal("http", fail(302, "", { location = location }).kind)
    end
    assert.equal("REDIRECT", fail(302, "").code)
  end)
end)
