--- The user's push channel beside a watch: what happens there is only ever a hint to ask for the
--- counters. What is said to the push server, and when, is decided in C (codec.live).

local codec = require "b24.codec"
local guard = require("b24.wait.perform").guard

--- What is known of the channel. The address of the push server is shown, its query never.
---@class b24.live_state
---@field live? boolean changes are heard of as they happen; nil: not known yet
---@field why? string not live: why, such as "NO_PUSH_SERVER"; "AWAY": because nobody is there
---@field message? string the same for people
---@field hint? string what to do about it
---@field host? string the push server, such as https://push.example

local live = {}

---@class b24.live
---@field package machine userdata
---@field package conf userdata
---@field package on {hint: fun(since: number?), state: fun(state: b24.live_state)}
---@field package share? userdata codec.live_share: for all programs of the user; nil: no folder
---@field package heard? string what the one that listens has noted last
---@field package state b24.live_state what was told last
---@field package stored? number when the counters of all were stored
---@field package follows boolean another process listens
---@field package task b24.task|false
---@field package round integer which run this is: a run that is not the last one ends
local Live = {}
Live.__index = Live

---@param conf userdata
---@param on {hint: fun(since: number?), state: fun(state: b24.live_state)} since: answers to
--- questions from then on will do; nil: from now on
---@return b24.live? live
---@return string? err
---@return b24.info? info
function live.new(conf, on)
  local machine, err, info = codec.live(conf)
  if not machine then return nil, err, info end
  return setmetatable({ machine = machine, conf = conf, on = on, task = false, round = 0,
    share = codec.live_share(conf), follows = false, state = {} }, Live)
end

-- The portal is asked where the push server is. Returns the next event; nil: cancelled.
local function ask(self, core, method)
  local call, _, info = codec.call(self.conf, method, { CACHE = "N" }, "text",
    { idempotent = true })
  local text
  if call then
    text, _, info = core.perform(call)
  end
  if text then return "config", text end
  if info.kind ~= "closed" then return "refused", info end
end

-- The user's log hears of it; what it throws must not end the channel.
local function log(self, state)
  local tell = self.machine:log()
  if not tell then return end
  guard(require("b24.wait.task").pcall(tell, { event = "live",
    state = state.live and "live" or "polling", why = state.why, message = state.message,
    hint = state.hint, portal = tostring(self.conf):match "%((.*)%)", host = state.host }))
end

local function tell(self, state)
  self.state = state
  log(self, state)
  self.on.state(state)
end

--- Is it possible? Asks only the portal, and opens nothing.
---@param conf userdata
---@param core table
---@return b24.live_state state live: true; or false, or nil if it could not be found out, and why
function live.probe(conf, core)
  local machine = assert(codec.live(conf))
  local action, method = machine:next(codec.boot_clock(), "go")
  local event, data
  while action == "ASK" do
    event, data = ask({ conf = conf }, core, method)
    if not event then return { message = "it was not found out" } end
    action, method = machine:next(codec.boot_clock(), event, data)
  end
  local state = machine:state()
  if action == "POLL" then return { live = true, host = state.host } end
  if state.live == nil then state.message = data.message end -- it would try again soon
  return state
end

local function carry_out(self, core, action, payload)
  local event, data
  if action == "ASK" then
    event, data = ask(self, core, payload)
  elseif action == "POLL" then
    event, data = require("b24.wait.bell").poll(self.machine, payload)
  elseif require("b24.wait.task").sleep(payload) then
    event = "woke"
  end
  return event, data
end

-- For those who follow; nothing of it is secret.
local function note(self)
  if not self.share or self.follows then return end
  local state = self.machine:state()
  state.at = codec.wall()
  self.share:note(codec.encode(state))
end

local function listen(self, core, round)
  local event, data = "go", nil
  while event and self.round == round do
    local action, payload, changed, told = self.machine:next(codec.boot_clock(), event, data)
    note(self)
    if told then tell(self, self.machine:state()) end
    if changed and self.round == round then self.on.hint() end
    if self.round ~= round then return end
    event, data = carry_out(self, core, action, payload)
  end
end

local LOOK = 1 -- seconds between two looks at what the listening process has learnt
-- seconds without a note, after which that process must hang; a poll takes at most 60
local HANGS = 100

-- What the listening process has noted. False: it hangs.
local function look(self)
  local text = self.share:read()
  local state = text and codec.decode(text)
  if type(state) ~= "table" then return true end
  if state.live ~= nil and (state.live ~= self.state.live or state.why ~= self.state.why) then
    tell(self, { live = state.live, why = state.why, message = state.message, hint = state.hint,
      host = state.host })
  end
  return state.live == false or codec.wall() - (tonumber(state.at) or 0) < HANGS
end

-- Has it stored new counters?
local function look_at_counters(self)
  local stored, asked = self.share:stored()
  if not stored or stored == self.stored then return end
  self.stored = stored
  self.on.hint(asked)
end

-- Follows the process that listens, until it is this one's turn. False: cancelled.
local function follow(self, round)
  local share, sleep = self.share, require("b24.wait.task").sleep
  while share and not share:claim() do
    self.follows = true
    if not look(self) then break end
    look_at_counters(self)
    if self.round ~= round or not sleep(LOOK) or self.round ~= round then return false end
  end
  self.follows = false
  return true
end

local function run(self, core, round)
  if follow(self, round) then listen(self, core, round) end
end

--- Begins, or begins again from where it was.
---@param waiter b24.waiter
function Live:start(waiter)
  self:stop()
  local round = self.round
  local task = require("b24.wait.task").spawn(waiter, function(core) run(self, core, round) end)
  if self.round == round then self.task = task
  else task:cancel() end -- whoever it told has stopped it
end

--- The connection ends.
function Live:stop()
  self.round = self.round + 1
  local task = self.task
  self.task, self.follows = false, false
  if self.share then self.share:release() end
  if task then task:cancel() end
end

--- Nobody is there: it is told, and the connection ends.
function Live:leave()
  self:stop()
  tell(self, { live = false, why = "AWAY", message = "nobody is there",
    host = self.machine:state().host })
end

--- Somebody is there again.
---@param waiter b24.waiter
function Live:come_back(waiter)
  self:start(waiter)
  local state = self.machine:state()
  if state.live == false then tell(self, state) end -- it was not live before, and why
end

return live
