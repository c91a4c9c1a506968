-- HTTP/1.1 for hosts without libcurl: the text of a request, the meaning of nginx's socket errors.
-- Replies: reply_spec.lua.

local codec = require "b24.codec"

local KIB = 1024

describe("a request", function()
  local function request(more)
    local call =
      assert(codec.call({ webhook = "https://Portal.example:8443/rest/1/s3cr3t0fTheSpec/",
        limiter = false },
      "profile", { a = 1 }))
    local _, wanted = call:next(0, "go")
    for name, value in pairs(more or {}) do wanted[name] = value end
    return codec.http_request(wanted), wanted
  end

  it("is HTTP/1.1, with its length, and asks for no compression", function()
    local made, wanted = request()
    local text = made.head:lower()
    assert.truthy(made.head:find("^POST /rest/1/s3cr3t0fTheSpec/profile HTTP/1%.1\r\nHost: "
      .. "portal%.example:8443\r\n"))
    assert.truthy(text:find("\r\ncontent-length: " .. #wanted.body .. "\r\n", 1, true))
    assert.truthy(text:find("\r\ncontent-type: application/json\r\n", 1, true))
    assert.truthy(text:find("\r\nuser-agent: b24/", 1, true))
    assert.truthy(text:find "\r\n\r\n$")
    assert.truthy(text:find("\r\naccept-encoding: identity\r\n", 1, true))
    assert.same({ true, "portal.example", 8443 }, { made.tls, made.host, made.port })
  end)

  it("knows the ports that a URL leaves out", function()
    assert.equal(443, request { url = "https://portal.example/x" }.port)
    assert.equal(80, request { url = "http://127.0.0.1/x" }.port)
    assert.truthy(request { url = "https://portal.example" }.head
      :find("POST / HTTP/1.1\r\nHost: portal.example\r\n", 1, true))
  end)

  it("is a transport's bug if it is none", function()
    assert.has_error(function() codec.http_request {} end)
    assert.has_error(function() request { url = "https://a b/" } end)
    assert.has_error(function() request { headers = { A = {} } } end)
  end)
end)

describe("may_yield", function()
  local from_5_3 = not _VERSION:find "5%.[12]" or rawget(_G, "jit") ~= nil

  it("tells where a host's loop could wait, if this Lua knows", function()
    local inside, in_sort
    coroutine.wrap(function()
      inside = codec.may_yield()
      table.sort({ 1, 2 }, function(a, b)
        in_sort = codec.may_yield()
        return a < b
      end)
    end)()
    if from_5_3 then
      assert.same({ true, false }, { inside, in_sort })
    else
      assert.same({}, { inside, in_sort })
    end
  end)
end)

describe("a call's options", function()
  local function options(more)
    local conf = { webhook = "https://portal.example/rest/1/s3cr3t0fTheSpec/", limiter = false }
    for name, value in pairs(more or {}) do conf[name] = value end
    return assert(codec.call(conf, "profile")):options()
  end

  it("are what a transport must honour or refuse", function()
    assert.same({ connect_timeout = 10, max_reply = 16 * KIB * KIB }, options())
    assert.same({ connect_timeout = 2.5, max_reply = 9, proxy = "", ca_file = "/a", ca_path = "/b",
      http_version = "2" },
      options { connect_timeout = 2.5, max_reply = 9, proxy = "", ca_file = "/a", ca_path = "/b",
        http_version = 2 })
    assert.equal("1.1", options { http_version = "1.1" }.http_version)
  end)

  it("say why the limiter counts in this process alone", function()
    local call = assert(codec.call({ webhook = "https://unshared.example/rest/1/s3cr3t0fTheSpec/",
      runtime_dir = "/proc/b24" }, "profile"))
    assert.is_nil(call:options().unshared)
    call:next(0, "go")
    assert.truthy(call:options().unshared:find("/proc/b24 cannot be made", 1, true))
  end)
end)

describe("the words of nginx's sockets", function()
  for _, case in ipairs {
    { "connect", 'no resolver defined to resolve "portal.example"', "config", "NO_RESOLVER", false,
      "resolver" },
    { "connect", "portal.example could not be resolved (3: Host not found)", "network",
      "HOST_NOT_FOUND", false, "resolver" },
    { "connect", "portal.example could not be resolved (110: Operation timed out)", "network",
      "HOST_NOT_FOUND", false },
    { "connect", "portal.example could not be resolved (2: Server failure)", "network",
      "HOST_NOT_FOUND", false, "did not find out" },
    { "connect", "too many open files", "config", "TOO_MANY_OPEN_FILES", false,
      "worker_rlimit_nofile" },
    { "connect", "connection refused", "network", "CONNECTION_REFUSED", false },
    { "connect", "timeout", "timeout", "TIMEOUT", false, "timeout" },
    { "connect", "network is unreachable", "network", "CONNECT_FAILED", false },
    { "handshake", "20: unable to get local issuer certificate", "tls",
      "CERTIFICATE_UNTRUSTED", false, "lua_ssl_trusted_certificate" },
    { "handshake", "20: unable to get local issuer certificate", "tls",
      "CERTIFICATE_UNTRUSTED", false, "intermediate certificate" },
    { "handshake", "21: unable to verify the first certificate", "tls",
      "CERTIFICATE_UNTRUSTED", false, "intermediate certificate" },
    { "handshake", "62: hostname mismatch", "tls", "CERTIFICATE_NAME", false, "another name" },
    { "handshake", "18: self-signed certificate", "tls", "CERTIFICATE_UNTRUSTED", false,
      "lua_ssl_trusted_certificate" },
    { "handshake", "22: certificate chain too long", "tls", "CERTIFICATE_UNTRUSTED", false,
      "lua_ssl_verify_depth" },
    { "handshake", "10: certificate has expired", "tls", "CERTIFICATE_EXPIRED", false, "clock" },
    { "handshake", "9: certificate is not yet valid", "tls", "CERTIFICATE_EXPIRED", false },
    { "handshake", "certificate host mismatch", "tls", "CERTIFICATE_NAME", false },
    { "handshake", "handshake failed", "tls", "TLS_FAILED", false },
    -- the number of an earlier one
    { "handshake", "10: handshake failed", "tls", "TLS_FAILED", false },
    { "handshake", "timeout", "timeout", "TIMEOUT", false },
    { "send", "broken pipe", "network", "CONNECTION_LOST", true },
    { "receive", "connection reset by peer", "network", "CONNECTION_LOST", true },
    { "receive", "timeout", "timeout", "TIMEOUT", true },
    { "receive", "client aborted", "closed", "CANCELLED", true },
  } do
    it(("%s: %s"):format(case[1], case[2]), function()
      local failure = codec.cosocket_failure(case[1], case[2])
      assert.same({ case[3], case[4], case[5], case[2] },
        { failure.kind, failure.code, failure.sent, failure.message })
      if case[6] then assert.truthy(failure.hint:find(case[6], 1, true), failure.hint) end
    end)
  end

  it("reach the user with their hint", function()
    local call = assert(codec.call({ webhook = "https://portal.example/rest/1/s3cr3t0fTheSpec/",
      limiter = false }, "profile"))
    call:next(0, "go")
    assert.equal("DONE", (call:next(0, "failed",
      codec.cosocket_failure("connect", 'no resolver defined to resolve "x"'))))
    local value, err, info = call:result()
    assert.is_nil(value)
    assert.equal('b24: NO_RESOLVER: no resolver defined to resolve "x"', err)
    collectgarbage()
    assert.same({ "config", false }, { info.kind, info.sent })
    assert.truthy(info.hint:find("Put into nginx.conf: resolver", 1, true))
  end)
end)
