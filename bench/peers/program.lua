-- The program curl through io.popen + lua-cjson: program.lua WEBHOOK METHOD N CA_FILE. A process
-- for every call.
local cjson = require "cjson"
local loop = require "loop"

local command =
  ("curl -sS --max-time 30 --cacert '%s' -H 'Content-Type: application/json' -d '{}' '%s%s'")
    :format(arg[4], arg[1], arg[2])
loop(tonumber(arg[3]), function()
  local pipe = assert(io.popen(command))
  local text = pipe:read "*a"
  pipe:close()
  assert(cjson.decode(text).result)
end)
