-- A terminal's screen as a picture: ansi_svg.lua COLUMNS ROWS TITLE <SCREEN >FILE.svg
-- Several, in turn and again: ansi_svg.lua COLUMNS ROWS TITLE SCREEN SECONDS ... >FILE.svg
-- SCREEN is text with colours, as `tmux capture-pane -e -p -N` prints it. Any Lua.

local FONT = "'DejaVu Sans Mono', ui-monospace, Menlo, Consolas, 'Liberation Mono', monospace"
local SIZE, WIDTH, HEIGHT, MARGIN = 14, 8.5, 18, 14 -- of a letter, of a cell, around the screen
local BASELINE = 13.5 -- of a letter, from the top of its cell
local FOREGROUND, BACKGROUND = "#d8dee9", "#1e222a"
local BASIC = { [0] = "#2b303b", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd",
  "#56b6c2", "#abb2bf",
  "#5c6370", "#e88388", "#a9d18e", "#ebcb8b", "#7fbdf3", "#d19ae6", "#73c5cf", "#ffffff" }

-- Text --------------------------------------------------------------------------------------------

local function code_of(char)
  local first, rest = char:byte(1), { char:byte(2, -1) }
  if first < 0x80 then return first end
  local code = first % (first >= 0xF0 and 8 or first >= 0xE0 and 16 or 32)
  for _, byte in ipairs(rest) do code = code * 64 + byte % 64 end
  return code
end

-- joined to the letter before
local NOTHING = { { 0x300, 0x36F }, { 0x200B, 0x200F }, { 0xFE00, 0xFE0F } }
local WIDE = { { 0x1100, 0x115F }, { 0x2E80, 0xA4CF }, { 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF },
  { 0xFE30, 0xFE6F },
  { 0xFF00, 0xFF60 }, { 0xFFE0, 0xFFE6 }, { 0x1F300, 0x1F64F }, { 0x1F680, 0x1F6FF },
  { 0x1F900, 0x1F9FF },
  { 0x20000, 0x3FFFD } }

local function among(code, ranges)
  for _, range in ipairs(ranges) do
    if code >= range[1] and code <= range[2] then return true end
  end
  return false
end

local function cells_of(char)
  local code = code_of(char)
  return among(code, NOTHING) and 0 or among(code, WIDE) and 2 or 1
end

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

local function escape(text) return (text:gsub('[&<>"]', ESCAPES)) end

-- Colours -----------------------------------------------------------------------------------------

local function rgb(r, g, b) return ("#%02x%02x%02x"):format(r, g, b) end

local function indexed(n)
  if n < 16 then return BASIC[n] end
  if n >= 232 then
    local grey = 8 + (n - 232) * 10
    return rgb(grey, grey, grey)
  end
  local function level(digit) return digit == 0 and 0 or 55 + digit * 40 end
  n = n - 16
  return rgb(level(math.floor(n / 36)), level(math.floor(n / 6) % 6), level(n % 6))
end

local FLAGS = { [1] = "bold", [2] = "dim", [3] = "italic", [4] = "underline", [7] = "reverse" }
local OFF = { [22] = { "bold", "dim" }, [23] = { "italic" }, [24] = { "underline" },
  [27] = { "reverse" } }

-- The colour that begins at codes[i] (38 or 48), and where it ends.
local function chosen(codes, i)
  if codes[i + 1] == 5 then return indexed(codes[i + 2] or 0), i + 2 end
  return rgb(codes[i + 2] or 0, codes[i + 3] or 0, codes[i + 4] or 0), i + 4
end

