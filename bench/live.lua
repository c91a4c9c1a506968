-- What `live` brings and costs, against the mock's push server: live.lua latency N | bar N | nvim N
-- | storm EVENTS | idle SECONDS | day SECONDS. Prints numbers.
package.path = "./?.lua;" .. package.path

local b24 = require "b24"
local codec = require "b24.codec"

local what, n = arg[1], tonumber(arg[2])

local function open(settings)
  local portal = require("spec.support.portal").start()
  portal:control("account", { user_id = 1, scope = { "im", "pull_channel" } })
  portal:control("push", settings)
  return portal, assert(b24.client { webhook = portal.webhook, ca_file = portal.ca_file,
    limiter = false, runtime_dir = portal.dir .. "/run", proxy = "" })
end

local function spawn(f) require("b24.wait.task").core.spawn(f) end

-- From a message at the portal to on_change: median and worst, in ms.
local function latency()
  local portal, client = open { hold = 40 }
  local samples, sent = {}, nil
  local function next_message(watch)
    spawn(function(core)
      core.sleep(2.1 + math.random()) -- no closer to the last question
      if #samples == n then return watch:stop() end
      sent = codec.clock()
      portal:control("message", { dialog_id = "5" })
    end)
  end
  client:watch { live = true, on_change = function(_, changes, watch)
    if sent and #changes > 0 then samples[#samples + 1] = (codec.clock() - sent) * 1000 end
    if sent or #changes == 0 then next_message(watch) end
  end }
  table.sort(samples)
  print(("%.0f %.0f"):format(samples[(#samples + 1) // 2], samples[#samples]))
end

-- The same to a line of b24 watch --json, which bars read.
local function bar()
  local portal = open { hold = 40 }
  local pipe = io.popen(("exec env B24_WEBHOOK=%s B24_RUNTIME_DIR=%s/bar lua5.4 bin/b24 watch "
    .. "--json --live --ca-file %s"):format(portal.webhook, portal.dir, portal.ca_file))
  local samples = {}
  assert(pipe:read "l")
  while #samples < n do
    codec.nap(2.2 + math.random())
    local sent = codec.clock()
    portal:control("message", { dialog_id = "5" })
    repeat until pipe:read("l"):find('"section":"DIALOG"', 1, true)
    samples[#samples + 1] = (codec.clock() - sent) * 1000
  end
  portal:stop() -- and b24 finds nobody that reads
  table.sort(samples)
  print(("%.0f %.0f"):format(samples[(#samples + 1) // 2], samples[#samples]))
  os.exit(0)
end

-- The same to Neovim's badge.
local function nvim()
  local portal = open { hold = 40 }
  local pipe = io.popen(("ROUNDS=%d B24_WEBHOOK=%s B24_ALLOW_HTTP=1 PORTAL=http://127.0.0.1:%d "
    .. "B24_RUNTIME_DIR=%s/nvim XDG_STATE_HOME=%s/nvim nvim --clean --headless --cmd 'set rtp+=.' "
    .. "-c 'luafile bench/live_nvim.lua' 2>/dev/null"):format(n, portal.http_webhook,
    portal.http_port, portal.dir, portal.dir))
  io.write(pipe:read "a")
end

-- Events at 200 a second, some of whose answers break off: are the last counters right? How many
-- questions were asked, and how many answers broke off.
local function storm()
  local portal, client = open { hold = 40, drop = 0.05 }
  local right, begun = 0, false
  client:watch { live = true, on_change = function(_, _, watch)
    if begun then return end
    begun = true
    spawn(function(core)
      core.sleep(1)
      portal:control("push_storm", { count = n, rate = 200 })
      repeat core.sleep(0.2) until portal:control("push", {}).storm == 0
      core.sleep(10) -- the longest pause after what was lost last
      right = #b24.diff(watch.counters, client:counters()) == 0 and 1 or 0
      watch:stop()
    end)
  end }
  local asked, cut = -1, 0
  for _, entry in ipairs(portal:log()) do
    if entry.method == "im.counters.get" then asked = asked + 1 end
    if entry.method == "bitrix/sub" and entry.dropped then cut = cut + 1 end
  end
  print(right, asked, cut)
end

-- CPU us of a poll at which nothing happens, and of a question; everything included.
local function idle()
  local portal, client = open { hold = 1.05 }
  local cpu, polls, questions = 0, 0, 200
  client:watch { live = true, on_live = function(on, _, watch)
    if not on then return end
    spawn(function(core)
      core.sleep(2)
      local from = #portal:log()
      local before = os.clock()
      core.sleep(n)
      cpu = os.clock() - before -- before the log is fetched
      polls = #portal:log() - from
      watch:stop()
    end)
  end }
  local before = os.clock()
  for _ = 1, questions do assert(client:counters()) end
  print(("%.0f %.0f"):format(cpu / polls * 1e6, (os.clock() - before) / questions * 1e6))
end

-- A day on a clock of its own: 40 times five messages, up to N seconds apart; a channel of twelve
-- hours. How often the portal is asked, and its push server.
local function day()
  package.loaded["b24.codec"] = codec
  local live = require "spec.support.live"
  local schedule, channel = codec.watch(60, 7), live.new(nil, 7)
  local now, asked, polls, configs, number = 0, 0, 0, 0, 0
  local events = {}
  math.randomseed(7)
  for _ = 1, 40 do
    local at = math.random() * 86400
    for _ = 1, 5 do
      at = at + math.random() * n
      events[#events + 1] = at
    end
  end
  table.sort(events)
  local function hint(changed)
    if changed then schedule:hint(now) end
  end
  local function question()
    asked = asked + 1
    schedule:ask(now)
    schedule:answer(true, now, now)
  end
  question()
  schedule:live(true, now)
  local poll_ends, held = 0, true
  local function step(event, data)
    channel.now, channel.wall = now, live.EPOCH + now
    local action, payload, changed = channel:after(0, event, data)
    hint(changed)
    if action == "ASK" then
      configs = configs + 1
      return step("config", live.config { ["\"end\":\"2027-01-15T20:00:05+00:00\""] = "\"e\":1",
        ["\"serverTime\""] = "\"x\"", ["\"end\":\"2027-01-15T20:00:00+00:00\""] =
          os.date("!\"end\":\"%Y-%m-%dT%H:%M:%S+00:00\"", math.floor(live.EPOCH + now + 43200)),
        [("\"finish\":%d"):format(live.EPOCH)] =
          ("\"finish\":%d"):format(math.floor(live.EPOCH + now)) })
    end
    assert(action == "POLL", ("%s at %s: %s"):format(action, now, channel.machine:state().why))
    polls = polls + 1
    held, poll_ends = payload >= 40, now + math.min(40, payload)
  end
  step "go"
  while now < 86400 do
    local ask_at = now + schedule:wait(now)
    local event_at = math.max(events[1] or math.huge, now)
    now = math.min(ask_at, event_at, poll_ends)
    if now == event_at then
      table.remove(events, 1)
      number = number + 1
      step("reply", { status = 200, body = live.frame(number, "message") })
    elseif now == poll_ends and held then
      step("reply", { status = 304, body = "", expires = live.SENTINEL,
        last_message_id = number > 0 and live.mid(number) or "" })
    elseif now == poll_ends then
      step("failed", { kind = "timeout", code = "TIMEOUT", sent = true })
    else
      question()
    end
  end
  print(asked + configs, polls, 86400 // 60)
end

({ latency = latency, bar = bar, nvim = nvim, storm = storm, idle = idle, day = day })[what]()
