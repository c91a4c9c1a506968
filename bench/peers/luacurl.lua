-- Debian's lua-curl 0.3.0 + lua-cjson, Lua 5.1: luacurl.lua WEBHOOK METHOD N CA_FILE. One handle.
local cjson = require "cjson"
local curl = require "curl"
local loop = require "loop"

local parts
local handle = assert(curl.easy_init())
handle:setopt(curl.OPT_URL, arg[1] .. arg[2])
handle:setopt(curl.OPT_CAINFO, arg[4])
handle:setopt(curl.OPT_HTTPHEADER, { "Content-Type: application/json" })
handle:setopt(curl.OPT_POSTFIELDS, "{}")
handle:setopt(curl.OPT_WRITEFUNCTION, function(text, n)
  parts[#parts + 1] = text
  return n
end)
loop(tonumber(arg[3]), function()
  parts = {}
  assert(handle:perform() == 0)
  assert(cjson.decode(table.concat(parts)).result)
end)
