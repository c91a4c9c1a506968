--- One request over HTTP/2 without TLS, whose frames leave when a spec says so. Only what that
--- needs.

local socket = require "socket"

local M = {}

local DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
local END_STREAM, END_HEADERS = 1, 4

local function frame(kind, flags, stream, payload)
  local n = #payload
  return string.char(math.floor(n / 65536), math.floor(n / 256) % 256, n % 256, kind, flags, 0, 0,
    0, stream) .. payload
end

--- A DATA frame of stream 1.
function M.data(bytes, is_last)
  return frame(DATA, is_last and END_STREAM or 0, 1, bytes)
end

--- Begins a POST to `path`. Returns a connection: `send(bytes)`, `answered()`.
function M.post(port, path)
  local connection = assert(socket.connect("127.0.0.1", port))
  connection:setoption("tcp-nodelay", true)
  connection:settimeout(10)
  local host = "127.0.0.1"
  -- HPACK: POST, http, then path and authority as literals that are not indexed
  local fields = "\131\134\4" .. string.char(#path) .. path .. "\1" .. string.char(#host) .. host
  local self = {}
  function self.send(bytes) assert(connection:send(bytes)) end
  --- Reads until the answer's head: true, or false and why not.
  function self.answered()
    while true do
      local head, message = connection:receive(9)
      if not head then return false, message end
      local a, b, c, kind = head:byte(1, 4)
      local n = (a * 256 + b) * 256 + c
      if n > 0 then connection:receive(n) end
      if kind == HEADERS then connection:close() return true end
      if kind == RST_STREAM or kind == GOAWAY then return false, "frame " .. kind end
    end
  end
  self.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" .. frame(SETTINGS, 0, 0, "")
    .. frame(HEADERS, END_HEADERS, 1, fields))
  return self
end

return M
