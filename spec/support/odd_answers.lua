--- Odd HTTP answers, and what each transport makes of them: one portal, one answer. The mock's raw
--- port serves them; spec/curl/odd_answers_spec.lua asks for them over libcurl, and inside a worker
--- spec/nginx/odd_answers_spec.lua over cosockets.
---
--- A row: name, bytes, the outcome, then CLOSE when the portal closes behind them. An outcome is
--- the result, or kind and code of the failure; then "kept" when the next call goes over the same
--- connection, else "new". A row that differs over cosockets has the outcome there (nginx) and the
--- reason (why); one that differs with newer versions of libcurl has the first of these and the
--- outcome from there on, one pair after the other (newer). Run with libcurl 7.74, 7.88, and with
--- seventeen versions from 8.0 to 8.22; older ones: odd_older.lua.

local older = require "spec.support.odd_older"

local M = {}

local KEPT, NEW, CLOSE = "7 kept", "7 new", "close"
local CUT, GARBLED = "network REPLY_CUT new", "network REPLY_GARBLED new"
local NOT_HTTP, LARGE = "network NOT_HTTP new", "too_large REPLY_TOO_LARGE new"
local UNKNOWN, NOT_JSON = "decode UNKNOWN_ENCODING new", "decode NOT_JSON new"

local BODY = '{"result":7}'
local LENGTH = "Content-Length: " .. #BODY
local CHUNKED = "Transfer-Encoding: chunked"
local OK = "HTTP/1.1 200 OK"
local ELSEWHERE = "Location: https://elsewhere.example/"
local CHUNKS = "c\r\n" .. BODY .. "\r\n0\r\n\r\n"

-- Lines of a header, and the empty one behind them.
local function head(...) return table.concat({ ... }, "\r\n") .. "\r\n\r\n" end

-- A good answer but for these lines.
local function with(...) return head(OK, LENGTH, ...) .. BODY end

local function chunked(text) return head(OK, CHUNKED) .. text end

-- A good answer with another status line.
local function status(line) return head(line, LENGTH) .. BODY end

local GZIP = "\31\139\8\0\0\0\0\0\2\3" -- of BODY
  .. "\171\86\42\74\45\46\205\41\81\178\50\175\5\0\90\14\42\102\12\0\0\0"

