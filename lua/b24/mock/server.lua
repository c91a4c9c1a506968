-- The listeners of lua-http: who is connected, and one stream after another handed to the handler.

local cqueues_socket = require "cqueues.socket"
local h2_connection = require "http.h2_connection"
local h2_stream = require "http.h2_stream"
local http_server = require "http.server"

local handler = require "b24.mock.handler"
local protect = require "b24.mock.protect"
local wire = require "b24.mock.wire"

local server = {}

local KEEPALIVE = 60 -- seconds between two requests of one connection
local HANDSHAKE_TIMEOUT = 10

-- A cqueues socket forgets at each write that a read is being waited for. In lua-http's HTTP/2 one
-- coroutine writes WINDOW_UPDATEs while another has just found half a frame: both then waited for
-- nothing, and the upload hung. So after a write nobody has found nothing to read yet: who waits
-- next looks again.
local write_frame = h2_connection.methods.write_http2_frame
local function look_again(connection, ...)
  connection.had_eagain = false
  return ...
end
function h2_connection.methods:write_http2_frame(...)
  look_again(self)
  return look_again(self, write_frame(self, ...))
end

-- lua-http on LuaJIT throws for a header of more than 8000 bytes, and the client would wait for
-- ever. A real server has a limit too, and ends the connection: GOAWAY, ENHANCE_YOUR_CALM.
local ENHANCE_YOUR_CALM = 0xb
local function end_connection(stream, ok, ...)
  if ok then return ... end
  local connection = stream.connection
  connection:write_goaway_frame(nil, ENHANCE_YOUR_CALM, "a header is too long", 0)
  if stream.state == "idle" then stream:set_state("half closed (remote)") end
  if stream.state ~= "closed" then stream:set_state("closed") end -- so nobody waits for its rest
  connection.socket:shutdown("rw")
  return true
end
for _, kind in ipairs { 0x1, 0x9 } do -- HEADERS, CONTINUATION
  local handle = h2_stream.frame_handlers[kind]
  h2_stream.frame_handlers[kind] = function(stream, ...)
    return end_connection(stream, protect.call(handle, stream, ...))
  end
end

local last_connection = 0
local by_socket = setmetatable({}, { __mode = "k" })

local Connection = {}
Connection.__index = Connection

--- Control requests are no part of the story that the statistics tell.
function Connection:is_control()
  if self.counted then
    self.counted = false
    self.portal.connections[self.listener] = self.portal.connections[self.listener] - 1
  end
end

--- A new connection, counted for its listener.
function server.new_connection(portal, listener, socket, tls)
  last_connection = last_connection + 1
  portal.connections[listener] = (portal.connections[listener] or 0) + 1
  local _, here = socket:localname()
  local _, peer = socket:peername()
  local connection = setmetatable({ id = last_connection, listener = listener, tls = tls,
    portal = portal,
    counted = true, addresses = tostring(here) .. " " .. tostring(peer) }, Connection)
  by_socket[socket] = connection
  return connection
end

-- lua-http's shutdown would read on for ever when the client left in the middle of a request's
-- body.
local function give_up(stream)
  local connection = stream.connection
  while connection.pipeline:peek() ~= stream do stream.pipeline_cond:wait() end
  stream.body_write_type = "close"
  if connection.socket then connection.socket:shutdown("rw") end
  stream:set_state("closed")
end

local function finish(stream)
  local unread = stream.state == "open" or stream.state == "half closed (local)"
  -- HTTP/1.1; h2 has no such field
  if unread and stream.has_main_headers then return give_up(stream) end
  stream:shutdown()
end

-- The handler's own mistakes are worth a line; what clients do wrong is not.
local function serve(portal, connection, stream)
  local ok, message = protect.call(handler.serve, portal, connection, stream)
  if not ok then io.stderr:write("portal: ", message, "\n") end
  protect.call(finish, stream)
end

--- Listens. `options`: name, address, port (nil: any), context (nil: plain http). Returns the port,
--- or nil and why.
function server.listen(queue, portal, options)
  portal.connections[options.name] = portal.connections[options.name] or 0
  local socket = cqueues_socket.listen { host = options.address, port = options.port or 0 }
  local listener = http_server.new {
    cq = queue,
    socket = socket,
    tls = options.context ~= nil,
    ctx = options.context,
    connection_setup_timeout = HANDSHAKE_TIMEOUT,
    intra_stream_timeout = KEEPALIVE,
    onstream = function() end,
    onerror = function() end,
  }
  function listener.add_socket(self, accepted)
    accepted:setmaxline(wire.LONGEST_LINE)
    server.new_connection(portal, options.name, accepted, options.context ~= nil)
    return http_server.mt.__index.add_socket(self, accepted)
  end
  function listener.add_stream(_, stream)
    queue:wrap(serve, portal, by_socket[stream.connection.socket], stream)
    return true
  end
  local ok, message = listener:listen()
  if not ok then return nil, message end
  local _, _, port = listener:localname()
  return port
end

return server
