-- :checkhealth b24 with a portal that answers, and with one that refuses.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
local tools = dofile(here .. "tools.lua")
local r = tools.report

tools.session(function()
  vim.cmd "checkhealth b24"
  r.good = tools.text()
  tools.control("reply", { method = "im.counters.get", status = 403,
    body = '{"error":"insufficient_scope","error_description":"x"}' })
  vim.cmd "checkhealth b24"
  r.bad = tools.text()
  vim.notify = function(text) r.said = text end
  require("b24.nvim").setup { conf = { webhok = "x" } }
  require("b24.nvim.module").stop()
  vim.cmd "B24 start"
end)
