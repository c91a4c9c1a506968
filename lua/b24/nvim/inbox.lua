--- The floating window: who waits, how many messages, since when.

local acts = require "b24.nvim.acts"
local page = require "b24.nvim.page"
local rows = require "b24.nvim.rows"

local inbox = {}

local WIDEST, LEAST = 100, 20 -- cells

---@class b24.nvim.inbox the open one
---@field buffer integer
---@field window integer
---@field list? b24.inbox
---@field draw fun(cells: integer): string[], table[] what is shown
local Inbox = {}
Inbox.__index = Inbox

local opened -- there is one at a time

local FOOTER = vim.fn.has "nvim-0.10" == 1 -- floating windows have one in their border

local function geometry(height)
  local columns, screen = vim.o.columns, vim.o.lines - vim.o.cmdheight - 1
  local width = math.max(math.min(LEAST, columns - 2), math.min(WIDEST, columns - 4))
  height = math.max(1, math.min(height, screen - 2))
  local footer = FOOTER and { footer = " " .. rows.KEYS .. " ", footer_pos = "center" } or nil
  return vim.tbl_extend("force", footer or {}, {
    relative = "editor", style = "minimal", border = "rounded", width = width, height = height,
    row = math.max(0, math.floor((screen - height) / 2) - 1),
    col = math.max(0, math.floor((columns - width) / 2) - 1),
  })
end

function Inbox:alive()
  return vim.api.nvim_buf_is_valid(self.buffer) and vim.api.nvim_win_is_valid(self.window)
end

-- Draws again what is shown: other lines, or another size of the screen.
function Inbox:redraw()
  if not self:alive() then return end
  local lines, marks = self.draw(geometry(1).width)
  page.show(self.buffer, lines, marks)
  vim.api.nvim_win_set_config(self.window, geometry(#lines))
  vim.wo[self.window].cursorline = true -- the style "minimal" takes it away each time
  local row = vim.api.nvim_win_get_cursor(self.window)[1]
  if self.list and #self.list > 0 and row == 1 then
    vim.api.nvim_win_set_cursor(self.window, { 2, 0 })
  end
end

function Inbox:text(group, ...)
  local n, paragraphs = select("#", ...), { ... }
  self.draw = function(cells) return rows.text(group, cells, unpack(paragraphs, 1, n)) end
  self:redraw()
end

function Inbox:show(list)
  self.list, self.helping = list, false
  self.draw = function(cells) return rows.inbox(list, cells, not FOOTER) end
  self:redraw()
end

function Inbox:load()
  local client = acts.client()
  if not client then return self:close() end
  if not self.list then self:text("Comment", "Asking the portal …") end
  client:inbox(function(list, err, info)
    if not self:alive() then return end
    if list then return self:show(list) end
    self.list, self.helping = nil, false
    self:text("ErrorMsg", err, info.hint, "R asks again, q closes.")
  end)
end

-- The dialog under the cursor.
function Inbox:entry()
  if self.helping then return nil end
  return self.list and self.list[vim.api.nvim_win_get_cursor(self.window)[1] - 1]
end

function Inbox:close()
  if vim.api.nvim_win_is_valid(self.window) then vim.api.nvim_win_close(self.window, true) end
  if opened == self then opened = nil end
end

function Inbox:help()
  self.helping = not self.helping
  if not self.helping then
    if self.list then return self:show(self.list) end
    return self:load()
  end
  self.draw = function() return rows.HELP, {} end
  self:redraw()
end

-- `act` gets the dialog under the cursor, where there is one.
local function with_entry(self, act)
  return function()
    local entry = self:entry()
    if entry then act(entry) end
  end
end

local function keys(self)
  local function again() self:load() end
  local function write(entry) -- below its window the inbox would only be in the way
    self:close()
    acts.write(entry, inbox.open)
  end
  page.keys(self.buffer, {
    ["<CR>"] = { with_entry(self, function(entry)
      self:close()
      require("b24.nvim.dialog").open(entry)
    end), "read the messages" },
    a = { with_entry(self, function(entry)
      if acts.has_long_draft(entry) then return write(entry) end
      acts.answer(entry, again)
    end), "answer" },
    A = { with_entry(self, write), "answer in several lines" },
    r = { with_entry(self, function(entry) acts.mark_read(entry, again) end), "mark as read" },
    o = { with_entry(self, acts.browse), "open in the browser" },
    R = { again, "refresh" },
    q = { function()
      if self.helping then return self:help() end
      self:close()
    end, "close" },
    ["?"] = { function() self:help() end, "help" },
  })
end

local function new()
  local buffer = page.new "b24inbox"
  local self = setmetatable({ buffer = buffer, draw = function() return {}, {} end }, Inbox)
  self.window = vim.api.nvim_open_win(buffer, true, geometry(1))
  vim.wo[self.window].wrap = false
  keys(self)
  local resized = vim.api.nvim_create_autocmd("VimResized", { callback = function()
    self:redraw()
  end })
  -- however it is closed: an autocommand for this buffer goes with it
  vim.api.nvim_create_autocmd("BufWipeout", {
    buffer = buffer,
    callback = function() vim.api.nvim_del_autocmd(resized) end,
  })
  return self
end

--- Opens it, or goes to it and asks again.
function inbox.open()
  if not acts.client() then return end
  if opened and opened:alive() then
    vim.api.nvim_set_current_win(opened.window)
  else
    opened = new()
  end
  opened:load()
end

--- The same from where windows may not be opened, such as an <expr> mapping: a moment later.
function inbox.open_when_allowed()
  local window = vim.api.nvim_get_current_win()
  -- what is forbidden there is forbidden for any window
  local allowed = pcall(vim.api.nvim_win_set_buf, window, vim.api.nvim_win_get_buf(window))
  if allowed then inbox.open() else vim.schedule(inbox.open) end
end

return inbox
