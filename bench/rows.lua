-- client:list over N rows of a portal without a network: rows.lua N. Prints the KiB of memory in
-- RAM, and those of Lua's, after a tenth of the rows and after all.
package.path = "./?.lua;" .. package.path -- spec.support
local codec = require "b24.codec"
local list = require "b24.api.list"
local process = require "spec.support.process"
local Portal = require "spec.support.rows_portal"

local rows = assert(tonumber(arg[1]))
local portal, n = Portal.new { rows = rows }, 0

local function tell()
  collectgarbage()
  collectgarbage()
  print(process.resident() or 0, math.floor(collectgarbage "count"))
end

portal:serve(function()
  local cursor = codec.cursor("crm.deal.list", nil, true)
  for _ in list.rows({ conf = portal.conf }, cursor, "crm.deal.list") do
    n = n + 1
    if n == rows / 10 then tell() end
  end
end)
assert(n == rows)
tell()
