--- How the benchmarks measure: commands, medians, ratios within a round, instruction counts, and
--- what is printed.

local M = {}

M.dir = assert(os.getenv "BENCH_DIR", "start the benchmarks with scripts/bench.sh")
M.quick = (os.getenv "BENCH_QUICK" or "") ~= ""
local pin = os.getenv "BENCH_PIN" or ""

--- The first of two in the full form, the second in the quick one.
function M.scaled(full, quick) return M.quick and quick or full end

-- Starts a command, and returns what waits for its end and returns all that it has printed.
local function begin(command)
  local pipe = assert(io.popen(command))
  return function()
    local text = pipe:read "a"
    if not pipe:close() then error("failed: " .. command .. "\n" .. text, 0) end
    return text
  end
end

local function numbers_in(text)
  local list = {}
  for number in text:gmatch "%d+%.?%d*" do list[#list + 1] = tonumber(number) end
  return list
end

--- Starts a command, and returns what waits for its end and returns every number that it has
--- printed, in order; that throws when the command fails. For what waits most of its time: such
--- commands may run side by side, then on any core.
---@param command string
---@param on_any_core? boolean
---@return fun(): number[]
function M.start(command, on_any_core)
  local ended = begin((on_any_core and "" or pin) .. command)
  return function() return numbers_in(ended()) end
end

--- The same, when it has ended.
---@param command string
---@return number[]
function M.numbers(command)
  return M.start(command)()
end

function M.median(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  local middle = (#sorted + 1) // 2
  return #sorted % 2 == 1 and sorted[middle] or (sorted[middle] + sorted[middle + 1]) / 2
end

local function start_samples(commands)
  local names, samples = {}, {}
  for name in pairs(commands) do
    names[#names + 1], samples[name] = name, {}
  end
  table.sort(names)
  return names, samples
end

--- Programs that run for a while and take turns of a few milliseconds (bench/race.c,
--- bench/loop.lua, bench/loop.c). Returns the samples by name: a number for each round.
---@param commands table<string, string>
function M.race(rounds, commands)
  local names, samples = start_samples(commands)
  local line = { M.dir .. "/race " .. rounds }
  for _, name in ipairs(names) do
    line[#line + 1] = "'" .. ("exec " .. pin .. commands[name]):gsub("'", "'\\''") .. "'"
  end
  local all = numbers_in(begin(table.concat(line, " "))())
  assert(#all == rounds * #names)
  for i, number in ipairs(all) do
    local list = samples[names[(i - 1) % #names + 1]]
    list[#list + 1] = number
  end
  return samples
end

--- The same for programs that end: all in turn, `rounds` times. `which` of the printed numbers
--- counts.
function M.runs(rounds, commands, which)
  local names, samples = start_samples(commands)
  for round = 1, rounds do
    for _, name in ipairs(names) do samples[name][round] = M.numbers(commands[name])[which] end
  end
  return samples
end

--- Median over the rounds of `combine(a, b)` of the same round.
function M.paired(a, b, combine)
  local list = {}
  for round = 1, #a do list[round] = combine(a[round], b[round]) end
  return M.median(list)
end

function M.ratio(a, b)
  return M.paired(a, b, function(x, y) return x / y end)
end

function M.difference(a, b)
  return M.paired(a, b, function(x, y) return x - y end)
end

--- Instructions (user space) of one call: the difference of two runs of `format`, whose %d is the
--- number of calls.
function M.instructions(format, few, many)
  local function count(n)
    local ended = begin("echo go | valgrind --tool=callgrind --callgrind-out-file=/dev/null "
      .. format:format(n) .. " 2>&1")
    return function()
      local text = ended()
      return tonumber((assert(text:match "Collected : (%d+)", text)))
    end
  end
  local low, high = count(few), count(many) -- side by side: what else runs does not change them
  return (high() - low()) / (many - few)
end

-- What is printed ---------------------------------------------------------------------------------

local function plain(value)
  if type(value) ~= "number" then return tostring(value) end
  if math.type(value) == "integer" or value >= 10000 then return ("%.0f"):format(value) end
  return (value >= 100 and "%.0f" or value >= 10 and "%.1f" or "%.2f"):format(value)
end

local record = { parts = {}, goals = {} }

--- For the JSON of the run: one more of `list`.
function M.record(list, entry)
  record[list] = record[list] or {}
  table.insert(record[list], entry)
end

function M.title(text, ...)
  local heads = { ... }
  M.record("parts", { title = text, columns = heads, rows = {} })
  print()
  io.write(("%-58s"):format(text))
  for _, head in ipairs(heads) do io.write(("%14s"):format(head)) end
  print()
end

function M.row(name, ...)
  local rows = record.parts[#record.parts].rows
  rows[#rows + 1] = { name = name, values = { ... } }
  io.write(("  %-56s"):format(name))
  for _, value in ipairs { ... } do io.write(("%14s"):format(plain(value))) end
  print()
  io.flush()
end

--- One line for each goal, printed at the end: "P3 met cpu 1.04 (goal 1.05) instructions 1.10 (goal
--- 1.15)". Each figure is { value, goal [, name] }.
function M.goal(name, ...)
  local met, parts = true, {}
  for _, figure in ipairs { ... } do
    local value, limit, label = figure[1], figure[2], figure[3]
    local shown = value >= 10000 and ("%.0f"):format(value)
      or ("%.2f"):format(value):gsub("%.00$", "")
    met = met and value <= limit
    parts[#parts + 1] = ("%s%s (goal %s)"):format(label and label .. " " or "", shown, limit)
  end
  M.record("goals", { name = name, met = met,
    text = ("%s %s %s"):format(name, met and "met" or "missed", table.concat(parts, " ")) })
end

function M.print_goals()
  print()
  for _, goal in ipairs(record.goals) do print(goal.text) end
end

--- Everything that was printed, with the machine it was measured on.
function M.recorded(facts)
  record.machine, record.quick = facts, M.quick
  return record
end

return M
