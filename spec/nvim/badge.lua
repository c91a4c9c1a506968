-- The badge: before the start, at the first answer, at a change, in an outage, and after the stop.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
local tools = dofile(here .. "tools.lua")
local r = tools.report

tools.session(function()
  r.start_ms = math.huge
  for _ = 1, 5 do -- the machine may be busy with something else
    local began = vim.loop.hrtime()
    vim.g.loaded_b24 = nil
    vim.cmd("source " .. here .. "../../plugin/b24.lua")
    r.start_ms = math.min(r.start_ms, (vim.loop.hrtime() - began) / 1e6)
  end

  r.loaded_early = package.loaded["b24.nvim"] ~= nil or package.loaded["b24"] ~= nil
  r.badge_early = vim.g.b24_badge or "none"
  local b24 = require "b24.nvim"
  b24.setup { every = 10, notify = true }
  r.core_after_setup = package.loaded["b24.core"] ~= nil
  r.wrong = { select(2, pcall(b24.setup, { evry = 10 })),
    select(2, pcall(b24.setup, { every = 1 })) }
  b24.setup { every = 10, notify = true }

  local notes, events, datas = {}, 0, {}
  vim.notify = function(text) notes[#notes + 1] = text end
  vim.api.nvim_create_autocmd("User", { pattern = "B24Changed", callback = function(event)
    events = events + 1
    datas[events] = event.data or require("b24.nvim").status()
  end })
  vim.cmd "B24 start"
  r.recalled = vim.g.b24_badge
  tools.wait(function() return vim.g.b24_badge == "8" and not b24.status().stale end)
  r.first = { badge = vim.g.b24_badge, events = events, notes = #notes, status = b24.status() }
  vim.cmd "B24 refresh"
  vim.wait(200)
  r.unchanged = events

  tools.control("message", { dialog_id = "5", count = 2 })
  vim.cmd "B24 refresh"
  tools.wait(function() return vim.g.b24_badge == "10" end)
  r.again = { badge = vim.g.b24_badge, events = events, notes = vim.deepcopy(notes),
    data = datas[events] }

  package.loaded["lualine.component"] = { extend = function() return {} end }
  r.lualine = require("lualine.components.b24"):update_status()

  tools.control("reply", { method = "im.counters.get", status = 403, times = 2,
    body = '{"error":"insufficient_scope","error_description":"x"}' })
  vim.cmd "B24 refresh"
  tools.wait(function() return vim.g.b24_badge == "?" end)
  vim.cmd "B24 refresh" -- the same outage
  vim.wait(300)
  r.away = { badge = vim.g.b24_badge, events = events, notes = #notes, status = b24.status() }
  tools.control "clear_faults"
  vim.cmd "B24 refresh"
  tools.wait(function() return vim.g.b24_badge == "10" end)
  r.back = { badge = vim.g.b24_badge, err = b24.status().err }

  vim.api.nvim_create_autocmd("User", { pattern = "B24Changed", once = true, callback = function()
    error "mine"
  end })
  tools.control("message", { dialog_id = "5", count = 1 })
  vim.cmd "B24 refresh"
  tools.wait(function() return vim.g.b24_badge == "11" end)
  r.outlived = b24.status().engine

  local folder = vim.fn.stdpath(vim.fn.has "nvim-0.8" == 1 and "state" or "cache") .. "/b24"
  r.saved = vim.fn.readfile(folder .. "/badge")[1]
  r.saved_mode = vim.fn.getfperm(folder .. "/badge")
  r.saved_files = #vim.fn.readdir(folder)

  vim.cmd "B24 stop"
  r.stopped = { badge = vim.g.b24_badge, running = require("b24.wait.engine").busy(),
    engine = b24.status().engine }
  vim.cmd "B24 nonsense"
  r.nonsense = notes[#notes]
  r.words = vim.fn.getcompletion("B24 s", "cmdline")
end)
