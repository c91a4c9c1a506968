-- What people do all day: help and back, feedback, longer answers, mappings, sessions.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
local tools = dofile(here .. "tools.lua")
local r = tools.report

local function opened()
  tools.wait(function() return vim.bo.filetype == "b24inbox" end)
  tools.shows "unread in"
end

local function go_to(name)
  for number, line in ipairs(tools.lines()) do
    if line:find(name, 1, true) then return vim.api.nvim_win_set_cursor(0, { number, 0 }) end
  end
  error("not shown: " .. name .. "\n" .. tools.text())
end

local echoed, cleared = {}, 0
local function listen()
  local echo, cmd = vim.api.nvim_echo, vim.cmd
  vim.api.nvim_echo = function(chunks, ...)
    echoed[#echoed + 1] = chunks[1][1]
    return echo(chunks, ...)
  end
  vim.cmd = setmetatable({}, { __index = cmd, __call = function(_, words)
    if words == "echo ''" then cleared = cleared + 1 end
    return cmd(words)
  end })
end

local function badge_and_title()
  require("b24.nvim").start()
  tools.wait(function() return (vim.g.b24_badge or "") ~= "" end)
  vim.cmd "B24"
  opened()
  r.badge, r.title, r.last = vim.g.b24_badge, tools.lines()[1], tools.lines()[#tools.lines()]
end

local function help_and_back()
  tools.press "?"
  r.help = tools.text():find("this help", 1, true) ~= nil
  tools.press "q"
  r.back = vim.bo.filetype == "b24inbox" and tools.text():find("unread in", 1, true) ~= nil
end

local function feedback()
  go_to "Project 24"
  tools.press "r"
  tools.wait(function() return #echoed > 0 end)
  r.told = echoed[1]
  tools.wait(function() return cleared > 0 end)
end

local function longer_answer()
  opened()
  go_to "Project 18"
  tools.press "A"
  tools.wait(function() return vim.bo.filetype == "b24answer" end)
  r.compose = { windows = #vim.api.nvim_list_wins(), line = vim.wo.statusline }
  vim.cmd "stopinsert"
  vim.api.nvim_buf_set_lines(0, 0, -1, false, { "one", "two" })
  tools.press "q"
  r.left = vim.bo.filetype ~= "b24answer"
  vim.cmd "B24"
  opened()
  go_to "Project 18"
  tools.press "a" -- of several lines: the window again
  tools.wait(function() return vim.bo.filetype == "b24answer" end)
  r.draft = tools.text()
  vim.cmd "stopinsert"
  vim.api.nvim_buf_set_lines(0, -1, -1, false, { "three" })
  tools.press "<C-s>"
  tools.wait(function() return echoed[2] end)
  r.told_sent = echoed[2]
  opened()
  go_to "Project 18"
  tools.press "<CR>"
  tools.wait(function() return vim.bo.filetype == "b24dialog" end)
  tools.shows "  one\n  two\n  three"
  tools.press "q"
end

local function mapping()
  vim.v.errmsg = ""
  vim.keymap.set("n", "<F5>", function()
    require("b24.nvim").inbox()
    return ""
  end, { expr = true })
  vim.keymap.set("n", "<F6>", function()
    require("b24.nvim").pick()
    return ""
  end, { expr = true })
  tools.press "<F5>"
  opened()
  tools.press "q"
  local asked
  vim.ui.select = function(items) asked = #items end
  tools.press "<F6>"
  tools.wait(function() return asked end)
  r.mapping = { error = vim.v.errmsg, asked = asked > 0 }
end

local function session()
  local file = vim.env.REPORT .. ".vim"
  vim.cmd "B24"
  opened()
  go_to "Project 18"
  tools.press "<CR>"
  tools.wait(function() return vim.bo.filetype == "b24dialog" end)
  tools.shows "unread"
  vim.cmd "B24"
  opened()
  vim.cmd("mksession! " .. file)
  r.session_windows = #vim.api.nvim_list_wins()
  local options = vim.o.sessionoptions
  tools.press "q" -- the inbox
  vim.cmd "wincmd b"
  tools.press "q" -- the dialog
  r.options = { open = options, after = vim.o.sessionoptions }
  vim.v.errmsg = ""
  local ok, problem = pcall(vim.cmd, "source " .. file)
  r.session = { ok = ok, problem = tostring(problem), error = vim.v.errmsg,
    windows = #vim.api.nvim_list_wins(), filetypes = {},
    names = table.concat(vim.fn.readfile(file), "\n"):find "b24%l" ~= nil }
  for i, window in ipairs(vim.api.nvim_list_wins()) do
    r.session.filetypes[i] = vim.bo[vim.api.nvim_win_get_buf(window)].filetype
  end
  r.session.file = table.concat(vim.fn.readfile(file), "\n")
end

local function status()
  local notes = {}
  vim.notify = function(text) notes[#notes + 1] = text end
  vim.cmd "B24 status"
  tools.control("reply", { method = "im.counters.get", status = 502, body = "<html>", times = -1 })
  require("b24.nvim").refresh()
  tools.wait(function() return require("b24.nvim").status().err end)
  vim.cmd "B24 status"
  vim.cmd "checkhealth b24"
  r.status, r.health = notes, tools.text()
end

tools.session(function()
  listen()
  badge_and_title()
  help_and_back()
  feedback()
  longer_answer()
  mapping()
  session()
  status()
end)