M.rows = {
  -- Where the body ends.
  { "a length", with(), KEPT },
  { "no length, closed", head(OK) .. BODY, NEW, CLOSE },
  { "no length, closed with an announcement", head(OK, "Connection: close") .. BODY, NEW, CLOSE },
  { "no length, closed against the announcement", head(OK, "Connection: keep-alive") .. BODY,
    NEW, CLOSE },
  { "no length, no body, closed", head(OK), "decode EMPTY_REPLY new", CLOSE },
  { "HTTP/1.0, no length", head "HTTP/1.0 200 OK" .. BODY, NEW, CLOSE },
  { "HTTP/1.0, a length", head("HTTP/1.0 200 OK", LENGTH) .. BODY, NEW },
  { "HTTP/1.0, a length, kept", head("HTTP/1.0 200 OK", LENGTH, "Connection: keep-alive") .. BODY,
    KEPT },
  { "HTTP/1.0, chunked", head("HTTP/1.0 200 OK", CHUNKED) .. CHUNKS, NEW, CLOSE },
  { "two lengths, the same", head(OK, LENGTH, LENGTH) .. BODY, KEPT },
  { "two lengths, the second larger", head(OK, LENGTH, "Content-Length: 13") .. BODY .. "x",
    "decode NOT_JSON kept",
    nginx = GARBLED, why = "a portal that names two lengths may mean another reply by the second",
    newer = { 0x081100, GARBLED } },
  { "two lengths, the second smaller", head(OK, LENGTH, "Content-Length: 11") .. BODY,
    "decode NOT_JSON new",
    nginx = GARBLED, why = "a portal that names two lengths may mean another reply by the second",
    newer = { 0x081100, GARBLED } },
  { "a list of lengths", head(OK, "Content-Length: 12, 12") .. BODY, KEPT },
  { "an empty length", head(OK, "Content-Length:") .. BODY, GARBLED, CLOSE },
  { "a length in words", head(OK, "Content-Length: twelve") .. BODY, GARBLED, CLOSE },
  { "a length with a unit", head(OK, "Content-Length: 12 bytes") .. BODY, KEPT,
    newer = { 0x081100, GARBLED } },
  { "a length with a sign", head(OK, "Content-Length: +12") .. BODY, KEPT,
    nginx = GARBLED, newer = { 0x080d00, GARBLED }, why = "newer libcurl refuses it too" },
  { "a negative length", head(OK, "Content-Length: -1") .. BODY, GARBLED, CLOSE },
  { "a length in hexadecimal", head(OK, "Content-Length: 0xc") .. BODY,
    "decode EMPTY_REPLY new", CLOSE, newer = { 0x081100, GARBLED } },
  { "a length with zeros", head(OK, "Content-Length: 0000000000000000000012") .. BODY, KEPT },
  { "a length over max_reply", head(OK, "Content-Length: 99999999") .. BODY, LARGE, CLOSE },
  { "a length over 64 bits", head(OK, "Content-Length: 99999999999999999999") .. BODY,
    LARGE, CLOSE },
  { "a length that is too large by one", head(OK, "Content-Length: 13") .. BODY, CUT, CLOSE },
  { "a length that is too small", head(OK, "Content-Length: 11") .. BODY, "decode NOT_JSON new" },
  { "bytes behind the body", with() .. "garbage\r\n", NEW },
  { "another answer behind the body", with() .. with(), NEW },
  { "a line's end behind the body", with() .. "\r\n", NEW },
  { "a length of zero", head(OK, "Content-Length: 0"), "decode EMPTY_REPLY kept" },
  -- Chunks.
  { "chunks", chunked(CHUNKS), KEPT },
  { "chunks, of one byte each", chunked(BODY:gsub(".", "1\r\n%0\r\n") .. "0\r\n\r\n"), KEPT },
  { "chunks with extensions", chunked('C;a=b;c="d"\r\n' .. BODY .. "\r\n0;last\r\n\r\n"), KEPT },
  { "chunk sizes with zeros and spaces", chunked("000c \r\n" .. BODY .. "\r\n000\r\n\r\n"), KEPT },
  { "a chunk size with a space before it", chunked(" c\r\n" .. BODY .. "\r\n0\r\n\r\n"), GARBLED },
  { "a chunk size with a word behind it", chunked("c x\r\n" .. BODY .. "\r\n0\r\n\r\n"), KEPT },
  { "chunk lines with bare LF", chunked("c\n" .. BODY .. "\n0\n\n"), KEPT },
  { "chunk lines with bare LF, the last with CR LF", chunked("c\n" .. BODY .. "\r\n0\r\n\r\n"),
    KEPT },
  { "trailers", chunked("c\r\n" .. BODY .. "\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n"), KEPT },
  { "announced trailers",
    head(OK, CHUNKED, "Trailer: X-T", "Connection: keep-alive")
      .. "c\r\n" .. BODY .. "\r\n0\r\nX-T: 1\r\n\r\n",
    KEPT },
  { "a trailer without a colon", chunked("c\r\n" .. BODY .. "\r\n0\r\nno trailer\r\n\r\n"),
    GARBLED },
  { "a folded trailer", chunked("c\r\n" .. BODY .. "\r\n0\r\nX: 1\r\n 2\r\n\r\n"), KEPT,
    newer = { 0x081200, GARBLED } },
  { "trailers with bare LF", chunked("c\r\n" .. BODY .. "\r\n0\r\nX: 1\n\n"), KEPT },
  { "no size of a chunk", chunked("\r\n" .. BODY .. "\r\n0\r\n\r\n"), GARBLED },
  { "a chunk size that is none", chunked("z\r\n" .. BODY .. "\r\n0\r\n\r\n"), GARBLED },
  { "a negative chunk size", chunked("-c\r\n" .. BODY .. "\r\n0\r\n\r\n"), GARBLED },
  { "a chunk size of 16 digits", chunked("000000000000000c\r\n" .. BODY .. "\r\n0\r\n\r\n"), KEPT },
  { "a chunk size of 17 digits", chunked("0000000000000000c\r\n" .. BODY .. "\r\n0\r\n\r\n"),
    GARBLED },
  { "a chunk size over max_reply", chunked("7fffffff\r\n" .. BODY), CUT, CLOSE,
    nginx = LARGE, why = "libcurl does not tell the size of a chunk before its bytes come" },
  { "a chunk size of 64 bits", chunked("ffffffffffffffff\r\n" .. BODY), GARBLED, CLOSE },
  { "a chunk that is longer than it says", chunked("b\r\n" .. BODY .. "\r\n0\r\n\r\n"), GARBLED },
  { "a chunk that is shorter than it says", chunked("d\r\n" .. BODY .. "\r\n0\r\n\r\n"), KEPT },
  { "chunks without the last", chunked("c\r\n" .. BODY .. "\r\n"), CUT, CLOSE },
  { "bytes behind the chunks", chunked(CHUNKS .. "garbage\r\n"), KEPT,
    nginx = NEW, why = "bytes of nobody's are the next reply to who keeps the connection" },
  { "chunks without a body", chunked "0\r\n\r\n", "decode EMPTY_REPLY kept" },
  { "chunks, announced behind a comma", head(OK, "Transfer-Encoding: ,chunked,") .. CHUNKS, KEPT },
  { "chunks and an empty Transfer-Encoding", head(OK, "Transfer-Encoding:", CHUNKED) .. CHUNKS, NEW,
    nginx = KEPT, why = "that nothing is the encoding changes nothing" },
  { "no chunks, though announced, and no line's end", chunked(BODY), GARBLED, CLOSE },
  { "CR CR LF behind a chunk", chunked("c\r\n" .. BODY .. "\r\r\n0\r\n\r\n"), KEPT },
  { "CR and a word behind a chunk", chunked("c\r\n" .. BODY .. "\rx\n0\r\n\r\n"), GARBLED },
  { "CR and a word behind the chunks", chunked("c\r\n" .. BODY .. "\r\n0\r\n\rx\n"), GARBLED },
  { "chunks and a length", head(OK, LENGTH, CHUNKED) .. CHUNKS, KEPT,
    nginx = NEW, why = "RFC 9112, 6.1: the connection must be closed" },
  { "chunks and a wrong length", head(OK, CHUNKED, "Content-Length: 5") .. CHUNKS, KEPT,
    nginx = NEW, why = "RFC 9112, 6.1: the connection must be closed" },
  { "chunks, announced twice", head(OK, CHUNKED, CHUNKED) .. CHUNKS, KEPT,
    newer = { 0x080600, GARBLED, 0x080900, KEPT } },
  { "chunks, announced in capitals", head(OK, "TRANSFER-ENCODING: CHUNKED") .. CHUNKS, KEPT },
  { "another Transfer-Encoding", head(OK, LENGTH, "Transfer-Encoding: foo") .. BODY,
    UNKNOWN, CLOSE, newer = { 0x080100, NEW, 0x080e00, GARBLED } },
  { "Transfer-Encoding: identity", head(OK, LENGTH, "Transfer-Encoding: identity") .. BODY,
    NEW, CLOSE },
  { "Transfer-Encoding: gzip, chunked",
    head(OK, "Transfer-Encoding: gzip, chunked") .. "20\r\n" .. GZIP .. "\r\n0\r\n\r\n",
    KEPT, nginx = UNKNOWN, newer = { 0x080100, NOT_JSON, 0x080e00, GARBLED },
    why = "cosockets ask for no compression, and cannot unpack any; newer libcurl refuses it too" },
  { "Transfer-Encoding: identity, chunked",
    head(OK, "Transfer-Encoding: identity, chunked") .. CHUNKS,
    KEPT, newer = { 0x080100, NOT_JSON, 0x080e00, KEPT } },
  { "Transfer-Encoding: chunked, foo", head(OK, "Transfer-Encoding: chunked, foo") .. CHUNKS,
    UNKNOWN, newer = { 0x080100, NEW, 0x080e00, GARBLED } },
  -- Content codings.
  { "gzip that was not asked for", head(OK, "Content-Length: 32", "Content-Encoding: gzip") .. GZIP,
    KEPT, nginx = UNKNOWN, why = "cosockets ask for no compression, and cannot unpack any" },
  { "gzip that is none", with "Content-Encoding: gzip", GARBLED, CLOSE,
    nginx = UNKNOWN, why = "cosockets ask for no compression, and cannot unpack any" },
  { "Content-Encoding: none", with "Content-Encoding: none", KEPT },
  { "Content-Encoding: identity", with "Content-Encoding: Identity", KEPT },
  { "Content-Encoding: identity, identity", with "Content-Encoding: identity, none", KEPT },
  { "an empty Content-Encoding", with "Content-Encoding:", KEPT },
  { "Content-Encoding: UTF-8", with "Content-Encoding: UTF-8", UNKNOWN },
  { "Content-Encoding: identity, utf-8", with "Content-Encoding: identity, utf-8", UNKNOWN },
  -- Lines of the header.
  { "a folded line", with('P3P: policyref="/x",', ' CP="NON DSP COR"', "X: y"), KEPT },
  { "a folded line with a tab and nothing", with("X: a", "\t", " "), KEPT },
  { "a folded length", head(OK, "Content-Length:", " 12") .. BODY, GARBLED,
    nginx = KEPT, newer = { 0x081200, KEPT }, why = "newer libcurl unfolds them first, too" },
  { "a length, folded in the middle", head(OK, "Content-Length: 1", " 2") .. BODY,
    "decode NOT_JSON new", CLOSE, newer = { 0x081200, GARBLED } },
  { "a first line that is folded", head(OK, " X: y", LENGTH) .. BODY, GARBLED,
    nginx = KEPT, newer = { 0x080300, KEPT }, why = "newer libcurl reads it, too" },
  { "a fold that looks like a length", head(OK, LENGTH, "X: y", " Content-Length: 3") .. BODY,
    KEPT },
  { "a long line that was broken in two",
    with("Access-Control-Allow-Headers: DNT,", "Sec-Fetch-Site,TE: "),
    KEPT },
  { "a space before the colon", with("X : y"), KEPT },
  { "a space before the colon of the length", head(OK, "Content-Length : 12") .. BODY, NEW, CLOSE },
  { "no name", with(": y"), KEPT },
  { "no colon", with("what is this"), GARBLED },
  { "no colon, at once", head(OK, "what is this", LENGTH) .. BODY, GARBLED, CLOSE },
  { "spaces in a name", with("X Y: z"), KEPT },
  { "no value", with("X:"), KEPT },
  { "no space behind the colon", head(OK, "Content-Length:12") .. BODY, KEPT },
  { "tabs around a value", head(OK, "Content-Length:\t12\t") .. BODY, KEPT },
  { "bytes of another alphabet", with("X\233: caf\233"), KEPT },
  { "control bytes in a value", with("X: a\1b\27c\127"), KEPT },
  { "NUL in a value", with("X: a\0b"), GARBLED },
  { "NUL in a name", with("X\0Y: a"), GARBLED },
  { "a bare CR in a value", with("X: a\rb"), KEPT, newer = { 0x081500, GARBLED } },
  { "CR CR LF", with("X: a\r"), KEPT, newer = { 0x081500, GARBLED } },
  { "CR in a name", with("X\rY: a"), GARBLED, newer = { 0x081200, NEW, 0x081500, GARBLED } },
  { "a CR before a length", head(OK, "Content-Length: \r12") .. BODY, GARBLED, CLOSE },
  { "a line that begins with CR, for the empty one", head(OK, LENGTH, "\rX: y") .. BODY,
    "decode NOT_JSON new" },
  { "CR CR LF for the empty line", head(OK, LENGTH):sub(1, -3) .. "\r\r\n" .. BODY, KEPT },
  { "no colon, and the end behind it", OK .. "\r\nwhat is this\r\n", GARBLED, CLOSE,
    newer = { 0x081200, CUT } },
  { "bare LF", (with "X: y":gsub("\r", "")), KEPT },
  { "bare LF before the body only", "HTTP/1.1 200 OK\r\n" .. LENGTH .. "\r\n\n" .. BODY, KEPT },
  { "bare LF behind the status line", "HTTP/1.1 200 OK\n" .. LENGTH .. "\r\n\r\n" .. BODY, KEPT },
  { "a line of 90 KiB", with("X: " .. ("y"):rep(90 * 1024)), KEPT },
  { "a line of 120 KiB", with("X: " .. ("y"):rep(120 * 1024)), LARGE, CLOSE },
  { "a line of 300 KiB", with("X: " .. ("y"):rep(300 * 1024)), LARGE, CLOSE },
  { "2000 lines", with(("X: y\r\n"):rep(2000) .. "Z: z"), KEPT },
  { "6000 lines", with(("X: y\r\n"):rep(6000) .. "Z: z"), NEW, CLOSE, newer = { 0x080e00, LARGE } },
  { "lines of 270 KiB altogether",
    with(("X: " .. ("y"):rep(10 * 1024) .. "\r\n"):rep(27) .. "Z: z"),
    LARGE, CLOSE },
  -- Status lines.
  { "no reason", status "HTTP/1.1 200", KEPT },
  { "no reason but its space", status "HTTP/1.1 200 ", KEPT },
  { "a reason of another alphabet", status "HTTP/1.1 200 \238\234", KEPT },
  { "control bytes in the reason", status "HTTP/1.1 200 O\1K\27", KEPT },
  { "two spaces before the status", status "HTTP/1.1  200 OK", NEW, CLOSE,
    nginx = NOT_HTTP, newer = { 0x080000, NOT_HTTP }, why = "newer libcurl refuses it too" },
  { "a tab before the status", status "HTTP/1.1\t200 OK", NOT_HTTP, CLOSE,
    newer = { 0x080000, NEW } },
  { "no space behind the status", status "HTTP/1.1 200OK", NEW, CLOSE,
    newer = { 0x080000, NOT_HTTP, 0x080d00, NEW } },
  { "a status of two digits", status "HTTP/1.1 20 OK", NOT_HTTP, CLOSE },
  { "a status of four digits", status "HTTP/1.1 2000 OK", NOT_HTTP, CLOSE,
    newer = { 0x080d00, NEW } },
  { "a status of words", status "HTTP/1.1 OK", NOT_HTTP, CLOSE },
  { "status 099", status "HTTP/1.1 099 no", NOT_HTTP, CLOSE, newer = { 0x080700, GARBLED } },
  { "status 000", status "HTTP/1.1 000 no", NOT_HTTP, CLOSE, newer = { 0x080700, GARBLED } },
  { "status 299", status "HTTP/1.1 299 OK", KEPT },
  { "status 600", status "HTTP/1.1 600 no", "http HTTP_600 new", CLOSE },
  { "status 999", status "HTTP/1.1 999 no", "http HTTP_999 new", CLOSE },
  { "HTTP/1.2", status "HTTP/1.2 200 OK", NOT_HTTP, CLOSE },
  { "HTTP/0.9 by its number", status "HTTP/0.9 200 OK", NOT_HTTP, CLOSE },
  { "HTTP/2 as text", status "HTTP/2 200", NEW, CLOSE, nginx = NOT_HTTP,
    why = "libcurl with HTTP/2 takes any version that begins with 2; there is no such text" },
  { "HTTP/3.0 as text", status "HTTP/3.0 200 OK", NOT_HTTP, CLOSE, newer = { 0x080000, NEW } },
  { "http in small letters", status "http/1.1 200 OK", NEW, CLOSE },
  { "another protocol", "SSH-2.0-OpenSSH_9.2\r\n", NOT_HTTP, CLOSE },
  { "ICY", status "ICY 200 OK", NOT_HTTP, CLOSE },
  { "no header at all", BODY, NOT_HTTP, CLOSE },
  { "an empty line before the status", "\r\n" .. with(), NOT_HTTP, CLOSE },
  { "nothing", "", "network NO_REPLY new", CLOSE },
  -- Replies before the reply, and such without a body.
  { "100 Continue first", head "HTTP/1.1 100 Continue" .. with(), KEPT },
  { "103 Early Hints first",
    head("HTTP/1.1 103 Early Hints", "Link: </x>", "Content-Length: 5") .. with(),
    KEPT },
  { "many interim replies", head "HTTP/1.1 102 Processing":rep(20) .. with(), KEPT },
  { "an interim reply that closes", head("HTTP/1.1 100 Continue", "Connection: close") .. with(),
    NEW, nginx = KEPT, why = "an interim reply says nothing about the final one" },
  { "only an interim reply", head "HTTP/1.1 100 Continue", "network NO_REPLY new", CLOSE },
  { "101 Switching Protocols", head("HTTP/1.1 101 Switching", "Upgrade: x", "Connection: Upgrade"),
    "network NO_REPLY new", CLOSE, nginx = GARBLED,
    why = "no reply can follow; libcurl waits for one" },
  { "status 199 first", head "HTTP/1.1 199 x" .. with(), KEPT },
  { "HTTP/1.0 100 first", head "HTTP/1.0 100 Continue" .. with(), NEW,
    nginx = KEPT, why = "an interim reply says nothing about the final one" },
  { "204", head "HTTP/1.1 204 No Content", "decode EMPTY_REPLY kept" },
  { "204 with a length", head("HTTP/1.1 204 No Content", LENGTH), "decode EMPTY_REPLY kept" },
  { "204 with a body", head("HTTP/1.1 204 No Content", LENGTH) .. BODY, "decode EMPTY_REPLY kept",
    nginx = "decode EMPTY_REPLY new", why = "bytes of nobody's are the next reply, as above" },
  { "204 with a length that is none",
    head("HTTP/1.1 204 No Content", "Content-Length: x", "Transfer-Encoding: x"),
    "decode EMPTY_REPLY kept" },
  { "204 that closes", head("HTTP/1.1 204 No Content", "Connection: close"),
    "decode EMPTY_REPLY new" },
  { "204, chunked", head("HTTP/1.1 204 No Content", CHUNKED), "decode EMPTY_REPLY kept" },
  { "204 of HTTP/1.0", head "HTTP/1.0 204 No Content", "decode EMPTY_REPLY new" },
  { "304", head("HTTP/1.1 304 Not Modified", LENGTH), "http REDIRECT kept" },
  { "205 with a body", status "HTTP/1.1 205 Reset Content", KEPT },
  -- Is the connection kept?
  { "Connection: close", with "Connection: close", NEW },
  { "Connection: x, Close", with "Connection: x, Close", NEW },
  { "Connection: closed", with "Connection: closed", NEW,
    nginx = KEPT, why = "libcurl looks for the letters of close in any word" },
  { "Connection: close, keep-alive", with "Connection: close, keep-alive", NEW },
  { "Connection: close, then keep-alive", with("Connection: close", "Connection: keep-alive"),
    NEW },
  { "Connection: keep-alive, then close", with("Connection: keep-alive", "Connection: close"),
    NEW },
  { "Connection: close in a trailer",
    chunked("c\r\n" .. BODY .. "\r\n0\r\nConnection: close\r\n\r\n"),
    KEPT },
  { "Keep-Alive: timeout=5", with("Keep-Alive: timeout=5", "Connection: Keep-Alive"), KEPT },
  { "Proxy-Connection: close", with "Proxy-Connection: close", KEPT },
  -- Failures that the portal words.
  { "404 with an error",
    head("HTTP/1.1 404 Not Found", "Content-Length: 21") .. '{"error":"NO_METHOD"}',
    "portal NO_METHOD kept" },
  { "500 without a body", head("HTTP/1.1 500 Oh", "Content-Length: 0"), "http HTTP_500 kept" },
  { "503 without a body", head("HTTP/1.1 503 Busy", "Content-Length: 0"), "limit HTTP_503 kept" },
  { "302", head("HTTP/1.1 302 Found", ELSEWHERE, "Content-Length: 0"),
    "http REDIRECT to elsewhere.example kept" },
  { "302 that is folded",
    head("HTTP/1.1 302 Found", "Location:", " https://elsewhere.example/", "Content-Length: 0"),
    "http REDIRECT to elsewhere.example kept" },
  { "302 that is folded behind another", head("HTTP/1.1 302 Found", "X: y", ELSEWHERE, "Z:",
    " Location: https://nowhere.example/", "Content-Length: 0"),
    "http REDIRECT to elsewhere.example kept" },
  { "302 with two places",
    head("HTTP/1.1 302 F", "Location: https://nowhere.example/", ELSEWHERE, "Content-Length: 0"),
    "http REDIRECT to elsewhere.example kept", newer = { 0x081100, GARBLED } },
  { "302 with a place in its trailer",
    head("HTTP/1.1 302 Found", ELSEWHERE, CHUNKED)
      .. "0\r\nLocation: https://nowhere.example/\r\n\r\n",
    "http REDIRECT to elsewhere.example kept" },
  { "302 behind an interim reply that has a place",
    head("HTTP/1.1 103 Early Hints", "Location: https://nowhere.example/")
    .. head("HTTP/1.1 302 Found", ELSEWHERE, "Content-Length: 0"),
    "http REDIRECT to elsewhere.example kept", newer = { 0x081100, GARBLED } },
  { "503 with a time to wait", head("HTTP/1.1 503 Busy", "Retry-After: 7", "Content-Length: 0"),
    "limit HTTP_503 after 7 kept" },
  { "503 with a time to wait, folded",
    head("HTTP/1.1 503 Busy", "Retry-After:", "\t7", "Content-Length: 0"),
    "limit HTTP_503 after 7 kept" },
  { "503 with a time to wait in its trailer",
    head("HTTP/1.1 503 Busy", CHUNKED) .. "0\r\nRetry-After: 7\r\n\r\n", "limit HTTP_503 kept" },
  { "503 with a date to wait for", head("HTTP/1.1 503 Busy", "Date: Sun, 06 Nov 1994 08:49:37 GMT",
    "Retry-After: Sun, 06 Nov 1994 08:49:44 GMT", "Content-Length: 0"),
    "limit HTTP_503 after 7 kept" },
}

