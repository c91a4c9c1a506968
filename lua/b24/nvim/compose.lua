--- A window to write an answer of several lines in. <C-s> sends, q (outside of insert mode) leaves;
--- what was written is kept for the next time.

local page = require "b24.nvim.page"
local rows = require "b24.nvim.rows"

local compose = {}

local HEIGHT = 6 -- lines, at the bottom of the screen

local function text_of(buffer)
  return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n")
end

---@param entry b24.waiting whom to answer
---@param draft? string
---@param done fun(text: string, send: boolean) the window is closed; send: it was <C-s>
function compose.open(entry, draft, done)
  vim.cmd(("botright %dnew"):format(HEIGHT))
  local buffer = page.new "b24answer"
  vim.bo[buffer].modifiable = true
  vim.api.nvim_win_set_buf(0, buffer)
  vim.wo.winfixheight = true
  vim.wo.wrap = true
  vim.wo.linebreak = true
  vim.wo.statusline = (" To %s  %%=<C-s> send  q leave (keeps the text) "):format(
    (rows.name(entry):gsub("%%", "%%%%")))
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, vim.split(draft or "", "\n", { plain = true }))
  local ended = false
  local function finish(send)
    if ended then return end
    ended = true
    local text = text_of(buffer)
    vim.cmd "stopinsert"
    if vim.api.nvim_buf_is_valid(buffer) then vim.api.nvim_buf_delete(buffer, { force = true }) end
    done(text, send)
  end
  local function send() finish(true) end
  page.keys(buffer, { ["<C-s>"] = { send, "send" },
    q = { function() finish(false) end, "leave, and keep the text" } })
  vim.keymap.set("i", "<C-s>", send, { buffer = buffer, silent = true, desc = "b24: send" })
  -- closed by other means: the text is kept, too
  vim.api.nvim_create_autocmd("BufWinLeave", { buffer = buffer, once = true, callback = function()
    if not ended then
      ended = true
      done(text_of(buffer), false)
    end
  end })
  vim.api.nvim_win_set_cursor(0, { vim.api.nvim_buf_line_count(buffer), 0 })
  vim.cmd "startinsert!"
end

return compose
