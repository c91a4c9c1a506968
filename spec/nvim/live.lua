-- setup{ live = true }: a change without any poll, nobody at the keys, and somebody again.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
local tools = dofile(here .. "tools.lua")
local r = tools.report

tools.session(function()
  local b24, presence = require "b24.nvim", require "b24.nvim.presence"
  presence.limit = 1500
  r.wrong = select(2, pcall(b24.setup, { live = 1 }))
  b24.setup { every = 3600, live = true, engine = vim.env.ENGINE, program = vim.env.PROGRAM }
  local function polls()
    return vim.json.decode(tools.control("push", {})).polls
  end
  vim.cmd "B24 start"
  tools.wait(function()
    tools.press "l" -- somebody is there
    return (b24.status().live or {}).live
  end)
  r.live = b24.status().live
  tools.control("message", { dialog_id = "5", count = 2 })
  tools.wait(function()
    tools.press "l"
    return vim.g.b24_badge == "10"
  end)
  tools.wait(function() return (b24.status().live or {}).why == "AWAY" and polls() == 0 end)
  tools.control("message", { dialog_id = "5" })
  vim.wait(700)
  r.while_away = vim.g.b24_badge
  tools.press "l"
  tools.wait(function() return vim.g.b24_badge == "11" end)
  tools.wait(function()
    tools.press "l"
    return (b24.status().live or {}).live
  end)
  presence.limit = 1e9
  vim.cmd "doautocmd FocusLost"
  presence.limit = 300
  local lost = vim.loop.now()
  vim.wait(400)
  r.focus = vim.loop.now() - lost >= 300
  tools.wait(function() return (b24.status().live or {}).why == "AWAY" end)
  vim.cmd "doautocmd FocusGained"
  presence.limit = 1e9
  tools.wait(function() return polls() == 1 and (b24.status().live or {}).live end)
  vim.cmd "checkhealth b24"
  r.health = tools.text()
  vim.cmd "B24 stop"
  r.after = { live = b24.status().live, running = require("b24.wait.engine").busy(),
    groups = #vim.fn.getcompletion("b24_presence", "augroup") }
end)
