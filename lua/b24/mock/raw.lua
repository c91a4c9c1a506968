-- A server without a protocol: each connection gets exactly the bytes of the next script, then
-- close, reset or nothing. A script with a method is for every request of that method; after "next"
-- its connection gets another one.

local cqueues = require "cqueues"
local sockets = require "b24.mock.sockets"

local sys = require "b24.mock.sys"

local raw = {}

local REQUEST_TIMEOUT = 10
local LINGER = 2 -- seconds for the client to read what was sent before the socket goes

local function is_whole(request)
  local _, head_end = request:find("\r\n\r\n", 1, true)
  local length = head_end
    and request:sub(1, head_end):lower():match("\r\ncontent%-length: (%d+)\r\n")
  return length and #request >= head_end + tonumber(length)
end

-- Reads until the request is whole or the client is quiet: closing with unread data would send RST.
local function read_request(socket)
  local request, timeout = "", REQUEST_TIMEOUT
  while not is_whole(request) do
    local bytes = socket:xread(-65536, "b", timeout)
    if not bytes then break end
    request = request .. bytes
    timeout = 0.01
    socket:clearerr("r")
  end
  return request
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

local function record(portal, connection, request)
  local line = request:match("^[^\r\n]*")
  portal:record { listener = "raw", connection = connection.id, verb = line:match("^%S+"),
    path = line:match("^%S+ (%S+)"), headers = {}, body = request }
end

-- The script for the next request, and the request; nil when there is none.
local function next_script(portal, socket)
  local scripts = portal.raw_scripts
  local script = table.remove(scripts, 1)
  if script then return script, script.at_once and "" or read_request(socket) end
  if not next(scripts) then return nil end
  local request = read_request(socket)
  local method = request:match("^POST %S*/([%w.]+)")
  return scripts[method and method:gsub("%.json$", "")], request
end

local function serve(portal, connection, socket)
  socket:setmode("b", "bn")
  socket:onerror(function(_, _, code) return code end)
  local script, request
  repeat
    script, request = next_script(portal, socket)
    if script then
      record(portal, connection, request)
      write(socket, script)
    end
  until not script or script.after ~= "next"
  if script then finish(socket, script) end
  socket:close()
end

--- Listens on an address. Returns its port.
function raw.listen(queue, portal, address, new_connection)
  return sockets.listen(queue, address, function(socket)
    serve(portal, new_connection("raw", socket), socket)
  end)
end

return raw
