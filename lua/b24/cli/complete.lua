--- What may stand at the cursor, for the shells' completion scripts. Nothing is asked of the portal
--- and no password manager is started: dialogs come from the cache.

local codec = require "b24.codec"

local complete = {}


---@class b24.cli.candidate
---@field [1] string
---@field [2] string? what it is

local function plain(...)
  local list = {}
  for i, word in ipairs { ... } do list[i] = { word } end
  return list
end

-- The values of options and arguments ----------------------------------------------------------

local function presets(command)
  if command == "list" then
    local list = {}
    local names = require("b24.cli.row_formats").names()
    for name in names:gmatch "%w+" do list[#list + 1] = { name } end
    return list
  end
  return require("b24.cli.formats").presets()
end

local function profiles()
  local list, seen = {}, {}
  for name in codec.system.profiles():gmatch "[^\n]+" do
    if not seen[name] then list[#list + 1] = { name } end
    seen[name] = true
  end
  return list
end

-- Of the counters that some command or bar has left in the cache, however old.
local function dialogs(_, profile)
  local webhook = codec.system.credential(profile)
  local app = not webhook and codec.system.app(profile)
  local conf = codec.conf(webhook and { webhook = webhook, max_age = 1e9 }
    or app and { oauth = { store = app.path }, max_age = 1e9 } or {})
  local counters = conf and require("b24.api.cache").hit(conf)
  local list = {}
  if not counters then return list end
  for id, unread in require("b24").dialogs(counters) do
    list[#list + 1] = { id, ("%d unread"):format(unread) }
  end
  return list
end

local function read_marks(command, profile)
  local list = plain("notify", "all")
  for _, dialog in ipairs(dialogs(command, profile)) do list[#list + 1] = dialog end
  return list
end

local OPTIONS = { ["--format"] = presets, ["--profile"] = profiles,
  ["--color"] = function() return plain("auto", "always", "never") end,
  ["--sort"] = function() return plain("newest", "waiting") end,
  ["--section"] = function()
    return plain("DIALOG", "CHAT", "LINES", "COLLAB", "COPILOT", "TASKS_TASK", "CHANNEL_COMMENT")
  end }

local ARGUMENTS = { show = dialogs, send = dialogs, ["mark-read"] = read_marks,
  completion = function() return plain("bash", "zsh", "fish") end }

-- What argparse knows -----------------------------------------------------------------------------

-- The option of this name: of the command, or of all.
local function option_of(name, parsers)
  for _, parser in ipairs(parsers) do
    for _, option in ipairs(parser._options) do
      for _, alias in ipairs(option._aliases) do
        if alias == name then return option end
      end
    end
  end
end

local function long_name(option)
  for _, alias in ipairs(option._aliases) do
    if alias:find "^%-%-" then return alias end
  end
end

local function takes_value(option) return option and option._maxargs > 0 end

-- The first sentence of a description.
local function brief(text) return (text or ""):match "^[^.;:(]*" end

-- b24 alone knows all that counters knows; behind another command that means nothing.
local function of_counters(at)
  local names = {}
  if not at.command or at.command == "counters" then return names end
  for _, command in ipairs(at.root._commands) do
    for _, option in ipairs(command._aliases[1] == "counters" and command._options or {}) do
      names[long_name(option)] = true
    end
  end
  return names
end

local GENERAL = { ["--help"] = true }

local function options(at)
  local list, seen, counters = {}, {}, of_counters(at)
  for i, parser in ipairs(at.parsers) do
    for _, option in ipairs(parser._options) do
      local name = long_name(option)
      local foreign = i > 1 and counters[name] and not GENERAL[name]
      if name and not seen[name] and not foreign then
        seen[name] = true
        list[#list + 1] = { name, brief(option._description) }
      end
    end
  end
  return list
end

local function commands(root)
  local list = {}
  for _, command in ipairs(root._commands) do
    list[#list + 1] = { command._aliases[1], brief(command._description) }
  end
  return list
end

-- The words before the cursor ---------------------------------------------------------------------

-- One word: `at` then knows the command, how many of its arguments there are, and the option whose
-- value comes next. Bash ends words at "=", which stands alone then.
local function pass(at, word)
  if at.option then
    if word == "=" then return end
    if long_name(at.option) == "--profile" then at.profile = word end
    at.option = nil
  elseif word:find "^%-" then
    local name, value = word:match "^(%-%-[^=]+)=(.*)$"
    local option = option_of(name or word, at.parsers)
    if takes_value(option) and not value then at.option = option end
    if value and name == "--profile" then at.profile = value end
  elseif not at.command then
    for _, command in ipairs(at.root._commands) do
      if command._aliases[1] == word then
        at.command = word
        at.parsers = { command, at.root }
      end
    end
  else
    at.arguments = at.arguments + 1
  end
end

local function value_of(at, option)
  local known = OPTIONS[long_name(option)]
  if known then return known(at.command, at.profile) end
  local files = option._argname == "FILE"
    or type(option._argname) == "table" and option._argname[1] == "FILE"
  return {}, files
end

-- All that may stand there, and whether files may.
local function candidates(at, word)
  local name, value = word:match "^(%-%-[^=]+)=(.*)$"
  local option = at.option or name and option_of(name, at.parsers)
  if takes_value(option) then
    local list, files = value_of(at, option)
    if at.option then return list, files end
    for _, candidate in ipairs(list) do candidate[1] = name .. "=" .. candidate[1] end
    return list, files and value ~= nil
  end
  if word:find "^%-" then return options(at) end
  if not at.command then return commands(at.root) end
  local known = ARGUMENTS[at.command]
  return known and at.arguments == 0 and known(at.command, at.profile) or {}
end

--- What may stand in the place of the last word.
---@param root table the parser
---@param words string[] behind "b24"; the last one is at the cursor, perhaps empty
---@return b24.cli.candidate[]
---@return boolean files so may the names of files
function complete.at(root, words)
  local at = { root = root, parsers = { root }, arguments = 0 }
  for i = 1, #words - 1 do pass(at, words[i]) end
  local word = words[#words] or ""
  if word == "=" and at.option then word = "" end
  local list, files = candidates(at, word)
  local fitting = {}
  for _, candidate in ipairs(list) do
    if candidate[1]:sub(1, #word) == word then fitting[#fitting + 1] = candidate end
  end
  return fitting, files == true
end

return complete
