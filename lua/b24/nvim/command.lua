--- :B24 and its words.

local options = require "b24.nvim.options"

local command = {}

local function complain(err, hint)
  vim.notify(hint and err .. "\n" .. hint or err, vim.log.levels.ERROR)
end

local function report(running, err, hint)
  if not running then complain(err, hint) end
end

local function status_line()
  local status = require("b24.nvim.state").status()
  if status.err then return status.hint and status.err .. "\n" .. status.hint or status.err end
  local totals = status.totals
  local count = totals and type(totals.messages) == "number" and totals.messages
  local text = "b24: not known yet"
  if count then
    text = ("b24: %d unread%s"):format(count, status.stale and " (when last seen)" or "")
  end
  return status.engine and text or text .. "; not polling (:B24 start)"
end

local WORDS = {
  inbox = function() require("b24.nvim.inbox").open() end,
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
