-- New connections, as info.reused tells: portals.lua N CA_FILE WEBHOOK... Three rounds over all
-- portals, N calls to the first one. Prints: connects of the first round, of the others, of the N
-- calls.
local b24 = require "b24"

local clients, connects = {}, { 0, 0, 0 }
for i = 3, #arg do
  clients[#clients + 1] = assert(b24.client { webhook = arg[i], ca_file = arg[2], limiter = false })
end

local function call(client, where)
  local _, err, info = client:call "empty.get"
  assert(not err, err)
  if not info.reused then connects[where] = connects[where] + 1 end
end

for round = 1, 3 do
  for _, client in ipairs(clients) do call(client, round == 1 and 1 or 2) end
end
for _ = 1, tonumber(arg[1]) do call(clients[1], 3) end
print(table.concat(connects, " "))
