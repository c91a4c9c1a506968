-- doc/errors.md is the one list of the codes that are our own, and not the portal's.

local data = require "spec.support.data"
local process = require "spec.support.process"

local ROOT = debug.getinfo(1, "S").source:match "^@(.*)spec/codes_spec%.lua$" or ""
local CODE = '"(%u[%u%d_]+)"'

local function files(command)
  local list = {}
  for path in data.shell("cd ./" .. data.quote(ROOT) .. " && " .. command):gmatch "[^\n]+" do
    list[path] = assert(process.read(ROOT .. path), path)
  end
  return list
end

local kinds = {}
for kind in process.read(ROOT .. "src/base/fault.h"):gmatch 'X%(B24_[%u_]+, "([%l_]+)"%)' do
  kinds[kind] = true
end

-- code -> {[kind or "?"] = path}
local found = {}

local function note(code, kind, path)
  kind = kind and kinds[kind:lower()] and kind:lower() or "?"
  found[code] = found[code] or {}
  found[code][kind] = path
end

-- A macro in the place of a code, and codes in both branches of `? :`.
local function each_code(text, file, f)
  for code in text:gmatch(CODE) do f(code) end
  for name in text:gmatch "%f[%w_]%u[%u_]+%f[^%w_]" do
    local code = file:match("#define " .. name .. "%s+" .. CODE)
    if code then f(code) end
  end
end

local function read_c(path, file)
  file = file:gsub("/%*.-%*/", "")
  for arguments in file:gmatch "b24_fail(%b())" do
    local kind, code = arguments:match "^%([^,]*,([^,]*),([^,]*),"
    if code then
      each_code(code, file, function(c) note(c, kind:match "B24_(%u[%u_]*)", path) end)
    end
  end
  for arguments in file:gmatch "b24_outcome_unusable(%b())" do
    each_code(arguments, file, function(c) note(c, "decode", path) end)
  end
  for kind, code in file:gmatch("B24_(%u[%u_]*),%s*" .. CODE) do note(code, kind, path) end
  for kind, code in file:gmatch('B24_(%u[%u_]*), "[^"]*",%s*' .. CODE) do note(code, kind, path) end
  for code in file:gmatch("code = " .. CODE) do note(code, nil, path) end
  for code in file:gmatch("set_code%(o, " .. CODE) do note(code, nil, path) end
  for code in file:gmatch("b24_code %w+ = {%s*" .. CODE) do note(code, nil, path) end -- of a status
end

local function read_lua(path, file)
  file = file:gsub("%-%-[^\n]*", "")
  for kind, code in file:gmatch('"(%l[%l_]+)",%s*' .. CODE) do
    if kinds[kind] then note(code, kind, path) end
  end
  for kind, code in file:gmatch('kind = "(%l[%l_]+)", code = ' .. CODE) do
    note(code, kind, path)
  end
  for code in file:gmatch("[^=]code = " .. CODE) do note(code, nil, path) end
end

local sources = files "ls src/*/*.c"
for path, file in pairs(sources) do read_c(path, file) end
local scripts = files "find lua -name '*.lua'"
for path, file in pairs(scripts) do read_lua(path, file) end

-- code -> the kinds that the list says
local listed, order = {}, {}
local page = process.read(ROOT .. "doc/errors.md")
for code, cell in page:gmatch "\n| `(%u[%u%d_]+)` | ([%l_, ]+) |" do
  listed[code], order[#order + 1] = {}, code
  for kind in cell:gmatch "[%l_]+" do listed[code][kind] = true end
end

describe("the list of our own codes", function()
  it("has each that the sources have, with its kinds", function()
    local missing = {}
    for code, by_kind in pairs(found) do
      for kind, path in pairs(by_kind) do
        if not listed[code] or (kind ~= "?" and not listed[code][kind]) then
          missing[#missing + 1] = ("%s (%s), %s"):format(code, kind, path)
        end
      end
    end
    table.sort(missing)
    assert.same({}, missing)
    assert.is_true(#order > 50) -- and was read at all
  end)

  it("has no others", function()
    local gone = {}
    for _, code in ipairs(order) do
      if not found[code] then gone[#gone + 1] = code end
    end
    assert.same({}, gone)
  end)

  it("is sorted, names each once and knows their kinds", function()
    local sorted = {}
    for i, code in ipairs(order) do
      sorted[i] = code
      for kind in pairs(listed[code]) do assert.is_true(kinds[kind], code .. ": " .. kind) end
    end
    table.sort(sorted)
    assert.same(sorted, order)
    for i = 2, #order do assert.not_equal(order[i - 1], order[i]) end
  end)
end)
