-- The first call of a process: first.lua WEBHOOK CA_PATH call|load. `load` does everything but the
-- call.
local b24 = require "b24"
-- libcurl and its thirty libraries are loaded in both, so that the difference is the call
require "b24.core"
local client = assert(b24.client { webhook = arg[1], ca_path = arg[2] ~= "" and arg[2] or nil,
  limiter = false })
if arg[3] == "call" then
  local value, err, info = client:call "S.get"
  -- With the system's own certificates the server is a stranger, found out when all the work is
  -- done.
  assert(value or arg[2] == "" and info.code == "CERTIFICATE_UNTRUSTED", err)
end
