-- Runs inside Neovim (scripts/nvim-bench.sh): a ticker every 5 ms while an answer takes half a
-- second. The longest gap between two ticks is what a person who types would feel.
local TICK = 5 -- ms
local GOAL = 15 -- ms
local ROUNDS = 5
local AT_ONCE, GOAL_AT_ONCE = 20, 30 -- new connections over TLS; ms

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

local function at_once(client)
  local left = AT_ONCE
  for _ = 1, AT_ONCE do
    client:counters(function(counters, err)
      assert(counters, err)
      left = left - 1
    end)
  end
  assert(vim.wait(20000, function() return left == 0 end, 5), "no answer")
end

-- With a file of its own each time no connection and no loaded trust store can be used again;
-- HTTP/1.1: nearly as many handshakes as requests (89 for 100).
local function fresh_clients()
  local round = 0
  return function()
    round = round + 1
    at_once(assert(b24.client { webhook = vim.env.TLS_WEBHOOK,
      ca_file = vim.env.TLS_CA_FILE .. round, limiter = false, http_version = "1.1" }))
  end
end

local function without_names(client)
  local kind
  client:counters(function(_, _, info) kind = info.kind end)
  assert(vim.wait(5000, function() return kind end, 5), "no answer")
  assert(kind == "timeout", kind)
end

local ok, err = pcall(function()
  local idle, idle_worst = median(nil, function() vim.wait(500) end)
  local first = gap(function() waiting(assert(b24.client())) end) -- loads the modules and libcurl
  local ours, worst = median(assert(b24.client()), waiting)
  local blocking = median(assert(b24.client { webhook = vim.env.B24_WEBHOOK,
    transport = "blocking" }), function(client) assert(client:counters()) end)
  print(("Neovim, answer after 500 ms, longest gap of a %d ms ticker, median and worst of %d:")
    :format(TICK, ROUNDS))
  print(("b24 %.1f and %.1f ms (goal: under %d ms; the first call, which loads libcurl: %.1f ms)")
    :format(ours, worst, GOAL, first))
  print(("doing nothing %.1f and %.1f ms; blocking %.1f ms"):format(idle, idle_worst, blocking))
  local tls, tls_worst = median(nil, fresh_clients())
  print(("%d requests at once, new TLS connections, the system's full trust store: %.1f and %.1f "
    .. "ms (goal: under %d ms)")
    :format(AT_ONCE, tls, tls_worst, GOAL_AT_ONCE))
  local nameless
  if vim.env.DEAD_NAMES then
    local worst_nameless
    nameless, worst_nameless =
      median(assert(b24.client { webhook = "https://portal.example/rest/1/abcdefgh/", timeout = 0.5,
      retries = 0, limiter = false }), without_names)
    print(("name server that never answers: %.1f and %.1f ms"):format(nameless, worst_nameless))
  end
  assert(ours < math.max(GOAL, 2 * idle), "over the goal, and not because the machine is busy")
  assert(tls < math.max(GOAL_AT_ONCE, 2 * idle),
    "over the goal over TLS, and not because the machine is busy")
  assert((nameless or 0) < math.max(GOAL, 2 * idle),
    "over the goal without names, and not because the machine is busy")
end)
if not ok then
  print("nvim-bench: " .. tostring(err))
  vim.cmd "cquit"
end
vim.cmd "qa!"
