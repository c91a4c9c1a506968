-- b24 doctor: which layers a call has shown to be good, for every way that it can end.

local diagnosis = require "b24.cli.diagnosis"

local DIRECT, PLAIN = diagnosis.way("https://portal.example", ""),
  diagnosis.way("http://127.0.0.1:80", "")
local PROXY = diagnosis.way("https://portal.example:8443", "http://proxy.example:3128")
local MAYBE = { https = true, named = true, proxy = true, sure = false }

local function judge(info, way)
  local found, names = diagnosis.of(info, way), {}
  for i, row in ipairs(found.good) do names[i] = row[1] end
  return table.concat(names, " "), found.bad, found.judged
end

describe("the diagnosis", function()
  it("of a call that was answered", function()
    assert.same({ "dns tcp tls https", nil, true }, { judge(nil, DIRECT) })
    assert.same({ "proxy tls https", nil, true }, { judge(nil, PROXY) })
    assert.same({ "tls https", nil, true }, { judge(nil, MAYBE) })
    assert.same({ "tcp https", nil, true }, { judge(nil, PLAIN) })
    assert.is_false(diagnosis.way("https://[::1]:443").named)
    assert.is_true(diagnosis.way("https://127.evil.example").named)
  end)

  -- what failed; good and bad without and with a proxy; was the credential looked at?
  for _, row in ipairs {
    { "limit", "LIMITER", sent = false, "", "limiter", "", "limiter" },
    { "config", "BAD_CA_FILE", sent = false, "", "options", "", "options" },
    { "config", "BAD_OPTION", sent = false, "", "options", "", "options" },
    { "closed", "INTERRUPTED", sent = false, "", "call", "", "call" },
    { "closed", "INTERRUPTED", sent = true, "dns tcp tls", "call", "", "call" },
    { "network", "HOST_NOT_FOUND", sent = false, "", "dns", "", "dns" },
    { "network", "PROXY_NOT_FOUND", sent = false, "", "proxy", "", "proxy" },
    { "network", "CONNECTION_REFUSED", sent = false, "dns", "tcp", "", "proxy" },
    { "network", "CONNECT_FAILED", sent = false, "dns", "tcp", "", "proxy" },
    { "network", "CURL_FAILED", sent = false, "", "network", "", "proxy" },
    { "timeout", "TIMEOUT", sent = false, "", "network", "", "proxy" },
    { "timeout", "TIMEOUT", sent = true, "dns tcp tls", "portal", "", "portal" },
    { "network", "CONNECTION_LOST", sent = true, "dns tcp tls", "portal", "", "portal" },
    { "too_large", "REPLY_TOO_LARGE", sent = true, "dns tcp tls", "portal", "", "portal" },
    { "tls", "CERTIFICATE_NAME", sent = false, "dns tcp", "tls", "proxy", "tls" },
    { "tls", "TLS_FAILED", sent = true, "dns tcp", "tls", "proxy", "tls" },
    { "http", "REDIRECT", status = 302, "dns tcp tls", "address", "proxy tls", "address" },
    { "http", "HTTP_502", status = 502, "dns tcp tls", "portal", "proxy tls", "portal" },
    { "auth", "HTTP_401", status = 401, "dns tcp tls", "portal", "proxy tls", "portal" },
    { "auth", "LOGIN_PAGE", status = 302, "dns tcp tls", "portal", "proxy tls", "portal" },
    { "decode", "NOT_JSON", status = 200, "dns tcp tls", "portal", "proxy tls", "portal" },
    { "portal", "INVALID_REQUEST", status = 403, "dns tcp tls", "https", "proxy tls", "https" },
    { "limit", "QUERY_LIMIT_EXCEEDED", status = 503, "dns tcp tls", "limits",
      "proxy tls", "limits" },
    { "auth", "INVALID_CREDENTIALS", status = 401, "dns tcp tls https", "credential",
      "proxy tls https", "credential", judged = true },
    { "denied", "insufficient_scope", status = 403, "dns tcp tls https", "credential",
      "proxy tls https", "credential", judged = true },
    { "denied", "ACCESS_DENIED", status = 401, "dns tcp tls https", "plan", "proxy tls https",
      "plan", judged = true },
    { "denied", "LICENCE_PAGE", status = 302, "dns tcp tls", "plan", "proxy tls", "plan",
      judged = true },
  } do
    local kind, code, good, bad, good_behind, bad_behind = (unpack or table.unpack)(row)
    it(("of %s, %s, sent: %s"):format(kind, code, tostring(row.sent)), function()
      local info = { kind = kind, code = code, status = row.status,
        sent = row.sent == nil or row.sent }
      assert.same({ good, bad, row.judged or false }, { judge(info, DIRECT) })
      assert.same({ good_behind, bad_behind, row.judged or false }, { judge(info, PROXY) })
      assert.is_nil(judge(info, MAYBE):find "dns" or judge(info, MAYBE):find "tcp"
        or judge(info, MAYBE):find "proxy")
    end)
  end
end)
