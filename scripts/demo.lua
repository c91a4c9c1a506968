-- Prints the counters of $B24_WEBHOOK as lines "SECTION KEY COUNT", then who is waiting. The
-- argument is the CA file of the mock portal.
local b24 = require "b24"
local out = require "b24.cli.out"
local rows = require "b24.cli.rows"

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

local inbox, problem, about = client:inbox()
if not inbox then
  io.stderr:write(problem, "\n", about.hint and about.hint .. "\n" or "")
  os.exit(1)
end
print("\n" .. table.concat(rows.table((rows.select(inbox, {})), true), "\n"))
print("\n" .. out.bold(rows.summary(inbox)))
print(([[

Next: make install LUA=%s, then b24 login and b24: your portal in the shell
      make portal: a mock portal that stays; doc/neovim.md, doc/openresty.md, doc/calls.md]])
    :format(arg[-1]))
