-- Confs of different limits on one portal: random mixes against the portal's own bucket, in a time
-- that is handed in.
-- One Lua of each kind: processes.

local codec = require "b24.codec"
local data = require "spec.support.data"

local GOOD = { status = 200, body = '{"result":true}', content_type = "application/json" }
local LIMIT = { status = 503, body = '{"error":"QUERY_LIMIT_EXCEEDED"}',
  content_type = "application/json" }

local folder, portals = nil, 0

-- Spelt otherwise, a folder is another process's as far as this Lua state knows: it opens the files
-- once more.
local function spelling(process) return folder .. ("/."):rep(process) end

local function conf(more, process)
  local options = { webhook = ("https://p%d.example/rest/1/abcdefgh/"):format(portals),
    runtime_dir = spelling(process or 0), timeout = 600, retries = 0 }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(codec.conf(options))
end

-- The leaky bucket: false when one more call overflows it. Time in seconds, never backwards.
local function bucket(rate, burst)
  local self = { level = 0, at = 0 }
  function self.add(now)
    self.level = math.max(0, self.level - (now - self.at) * rate) + 1
    self.at = now
    return self.level <= burst + 1e-6
  end
  return self
end

-- Carries out calls: a list of { at =, conf = }. Returns what was sent, in the order of time: { at,
-- asked, conf, index }.
local function simulate(calls)
  local waiting, sent, refused = {}, {}, 0
  for i, call in ipairs(calls) do
    waiting[i] = { at = call.at, asked = call.at, conf = call.conf, event = "go",
      machine = codec.call(call.conf, "profile") }
  end
  while #waiting > 0 do
    local first = 1
    for i = 2, #waiting do
      if waiting[i].at < waiting[first].at then first = i end
    end
    local w = waiting[first]
    local action, payload = w.machine:next(w.at, w.event)
    if action == "SLEEP" then
      w.at, w.event = w.at + payload, "woke"
    else
      if action == "SEND" then
        sent[#sent + 1] = { at = w.at, asked = w.asked, conf = w.conf }
        w.machine:next(w.at, "reply", GOOD)
      else
        refused = refused + 1
      end
      table.remove(waiting, first)
    end
  end
  return sent, refused
end

local MIXES = {
  standard = {
    {}, {},
    { limiter = { rate = 0.01 } }, { limiter = { rate = 0.01, burst = 1 } },
    { limiter = { rate = 1, burst = 5 } },
    { limiter = { rate = 100, burst = 1000 } }, { limiter = { rate = 0.5, burst = 100 } },
    { limiter = { burst = 3 } }, { limiter = { rate = 3, burst = 50 } },
    { limiter = { rate = 1.7, burst = 20 } },
  },
  enterprise = {
    {}, { plan = "enterprise" }, { plan = "enterprise" },
    { plan = "enterprise", limiter = { rate = 0.05, burst = 2 } },
    { limiter = { rate = 0.3, burst = 4 } },
    { plan = "enterprise", limiter = { rate = 1000, burst = 1000 } },
    { plan = "enterprise", limiter = { rate = 4.5, burst = 250 } },
  },
}
local BUCKETS = { standard = { 2, 50 }, enterprise = { 5, 250 } }

-- A random mix of confs and of calls: quiet times, and rushes of many at once.
local function mixture(plan, seed, count)
  local random = data.random(seed)
  local kinds, list, calls, now = MIXES[plan], {}, {}, 1000
  portals = portals + 1
  for i = 1, 2 + random(5) do
    local more = kinds[random(#kinds)]
    local limits = more.limiter
    local whole = BUCKETS[more.plan or "standard"]
    local rate, burst = limits and limits.rate or whole[1], limits and limits.burst or whole[2]
    list[i] = { conf = conf(more, random(3) - 1), more = more, rate = rate, burst = burst,
      own = limits and rate .. "/" .. burst }
  end
  for i = 1, count do
    if random(4) == 1 then now = now + random(3000) / 1000 end
    if random(60) == 1 then now = now + random(40) end
    calls[i] = { at = now, conf = list[random(#list)] }
  end
  return calls, list
end

local function run(plan, seed, count)
  local calls = mixture(plan, seed, count)
  local by_conf, plain = {}, {}
  for _, call in ipairs(calls) do
    by_conf[call.conf.conf] = call.conf
    plain[#plain + 1] = { at = call.at, conf = call.conf.conf }
  end
  local sent, refused = simulate(plain)
  assert.equal(count, #sent + refused)
  local words = ("plan %s, seed %d"):format(plan, seed)
  local whole, standard, own, delayed = bucket(BUCKETS[plan][1], BUCKETS[plan][2]),
    bucket(2, 50), {}, 0
  for i, s in ipairs(sent) do
    local c = by_conf[s.conf]
    local where = ("%s, call %d of %d at %.3f"):format(words, i, #sent, s.at)
    assert.is_true(whole.add(s.at), where .. ": the portal's bucket overflows")
    if not c.more.plan then
      assert.is_true(standard.add(s.at), where .. ": so does the standard confs' together")
    end
    if c.own then -- confs with the same numbers are one
      own[c.own] = own[c.own] or bucket(c.rate, c.burst)
      assert.is_true(own[c.own].add(s.at), where .. ": a conf exceeds its own " .. c.own)
    elseif plan == "standard" and s.at > s.asked + 1e-6 then
      delayed = delayed + 1
      assert.is_true(whole.level > 48 - 0.01, where .. ": held back at the portal's level "
        .. whole.level)
    end
  end
  return delayed, refused
end

describe("confs of all limits on one portal", function()
  before_each(function() folder = data.folder() end)
  after_each(function() data.remove_folder(folder) end)

  for _, plan in ipairs { "standard", "enterprise" } do
    for _, mode in ipairs { "private", "shared" } do
      local where = ("(%s, a %s folder)"):format(plan, mode)
      it("stay within its bucket and their own, and hold nobody else back " .. where, function()
        if mode == "shared" then data.shell("chmod 770 " .. data.quote(folder)) end
        local delayed = 0
        for seed = 1, tonumber(os.getenv "B24_TEST_MIXES") or 25 do
          delayed = delayed + run(plan, seed * 7919, 400)
        end
        if plan == "standard" then
          assert.is_true(delayed > 100, "too few calls had to wait: " .. delayed)
        end
      end)
    end
  end
end)

describe("a stricter conf", function()
  before_each(function()
    folder = data.folder()
    portals = portals + 1
  end)
  after_each(function() data.remove_folder(folder) end)

  local function go(options, now)
    local call = codec.call(options, "profile")
    local action, seconds = call:next(now, "go")
    return action, seconds, call
  end

  it("does not hold others back, nor they it", function()
    local strict, other = conf { limiter = { rate = 0.01, burst = 1 } }, conf({}, 1)
    assert.equal("SEND", (go(strict, 100)))
    for _ = 1, 40 do assert.equal("SEND", (go(other, 100))) end
    assert.same({ "SLEEP", 100 }, { (go(strict, 100)), 100 })
    assert.equal("SEND", (go(other, 100)))
    local action, seconds = go(conf({ limiter = { rate = 0.01, burst = 1 } }, 1), 150)
    assert.same({ "SLEEP", 150 }, { action, seconds }) -- the next process's place comes after that
  end)

  it("takes no place in the portal's bucket for what its own refuses", function()
    local strict, other, n = conf { limiter = { rate = 0.01, burst = 1 }, timeout = 1 },
      conf({ timeout = 1 }, 1), 0
    assert.equal("SEND", (go(strict, 100)))
    for _ = 1, 500 do assert.equal("DONE", (go(strict, 100))) end
    for _ = 1, 100 do
      if go(other, 100) == "SEND" then n = n + 1 end
    end
    assert.equal(48 - 1, n)
  end)

  it("gets the place of a call back that was cancelled while it waited", function()
    local strict = conf { limiter = { rate = 0.01, burst = 1 } }
    assert.equal("SEND", (go(strict, 100)))
    for _ = 1, 20 do
      local action, seconds, call = go(strict, 100)
      assert.same({ "SLEEP", 100 }, { action, seconds })
      assert.equal("DONE", (call:next(100, "cancel")))
    end
  end)

  it("takes no place of its own for what the portal refuses", function()
    local strict, other = conf { limiter = { rate = 0.01, burst = 1 }, timeout = 1 },
      conf({ timeout = 600 }, 1)
    for _ = 1, 60 do go(other, 100) end
    for _ = 1, 500 do
      local action, _, call = go(strict, 100)
      assert.equal("DONE", action)
      local _, _, info = call:result()
      assert.is_true(info.retry_after > 1 and info.retry_after < 10, info.retry_after)
    end
    assert.equal("SEND", (go(strict, 120)))
  end)

  it("hears of the portal's own word, as all do", function()
    local strict, other = conf { limiter = { rate = 0.01, burst = 1 } }, conf({}, 1)
    local _, _, call = go(strict, 100)
    call:next(100, "reply", LIMIT)
    local action, seconds = go(other, 100)
    assert.equal("SLEEP", action)
    assert.is_true(seconds > 0.4 and seconds <= 60)
    action, seconds = go(conf({ plan = "enterprise" }, 2), 100)
    assert.equal("SLEEP", action)
    assert.is_true(seconds > 0.2 and seconds <= 60)
  end)

  it("keeps its distance when the portal held several of its calls back together", function()
    local strict, other = conf { limiter = { rate = 1, burst = 1 } }, conf({}, 1)
    local _, _, call = go(other, 100)
    call:next(100, "reply", { status = 503, body = LIMIT.body, retry_after = "20" })
    local calls = {}
    for i = 1, 8 do calls[i] = { at = 100, conf = strict } end
    local sent = simulate(calls)
    assert.equal(8, #sent)
    for i, s in ipairs(sent) do
      assert.is_true(s.at >= 120)
      if i > 1 then assert.is_true(s.at - sent[i - 1].at > 0.999, s.at - sent[i - 1].at) end
    end
  end)
end)

it("a laxer conf is held to the portal's bucket all the same", function()
  folder = data.folder()
  portals = portals + 1
  local lax, n = conf { limiter = { rate = 1e6, burst = 1e6 }, timeout = 1 }, 0
  for _ = 1, 300 do
    if codec.call(lax, "profile"):next(100, "go") == "SEND" then n = n + 1 end
  end
  data.remove_folder(folder)
  assert.equal(48, n)
end)

it("without a plan a conf stays within the standard bucket beside enterprise confs", function()
  folder = data.folder()
  portals = portals + 1
  local plain, large, n = conf { timeout = 1 }, conf { plan = "enterprise", timeout = 1 }, { 0, 0 }
  for _ = 1, 300 do
    if codec.call(plain, "profile"):next(100, "go") == "SEND" then n[1] = n[1] + 1 end
  end
  for _ = 1, 300 do
    if codec.call(large, "profile"):next(100, "go") == "SEND" then n[2] = n[2] + 1 end
  end
  data.remove_folder(folder)
  assert.same({ 48, 190 }, n)
end)
