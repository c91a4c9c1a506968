--- client:watch{ live = true }: the portal is asked when its push server hints at a change, and
--- else seldom. How long to wait for what comes together is decided in C (codec.watch).

local bells = require "b24.wait.bell"
local codec = require "b24.codec"
local lives = require "b24.api.live"

local clock = codec.boot_clock

local SAFE = 300 -- seconds; half of the time between two such questions

---@class b24.live_watch
---@field watch table b24.watching
---@field channel b24.live
---@field bell b24.bell
---@field waiter b24.waiter
---@field begun boolean there were counters, so the channel is wanted
---@field away boolean nobody is there
---@field since number|false of the last hint: an answer to an earlier question is none
---@field told b24.live_state[] what on_live has not heard of yet
local LiveWatch = {}
LiveWatch.__index = LiveWatch

-- since: of another process's question, whose answer will do.
function LiveWatch:hint(since)
  self.since = since or codec.wall()
  self.watch.schedule:hint(clock())
  self.bell:ring()
end

function LiveWatch:state(state)
  local watch = self.watch
  watch.live, watch.live_state = state.live, state
  -- While nobody is there to see it, seldom is often enough.
  watch.schedule:live(state.live or state.why == "AWAY", clock())
  table.insert(self.told, state)
  self.bell:ring()
end

-- Handlers run in the watch's own task, which ends if they throw.
function LiveWatch:tell()
  local watch = self.watch
  while self.told[1] and not watch.stopped do
    local state = table.remove(self.told, 1)
    if watch.opts.on_live then watch.opts.on_live(state.live, state, watch) end
  end
end

-- If it is wanted, and not open.
function LiveWatch:open()
  if self.begun and not self.away and not self.watch.live then self.channel:start(self.waiter) end
end

-- What Watching:away does.
function LiveWatch:presence(away)
  if self.watch.stopped or away == self.away then return end
  self.away = away
  if away then return self.channel:leave() end
  if self.begun then self.channel:come_back(self.waiter) end
  self:hint()
end

-- Until the next question. False: the watch was stopped.
function LiveWatch:wait()
  local watch = self.watch
  while true do
    self:tell()
    if watch.stopped then return false end
    local left = watch.schedule:wait(clock())
    if left <= 0 then return true end
    if not self.bell:wait(left) then return false end
  end
end

-- For the question that nothing has caused: those who follow need not all ask.
function LiveWatch:safe_since()
  return codec.wall() - (self.channel.follows and SAFE or 0)
end

function LiveWatch:run(core, ask)
  local watch = self.watch
  repeat
    local how = { clock = clock, since = self.since or self:safe_since() }
    self.since = false
    watch.schedule:ask(clock())
    local _, news = ask(watch, core, how)
    if watch.stopped then return end
    local first = watch.counters and not self.begun
    self.begun = self.begun or watch.counters ~= nil
    if first or news == "up" then self:open() end -- or the network is back
  until not self:wait()
end

--- To be called in the watch's task.
---@param watch table
---@param core table
---@param ask fun(watch: table, core: table, how: table): number?, string?
return function(watch, core, ask)
  local waiter = watch.task.waiter
  local self = setmetatable({ watch = watch, waiter = waiter, bell = bells.new(waiter),
    begun = false, away = false, since = false, told = {} }, LiveWatch)
  self.channel = assert(lives.new(watch.conf, {
    hint = function(since) self:hint(since) end,
    state = function(state) self:state(state) end,
  }))
  watch.presence = function(away) self:presence(away) end
  watch.task:on_end(function() self.channel:stop() end)
  if watch.is_away then self:presence(true) end
  self:run(core, ask)
end
