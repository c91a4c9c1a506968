--- P11, P12: long lists and large batches of a portal that takes 0.3 s for each request, against
--- fast_bitrix24's way; and the memory of a list.

local m = require "measure"

local DELAY = 0.3
local bulk = {}

-- A mock portal whose every answer comes late.
local function start(rows)
  local portal = assert(require("b24.mock").start { lua = "luajit" })
  portal:control("settings", { deals = rows })
  portal:control("fault", { kind = "slow", delay = DELAY, method = "*", times = -1 })
  return portal
end

-- Wall ms by name, interleaved, and how many requests each of them made.
local function measure(portal, commands)
  local names, wall, requests = {}, {}, {}
  for name in pairs(commands) do
    names[#names + 1], wall[name] = name, {}
  end
  table.sort(names)
  for round = 1, m.scaled(7, 1) do
    for _, name in ipairs(names) do
      portal:control "log_clear"
      wall[name][round] = m.numbers(commands[name])[1]
      requests[name] = #portal:log()
    end
  end
  return wall, requests
end

local function program(portal, file, what, n)
  return ("%s %s %s %s %d"):format(file, portal.webhook, portal.ca_file, what, n)
end

local function row(text, wall, requests, name)
  m.row(text, m.median(wall[name]), m.ratio(wall[name], wall.fast), requests[name])
end

-- Returns b24's wall time as a multiple of the peer's, and its requests.
local function list(rows)
  local portal = start(rows)
  local wall, requests = measure(portal, {
    all = program(portal, "lua5.4 bench/lists.lua", "all", rows),
    list = program(portal, "lua5.4 bench/lists.lua", "list", rows),
    list2 = program(portal, "lua5.4 bench/lists.lua", "list2", rows),
    fast = program(portal, "luajit bench/peers/fast.lua", "list", rows),
  })
  portal:stop()
  row(rows .. " rows: fast_bitrix24's way (page 1, then by start)", wall, requests, "fast")
  row(rows .. " rows: client:all (by ID)", wall, requests, "all")
  row(rows .. " rows: client:list (one request after another)", wall, requests, "list")
  row(rows .. " rows: client:list with parallel = 2", wall, requests, "list2")
  return math.max(m.ratio(wall.all, wall.fast), m.ratio(wall.list2, wall.fast)),
    math.max(requests.all, requests.list, requests.list2)
end

function bulk.lists()
  m.title("P11: long lists, 0.3 s a request, https", "wall ms", "x fast", "requests")
  local short, short_requests = list(2500)
  local long, long_requests = list(5000)
  local rows = m.scaled(1000000, 50000)
  local rss = m.numbers("lua5.4 bench/rows.lua " .. rows)
  m.title("P11: client:list, resident memory", "KB", "of Lua's")
  m.row(("after %d rows"):format(rows / 10), rss[1], rss[2])
  m.row(("after %d rows"):format(rows), rss[3], rss[4])
  m.goal("P11", { short, 1.2, "2500 rows x fast" }, { long, 1.2, "5000 rows x fast" },
    { math.max(short_requests, long_requests), 3, "requests" },
    { rss[3] - rss[1], 1024, "KB for the last nine tenths" })
end

function bulk.batches()
  local portal = start(0)
  local wall, requests = measure(portal, {
    batch = program(portal, "lua5.4 bench/lists.lua", "batch", 500),
    fast = program(portal, "luajit bench/peers/fast.lua", "batch", 500),
  })
  portal:stop()
  m.title("P12: 500 commands, 0.3 s a request, https", "wall ms", "x fast", "requests")
  row("fast_bitrix24's way (all requests at once)", wall, requests, "fast")
  row("client:batch (ten at once)", wall, requests, "batch")
  m.goal("P12", { m.ratio(wall.batch, wall.fast), 1.2, "x fast" })
end

return bulk
