-- Who waits for one answer goes ahead of who reads a long list: bulk leaves room in the portal's
-- bucket. Without a clock or a portal: time is a number here, the bucket is counted by hand. The
-- limiter's file is a real one, shared by confs of which each stands for a process.

local codec = require "b24.codec"
local data = require "spec.support.data"

local PLANS = { standard = { rate = 2, burst = 50 }, enterprise = { rate = 5, burst = 250 } }
local TOOK = 0.3 -- seconds for an answer
local LATE = 20 -- ms: who sleeps wakes up to so much later
local GOOD = { status = 200, body = '{"result":true}', content_type = "application/json" }

-- Everything that happens, in the order of its time.
local function new_world(plan)
  local world = { now = 1000, queue = {}, level = 0, at = 1000, most = 0 }
  local random, bucket = data.random(7), PLANS[plan]

  function world:plan(time, what)
    local place = #self.queue + 1
    while place > 1 and self.queue[place - 1].time > time do place = place - 1 end
    table.insert(self.queue, place, { time = time, what = what })
  end

  function world:run()
    while self.queue[1] do
      local event = table.remove(self.queue, 1)
      self.now = event.time
      event.what()
    end
  end

  -- A request reaches the portal.
  function world:count()
    self.level = math.max(0, self.level - (self.now - self.at) * bucket.rate) + 1
    self.at, self.most = self.now, math.max(self.most, self.level)
  end

  -- A call of this conf; done(waited, info) at its end.
  function world:call(conf, method, opts, done)
    local call = assert(codec.call(conf, method, nil, nil, opts))
    local begun, sent = self.now, nil
    local function step(event, answer)
      local action, payload = call:next(self.now, event, answer)
      if action == "SLEEP" then
        self:plan(self.now + payload + random(LATE) / 1000, function() step "woke" end)
      elseif action == "SEND" then
        sent = self.now
        self:count()
        self:plan(self.now + TOOK, function() step("reply", GOOD) end)
      else
        local _, _, info = call:result()
        done(sent and sent - begun, info)
      end
    end
    step "go"
  end
  return world
end

describe("beside a long list", function()
  local world, dir, plan, lists_waited, refused
  before_each(function()
    dir, plan, lists_waited, refused = data.folder(), "standard", 0, 0
  end)
  after_each(function() data.remove_folder(dir) end)

  local function conf()
    return assert(codec.conf { webhook = "https://portal.example/rest/1/s3cr3t0fTheSpec/",
      runtime_dir = dir, plan = plan, timeout = 60 })
  end

  -- A process that asks page after page.
  local function list(pages, opts)
    local own = conf()
    local function ask(left)
      if left == 0 then return end
      world:call(own, "crm.deal.list", opts, function(waited)
        if waited then lists_waited = math.max(lists_waited, waited) else refused = refused + 1 end
        ask(left - 1)
      end)
    end
    ask(pages)
  end

  -- A bar: new processes that ask once, every so many seconds. The longest wait, when all is over.
  local function bar(every, times)
    local longest, asked = 0, 0
    for i = 0, times - 1 do
      world:plan(world.now + i * every, function()
        world:call(conf(), "im.counters.get", nil, function(waited)
          longest, asked = math.max(longest, waited or math.huge), asked + 1
        end)
      end)
    end
    world:run()
    assert.equal(times, asked)
    return longest
  end

  -- With what bulk may use of the bucket, and nothing lost.
  local function seconds_at_best(requests)
    return (requests - PLANS[plan].burst * 0.7) / PLANS[plan].rate
  end

  it("of 100,000 rows a bar waits at most one interval; the list is as fast as ever", function()
    world = new_world(plan)
    list(2000, { bulk = true })
    local longest = bar(5, 190)
    assert.is_true(longest <= 0.5, longest .. " s")
    assert.is_true(world.most <= 50, world.most)
    assert.equal(0, refused)
    assert.is_true(world.now - 1000 < seconds_at_best(2190) * 1.05, world.now - 1000)
  end)

  for name, bucket in pairs(PLANS) do
    for _, lists in ipairs { 3, 20, 40 } do
      it(("and %d at once a bar waits at most an interval; plan %s"):format(lists, name), function()
        plan, world = name, new_world(name)
        local pages = math.floor(bucket.rate * 300 / lists)
        for _ = 1, lists do list(pages, { bulk = true }) end
        local longest = bar(5, 40)
        assert.is_true(longest <= 1 / bucket.rate, longest .. " s")
        assert.is_true(world.most <= bucket.burst, world.most)
        assert.equal(0, refused)
        assert.is_true(world.now - 1000 < seconds_at_best(lists * pages + 40) * 1.05,
          world.now - 1000)
        -- who came first goes first
        assert.is_true(lists_waited <= lists / bucket.rate * 1.5 + 2, lists_waited .. " s")
      end)
    end
  end

  it("that does not say what it is, a bar waits longer (so the specs above can fail)", function()
    world = new_world(plan)
    for _ = 1, 20 do list(30, nil) end
    local longest = bar(5, 50)
    assert.is_true(longest > 4, longest .. " s")
  end)

  it("a bar that asks often has what the list has left to it, and then waits its turn", function()
    world = new_world(plan)
    list(100, { bulk = true })
    world:plan(1060, function() bar(0, 30) end)
    world:run()
    assert.is_true(world.most <= 50, world.most)
    assert.equal(0, refused)
  end)
end)

