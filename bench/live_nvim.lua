-- Runs inside Neovim (bench/live.lua nvim): from a message at the portal to the badge, median and
-- longest, in ms.
local n, samples, sent = tonumber(vim.env.ROUNDS), {}, nil
local uv = vim.uv or vim.loop

require("b24.nvim").setup { live = true }
vim.api.nvim_create_autocmd("User", { pattern = "B24Changed", callback = function()
  if sent then samples[#samples + 1] = (uv.hrtime() - sent) / 1e6 end
  sent = nil
end })
vim.cmd "B24 start"
assert(vim.wait(20000, function() return vim.g.b24_badge ~= "" end, 10), "no first answer")
for round = 1, n do
  vim.wait(2200 + math.random(1000))
  sent = uv.hrtime()
  vim.fn.jobstart { "curl", "-s", "-d", '{"dialog_id":"5"}', vim.env.PORTAL .. "/__portal/message" }
  assert(vim.wait(20000, function() return #samples == round end, 1), "no change")
end
table.sort(samples)
io.stdout:write(("%.0f %.0f\n"):format(samples[math.floor((n + 1) / 2)], samples[n]))
vim.cmd "qa!"
