-- Long lists and large batches, once, in a process of its own: lists.lua WEBHOOK CA_FILE WHAT N.
-- WHAT: "all", "list", "list2" (N rows of crm.deal.list; two requests side by side), "cpu" (as
-- "list", on a connection that is there) or "batch" (N commands). Prints the milliseconds, and
-- those of CPU.
local b24 = require "b24"
local clock = require("b24.codec").clock

local webhook, ca_file, what, n = arg[1], arg[2], arg[3], tonumber(arg[4])
local client = assert(b24.client { webhook = webhook, ca_file = ca_file, limiter = false,
  timeout = 120 })
require "b24.core" -- what is loaded once in a program counts for nobody

local function run()
  if what == "all" then return #assert(client:all("crm.deal.list")) end
  local count = 0
  if what ~= "batch" then
    local opts = { parallel = what == "list2" and 2 or 1 }
    for _ in client:list("crm.deal.list", nil, opts) do count = count + 1 end
    return count
  end
  local commands = {}
  for i = 1, n do commands["c" .. i] = { "b24test.echo", { value = i } } end
  local answer = assert(client:batch(commands))
  for _ in pairs(answer.results) do count = count + 1 end
  return count
end

if what == "cpu" then assert(client:call "server.time") end
local begun, cpu = clock(), os.clock()
local count = run()
local took = (clock() - begun) * 1000
assert(count == n, ("%d of %d"):format(count, n))
print(("%.1f %.2f"):format(took, (os.clock() - cpu) * 1000))
