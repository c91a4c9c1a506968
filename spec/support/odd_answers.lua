--- Odd HTTP answers, and what every transport makes of them: one portal, one answer. Served by the mock's raw port, asked
--- for by spec/curl/odd_answers_spec.lua and, inside a worker, by spec/nginx/odd_answers_spec.lua.
---
--- A row: name, bytes, outcome { nginx = the outcome there, why = the reason that it differs }. An outcome is the result
--- or the kind and code of the failure, then "kept" when the next call goes over the same connection, else "new".

local M = {}

local BODY = '{"result":7}'
local LENGTH = "Content-Length: " .. #BODY
local CHUNKED = "Transfer-Encoding: chunked"
local OK = "HTTP/1.1 200 OK"
local CHUNKS = "c\r\n" .. BODY .. "\r\n0\r\n\r\n"

-- Lines of a header, and the empty one behind them.
local function head(...) return table.concat({ ... }, "\r\n") .. "\r\n\r\n" end

-- A good answer but for these lines.
local function with(...) return head(OK, LENGTH, ...) .. BODY end

local function chunked(text) return head(OK, CHUNKED) .. text end

-- A good answer with another status line.
local function status(line) return head(line, LENGTH) .. BODY end

local GZIP = "\31\139\8\0\0\0\0\0\2\3\171\86\42\74\45\46\205\41\81\178\50\175\5\0\90\14\42\102\12\0\0\0"

