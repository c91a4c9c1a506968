-- Resident memory in KB after call FROM and after call TO: memory.lua WEBHOOK METHOD FROM TO
-- CA_FILE
local b24 = require "b24"

-- smaps_rollup counts pages; statm is only near on newer kernels.
local function resident()
  collectgarbage()
  collectgarbage()
  for line in io.lines "/proc/self/smaps_rollup" do
    local kb = line:match "^Rss:%s*(%d+) kB"
    if kb then return kb end
  end
end

local client = assert(b24.client { webhook = arg[1], ca_file = arg[5], allow_http = true,
  limiter = false })
local from, to = tonumber(arg[3]), tonumber(arg[4])
for i = 1, to do
  assert(client:call(arg[2]))
  if i == from or i == to then print(resident()) end
end
