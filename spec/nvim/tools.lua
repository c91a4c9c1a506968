-- What the scripts of spec/nvim share; loaded with dofile inside Neovim.

local tools = { report = {} }

--- Waits, with Neovim's loop turning, until the condition holds; one that never does ends the
--- session.
function tools.wait(condition)
  if not vim.wait(60000, condition, 10) then
    error("this never happened; the screen shows: " .. tools.text(), 2)
  end
end

--- A control of the mock portal.
function tools.control(op, args)
  local answer = vim.fn.system { "curl", "-sS", "-X", "POST", "-H",
    "content-type: application/json", "-d",
    next(args or {}) and vim.json.encode(args) or "{}", vim.env.PORTAL .. "/__portal/" .. op }
  if answer:find '^{"error"' then error("portal: " .. answer, 2) end
  return answer
end

--- Presses keys as a person would, and lets them act.
function tools.press(keys)
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(keys, true, false, true), "mx", false)
end

function tools.lines(buffer) return vim.api.nvim_buf_get_lines(buffer or 0, 0, -1, false) end

function tools.text(buffer) return table.concat(tools.lines(buffer), "\n") end

--- Waits until the current buffer shows a text.
function tools.shows(text)
  return tools.wait(function() return tools.text():find(text, 1, true) ~= nil end)
end

--- Writes the report and leaves.
function tools.leave()
  local file = assert(io.open(vim.env.REPORT, "w"))
  file:write(vim.json.encode(tools.report))
  file:close()
  vim.cmd "qa!"
end

--- Runs the body; what it throws is reported too.
function tools.session(body)
  local good, err = xpcall(body, debug.traceback)
  if not good then tools.report.failure = err end
  tools.leave()
end

return tools
