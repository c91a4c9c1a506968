--- Writes what src/rest/conf_options.h says of each option of conf into doc/conf.md (a table) and
--- lua/b24/types.lua (a class), between their marks. `make docs` does it (scripts/docs.lua);
--- spec/readme_spec.lua fails when it has not been run.

local HEADER = "src/rest/conf_options.h"
local WIDTH = 100 -- of a line of Lua

local conf_table = {}

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

-- ---------------------------------------------------------- the header

-- The rows X(…) of a list macro, each as its arguments, as they stand there.
local function rows(header, macro)
  local body = assert(header:match("#define " .. macro .. "%(X%)(.-[^\\])\n"),
    macro):gsub("\\\n", "\n")
  local list, row, text, depth, quoted = {}, nil, "", 0, false
  local i = 1
  while i <= #body do
    local c = body:sub(i, i)
    if quoted and c == "\\" then
      text, i = text .. body:sub(i, i + 1), i + 1
    elseif c == '"' then
      quoted, text = not quoted, text .. c
    elseif quoted then
      text = text .. c
    elseif c == "(" and depth == 0 then
      row, text, depth = {}, "", 1
    elseif (c == "," and depth == 1) or (c == ")" and depth == 1) then
      row[#row + 1] = text:match "^%s*(.-)%s*$"
      text = ""
      if c == ")" then list[#list + 1], depth = row, 0 end
    else
      if c == "(" then depth = depth + 1 elseif c == ")" then depth = depth - 1 end
      text = text .. c
    end
    i = i + 1
  end
  return list
end

-- Adjacent C strings -> their text; nil: no string.
local function words(text)
  if text:sub(1, 1) ~= '"' then return nil end
  return (text:gsub('([^\\])"%s*"', "%1"):gsub('^"', ""):gsub('"$', ""):gsub("\\(.)", "%1"))
end

-- What a default is for people: a name stands for its #define in `headers`.
local function value(text, headers)
  for _ = 1, 3 do
    local named = text:match "^B24_[%w_]+$" and headers:match("#define " .. text .. "%s+([^\n/]+)")
    if named then text = named:gsub("%s+$", ""):gsub("^%((.*)%)$", "%1") end
  end
  local mib = text:match "^(%d+) << 20$"
  return mib and mib .. " MiB" or text
end

local TYPES = { SECONDS = "number", COUNT = "integer", BYTES = "integer", FLAG = "boolean",
  TEXT = "string" }

-- {name=, type=, default=, doc=} of each option that is for users.
local function options(root)
  local header, list = read(root .. HEADER), {}
  local loops = {}
  for i, r in ipairs(rows(header, "B24_LOOPS")) do loops[i] = ('"%s"'):format(r[1]) end
  local in_type, in_doc = table.concat(loops, "|"), "`" .. table.concat(loops, "`, `") .. "`"
  local headers = header .. read(root .. "src/json/check.h")
  for _, r in ipairs(rows(header, "B24_CONF_OTHERS")) do
    list[#list + 1] = { name = r[1], default = words(r[4]),
      type = words(r[5]):gsub("LOOPS", in_type), doc = words(r[6]):gsub("LOOPS", in_doc) }
  end
  for _, r in ipairs(rows(header, "B24_CONF_VALUES")) do
    list[#list + 1] = { name = r[2], default = words(r[5]) or value(r[5], headers),
      type = assert(TYPES[r[1]], r[1]), doc = words(r[6]) }
  end
  for i = #list, 1, -1 do
    if list[i].doc == "" then table.remove(list, i) end
  end
  return list
end

-- ---------------------------------------------------------- what is made of it

local function page(list)
  local lines = { "| option | default | |", "| --- | --- | --- |" }
  for _, o in ipairs(list) do
    lines[#lines + 1] = ("| `%s` | %s | %s |"):format(o.name, o.default, o.doc):gsub("|  |", "| |")
  end
  lines[#lines + 1] = ""
  return lines
end

-- A line after `before`, or several.
local function wrapped(before, text)
  local lines, line = {}, before
  for word in text:gmatch "%S+" do
    if #line + 1 + #word > WIDTH then lines[#lines + 1], line = line, before end
    line = line .. " " .. word
  end
  lines[#lines + 1] = line
  return lines
end

local function types(list)
  local lines = { "---@class b24.conf" }
  for _, o in ipairs(list) do
    local field = ("---@field %s? %s"):format(o.name, o.type)
    local text = o.doc:gsub("; see %[[^%]]*%]%([^)]*%)", ""):gsub("%[([^%]]*)%]%([^)]*%)",
      "%1"):gsub("`", "")
    if o.default ~= "" and not o.default:find "^see " then
      text = ("%s (default: %s)"):format(text, (o.default:gsub("`", "")))
    end
    if #field + 1 + #text <= WIDTH then
      lines[#lines + 1] = field .. " " .. text
    else -- what stands before a field belongs to it
      for _, line in ipairs(wrapped("---", text)) do lines[#lines + 1] = line end
      lines[#lines + 1] = field
    end
  end
  return lines
end

local MARKS = {
  ["doc/conf.md"] = { "<!-- conf: made by scripts/conf_table.lua -->", "<!-- /conf -->", page },
  ["lua/b24/types.lua"] = { "-- conf: made by scripts/conf_table.lua", "-- /conf", types },
}

--- The files as they should be.
---@param root string top folder, "" or with a slash at its end
---@return table<string, {is: string, should: string}> files by name
function conf_table.files(root)
  local list, files = options(root), {}
  for name, mark in pairs(MARKS) do
    local text = read(root .. name)
    local _, first = text:find(mark[1] .. "\n", 1, true)
    local last = first and text:find("\n" .. mark[2], first, true)
    assert(last, name .. " has no marks of scripts/conf_table.lua")
    files[name] = { is = text, should = text:sub(1, first) .. table.concat(mark[3](list), "\n")
      .. text:sub(last) }
  end
  return files
end

return conf_table
