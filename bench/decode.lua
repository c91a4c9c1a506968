-- One decoder over and over: decode.lua codec|cjson FILE N
local loop = require "loop"

local decode = arg[1] == "cjson" and require("cjson").decode or require("b24.codec").decode
local file = assert(io.open(arg[2], "rb"))
local text = file:read "*a"
file:close()
collectgarbage "stop" -- its work is the same for every decoder, and comes at odd times
loop(tonumber(arg[3]), function()
  assert(decode(text))
end)
