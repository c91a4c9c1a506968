-- client:list and client:all that read many pages in one request: how few requests, and what
-- becomes of the list when one of them fails.
-- One Lua of each kind: real time.

local b24 = require "b24"
local calm = require "spec.support.calm"
local lists = require "spec.support.pages"
local portal = require "spec.support.portal"

local p, events

local function client(more)
  local options = { webhook = p.http_webhook, allow_http = true, limiter = false, timeout = 60,
    retries = 0, log = function(event) events[#events + 1] = event end }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(b24.client(options))
end

local id_of = lists.id_of

-- Each of the ids from..to must be there once; of others none twice.
local function check(rows, from, to)
  lists.has_all(select(2, lists.ids(lists.iterate(rows))), from, to)
end

local function collect(iterator)
  local rows = {}
  for row in iterator do rows[#rows + 1] = row end
  return rows
end

-- The methods of all requests since the log was cleared.
local function requests()
  local names = {}
  for i, entry in ipairs(p:log()) do names[i] = entry.method:match "(%w+)$" end
  return table.concat(names, " ")
end

local function long(n) p:control("settings", { deals = n, tasks = n, items = n }) end

-- How many requests there are depends on how fast the pages come: hence calm.check.
describe("many pages in one request", function()
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function()
    p:reset()
    events = {}
  end)

  it("take few requests", function()
    calm.check(p, function()
      for _, case in ipairs {
        { "crm.deal.list", 2500, 2, 2 }, { "crm.deal.list", 5000, 3, 3 },
        { "tasks.task.list", 2500, 2, 2 }, { "b24test.item.list", 2500, 2, 2 },
        { "b24test.item.list", 5000, 3, 3 },
      } do
        p:reset()
        long(case[2])
        local rows, err, info = client():all(case[1])
        assert(rows, err)
        check(rows, 1, case[2])
        assert.equal(case[3], #p:log())
        assert.equal(case[3], info.attempts)
        assert.equal(case[2], info.total)
        assert.is_nil(info.more)
        p:control "log_clear"
        check(collect(client():list(case[1])), 1, case[2])
        assert.equal(case[4], #p:log())
      end
    end)
  end)

  it("go side by side, as many as are wanted", function()
    long(9000)
    p:control("fault", { kind = "slow", delay = 0.3, method = "batch", times = -1 })
    for _, case in ipairs { { nil, 4 }, { 1, 1 }, { 2, 2 } } do
      local before = p:stats().most_at_once
      local rows = assert(client():all("crm.deal.list", { select = { "ID" } },
        { parallel = case[1] }))
      check(rows, 1, 9000)
      if case[2] == 4 then assert.is_true(p:stats().most_at_once >= 3) end
      assert.is_true(p:stats().most_at_once <= math.max(before, case[2]))
    end
  end)

  for _, parallel in ipairs { 1, 2 } do
    it("of client:list go side by side where that is wanted: " .. parallel, function()
      calm.check(p, function()
        long(5000)
        p:control("fault", { kind = "slow", delay = 0.3, method = "batch", times = -1 })
        check(collect(client():list("crm.deal.list", nil, { parallel = parallel })), 1, 5000)
        assert.equal(3, #p:log())
        assert.equal(parallel, p:stats().most_at_once)
      end)
    end)
  end

  it("stop at max, also from the newest on", function()
    calm.check(p, function()
      long(6000)
      local rows, _, info = client():all("crm.deal.list", { order = { ID = "DESC" } },
        { max = 500 })
      assert.equal(500, #rows)
      for i, row in ipairs(rows) do assert.equal(6001 - i, id_of(row)) end
      assert.is_true(info.more)
      assert.same({ 10, 2, 6000 }, { info.pages, info.attempts, info.total })
      assert.equal(10, p:stats().executions["crm.deal.list"])
      check(assert(client():all("tasks.task.list", { order = { ID = "DESC" } })), 1, 6000)
    end)
  end)

  -- Rows are added at the end, and the oldest go, with each page that is read.
  for _, way in ipairs {
    { "crm.deal.list" }, { "crm.deal.list", { start = -1 } }, { "tasks.task.list" },
    { "crm.deal.list", { order = { ID = "DESC" } } }, { "crm.deal.list", {}, { batch = false } },
  } do
    it("lose no row while others come and go: " .. way[1], function()
      long(2800)
      p:control("rows", { method = way[1], every = 2, each = 3 })
      local c = client()
      for _, read in ipairs {
        function() return assert(c:all(way[1], way[2], way[3])) end,
        function() return collect(c:list(way[1], way[2], way[3])) end,
        function()
          return collect(c:list(way[1], way[2], way[3] or { parallel = 3 }))
        end,
      } do
        local before = p:control("rows", { method = way[1] })
        local rows = read()
        local after = p:control("rows", { method = way[1] })
        assert.is_true(after.gone > before.gone + 50)
        check(rows, after.gone + 1, before.rows + before.gone)
      end
    end)
  end

  it("are not for params that a batch would change, and not where nobody wants them", function()
    long(200)
    for _, params in ipairs {
      { filter = { ["!TITLE"] = "$result[c1][0][ID]" } }, { filter = { ["!TITLE"] = false } },
      { filter = { ["!STAGE_ID"] = b24.null } },
    } do
      p:control "log_clear"
      check(assert(client():all("crm.deal.list", params)), 1, 200)
      assert.equal("list list list list list", requests())
    end
    p:control "log_clear"
    check(assert(client():all("crm.deal.list", nil, { batch = false })), 1, 200)
    check(collect(client():list("crm.deal.list", nil, { batch = false })), 1, 200)
    assert.equal(10, select(2, requests():gsub("list", "")))
  end)
end)

describe("many pages of which a request fails", function()
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function()
    p:reset()
    events = {}
    long(500)
  end)

  local REFUSED = '{"result":{"result":[],"result_error":{"c1":{"error":'
    .. '"ERROR_BATCH_METHOD_NOT_ALLOWED","error_description":"x"}}}}'
  -- What the batch meets, and what is asked for then.
  for _, case in ipairs {
    { "fault", { kind = "html", status = 504 }, "list batch list batch batch" },
    { "fault", { kind = "empty", status = 200 }, "list batch list batch batch" },
    { "reply", { body = '{"result":true}' }, "list batch list batch batch" },
    { "reply", { body = REFUSED }, "list batch" .. (" list"):rep(10) },
    { "reply", { status = 404, body = '{"error":"ERROR_METHOD_NOT_FOUND"}' },
      "list batch list batch batch" },
    { "reply", { status = 500, body = '{"error":"INTERNAL_SERVER_ERROR"}' },
      "list batch list batch batch" },
  } do
    it("are asked for again, one and then fewer: " .. (case[2].body or case[2].kind), function()
      local arguments = { method = "batch", times = 1 }
      for name, value in pairs(case[2]) do arguments[name] = value end
      p:control(case[1], arguments)
      check(assert(client():all "crm.deal.list"), 1, 500)
      assert.equal(case[3], requests())
    end)
  end

  it("come one by one where the portal has no batch", function()
    p:control("settings", { missing = { "batch" } })
    check(assert(client():all "crm.deal.list"), 1, 500)
    check(collect(client():list "crm.deal.list"), 1, 500)
  end)

  it("come in smaller requests where the answer would be too large", function()
    long(2500)
    local rows, err = client({ max_reply = 65536 }):all "crm.deal.list"
    assert(rows, err)
    check(rows, 1, 2500)
    assert.is_true(#p:log() < 45, #p:log()) -- there are 50 pages
  end)

  it("end the list with what client:call would say", function()
    for _, case in ipairs {
      { "fault", { kind = "cut_body" }, "REPLY_CUT", "network" },
      { "reply", { status = 401, body = '{"error":"expired_token"}' }, "expired_token", "auth" },
      { "reply", { status = 503, body = '{"error":"QUERY_LIMIT_EXCEEDED"}' },
        "QUERY_LIMIT_EXCEEDED", "limit" },
    } do
      local arguments = { method = "batch", times = 2 }
      for name, value in pairs(case[2]) do arguments[name] = value end
      p:control(case[1], arguments)
      local rows, err, info = client():all "crm.deal.list"
      assert.is_nil(rows)
      assert.equal(case[3], err:match "^b24: ([%w_]+)")
      assert.same({ case[3], case[4], "crm.deal.list", 2 },
        { info.code, info.kind, info.method, info.pages })
      local iterator, n = client():list "crm.deal.list", 0
      local ok, thrown = pcall(function() for _ in iterator do n = n + 1 end end)
      assert.is_false(ok)
      assert.equal(case[3], thrown:match "list_batch_spec%.lua:%d+: b24: ([%w_]+)")
      assert.equal(50, n)
      assert.is_false((pcall(iterator)))
    end
  end)

  it("are repeated after a cut: they only read", function()
    p:control("fault", { kind = "cut_body", method = "batch", times = 1 })
    local rows, err, info = client({ retries = 2 }):all "crm.deal.list"
    assert(rows, err)
    check(rows, 1, 500)
    assert.same({ 3, 11 }, { info.attempts, info.pages })
    p:control("fault", { kind = "cut_body", method = "batch", times = 1 })
    assert.is_nil((client({ retries = 2 }):all("crm.deal.list", nil, { idempotent = false })))
  end)

  it("keep to one deadline", function()
    p:control("fault", { kind = "silent", method = "batch", times = -1 })
    local rows, _, info = client({ timeout = 1 }):all "crm.deal.list"
    assert.is_nil(rows)
    assert.same({ "timeout", "crm.deal.list" }, { info.kind, info.method })
  end)

  it("end with their client", function()
    local c = client()
    local iterator = c:list "crm.deal.list"
    for _ = 1, 70 do iterator() end
    c:close()
    local ok, err = pcall(function() for _ = 1, 50 do iterator() end end)
    assert.is_false(ok)
    assert.truthy(err:find("list_batch_spec%.lua:%d+: b24: CLOSED: "), err)
  end)
end)

describe("the method's computing time", function()
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function()
    p:reset()
    events = {}
    long(1000)
  end)

  local function operating(settings)
    p:control("settings", { operating = { ["crm.deal.list"] = settings } })
  end
  local function waits()
    local n = 0
    for _, event in ipairs(events) do
      if event.event == "wait" and event.reason == "operating" then
        assert.equal("crm.deal.list", event.method)
        n = n + 1
      end
    end
    return n
  end

  it("is waited for before it is used up, which the log tells", function()
    long(120)
    operating { cost = 433, window = 1 }
    local rows, _, info = client():all "crm.deal.list"
    check(rows, 1, 120)
    assert.equal(2, waits())
    assert.is_true(info.waited > 1)
    assert.equal("list list list", requests())
    assert.is_nil(p:stats().executions.batch)
  end)

  it("may be used up in the middle of a batch: the rows before are good", function()
    long(600)
    operating { limit = 5, cost = 1, window = 1 } -- six pages in a second
    check(assert(client({ retries = 9 }):all "crm.deal.list"), 1, 600)
    assert.is_true(waits() > 0)
    operating { limit = 5, cost = 1, window = 600 } -- longer than anybody's timeout
    local rows, _, info = client({ timeout = 60 }):all "crm.deal.list"
    assert.is_nil(rows)
    assert.equal("OPERATION_TIME_LIMIT", info.code)
  end)
end)

describe("inside a task", function()
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)

  it("many pages come side by side, too", function()
    calm.check(p, function()
      events = {}
      long(5000)
      local done
      b24.run(function()
        check(assert(client():all "crm.deal.list"), 1, 5000)
        done = true
      end)
      assert.is_true(done)
      assert.equal(3, #p:log())
    end)
  end)
end)
