--- The inbox as lines and colours; knows no window.

local layout = require "b24.nvim.layout"

local rows = {}

local COUNT, AGE = 5, 5 -- cells: "99+", "120d+"
local NAME_MOST = 28 -- cells; longer names leave no room for what was written
local TEXT_LEAST = 8 -- cells; a shorter piece of a message tells nothing

rows.HELP = {
  "<CR>  read the messages (marks nothing)", "a     answer",
  "A     answer in several lines (<C-s> sends)", "r     mark as read",
  "o     open in the browser", "R     ask again", "q     close", "?     this help",
}
rows.KEYS = "<CR> read  a answer  r mark read  o browser  ? help  q close"

---@param entry b24.waiting
---@return string
function rows.name(entry) return layout.plain(entry.name or entry.dialog_id) end

local function count(entry)
  if entry.unread == 0 and entry.marked then return "•" end
  return entry.unread > 99 and "99+" or tostring(entry.unread)
end

-- Columns from left to right: { cells, text, right, group? }.
local function columns(entry, cells)
  local room = cells - COUNT - AGE - 2
  local name_cells = math.max(1, math.min(NAME_MOST, room - 1 - TEXT_LEAST < 12 and room
    or math.floor(room * 0.4)))
  local list = {
    { COUNT, count(entry), true, entry.muted and "Comment" or "Number" },
    { name_cells, rows.name(entry), false, entry.muted and "Comment" or "Title" },
    { AGE, layout.age(entry.waiting, entry.at_least), true, "Comment" },
  }
  local rest = room - name_cells - 1
  if rest >= TEXT_LEAST then
    list[4] = { rest, layout.plain(entry.last_message or ""):match "^%s*(.-)%s*$", false }
  end
  return list
end

-- One line, and the colours of its parts: { group, first byte, last byte }.
local function row(entry, cells)
  local parts, marks, at = {}, {}, 0
  for i, column in ipairs(columns(entry, cells)) do
    local text = layout.cell(column[2], column[1], column[3])
    parts[i] = text
    -- else the window's own colour
    if column[4] then marks[#marks + 1] = { column[4], at, at + #text } end
    at = at + #text + 1
  end
  return (table.concat(parts, " "):gsub("%s+$", "")), marks
end

-- The number is the badge's, which has neither muted dialogs nor comments of tasks in it.
local function headline(list)
  if #list == 0 then return "Nobody is waiting" end
  local sum, muted = 0, 0
  for _, entry in ipairs(list) do
    if entry.muted then muted = muted + 1 else sum = sum + entry.unread end
  end
  local totals = list.totals or {}
  local text = ("%d unread in %d dialog%s"):format(totals.messages or sum, #list - muted,
    #list - muted == 1 and "" or "s")
  if (totals.tasks or 0) > 0 then text = ("%s, %d in tasks"):format(text, totals.tasks) end
  return muted > 0 and ("%s, %d muted"):format(text, muted) or text
end

--- What an inbox shows in so many cells. Line n + 1 belongs to entry n.
---@param list b24.inbox
---@param cells integer
---@param keys? boolean a last line says which there are
---@return string[] lines
---@return table[] marks for each line a list of { group, first byte, last byte }
function rows.inbox(list, cells, keys)
  local lines, marks = { layout.fit(headline(list), cells) }, {}
  marks[1] = { { "Statement", 0, -1 } }
  for n, entry in ipairs(list) do lines[n + 1], marks[n + 1] = row(entry, cells) end
  if list.incomplete then
    for _, line in ipairs(layout.wrap("Incomplete: " .. list.incomplete, cells)) do
      lines[#lines + 1] = line
      marks[#lines] = { { "WarningMsg", 0, -1 } }
    end
  end
  if keys then
    lines[#lines + 1] = layout.fit(rows.KEYS, cells)
    marks[#lines] = { { "Comment", 0, -1 } }
  end
  return lines, marks
end

--- A text for people, such as an error and what to do next.
---@param group string colour of the first paragraph
---@param cells integer
---@param ... string? paragraphs
---@return string[] lines
---@return table[] marks
function rows.text(group, cells, ...)
  local lines, marks = {}, {}
  for i = 1, select("#", ...) do
    local paragraph = select(i, ...)
    for _, line in ipairs(paragraph and layout.wrap(paragraph, cells) or {}) do
      lines[#lines + 1] = line
      marks[#lines] = i == 1 and { { group, 0, -1 } } or {}
    end
  end
  return lines, marks
end

-- Of a line of a message: a quote, or the addresses and files in it.
local function marks_of(line)
  if line:find "^%s*>" then return { { "Comment", 0, -1 } } end
  local list = {}
  for first, last in line:gmatch "()https?://[^%s)]+()" do
    list[#list + 1] = { "Underlined", first - 1, last - 1 }
  end
  for first, last in line:gmatch "()%[[^%[%]]+, [%d.]+ %a+%]()" do
    list[#list + 1] = { "Special", first - 1, last - 1 }
  end
  return list
end

--- The messages of a dialog.
---@param list b24.message[]
---@return string[] lines
---@return table[] marks
function rows.messages(list)
  local author = require("b24.api.messages").author
  local lines, marks = {}, {}
  for _, message in ipairs(list) do
    local when = message.date and os.date("%Y-%m-%d %H:%M", message.date) or ""
    local name = layout.plain(author(message))
    lines[#lines + 1] = ("%s  %s%s"):format(name, when, message.unread and "  unread" or "")
    marks[#lines] = { { "Title", 0, #name }, { "Comment", #name + 2, #name + 2 + #when },
      { "WarningMsg", #name + 2 + #when, -1 } }
    for line in (message.plain .. "\n"):gmatch "(.-)\n" do
      lines[#lines + 1] = "  " .. layout.plain(line)
      marks[#lines] = marks_of(lines[#lines])
    end
    lines[#lines + 1] = ""
  end
  if #list == 0 then lines[1] = "No messages" end
  return lines, marks
end

return rows