M.rows = {
  -- Where the body ends.
  { "a length", with(), "?" },
  { "no length, closed", head(OK) .. BODY, "?", after = "close" },
  { "no length, closed with an announcement", head(OK, "Connection: close") .. BODY, "?", after = "close" },
  { "no length, closed against the announcement", head(OK, "Connection: keep-alive") .. BODY, "?", after = "close" },
  { "no length, no body, closed", head(OK), "?", after = "close" },
  { "HTTP/1.0, no length", head "HTTP/1.0 200 OK" .. BODY, "?", after = "close" },
  { "HTTP/1.0, a length", head("HTTP/1.0 200 OK", LENGTH) .. BODY, "?" },
  { "HTTP/1.0, a length, kept", head("HTTP/1.0 200 OK", LENGTH, "Connection: keep-alive") .. BODY, "?" },
  { "HTTP/1.0, chunked", head("HTTP/1.0 200 OK", CHUNKED) .. CHUNKS, "?", after = "close" },
  { "two lengths, the same", head(OK, LENGTH, LENGTH) .. BODY, "?" },
  { "two lengths, the second larger", head(OK, LENGTH, "Content-Length: 13") .. BODY .. "x", "?" },
  { "two lengths, the second smaller", head(OK, LENGTH, "Content-Length: 11") .. BODY, "?" },
  { "a list of lengths", head(OK, "Content-Length: 12, 12") .. BODY, "?" },
  { "an empty length", head(OK, "Content-Length:") .. BODY, "?", after = "close" },
  { "a length in words", head(OK, "Content-Length: twelve") .. BODY, "?", after = "close" },
  { "a length with a unit", head(OK, "Content-Length: 12 bytes") .. BODY, "?" },
  { "a length with a sign", head(OK, "Content-Length: +12") .. BODY, "?" },
  { "a negative length", head(OK, "Content-Length: -1") .. BODY, "?", after = "close" },
  { "a length in hexadecimal", head(OK, "Content-Length: 0xc") .. BODY, "?", after = "close" },
  { "a length with zeros", head(OK, "Content-Length: 0000000000000000000012") .. BODY, "?" },
  { "a length over max_reply", head(OK, "Content-Length: 99999999") .. BODY, "?", after = "close" },
  { "a length over 64 bits", head(OK, "Content-Length: 99999999999999999999") .. BODY, "?", after = "close" },
  { "a length that is too large by one", head(OK, "Content-Length: 13") .. BODY, "?", after = "close" },
  { "a length that is too small", head(OK, "Content-Length: 11") .. BODY, "?" },
  { "bytes behind the body", with() .. "garbage\r\n", "?" },
  { "another answer behind the body", with() .. with(), "?" },
  { "a line's end behind the body", with() .. "\r\n", "?" },
  { "a length of zero", head(OK, "Content-Length: 0"), "?" },
  -- Chunks.
  { "chunks", chunked(CHUNKS), "?" },
  { "chunks, of one byte each", chunked(BODY:gsub(".", "1\r\n%0\r\n") .. "0\r\n\r\n"), "?" },
  { "chunks with extensions", chunked('C;a=b;c="d"\r\n' .. BODY .. "\r\n0;last\r\n\r\n"), "?" },
  { "chunk sizes with zeros and spaces", chunked("000c \r\n" .. BODY .. "\r\n000\r\n\r\n"), "?" },
  { "a chunk size with a space before it", chunked(" c\r\n" .. BODY .. "\r\n0\r\n\r\n"), "?" },
  { "a chunk size with a word behind it", chunked("c x\r\n" .. BODY .. "\r\n0\r\n\r\n"), "?" },
  { "chunk lines with bare LF", chunked("c\n" .. BODY .. "\n0\n\n"), "?" },
  { "chunk lines with bare LF, the last with CR LF", chunked("c\n" .. BODY .. "\r\n0\r\n\r\n"), "?" },
  { "trailers", chunked("c\r\n" .. BODY .. "\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n"), "?" },
  { "announced trailers", head(OK, CHUNKED, "Trailer: X-T", "Connection: keep-alive")
    .. "c\r\n" .. BODY .. "\r\n0\r\nX-T: 1\r\n\r\n", "?" },
  { "a trailer without a colon", chunked("c\r\n" .. BODY .. "\r\n0\r\nno trailer\r\n\r\n"), "?" },
  { "a folded trailer", chunked("c\r\n" .. BODY .. "\r\n0\r\nX: 1\r\n 2\r\n\r\n"), "?" },
  { "trailers with bare LF", chunked("c\r\n" .. BODY .. "\r\n0\r\nX: 1\n\n"), "?" },
  { "no size of a chunk", chunked("\r\n" .. BODY .. "\r\n0\r\n\r\n"), "?" },
  { "a chunk size that is none", chunked("z\r\n" .. BODY .. "\r\n0\r\n\r\n"), "?" },
  { "a negative chunk size", chunked("-c\r\n" .. BODY .. "\r\n0\r\n\r\n"), "?" },
  { "a chunk size of 16 digits", chunked("000000000000000c\r\n" .. BODY .. "\r\n0\r\n\r\n"), "?" },
  { "a chunk size of 17 digits", chunked("0000000000000000c\r\n" .. BODY .. "\r\n0\r\n\r\n"), "?" },
  { "a chunk size over max_reply", chunked("7fffffff\r\n" .. BODY), "?", after = "close" },
  { "a chunk size of 64 bits", chunked("ffffffffffffffff\r\n" .. BODY), "?", after = "close" },
  { "a chunk that is longer than it says", chunked("b\r\n" .. BODY .. "\r\n0\r\n\r\n"), "?" },
  { "a chunk that is shorter than it says", chunked("d\r\n" .. BODY .. "\r\n0\r\n\r\n"), "?" },
  { "chunks without the last", chunked("c\r\n" .. BODY .. "\r\n"), "?", after = "close" },
  { "bytes behind the chunks", chunked(CHUNKS .. "garbage\r\n"), "?" },
  { "chunks without a body", chunked "0\r\n\r\n", "?" },
  { "chunks and a length", head(OK, LENGTH, CHUNKED) .. CHUNKS, "?" },
  { "chunks and a wrong length", head(OK, CHUNKED, "Content-Length: 5") .. CHUNKS, "?" },
  { "chunks, announced twice", head(OK, CHUNKED, CHUNKED) .. CHUNKS, "?" },
  { "chunks, announced in capitals", head(OK, "TRANSFER-ENCODING: CHUNKED") .. CHUNKS, "?" },
  { "another Transfer-Encoding", head(OK, LENGTH, "Transfer-Encoding: foo") .. BODY, "?", after = "close" },
  { "Transfer-Encoding: identity", head(OK, LENGTH, "Transfer-Encoding: identity") .. BODY, "?", after = "close" },
  { "Transfer-Encoding: gzip, chunked", head(OK, "Transfer-Encoding: gzip, chunked")
    .. "20\r\n" .. GZIP .. "\r\n0\r\n\r\n", "?" },
  { "Transfer-Encoding: identity, chunked", head(OK, "Transfer-Encoding: identity, chunked") .. CHUNKS, "?" },
  { "Transfer-Encoding: chunked, foo", head(OK, "Transfer-Encoding: chunked, foo") .. CHUNKS, "?" },
  -- Content codings.
  { "gzip that was not asked for", head(OK, "Content-Length: 32", "Content-Encoding: gzip") .. GZIP, "?" },
  { "gzip that is none", with "Content-Encoding: gzip", "?", after = "close" },
  { "Content-Encoding: none", with "Content-Encoding: none", "?" },
  { "Content-Encoding: identity", with "Content-Encoding: Identity", "?" },
  { "Content-Encoding: identity, identity", with "Content-Encoding: identity, none", "?" },
  { "an empty Content-Encoding", with "Content-Encoding:", "?" },
  { "Content-Encoding: UTF-8", with "Content-Encoding: UTF-8", "?" },
  { "Content-Encoding: identity, utf-8", with "Content-Encoding: identity, utf-8", "?" },
  -- Lines of the header.
  { "a folded line", with('P3P: policyref="/x",', ' CP="NON DSP COR"', "X: y"), "?" },
  { "a folded line with a tab and nothing", with("X: a", "\t", " "), "?" },
  { "a folded length", head(OK, "Content-Length:", " 12") .. BODY, "?" },
  { "a length, folded in the middle", head(OK, "Content-Length: 1", " 2") .. BODY, "?", after = "close" },
  { "a first line that is folded", head(OK, " X: y", LENGTH) .. BODY, "?", after = "close" },
  { "a fold that looks like a length", head(OK, LENGTH, "X: y", " Content-Length: 3") .. BODY, "?" },
  { "a long line that was broken in two", with("Access-Control-Allow-Headers: DNT,", "Sec-Fetch-Site,TE: "), "?" },
  { "a space before the colon", with("X : y"), "?" },
  { "a space before the colon of the length", head(OK, "Content-Length : 12") .. BODY, "?", after = "close" },
  { "no name", with(": y"), "?" },
  { "no colon", with("what is this"), "?" },
  { "no colon, at once", head(OK, "what is this", LENGTH) .. BODY, "?", after = "close" },
  { "spaces in a name", with("X Y: z"), "?" },
  { "no value", with("X:"), "?" },
  { "no space behind the colon", head(OK, "Content-Length:12") .. BODY, "?" },
  { "tabs around a value", head(OK, "Content-Length:\t12\t") .. BODY, "?" },
  { "bytes of another alphabet", with("X\233: caf\233"), "?" },
  { "control bytes in a value", with("X: a\1b\27c\127"), "?" },
  { "NUL in a value", with("X: a\0b"), "?" },
  { "NUL in a name", with("X\0Y: a"), "?" },
  { "a bare CR in a value", with("X: a\rb"), "?" },
  { "CR CR LF", with("X: a\r"), "?" },
  { "bare LF", (with "X: y":gsub("\r", "")), "?" },
  { "bare LF before the body only", "HTTP/1.1 200 OK\r\n" .. LENGTH .. "\r\n\n" .. BODY, "?" },
  { "bare LF behind the status line", "HTTP/1.1 200 OK\n" .. LENGTH .. "\r\n\r\n" .. BODY, "?" },
  { "a line of 90 KiB", with("X: " .. ("y"):rep(90 * 1024)), "?" },
  { "a line of 120 KiB", with("X: " .. ("y"):rep(120 * 1024)), "?", after = "close" },
  { "a line of 300 KiB", with("X: " .. ("y"):rep(300 * 1024)), "?", after = "close" },
  { "2000 lines", with(("X: y\r\n"):rep(2000) .. "Z: z"), "?" },
  { "6000 lines", with(("X: y\r\n"):rep(6000) .. "Z: z"), "?", after = "close" },
  { "lines of 270 KiB altogether", with(("X: " .. ("y"):rep(10 * 1024) .. "\r\n"):rep(27) .. "Z: z"), "?", after = "close" },
  -- Status lines.
  { "no reason", status "HTTP/1.1 200", "?" },
  { "no reason but its space", status "HTTP/1.1 200 ", "?" },
  { "a reason of another alphabet", status "HTTP/1.1 200 \238\234", "?" },
  { "control bytes in the reason", status "HTTP/1.1 200 O\1K\27", "?" },
  { "two spaces before the status", status "HTTP/1.1  200 OK", "?", after = "close" },
  { "a tab before the status", status "HTTP/1.1\t200 OK", "?", after = "close" },
  { "no space behind the status", status "HTTP/1.1 200OK", "?", after = "close" },
  { "a status of two digits", status "HTTP/1.1 20 OK", "?", after = "close" },
  { "a status of four digits", status "HTTP/1.1 2000 OK", "?", after = "close" },
  { "a status of words", status "HTTP/1.1 OK", "?", after = "close" },
  { "status 099", status "HTTP/1.1 099 no", "?", after = "close" },
  { "status 000", status "HTTP/1.1 000 no", "?", after = "close" },
  { "status 299", status "HTTP/1.1 299 OK", "?" },
  { "status 600", status "HTTP/1.1 600 no", "?", after = "close" },
  { "status 999", status "HTTP/1.1 999 no", "?", after = "close" },
  { "HTTP/1.2", status "HTTP/1.2 200 OK", "?", after = "close" },
  { "HTTP/0.9 by its number", status "HTTP/0.9 200 OK", "?", after = "close" },
  { "HTTP/2 as text", status "HTTP/2 200", "?", after = "close" },
  { "HTTP/3.0 as text", status "HTTP/3.0 200 OK", "?", after = "close" },
  { "http in small letters", status "http/1.1 200 OK", "?", after = "close" },
  { "another protocol", "SSH-2.0-OpenSSH_9.2\r\n", "?", after = "close" },
  { "ICY", status "ICY 200 OK", "?", after = "close" },
  { "no header at all", BODY, "?", after = "close" },
  { "an empty line before the status", "\r\n" .. with(), "?", after = "close" },
  { "nothing", "", "?", after = "close" },
  -- Replies before the reply, and such without a body.
  { "100 Continue first", head "HTTP/1.1 100 Continue" .. with(), "?" },
  { "103 Early Hints first", head("HTTP/1.1 103 Early Hints", "Link: </x>", "Content-Length: 5") .. with(), "?" },
  { "many interim replies", head "HTTP/1.1 102 Processing":rep(20) .. with(), "?" },
  { "an interim reply that closes", head("HTTP/1.1 100 Continue", "Connection: close") .. with(), "?" },
  { "only an interim reply", head "HTTP/1.1 100 Continue", "?", after = "close" },
  { "101 Switching Protocols", head("HTTP/1.1 101 Switching", "Upgrade: x", "Connection: Upgrade"), "?", after = "close" },
  { "status 199 first", head "HTTP/1.1 199 x" .. with(), "?" },
  { "HTTP/1.0 100 first", head "HTTP/1.0 100 Continue" .. with(), "?" },
  { "204", head "HTTP/1.1 204 No Content", "?" },
  { "204 with a length", head("HTTP/1.1 204 No Content", LENGTH), "?" },
  { "204 with a body", head("HTTP/1.1 204 No Content", LENGTH) .. BODY, "?" },
  { "204, chunked", head("HTTP/1.1 204 No Content", CHUNKED), "?" },
  { "204 of HTTP/1.0", head "HTTP/1.0 204 No Content", "?" },
  { "304", head("HTTP/1.1 304 Not Modified", LENGTH), "?" },
  { "205 with a body", status "HTTP/1.1 205 Reset Content", "?" },
  -- Is the connection kept?
  { "Connection: close", with "Connection: close", "?" },
  { "Connection: x, Close", with "Connection: x, Close", "?" },
  { "Connection: closed", with "Connection: closed", "?" },
  { "Connection: close, keep-alive", with "Connection: close, keep-alive", "?" },
  { "Connection: close, then keep-alive", with("Connection: close", "Connection: keep-alive"), "?" },
  { "Connection: keep-alive, then close", with("Connection: keep-alive", "Connection: close"), "?" },
  { "Connection: close in a trailer", chunked("c\r\n" .. BODY .. "\r\n0\r\nConnection: close\r\n\r\n"), "?" },
  { "Keep-Alive: timeout=5", with("Keep-Alive: timeout=5", "Connection: Keep-Alive"), "?" },
  { "Proxy-Connection: close", with "Proxy-Connection: close", "?" },
  -- Failures that the portal words.
  { "404 with an error", head("HTTP/1.1 404 Not Found", "Content-Length: 21") .. '{"error":"NO_METHOD"}', "?" },
  { "500 without a body", head("HTTP/1.1 500 Oh", "Content-Length: 0"), "?" },
  { "503 without a body, kept", head("HTTP/1.1 503 Busy", "Retry-After: 1", "Content-Length: 0"), "?" },
  { "302", head("HTTP/1.1 302 Found", "Location: https://elsewhere.example/", "Content-Length: 0"), "?" },
  { "302 that is folded", head("HTTP/1.1 302 Found", "Location:", " https://elsewhere.example/", "Content-Length: 0"), "?" },
}

