--- b24.resty (also: resty.b24): unread counters for the pages of an nginx. One worker asks the
--- portals, a shared dictionary serves all workers. Everything of `require "b24"` is here too.

local b24 = require "b24"
local codec = require "b24.codec"
local blame = codec.blame

local ngx = rawget(_G, "ngx") or package.loaded.ngx

local PREFIX = "b24:" -- of our keys in the dictionary, which others may use as well
local EVERY, SHORTEST, LONGEST = 30, 0.1, 86400 -- seconds
-- seconds between two looks at who polls and what is due; less where `every` is short
local HEARTBEAT = 1
local LEASE = 3 -- heartbeats after which another worker takes over from one that died
local PARALLEL = 16 -- calls at the same time; the limiter spreads them anyway
local METHOD = "im.counters.get"

local resty = {}
local poller -- of this worker

-- The dictionary ----------------------------------------------------------------------------------

local Poller = {}
Poller.__index = Poller

local function key(kind, account)
  return PREFIX .. kind .. ":" .. tostring(account)
end

-- Nulls, and depth, are there only if the account's conf wanted them.
local AS_KEPT = { nulls = true, max_depth = 1000 }

function Poller:load(kind, account)
  local text = self.dict:get(key(kind, account))
  return text and codec.decode(text, AS_KEPT)
end

function Poller:set(name, text)
  local ok, err, pushed_out = self.dict:set(name, text)
  if not ok or pushed_out then
    ngx.log(ngx.ERR, "b24: lua_shared_dict ", self.name, " is too small",
      ok and "" or ": " .. tostring(err))
  end
end

function Poller:save(kind, account, value)
  self:set(key(kind, account), codec.encode(value))
end

-- The names of the accounts, each after its length: JSON would hold only such as are UTF-8.
function Poller:save_names(names)
  local parts = {}
  for i, name in ipairs(names) do parts[i] = #name .. ":" .. name end
  self:set(key("names", ""), table.concat(parts))
end

