-- What a reply without an error body means, by its status alone.

local final = require "spec.support.final"

local NEW, PROXY, LATER = "new incoming webhook", "USER:PASSWORD@", "repeat the call in a minute"

-- status, kind, retryable, words of the hint
local rows = {
  { 400, "http", false, "proxy" }, { 401, "auth", false, NEW }, { 402, "http", false, "address" },
  { 403, "denied", false, "firewall" }, { 404, "http", false, "no REST interface" },
  { 405, "http", false, "proxy" },
  { 407, "http", false, PROXY }, { 408, "timeout", true, LATER }, { 410, "http", false, "address" },
  { 413, "http", false, "too large" }, { 414, "http", false, "too large" },
  { 429, "limit", true, "Ask less often" },
  { 431, "http", false, "too large" }, { 500, "http", true, LATER },
  { 501, "http", false, "proxy" },
  { 502, "http", true, LATER }, { 503, "limit", true, "maintenance" }, { 504, "http", true, LATER },
  { 505, "http", false, "proxy" }, { 511, "http", false, "log in" }, { 520, "http", true, LATER },
}
local bodies = {
  { "", "text/html" }, { "<html><title>Sorry</title></html>", "text/html; charset=utf-8" },
  { "no", "text/plain" },
  { '{"message":"no"}', "application/json" }, { '{"cut":', "application/json" }, { "\0\255", "" },
}

describe("a reply without an error body", function()
  for _, row in ipairs(rows) do
    local status, kind, retryable, hint = (unpack or table.unpack)(row)
    it(("with status %d is %s"):format(status, kind), function()
      for _, body in ipairs(bodies) do
        local info = final.fail(status, body[1], { content_type = body[2], retry_after = "7" })
        assert.same({ kind, "HTTP_" .. status, retryable, 7 },
          { info.kind, info.code, info.retryable, info.retry_after })
        assert.truthy(info.hint:find(hint, 1, true), info.hint)
      end
    end)
  end
end)
