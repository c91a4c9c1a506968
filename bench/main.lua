-- Figures, goal by goal; see scripts/bench.sh, which prepares everything and starts this.

local bulk = require "bulk"
local growth = require "growth"
local m = require "measure"
local peers = require "peers"
local report = require "report"
local work = require "work"

local dir = m.dir
local ports = {}
for port in assert(io.open(dir .. "/ports")):read("a"):gmatch "%d+" do ports[#ports + 1] = port end

local function webhook(scheme, port)
  return ("%s://localhost:%s/rest/1/0123456789abcdef/"):format(scheme, port)
end
local http, https = webhook("http", table.remove(ports, 1)), webhook("https", ports[1])
local own_ca, bundle, hashed = dir .. "/ca.pem", dir .. "/bundle.pem", dir .. "/hashed"

local function loop(mode, base, method, n, ca, more)
  return ("%s/loop %s %s %s %s %s %s"):format(dir, mode, base, method, n, ca or own_ca, more or "")
end

local function call(base, method, n, ca_file, ca_path)
  return ("lua5.4 bench/call.lua %s %s %s '%s' '%s'"):format(base, method, n,
    ca_file or not ca_path and own_ca or "", ca_path or "")
end

-- P1, P1b: what a new connection costs ------------------------------------------------------------

local function new_connections()
  local method = "empty.close.get" -- the server closes after every answer
  local function commands(n)
    return {
      bare = loop("bare", https, method, n, bundle),
      hashed = call(https, method, n, nil, hashed),
      bundle = call(https, method, n, bundle),
    }
  end
  local race = commands(5)
  race.default = loop("bare", https, method, 1, bundle, "default")
  local cpu, count = m.race(m.scaled(200, 12), race), {}
  for name, format in pairs(commands "%d") do
    count[name] = not m.quick and m.instructions(format, 5, 25) or ""
  end
  m.title("P1: a new https connection for every call, system-sized store", "CPU us", "x bare",
    "instructions")
  local function row(text, name)
    m.row(text, m.median(cpu[name]), m.ratio(cpu[name], cpu.bare), count[name] or "")
  end
  row("bare libcurl, bundle, CAPATH=NULL (its CA cache works)", "bare")
  row("bare libcurl, bundle, CAPATH as Debian builds it in", "default")
  row("b24, ca_path = hashed directory", "hashed")
  row("b24, ca_file = bundle", "bundle")
  m.goal("P1", { m.ratio(cpu.hashed, cpu.bare), 1.15, "hashed" },
    { m.ratio(cpu.bundle, cpu.bare), 1.15, "bundle" })
end

local function first_call()
  local function first(path, what)
    return ("%s/run lua5.4 bench/first.lua %s '%s' %s"):format(dir, https, path, what)
  end
  local cpu = m.runs(m.scaled(51, 11), {
    nothing = dir .. "/run lua5.4 -e ''",
    load = first(hashed, "load"),
    hashed = first(hashed, "call"),
    system = first("", "call"),
    bare_nothing = dir .. "/run " .. dir .. "/first",
    bare = ("%s/run %s/first %sS.get %s"):format(dir, dir, https, hashed),
  }, 2)
  local call_cpu = m.difference(cpu.hashed, cpu.load)
  m.title("P1b: the first https call of a process, to its end", "CPU us")
  m.row("an empty lua5.4", m.median(cpu.nothing))
  m.row("require b24 and b24.core (loads libcurl), client made",
    m.difference(cpu.load, cpu.nothing))
  m.row("bare libcurl: the call, hashed directory", m.difference(cpu.bare, cpu.bare_nothing))
  m.row("b24: the call, ca_path = hashed directory", call_cpu)
  m.row("b24: the call, the system's own store (ends: untrusted)",
    m.difference(cpu.system, cpu.load))
  m.goal("P1b", { call_cpu / m.difference(cpu.bare, cpu.bare_nothing), 1.10, "x bare" })
end

-- P2: how many connections ------------------------------------------------------------------------

local function connections()
  local n = m.scaled(1000, 200)
  local all = {}
  for i, port in ipairs(ports) do all[i] = webhook("https", port) end
  local function portals(list)
    return m.numbers(("lua5.4 bench/portals.lua %d %s %s"):format(n, own_ca, list))
  end
  local one, many = portals(https), portals(table.concat(all, " "))
  m.title("P2: new connections", "connects")
  m.row(("%d calls to one portal"):format(n + 3), one[1] + one[2] + one[3])
  m.row("64 portals in turn, first round", many[1])
  m.row("64 portals in turn, two more rounds", many[2])
  m.row(("then %d calls to the first of them"):format(n), many[3])
  m.goal("P2", { one[1] + one[2] + one[3], 1, "one" }, { many[1], 64, "many" },
    { many[2] + many[3], 0, "more" })
end

-- P3, P4: one call on a kept connection -----------------------------------------------------------

local clients = {
  { "https", "empty", "bare" }, { "https", "empty", "transfer" }, { "https", "empty", "call" },
  { "https", "S", "bare" }, { "https", "S", "call" }, { "https", "M", "bare" },
  { "https", "M", "call" },
  { "http", "empty", "bare" }, { "http", "empty", "transfer" }, { "http", "empty", "call" },
}
if m.quick then clients = { table.unpack(clients, 1, 5) } end
local words = { bare = "bare libcurl easy", transfer = "b24's transfer layer: no Lua, no decode",
  call = "b24 client:call" }

-- Returns the CPU samples and the instruction counts, by scheme, answer and mode.
local function measure_kept()
  local commands, count = {}, {}
  for _, c in ipairs(clients) do
    local function command(n)
      local base, method = c[1] == "http" and http or https, c[2] .. ".get"
      return c[3] == "call" and call(base, method, n) or loop(c[3], base, method, n)
    end
    local key = table.concat(c, " ")
    commands[key] = command(50)
    if not m.quick or key:find "^https empty" then
      count[key] = m.instructions(command "%d", 50, m.scaled(450, 150))
    end
  end
  return m.race(m.scaled(200, 40), commands), count
end

local function kept_connection()
  local cpu, count = measure_kept()
  m.title("P3, P4: one call on a kept connection", "CPU us", "x bare", "instructions", "x bare")
  local function against_bare(scheme, answer, mode)
    local key, base = scheme .. " " .. answer .. " " .. mode, scheme .. " " .. answer .. " bare"
    return m.median(cpu[key]), m.ratio(cpu[key], cpu[base]), count[key] or "",
      count[key] and count[key] / count[base]
  end
  for _, c in ipairs(clients) do
    m.row(("%-6s%-6s%s"):format(c[1], c[2], words[c[3]]), against_bare(c[1], c[2], c[3]))
  end
  local _, ratio, _, instructions = against_bare("https", "empty", "transfer")
  m.goal("P3", { ratio, 1.05, "cpu" }, { instructions, 1.15, "instructions" })
  local _, s_ratio = against_bare("https", "S", "call")
  local m_ratio = not m.quick and select(2, against_bare("https", "M", "call")) or nil
  return s_ratio, m_ratio
end

-- program("codec" or "cjson", n) does it n times. The CPU samples, and the instructions of each.
local function beside_cjson(program, turn)
  local few, many = 100, m.scaled(400, 200)
  local cpu = m.race(m.scaled(200, 60),
    { codec = program("codec", turn), cjson = program("cjson", turn) })
  return cpu, m.instructions(program("codec", "%d"), few, many),
    m.instructions(program("cjson", "%d"), few, many)
end

-- Instructions of lua-cjson's that writing the params of a message takes.
local function encoding()
  local cpu, count, cjson = beside_cjson(function(name, n)
    return ("lua5.4 bench/encode.lua %s %s"):format(name, n)
  end, 500)
  m.row("a message's params: b24.codec", m.median(cpu.codec), count)
  m.row("a message's params: lua-cjson", m.median(cpu.cjson), cjson)
  return count / cjson
end

local function decoding(s_ratio, m_ratio)
  local against_cjson
  m.title("P4: decoding, and encoding", "CPU us", "instructions")
  for _, file in ipairs(m.scaled({ "S", "M" }, { "M" })) do
    local cpu, count, cjson = beside_cjson(function(name, n)
      return ("lua5.4 bench/decode.lua %s %s/%s.json %s"):format(name, dir, file, n)
    end, file == "S" and 1000 or 100)
    m.row(file .. "     b24.codec", m.median(cpu.codec), count)
    if not m.quick then
      m.row(file .. "     of which the gate", "",
        m.instructions(("%s/gate %s/%s.json %%d"):format(dir, dir, file), 100, 400))
    end
    m.row(file .. "     lua-cjson (checks less, integers become floats)", m.median(cpu.cjson),
      cjson)
    if file == "M" then against_cjson = count / cjson end
  end
  local goals = { { against_cjson, 0.75, "decoding M x lua-cjson" },
    { encoding(), 0.75, "encoding a message x lua-cjson" },
    { s_ratio, 1.15, "S x bare" } }
  if m_ratio then goals[#goals + 1] = { m_ratio, 1.40, "M x bare" } end
  m.goal("P4", table.unpack(goals))
end

-- P6, P7: loading and memory ----------------------------------------------------------------------

local function loading()
  local wall = m.runs(m.scaled(151, 21), {
    nothing = dir .. "/run lua5.4 -e ''",
    b24 = dir .. "/run lua5.4 -e 'require [[b24]]'",
    core = dir .. "/run lua5.4 -e 'require [[b24.core]]'",
    cjson = dir .. "/run lua5.4 -e 'require [[cjson]]'",
    luasec = dir .. "/run lua5.4 -e 'require [[ssl.https]]'",
  }, 1)
  m.title("P6: require, beyond an empty start", "wall us")
  m.row("an empty lua5.4", m.median(wall.nothing))
  m.row("b24", m.difference(wall.b24, wall.nothing))
  m.row("b24.core (loads libcurl; b24 does it at the first call)",
    m.difference(wall.core, wall.nothing))
  m.row("lua-cjson", m.difference(wall.cjson, wall.nothing))
  m.row("LuaSocket + LuaSec", m.difference(wall.luasec, wall.nothing))
  local b24, cjson = m.difference(wall.b24, wall.nothing), m.difference(wall.cjson, wall.nothing)
  m.goal("P6", { b24 / 1000, 1, "ms" }, { b24 / cjson, 1.2, "x lua-cjson" })
end

local function memory()
  local to = m.scaled(100000, 5000)
  local rss = m.numbers(("lua5.4 bench/memory.lua %s S.get 1000 %d %s"):format(https, to, own_ca))
  m.title("P7: resident memory, S over https", "KB")
  m.row("after call 1000", rss[1])
  m.row(("after call %d"):format(to), rss[2])
  m.goal("P7", { rss[2] - rss[1], 64 })
end

-- P8: the limiter ---------------------------------------------------------------------------------

-- One process alone, then sixteen on one file, in CPU time: in wall time even one process alone has
-- reserves of thousands of means, when the scheduler gives its core to somebody else. The longest
-- has what interrupts the kernel books on it, too; what is ours (a lock, a spin) is there in every
-- round, so it is the calmest that has the goal.
local function limiter()
  local function share(processes, calls)
    local sum, most, longest, n = 0, 0, 0, 0
    local fstat = { mean = 0, longest = 0 }
    assert(os.execute(("rm -rf %s/limiter-file; mkdir -m 700 %s/limiter-file"):format(dir, dir)))
    local pipe = assert(io.popen(("%s/limiter %d %d %s/limiter-file"):format(dir, processes, calls,
      dir)))
    for line in pipe:lines() do
      local found = {}
      for number in line:gmatch "%S+" do found[#found + 1] = tonumber(number) end
      sum, n = sum + found[1], n + 1
      most, longest = math.max(most, found[2]), math.max(longest, found[3])
      fstat.mean = fstat.mean + found[4] / processes
      fstat.longest = math.max(fstat.longest, found[5])
    end
    pipe:close()
    assert(n == processes, "some process got no place")
    return sum / n, most, longest, fstat
  end
  local alone, _, _, fstat = share(1, m.scaled(200000, 50000))
  local mean, most, calm, all, kernel = {}, {}, math.huge, 0, 0
  for round = 1, m.scaled(7, 3) do
    local longest, one
    mean[round], most[round], longest, one = share(16, 10000)
    calm, all = math.min(calm, longest / mean[round]), math.max(all, longest)
    kernel = math.max(kernel, one.longest)
  end
  m.title("P8: the limiter's reserve, on the shared file", "CPU us")
  m.row("fstat", fstat.mean)
  m.row("one process, mean", alone)
  m.row("16 processes on these cores, mean", m.median(mean))
  m.row("16 processes, what 999 of 1,000 stay below, the worst one", m.median(most))
  m.row("16 processes, the longest of all rounds", all)
  m.row("16 processes, the longest fstat of all rounds, with no limiter", kernel)
  m.goal("P8", { alone / fstat.mean, 3, "x fstat" },
    { m.median(mean) / alone, 1.5, "16 processes x one" },
    { calm, 50, "longest x mean, in the calmest round" })
end

-- P9: answers that another process has asked for --------------------------------------------------

local function cached()
  local folder = dir .. "/cache"
  assert(os.execute("rm -rf " .. folder .. " && mkdir -m 700 " .. folder))
  local hits, reads = {}, {}
  for i = 1, m.scaled(9, 3) do
    local n = m.scaled(20000, 5000)
    hits[i] = m.numbers(("lua5.4 bench/hit.lua %s %s %d"):format(http, folder, n))[1]
    reads[i] = m.numbers(("%s/read %s/cache-* %d"):format(dir, folder, n))[1]
  end
  local env = ("env B24_WEBHOOK=%s B24_ALLOW_HTTP=1 B24_RUNTIME_DIR=%s "):format(http, folder)
  local bar = env .. "lua5.4 bin/b24 --format tmux --max-age 1h"
  assert(os.execute(bar .. " >" .. dir .. "/log")) -- its entry
  local modules = "for _, name in ipairs { [[b24.codec]], [[b24.cli.main]], "
    .. "[[b24.cli.command.counters]], [[b24]], [[b24.api.cache]] } do require(name) end"
  local wall = m.runs(m.scaled(101, 11), {
    nothing = dir .. "/run " .. env .. "lua5.4 -e ''",
    modules = dir .. ("/run %slua5.4 -e '%s'"):format(env, modules),
    bar = dir .. "/run " .. bar .. " 2>" .. dir .. "/log",
  }, 2)
  m.title("P9: an answer that another process has asked for", "CPU us")
  m.row("opening, reading and closing such a file in C", m.median(reads))
  m.row("a hit (max_age)", m.median(hits))
  m.row("an empty lua5.4", m.median(wall.nothing))
  m.row("lua5.4 with the modules of the command", m.median(wall.modules))
  m.row("b24 --format tmux --max-age 1h", m.median(wall.bar))
  m.goal("P9", { m.ratio(hits, reads), 4, "hit x read" },
    { m.ratio(wall.bar, wall.modules), 1.05, "process x its modules" })
end

-- nginx: calls that the portal answers after 100 ms, against a worker that only sleeps so long

local function openresty()
  local seconds, rounds = m.scaled(3, 1), m.scaled(3, 1)
  local command = ("luajit bench/openresty.lua %d %d"):format(seconds, rounds)
  local ratios, late, kept, all = {}, {}, {}, {}
  for round = 1, rounds do
    local found = m.numbers(command)
    all[round] = found
    ratios[round], late[round], kept[round] = found[1] / found[4], found[6] / found[3],
      found[9] / found[10]
  end
  local function column(i)
    local list = {}
    for round = 1, rounds do list[round] = all[round][i] end
    return m.median(list)
  end
  m.title("nginx: one worker, 64 clients, portal answers after 100 ms", "calls/s",
    "p50 ms", "p99 ms")
  m.row("ngx.sleep(0.1) alone", column(1), column(2), column(3))
  m.row("b24.counters, over kept connections", column(4), column(5), column(6))
  m.row("an unrelated page meanwhile", "", column(7), column(8))
  m.row("a page that says a constant of a shared dictionary", column(9))
  m.row("b24.badge(b24.get(account))", column(10))
  m.goal("nginx", { m.median(ratios), 1 / 0.95, "calls" }, { m.median(late), 1.3, "p99" },
    { m.median(kept), 1 / 0.9, "cached" })
end

-- P5, P10: many accounts --------------------------------------------------------------------------

-- 200 accounts, 50 at once, answered after 50 ms: four waves. Cold is the machine's affair, too:
-- `curl -Z` beside it.
local function side_by_side()
  local ideal, cold_worst, warm_worst, sockets, h2_sockets = 200, 0, 0, 0, 0
  local function wall(command)
    return m.numbers(dir .. "/run " .. command .. " 2>" .. dir .. "/log")[1] / 1000
  end
  m.title("P5: b24.counters_all, 200 accounts, 50 at once, 50 ms each", "cold ms", "curl -Z ms",
    "warm ms", "warm x ideal", "connects")
  local function row(text, base, version)
    local all = ("lua5.4 bench/all.lua %s %s %s %d"):format(base, version, own_ca, m.scaled(5, 1))
    local curl = ("curl -sZ --http%s --cacert %s --parallel-max 50 -d {} '%s'"):format(version,
      own_ca, base:gsub("/rest/1/", "/rest/[50001-50200]/") .. "im.counters.get")
    local cold, warm, bare, connects = {}, {}, {}, 0
    for i = 1, m.scaled(7, 3) do
      local found = m.numbers(all)
      cold[i], warm[i], connects = found[1], found[2], math.max(connects, found[3])
      bare[i] = wall(curl) - wall "curl --version"
    end
    m.row(text, m.median(cold), m.median(bare), m.median(warm), m.median(warm) / ideal, connects)
    cold_worst, warm_worst = math.max(cold_worst, m.ratio(cold, bare)),
      math.max(warm_worst, m.median(warm) / ideal)
    if version == "2" then h2_sockets = connects else sockets = math.max(sockets, connects) end
  end
  if not m.quick then row("http, HTTP/1.1", http, "1.1") end
  row("https, HTTP/1.1", https, "1.1")
  local port = os.getenv "BENCH_H2"
  if port then row("https, HTTP/2 (nginx before the same server)", webhook("https", port), "2")
  else m.row("https, HTTP/2", "no nginx here") end
  m.goal("P5", { warm_worst, 1.3, "warm x ideal" }, { cold_worst, 1.3, "cold x curl -Z" },
    { sockets, 50, "sockets" },
    { h2_sockets, 1, "sockets with HTTP/2" })
end

-- Bare libcurl at the pace of 100 accounts: between two calls others have had the caches, which is
-- why few accounts cost more an answer than many.
local function paced(seconds)
  local command = loop("bare", http, "S.get", 1):gsub("'", "")
  return m.median(m.numbers(("sh -c '(for i in $(seq %d); do echo go; sleep %s; done) | %s'")
    :format(m.scaled(150, 30), seconds, command)))
end

local function watching()
  if not pcall(require, "luv") then return print "\nP10: not measured, luv is not there" end
  local hundred, last
  m.title("P10: watched accounts in one process", "CPU us/answer", "answers", "RSS KB each",
    "Lua KB each")
  for _, n in ipairs(m.scaled({ 1, 10, 100, 1000, 10000 }, { 100, 1000 })) do
    local every = n > 1000 and 10 or (n == 1 or m.quick) and 1 or 2
    local found = m.numbers(("lua5.4 bench/watches.lua %s %d %d %d"):format(http, n, every,
      n > 1000 and 1 or m.scaled(3, 1)))
    m.row(("%d accounts, each every %d s"):format(n, every), table.unpack(found))
    if n == 100 then
      hundred = found[1]
      m.row(("bare libcurl at that pace, a call each %d ms"):format(every * 10), paced(every / 100))
    end
    last = found[1]
  end
  m.goal("P10", { last / hundred, 1.2, "CPU of an answer, most accounts against 100" })
end

-- P13: changes as the portal's push server hints at them ------------------------------------------

local POLLS_A_DAY = 86400 / 40

-- These wait, each with a portal of its own: side by side. Returns what ends them and prints.
local function start_live()
  local function start(what) return m.start("lua5.4 bench/live.lua " .. what, true) end
  local times = m.scaled(15, 3)
  local latency, bar, nvim = start("latency " .. times), start("bar " .. times),
    start("nvim " .. times)
  local storm, idle = start("storm " .. m.scaled(2000, 400)), start("idle " .. m.scaled(30, 6))
  return function() return latency(), storm(), bar(), nvim(), idle() end
end

local function live(finish)
  local function run(what) return m.numbers("lua5.4 bench/live.lua " .. what) end
  local day, talks = run "day 0.05", run "day 20"
  local latency, storm, bar, nvim, idle = finish()
  m.title("P13: live, against polling every 60 s", "live", "polling")
  m.row("from a message to on_change, median ms (0.3 s of it on purpose)", latency[1], 30000)
  m.row("the same, the longest of all", latency[2], 60000)
  m.row("to a line of b24 watch --live --json, median and longest", bar[1], bar[2])
  if nvim[1] then m.row("to Neovim's badge, median and longest", nvim[1], nvim[2]) end
  m.row("REST requests in a simulated day, 40 x 5 messages at once", day[1], day[3])
  m.row("the same, the five up to 20 s apart: questions of their own", talks[1], talks[3])
  m.row("requests to the push server in that day", day[2], 0)
  m.row("CPU seconds of a day, extrapolated",
    (idle[1] * POLLS_A_DAY + idle[2] * day[1]) / 1e6, idle[2] * day[3] / 1e6)
  m.row(("%d events, 200/s, %d answers cut: last counters right"):format(m.scaled(2000, 400),
    storm[3]), storm[1] == 1 and "yes" or "NO", "")
  m.row("questions asked for them", storm[2], "")
  m.goal("P13", { math.max(latency[1], bar[1], nvim[1] or 0), 450, "ms" },
    { day[1], 200, "REST requests a day" }, { 1 - storm[1], 0, "wrong counters" })
end

print("b24 benchmarks" .. (m.quick and ", the quick form: coarser figures" or "")
  .. "; one machine, loopback, medians of interleaved runs; ratios within a round")

-- BENCH_ONLY="P5 P9": these parts alone.
local only = os.getenv "BENCH_ONLY"
local function wanted(names)
  for name in names:gmatch "%S+" do
    if not only or (" " .. only .. " "):find(" " .. name .. " ", 1, true) then return true end
  end
end

local function part(names, f, ...)
  if not wanted(names) then return end
  local begun = os.time()
  f(...)
  io.stderr:write(("(%s: %d s)\n"):format(names, os.time() - begun))
end

part("P1", new_connections)
part("P1b", first_call)
part("P3 P4", function() decoding(kept_connection()) end)
part("P6", loading)
part("P8", limiter)
part("P9", cached)
part("nginx", openresty)
part("P5", side_by_side)
part("P10", watching)
part("growth", growth.measure, https, own_ca)
part("peers", peers, http, https, own_ca)
part("work", work.compare, http, https, own_ca)
-- What is left waits for portals most of the time, or counts what nothing disturbs: side by side.
local finish_live, finish_crowd = wanted "P13" and start_live(), wanted "work" and work.crowd()
part("P2", connections)
part("P7", memory)
part("P12", bulk.batches)
part("P11", bulk.lists)
part("P13", live, finish_live)
part("work", finish_crowd)
m.print_goals()
report()
