--- Other ways to make the same call. Figures to compare with, no goals.

local clients = require "clients"
local m = require "measure"

local ANSWER = "M.get"
local COUNTED = m.scaled(100, 30) -- calls, to see how many connections they open

---@param http string  webhook without TLS, where the server tells how many connections it has seen
---@param https string
---@param own_ca string
return function(http, https, own_ca)
  local function command(client, n)
    return clients.fill(client.loop, { W = https, M = ANSWER, N = tostring(n), C = own_ca })
  end
  local function connections() return m.numbers(("curl -sS %sstats"):format(http))[1] end
  local function counted(client) -- one call, and all others
    local before = connections()
    local line = ("sh -c 'echo go | %s'"):format(command(client, COUNTED - 1))
    local ok, cpu = pcall(m.numbers, client.children
      and ("%s/run -%d %s"):format(m.dir, COUNTED, line) or line)
    return ok and connections() - before or nil, ok and cpu[1], not ok and cpu
  end

  local race = {}
  for _, client in ipairs(clients.list) do
    if not client.absent then
      local why
      client.connects, client.cpu, why = counted(client)
      if not client.connects then
        io.stderr:write(tostring(why), "\n")
        client.absent = "it did not run"
      elseif not client.children then
        race[client.id] = command(client, client.few)
      end
    end
  end
  local cpu = m.race(m.scaled(150, 11), race)
  m.title("Peers: answer M over https, " .. COUNTED .. " calls one after the other", "CPU us",
    "x bare", "connections")
  local bare = cpu.bare
  for _, client in ipairs(clients.list) do
    local samples = cpu[client.id]
    if client.absent then
      m.row(client.label, client.absent)
    else
      client.cpu = samples and m.median(samples) or client.cpu
      client.ratio = samples and m.ratio(samples, bare) or client.cpu / m.median(bare)
      m.row(client.label, client.cpu, client.ratio, client.connects)
    end
    m.record("peers", { id = client.id, name = client.name, version = client.version,
      host = client.host, ours = client.ours, absent = client.absent, cpu_us = client.cpu,
      x_bare = client.ratio, connections = client.connects, calls = COUNTED })
  end
end
