--- The first engine: the C module, driven by Neovim's own loop.

local options = require "b24.nvim.options"

local module = {}

local client -- b24.client
local last -- b24.counters; a refresh is a new watch, which knows none

--- Does it load? Nothing is started by that.
---@return boolean
---@return string? err
function module.loads()
  local ok, err = pcall(require, "b24.core")
  if ok then return true end
  return false, (tostring(err):match "^[^\n]*")
end

--- The client of this session.
---@return b24.client? client
---@return string? err
---@return string? hint
function module.client()
  if client then return client end
  local loads, missing = module.loads()
  if not loads then
    return nil, "b24: the C module does not load: " .. missing, "Run :checkhealth b24"
  end
  -- An option of conf that does not exist is thrown: here it is one more reason why nothing can be
  -- asked.
  local good, made, err, info = pcall(require("b24").client, options.get "conf")
  if not good then return nil, made, "Look at conf in your setup" end
  if not made then return nil, err, info and info.hint end
  client = made
  return client
end

--- Address of the portal, such as https://example.bitrix24.com.
---@return string?
function module.portal()
  return client and tostring(client):match "%((https?://[^%s)]+)%)"
end

---@param on {answer: function, away: function, live: function}
---@return {stop: fun(), away: fun(self: table, away: boolean)}? engine
---@return string? err
---@return string? hint
function module.start(on)
  local asked, err, hint = module.client()
  if not asked then return nil, err, hint end
  local b24 = require "b24"
  local function answer(counters)
    local changes = last and b24.diff(last, counters) or {}
    last = counters
    on.answer(counters, b24.totals(counters), b24.badge(counters), changes)
  end
  local watch = asked:watch {
    every = options.get "every",
    live = options.get "live",
    on_live = function(_, live) on.live(live) end,
    on_change = answer,
    on_error = function(message, info) on.away(message, info.hint) end,
    on_recover = answer,
  }
  return { stop = function() watch:stop() end, away = function(_, away) watch:away(away) end }
end

--- Requests of the client end as "closed"; the next start makes a new one, from what setup says
--- then.
function module.stop()
  if client then client:close() end
  client, last = nil, nil
end

return module
