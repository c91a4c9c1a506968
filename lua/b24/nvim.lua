--- b24 in Neovim (0.7.2 and later): a badge that is always at hand, and an inbox. `:help b24`.

local options = require "b24.nvim.options"

local nvim = {}

--- Stores the options, and does nothing else: polling starts once the editor is on the screen
--- (plugin/b24.lua).
---@param opts? b24.nvim.options
function nvim.setup(opts) options.set(opts) end

--- What is known; never asks anybody. `badge` is what a status line shows: "" for nothing, "?"
--- while the portal is away.
---@return b24.nvim.status
function nvim.status() return require("b24.nvim.state").status() end

--- Asks the portal in the background from now on. Nothing happens if that is so already.
---@return boolean running
---@return string? err why not
function nvim.start() return require("b24.nvim.poll").start() end

--- Ends the background polling, and whatever is under way.
function nvim.stop() require("b24.nvim.poll").stop() end

--- Asks now, not only at the next turn.
---@return boolean running
---@return string? err
function nvim.refresh() return require("b24.nvim.poll").refresh() end

--- Opens the inbox: who waits, how many messages, since when.
function nvim.inbox() require("b24.nvim.inbox").open_when_allowed() end

--- The same through vim.ui.select, and so through the picker that you have put there.
function nvim.pick() require("b24.nvim.pick").open() end

return nvim
