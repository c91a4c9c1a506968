-- A proxy (CONNECT) for which every name is this machine: names that a portal may have, with
-- certificates that are right for them, and no rule of the product that knows of specs.

local cqueues = require "cqueues"
local cqueues_socket = require "cqueues.socket"
local protect = require "b24.mock.protect"
local sockets = require "b24.mock.sockets"

local proxy = {}

local CONNECT_TIMEOUT = 10

local function prepare(socket)
  socket:setmode("b", "bn")
  socket:onerror(function(_, _, code) return code end)
end

local function read_head(socket)
  local first = socket:xread("*l", "b", CONNECT_TIMEOUT)
  repeat
    local line = socket:xread("*l", "b", CONNECT_TIMEOUT)
  until not line or line:match "^\r?$"
  return first and first:match "^CONNECT ([%w.-]+):%d+ HTTP", first
end

local function copy(from, to)
  repeat
    local bytes = from:xread(-65536, "b")
  until not bytes or not to:xwrite(bytes, "bn")
  to:shutdown "w"
end

local function wait_for_client_to_close(socket)
  while socket:xread(-65536, "b") do end
end

-- What the spec has said of this host: "refuse", "silent", or the name of a listener (default:
-- https); or a list of these for one connection after the other, the last one for all that follow.
local function behind(portal, host)
  local what = (portal.settings.hosts or {})[host:lower()] or "https"
  if type(what) == "table" then what = #what > 1 and table.remove(what, 1) or what[1] end
  return what, portal.ports[what]
end

local function serve(portal, connection, socket)
  prepare(socket)
  local host, line = read_head(socket)
  if not host then return socket:close() end
  portal:record { listener = "proxy", connection = connection.id, verb = "CONNECT",
    path = line:match " (%S+)", host = host, headers = {}, body = "" }
  local what, port = behind(portal, host)
  if what == "silent" then
    wait_for_client_to_close(socket)
  elseif not port then
    socket:xwrite("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "bn", CONNECT_TIMEOUT)
  else
    local portal_side = cqueues_socket.connect { host = "127.0.0.1", port = port }
    prepare(portal_side)
    socket:xwrite("HTTP/1.1 200 Connection established\r\n\r\n", "bn", CONNECT_TIMEOUT)
    local queue = cqueues.running()
    queue:wrap(function() protect.call(copy, portal_side, socket) end)
    portal.tunnels[portal_side] = host:lower()
    copy(socket, portal_side)
    portal.tunnels[portal_side] = nil
    portal_side:close()
  end
  socket:close()
end

--- Cuts all tunnels to a host.
function proxy.hang_up(portal, host)
  local n = 0
  for socket, name in pairs(portal.tunnels) do
    if name == host then
      socket:shutdown "rw"
      n = n + 1
    end
  end
  return n
end

--- Listens on an address. Returns its port.
function proxy.listen(queue, portal, address, new_connection)
  return sockets.listen(queue, address, function(socket)
    serve(portal, new_connection("proxy", socket), socket)
  end)
end

return proxy
