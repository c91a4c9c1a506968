-- Everything about the portal that changes: accounts, settings, tricks, log, statistics.

local basexx = require "basexx"
local cqueues = require "cqueues"
local rand = require "openssl.rand"

local counters = require "b24.mock.counters"
local oauth = require "b24.mock.oauth"

local State = {}
State.__index = State

local LOG_LIMIT = 20000 -- entries kept; a long load test must not eat the machine
local DEMO_ROWS = 120 -- of each list: two full pages of 50 and a short one

local function random_text(length)
  return basexx.to_base32(rand.bytes(length)):lower():gsub("=", ""):sub(1, length)
end

local function default_settings()
  return {
    require_https = false,
    generation = "g3",
    bucket = { enabled = false, rate = 2, burst = 50 },
    operating = {},
    items = DEMO_ROWS, deals = DEMO_ROWS, tasks = DEMO_ROWS, addresses = DEMO_ROWS,
    contacts = DEMO_ROWS, leads = DEMO_ROWS, companies = DEMO_ROWS, users = DEMO_ROWS,
    missing = {},
  }
end

---@param options? b24.mock.options
function State.new(options)
  local self = setmetatable({ secret = random_text(16), token = random_text(40) }, State)
  self.options, self.changes = options or {}, 0
  self.identity = oauth.identity()
  self.changed = require("cqueues.condition").new() -- signalled by reset: ends silent answers
  self.connections, self.tunnels, self.under_way = {}, {}, 0
  self:reset()
  return self
end

function State:reset()
  self.settings = default_settings()
  self.accounts = {}
  self.tricks, self.raw_scripts = {}, {}
  self.buckets, self.operating = {}, {}
  self.sessions = {}
  self.app_memory = {} -- handlers and settings of applications
  self.rows = {} -- what was written over the rows of lists
  self.files, self.links = {}, {} -- of the Drive
  self.oauth = oauth.new(self.identity)
  self.executions, self.rejections, self.most_at_once = {}, 0, 0
  self.added, self.every = {}, {} -- how the lists grow
  self.dropped, self.each = {}, {} -- and shrink
  self.push = nil -- see push.of
  for name in pairs(self.connections) do self.connections[name] = 0 end
  self:clear_log()
  self:apply_options()
  self:set_account { user_id = 1, secret = self.secret, token = self.token, demo = true }
  self.changed:signal()
end

--- What the portal was started with counts at its start and after each reset.
function State:apply_options()
  if self.options.limiter ~= nil then self.settings.bucket.enabled = self.options.limiter end
  self.oauth.settings.token_life = self.options.token_life or self.oauth.settings.token_life
end

--- Makes or changes the account of a user. Fields that are not given stay, or get their defaults.
function State:set_account(fields)
  local id = tostring(fields.user_id)
  local account = self.accounts[id]
  if not account then
    account = {
      user_id = id,
      secret = random_text(16),
      token = random_text(40),
      scope = { "im", "user", "crm", "task", "department", "disk", "pull_channel" },
      counters = counters.new(id),
      answers = 0,
    }
    self.accounts[id] = account
  end
  for _, name in ipairs { "secret", "token", "scope", "generation", "expired", "name" } do
    if fields[name] ~= nil then account[name] = fields[name] end
  end
  if fields.name then account.counters.people[tonumber(id)].name = fields.name .. " " .. id end
  if fields.demo then account.counters = counters.demo(id) end
  return account
end

function State:account(user_id)
  return self.accounts[tostring(user_id or 1)]
end

-- The log -----------------------------------------------------------------------------------------

function State:clear_log()
  self.log, self.log_length = {}, 0
end

function State:record(entry)
  self.log_length = self.log_length + 1
  entry.n, entry.t = self.log_length, cqueues.monotime()
  self.log[entry.n] = entry
  self.log[entry.n - LOG_LIMIT] = nil
  return entry
end

function State:log_since(since)
  local out = {}
  for n = math.max(since, self.log_length - LOG_LIMIT) + 1, self.log_length do
    out[#out + 1] = self.log[n]
  end
  return out
end

-- Tricks: canned answers and faults that wait for their request -----------------------------------

function State:add_trick(trick)
  trick.times = trick.times or 1
  trick.method = (trick.method or "*"):lower()
  self.tricks[#self.tricks + 1] = trick
end

--- The first trick for this request; `times` counts down, a negative `times` lasts.
function State:take_trick(call)
  for i, trick in ipairs(self.tricks) do
    local method_fits = trick.method == call.method
      or trick.method == "*" and not call.method:find "^oauth%." -- any REST method
    local user_fits = not trick.user_id or tostring(trick.user_id) == call.user_id
    local listener_fits = not trick.listener or trick.listener == call.listener
    if method_fits and user_fits and listener_fits then
      trick.times = trick.times - 1
      if trick.times == 0 then table.remove(self.tricks, i) end
      return trick
    end
  end
end

--- A request is being answered from here on, until State:answered().
function State:asked()
  self.under_way = self.under_way + 1
  self.most_at_once = math.max(self.most_at_once, self.under_way)
end

function State:answered()
  self.under_way = self.under_way - 1
end

function State:count(method)
  self.changes = self.changes + 1
  self.executions[method] = (self.executions[method] or 0) + 1
end

return State
