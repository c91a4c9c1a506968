-- HTTP/1.1 for hosts without libcurl: the reader of replies, fed in every way that bytes can arrive; the text of a
-- request; the meaning of nginx's socket errors.

local codec = require "b24.codec"
local data = require "spec.support.data"

local KIB = 1024

-- The end of a reader that got the pieces, then (with `closed`) the end of the connection; "open" if it wants more.
local function outcome(pieces, closed, max_reply)
  local reader = codec.http_reply(max_reply)
  local reply, failure
  for _, piece in ipairs(pieces) do reply, failure = reader:feed(piece) end
  if closed and not reply and not failure then reply, failure = reader:eof() end
  return reply or failure or "open"
end

-- The outcome of a text, which must not depend on how it is cut: whole, at each place in two, byte by byte.
local function read(text, closed, max_reply)
  local whole = outcome({ text }, closed, max_reply)
  for i = 1, #text - 1 do
    local cut = outcome({ text:sub(1, i), text:sub(i + 1) }, closed, max_reply)
    assert.same(whole, cut, "cut behind byte " .. i)
  end
  local bytes = {}
  for i = 1, #text do bytes[i] = text:sub(i, i) end
  assert.same(whole, outcome(bytes, closed, max_reply), "byte by byte")
  return whole
end

-- Lines with their ends, and the empty one behind the header.
local function head(...) return table.concat({ ... }, "\r\n") .. "\r\n\r\n" end

local OK = "HTTP/1.1 200 OK"

local function good(text, body, keep_alive)
  local reply = read(text, false)
  assert.equal("table", type(reply), text)
  assert.is_nil(reply.kind, reply.message)
  assert.same({ body, keep_alive }, { reply.body, reply.keep_alive })
  return reply
end

