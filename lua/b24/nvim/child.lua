--- The second engine: the program `b24 watch --json` as a child process, for machines where the C
--- module does not load. A line is a JSON object. The credential reaches the child by its
--- environment or its own file, never by an argument.

local options = require "b24.nvim.options"

local child = {}

local AGAIN = 60000 -- ms; a child that ended on its own is restarted after this time
local LONGEST = 4 * 1024 * 1024 -- bytes of a line

---@return boolean
function child.installed() return vim.fn.executable(options.get "program") == 1 end

-- The options of conf that the child gets, in its environment.
local function environment()
  local conf = options.get "conf"
  if type(conf) == "string" then return { B24_WEBHOOK = conf } end
  local env = {}
  for name, value in pairs(conf or {}) do
    if name == "webhook" then
      env.B24_WEBHOOK = type(value) == "function" and value() or value
    elseif name == "profile" then
      env.B24_PROFILE = value
    elseif name == "runtime_dir" then
      env.B24_RUNTIME_DIR = value
    else
      return nil, ("b24: option '%s' of conf needs the C module; the program b24 takes webhook, "
        .. "profile and runtime_dir")
        :format(tostring(name))
    end
  end
  return env
end

-- Calls line(text) for each line of what comes in pieces, as jobstart delivers it.
local function lines(line)
  local rest = ""
  return function(_, pieces)
    pieces[1] = rest .. pieces[1]
    for i = 1, #pieces - 1 do line(pieces[i]) end
    rest = #pieces[#pieces] <= LONGEST and pieces[#pieces] or ""
  end
end

local function text(value) return type(value) == "string" and value or nil end

local function reader(on)
  return function(line)
    local good, event = pcall(vim.json.decode, line)
    if not good or type(event) ~= "table" then return end
    if event.event == "live" then
      on.live { live = event.live, why = text(event.why), message = text(event.message),
        hint = text(event.hint) }
    elseif event.event == "error" then
      on.away(text(event.message) or "b24: the portal is unreachable", text(event.hint))
    elseif type(event.counters) == "table" and text(event.badge) then
      local changes = type(event.changes) == "table" and event.changes or {}
      on.answer(event.counters, type(event.totals) == "table" and event.totals or {},
        event.badge, changes)
    end
  end
end

local function command(live)
  local words = { options.get "program", "watch", "--json" }
  if live then words[#words + 1] = "--live" end
  if options.given "every" then
    vim.list_extend(words, { "--every", ("%gs"):format(options.get "every") })
  end
  return words
end

local Child = {}
Child.__index = Child

function Child:stop()
  self.stopped = true
  if self.timer then vim.fn.timer_stop(self.timer) end
  if self.job then vim.fn.jobstop(self.job) end
  self.job, self.timer = nil, nil
end

--- Nobody is there, or somebody again: the channel is that of another process.
function Child:away(away)
  self.live = options.get "live" and not away
  if self.job then vim.fn.jobstop(self.job) end
  if self.timer then vim.fn.timer_stop(self.timer) end
  self.job, self.timer = nil, nil
  if away then self.on.live { live = false, why = "AWAY", message = "nobody is there" } end
  self:run()
end

function Child:ended(job, status)
  if self.stopped or self.job ~= job then return end
  self.job = nil
  self.on.away(self.complaint
    or ("b24: the program %s ended with status %d"):format(options.get "program", status),
    "Run it in a terminal to see why: " .. table.concat(command(self.live), " "))
  self.timer = vim.fn.timer_start(AGAIN, function() self:run() end)
end

function Child:run()
  self.complaint = nil
  local job = vim.fn.jobstart(command(self.live), {
    env = self.env,
    on_stdout = lines(reader(self.on)),
    on_stderr = lines(function(line) self.complaint = self.complaint or text(line) end),
    on_exit = function(ended, status) self:ended(ended, status) end,
  })
  self.job = job > 0 and job or nil
  return self.job ~= nil
end

---@param on {answer: function, away: function, live: function}
---@return {stop: fun(), away: fun(away: boolean)}? engine
---@return string? err
---@return string? hint
function child.start(on)
  if not child.installed() then
    return nil,
      ("b24: neither the C module nor the program '%s' is installed"):format(options.get "program"),
      "Run :checkhealth b24"
  end
  local env, err = environment()
  if not env then return nil, err end
  local self = setmetatable({ on = on, env = next(env) and env or nil, stopped = false,
    live = options.get "live" }, Child)
  if not self:run() then
    return nil, "b24: the program '" .. options.get "program" .. "' does not start"
  end
  return self
end

return child
