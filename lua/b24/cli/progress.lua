--- How far a long command has come, on standard error: a line that is redrawn while nobody sees the
--- rows themselves, and one at the end. Only on a terminal.

local codec = require "b24.codec"
local out = require "b24.cli.out"
local text = require "b24.cli.text"

local OFTEN = 0.1 -- seconds between two drawings

---@class b24.cli.progress
---@field begun number
---@field shown boolean somebody may read it
---@field live boolean a line may be drawn again and again
---@field drawn number|false when that was last
local Progress = {}
Progress.__index = Progress

---@param quiet? boolean
---@return b24.cli.progress
local function new(quiet)
  local shown = not quiet and codec.system.terminal(2)
  local live = shown and not out.terminal() and os.getenv "TERM" ~= "dumb"
  return setmetatable({ begun = codec.clock(), shown = shown, live = live, drawn = false },
    Progress)
end

--- So many rows are printed, and there are more.
---@param count integer
---@param total? integer of the whole list, where the portal tells it
function Progress:tell(count, total)
  local now = codec.clock()
  if not self.live or self.drawn and now - self.drawn < OFTEN then return end
  self.drawn = now
  local of = total and total >= count and (" of %d"):format(total) or ""
  local rate = count / math.max(now - self.begun, 0.001)
  io.stderr:write(("\r%d%s rows, %.0f a second\27[K"):format(count, of, rate))
end

--- Takes the drawn line away.
function Progress:clear()
  if self.drawn then io.stderr:write "\r\27[K" end
  self.drawn = false
end

--- The last line.
---@param count integer
---@param words string
function Progress:finish(count, words)
  self:clear()
  if not self.shown then return end
  io.stderr:write(("%s in %s: %s\n"):format(text.count(count, "row"),
    text.duration(codec.clock() - self.begun), words))
end

return { new = new }
