--- The layers of b24, read from the includes of the C files and the requires of the Lua files.
---
---     lua scripts/layers.lua           -- names every include and require that points upward, and
---                                         a stale picture; fails if there is any
---     lua scripts/layers.lua --write   -- draws the picture of doc/architecture.md again
---
--- Run from the top folder.

-- The only table of the order, bottom to top. A folder knows what stands before it.
local ORDER = { "src/base", "src/json", "src/rest", "src/im", "src/os", "src/http1", "src/curl",
  "src/lua", "lua/b24/wait", "lua/b24/api", "lua/b24", "lua/b24/mock", "lua/b24/nginx",
  "lua/b24/cli", "lua/b24/nvim" }

local rank = {}
for i, folder in ipairs(ORDER) do rank[folder] = i end

local function lines_of(command)
  local list, pipe = {}, assert(io.popen(command))
  for line in pipe:lines() do list[#list + 1] = line end
  pipe:close()
  return list
end

-- The commands share a room with main.lua, which lists them.
local function folder_of(path) return (path:gsub("/[^/]*$", ""):gsub("/command$", "")) end

-- b24.wait.task -> lua/b24/wait; b24.codec and b24.core are src/lua's.
local function folder_of_module(name)
  if name == "b24.codec" or name == "b24.core" then return "src/lua" end
  return "lua/" .. folder_of((name .. (name == "b24" and ".init" or "")):gsub("%.", "/"))
end

-- What a line needs, as a folder; nil: nothing of ours.
local function needed(path, line)
  local header = path:match "%.[ch]$" and line:match '^#include "(.*)"'
  if header then return "src/" .. folder_of(header) end
  local name = path:match "%.lua$" and line:match 'require[ (,]+"(b24[%w_.]*)"'
  return name and folder_of_module((name:gsub("%.$", ".any"))) or nil
end

-- These stand for their folders: what :checkhealth and users name.
local OWN = { ["lua/b24/health.lua"] = "lua/b24/nvim", ["lua/b24/nvim.lua"] = "lua/b24/nvim",
  ["lua/b24/resty.lua"] = "lua/b24/nginx",
  ["lua/b24/mock.lua"] = "lua/b24/mock" }

local arrows, upward = {}, {}
for _,
    path in ipairs(lines_of "find src lua/b24 -name '*.[ch]' -o -name '*.lua' | LC_ALL=C sort") do
    local from = OWN[path] or folder_of(path)
    local number = 0
    for line in io.lines(path) do
      number = number + 1
      local to = needed(path, line)
      if to and to ~= from then
        if not rank[from] or not rank[to] or rank[to] > rank[from] then
          upward[#upward + 1] = ("%s:%d: %s must not know %s"):format(path, number, from, to)
        end
        arrows[from .. " " .. to] = true
      end
    end
  end

-- An arrow that others imply only clutters the picture.
local function implied(from, to, seen)
  for between in pairs(seen) do
    if between ~= to and arrows[from .. " " .. between] and arrows[between .. " " .. to] then
      return true
    end
  end
  return false
end

local function drawn()
  local lines = { "```mermaid", "graph TD" }
  for i = #ORDER, 1, -1 do
    for j = #ORDER, 1, -1 do
      local from, to = ORDER[i], ORDER[j]
      if arrows[from .. " " .. to] and not implied(from, to, rank) then
        lines[#lines + 1] = ("  %s[%s] --> %s[%s]"):format(from:gsub("/", "_"), from,
          to:gsub("/", "_"), to)
      end
    end
  end
  lines[#lines + 1] = "```"
  return table.concat(lines, "\n")
end

local PAGE, MARKS = "doc/architecture.md",
  "(<!%-%- layers: .- %-%->\n).-(\n<!%-%- end of layers %-%->)"

local function page()
  local file = assert(io.open(PAGE))
  local text = file:read "*a"
  file:close()
  return text, (text:gsub(MARKS, function(first, last) return first .. drawn() .. last end))
end

local old, new = page()
if arg[1] == "--write" then
  local file = assert(io.open(PAGE, "w"))
  file:write(new)
  file:close()
elseif old ~= new then
  upward[#upward + 1] = PAGE .. ": its picture is stale; run lua scripts/layers.lua --write"
end
for _, line in ipairs(upward) do io.stderr:write(line, "\n") end
os.exit(#upward == 0 and 0 or 1)
