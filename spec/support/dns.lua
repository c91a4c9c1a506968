-- A name server for nginx, which reads no hosts file: luajit spec/support/dns.lua PORT_FILE
-- Every name is 127.0.0.1, but missing.test does not exist and for silent.test there is no answer
-- at all.

local socket = require "socket"

local FOUND, NO_SUCH_NAME = "\129\128", "\129\131"

local function name_of(question)
  local labels, at = {}, 1
  while question:byte(at) ~= 0 do
    local n = question:byte(at)
    labels[#labels + 1] = question:sub(at + 1, at + n)
    at = at + n + 1
  end
  return table.concat(labels, "."), question:sub(1, at + 4) -- with type and class
end

local function answer(query)
  local name, question = name_of(query:sub(13))
  if name == "silent.test" then return nil end
  local is_address = question:sub(-4, -3) == "\0\1"
  local record = is_address and name ~= "missing.test" and "\192\12\0\1\0\1\0\0\0\60\0\4\127\0\0\1"
    or ""
  return query:sub(1, 2) .. (name == "missing.test" and NO_SUCH_NAME or FOUND) .. "\0\1\0"
    .. (record ~= "" and "\1" or "\0") .. "\0\0\0\0" .. question .. record
end

local server = assert(socket.udp())
assert(server:setsockname("127.0.0.1", 0))
local _, port = server:getsockname()
local file = assert(io.open(arg[1] .. ".new", "w"))
file:write(port, "\n")
file:close()
assert(os.rename(arg[1] .. ".new", arg[1]))
while true do
  local query, address, from = server:receivefrom()
  local reply = query and answer(query)
  if reply then server:sendto(reply, address, from) end
end
