-- What the specs of the pure layers share: fixtures, random numbers with a fixed seed, a deep
-- comparison against an oracle, a search for leaked secrets, and child processes with an
-- environment of their own.

local data = {}

local root = debug.getinfo(1, "S").source:match("^@(.*)support/data%.lua$") or "spec/"

-- The bytes of spec/fixtures/PATH.
function data.read(path)
  local file = assert(io.open(root .. "fixtures/" .. path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

-- The samples that DIR/SOURCES.md names: a list of {name=, status=, content_type=, text=}.
function data.sources(dir)
  local list = {}
  for line in data.read(dir .. "/SOURCES.md"):gmatch("[^\n]+") do
    local name, note = line:match("^%- `([^`]+)`(.*)$")
    if name then
      list[#list + 1] = {
        name = name,
        status = tonumber(note:match("HTTP (%d%d%d)")),
        content_type = note:match("HTTP %d%d%d, `([^`]+)`"),
        text = data.read(dir .. "/" .. name),
      }
    end
  end
  return list
end

-- A generator (Park and Miller) that yields the same row on every Lua: random(n) is an integer of 1
-- to n.
function data.random(seed)
  local state = seed
  return function(n)
    state = state * 16807 % 2147483647
    return math.floor(state % n) + 1
  end
end

local function is_number_of(ours, theirs) -- an integer beyond 2^53 arrives as its decimal string
  return type(ours) == "string" and type(theirs) == "number" and ours:find("^%-?%d+$") ~= nil
    and tonumber(ours) + 0.0 == theirs + 0.0
end

-- Where two trees differ, or nil. Values of `theirs` come from another decoder.
function data.difference(ours, theirs, path)
  path = path or "$"
  if type(ours) ~= "table" or type(theirs) ~= "table" then
    if ours == theirs or is_number_of(ours, theirs) then return nil end
    return path .. ": " .. tostring(ours) .. " is not " .. tostring(theirs)
  end
  for key, value in next, ours do
    local where = data.difference(value, rawget(theirs, key), path .. "." .. tostring(key))
    if where then return where end
  end
  for key in next, theirs do
    if rawget(ours, key) == nil then return path .. "." .. tostring(key) .. ": missing" end
  end
end

-- Calls visit(string) for every string in a value, keys too, and for every number visit(nil,
-- number).
function data.walk(value, visit, seen)
  seen = seen or {}
  if type(value) == "string" then
    visit(value)
  elseif type(value) == "number" then
    visit(nil, value)
  elseif type(value) == "table" and not seen[value] then
    seen[value] = true
    for key, inner in next, value do
      data.walk(key, visit, seen)
      data.walk(inner, visit, seen)
    end
  end
end

-- The first string among the values that contains the secret, or nil.
function data.leak(secret, ...)
  local found
  for i = 1, select("#", ...) do
    data.walk((select(i, ...)), function(text)
      if text and text:find(secret, 1, true) then found = text end
    end)
  end
  return found
end

-- Whether every number in a value is an integer (on Lua 5.3 and later also by subtype).
function data.all_integers(value)
  local good = true
  data.walk(value, function(_, number)
    if number and (number ~= math.floor(number) or math.type
        and math.type(number) ~= "integer") then
      good = false
    end
  end)
  return good
end

-- Child processes ---------------------------------------------------------------------------------

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function interpreter()
  local i = -1
  while arg[i - 1] do i = i - 1 end
  return arg[i] or "lua"
end

-- Output of a shell command.
function data.shell(command)
  local pipe = assert(io.popen(command .. " 2>&1", "r"))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

-- Runs Lua source in a child of the same interpreter whose environment is `env` and nothing else;
-- its standard output and errors. A child that hangs is ended after a minute.
function data.lua(env, source)
  local words = { "timeout 60 env -i" }
  for name, value in pairs(env) do words[#words + 1] = quote(name .. "=" .. value) end
  words[#words + 1] = '"$(command -v ' .. quote(interpreter()) .. ')"'
  local paths = ("package.path, package.cpath = %q, %q\n"):format(package.path, package.cpath)
  words[#words + 1] = "-e " .. quote(paths .. source)
  return data.shell(table.concat(words, " "))
end

-- A new private folder, and the way to remove it.
function data.folder()
  return (data.shell("mktemp -d"):gsub("%s+$", ""))
end

function data.remove_folder(path)
  assert(path:find("^/[%w/._-]+$") and #path > 5, "not a folder of ours")
  data.shell("rm -rf " .. quote(path))
end

-- Writes a file and sets its mode.
function data.write(path, text, mode)
  data.shell("mkdir -p " .. quote(path:match("^(.*)/")))
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  data.shell("chmod " .. mode .. " " .. quote(path))
end

data.quote = quote

return data
