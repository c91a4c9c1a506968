-- The program b24 as the engine: what it is told, what it tells, and its end.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
local tools = dofile(here .. "tools.lua")
local r = tools.report

tools.session(function()
  local b24 = require "b24.nvim"
  local bin = vim.fn.exepath "b24":match "^(.*)/"
  local function touch(name) vim.fn.writefile({}, bin .. "/" .. name) end
  local notes = {}
  vim.notify = function(text) notes[#notes + 1] = text end

  b24.setup { every = 90 }
  vim.cmd "B24 start"
  tools.wait(function() return vim.g.b24_badge == "3" end)
  r.status = { engine = b24.status().engine, badge = vim.g.b24_badge }
  r.arguments = vim.fn.readfile(bin .. "/arguments")[1]
  r.secret = vim.fn.readfile(bin .. "/secret")[1]:match "/1/(.-)/"
  touch "on"
  tools.wait(function() return vim.g.b24_badge == "?" end)
  r.away = { badge = "?", err = b24.status().err, hint = b24.status().hint }
  touch "further"
  tools.wait(function() return vim.g.b24_badge == "4" end)
  r.back = vim.g.b24_badge

  vim.cmd "B24"
  r.inbox = notes[1]
  vim.cmd "checkhealth b24"
  r.health = tools.text()

  tools.wait(function() return vim.fn.filereadable(bin .. "/pid") == 1 end)
  local pid = tonumber(vim.fn.readfile(bin .. "/pid")[1])
  vim.cmd "B24 stop"
  tools.wait(function() return vim.loop.kill(pid, 0) ~= 0 end)
  r.gone = true
  touch "fail"
  vim.cmd "B24 start"
  tools.wait(function() return vim.g.b24_badge == "?" end)
  r.ended = { badge = vim.g.b24_badge, err = b24.status().err }
  vim.cmd "B24 stop"
end)
