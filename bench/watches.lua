-- N watches in one process, over luv's loop: watches.lua WEBHOOK N EVERY ROUNDS. Prints CPU us of
-- one answer, when all are at work, how many there were, and the KB that one watch takes: resident,
-- and of Lua.
local uv = require "luv"
local b24 = require "b24"
local codec = require "b24.codec"

local webhook, n, every, rounds = arg[1], tonumber(arg[2]), tonumber(arg[3]), tonumber(arg[4])
local conf = { webhook = webhook, allow_http = true, limiter = false, proxy = "" }

local answers = 0
local new = codec.watch
codec.watch = function(...) -- so that they can be counted
  local schedule = new(...)
  return { answer = function(_, ...)
    answers = answers + 1
    return schedule:answer(...)
  end }
end

local function memory()
  collectgarbage()
  collectgarbage()
  for line in io.lines "/proc/self/smaps_rollup" do
    local kb = line:match "^Rss:%s*(%d+) kB"
    if kb then return tonumber(kb), collectgarbage "count" end
  end
end

assert(b24.client(conf)):counters(function(_, err) assert(not err, err) end) -- all is loaded
uv.run()
local rss, lua = memory()

-- Spread over one interval, as accounts in use are.
local function begin_all(done)
  local begun, at = 0, uv.hrtime()
  local timer = uv.new_timer()
  timer:start(0, 10, function()
    local due = math.min(n, math.ceil(n * (uv.hrtime() - at) / (every * 1e9)))
    for _ = begun + 1, due do
      assert(b24.client(conf)):watch { every = every, on_error = function(err) error(err) end }
    end
    begun = due
    if begun < n then return end
    timer:close()
    done()
  end)
end

begin_all(function()
  local settled = uv.new_timer()
  settled:start(every * 500, 0, function()
    local rss_then, lua_then = memory()
    local cpu, before = os.clock(), answers
    settled:start(every * 1000 * rounds, 0, function()
      local count = answers - before
      print(("%.2f %d %.2f %.2f"):format((os.clock() - cpu) / count * 1e6, count,
        (rss_then - rss) / n, (lua_then - lua) / n))
      os.exit(0)
    end)
  end)
end)
uv.run()
