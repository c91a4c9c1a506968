--- The messages of one dialog in a buffer. Looking marks nothing as read.

local acts = require "b24.nvim.acts"
local page = require "b24.nvim.page"
local rows = require "b24.nvim.rows"

local dialog = {}

local LIMIT = 50 -- messages, in one request
local FALLBACK_WIDTH = 80 -- cells, when the window is gone

local function window_width(buffer)
  local window = vim.fn.bufwinid(buffer)
  return window > 0 and vim.api.nvim_win_get_width(window) or FALLBACK_WIDTH
end

-- The newest message is the last line.
local function to_the_end(buffer)
  local window = vim.fn.bufwinid(buffer)
  if window > 0 then
    vim.api.nvim_win_set_cursor(window, { vim.api.nvim_buf_line_count(buffer), 0 })
  end
end

local function load(client, buffer, entry)
  client:messages(entry.dialog_id, { limit = LIMIT }, function(list, err, info)
    if not vim.api.nvim_buf_is_valid(buffer) then return end
    if not list then
      return page.show(buffer, rows.text("ErrorMsg", window_width(buffer), err, info.hint))
    end
    page.show(buffer, rows.messages(list))
    to_the_end(buffer)
  end)
end

local function keys(client, buffer, entry)
  local function again() load(client, buffer, entry) end
  page.keys(buffer, {
    a = { function() acts.answer(entry, again) end, "answer" },
    A = { function() acts.write(entry, again) end, "answer in several lines" },
    r = { function() acts.mark_read(entry, again) end, "mark as read" },
    o = { function() acts.browse(entry) end, "open in the browser" },
    R = { again, "refresh" },
    q = { function() vim.api.nvim_buf_delete(buffer, { force = true }) end, "close" },
  })
end

---@param entry b24.waiting
function dialog.open(entry)
  local client = acts.client()
  if not client then return end
  vim.cmd "botright new"
  local buffer = page.new "b24dialog"
  vim.api.nvim_win_set_buf(0, buffer)
  for name, value in pairs { number = false, relativenumber = false, wrap = true,
      linebreak = true } do
    vim.wo[name] = value
  end
  vim.wo.statusline = " " .. rows.name(entry):gsub("%%", "%%%%")
    .. "  %=a answer  A in several lines  r mark read  q close "
  page.show(buffer, { "Asking the portal …" }, { { { "Comment", 0, -1 } } })
  keys(client, buffer, entry)
  load(client, buffer, entry)
end

return dialog