describe("bulk", function()
  local dir
  before_each(function() dir = data.folder() end)
  after_each(function() data.remove_folder(dir) end)

  -- Asks until the limiter has no place at once: how many it let through.
  local function at_once(opts, plan)
    local conf = assert(codec.conf { webhook = "https://portal.example/rest/1/s3cr3t0fTheSpec/",
      runtime_dir = dir, plan = plan })
    for n = 0, 500 do
      local call = assert(codec.call(conf, "profile", nil, nil, opts))
      if call:next(1000, "go") ~= "SEND" then return n end
    end
  end

  it("leaves a quarter of the bucket to others", function()
    assert.same({ 36, 12, 0 }, { at_once { bulk = true }, at_once(), at_once { bulk = true } })
  end)

  it("leaves it in both parts of an enterprise portal's bucket", function()
    local bulk = at_once({ bulk = true }, "enterprise")
    assert.same({ 36 + 140, 12 + 50 }, { bulk, at_once(nil, "enterprise") })
  end)

  it("is refused when its place would come after its deadline", function()
    assert(at_once())
    local conf = assert(codec.conf { webhook = "https://portal.example/rest/1/s3cr3t0fTheSpec/",
      runtime_dir = dir, timeout = 2 })
    local call = assert(codec.call(conf, "profile", nil, nil, { bulk = true }))
    assert.equal("DONE", (call:next(1000, "go")))
    local _, _, info = call:result()
    assert.same({ "LIMITER", "limit", true }, { info.code, info.kind, info.retryable })
    assert.is_true(info.retry_after >= 6)
  end)

  it("gives the place in its conf's own queue back when it is refused", function()
    local conf = assert(codec.conf { webhook = "https://portal.example/rest/1/s3cr3t0fTheSpec/",
      runtime_dir = dir, timeout = 60, limiter = { rate = 1, burst = 5 } })
    local now, sent = 1000, 0
    local function go(call, event)
      local action, payload = call:next(now, event)
      if action == "SLEEP" then
        now = now + payload
        return go(call, "woke")
      end
      sent = sent + (action == "SEND" and 1 or 0)
    end
    at_once()
    for _ = 1, 20 do go(assert(codec.call(conf, "profile", nil, nil, { bulk = true })), "go") end
    assert.equal(20, sent)
    assert.is_true(now - 1000 >= 15 and now - 1000 < 30, now - 1000)
  end)
end)
