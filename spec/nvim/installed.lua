-- In a folder that `make nvim` has filled.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
local tools = dofile(here .. "tools.lua")
local r = tools.report

tools.session(function()
  r.engine = require("b24.nvim.poll").choice()
  local folder = vim.api.nvim_get_runtime_file("plugin/b24.lua", false)[1]:gsub("plugin/b24.lua$",
    "")
  r.from_folder = #vim.api.nvim_get_runtime_file("lua/b24/core.so", false) == 1
  vim.cmd("helptags " .. folder .. "doc")
  vim.cmd "help b24"
  r.help = vim.fn.expand "%:t"
  r.tags = true
  for _, tag in ipairs { "b24-setup", "b24-badge", "b24-inbox", ":B24", "B24Changed",
      "b24-install" } do
    r.tags = r.tags and pcall(vim.cmd, "help " .. tag)
  end
end)
