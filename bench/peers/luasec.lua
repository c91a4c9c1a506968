-- LuaSocket + LuaSec + lua-cjson: luasec.lua WEBHOOK METHOD N CA_FILE. A new connection for every
-- call; it has no other.
local cjson = require "cjson"
local https = require "ssl.https"
local loop = require "loop"
local ltn12 = require "ltn12"

loop(tonumber(arg[3]), function()
  local parts = {}
  local ok, status = https.request {
    url = arg[1] .. arg[2], method = "POST", source = ltn12.source.string "{}",
    sink = ltn12.sink.table(parts),
    headers = { ["content-type"] = "application/json", ["content-length"] = "2" },
    cafile = arg[4], verify = "peer",
  }
  assert(ok and status == 200, status)
  assert(cjson.decode(table.concat(parts)).result)
end)
