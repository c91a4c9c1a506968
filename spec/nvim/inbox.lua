-- The inbox, key by key.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
local tools = dofile(here .. "tools.lua")
local r = tools.report

local function dialog_line(name)
  for number, line in ipairs(tools.lines()) do
    if line:find(name, 1, true) then return number, line end
  end
  error("the inbox does not show " .. name .. ":\n" .. tools.text())
end

local function go_to(name)
  local number = dialog_line(name)
  vim.api.nvim_win_set_cursor(0, { number, 0 })
end

local function widest()
  local most = 0
  for _, line in ipairs(tools.lines()) do most = math.max(most, vim.fn.strdisplaywidth(line)) end
  return most
end

local function window_of_inbox()
  vim.cmd "B24"
  tools.wait(function() return vim.bo.filetype == "b24inbox" end)
  tools.shows "unread in"
end

local function looks()
  window_of_inbox()
  r.window = { floating = vim.api.nvim_win_get_config(0).relative, modifiable = vim.bo.modifiable,
    cursor = vim.api.nvim_win_get_cursor(0)[1], fits = widest() <= vim.api.nvim_win_get_width(0),
    cursorline = vim.wo.cursorline }
  r.wide = tools.text()
  vim.o.columns = 34
  vim.cmd "doautocmd VimResized"
  r.narrow = { fits = widest() <= vim.api.nvim_win_get_width(0),
    width = vim.api.nvim_win_get_width(0), text = tools.text() }
  vim.o.columns = 80
  vim.cmd "doautocmd VimResized"
  tools.press "?"
  r.help = tools.text()
  tools.press "a" -- nobody is under the cursor there
  tools.press "?"
  tools.shows "unread in"
end

local function reads()
  go_to "日本"
  tools.press "<CR>"
  tools.wait(function() return vim.bo.filetype == "b24dialog" end)
  tools.shows "second line"
  r.dialog = { text = tools.text(), modifiable = vim.bo.modifiable,
    windows = #vim.api.nvim_list_wins(),
    marked = tools.control("log", { since = 0 }):find("im.dialog.read", 1, true) ~= nil }
  tools.press "q"
  r.closed = { windows = #vim.api.nvim_list_wins(), filetype = vim.bo.filetype }
end

local function answers()
  window_of_inbox()
  local asked, typed
  vim.ui.input = function(opts, done)
    asked = opts
    done(typed)
  end
  go_to "日本"
  typed = nil
  tools.press "a" -- and changes one's mind
  typed = "On my way!"
  tools.control("reply", { method = "im.message.add", status = 400, times = 1,
    body = '{"error":"ACCESS_ERROR","error_description":"not today"}' })
  local notes = {}
  vim.notify = function(text) notes[#notes + 1] = text end
  tools.press "a"
  tools.wait(function() return notes[1] end)
  r.failed = notes[1]
  tools.control "clear_faults"
  tools.press "a"
  r.draft, r.prompt = asked.default, asked.prompt
  vim.wait(300)
  tools.press "<CR>"
  tools.shows "On my way!"
  r.sent = tools.text()
  tools.press "q"
end

-- The first part of a long text arrives, the second does not.
local function answers_in_parts()
  tools.control("message", { dialog_id = "chat18", count = 1 })
  window_of_inbox()
  go_to "日本"
  local typed, asked, note = ("x"):rep(10000) .. "\n" .. ("y"):rep(10000), nil, nil
  vim.ui.input = function(opts, done)
    asked = opts
    done(typed)
  end
  vim.notify = function(text) note = text end
  local codec = require "b24.codec"
  local real, calls = codec.call, 0
  codec.call = function(...)
    calls = calls + 1
    if calls == 2 then
      tools.control("reply", { method = "im.message.add", status = 400, times = 1,
        body = '{"error":"ACCESS_ERROR","error_description":"no more"}' })
    end
    return real(...)
  end
  tools.press "a"
  tools.wait(function() return note end)
  codec.call = real
  tools.control "clear_faults"
  typed = nil
  tools.press "a"
  r.partly, r.left_over = note, asked.default
  tools.press "q"
end

local function clears()
  -- the answer has marked the dialog as read
  tools.control("message", { dialog_id = "chat18", count = 1 })
  window_of_inbox()
  go_to "日本"
  tools.press "r"
  tools.wait(function() return not tools.text():find("日本", 1, true) end)
  r.after_read = tools.text()
  local url
  require("b24.nvim").setup { open = function(address) url = address end }
  vim.api.nvim_win_set_cursor(0, { 2, 0 })
  tools.press "o"
  r.url = url
  tools.control("message", { dialog_id = "5", count = 1, text = "a new one" })
  tools.press "R"
  tools.shows "a new one"
  tools.press "q"
  r.left = vim.bo.filetype
end

local function picks()
  local items, opts
  vim.ui.select = function(list, about, done)
    items, opts = list, about
    done(list[1])
  end
  vim.cmd "B24 pick"
  tools.wait(function() return vim.bo.filetype == "b24dialog" end)
  r.pick = { count = #items, line = opts.format_item(items[1]), kind = opts.kind }
  vim.cmd "bwipeout!"
end

-- Opened and closed in every way there is: nothing stays behind.
local function leaves_nothing()
  local function left()
    return { autocommands = #vim.api.nvim_get_autocmds {}, windows = #vim.api.nvim_list_wins(),
      buffers = #vim.api.nvim_list_bufs() }
  end
  -- of Neovim 0.10 itself, which leaves one for each window until somebody types
  vim.cmd "NoMatchParen"
  local before = left()
  for _, close in ipairs { "q", ":quit<CR>", ":bwipeout<CR>", ":only<CR>", "<C-w>c", "q" } do
    window_of_inbox()
    r.while_open = left()
    tools.press(close)
    if vim.bo.filetype == "b24inbox" then vim.cmd "bwipeout!" end
  end
  r.before, r.after = before, left()
end

tools.session(function()
  tools.control("message", { dialog_id = "chat18", count = 1, text = "first line\nsecond line" })
  tools.control("dialog", { dialog_id = "chat18", title = "日本 Support " .. ("語"):rep(30) })
  looks()
  reads()
  answers()
  answers_in_parts()
  clears()
  picks()
  leaves_nothing()
end)
