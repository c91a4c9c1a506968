-- b24.counters_all of 200 accounts of one portal, 50 at once: all.lua WEBHOOK HTTP_VERSION CA_FILE
-- TIMES. Prints wall ms of the first time, the median of so many more, and how many connections
-- were made in all.
local b24 = require "b24"
local clock = require("b24.codec").clock

local confs = {}
for i = 1, 200 do
  confs[i] = { webhook = arg[1]:gsub("/rest/1/", ("/rest/%d/"):format(50000 + i)), ca_file = arg[3],
    allow_http = true, limiter = false, http_version = arg[2] }
end

local connects = 0
local function all()
  local begun = clock()
  local answers, err, info = b24.counters_all(confs, { parallel = 50, transport = "blocking" })
  local took = (clock() - begun) * 1000
  assert(answers and info.failed == 0, err or answers[1].err)
  for _, answer in ipairs(answers) do connects = connects + (answer.info.reused and 0 or 1) end
  return took
end

local cold, warm = all(), {}
for i = 1, tonumber(arg[4]) do warm[i] = all() end
table.sort(warm)
print(("%.1f %.1f %d"):format(cold, warm[(#warm + 1) // 2], connects))