-- Nil: nobody has polled yet.
function Poller:load_names()
  local text, names, at = self.dict:get(key("names", "")), {}, 1
  while text and at <= #text do
    local colon = text:find(":", at, true)
    local last = colon + tonumber(text:sub(at, colon - 1))
    names[#names + 1] = text:sub(colon + 1, last)
    at = last + 1
  end
  return text and names
end

-- What is kept of the account has changed: the workers need not look at it before. The first number
-- is one that a stamp, lost and made anew, has not had.
function Poller:stamp(account)
  self.dict:incr(key("stamp", account), 1, math.floor(ngx.now() * 1000))
end

function Poller:forget(account)
  for _, kind in ipairs { "counters", "failure", "turn" } do
    self.dict:delete(key(kind, account))
  end
  self:stamp(account)
  self.failing[account] = nil
end

-- What is thrown about a conf may quote it; the log has one line for each message.
local function harmless(err)
  return (tostring(err):gsub("https?://%S+", "***"):gsub("%c", " "))
end

-- A mistake in one round must not end the polling.
local function careful(f, ...)
  local ok, err = pcall(f, ...)
  if not ok then ngx.log(ngx.ERR, "b24: ", harmless(err)) end
end

-- The accounts ------------------------------------------------------------------------------------

-- Name -> conf, as they are now; nil if the user's function failed.
function Poller:confs()
  if type(self.accounts) == "table" then return self.accounts end
  local ok, confs = pcall(self.accounts)
  if ok and type(confs) == "table" then return confs end
  local why = ok and "it returned a " .. type(confs) .. ", not a table" or harmless(confs)
  ngx.log(ngx.ERR, "b24: the function accounts failed: ", why)
end

-- Tells the other workers which accounts there are. Who is gone is forgotten.
function Poller:publish(confs)
  local names, known = {}, {}
  for name in pairs(confs) do
    names[#names + 1] = tostring(name)
    known[tostring(name)] = true
  end
  table.sort(names)
  self.known = known
  for _, name in ipairs(self:load_names() or {}) do
    if not known[name] then self:forget(name) end
  end
  self:save_names(names)
end

-- Asking ------------------------------------------------------------------------------------------

function Poller:tell(account, err, info)
  if self.failing[account] == (info.code or false) then return end
  if err then
    ngx.log(ngx.WARN, "b24: account ", harmless(account), ": ", err,
      info.hint and ". " .. info.hint or "")
  elseif self.failing[account] ~= nil then
    ngx.log(ngx.NOTICE, "b24: account ", account, ": answered again")
  end
  self.failing[account] = info.code or false
end

function Poller:keep(account, counters, err, info)
  if not self.known[account] then -- it went while it was asked for
    self:forget(account)
  elseif info.code == "CANCELLED" then -- this worker ends: the next one asks again
    self.dict:delete(key("turn", account))
  elseif counters then
    self:save("counters", account, { at = codec.clock(), counters = counters, info = info })
    self.dict:delete(key("failure", account))
    self:stamp(account)
    self:tell(account, nil, info)
  else
    self:save("failure", account, { err = err, info = info })
    self:stamp(account)
    if (info.retry_after or 0) > self.every then
      self.dict:set(key("turn", account), true, info.retry_after)
    end
    self:tell(account, err, info)
  end
end

function Poller:ask(account, conf)
  local ok, counters, err, info = pcall(b24.counters, conf)
  if not ok then
    counters, err, info = codec.fault("config", "BAD_CONF",
      "the account's conf is unusable: " .. harmless(counters), nil, METHOD)
  end
  self:keep(account, counters, err, info)
end

-- A timer that asks for one account after the other until none is left.
function Poller:work()
  while #self.queue > 0 and not ngx.worker.exiting() do
    local due = table.remove(self.queue, 1)
    careful(self.ask, self, due.account, due.conf)
    self.busy[due.account] = nil
  end
  self.active = self.active - 1
end

-- Queues the accounts whose turn it is. A turn is taken in the dictionary, and so only once,
-- whoever polls.
function Poller:enqueue(confs)
  for name, conf in pairs(confs) do
    local account = tostring(name)
    if not self.busy[account] and self.dict:add(key("turn", account), true, self.every) then
      self.busy[account] = true
      self.queue[#self.queue + 1] = { account = account, conf = conf }
    end
  end
  for _ = self.active + 1, math.min(PARALLEL, self.active + #self.queue) do
    self.active = self.active + 1
    if not ngx.timer.at(0, function() self:work() end) then self.active = self.active - 1 end
  end
end

function Poller:round()
  local confs = self:confs()
  if not confs then return end
  self:publish(confs)
  self:enqueue(confs)
end

-- Who polls ---------------------------------------------------------------------------------------

-- Is it this worker? It holds a lease in the dictionary, and renews it.
function Poller:leads()
  local lease = key("poller", "")
  if self.dict:get(lease) == self.me then return self.dict:set(lease, self.me, self.lease) end
  return (self.dict:add(lease, self.me, self.lease))
end

-- At this worker's end the next one need not wait until the lease is over.
function Poller:resign()
  local lease = key("poller", "")
  if self.dict:get(lease) == self.me then self.dict:delete(lease) end
  for _, due in ipairs(self.queue) do self.dict:delete(key("turn", due.account)) end
  self.queue = {}
end

function Poller:beat(premature)
  if premature or ngx.worker.exiting() then return self:resign() end
  if not self:leads() or self.beating then return end
  self.beating = true -- the user's function may take its time
  careful(self.round, self)
  self.beating = false
end

-- Options -----------------------------------------------------------------------------------------

local OPTIONS = { dict = "string", accounts = "table|function", every = "number" }

local function check_options(opts)
  if type(opts) ~= "table" then blame("b24: poll{ dict =, accounts =, every = } takes a table") end
  if opts.live ~= nil then
    blame("b24: poll is never live: each of its users would count as online for ever, and a "
      .. "worker would hold a connection for each; `live` is for a person's own desktop")
  end
  codec.options("poll", opts, OPTIONS)
  if not opts.dict or not opts.accounts then blame("b24: poll needs dict and accounts") end
  if opts.every and (opts.every < SHORTEST or opts.every > LONGEST or opts.every ~= opts.every) then
    blame(("b24: every is a number of seconds, from %g to %d"):format(SHORTEST, LONGEST))
  end
  if not ngx.shared[opts.dict] then
    blame(("b24: there is no shared dictionary '%s'; put into nginx.conf: lua_shared_dict %s 1m;")
      :format(opts.dict, opts.dict))
  end
end

--- Keeps the counters of all accounts up to date in a shared dictionary. Call it once in each
--- worker, in init_worker_by_lua. One worker polls; when it dies or ends, another takes over. An
--- answer stays until there is a newer one, with its age. The dictionary holds no credential.
---@param opts b24.poll_options
function resty.poll(opts)
  check_options(opts)
  if ngx.get_phase() == "init" then
    blame("b24: call poll in init_worker_by_lua: timers belong to a worker")
  end
  if poller then blame("b24: poll has already been called in this worker") end
  local every = opts.every or EVERY
  local heartbeat = math.min(HEARTBEAT, every / 2)
  poller = setmetatable({
    name = opts.dict, dict = ngx.shared[opts.dict], accounts = opts.accounts, every = every,
    lease = LEASE * heartbeat, me = tostring(ngx.worker.pid()), queue = {}, busy = {},
    failing = {}, active = 0,
  }, Poller)
  if not ngx.worker.id() then return end -- the privileged agent serves no pages
  local function beat(premature) poller:beat(premature) end
  assert(ngx.timer.at(0, beat))
  assert(ngx.timer.every(heartbeat, beat))
end

-- Reading -----------------------------------------------------------------------------------------

-- account -> { stamp =, stamp_key =, counters =, at =, info =, others =, failure = }: a worker
-- decodes each answer once
local decoded = {}

-- counters that resty.get has handed out -> their badge
local badges = setmetatable({}, { __mode = "k" })

local NAMED = { status = true, method = true, attempts = true, waited = true, elapsed = true,
  reused = true, time = true, http_version = true }

local function decode(account)
  local value, one = poller:load("counters", account), { failure = poller:load("failure", account) }
  if not value then return one end
  one.counters, one.at, one.info, one.others = codec.as_counters(value.counters, true), value.at,
    value.info, {}
  for name in pairs(value.info) do
    if not NAMED[name] then one.others[#one.others + 1] = name end
  end
  if one.counters then badges[one.counters] = codec.badge(one.counters) end
  return one
end

-- What is kept of an account. The stamp is read first: it is written last.
local function kept_of(account)
  local one = decoded[account]
  local stamp_key = one and one.stamp_key or key("stamp", account)
  local stamp = poller.dict:get(stamp_key)
  if stamp and one and one.stamp == stamp then return one end
  one = decode(account)
  one.stamp, one.stamp_key = stamp, stamp_key
  decoded[account] = one.counters and one or nil
  return one
end

-- A page may keep its info, so each gets its own. What nearly every info has is named here, because
-- LuaJIT makes such a table at once; `others` are the names of the rest.
local function info_of(kept)
  local from, failure, others = kept.info, kept.failure, kept.others
  local age = math.max(0, math.floor((codec.clock() - kept.at) * 1000) / 1000)
  local info = { status = from.status, method = from.method, attempts = from.attempts,
    waited = from.waited, elapsed = from.elapsed, reused = from.reused, time = from.time,
    http_version = from.http_version, age = age, last_error = failure and failure.err,
    stale = failure ~= nil or age > 2 * poller.every + HEARTBEAT }
  for i = 1, #others do info[others[i]] = from[others[i]] end
  return info
end

-- Nothing has been kept for this account, and nothing has failed.
local function nothing(account)
  local names = poller:load_names()
  for _, name in ipairs(names or {}) do
    if name == tostring(account) then names = nil end
  end
  if names then
    return codec.fault("config", "UNKNOWN_ACCOUNT", "there is no such account",
      "Check the accounts given to poll, or the table that their function returns.", METHOD)
  end
  local value, err, info = codec.fault("timeout", "NOT_YET", "there is no answer yet",
    "Try again in a second.", METHOD)
  info.retryable, info.retry_after = true, 1
  return value, err, info
end

--- The counters of an account from its portal's last answer. Never waits, so it works in every
--- phase. All requests of a worker get the same table until there is a newer answer: do not change
--- it.
---@param account string|integer as in the table `accounts`
---@return b24.counters? counters
---@return string? err the last failure, if no answer ever came
---@return b24.info info `age`: seconds since the answer; `stale`: polling has failed since
--- (`last_error`), or nobody polls
function resty.get(account)
  if not poller then blame("b24: call poll{ dict =, accounts = } in init_worker_by_lua first") end
  account = tostring(account)
  local kept = kept_of(account)
  if kept.counters then return kept.counters, nil, info_of(kept) end
  if kept.failure then return nil, kept.failure.err, kept.failure.info end
  local value, err, info = nothing(account)
  return value, err, info
end

--- As b24.badge. Of what resty.get returns it is known beforehand.
---@param counters b24.counters?
---@return string
function resty.badge(counters)
  local known = counters ~= nil and badges[counters]
  if known then return known end
  return codec.badge(counters) -- a tail call, so that an error names the caller's line
end

--- What resty.get returns for every account, in the form of b24.counters_all.
---@return table<string, { counters: b24.counters?, err: string?, info: b24.info }>
function resty.all()
  if not poller then blame("b24: call poll{ dict =, accounts = } in init_worker_by_lua first") end
  local all = {}
  for _, name in ipairs(poller:load_names() or {}) do
    local counters, err, info = resty.get(name)
    all[name] = { counters = counters, err = err, info = info }
  end
  return all
end

--- The event that Bitrix24 posts with this request: see nginx/event.lua.
---@param options b24.event_options
---@return b24.posted? event
---@return string? err
---@return b24.info? info
function resty.event(options)
  return require("b24.nginx.event")(options)
end

return setmetatable(resty, { __index = b24 })
