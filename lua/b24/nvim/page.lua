--- A scratch buffer that people only read.

local page = {}

local space = vim.api.nvim_create_namespace "b24"

local open = 0 -- buffers
local kept -- the user's 'sessionoptions', while there are any

-- A session file would bring back our windows empty, and floating ones with errors. Without "blank"
-- it has only windows of files; the user's choice is back when ours are closed.
local function keep_out_of_sessions(buffer)
  if open == 0 then
    kept = vim.o.sessionoptions
    vim.opt.sessionoptions:remove "blank"
  end
  open = open + 1
  vim.api.nvim_create_autocmd("BufWipeout", { buffer = buffer, once = true, callback = function()
    open = open - 1
    if open == 0 then vim.o.sessionoptions = kept end
  end })
end

---@param filetype string
---@return integer buffer
function page.new(filetype)
  local buffer = vim.api.nvim_create_buf(false, true)
  for name, value in pairs { buftype = "nofile", bufhidden = "wipe", swapfile = false,
      modifiable = false, filetype = filetype } do
    vim.bo[buffer][name] = value
  end
  keep_out_of_sessions(buffer)
  return buffer
end

--- Shows lines with their colours; nothing if the buffer is gone.
---@param buffer integer
---@param lines string[]
---@param marks table<integer, table[]> line -> list of
--- { group, first byte, last byte; -1: to the end }
function page.show(buffer, lines, marks)
  if not vim.api.nvim_buf_is_valid(buffer) then return end
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modifiable = false
  vim.api.nvim_buf_clear_namespace(buffer, space, 0, -1)
  for number, parts in pairs(marks) do
    for _, part in ipairs(parts) do
      local last = part[3] < 0 and #lines[number] or math.min(part[3], #lines[number])
      if part[2] < last then
        vim.api.nvim_buf_set_extmark(buffer, space, number - 1, part[2],
          { end_col = last, hl_group = part[1] })
      end
    end
  end
end

--- Keys of that buffer alone.
---@param buffer integer
---@param keys table<string, {[1]: function, [2]: string}> key -> what it does, in words
function page.keys(buffer, keys)
  for key, act in pairs(keys) do
    vim.keymap.set("n", key, act[1], { buffer = buffer, nowait = true, silent = true,
      desc = "b24: " .. act[2] })
  end
end

return page
