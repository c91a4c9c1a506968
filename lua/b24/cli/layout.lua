--- Tables that fit a terminal: what is too wide is shortened, names before texts.

local codec = require "b24.codec"
local text = require "b24.cli.text"

local layout = {}

local GAP = "  "
local LEAST = 8 -- columns that are left of anything that is shortened

---@class b24.cli.column
---@field title string
---@field right? boolean its text stands to the right
---@field keep? integer it is shortened to so many columns first; nil: never
---@field wants? integer of a text: more columns than these it takes from no other

local function natural(columns, rows)
  local widths = {}
  for i, column in ipairs(columns) do widths[i] = text.width(column.title) end
  for _, row in ipairs(rows) do
    for i in ipairs(columns) do widths[i] = math.max(widths[i], text.width(row[i])) end
  end
  return widths
end

local function sum(widths)
  local n = #GAP * (#widths - 1)
  for _, width in ipairs(widths) do n = n + width end
  return n
end

-- Takes what is too much from one column, but leaves it `least`.
local function shrink(widths, i, least, width)
  local over = sum(widths) - width
  if over > 0 then widths[i] = math.max(math.min(widths[i], least), widths[i] - over) end
end

--- Columns of each, so that a line takes at most `width`. In the order in which `columns` lists
--- those that may be shortened: to `keep` each, then to the least.
---@param columns b24.cli.column[]
---@param rows string[][]
---@param width number columns of the terminal; math.huge: any
---@return integer[]
function layout.widths(columns, rows, width)
  local widths = natural(columns, rows)
  if sum(widths) <= width then return widths end
  local most = {}
  for i, column in ipairs(columns) do
    most[i] = widths[i]
    widths[i] = math.min(widths[i], column.wants or widths[i])
  end
  for _, least in ipairs { false, LEAST } do
    for i, column in ipairs(columns) do
      if column.keep then shrink(widths, i, least or column.keep, width) end
    end
  end
  for i in ipairs(columns) do -- what is left over is for the texts
    widths[i] = math.max(widths[i], math.min(most[i], widths[i] + width - sum(widths)))
  end
  return widths
end

--- Rows under their titles as aligned lines.
---@param columns b24.cli.column[]
---@param rows string[][] in one line each, without what could steer a terminal
---@param width number
---@param style? fun(cell: string, column: integer, row: integer): string row 0: the titles
---@return string[] lines
function layout.lines(columns, rows, width, style)
  local widths, lines = layout.widths(columns, rows, width), {}
  local titles = {}
  for i, column in ipairs(columns) do titles[i] = column.title end
  for n = 0, #rows do
    local cells = {}
    for i, column in ipairs(columns) do
      local cell = codec.cut((rows[n] or titles)[i], widths[i])
      local blanks = (" "):rep(widths[i] - text.width(cell))
      if style then cell = style(cell, i, n) end
      cells[i] = column.right and blanks .. cell or i < #columns and cell .. blanks or cell
    end
    lines[n + 1] = table.concat(cells, GAP):gsub(" +$", "")
  end
  return lines
end

return layout
