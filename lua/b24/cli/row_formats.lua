--- The rows of a list as text: lines of JSON, one JSON array, or a table with a column for each
--- field.

local codec = require "b24.codec"
local json = require "b24.cli.json"
local out = require "b24.cli.out"

local row_formats = {}

---@class b24.cli.writer
---@field row fun(self: table, row: any): string? prints it; or what is wrong with it
---@field page fun(self: table, rows: any[])? told before its first rows are printed
---@field finish fun(self: table) after the last one: never where rows may be missing

-- Lines of JSON -----------------------------------------------------------------------------------

local Lines = {}
Lines.__index = Lines

function Lines.row(_, row) out.line(json.encode(row)) end
function Lines.finish() end

-- One array: closed only when it is whole, so that a part of it is not JSON -----------------------

local Array = {}
Array.__index = Array

function Array:row(row)
  out.write(self.open and ",\n" or "[\n", json.encode(row))
  self.open = true
end

function Array:finish() out.line(self.open and "\n]" or "[]") end

-- A table -----------------------------------------------------------------------------------------

-- RFC 4180: quotation marks around what would be taken for something else.
local function csv(cell)
  if not cell:find '[",\r\n]' and not cell:find "^%s" and not cell:find "%s$" then return cell end
  return '"' .. cell:gsub('"', '""') .. '"'
end

local ESCAPES = { ["\t"] = "\\t", ["\n"] = "\\n", ["\r"] = "\\r", ["\\"] = "\\\\" }

local function tsv(cell) return (cell:gsub("[\t\n\r\\]", ESCAPES)) end

local Table = {}
Table.__index = Table

-- "RESPONSIBLE_ID" and "responsibleId" are one field: what is selected by one name may be answered
-- under the other.
local function folded(name) return (name:gsub("_", ""):lower()) end

local function is_null(value) return value == nil or value == codec.null end

-- A value as the text of a cell; what is no text, number or truth value is JSON.
local function cell_of(value)
  if is_null(value) then return "" end
  local kind = type(value)
  if kind == "string" then return out.terminal() and codec.neutral(value) or value end
  return kind == "table" and json.encode(value) or codec.encode(value)
end

-- The names of select[] in their order, and whether it wants others besides.
local function selected(given)
  local names, others = {}, true
  for key, list in pairs(given) do
    if type(key) == "string" and key:lower() == "select" and type(list) == "table" then
      others = #list == 0
      for _, name in ipairs(list) do
        if type(name) == "string" and not name:find "*" then names[#names + 1] = name
        else others = true end
      end
    end
  end
  return names, others
end

local function is_object(row)
  return type(row) == "table" and (next(row) == nil or #row == 0)
end

-- The fields of these rows that have no column yet, in alphabetical order.
local function fields_of(rows, columns)
  local known, names = {}, {}
  for _, name in ipairs(columns) do known[folded(name)] = true end
  for _, row in ipairs(rows) do
    for name in pairs(is_object(row) and row or {}) do
      if not known[folded(name)] then
        known[folded(name)] = true
        names[#names + 1] = name
      end
    end
  end
  table.sort(names)
  return names
end

function Table:line(cells)
  for i, cell in ipairs(cells) do cells[i] = self.quote(cell) end
  out.line(table.concat(cells, self.separator))
end

--- The head, when the first rows are known: they name the columns that select[] does not.
function Table:page(rows)
  if self.head then return end
  if self.others then
    for _, name in ipairs(fields_of(rows, self.columns)) do
      self.columns[#self.columns + 1] = name
    end
  end
  if #self.columns == 0 and #rows == 0 then return end
  if #self.columns == 0 then self.columns = { "value" } end
  self.head = true
  local cells = {}
  for i, name in ipairs(self.columns) do cells[i] = cell_of(name) end
  self:line(cells)
end

-- A field that came under another spelling of its name.
local function find(row, name)
  if row[name] ~= nil then return row[name] end
  for other, value in pairs(row) do
    if type(other) == "string" and folded(other) == folded(name) then return value end
  end
end

function Table:row(row)
  if not is_object(row) then
    if #self.columns > 1 then return "a row is no object, and has no columns" end
    return self:line { cell_of(row) }
  end
  local strange = self.others and fields_of({ row }, self.columns)[1]
  if strange then
    return ("a row has the field %s, which those before it had not; name the columns: "
      .. "select[]=ID …"):format(codec.neutral(strange))
  end
  local cells = {}
  for i, name in ipairs(self.columns) do cells[i] = cell_of(find(row, name)) end
  self:line(cells)
end

function Table:finish() self:page {} end

-- All ---------------------------------------------------------------------------------------------

local function table_of(separator, quote)
  return function(given)
    local columns, others = selected(given)
    return setmetatable({ columns = columns, others = others, separator = separator,
      quote = quote }, Table)
  end
end

local FORMATS = {
  { name = "lines", new = function() return setmetatable({}, Lines) end },
  { name = "json", new = function() return setmetatable({}, Array) end },
  { name = "csv", new = table_of(",", csv), nulls = true },
  { name = "tsv", new = table_of("\t", tsv), nulls = true },
}

--- Their names, as words.
---@return string
function row_formats.names()
  local names = {}
  for i, format in ipairs(FORMATS) do names[i] = format.name end
  return table.concat(names, ", ")
end

--- What prints rows in this format. nulls: it wants to see them, to know all fields.
---@param name string
---@param given table the parameters of the method
---@return b24.cli.writer?
---@return boolean? nulls
function row_formats.writer(name, given)
  for _, format in ipairs(FORMATS) do
    if format.name == name then return format.new(given), format.nulls end
  end
end

return row_formats
