--- setup{ live = true }: is anybody at the editor? While nobody is, the push channel is closed: the
--- portal counts whoever holds it open as online, and holds back the phone's notifications.

local presence = {}

presence.limit = 10 * 60 * 1000 -- ms without a key, or without the focus
local LOOK = 30 * 1000 -- ms between two looks, at most

local loop = vim.uv or vim.loop

local Presence = {}
Presence.__index = Presence

-- A sign of life. Called for each key: cheap, and nothing of Neovim's API.
function Presence:touch()
  self.touched = loop.now()
  if self.away and not self.coming then
    self.coming = true
    vim.schedule(function() self:look() end)
  end
end

function Presence:is_away()
  local now = loop.now()
  local blurred = self.blurred and now - self.blurred >= presence.limit
  return blurred or now - self.touched >= presence.limit
end

function Presence:look()
  self.coming = false
  local away = self:is_away()
  if self.stopped or away == self.away then return end
  self.away = away
  self.tell(away)
end

function Presence:watch_focus()
  self.group = vim.api.nvim_create_augroup("b24_presence", {})
  local function on(event, act)
    vim.api.nvim_create_autocmd(event, { group = self.group, callback = act })
  end
  on("FocusLost", function() self.blurred = loop.now() end)
  on("FocusGained", function()
    self.blurred = nil
    self:touch()
  end)
end

--- Calls tell(true) when nobody has been there for a while, and tell(false) at the first key.
---@param tell fun(away: boolean)
---@return {stop: fun()}
function presence.watch(tell)
  local self = setmetatable({ tell = tell, touched = loop.now(), away = false, stopped = false,
    coming = false, blurred = nil }, Presence)
  self.namespace = vim.on_key(function() self:touch() end)
  self:watch_focus()
  self.timer = loop.new_timer()
  local every = math.min(LOOK, presence.limit)
  self.timer:start(every, every, vim.schedule_wrap(function() self:look() end))
  return self
end

function Presence:stop()
  if self.stopped then return end
  self.stopped = true
  self.timer:stop()
  self.timer:close()
  vim.on_key(nil, self.namespace)
  pcall(vim.api.nvim_del_augroup_by_id, self.group)
end

return presence
