-- An answer of another process: hit.lua WEBHOOK FOLDER N. Prints CPU us for each of N hits.
local b24 = require "b24"
local client = assert(b24.client { webhook = arg[1], allow_http = true, limiter = false,
  max_age = 3600, runtime_dir = arg[2] })
assert(client:counters()) -- is asked, unless the entry is there
local n = tonumber(arg[3])
local begun = os.clock()
for _ = 1, n do
  local _, _, info = client:counters()
  assert(info.age)
end
print(("%.3f"):format((os.clock() - begun) / n * 1e6))
