--- client:watch: changes as they happen. When to ask, and what is news, is decided in C
--- (codec.watch, codec.diff).

local codec = require "b24.codec"
local blame = codec.blame

--- A running watch.
---@class b24.watching
---@field counters? b24.counters the last known
---@field err? string why the portal is unreachable; nil: it answers
---@field info? b24.info of the last answer
---@field stopped boolean
--- with the option `live`: are changes heard of as they happen? nil: not known yet, or not asked
--- for
---@field live? boolean
---@field live_state? b24.live_state the same with the reason
---@field package is_away? boolean
---@field package presence? fun(away: boolean)
---@field package task b24.task
---@field package body fun(core: table)
local Watching = {}
Watching.__index = Watching

local EVERY = 60 -- seconds
local HANDLERS = { on_change = true, on_error = true, on_recover = true, on_live = true }
local OPTIONS = { every = "any", live = "boolean", on_change = "function", on_error = "function",
  on_recover = "function", on_live = "function" }

--- Ends the watch: no more requests, no more handler calls.
function Watching:stop()
  if self.stopped then return end
  self.stopped = true
  if self.task then self.task:cancel() end
end

--- With the option `live`: whether somebody is there. While nobody is, the push channel is closed:
--- the portal would show its user as online, hold back the phone's notifications and send open
--- lines' customers there. The first sign of life asks for the counters at once.
---@param away boolean
function Watching:away(away)
  if type(away) ~= "boolean" then
    blame("b24: watch:away needs true or false, not a " .. type(away))
  end
  self.is_away = away
  if self.presence then self.presence(away) end
end

--- Waits until it is stopped, and keeps the program's event loop running meanwhile.
---@param ms? number at most so many milliseconds (0 to 1e12)
---@return boolean stopped
function Watching:wait(ms)
  self.task:wait(ms)
  return self.stopped
end

function Watching:__tostring() return self.stopped and "b24.watch (stopped)" or "b24.watch" end

-- Checks the options.
local function check(opts)
  if type(opts) ~= "table" then
    blame("b24: watch needs a table of options, not a " .. type(opts))
  end
  local heard, every = false, opts.every
  for name in pairs(codec.options("watch", opts, OPTIONS)) do
    heard = heard or HANDLERS[name] ~= nil
  end
  if every ~= nil and (type(every) ~= "number" or not (every >= 1 and every <= 86400)) then
    blame("b24: option 'every' must be a number of seconds from 1 to 86400, not "
      .. tostring(every))
  end
  if not heard then
    blame("b24: a watch without a handler tells nobody: give "
      .. "on_change = function(counters, changes)")
  end
end

local function tell(handler, ...)
  if handler then handler(...) end
end

-- One answer: what is news is told.
local function take(self, opts, news, outage, counters, err, info)
  self.info, self.err = info, err
  if news == "down" then tell(opts.on_error, err, info, self) end
  if not counters then return end
  local known = self.counters
  self.counters = counters
  if news == "up" then tell(opts.on_recover, counters, outage, self) end
  local changes = known and codec.diff(known, counters) or {}
  if not self.stopped and (not known or #changes > 0) then
    tell(opts.on_change, counters, changes, self)
  end
end

-- One question, and what follows from its answer: the pause until the next one, and the news.
local function ask(self, core, how)
  local began = how.clock()
  local counters, err, info = require("b24.api.cache").counters(core, self.conf, nil, how.since)
  if self.stopped then return end
  local pause, news, outage = self.schedule:answer(counters ~= nil, began, how.clock(), info)
  take(self, self.opts, news, outage, counters, err, info)
  return pause, news
end

local POLLING = { clock = codec.clock }

local function poll(self, core)
  local sleep = require("b24.wait.task").sleep
  repeat
    local pause = ask(self, core, POLLING)
  until self.stopped or not sleep(pause)
end

-- The watch itself, to be run as a task.
local function body(self)
  return function(core)
    -- a handler may stop it before this task has been returned to anybody
    self.task = require("b24.wait.task").current()
    if self.opts.live then return require("b24.api.watch_live")(self, core, ask) end
    poll(self, core)
  end
end

---@param conf userdata
---@param opts table checked
---@return b24.watching
local function new(conf, opts)
  local self = setmetatable({ stopped = false, conf = conf, opts = opts,
    schedule = codec.watch(opts.every or EVERY) }, Watching)
  self.body = body(self)
  return self
end

return { check = check, new = new }