-- The style after "ESC [ list m".
local function restyle(old, list)
  local style, codes = {}, {}
  for name, value in pairs(old) do style[name] = value end
  for code in (list:gsub(":%d*", "") .. ";"):gmatch "(%d*);" do
    codes[#codes + 1] = tonumber(code) or 0
  end
  local i = 1
  while i <= #codes do
    local code = codes[i]
    if code == 0 then style = {}
    elseif FLAGS[code] then style[FLAGS[code]] = true
    elseif code == 38 then style.fg, i = chosen(codes, i)
    elseif code == 48 then style.bg, i = chosen(codes, i)
    elseif code == 39 then style.fg = nil
    elseif code == 49 then style.bg = nil
    elseif code >= 30 and code <= 37 then style.fg = BASIC[code - 30]
    elseif code >= 40 and code <= 47 then style.bg = BASIC[code - 40]
    elseif code >= 90 and code <= 97 then style.fg = BASIC[code - 82]
    elseif code >= 100 and code <= 107 then style.bg = BASIC[code - 92]
    end
    for _, name in ipairs(OFF[code] or {}) do style[name] = nil end
    i = i + 1
  end
  return style
end

-- What is seen: reverse is done, and what was not said has its colour.
local function seen(style)
  local fg, bg = style.fg or FOREGROUND, style.bg or BACKGROUND
  if style.reverse then fg, bg = bg, fg end
  return { fg = fg, bg = bg, bold = style.bold, dim = style.dim, italic = style.italic,
    underline = style.underline }
end

-- Cells of a line: { text, cells, style }; and the style in which it ends.
local function parse(line, style)
  local list, look, i = {}, seen(style), 1
  while i <= #line do
    local codes, after = line:match("^\27%[([%d;:]*)m()", i)
    local other = line:match("^\27%[[%d;:?]*%a()", i) or line:match("^[%c]()", i)
    if codes then
      style = restyle(style, codes)
      look, i = seen(style), after
    elseif other then
      i = other
    else
      local char = line:match("^[^\128-\191][\128-\191]*", i) or line:sub(i, i)
      local cells = cells_of(char)
      if cells > 0 then list[#list + 1] = { text = char, cells = cells, look = look }
      elseif #list > 0 then list[#list].text = list[#list].text .. char
      end
      i = i + #char
    end
  end
  return list, style
end

-- Drawing -----------------------------------------------------------------------------------------

local out = {}
local function put(format, ...) out[#out + 1] = format:format(...) end

local function number(n) return (("%.2f"):format(n):gsub("%.?0+$", "")) end

-- Frames are lines: letters of most fonts would leave gaps. Each as a path in a cell of 2 by 2.
local FRAMES = { ["─"] = "M0 1H2", ["│"] = "M1 0V2", ["╭"] = "M2 1Q1 1 1 2", ["╮"] = "M0 1Q1 1 1 2",
  ["╰"] = "M1 0Q1 1 2 1",
  ["╯"] = "M1 0Q1 1 0 1", ["┌"] = "M2 1H1V2", ["┐"] = "M0 1H1V2", ["└"] = "M1 0V1H2",
  ["┘"] = "M1 0V1H0" }

local function background(x, y, width, colour)
  if colour == BACKGROUND then return end
  put('<rect class="b" x="%s" y="%s" width="%s" height="%s" fill="%s"/>', number(x), number(y),
    number(width), number(HEIGHT), colour)
end

local function frame(x, y, path, colour)
  put('<path transform="translate(%s %s) scale(%s %s)" d="%s" stroke="%s" class="f"/>',
    number(x), number(y), number(WIDTH / 2), number(HEIGHT / 2), path, colour)
end

local function words(x, y, text, cells, look)
  local more = (look.bold and ' font-weight="bold"' or "")
    .. (look.italic and ' font-style="italic"' or "")
    .. (look.underline and ' text-decoration="underline"' or "")
    .. (look.dim and ' opacity="0.6"' or "")
  put('<text x="%s" y="%s" textLength="%s" fill="%s"%s>%s</text>', number(x), number(y + BASELINE),
    number(cells * WIDTH), look.fg, more, escape(text))
end

local function same(a, b)
  for _, name in ipairs { "fg", "bg", "bold", "dim", "italic", "underline" } do
    if a[name] ~= b[name] then return false end
  end
  return true
end

-- Calls act(first cell, column, cells, text) for each stretch of cells that `joins` keeps together.
local function stretches(list, joins, act)
  local first, text, at, cells, column = nil, "", 0, 0, 0
  for i, cell in ipairs(list) do
    if first and joins(list[i - 1], cell) then
      text, cells = text .. cell.text, cells + cell.cells
    else
      if first then act(first, at, cells, text) end
      first, text, at, cells = cell, cell.text, column, cell.cells
    end
    column = column + cell.cells
  end
  if first then act(first, at, cells, text) end
end

local function alone(cell) return cell.text == " " or cell.cells > 1 or FRAMES[cell.text] end

local function draw_backgrounds(list, y)
  stretches(list, function(a, b) return a.look.bg == b.look.bg end, function(cell, column, cells)
    background(MARGIN + column * WIDTH, y, cells * WIDTH, cell.look.bg)
  end)
end

local function draw_letters(list, y)
  stretches(list, function(a, b) return not alone(a) and not alone(b) and same(a.look, b.look) end,
    function(cell, column, cells, text)
      local x = MARGIN + column * WIDTH
      if FRAMES[text] then frame(x, y, FRAMES[text], cell.look.fg)
      elseif text ~= " " then words(x, y, text, cells, cell.look)
      end
    end)
end

local columns, rows, title = tonumber(arg[1]), tonumber(arg[2]), arg[3]
local width, height = columns * WIDTH + 2 * MARGIN, rows * HEIGHT + 2 * MARGIN
put('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%s" height="%s" '
  .. 'role="img">', number(width),
  number(height), number(width), number(height))
put("<title>%s</title>", escape(title))
put("<style>text { font: %dpx %s }", SIZE, FONT)
put(".b { shape-rendering: crispEdges } .f { fill: none; vector-effect: non-scaling-stroke "
  .. "}</style>")
put('<rect width="100%%" height="100%%" rx="8" fill="%s"/>', BACKGROUND)

local function draw_screen(next_line)
  local lines, style = {}, {}
  for line in next_line do lines[#lines + 1], style = parse(line, style) end
  for _, draw in ipairs { draw_backgrounds, draw_letters } do
    for n, list in ipairs(lines) do draw(list, MARGIN + (n - 1) * HEIGHT) end
  end
end

-- Who wants no motion, and who knows no CSS, sees the last screen alone.
local function draw_film()
  local total, begins = 0, {}
  for i = 5, #arg, 2 do
    begins[#begins + 1] = total
    total = total + tonumber(arg[i])
  end
  put "<style>.s { visibility: hidden } .s:last-of-type { visibility: visible }"
  put "@media (prefers-reduced-motion: no-preference) {"
  for n, begin in ipairs(begins) do
    local last = (begins[n + 1] or total) / total * 100
    put("@keyframes s%d { 0%% { visibility: %s } %s%% { visibility: visible } "
      .. "%s%% { visibility: hidden } }", n, n == 1 and "visible" or "hidden",
      number(begin / total * 100), number(last))
    put(".s%d.s { animation: s%d %ss step-end infinite }", n, n, number(total))
  end
  put "}</style>"
  for n = 1, #begins do
    put('<g class="s s%d">', n)
    draw_screen(io.lines(arg[2 + 2 * n]))
    put "</g>"
  end
end

if #arg > 3 then draw_film() else draw_screen(io.lines()) end
put "</svg>"
io.write(table.concat(out, "\n"), "\n")
