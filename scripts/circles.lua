--- C files that need each other: A calls B, and B, over whatever others, calls A. Read from the
--- objects of a build.
---
--- Names every circle, and fails if there is one. Run from the top folder, after `make`.

local FOLDERS = "build/obj build/5.4/obj"

local function lines_of(command)
  local list, pipe = {}, assert(io.popen(command))
  for line in pipe:lines() do list[#list + 1] = line end
  pipe:close()
  return list
end

-- What each file defines and lacks. Objects of files that are gone count for nothing.
local home, lacks, files = {}, {}, {}
local objects = lines_of("find " .. FOLDERS .. " -name '*.o' | LC_ALL=C sort")
for _, path in ipairs(objects) do
  local name = path:match "([^/]+/[^/]+)%.o$"
  local source = io.open("src/" .. name .. ".c")
  if source then
    source:close()
    files[#files + 1], lacks[name] = name, {}
    for _, line in ipairs(lines_of("nm " .. path)) do
      local kind, symbol = line:match "(%a) ([%w_.]+)$"
      if kind == "U" then
        table.insert(lacks[name], symbol)
      elseif kind and kind:find "^[TDRBV]$" then
        home[symbol] = name
      end
    end
  end
end
if #files == 0 then
  io.stderr:write("circles: no objects in ", FOLDERS, "\n")
  os.exit(1)
end

local needs = {}
for _, name in ipairs(files) do
  needs[name] = {}
  for _, symbol in ipairs(lacks[name]) do
    local where = home[symbol]
    if where and where ~= name and not needs[name][where] then needs[name][where] = symbol end
  end
end

-- Depth first; whoever is met again on the way down closes a circle.
local circles, state, way = 0, {}, {}
local function visit(name)
  state[name] = "open"
  way[#way + 1] = name
  for where, symbol in pairs(needs[name]) do
    if state[where] == "open" then
      circles = circles + 1
      local text = {}
      for i = #way, 1, -1 do
        table.insert(text, 1, way[i])
        if way[i] == where then break end
      end
      io.stderr:write(table.concat(text, " -> "), " -> ", where, " (", symbol, ")\n")
    elseif not state[where] then
      visit(where)
    end
  end
  way[#way], state[name] = nil, "done"
end
for _, name in ipairs(files) do
  if not state[name] then visit(name) end
end
os.exit(circles == 0 and 0 or 1)
