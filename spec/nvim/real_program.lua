-- The installed command b24 as the engine, over the mock portal.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
local tools = dofile(here .. "tools.lua")
local r = tools.report

tools.session(function()
  local b24 = require "b24.nvim"
  vim.cmd "B24 start"
  tools.wait(function() return vim.g.b24_badge == "8" end)
  r.engine = b24.status().engine
  tools.control("message", { dialog_id = "5", count = 2 })
  vim.cmd "B24 refresh"
  tools.wait(function() return vim.g.b24_badge == "10" end)
  tools.control("reply", { method = "im.counters.get", status = 502, body = "<html>", times = 9 })
  vim.cmd "B24 refresh"
  tools.wait(function() return vim.g.b24_badge == "?" end)
  r.err = b24.status().err
  vim.cmd "B24 stop"
end)
