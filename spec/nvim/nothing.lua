-- Neither the module nor the program.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
local tools = dofile(here .. "tools.lua")
local r = tools.report

tools.session(function()
  local b24 = require "b24.nvim"
  b24.setup { program = "no-such-b24" }
  vim.notify = function(text) r.said = text end
  vim.cmd "B24 start"
  r.badge = vim.g.b24_badge
  vim.cmd "checkhealth b24"
  r.health = tools.text()
end)