--- Behind a row's answer each call but the next is answered over another connection.
local AFTER = head(OK, LENGTH, "Connection: close") .. BODY

--- Replies to be cut behind each of their bytes.
M.whole = { with "X: y", head(OK, CHUNKED) .. "3\r\n" .. BODY:sub(1, 3) .. "\r\n9;x\r\n" .. BODY:sub(4) .. "\r\n0\r\nX: y\r\n\r\n",
  head "HTTP/1.1 100 Continue" .. (with():gsub("\r", "")) }

local function row_method(i) return ("odd.n%d.get"):format(i) end
local function cut_method(i, length) return ("odd.cut%d.n%d.get"):format(i, length) end

--- Puts all answers where the mock's raw port finds them. `base64` is needed for bytes that are no text.
function M.serve(portal, base64)
  local function put(method, bytes, after)
    portal:control("raw", { method = method, bytes_base64 = (base64(bytes)), after = after })
  end
  for i, row in ipairs(M.rows) do put(row_method(i), row[2], row.after or "next") end
  for i, whole in ipairs(M.whole) do
    for length = 0, #whole - 1 do put(cut_method(i, length), whole:sub(1, length), "close") end
  end
  put("odd.after.get", AFTER, "close")
end

local function outcome(value, info)
  local text = value ~= nil and tostring(value):gsub("%.0$", "") or info.kind .. " " .. info.code
  return text .. (info.sent == false and " unsent" or "")
end

--- Asks for all rows; a list of outcomes.
function M.outcomes(client)
  local list = {}
  for i = 1, #M.rows do
    local value, _, info = client:call(row_method(i))
    local after, _, info_after = client:call "odd.after.get"
    list[i] = outcome(value, info) .. (info_after.reused and " kept" or " new")
      .. (after == 7 and "" or ", then " .. outcome(after, info_after))
  end
  return list
end

--- Asks for all replies that are cut; one text for each: how many bytes end how.
function M.cuts(client)
  local list = {}
  for i, whole in ipairs(M.whole) do
    local parts, last = {}, nil
    for length = 0, #whole - 1 do
      local value, _, info = client:call(cut_method(i, length))
      local what = outcome(value, info)
      if what ~= last then parts[#parts + 1], last = length .. ": " .. what, what end
    end
    list[i] = table.concat(parts, ", ")
  end
  return list
end

return M
