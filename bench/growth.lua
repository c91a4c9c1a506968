--- Does the cost grow with the work, and no faster? Payloads and rows; watched accounts: P10.

local m = require "measure"

local growth = {}

-- KB, of 1,000 bytes
local SIZES = m.scaled({ 1, 16, 256, 1024, 4096, 16384 }, { 1, 16, 256, 1024, 4096 })
local ROW = '{"ID":"%d","TITLE":"Deal %d","OPPORTUNITY":"%d.00","STAGE_ID":"NEW",'
  .. '"ASSIGNED_BY_ID":"1"},'
-- Below these, a request's own cost is what a row or a KB costs.
local AT_LEAST, KB_LEAST = 1000, 256

-- scripts/bench.sh has the files made before the server starts: K1.json and so on.
function growth.write(dir)
  for _, size in ipairs(SIZES) do
    local parts, n, i = { '{"result":[' }, 0, 0
    repeat
      i = i + 1
      parts[#parts + 1] = ROW:format(i, i, i)
      n = n + #parts[#parts]
    until n >= size * 1000 - 150
    parts[#parts] = parts[#parts]:sub(1, -2) .. "]}"
    local file = assert(io.open(("%s/K%d.json"):format(dir, size), "w"))
    assert(file:write(table.concat(parts)))
    file:close()
  end
end

-- How much dearer one is than the cheapest before it.
local function growth_of(list)
  local cheapest, most = list[1], 1
  for _, cost in ipairs(list) do
    cheapest = math.min(cheapest, cost)
    most = math.max(most, cost / cheapest)
  end
  return most
end

-- A call of each size over https, and decoding alone, per KB; a call with an empty answer is
-- subtracted from the former.
local function payloads(https, ca_file)
  local calls, decoders = {}, { codec = {}, cjson = {} }
  calls.empty = ("lua5.4 bench/call.lua %s empty.get 50 %s"):format(https, ca_file)
  for _, size in ipairs(SIZES) do
    local n = math.max(1, 2048 // size)
    calls["K" .. size] = ("lua5.4 bench/call.lua %s K%d.get %d %s"):format(https, size,
      math.min(n, 200), ca_file)
    for name, list in pairs(decoders) do
      list[size] = ("lua5.4 bench/decode.lua %s %s/K%d.json %d"):format(name, m.dir, size, n)
    end
  end
  local call = m.race(m.scaled(15, 5), calls)
  local function decoding(name, size) -- its garbage stays until it ends: one at a time
    return m.race(m.scaled(5, 3), { decoders[name][size] })[1]
  end
  m.title("Growth: payloads", "KB", "call us", "us/KB", "decode us", "us/KB", "cjson us/KB")
  local per_call, per_decode = {}, {}
  for _, size in ipairs(SIZES) do
    local whole, alone = m.median(call["K" .. size]), m.median(decoding("codec", size))
    local other = not m.quick and m.median(decoding("cjson", size)) / size or ""
    local call_kb = m.difference(call["K" .. size], call.empty) / size
    m.row(("about %d rows"):format(size * 1000 // 88), size, whole, call_kb, alone,
      alone / size, other)
    if size >= KB_LEAST then
      per_call[#per_call + 1], per_decode[#per_decode + 1] = call_kb, alone / size
    end
  end
  m.goal("growth", { growth_of(per_call), 1.3, ("payloads from %d KB on, a KB x one of less")
    :format(KB_LEAST) },
    { growth_of(per_decode), 1.3, "decoding alone" })
end

-- client:list over https. CPU of this process; each size in one of its own, after a call.
local function rows()
  local portal = assert(require("b24.mock").start { lua = "luajit" })
  local each = {}
  m.title("Growth: client:list", "rows", "CPU ms", "us/row")
  for _, n in ipairs(m.scaled({ 10, 100, 1000, 10000, 100000 }, { 10, 100, 1000, 10000 })) do
    portal:control("settings", { deals = n })
    local cpu = {}
    for round = 1, n > 10000 and 1 or n > 1000 and 3 or 7 do
      cpu[round] = m.numbers(("lua5.4 bench/lists.lua %s %s cpu %d"):format(portal.webhook,
        portal.ca_file, n))[2]
    end
    local median = m.median(cpu)
    m.row("", n, median, median / n * 1000)
    if n >= AT_LEAST then each[#each + 1] = median / n end
  end
  portal:stop()
  m.goal("growth", { growth_of(each), 1.3,
    ("rows from %d on, a row x one of fewer"):format(AT_LEAST) })
end

---@param https string
---@param ca_file string
function growth.measure(https, ca_file)
  payloads(https, ca_file)
  rows()
end

return growth
