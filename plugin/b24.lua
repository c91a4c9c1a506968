-- Defines :B24, and has the polling begin once the editor is on the screen. Nothing else is loaded
-- before that.
if vim.g.loaded_b24 then return end
vim.g.loaded_b24 = true

vim.api.nvim_create_user_command("B24", function(call)
  require("b24.nvim.command").run(call.args)
end, {
  nargs = "?",
  desc = "Bitrix24: who is waiting",
  complete = function(lead) return require("b24.nvim.command").complete(lead) end,
})

-- Without a screen (scripts, tests, git hooks) nobody would see a badge: there only `:B24 start`
-- begins.
local function begin()
  vim.schedule(function()
    if #vim.api.nvim_list_uis() > 0 then require("b24.nvim.command").auto() end
  end)
end

local group = vim.api.nvim_create_augroup("b24", {})
vim.api.nvim_create_autocmd("VimLeavePre", {
  group = group,
  callback = function()
    if package.loaded["b24.nvim.poll"] then require("b24.nvim.poll").stop() end
  end,
})
if vim.v.vim_did_enter == 1 then
  begin() -- a plugin manager loads plugins late
else
  vim.api.nvim_create_autocmd("UIEnter", { group = group, once = true, callback = begin })
end
