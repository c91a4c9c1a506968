-- A server without a protocol: each connection gets exactly the bytes of the next script, then close, reset or nothing.

local cqueues = require "cqueues"
local cqueues_socket = require "cqueues.socket"

local sys = require "portal.sys"

local raw = {}

local REQUEST_TIMEOUT = 10
local LINGER = 2 -- seconds for the client to read what was sent before the socket goes

-- Reads until the client is quiet: closing with unread data would send RST.
local function read_request(socket)
  local parts, timeout = {}, REQUEST_TIMEOUT
  while true do
    local bytes = socket:xread(-65536, "b", timeout)
    if not bytes then return table.concat(parts) end
    parts[#parts + 1] = bytes
    timeout = 0.01
    socket:clearerr("r")
  end
end

local function write(socket, script)
  if not script.delay then return socket:xwrite(script.bytes, "bn", REQUEST_TIMEOUT) end
  for i = 1, #script.bytes do
    if not socket:xwrite(script.bytes:sub(i, i), "bn", REQUEST_TIMEOUT) then return end
    cqueues.sleep(script.delay)
  end
end

local function wait_for_client_to_close(socket, timeout)
  socket:clearerr("r")
  while socket:xread(-65536, "b", timeout) do socket:clearerr("r") end
end

local function finish(socket, script)
  if script.after == "reset" then
    cqueues.sleep(0.02) -- the bytes must be read before the RST, which may overtake them
    sys.reset(socket:pollfd())
  elseif script.after == "keep" then
    wait_for_client_to_close(socket, 600)
  else
    socket:shutdown("w")
    wait_for_client_to_close(socket, LINGER)
  end
end

local function serve(portal, connection, socket)
  socket:setmode("b", "bn")
  socket:onerror(function(_, _, code) return code end)
  local script = table.remove(portal.raw_scripts, 1)
  if script then
    local request = not script.at_once and read_request(socket) or ""
    local line = request:match("^[^\r\n]*")
    portal:record { listener = "raw", connection = connection.id, verb = line:match("^%S+"),
      path = line:match("^%S+ (%S+)"), headers = {}, body = request }
    write(socket, script)
    finish(socket, script)
  end
  socket:close()
end

--- Listens on an address. Returns its port.
function raw.listen(queue, portal, address, new_connection)
  local listener = assert(cqueues_socket.listen { host = address, port = 0 })
  assert(listener:listen())
  queue:wrap(function()
    while true do
      local socket = listener:accept()
      if socket then
        local connection = new_connection("raw", socket)
        queue:wrap(function() pcall(serve, portal, connection, socket) end)
      end
    end
  end)
  local _, _, port = listener:localname()
  return port
end

return raw
