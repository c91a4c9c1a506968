--- Which engine asks the portal in the background, and from when to when.

local child = require "b24.nvim.child"
local module = require "b24.nvim.module"
local options = require "b24.nvim.options"
local state = require "b24.nvim.state"

local poll = {}

local running -- the engine
local there -- who looks whether anybody is

--- Which engine would be taken, and why.
---@return "module"|"program"|nil engine
---@return string why
function poll.choice()
  local wanted = options.get "engine"
  local loads, err = module.loads()
  if wanted ~= "program" and loads then return "module", "the C module loads" end
  if wanted == "module" then return nil, "the C module does not load: " .. err end
  if child.installed() then
    return "program", wanted == "program" and "setup asks for it"
      or "the C module does not load: " .. err
  end
  return nil,
    ("the C module does not load, and there is no program '%s': %s"):format(options.get "program",
      err or "-")
end

local function begin()
  local name, why = poll.choice()
  if not name then return nil, nil, "b24: " .. why, "Run :checkhealth b24" end
  local on = { answer = state.answer, away = state.away, live = state.live }
  local engine, err, hint = (name == "module" and module or child).start(on)
  return engine, name, err, hint
end

---@return boolean running
---@return string? err
---@return string? hint
function poll.start()
  if running then return true end
  state.recall()
  local engine, name, err, hint = begin()
  running = engine
  if engine and options.get "live" then
    there = require("b24.nvim.presence").watch(function(away) engine:away(away) end)
  end
  state.engine(engine and name or nil, err, hint)
  return engine ~= nil, err, hint
end

local function end_engine()
  if running then running:stop() end
  if there then there:stop() end
  running, there = nil, nil
end

--- Nothing is asked any more.
function poll.stop()
  end_engine()
  module.stop()
  state.engine(nil)
end

--- A new engine's first act is to ask.
---@return boolean running
---@return string? err
---@return string? hint
function poll.refresh()
  end_engine()
  return poll.start()
end

return poll
