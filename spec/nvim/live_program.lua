-- setup{ live = true } with the installed command b24 as the engine.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
local tools = dofile(here .. "tools.lua")
local r = tools.report

tools.session(function()
  local b24, presence = require "b24.nvim", require "b24.nvim.presence"
  local function polls() return vim.json.decode(tools.control("push", {})).polls end
  presence.limit = 1e9
  b24.setup { every = 3600, live = true }
  vim.cmd "B24 start"
  tools.wait(function() return (b24.status().live or {}).live and vim.g.b24_badge == "8" end)
  tools.control("message", { dialog_id = "5", count = 2 })
  tools.wait(function() return vim.g.b24_badge == "10" end)
  presence.limit = 300
  vim.cmd "B24 refresh" -- who looks begins anew, with the new limit
  tools.wait(function() return (b24.status().live or {}).why == "AWAY" and polls() == 0 end)
  r.engine, r.err = b24.status().engine, b24.status().err
  presence.limit = 1e9
  tools.press "l"
  tools.wait(function() return (b24.status().live or {}).live and polls() == 1 end)
  vim.cmd "B24 stop"
  tools.wait(function() return polls() == 0 end)
end)