local function bad(code, message, text, closed, max_reply)
  local failure = read(text, closed, max_reply)
  assert.equal("table", type(failure), text:sub(1, 80))
  assert.same({ code, message }, { failure.code, failure.message })
  assert.is_true(failure.sent)
  assert.is_true(#(failure.hint or "none") > 0)
  return failure
end

describe("a reply that is whole", function()
  it("with a length tells all that the judgement needs", function()
    local reply = good(head(OK, "Content-Type: application/json", "content-length:  4 ", "Retry-After: 7",
      "Location: https://new.example/", "X-Other: caf\233") .. "null", "null", true)
    assert.same({ 200, 1.1, "application/json", "7", "https://new.example/" },
      { reply.status, reply.http_version, reply.content_type, reply.retry_after, reply.location })
  end)

  it("may be empty", function()
    good(head(OK, "Content-Length: 0"), "", true)
    good(head(OK, "Content-Length: 000"), "", true)
  end)

  it("may come in chunks, with extensions and trailers", function()
    local text = head(OK, "Transfer-Encoding: Chunked")
    good(text .. "3\r\nnul\r\n01;name=\"v\"\r\nl\r\n0\r\n\r\n", "null", true)
    good(text .. "A \r\n0123456789\r\n00\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n", "0123456789", true)
    good(text .. "0\r\n\r\n", "", true)
  end)

  it("may have interim replies before it", function()
    local reply = good(head("HTTP/1.1 100 Continue") .. head("HTTP/1.1 103 Early Hints", "Location: /x", "Connection: close")
      .. head("HTTP/1.1 404 Not Found", "Content-Length: 2") .. "{}", "{}", true)
    assert.same({ 404, "" }, { reply.status, reply.location })
  end)

  it("has no body where the status says so", function()
    good(head "HTTP/1.1 204 No Content", "", true)
    good(head("HTTP/1.1 304 Not Modified", "Content-Length: 10"), "", true)
  end)

  it("may lack the words behind its status", function()
    good(head("HTTP/1.1 200", "Content-Length: 0"), "", true)
    good(head("HTTP/1.1 200 ", "Content-Length: 0"), "", true)
  end)

  it("may last until the connection ends, if it says so", function()
    for _, text in ipairs { head(OK, "Connection: close"), head "HTTP/1.0 200 OK", head(OK, "Connection: x , Close") } do
      assert.equal("open", read(text .. "null"))
      local reply = read(text .. "null", true)
      assert.same({ "null", false }, { reply.body, reply.keep_alive })
    end
  end)

  it("closes or keeps its connection as HTTP/1.0 and 1.1 have it", function()
    good(head(OK, "Content-Length: 1", "Connection: close") .. "1", "1", false)
    good(head(OK, "Content-Length: 1", "Connection: keep-alive, close") .. "1", "1", false)
    good(head("HTTP/1.0 200 OK", "Content-Length: 1") .. "1", "1", false)
    good(head("HTTP/1.0 200 OK", "Content-Length: 1", "Connection: Keep-Alive") .. "1", "1", true)
  end)

  it("may say its length twice, if it is the same", function()
    good(head(OK, "Content-Length: 1", "Content-Length: 01") .. "1", "1", true)
  end)

  it("with bytes behind it is good, but its connection is not", function()
    local reply = outcome { head(OK, "Content-Length: 1") .. "1HTTP/1.1 200 OK" }
    assert.same({ "1", false }, { reply.body, reply.keep_alive })
    reply = outcome { head(OK, "Content-Length: 1") .. "1", "2" }
    assert.same({ "1", false }, { reply.body, reply.keep_alive })
    reply = outcome { head(OK, "Transfer-Encoding: chunked") .. "0\r\n\r\n\r\n" }
    assert.is_false(reply.keep_alive)
  end)

  it("drops a header value that is too long to be one, whole", function()
    local reply = good(head(OK, "Content-Length: 0", "Location: https://" .. ("x"):rep(1100)), "", true)
    assert.equal("", reply.location)
  end)
end)

describe("a reply that is cut", function()
  it("is told from silence, wherever the cut is", function()
    bad("NO_REPLY", "the connection was closed without a reply", "", true)
    local text = head(OK, "Content-Length: 4") .. "null"
    for i = 1, #text - 1 do
      local where = i < #text - 4 and "the connection was closed in the middle of the reply's header"
        or "the connection was closed in the middle of the reply"
      local failure = outcome({ text:sub(1, i) }, true)
      assert.same({ "network", "REPLY_CUT", where }, { failure.kind, failure.code, failure.message })
    end
  end)

  it("in chunks is cut until its last empty line", function()
    local text = head(OK, "Transfer-Encoding: chunked") .. "4\r\nnull\r\n0\r\nA: b\r\n\r\n"
    for i = 1, #text - 1 do assert.equal("REPLY_CUT", outcome({ text:sub(1, i) }, true).code, i) end
  end)

  it("behind an interim reply is cut too", function()
    bad("REPLY_CUT", "the connection was closed in the middle of the reply's header", head "HTTP/1.1 100 Continue", true)
  end)
end)

describe("what is no HTTP/1", function()
  it("is refused at its first wrong byte, without waiting for a line's end", function()
    for _, text in ipairs { "S", "HTTP/2", "\r\n", "\0", " HTTP/1.1 200 OK", "<html>", "HTTp/1.1 200 OK\r\n" } do
      bad("NOT_HTTP", "the reply is not HTTP/1", text)
    end
  end)

  it("is refused for a wrong status line", function()
    for _, line in ipairs { "HTTP/1.2 200 OK", "HTTP/1.1  200 OK", "HTTP/1.1 20", "HTTP/1.1 2000 OK", "HTTP/1.1 099 no",
      "HTTP/1.1 2x0 OK", "HTTP/1.1\t200 OK", "HTTP/1.1 200 O\0K", "HTTP/1.1 200 O\27K" } do
      bad("NOT_HTTP", "the reply has no status line of HTTP", line .. "\r\n")
    end
  end)
end)

describe("a reply that breaks the rules is refused:", function()
  local function garbled(message, ...) bad("REPLY_GARBLED", message, ...) end

  it("lengths that contradict each other", function()
    garbled("the reply has two lengths", head(OK, "Content-Length: 1", "Content-Length: 2"))
    garbled("the reply has a length and is chunked", head(OK, "Content-Length: 1", "Transfer-Encoding: chunked"))
    garbled("the reply has a length and is chunked", head(OK, "Transfer-Encoding: chunked", "Content-Length: 1"))
    garbled("the reply is chunked, in HTTP/1.0", head("HTTP/1.0 200 OK", "Transfer-Encoding: chunked"))
  end)

  it("lengths that are none", function()
    for _, length in ipairs { "", "-1", "+1", "1 2", "1,1", "0x10", "1.0", ("9"):rep(19) } do
      garbled("the reply's Content-Length is no number", head(OK, "Content-Length: " .. length))
    end
    garbled("the reply has no length, and does not say that the connection ends", head(OK, "X: y"))
  end)

  it("codings that were not asked for", function()
    garbled("the reply has a Transfer-Encoding other than chunked", head(OK, "Transfer-Encoding: gzip, chunked"))
    garbled("the reply has a Transfer-Encoding other than chunked",
      head(OK, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"))
    garbled("the reply is compressed, which was not requested", head(OK, "Content-Length: 1", "Content-Encoding: gzip"))
    good(head(OK, "Content-Length: 1", "Content-Encoding: identity") .. "1", "1", true)
  end)

  it("a switch to another protocol", function()
    garbled("the reply switches to another protocol", head "HTTP/1.1 101 Switching Protocols")
  end)

  it("lines that end otherwise, are folded, have no name or control characters", function()
    garbled("a line does not end in CR LF", OK .. "\r\nA: b\n")
    bad("NOT_HTTP", "a line does not end in CR LF", OK .. "\n")
    garbled("a header line is folded", head(OK, "A: b", " c"))
    garbled("a header line is folded", head(OK, "\tc"))
    for _, line in ipairs { ": b", "A", "A : b", "A\0: b", "A b: c", "\255: c" } do
      garbled("a header line has no name", head(OK, line))
    end
    for _, line in ipairs { "A: \0", "A: b\rc", "A: \127", "Location: /\27" } do
      garbled("a header line has control characters", head(OK, line))
    end
  end)

  it("chunks that lie about their size", function()
    local text = head(OK, "Transfer-Encoding: chunked")
    for _, size in ipairs { "", "x", "-1", "0x1", "1 2", " 1", ("f"):rep(16), "1;\0" } do
      garbled("the size of a chunk is no number", text .. size .. "\r\n")
    end
    garbled("a chunk is longer than it says", text .. "1\r\nab\r\n")
    garbled("a line does not end in CR LF", text .. "1\r\na\n")
    garbled("a line does not end in CR LF", text .. "1\na")
    garbled("a header line has no name", text .. "0\r\nno trailer\r\n")
  end)
end)

describe("a reply that is too large", function()
  local words = "the reply is larger than max_reply allows"

  it("is refused when it announces itself, or when it arrives", function()
    local failure = bad("REPLY_TOO_LARGE", words, head(OK, "Content-Length: 5"), false, 4)
    assert.equal("too_large", failure.kind)
    bad("REPLY_TOO_LARGE", words, head(OK, "Transfer-Encoding: chunked") .. "3\r\nabc\r\n2\r\n", false, 4)
    bad("REPLY_TOO_LARGE", words, head(OK, "Connection: close") .. "12345", false, 4)
    assert.equal("1234", read(head(OK, "Content-Length: 4") .. "1234", false, 4).body)
    assert.equal("1234", read(head(OK, "Connection: close") .. "1234", true, 4).body)
    assert.equal("REPLY_TOO_LARGE", outcome({ head(OK, "Content-Length: " .. ("9"):rep(18)) }).code)
  end)

  it("is refused for an endless header, interim replies, trailer or chunk line too", function()
    local line = "X: " .. ("y"):rep(KIB - 5) .. "\r\n"
    assert.equal("open", outcome { OK .. "\r\n" .. line:rep(255) })
    assert.equal("REPLY_TOO_LARGE", outcome({ OK .. "\r\n" .. line:rep(256) }).code)
    assert.equal("REPLY_TOO_LARGE", outcome({ OK .. "\r\nX: " .. ("y"):rep(256 * KIB) }).code)
    assert.equal("REPLY_TOO_LARGE", outcome({ head "HTTP/1.1 100 Continue":rep(10500) }).code)
    local chunked = head(OK, "Transfer-Encoding: chunked")
    assert.equal("REPLY_TOO_LARGE", outcome({ chunked .. "0\r\n" .. line:rep(256) }).code)
    assert.equal("REPLY_TOO_LARGE", outcome({ chunked .. "1;" .. ("x"):rep(KIB) }).code)
  end)

  it("may be a megabyte in the smallest chunks", function()
    local reply = outcome { head(OK, "Transfer-Encoding: chunked") .. ("1\r\nx\r\n"):rep(KIB * KIB) .. "0\r\n\r\n" }
    assert.equal(KIB * KIB, #reply.body)
  end)
end)

describe("random bytes", function()
  it("never break the reader, however they are cut", function()
    local random = data.random(20261125)
    local words = { "HTTP/1.1 200 OK\r\n", "HTTP/1.0 500\r\n", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n",
      "Connection: close\r\n", "\r\n", "3\r\nabc\r\n", "0\r\n", "abc", "\n", " ", "\0", "x" }
    for _ = 1, 2000 do
      local pieces = {}
      for i = 1, random(8) do pieces[i] = words[random(#words)] end
      local text = (random(4) > 1 and words[1] or "") .. table.concat(pieces)
      local cut, closed = random(#text), random(2) == 1
      local whole, halves = outcome({ text }, closed), outcome({ text:sub(1, cut), text:sub(cut + 1) }, closed)
      assert.same(whole, halves, ("%q"):format(text))
    end
  end)
end)

describe("a request", function()
  local function request(more)
    local call = assert(codec.call({ webhook = "https://Portal.example:8443/rest/1/s3cr3t0fTheSpec/", limiter = false },
      "profile", { a = 1 }))
    local _, wanted = call:next(0, "go")
    for name, value in pairs(more or {}) do wanted[name] = value end
    return codec.http_request(wanted), wanted
  end

  it("is HTTP/1.1, with its length, and asks for no compression", function()
    local made, wanted = request()
    local text = made.head:lower()
    assert.truthy(made.head:find("^POST /rest/1/s3cr3t0fTheSpec/profile HTTP/1%.1\r\nHost: portal%.example:8443\r\n"))
    assert.truthy(text:find("\r\ncontent-length: " .. #wanted.body .. "\r\n", 1, true))
    assert.truthy(text:find("\r\ncontent-type: application/json\r\n", 1, true))
    assert.truthy(text:find("\r\nuser-agent: b24/", 1, true))
    assert.truthy(text:find "\r\n\r\n$")
    assert.is_nil(text:find("accept-encoding", 1, true))
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
    assert.same({ connect_timeout = 2.5, max_reply = 9, proxy = "", ca_file = "/a", ca_path = "/b", http_version = "2" },
      options { connect_timeout = 2.5, max_reply = 9, proxy = "", ca_file = "/a", ca_path = "/b", http_version = 2 })
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
    { "connect", 'no resolver defined to resolve "portal.example"', "config", "NO_RESOLVER", false, "resolver" },
    { "connect", "portal.example could not be resolved (3: Host not found)", "network", "HOST_NOT_FOUND", false,
      "resolver" },
    { "connect", "portal.example could not be resolved (110: Operation timed out)", "network", "HOST_NOT_FOUND", false },
    { "connect", "connection refused", "network", "CONNECTION_REFUSED", false },
    { "connect", "timeout", "timeout", "TIMEOUT", false, "timeout" },
    { "connect", "network is unreachable", "network", "CONNECT_FAILED", false },
    { "handshake", "20: unable to get local issuer certificate", "tls", "CERTIFICATE_UNTRUSTED", false,
      "lua_ssl_trusted_certificate" },
    { "handshake", "18: self-signed certificate", "tls", "CERTIFICATE_UNTRUSTED", false, "lua_ssl_trusted_certificate" },
    { "handshake", "22: certificate chain too long", "tls", "CERTIFICATE_UNTRUSTED", false, "lua_ssl_verify_depth" },
    { "handshake", "10: certificate has expired", "tls", "CERTIFICATE_EXPIRED", false, "clock" },
    { "handshake", "9: certificate is not yet valid", "tls", "CERTIFICATE_EXPIRED", false },
    { "handshake", "certificate host mismatch", "tls", "CERTIFICATE_NAME", false },
    { "handshake", "handshake failed", "tls", "TLS_FAILED", false },
    { "handshake", "timeout", "timeout", "TIMEOUT", false },
    { "send", "broken pipe", "network", "CONNECTION_LOST", true },
    { "receive", "connection reset by peer", "network", "CONNECTION_LOST", true },
    { "receive", "timeout", "timeout", "TIMEOUT", true },
    { "receive", "client aborted", "closed", "CANCELLED", true },
  } do
    it(("%s: %s"):format(case[1], case[2]), function()
      local failure = codec.cosocket_failure(case[1], case[2])
      assert.same({ case[3], case[4], case[5], case[2] }, { failure.kind, failure.code, failure.sent, failure.message })
      if case[6] then assert.truthy(failure.hint:find(case[6], 1, true), failure.hint) end
    end)
  end

  it("reach the user with their hint", function()
    local call = assert(codec.call({ webhook = "https://portal.example/rest/1/s3cr3t0fTheSpec/", limiter = false },
      "profile"))
    call:next(0, "go")
    assert.equal("DONE", (call:next(0, "failed", codec.cosocket_failure("connect", 'no resolver defined to resolve "x"'))))
    local value, err, info = call:result()
    assert.is_nil(value)
    assert.equal('b24: NO_RESOLVER: no resolver defined to resolve "x"', err)
    collectgarbage()
    assert.same({ "config", false }, { info.kind, info.sent })
    assert.truthy(info.hint:find("Put into nginx.conf: resolver", 1, true))
  end)
end)