--- Behind a row's answer the next call gets this one, and the row after that a new connection.
local AFTER = head(OK, LENGTH, "Connection: close") .. BODY

--- Replies that are cut behind each of their bytes but the last: bytes, and which number of them
--- begins to have which outcome.
M.cut = {
  { with "X: y", "0: network NO_REPLY, 17: network REPLY_CUT" },
  { chunked("3\r\n" .. BODY:sub(1, 3) .. "\r\n9;x\r\n" .. BODY:sub(4) .. "\r\n0\r\nX: y\r\n\r\n"),
    "0: network NO_REPLY, 17: network REPLY_CUT, 81: 7",
    nginx = "0: network NO_REPLY, 17: network REPLY_CUT",
    newer = { 0x080600, "0: network NO_REPLY, 17: network REPLY_CUT" },
    why = "only the last LF is missing; newer libcurl wants it too" },
  { head "HTTP/1.1 100 Continue" .. (with():gsub("\r", "")),
    "0: network NO_REPLY, 23: network REPLY_CUT, 25: network NO_REPLY, 41: network REPLY_CUT",
    newer = { 0x081200, "0: network NO_REPLY, 23: network REPLY_CUT, 24: network NO_REPLY, "
      .. "41: network REPLY_CUT" } },
}

M.MAX_REPLY = 1024 * 1024

