-- Listening without lua-http, for what is no HTTP server.

local cqueues_socket = require "cqueues.socket"

local protect = require "b24.mock.protect"

local sockets = {}

--- Listens on an address and calls serve(socket) for each connection, side by side; what it throws
--- ends that connection alone. Returns the port.
function sockets.listen(queue, address, serve)
  local listener = assert(cqueues_socket.listen { host = address, port = 0 })
  assert(listener:listen())
  queue:wrap(function()
    while true do
      local socket = listener:accept()
      if socket then queue:wrap(function() protect.call(serve, socket) end) end
    end
  end)
  local _, _, port = listener:localname()
  return port
end

return sockets
