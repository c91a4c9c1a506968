-- Answers on the wire: whole ones through lua-http, and the means to break one off in HTTP/1.1 and
-- HTTP/2.

local cqueues = require "cqueues"
local new_headers = require("http.headers").new
local reasons = require "http.h1_reason_phrases"

local sys = require "b24.mock.sys"

local wire = {}

local WRITE_TIMEOUT = 60 -- for a client that stopped reading

local function has_no_body(answer)
  return answer.status == 204 or answer.status == 304
end

function wire.is_h2(stream)
  return stream.connection.version == 2
end

--- The answer's head. `length` nil leaves the end of the body to chunks, to h2 frames, or to the
--- connection.
local function head(answer, length)
  local headers = new_headers()
  -- Never indexed (true): lua-http's HPACK table gets out of step with libcurl's after many
  -- different values.
  headers:append(":status", tostring(answer.status))
  if answer.content_type then headers:append("content-type", answer.content_type, true) end
  for _, header in ipairs(answer.headers) do headers:append(header[1], header[2], true) end
  if length then headers:append("content-length", tostring(length), true) end
  return headers
end

--- Begins an answer whose body follows in pieces.
function wire.begin(stream, answer, length)
  return stream:write_headers(head(answer, length), false, WRITE_TIMEOUT)
end

function wire.piece(stream, bytes, is_last)
  return stream:write_chunk(bytes, is_last, WRITE_TIMEOUT)
end

local function buffered_end_of_head(connection)
  return connection.socket:xwrite("\r\n", "f", 0)
end

--- Sends the whole answer; in HTTP/1.1 head and body leave in one write, which lua-http alone would
--- not do.
function wire.send(stream, answer)
  if answer.body == "" or has_no_body(answer) then
    return stream:write_headers(head(answer, not has_no_body(answer) and 0 or nil), true,
      WRITE_TIMEOUT)
  end
  local connection = stream.connection
  if not wire.is_h2(stream) then connection.write_headers_done = buffered_end_of_head end
  local ok = wire.begin(stream, answer, #answer.body)
  connection.write_headers_done = nil
  return ok and wire.piece(stream, answer.body, true)
end

-- Breaking off ------------------------------------------------------------------------------------

--- HTTP/1.1 only: bytes as they are. The answer counts as begun from here on.
function wire.raw(stream, bytes)
  stream.body_write_type = "close" -- keeps lua-http from adding an answer of its own
  local socket = stream.connection.socket
  return socket and socket:xwrite(bytes, "bn", WRITE_TIMEOUT)
end

--- HTTP/1.1 only: the head as text.
function wire.head_text(answer, length)
  local lines = { "HTTP/1.1 " .. answer.status .. " " .. (reasons[tostring(answer.status)] or "") }
  for name, value in head(answer, length):each() do
    if name ~= ":status" then lines[#lines + 1] = name .. ": " .. value end
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

--- Ends the answer here: h2 resets the stream, HTTP/1.1 ends the connection.
function wire.cut(stream)
  if wire.is_h2(stream) then
    if stream.state ~= "idle" and stream.state ~= "closed" then stream:rst_stream("cut") end
  else
    stream.body_write_type = "close"
    wire.hang_up(stream)
  end
end

--- Ends the connection with FIN.
function wire.hang_up(stream)
  local socket = stream.connection.socket
  if socket then socket:shutdown("rw") end
end

--- Ends the connection with RST, for both protocols.
function wire.reset(stream)
  local socket = stream.connection.socket
  if socket then
    sys.reset(socket:pollfd())
    -- A disconnected socket alone reports nothing that lua-http waits for: cqueues would spin on it
    -- for half a minute.
    socket:shutdown("rw")
  end
  stream.body_write_type = "close"
end

-- Too long ----------------------------------------------------------------------------------------

--- The longest first line of a request, with its end: one of nginx's large_client_header_buffers.
wire.LONGEST_LINE = 8192

local LINGER = 2 -- seconds for a client that is still writing to take the answer

--- HTTP/1.1 only: is what stopped lua-http a first line that is too long? Returns the line's begin.
function wire.long_line(stream)
  local socket = not wire.is_h2(stream) and stream.connection.socket
  if not socket then return nil end
  socket:clearerr("r")
  local line = socket:xread("*L", "b", 0)
  if line and #line >= wire.LONGEST_LINE and line:sub(-1) ~= "\n" then return line end
  socket:shutdown("rw") -- TLS, for example: without its error lua-http would wait for the rest
end

--- HTTP/1.1 only: answers before the request is read, and ends the connection. What the client
--- still writes is read: a closed socket with unread data would take the answer back.
function wire.refuse(stream, answer)
  local socket = stream.connection.socket
  table.insert(answer.headers, { "connection", "close" })
  wire.raw(stream, wire.head_text(answer, #answer.body) .. answer.body)
  socket:shutdown("w")
  local deadline = cqueues.monotime() + LINGER
  repeat
    local bytes = socket:xread(-65536, "b", math.max(0, deadline - cqueues.monotime()))
  until not bytes
  socket:shutdown("rw")
end

--- Has the client gone away?
function wire.is_gone(stream)
  local socket = stream.connection.socket
  return not socket or stream.state == "closed" or socket:eof("r")
end

return wire
