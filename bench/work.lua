--- The same work by every client: rows, a batch, many accounts, and more calls than the portal
--- lets through. Figures to compare with, no goals.

local clients = require "clients"
local m = require "measure"

local BURST, RATE = 50, 2 -- a portal's limit
local work = {}

-- The portal's requests since the log was cleared: how many, how many of them it refused, and over
-- how many connections they came.
local function seen(portal)
  local refused, connections, known, log = 0, 0, {}, portal:log()
  for _, entry in ipairs(log) do
    if entry.status == 503 then refused = refused + 1 end
    if not known[entry.connection] then
      known[entry.connection], connections = true, connections + 1
    end
  end
  return #log, refused, connections
end

local function command(client, task, webhook, ca_file, n)
  return clients.fill(client.task, { T = task, W = webhook, C = ca_file, N = tostring(n) })
end

-- f(client) for each that knows this work and is here.
local function each(f)
  for _, client in ipairs(clients.list) do
    if client.task and not client.absent then f(client) end
  end
end

local function note(task, client, n, answers, wall, cpu, requests, refused, connections)
  m.record("work", { task = task, id = client.id, name = client.name, version = client.version,
    host = client.host, wanted = n, answers = answers, wall_ms = wall, cpu_ms = cpu,
    requests = requests, refused = refused, connections = connections })
end

-- Each client once in a process of its own, some rounds: answers, wall and CPU, and what `look`
-- says of the last one.
local function compare(title, task, n, webhook, ca_file, before, look)
  m.title(title, "answers", "wall ms", "CPU ms", "requests", "connections")
  each(function(client)
    local answers, wall, cpu, requests, connections = nil, {}, {}, nil, nil
    for round = 1, m.scaled(5, 1) do
      before()
      local ok, found = pcall(m.numbers, command(client, task, webhook, ca_file, n))
      if not ok then return m.row(client.label, "it failed") end
      answers, wall[round], cpu[round] = found[1], found[2], found[3]
      requests, connections = look()
    end
    m.row(client.label, answers, m.median(wall), m.median(cpu), requests, connections)
    note(task, client, n, answers, m.median(wall), m.median(cpu), requests, nil, connections)
  end)
end

local function on_a_portal()
  local portal = assert(require("b24.mock").start { lua = "luajit" })
  portal:control("settings", { deals = 300 })
  local function before() portal:control "log_clear" end
  local function look()
    local requests, _, connections = seen(portal)
    return requests, connections
  end
  compare("The same work: 300 rows", "rows", 300, portal.webhook, portal.ca_file, before, look)
  compare("The same work: a batch of 60 commands", "batch", 60, portal.webhook, portal.ca_file,
    before, look)
  portal:stop()
end

local function accounts(http, https, own_ca)
  local function connections() return m.numbers(("curl -sS %sstats"):format(http))[1] end
  local from
  local n = m.scaled(50, 10)
  compare(("The same work: counters of %d accounts, 50 ms each"):format(n), "accounts", n, https,
    own_ca, function() from = connections() end, function() return n, connections() - from end)
end

--- All clients at once, each with a portal of its own: they wait, most of the time. Returns what
--- waits for them and prints.
---@return fun()
function work.crowd()
  local n, portals, pipes = m.scaled(120, 56), {}, {}
  local title = ("The same work: %d calls at once, the portal lets %d + %d/s through")
    :format(n, BURST, RATE)
  -- The quick form leaves out who never makes more than two calls a second: it takes half a minute.
  local function mine(client)
    return client.id ~= "b24-luajit" and client.id ~= "b24-lua5.1"
      and not (m.quick and client.id == "bitrix")
  end
  each(function(client)
    if not mine(client) then return end
    local portal = assert(require("b24.mock").start { lua = "luajit" })
    portal:control("settings", { bucket = { enabled = true, rate = RATE, burst = BURST } })
    portals[client.id] = portal
    local folder = m.dir .. "/run-" .. client.id
    pipes[client.id] = assert(io.popen(("mkdir -m 700 %s; BENCH_RUNTIME=%s %s"):format(folder,
      folder, command(client, "crowd", portal.webhook, portal.ca_file, n))))
  end)
  local function finish(client)
    if not mine(client) then return end
    local answers, wall, cpu = pipes[client.id]:read("a"):match "(%d+) (%S+) (%S+)"
    pipes[client.id]:close()
    local requests, refused, connections = seen(portals[client.id])
    portals[client.id]:stop()
    if not answers then return m.row(client.label, "it failed") end
    m.row(client.label, tonumber(answers), refused, wall / 1000, requests, connections)
    note("crowd", client, n, tonumber(answers), tonumber(wall), tonumber(cpu), requests, refused,
      connections)
  end
  return function()
    m.title(title, "answers", "503s", "seconds", "requests", "connections")
    each(finish)
  end
end

---@param http string  webhook without TLS, where the server tells how many connections it has seen
---@param https string
---@param own_ca string
function work.compare(http, https, own_ca)
  on_a_portal()
  accounts(http, https, own_ca)
end

return work
