--- Standard output whose failures are noticed, and colours where somebody looks.

local codec = require "b24.codec"

local out = {}

local EPIPE = 32 -- on every system that has one

local function check(ok, message, errno)
  if ok then return end
  -- the reader has seen enough: `b24 list … | head -1`
  if errno == EPIPE then error({ ended = true }, 0) end
  error({ output = message }, 0)
end

---@param ... string
function out.write(...)
  check(io.stdout:write(...))
end

---@param line string
function out.line(line)
  check(io.stdout:write(line, "\n"))
end

--- Everything written has arrived; otherwise the command fails.
function out.flush()
  check(io.stdout:flush())
end

local function set(name)
  local value = os.getenv(name)
  return value and value ~= ""
end

--- Does somebody look at standard output?
---@return boolean
function out.terminal()
  return codec.system.terminal(1)
end

out.color = "auto" -- of --color: "auto", "always" or "never"

---@return boolean
function out.coloured()
  if out.color ~= "auto" then return out.color == "always" end
  return out.terminal() and not set "NO_COLOR" and os.getenv "TERM" ~= "dumb"
end

local STYLES = { bold = 1, dim = 2, red = 31, yellow = 33 }

--- In a style, where styles are shown.
---@param style "bold"|"dim"|"red"|"yellow"
---@param s string
---@return string
function out.style(style, s)
  if s == "" or not out.coloured() then return s end
  return ("\27[%dm%s\27[0m"):format(STYLES[style], s)
end

---@param s string
---@return string
function out.bold(s)
  return out.style("bold", s)
end

--- How many columns a line may take: those of the terminal; any number where there is none.
---@return number
function out.width()
  local columns = codec.system.window(1)
  return columns or out.terminal() and tonumber(os.getenv "COLUMNS") or math.huge
end

-- The user's pager, or less, which ends at once when all fits (-F) and shows colours (-R).
local function pager()
  local named = os.getenv "B24_PAGER" or os.getenv "PAGER" or "less"
  local program = named:match "^%s*(%S+)"
  if not program or program == "cat" or os.getenv "TERM" == "dumb" then return nil end
  local found = os.execute("command -v " .. program .. " >/dev/null 2>&1")
  if found == true or found == 0 then return "LESS=${LESS-FRX} " .. named end
end

-- Is there more than a screen?
local function too_long(lines)
  local _, height = codec.system.window(1)
  return height and #lines >= height
end

--- Lines, on a terminal in the user's pager when they are more than a screen.
---@param lines string[]
function out.page(lines)
  local command = too_long(lines) and pager()
  local pipe = command and io.popen(command, "w")
  if not pipe then
    for _, line in ipairs(lines) do out.line(line) end
    return
  end
  pipe:write(table.concat(lines, "\n"), "\n") -- who leaves it early has seen enough
  pipe:close()
end

return out
