--- :B24 and its words.

local options = require "b24.nvim.options"

local command = {}

local function complain(err, hint)
  vim.notify(hint and err .. "\n" .. hint or err, vim.log.levels.ERROR)
end

local function report(running, err, hint)
  if not running then complain(err, hint) end
end

-- In one line, for which nobody has to press Enter; :checkhealth b24 has the whole story.
local function status_line()
  local status = require("b24.nvim.state").status()
  local layout = require "b24.nvim.layout"
  local totals = status.totals
  local count = totals and type(totals.messages) == "number" and totals.messages
  local text = "b24: not known yet"
  if status.err then
    text = status.err .. " (:checkhealth b24)"
  elseif count then
    text = ("b24: %d unread%s"):format(count, status.stale and " (when last seen)" or "")
  end
  if not status.engine then
    text = text .. "; not polling (:B24 start)"
  elseif not status.err then
    local every = require("b24.nvim.options").get "every"
    text = ("%s; %s"):format(text, status.live and status.live.live and "live"
      or ("asked every %d s"):format(every))
  end
  return layout.fit(layout.plain(text), vim.v.echospace)
end

local WORDS = {
  inbox = function() require("b24.nvim.inbox").open_when_allowed() end,
  pick = function() require("b24.nvim.pick").open() end,
  start = function() report(require("b24.nvim.poll").start()) end,
  stop = function() require("b24.nvim.poll").stop() end,
  refresh = function() report(require("b24.nvim.poll").refresh()) end,
  status = function() vim.notify(status_line(), vim.log.levels.INFO) end,
}

--- `:B24 [word]`; without a word: the inbox.
---@param args string
function command.run(args)
  local word = vim.trim(args)
  local act = WORDS[word == "" and "inbox" or word]
  if not act then
    return complain(("b24: :B24 has no command '%s'; there are: %s"):format(word,
      table.concat(command.complete "", ", ")))
  end
  act()
end

---@param lead string
---@return string[]
function command.complete(lead)
  local list = {}
  for word in pairs(WORDS) do
    if vim.startswith(word, lead) then list[#list + 1] = word end
  end
  table.sort(list)
  return list
end

--- At the start of the editor: in silence, also where there is no credential yet.
function command.auto()
  if options.get "auto" then require("b24.nvim.poll").start() end
end

return command
