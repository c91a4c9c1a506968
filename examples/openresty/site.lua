-- What the pages of nginx.conf answer. Nothing here waits for a portal: the poller does.

local b24 = require "resty.b24"
local cjson = require "cjson"

local site = {}

local accounts = require "accounts"
local kept = ngx.shared.b24

local FRESH = 60 -- seconds in which the same question is not asked again

-- Who has been waiting longest for this person. The poller knows only numbers, so the portal is
-- asked: if somebody waits, when the number changes, and at most once a minute else.
local function longest(name, messages)
  local key = ("site:longest:%s:%d"):format(name, messages)
  local text = kept:get(key)
  if text then return text ~= "" and cjson.decode(text) or nil end
  kept:set(key, "", FRESH) -- nobody else asks meanwhile
  local client = b24.client(accounts[name])
  local inbox = client and client:inbox()
  local first
  for _, d in ipairs(inbox or {}) do
    local counts = d.waiting and not d.muted and d.kind ~= "tasks" -- as in the badge
    if counts and (not first or d.waiting > first.seconds) then
      first = { name = d.name or d.dialog_id, seconds = d.waiting, at_least = d.at_least }
    end
  end
  if first then kept:set(key, cjson.encode(first), FRESH) end
  return first
end

local function entry(name, counters, err, info)
  local totals = counters and b24.totals(counters) or {}
  local waits = totals.messages and totals.messages > 0 and not info.stale
  return {
    badge = b24.badge(counters), messages = totals.messages, notifications = totals.notifications,
    lines = totals.lines, tasks = totals.tasks, age = info.age, stale = info.stale,
    err = err or info.last_error, why = counters and b24.why(counters),
    longest = waits and longest(name, totals.messages) or nil,
  }
end

-- Whose numbers may be seen: everybody's where nginx.conf says so, else those of the person who has
-- logged in. nil: nobody's.
local function allowed()
  if ngx.var.b24_everybody == "1" then return b24.all() end
  local name = ngx.var.remote_user
  if not name or not accounts[name] then return nil end
  local counters, err, info = b24.get(name)
  return { [name] = { counters = counters, err = err, info = info } }
end

local function refuse()
  ngx.status = ngx.var.remote_user and 403 or 401
  ngx.say '{"err":"log in with a name that accounts.lua has"}'
end

local function entries(answers)
  local all = {}
  for account, answer in pairs(answers) do
    all[account] = entry(account, answer.counters, answer.err, answer.info)
  end
  return all
end

-- /unread: everybody, or oneself; /unread?user=anna: one of them.
function site.unread()
  ngx.header.content_type, ngx.header.cache_control = "application/json", "no-store"
  local answers, name = allowed(), ngx.var.arg_user
  if not answers then return refuse() end
  if not name then return ngx.say(cjson.encode(entries(answers))) end
  local one = answers[name]
  if not one then
    ngx.status = 404
    return ngx.say '{"err":"there is no such account"}'
  elseif not one.counters then
    ngx.status = 503
  else
    ngx.header.age = math.floor(one.info.age)
  end
  ngx.say(cjson.encode(entry(name, one.counters, one.err, one.info)))
end

local LOOK = 1 -- seconds between two looks at what the poller has
-- seconds after which it is sent all the same: ages grow, and proxies close what is silent
local AGAIN = 15
-- seconds of a stream; the browser begins another, and its login is looked at again
local LIFE = 600

-- What of them is news: not how old they are.
local function signature(all)
  local parts = {}
  for account, one in pairs(all) do
    parts[#parts + 1] = ("%s %s %s %s %s"):format(account, one.why or "", tostring(one.stale),
      one.err or "", one.longest and one.longest.name or "")
  end
  table.sort(parts)
  return table.concat(parts, "\n")
end

-- /events: the same as server-sent events, at once when something changes.
function site.events()
  if not allowed() then return refuse() end
  ngx.header.content_type, ngx.header.cache_control = "text/event-stream", "no-store"
  ngx.header["X-Accel-Buffering"] = "no" -- for an nginx in front of this one
  local began, last, sent = ngx.now(), nil, 0
  while ngx.now() - began < LIFE and not ngx.worker.exiting() do
    local all = entries(allowed() or {})
    local news = signature(all)
    if news ~= last or ngx.now() - sent >= AGAIN then
      last, sent = news, ngx.now()
      ngx.print("data: ", cjson.encode(all), "\n\n")
      if not ngx.flush(true) then return end -- nobody reads it any more
    end
    ngx.sleep(LOOK)
  end
end

-- /metrics, for Prometheus.
function site.metrics()
  ngx.header.content_type = "text/plain; version=0.0.4"
  ngx.print(b24.metrics(b24.all()))
end

local STATUS = { auth = 403, too_large = 413, decode = 400 }

local function work(_, event)
  ngx.log(ngx.NOTICE, event.event, " from ", event.auth.member_id) -- <- yours
end

-- /bitrix24/event: what Bitrix24 posts. It lets slow handlers wait, so the work comes afterwards.
-- application_token.lua returns the token of an outgoing webhook, or of your application.
function site.event()
  local event, err, info = b24.event { application_token = require "application_token" }
  if not event then
    ngx.log(ngx.WARN, err)
    return ngx.exit(STATUS[info.kind] or 500)
  end
  ngx.timer.at(0, work, event)
  return ngx.exit(200)
end

return site
