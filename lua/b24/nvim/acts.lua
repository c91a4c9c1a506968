--- What can be done with a dialog, from the inbox and from its messages.

local layout = require "b24.nvim.layout"
local module = require "b24.nvim.module"
local options = require "b24.nvim.options"
local poll = require "b24.nvim.poll"
local rows = require "b24.nvim.rows"

local acts = {}

-- With these nobody knows whether the portal has taken what was sent.
local UNCERTAIN = { network = true, timeout = true, http = true, decode = true, closed = true,
  too_large = true }
local PROMPT = 40 -- cells of a name

local drafts = {} -- dialog_id -> what could not be sent

local function complain(err, hint)
  err = layout.plain(err) -- the portal's words are in it
  vim.notify(hint and err .. "\n" .. hint or err, vim.log.levels.ERROR)
end

local FOR = 4000 -- ms that a feedback stays
local told = 0 -- how many there were

--- Says that something is done, in the command line, and takes it away again unless something else
--- has been said there meanwhile.
---@param text string
function acts.tell(text)
  told = told + 1
  local mine = told
  vim.api.nvim_echo({ { layout.fit("b24: " .. layout.plain(text), vim.v.echospace), "Comment" } },
    false, {})
  vim.defer_fn(function()
    if mine == told and vim.api.nvim_get_mode().mode == "n" then vim.cmd "echo ''" end
  end, FOR)
end

--- The client, or nil after a complaint.
---@return b24.client?
function acts.client()
  local client, err, hint = module.client()
  if not client then complain(err, hint) end
  return client
end

-- The badge follows at once, where somebody asks for it.
local function follow()
  if require("b24.nvim.state").status().engine then poll.refresh() end
end

local function send(client, entry, text, done)
  drafts[entry.dialog_id] = text -- until it has arrived: nobody likes to type twice
  client:send(entry.dialog_id, text, function(id, err, info)
    if not id then
      drafts[entry.dialog_id] = info.rest or text
      local uncertain = info.sent and UNCERTAIN[info.kind]
      return complain(err, uncertain and "It may have arrived; look before you send it again."
        or info.hint)
    end
    drafts[entry.dialog_id] = nil
    acts.tell("sent to " .. rows.name(entry))
    done()
  end)
end

--- Was a text of several lines for him left, or not taken?
---@param entry b24.waiting
---@return boolean
function acts.has_long_draft(entry)
  return (drafts[entry.dialog_id] or ""):find "\n" ~= nil
end

--- Asks for a text of several lines, in a window, and sends it.
---@param entry b24.waiting
---@param done fun()
function acts.write(entry, done)
  local client = acts.client()
  if not client then return end
  require("b24.nvim.compose").open(entry, drafts[entry.dialog_id], function(text, wanted)
    drafts[entry.dialog_id] = text:find "%S" and text or nil
    if wanted and text:find "%S" then send(client, entry, text, done) end
  end)
end

--- Asks for a text of one line and sends it. A text of several lines that was left waits in its
--- window.
---@param entry b24.waiting
---@param done fun()
function acts.answer(entry, done)
  if acts.has_long_draft(entry) then return acts.write(entry, done) end
  local client = acts.client()
  if not client then return end
  local prompt = "To " .. layout.fit(rows.name(entry), PROMPT) .. ": "
  vim.ui.input({ prompt = prompt, default = drafts[entry.dialog_id] }, function(text)
    if text and text:find "%S" then send(client, entry, text, done) end
  end)
end

---@param entry b24.waiting
---@param done fun()
function acts.mark_read(entry, done)
  local client = acts.client()
  if not client then return end
  client:mark_read(entry.dialog_id, function(good, err, info)
    if not good then return complain(err, info.hint) end
    follow()
    acts.tell("marked as read: " .. rows.name(entry))
    done()
  end)
end

local function spawn(url)
  for _, program in ipairs { "xdg-open", "open", "wslview" } do
    if vim.fn.executable(program) == 1 then
      return vim.fn.jobstart({ program, url }, { detach = true }) > 0
    end
  end
  return false
end

--- The dialog's page: setup{open=}, vim.ui.open (from 0.10 on), or the system's program.
---@param entry b24.waiting
function acts.browse(entry)
  local portal = module.portal()
  if not portal then return end
  local url = portal .. "/online/?IM_DIALOG=" .. entry.dialog_id
  local open = options.get "open" or vim.ui.open
  if open then
    open(url)
  elseif not spawn(url) then
    vim.notify("b24: found no program to open a browser; the address is " .. url,
      vim.log.levels.WARN)
  end
end

return acts
