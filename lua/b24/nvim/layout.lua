--- Lines of text that fit a window, measured in cells: wide characters take two.

local layout = {}

local width = vim.fn.strdisplaywidth

-- Where the C module does not load, the program `b24` has done the same before.
local loaded, codec = pcall(require, "b24.codec")

--- What a portal writes, in one line without what could steer a terminal.
---@param text string
---@return string
function layout.plain(text)
  if loaded then return codec.neutral(text) end
  return (text:gsub("[%c]+", " "))
end

--- At most so many cells of a text; what is cut off shows as "…".
---@param text string
---@param cells integer
---@return string
function layout.fit(text, cells)
  if width(text) <= cells then return text end
  if cells < 1 then return "" end
  local low, high = 0, vim.fn.strchars(text) -- the widest start that leaves room for the mark
  while low < high do
    local middle = math.ceil((low + high) / 2)
    if width(vim.fn.strcharpart(text, 0, middle)) <= cells - 1 then
      low = middle
    else
      high = middle - 1
    end
  end
  return vim.fn.strcharpart(text, 0, low) .. "…"
end

--- Exactly so many cells.
---@param text string
---@param cells integer
---@param right? boolean the text at the right
---@return string
function layout.cell(text, cells, right)
  text = layout.fit(text, cells)
  local blanks = (" "):rep(cells - width(text))
  return right and blanks .. text or text .. blanks
end

--- Whole words in lines of so many cells.
---@param text string
---@param cells integer
---@return string[]
function layout.wrap(text, cells)
  local lines, line = {}, ""
  for word in layout.plain(text):gmatch "%S+" do
    local longer = line == "" and word or line .. " " .. word
    if line ~= "" and width(longer) > cells then
      lines[#lines + 1] = line
      longer = word
    end
    line = longer
  end
  lines[#lines + 1] = line
  return lines
end

--- "now", "12m", "3h", "5d"; "" for what is not known.
---@param seconds? integer
---@param at_least? boolean
---@return string
function layout.age(seconds, at_least)
  if type(seconds) ~= "number" then return "" end
  local text
  if seconds < 60 then
    text = "now"
  elseif seconds < 3600 then
    text = ("%dm"):format(seconds / 60)
  elseif seconds < 48 * 3600 then
    text = ("%dh"):format(seconds / 3600)
  else
    text = ("%dd"):format(seconds / 86400)
  end
  return at_least and text .. "+" or text
end

return layout
