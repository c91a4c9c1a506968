-- Leaves while the badge, the inbox and a call of the user's own are under way.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
local tools = dofile(here .. "tools.lua")
local r = tools.report

tools.session(function()
  vim.cmd "B24 start"
  vim.cmd "B24"
  require("b24").client():call("profile", nil, function() end)
  vim.wait(300)
  r.under_way = require("b24.wait.engine").busy()
end)
