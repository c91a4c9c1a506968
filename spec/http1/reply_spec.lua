-- The reader of HTTP/1.1 replies, fed in every way that bytes can arrive.

local codec = require "b24.codec"
local data = require "spec.support.data"

local KIB = 1024

-- The end of a reader that got the pieces, then (with `closed`) the end of the connection; "open"
-- if it wants more.
local function outcome(pieces, closed, max_reply)
  local reader = codec.http_reply(max_reply)
  local reply, failure
  for _, piece in ipairs(pieces) do reply, failure = reader:feed(piece) end
  if closed and not reply and not failure then reply, failure = reader:eof() end
  return reply or failure or "open"
end

-- The outcome of a text, which must not depend on how it is cut: whole, at each place in two, byte
-- by byte.
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
    local reply = good(head(OK, "Content-Type: application/json", "content-length:  4 ",
      "Retry-After: 7",
      "Location: https://new.example/", "X-Other: caf\233") .. "null", "null", true)
    assert.same({ 200, 1.1, "application/json", "7", "https://new.example/" },
      { reply.status, reply.http_version, reply.content_type, reply.retry_after, reply.location })
  end)

  it("has the clock by which a Retry-After is read", function()
    local at = "Wed, 25 Nov 2026 18:00:00 GMT"
    assert.equal(at, good(head(OK, "Date: " .. at, "Content-Length: 0"), "", true).date)
    assert.equal("", good(head(OK, "Content-Length: 0"), "", true).date)
  end)

  it("may be empty", function()
    good(head(OK, "Content-Length: 0"), "", true)
    good(head(OK, "Content-Length: 000"), "", true)
  end)

  it("may come in chunks, with extensions and trailers", function()
    local text = head(OK, "Transfer-Encoding: Chunked")
    good(text .. "3\r\nnul\r\n01;name=\"v\"\r\nl\r\n0\r\n\r\n", "null", true)
    good(text .. "A \r\n0123456789\r\n00\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n", "0123456789", true)
    good(text .. "000000000000000a;\0\n0123456789\n0 x\nX: 1\n 2\n\n", "0123456789", true)
    good(head(OK, "Transfer-Encoding: identity, chunked", "Transfer-Encoding: chunked")
      .. "0\r\n\r\n", "", true)
    good(head("HTTP/1.0 200 OK", "Transfer-Encoding: chunked") .. "0\r\n\r\n", "", false)
    good(text .. "0\r\n\r\n", "", true)
  end)

  it("may have interim replies before it", function()
    local reply = good(head("HTTP/1.1 100 Continue") .. head("HTTP/1.1 103 Early Hints",
      "Location: /x", "Connection: close")
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

  it("lasts until the connection ends, if nothing else says how long it is", function()
    for _, text in ipairs { head(OK, "Connection: close"), head "HTTP/1.0 200 OK",
        head(OK, "Connection: x , Close"), head(OK, "X: y"), head(OK, "Connection: keep-alive"),
        head(OK, "Content-Length : 2") } do
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
    good(head(OK, "Content-Length: 1, 1,1") .. "1", "1", true)
  end)

  it("may say more behind its length, and zeros before it", function()
    for _, length in ipairs { "1 2", "1 byte", "1.0", "1\t", ("0"):rep(40) .. "1" } do
      good(head(OK, "Content-Length: " .. length) .. "1", "1", true)
    end
  end)

  it("in chunks has no other length, and closes", function()
    good(head(OK, "Content-Length: 9", "Transfer-Encoding: chunked") .. "1\r\n1\r\n0\r\n\r\n", "1",
      false)
    good(head(OK, "Transfer-Encoding: chunked", "Content-Length: 0") .. "1\r\n1\r\n0\r\n\r\n", "1",
      false)
  end)

  it("may end its lines with LF alone", function()
    good(head(OK, "Content-Length: 1", "A: b"):gsub("\r", "") .. "1", "1", true)
    good("HTTP/1.1 200\nContent-Length: 1\r\n\n1", "1", true)
  end)

  it("may fold lines, into the values that are read too", function()
    local reply = good(head(OK, "Location:", " https://new.example/", "Retry-After: 1", "\t2",
      "Content-Length:", " 1", " ", "X: y", "  Content-Length: 7") .. "1", "1", true)
    assert.same({ "https://new.example/", "1 2" },
      { reply.location, (reply.retry_after:gsub("%s+", " ")) })
    good(head(OK, " A: b", "Content-Length: 1") .. "1", "1", true)
    assert.equal("open", read(head(OK, "Content-Length: 1", "A: b")))
  end)

  it("may have lines that are no header lines", function()
    for _, line in ipairs { ": b", "A : b", "A b: c", "\255: c", "Sec-Fetch-Site,TE: ", "A: b\rc",
        "A: \127\1", "A: \r" } do
      good(head(OK, "Content-Length: 1", line) .. "1", "1", true)
    end
  end)

  it("may call its version otherwise, and its status anything", function()
    for _, line in ipairs { "http/1.1 200 OK", "HTTP/1.1 200OK", "HTTP/1.1 200 O\27K\1" } do
      good(head(line, "Content-Length: 1") .. "1", "1", true)
    end
  end)

  it("may name the encoding of what is not encoded", function()
    for _, name in ipairs { "identity", "None", "", "identity, none ," } do
      good(head(OK, "Content-Length: 1", "Content-Encoding: " .. name) .. "1", "1", true)
    end
    good(head(OK, "Content-Length: 0", "Content-Encoding: gzip"), "", true)
    good(head("HTTP/1.1 204 No Content", "Content-Encoding: x"), "", true)
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
    local reply = good(head(OK, "Content-Length: 0", "Location: https://" .. ("x"):rep(1100)), "",
      true)
    assert.equal("", reply.location)
  end)
end)

describe("a reply that is cut", function()
  local SILENT = "the connection was closed without a reply"

  it("is told from silence, wherever the cut is", function()
    bad("NO_REPLY", SILENT, "", true)
    local text = head(OK, "Content-Length: 4") .. "null"
    for i = 1, #text - 1 do
      local where = i < #OK + 2 and SILENT
        or i < #text - 4 and "the connection was closed in the middle of the reply's header"
        or "the connection was closed in the middle of the reply"
      local failure = outcome({ text:sub(1, i) }, true)
      local code = i < #OK + 2 and "NO_REPLY" or "REPLY_CUT"
      assert.same({ "network", code, where }, { failure.kind, failure.code, failure.message })
    end
  end)

  it("in chunks is cut until its last empty line", function()
    local text = head(OK, "Transfer-Encoding: chunked") .. "4\r\nnull\r\n0\r\nA: b\r\n\r\n"
    for i = #OK + 2, #text - 1 do
      assert.equal("REPLY_CUT", outcome({ text:sub(1, i) }, true).code, i)
    end
  end)

  it("by the loss of its connection is cut once its header is whole", function()
    for _, text in ipairs { head(OK, "Content-Length: 4") .. "nul", head(OK, "X: y") .. "null",
      head(OK, "Transfer-Encoding: chunked") .. "4\r\nnull\r\n0\r\n" } do
      local header = text:find("\r\n\r\n", 1, true) + 3
      for i = 0, #text do
        local reader = codec.http_reply()
        reader:feed(text:sub(1, i))
        local reply, failure = reader:lost()
        assert.is_nil(reply)
        assert.equal(i >= header and "REPLY_CUT" or nil, failure and failure.code, i)
      end
    end
    local reader = codec.http_reply()
    reader:feed(head(OK, "Content-Length: 4") .. "null")
    assert.same({ "null", false }, { reader:lost().body, reader:lost().keep_alive })
  end)

  it("behind an interim reply has not begun", function()
    bad("NO_REPLY", SILENT, head "HTTP/1.1 100 Continue", true)
  end)
end)

describe("what is no HTTP/1", function()
  it("is refused at its first wrong byte, without waiting for a line's end", function()
    for _, text in ipairs { "S", "HTTP/2", "\r\n", "\0", " HTTP/1.1 200 OK", "<html>",
        "HTTPS/1.1 200 OK\r\n" } do
      bad("NOT_HTTP", "the reply is not HTTP/1", text)
    end
  end)

  it("is refused for a wrong status line", function()
    for _, line in ipairs { "HTTP/1.2 200 OK", "HTTP/1.1  200 OK", "HTTP/1.1 20",
        "HTTP/1.1 2000 OK", "HTTP/1.1 099 no", "HTTP/1.1 2x0 OK", "HTTP/1.1\t200 OK",
        "HTTP/1.1 200 O\0K" } do
      bad("NOT_HTTP", "the reply has no status line of HTTP", line .. "\r\n")
    end
  end)
end)

describe("a reply that breaks the rules is refused:", function()
  local function garbled(message, ...) bad("REPLY_GARBLED", message, ...) end

  it("lengths that contradict each other", function()
    garbled("the reply has two lengths", head(OK, "Content-Length: 1", "Content-Length: 2"))
    garbled("the reply has two lengths", head(OK, "Content-Length: 1, 2"))
  end)

  it("lengths that are none", function()
    for _, length in ipairs { "", "-1", "+1", "x1", ",1" } do
      garbled("the reply's Content-Length is no number", head(OK, "Content-Length: " .. length))
    end
  end)

  it("codings that were not asked for", function()
    local function encoded(message, ...)
      assert.equal("decode", bad("UNKNOWN_ENCODING", message, head(OK, ...)).kind)
    end
    for _, coding in ipairs { "gzip, chunked", "foo", "chunked, foo" } do
      encoded("the reply has a Transfer-Encoding other than chunked",
        "Transfer-Encoding: " .. coding)
    end
    for _, coding in ipairs { "gzip", "BR", "identity, deflate", "x-gzip" } do
      encoded("the reply is compressed, which was not asked for", "Content-Length: 1",
        "Content-Encoding: " .. coding)
    end
    encoded("the reply has a Content-Encoding that does not exist", "Content-Encoding: UTF-8")
  end)

  it("a switch to another protocol", function()
    garbled("the reply switches to another protocol", head "HTTP/1.1 101 Switching Protocols")
  end)

  it("lines without a colon, and NUL bytes", function()
    for _, line in ipairs { "A", "what is this", "\127" } do
      garbled("a header line has no colon", head(OK, line))
    end
    for _, line in ipairs { "A: \0", "A\0: b", "X: a\r\n \0" } do
      garbled("a header line has a NUL byte", head(OK, line))
    end
  end)

  it("chunks that lie about their size", function()
    local text = head(OK, "Transfer-Encoding: chunked")
    for _, size in ipairs { "", "x", "-1", " 1", ("f"):rep(16), ("0"):rep(17),
        "8" .. ("0"):rep(15) } do
      garbled("the size of a chunk is no number", text .. size .. "\r\n")
    end
    garbled("a chunk is longer than it says", text .. "1\r\nab\r\n")
    garbled("a header line has no colon", text .. "0\r\nno trailer\r\n\r\n")
  end)
end)

describe("a reply that is too large", function()
  local words = "the reply is larger than max_reply allows"

  it("is refused when it announces itself, or when it arrives", function()
    local failure = bad("REPLY_TOO_LARGE", words, head(OK, "Content-Length: 5"), false, 4)
    assert.equal("too_large", failure.kind)
    bad("REPLY_TOO_LARGE", words, head(OK, "Transfer-Encoding: chunked") .. "3\r\nabc\r\n2\r\n",
      false, 4)
    bad("REPLY_TOO_LARGE", words, head(OK, "Connection: close") .. "12345", false, 4)
    assert.equal("1234", read(head(OK, "Content-Length: 4") .. "1234", false, 4).body)
    assert.equal("1234", read(head(OK, "Connection: close") .. "1234", true, 4).body)
    for _, digits in ipairs { 18, 19, 40 } do
      bad("REPLY_TOO_LARGE", words, head(OK, "Content-Length: " .. ("9"):rep(digits)))
    end
    bad("REPLY_TOO_LARGE", words, head(OK, "Transfer-Encoding: chunked") .. "7fffffffffffffff\r\n")
  end)

  it("is refused for an endless header, interim replies, trailer or chunk line too", function()
    local line = "X: " .. ("y"):rep(KIB - 5) .. "\r\n"
    assert.equal("open", outcome { OK .. "\r\n" .. line:rep(255) })
    assert.equal("REPLY_TOO_LARGE", outcome({ OK .. "\r\n" .. line:rep(256) }).code)
    assert.equal("open", outcome { OK .. "\r\nX: " .. ("y"):rep(99 * KIB) .. "\r\n" })
    local failure = outcome { OK .. "\r\nX: " .. ("y"):rep(100 * KIB) }
    assert.same({ "REPLY_TOO_LARGE", "the reply's header is too large" },
      { failure.code, failure.message })
    assert.equal("REPLY_TOO_LARGE", outcome({ OK .. "\r\nX: y\n" .. (" y\n"):rep(100 * KIB) }).code)
    assert.equal("REPLY_TOO_LARGE", outcome({ OK .. "\r\nX: y\n" .. (" \n"):rep(100 * KIB) }).code)
    assert.equal("REPLY_TOO_LARGE", outcome({ head "HTTP/1.1 100 Continue":rep(10500) }).code)
    for length = 1000, 1030 do -- the last byte that fits may be any of a line
      local lines = (("y"):rep(length) .. ":\n"):rep(300)
      assert.equal("REPLY_TOO_LARGE", outcome({ OK .. "\n" .. lines }).code)
    end
    local chunked = head(OK, "Transfer-Encoding: chunked")
    assert.equal("REPLY_TOO_LARGE", outcome({ chunked .. "0\r\n" .. line:rep(256) }).code)
    assert.equal("REPLY_TOO_LARGE", outcome({ chunked .. "1;" .. ("x"):rep(KIB) }).code)
  end)

  it("may be a megabyte in the smallest chunks", function()
    local reply = outcome { head(OK, "Transfer-Encoding: chunked") .. ("1\r\nx\r\n"):rep(KIB * KIB)
      .. "0\r\n\r\n" }
    assert.equal(KIB * KIB, #reply.body)
  end)
end)

describe("random bytes", function()
  it("never break the reader, however they are cut", function()
    local random = data.random(20261125)
    local words = { "HTTP/1.1 200 OK\r\n", "HTTP/1.0 500\r\n", "Content-Length: 3\r\n",
      "Transfer-Encoding: chunked\r\n",
      "Connection: close\r\n", "\r\n", " fold\n", "3\r\nabc\r\n", "0\r\n", "abc", "\n",
      " ", "\0", "x" }
    for _ = 1, 2000 do
      local pieces = {}
      for i = 1, random(8) do pieces[i] = words[random(#words)] end
      local text = (random(4) > 1 and words[1] or "") .. table.concat(pieces)
      local cut, closed = random(#text), random(2) == 1
      local whole, halves = outcome({ text }, closed),
        outcome({ text:sub(1, cut), text:sub(cut + 1) }, closed)
      assert.same(whole, halves, ("%q"):format(text))
    end
  end)
end)
