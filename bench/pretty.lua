--- JSON for people and for diffs: names in order, one entry a line. pretty(value) -> text.

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r" }

local function quoted(text)
  return '"' .. text:gsub('[%c"\\]', function(c)
    return ESCAPES[c] or ("\\u%04x"):format(c:byte())
  end) .. '"'
end

-- Six significant digits: more is noise.
local function number(value)
  if value ~= value or value == math.huge or value == -math.huge then return "null" end
  return value % 1 == 0 and ("%.0f"):format(value) or ("%.6g"):format(value)
end

local encode

local function flat(list)
  for _, value in ipairs(list) do
    if type(value) == "table" then return false end
  end
  return true
end

local function joined(open, parts, close, indent, inline)
  if #parts == 0 then return open .. close end
  if inline then return open .. table.concat(parts, ", ") .. close end
  local margin = "\n" .. indent .. "  "
  return open .. margin .. table.concat(parts, "," .. margin) .. "\n" .. indent .. close
end

local function encode_table(value, indent)
  local parts = {}
  if #value > 0 or next(value) == nil then
    for i, item in ipairs(value) do parts[i] = encode(item, indent .. "  ") end
    return joined("[", parts, "]", indent, flat(value))
  end
  local names = {}
  for name in pairs(value) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do
    parts[i] = quoted(name) .. ": " .. encode(value[name], indent .. "  ")
  end
  return joined("{", parts, "}", indent)
end

function encode(value, indent)
  local kind = type(value)
  if kind == "table" then return encode_table(value, indent) end
  if kind == "number" then return number(value) end
  return kind == "string" and quoted(value) or tostring(value)
end

return function(value)
  return encode(value, "") .. "\n"
end
