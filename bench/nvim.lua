-- Runs inside Neovim (scripts/nvim-bench.sh): a ticker every 5 ms while an answer takes half a second. The longest gap
-- between two ticks is what a person who types would feel.
local TICK = 5 -- ms
local GOAL = 15 -- ms
local ROUNDS = 5

local b24 = require "b24"
local uv = vim.uv or vim.loop

local function print(line) io.stdout:write(line, "\n") end

local longest, last = 0, nil
local ticker = uv.new_timer()
ticker:start(0, TICK, function()
  local now = uv.hrtime()
  if last then longest = math.max(longest, (now - last) / 1e6) end
  last = now
end)

-- The longest gap, in ms, while body runs.
local function gap(body)
  vim.wait(100)
  longest = 0
  body()
  vim.wait(50)
  return longest
end

local function waiting(client)
  local done
  client:counters(function(counters, err)
    assert(counters, err)
    done = true
  end)
  assert(vim.wait(5000, function() return done end, 5), "no answer")
end

local function median(client, body)
  local gaps = {}
  for i = 1, ROUNDS do gaps[i] = gap(function() body(client) end) end
  table.sort(gaps)
  return gaps[math.ceil(ROUNDS / 2)], gaps[ROUNDS]
end

local ok, err = pcall(function()
  local idle, idle_worst = median(nil, function() vim.wait(500) end)
  local first = gap(function() waiting(assert(b24.client())) end) -- loads the modules and libcurl
  local ours, worst = median(assert(b24.client()), waiting)
  local blocking = median(assert(b24.client { webhook = vim.env.B24_WEBHOOK, transport = "blocking" }),
    function(client) assert(client:counters()) end)
  print(("Neovim, answer after 500 ms, longest gap of a %d ms ticker, median and worst of %d:"):format(TICK, ROUNDS))
  print(("b24 %.1f and %.1f ms (the first call, which loads libcurl: %.1f ms)"):format(ours, worst, first))
  print(("doing nothing %.1f and %.1f ms; blocking %.1f ms"):format(idle, idle_worst, blocking))
  print(("goal: under %d ms"):format(GOAL))
  assert(ours < math.max(GOAL, 2 * idle), "over the goal, and not because the machine is busy")
end)
if not ok then
  print("nvim-bench: " .. tostring(err))
  vim.cmd "cquit"
end
vim.cmd "qa!"
