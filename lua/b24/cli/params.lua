--- Parameters of a method from the command line: key=value, filter[>ID]=5, select[]=ID, limit:=5
--- (JSON), fileContent:=@report.pdf (a file's name and content), content@=report.pdf (the content
--- alone), or a file of JSON.

local codec = require "b24.codec"
local exit = require "b24.cli.exit"

local params = {}

local MAX_FILE = 16 * 1024 * 1024 -- bytes; a request that large is refused anyway

--- Options of the command; `files`: its parameters may be files.
---@param command table of argparse
---@param files? boolean
function params.define(command, files)
  command:argument("params",
    "key=value; filter[>ID]=5, select[]=ID as in the REST documentation; key:=JSON."
      .. (files and " key:=@FILE is the file's name and its content, key@=FILE the content." or ""))
    :args "*":argname "key=value"
  command:option("--params",
    "Read a JSON object from this file; - is standard input."):argname "FILE":target "file"
end

-- "filter[>=ID]=5" -> { "filter", ">=ID" }, "", "5"; the mark is "", ":" or "@"
local function split(argument)
  local name, rest = argument:match "^([^%[=:]+)(.*)$"
  if not name then return nil end
  if rest:find "^=" and name:find "^.+@$" then name, rest = name:sub(1, -2), "@" .. rest end
  local path = { name }
  while rest:sub(1, 1) == "[" do
    local key, tail = rest:match "^%[([^%]]*)%](.*)$"
    if not key then return nil end
    path[#path + 1], rest = key, tail
  end
  local mark, value = rest:match "^([:@]?)=(.*)$"
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

-- A file's content, noted in `files`.
local function file_of(argument, path, files)
  if path == "" then exit.usage("'" .. argument .. "' names no file") end
  files[#files + 1] = codec.file(path)
  return files[#files]
end

-- What stands in an argument after its mark.
local function value_of(argument, mark, value, files)
  if mark == "@" then return file_of(argument, value, files) end
  if mark == "" then return value end
  if value:sub(1, 1) ~= "@" then return decode("'" .. argument .. "'", value) end
  local file = file_of(argument, value:sub(2), files)
  return { codec.neutral(file.name), file } -- as most methods want it
end

--- The table for client:call; ends the command when the arguments make none.
---@param args table
---@return table params
---@return b24.upload[] files that are in it
function params.of(args)
  local all, files = args.file and read(args.file) or {}, {}
  for _, argument in ipairs(args.params) do
    local path, mark, value = split(argument)
    if not path then
      exit.usage("'" .. argument .. "' is not a parameter; write key=value or key:=JSON")
    end
    assign(all, path, value_of(argument, mark, value, files), argument)
  end
  return all, files
end

return params
