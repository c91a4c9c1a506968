-- What people do with a portal, with b24: own.lua TASK WEBHOOK CA_FILE N; see tasks.lua.
local b24 = require "b24"
local clock = require("b24.codec").clock

local task, webhook, ca_file, n = arg[1], arg[2], arg[3], tonumber(arg[4])
local conf = { webhook = webhook, ca_file = ca_file, proxy = "" }
-- The portal's limit is kept in one of the tasks, with the patience that the other clients have
-- there; in the others the server has none.
if task == "crowd" then conf.runtime_dir, conf.timeout = os.getenv "BENCH_RUNTIME", 120
else conf.limiter = false end
local client = assert(b24.client(conf))
require "b24.core"

local tasks = {}

function tasks.rows() return #assert(client:all("crm.deal.list")) end

function tasks.batch()
  local commands, count = {}, 0
  for i = 1, n do commands[i] = { "crm.deal.get", { id = i } } end
  for _, deal in pairs(assert(client:batch(commands)).results) do
    if deal.ID then count = count + 1 end
  end
  return count
end

function tasks.accounts()
  local confs, count = {}, 0
  for i = 1, n do
    confs[i] = { webhook = webhook:gsub("/rest/1/", ("/rest/%d/"):format(50000 + i)),
      ca_file = ca_file, limiter = false, proxy = "" }
  end
  for _, answer in ipairs(assert(b24.counters_all(confs, { parallel = n }))) do
    if answer.counters then count = count + 1 end
  end
  return count
end

function tasks.crowd()
  local count, uv = 0, require "luv"
  for i = 1, n do
    client:call("crm.deal.get", { id = i }, function(deal)
      if deal and deal.ID == tostring(i) then count = count + 1 end
    end)
  end
  uv.run()
  return count
end

local begun, cpu = clock(), os.clock()
local count = tasks[task]()
print(("%d %.1f %.2f"):format(count, (clock() - begun) * 1000, (os.clock() - cpu) * 1000))
