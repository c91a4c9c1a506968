-- What people do with a portal, in Lua without b24: tasks.lua WAY TASK WEBHOOK CA_FILE N. WAY: of
-- post.lua. TASK: "rows" (N deals), "batch" (N commands), "accounts" (N users' counters), "crowd"
-- (N calls as fast as they go). Prints how many right answers it got, and the milliseconds.
--
-- None of these ways knows a portal: pages, batches of 50 and many users are written out here. No
-- waiting for the portal's limit, and no repetition: what is refused is lost, as in most scripts.
local cjson = require "cjson"
local cqueues = require "cqueues"

local way, task, webhook, ca_file, n = arg[1], arg[2], arg[3], arg[4], tonumber(arg[5])
local send = require("peers.post")[way](ca_file)

local function call(base, method, params)
  local status, text = send(base .. method, next(params) and cjson.encode(params) or "{}")
  return status == 200 and cjson.decode(text) or nil
end

-- f(1) … f(count): at once where the way can, else one after the other.
local function each(count, f)
  local loop = way == "luahttp" and cqueues.new()
  for i = 1, count do
    if loop then loop:wrap(f, i) else f(i) end
  end
  if loop then assert(loop:loop()) end
end

local tasks = {}

function tasks.rows()
  local count, start = 0, 0
  repeat
    local page = assert(call(webhook, "crm.deal.list", { start = start }))
    count, start = count + #page.result, page.next
  until not start
  return count
end

function tasks.batch()
  local count = 0
  each(math.ceil(n / 50), function(k)
    local cmd = {}
    for i = (k - 1) * 50 + 1, math.min(k * 50, n) do cmd["c" .. i] = "crm.deal.get?id=" .. i end
    for _, deal in pairs(assert(call(webhook, "batch", { halt = 0, cmd = cmd })).result.result) do
      if deal.ID then count = count + 1 end
    end
  end)
  return count
end

function tasks.accounts()
  local count = 0
  each(n, function(i)
    local answer = call(webhook:gsub("/rest/1/", ("/rest/%d/"):format(50000 + i)),
      "im.counters.get", {})
    if answer and answer.result.TYPE then count = count + 1 end
  end)
  return count
end

function tasks.crowd()
  local count = 0
  each(n, function(i)
    local answer = call(webhook, "crm.deal.get", { id = i })
    if answer and answer.result.ID == tostring(i) then count = count + 1 end
  end)
  return count
end

-- Of the children, too: the program curl. In ticks of 10 ms.
local function used()
  local stat = assert(io.open "/proc/self/stat")
  local cutime, cstime = stat:read("*a"):match "^.*%)%s%S(%s.*)$":match(
    "^" .. ("%s%S+"):rep(12) .. "%s(%S+)%s(%S+)")
  stat:close()
  return os.clock() + (cutime + cstime) / 100
end

local begun, cpu = cqueues.monotime(), used()
local count = tasks[task]()
local wall = (cqueues.monotime() - begun) * 1000
print(("%d %.1f %.2f"):format(count, wall, (used() - cpu) * 1000))
