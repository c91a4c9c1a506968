-- What a portal, or the network before it, can do wrong. Each fault is a function of the call and
-- its arguments; it runs the method itself (`call:run()`) when the real failure would come after
-- the method.

local cqueues = require "cqueues"

local oauth = require "b24.mock.oauth"
local wire = require "b24.mock.wire"

local faults = {}

local HUGE_PIECE = 65536
-- As an h2 frame this is longer than any that is allowed.
local GARBAGE = "\255\254\253 this is not HTTP \0\1\2\r\n\r\n"
local PAGE =
  "<html>\r\n<head><title>%d %s</title></head>\r\n<body>\r\n<center><h1>%d %s</h1></center>\r\n"
  .. "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
local reasons = require "http.h1_reason_phrases"
-- Where nginx has words of its own.
local REASONS = { [414] = "Request-URI Too Large", [503] = "Service Temporarily Unavailable" }

local function plain(status, body, content_type, headers)
  return { status = status, body = body, content_type = content_type, headers = headers or {} }
end

local function send(call, answer)
  call.entry.status = answer.status
  return wire.send(call.stream, answer)
end

--- The page that nginx shows in front of PHP.
function faults.page(status)
  local reason = REASONS[status] or reasons[tostring(status)] or "Error"
  return plain(status, PAGE:format(status, reason, status, reason), "text/html")
end

local kinds = {}
faults.kinds = kinds -- name -> { run = function(call, arguments), arguments = { names } }

local function kind(name, arguments, run)
  kinds[name] = { run = run, arguments = arguments }
end

-- Broken off --------------------------------------------------------------------------------------

-- The head promises the whole body, then `bytes` of it come (half of it when not given).
kind("cut_body", { "bytes" }, function(call, arguments)
  local answer = call:run()
  call.entry.status = answer.status
  local part = answer.body:sub(1, arguments.bytes or math.floor(#answer.body / 2))
  if wire.begin(call.stream, answer, #answer.body) and part ~= "" then
    wire.piece(call.stream, part, false)
  end
  wire.cut(call.stream)
end)

-- The same without a promised length: only JSON can tell that something is missing.
kind("no_length_cut", { "bytes" }, function(call, arguments)
  local answer = call:run()
  call.entry.status = answer.status
  local part = answer.body:sub(1, arguments.bytes or math.floor(#answer.body / 2))
  if wire.is_h2(call.stream) then
    wire.begin(call.stream, answer)
    wire.piece(call.stream, part, true)
  else
    table.insert(answer.headers, { "connection", "close" })
    wire.raw(call.stream, wire.head_text(answer) .. part)
    wire.cut(call.stream)
  end
end)

kind("cut_header", {}, function(call)
  call:run()
  if not wire.is_h2(call.stream) then wire.raw(call.stream, "HTTP/1.1 200 OK\r\nContent-Le") end
  wire.cut(call.stream)
end)

kind("execute_then_cut", {}, function(call)
  call:run()
  wire.cut(call.stream)
end)

kind("reset", {}, function(call) wire.reset(call.stream) end)

-- The answer is whole, and the connection ends behind it without a word in its head.
kind("close_after", {}, function(call)
  send(call, call:run())
  wire.hang_up(call.stream)
end)

-- Slow --------------------------------------------------------------------------------------------

local function sleep_unless_gone(call, seconds)
  local deadline = cqueues.monotime() + seconds
  repeat
    local left = deadline - cqueues.monotime()
    if left <= 0 then return true end
    if cqueues.poll(call.portal.changed, math.min(left, 0.25)) == call.portal.changed then
      return false
    end
  until wire.is_gone(call.stream)
  return false
end

kind("slow", { "delay" }, function(call, arguments)
  if sleep_unless_gone(call, arguments.delay or 1) then
    send(call, call:run())
  else
    wire.cut(call.stream)
  end
end)

-- Not a byte, until the client goes away, the portal is reset, or `seconds` are over.
kind("silent", { "seconds" }, function(call, arguments)
  sleep_unless_gone(call, arguments.seconds or 600)
  wire.cut(call.stream)
end)

-- The head at once, then one byte of the body each `delay` seconds.
kind("drip", { "delay" }, function(call, arguments)
  local answer = call:run()
  call.entry.status = answer.status
  if not wire.begin(call.stream, answer, #answer.body) then return end
  for i = 1, #answer.body do
    if not sleep_unless_gone(call, arguments.delay or 0.1) then return wire.cut(call.stream) end
    if not wire.piece(call.stream, answer.body:sub(i, i), i == #answer.body) then return end
  end
end)

-- Unexpected --------------------------------------------------------------------------------------

kind("html", { "status" }, function(call, arguments)
  send(call, faults.page(arguments.status or 503))
end)

kind("empty", { "status" }, function(call, arguments)
  send(call, plain(arguments.status or 200, "", "text/html"))
end)

kind("redirect", { "status", "location" }, function(call, arguments)
  send(call, plain(arguments.status or 302, "", "text/html; charset=UTF-8",
    { { "location", arguments.location } }))
end)

kind("garbage", {}, function(call)
  wire.raw(call.stream, GARBAGE)
  wire.hang_up(call.stream)
end)

-- A JSON answer with a string of so many bytes; no length is promised.
kind("huge", { "bytes" }, function(call, arguments)
  local answer = plain(200, nil, "application/json; charset=utf-8")
  call.entry.status = answer.status
  local ok = wire.begin(call.stream, answer) and wire.piece(call.stream, '{"result":"', false)
  local left = arguments.bytes or 32 * 1024 * 1024
  local piece = ("x"):rep(HUGE_PIECE)
  while ok and left > 0 do
    ok = wire.piece(call.stream, left < HUGE_PIECE and piece:sub(1, left) or piece, false)
    left = left - HUGE_PIECE
  end
  if ok then wire.piece(call.stream, '"}', true) end
end)

-- The answer in pieces of `size` bytes, without a length.
kind("chunked", { "size" }, function(call, arguments)
  local answer, size = call:run(), arguments.size or 16
  call.entry.status = answer.status
  if not wire.begin(call.stream, answer) then return end
  for i = 1, #answer.body, size do
    if not wire.piece(call.stream, answer.body:sub(i, i + size - 1), i + size > #answer.body) then
      return
    end
  end
end)

local function gzip(text)
  local name = os.tmpname()
  local file = assert(io.open(name, "wb"))
  file:write(text)
  file:close()
  local pipe = assert(io.popen("gzip -c '" .. name .. "'"))
  local packed = pipe:read("*a")
  pipe:close()
  os.remove(name)
  return packed
end

-- Compressed although nobody may have asked for it.
kind("gzip", {}, function(call)
  local answer = call:run()
  answer.body = gzip(answer.body)
  table.insert(answer.headers, { "content-encoding", "gzip" })
  send(call, answer)
end)

-- An error of the token server, worded as it does.
kind("oauth_error", { "code" }, function(call, arguments)
  send(call, oauth.failure(arguments.code or "invalid_grant"))
end)

-- A canned answer (control's op "reply").
kind("reply", { "status", "content_type", "headers", "body", "executed" }, function(call, arguments)
  if arguments.executed then call:run() end
  send(call, plain(arguments.status or 200, arguments.body or "",
    arguments.content_type or "application/json; charset=utf-8", arguments.headers))
end)

return faults
