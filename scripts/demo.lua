-- Prints the counters of $B24_WEBHOOK as lines "SECTION KEY COUNT". The argument is the CA file of
-- the mock portal.
local b24 = require "b24"

local client = assert(b24.client { webhook = os.getenv "B24_WEBHOOK", ca_file = arg[1] })
local counters, err, info = client:counters()
if not counters then
  io.stderr:write(err, "\n", info.hint and info.hint .. "\n" or "")
  os.exit(1)
end

local lines = {}
local function show(section, key, value)
  if type(value) ~= "table" then
    lines[#lines + 1] = ("%s %s %s"):format(section, key, value)
  elseif not section:find "_UNREAD$" then -- those are lists of ids, not counts
    for inner, count in pairs(value) do
      show(section, key and key .. "/" .. inner or inner, count)
    end
  end
end
for section, entries in pairs(counters) do show(section, nil, entries) end
table.sort(lines)
print(table.concat(lines, "\n"))
