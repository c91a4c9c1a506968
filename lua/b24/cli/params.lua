--- Parameters of a method from the command line: key=value, filter[>ID]=5, select[]=ID, limit:=5
--- (JSON), or a file.

local codec = require "b24.codec"
local exit = require "b24.cli.exit"

local params = {}

local MAX_FILE = 16 * 1024 * 1024 -- bytes; a request that large is refused anyway

function params.define(command)
  command:argument("params",
    "key=value; filter[>ID]=5, select[]=ID as in the REST documentation; key:=JSON."):args "*"
    :argname "key=value"
  command:option("--params",
    "Read a JSON object from this file; - is standard input."):argname "FILE":target "file"
end

-- "filter[>=ID]=5" -> { "filter", ">=ID" }, "", "5"
local function split(argument)
  local name, rest = argument:match "^([^%[=:]+)(.*)$"
  if not name then return nil end
  local path = { name }
  while rest:sub(1, 1) == "[" do
    local key, tail = rest:match "^%[([^%]]*)%](.*)$"
    if not key then return nil end
    path[#path + 1], rest = key, tail
  end
  local mark, value = rest:match "^(:?)=(.*)$"
  return mark and path, mark, value
end

local function assign(t, path, value, argument)
  for i, key in ipairs(path) do
    if key == "" then key = #t + 1 end
    if i == #path then
      t[key] = value
      return
    end
    if t[key] == nil then t[key] = {} end
    t = t[key]
    if type(t) ~= "table" then
      exit.usage("'" .. argument .. "' contradicts an earlier argument")
    end
  end
end

local function decode(what, text)
  local value, problem = codec.decode(text, { nulls = true })
  if problem then exit.usage(what .. " is " .. problem:gsub("^b24: ", "")) end
  return value
end

local function read(name)
  local file, problem = io.stdin, nil
  if name ~= "-" then file, problem = io.open(name, "rb") end
  if not file then exit.usage("--params: " .. problem) end
  local text = file:read(MAX_FILE)
  if name ~= "-" then file:close() end
  if not text then exit.usage("--params: " .. name .. " is empty or cannot be read") end
  local value = decode("--params: " .. name, text)
  if type(value) ~= "table" or #value > 0 then
    exit.usage("--params: " .. name .. " is not a JSON object")
  end
  return value
end

--- The table for client:call; ends the command when the arguments make none.
---@param args table
---@return table
function params.of(args)
  local all = args.file and read(args.file) or {}
  for _, argument in ipairs(args.params) do
    local path, mark, value = split(argument)
    if not path then
      exit.usage("'" .. argument .. "' is not a parameter; write key=value or key:=JSON")
    end
    assign(all, path, mark == ":" and decode("'" .. argument .. "'", value) or value, argument)
  end
  return all
end

return params
