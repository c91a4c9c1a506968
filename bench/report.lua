--- What is left of a run: its JSON, and the picture of it, both in build/bench.

local m = require "measure"
local json = require "pretty"
local picture = require "picture"

local FOLDER = "build/bench"

local function says(command)
  local pipe = assert(io.popen(command .. " 2>/dev/null"))
  local text = pipe:read("a"):match "^%s*(.-)%s*$"
  pipe:close()
  return text ~= "" and text or nil
end

local function machine()
  return {
    date = os.date "!%Y-%m-%dT%H:%M:%SZ",
    processor = says "sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1",
    cores = tonumber(says "nproc"),
    kernel = says "uname -srm",
    system = says ". /etc/os-release && echo \"$PRETTY_NAME\"",
    load = says "cut -d' ' -f1-3 /proc/loadavg",
    commit = says "git describe --always --dirty --tags",
    libcurl = says "curl --version | head -n 1",
  }
end

local function write(name, text)
  local file = assert(io.open(FOLDER .. "/" .. name, "w"))
  assert(file:write(text))
  file:close()
end

return function()
  local run = m.recorded(machine())
  assert(os.execute("mkdir -p " .. FOLDER))
  local name = run.machine.date:gsub("[-:]", "") .. ".json"
  write(name, json(run))
  print(("\nThis run as JSON: %s/%s"):format(FOLDER, name))
  if not run.peers then return end
  write("peers.svg", picture(run))
  print(("Its picture: %s/peers.svg"):format(FOLDER))
end
