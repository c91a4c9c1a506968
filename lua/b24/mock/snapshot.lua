-- A portal's state in a file, so that the next portal goes on where this one ended. The file is
-- JSON: a list of tables, each a class (a metatable's name) and its fields; { t = n } stands for
-- the n-th table, so that a table which two others share stays one.

local counters = require "b24.mock.counters"
local json = require "b24.mock.json"
local php = require "b24.mock.php"

local snapshot = {}

local CLASSES = { User = counters.User, Array = php.Array, Json = php.Json }
local FORMAT = "b24 mock portal 1"

-- What belongs to one life of the program.
local PASSING = { log = true, log_length = true, tricks = true, raw_scripts = true, buckets = true,
  operating = true, connections = true, tunnels = true, under_way = true, changed = true,
  ports = true, executions = true, rejections = true, most_at_once = true, options = true,
  changes = true, push = true }

local function class_of(value)
  local meta = getmetatable(value)
  if meta == nil then return "" end
  for name, class in pairs(CLASSES) do
    if class == meta then return name end
  end
  error("the portal's state has a table of an unknown kind", 0)
end

-- Writing -----------------------------------------------------------------------------------------

local function new_writer()
  local writer = { tables = {}, numbers = {} }

  function writer.value(value)
    local kind = type(value)
    if value == php.null then return { null = true } end
    if kind == "string" or kind == "number" or kind == "boolean" then return value end
    if kind ~= "table" then error("the portal's state has a " .. kind, 0) end
    local number = writer.numbers[value]
    if not number then
      number = #writer.tables + 1
      writer.numbers[value] = number
      local fields = {}
      writer.tables[number] = { class = class_of(value), fields = fields }
      for name, item in pairs(value) do
        fields[#fields + 1] = writer.value(name)
        fields[#fields + 1] = writer.value(item)
      end
    end
    return { t = number }
  end

  return writer
end

--- Saves the state; at once, so that nobody ever reads half of it.
---@param portal table
---@param file string
function snapshot.save(portal, file)
  local kept, writer = {}, new_writer()
  for name, value in pairs(portal) do
    if not PASSING[name] then kept[name] = value end
  end
  writer.value(kept)
  local out = assert(io.open(file .. ".new", "wb"))
  out:write(json.encode { format = FORMAT, tables = writer.tables }, "\n")
  assert(out:close())
  assert(os.rename(file .. ".new", file))
end

-- Reading -----------------------------------------------------------------------------------------

local function read(tables)
  local made = {}
  for n, saved in ipairs(tables) do made[n] = setmetatable({}, CLASSES[saved.class]) end
  local function value(saved)
    if type(saved) ~= "table" then return saved end
    return saved.null and php.null or made[saved.t]
  end
  for n, saved in ipairs(tables) do
    for i = 1, #saved.fields, 2 do made[n][value(saved.fields[i])] = value(saved.fields[i + 1]) end
  end
  return made[1]
end

--- Puts the saved state into a portal. A file that does not exist yet changes nothing.
---@param portal table
---@param file string
function snapshot.load(portal, file)
  local input = io.open(file, "rb")
  if not input then return end
  local saved = json.decode(input:read "*a")
  input:close()
  if type(saved) ~= "table" or saved.format ~= FORMAT then
    error(file .. " is not the state of a mock portal", 0)
  end
  for name, value in pairs(read(saved.tables)) do portal[name] = value end
  portal:apply_options()
end

return snapshot