local function row_method(i) return ("odd.n%d.get"):format(i) end
local function cut_method(i, length) return ("odd.cut%d.n%d.get"):format(i, length) end

--- Puts all answers where the mock's raw port finds them. `base64`: they are no text.
function M.serve(portal, base64)
  local scripts = {}
  local function put(method, bytes, after)
    scripts[#scripts + 1] = { method = method, bytes_base64 = (base64(bytes)), after = after }
  end
  for i, row in ipairs(M.rows) do put(row_method(i), row[2], row[4] or "next") end
  for i, row in ipairs(M.cut) do
    for length = 0, #row[1] - 1 do put(cut_method(i, length), row[1]:sub(1, length), CLOSE) end
  end
  put("odd.after.get", AFTER, CLOSE)
  portal:control("raw_methods", { scripts = scripts })
end

local function outcome(value, info)
  if value ~= nil then return (tostring(value):gsub("%.0$", "")) end
  local where = info.code == "REDIRECT" and info.message:match " to %S+%.%S+" or ""
  local time = info.retry_after and " after " .. tostring(info.retry_after):gsub("%.0$", "") or ""
  return info.kind .. " " .. info.code .. (info.sent and "" or " unsent") .. where .. time
end

--- Asks for all rows; a list of outcomes.
function M.outcomes(client)
  local list = {}
  for i = 1, #M.rows do
    local value, _, info = client:call(row_method(i))
    local after, _, after_info = client:call "odd.after.get"
    list[i] = outcome(value, info) .. (after_info.reused and " kept" or " new")
      .. (after == 7 and "" or ", then " .. outcome(after, after_info))
  end
  return list
end

--- Asks for all replies that are cut; a list of texts like those of M.cut.
function M.cuts(client)
  local list = {}
  for i, row in ipairs(M.cut) do
    local parts, last = {}, nil
    for length = 0, #row[1] - 1 do
      local value, _, info = client:call(cut_method(i, length))
      local what = outcome(value, info)
      if what ~= last then parts[#parts + 1], last = length .. ": " .. what, what end
    end
    list[i] = table.concat(parts, ", ")
  end
  return list
end

--- What libcurl of a version (its number) makes of a row, and whether it is known to keep
--- connections as 7.88 does.
function M.expected(row, text, version)
  local as_written = version >= 0x075800 and version < 0x080000
  for before, texts in pairs(older) do
    if version < before then text = texts[row[1]] or text end
  end
  for i = 1, row.newer and #row.newer or 0, 2 do
    if version >= row.newer[i] then text = row.newer[i + 1] end
  end
  return as_written and text or text:gsub(" kept$", ""):gsub(" new$", ""), as_written
end

return M
