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
    done()
  end)
end

--- Asks for a text and sends it.
---@param entry b24.waiting
---@param done fun()
function acts.answer(entry, done)
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
