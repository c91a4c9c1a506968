-- client:list and client:all against the portal: every row once, whatever happens to the list
-- meanwhile. Page by page (batch = false), and many pages in one request; what concerns only that
-- is in list_batch_spec.lua.
--
-- B24_LIST_ROWS=120000 makes the long list as long as that (20,000 otherwise).

local b24 = require "b24"
local lists = require "spec.support.pages"
local process = require "spec.support.process"
local portal = require "spec.support.portal"

local LONG = tonumber(os.getenv "B24_LIST_ROWS" or "") or 20000
local GROWTH = 1024 -- KiB that a list of any length may need
local p

local function client(more)
  local options = { webhook = p.http_webhook, allow_http = true, limiter = false, timeout = 20,
    retries = 0 }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(b24.client(options))
end

local SINGLE = { batch = false }

local function requests(method) return p:asked(method:lower()) end

local id_of, ids, has_all = lists.id_of, lists.ids, lists.has_all

describe("a list", function()
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function() p:reset() end)

  local ways = {
    { "crm.deal.list", "deals" }, -- by ID
    { "crm.deal.list", "deals", { order = { TITLE = "ASC" } } }, -- by start
    { "crm.deal.list", "deals", { filter = { [">ID"] = 0 }, start = -1 } },
    { "crm.deal.list", "deals", { select = { "TITLE" } } },
    { "crm.deal.list", "deals", { order = { ID = "DESC" }, select = { "ID" } } },
    { "tasks.task.list", "tasks" },
    { "tasks.task.list", "tasks", { order = { ID = "desc" } } },
    { "b24test.item.list", "items" },
    { "b24test.item.list", "items", { start = -1 } },
  }
  local function has_all_rows(way, opts)
    local method, setting, params = way[1], way[2], way[3]
    local c = client()
    for _, n in ipairs { 0, 1, 49, 50, 51, 100, 120 } do
      p:control("settings", { [setting] = n })
      local list, seen = ids(c:list(method, params, opts))
      assert.equal(n, #list)
      has_all(seen, 1, n)
      local rows, err, info = c:all(method, params, opts)
      assert(rows, err)
      assert.is_nil(err)
      assert.equal(n, #rows)
      assert.is_nil(info.more)
      assert.is_nil(info.next)
      assert.equal(opts and info.pages or math.min(2, info.pages), info.attempts)
    end
  end
  for i, way in ipairs(ways) do
    it(("has all rows (%d: %s)"):format(i, way[1]), function()
      has_all_rows(way)
      has_all_rows(way, SINGLE)
    end)
  end

  it("asks for as few pages as can be", function()
    for n, pages in pairs { [0] = 1, [49] = 1, [50] = 2, [99] = 2, [100] = 3 } do
      p:reset()
      p:control("settings", { deals = n })
      ids(client():list("crm.deal.list", nil, SINGLE))
      assert.equal(pages, requests "crm.deal.list")
      p:control "log_clear"
      ids(client():list "crm.deal.list")
      assert.equal(pages == 1 and 1 or 2, #p:log())
      local executions = p:stats().executions["crm.deal.list"]
      assert.equal(2 * pages, executions) -- none in vain
    end
  end)

  it("lets the portal count once; page by page, and with start = -1, never", function()
    local rows, _, info = client():all "crm.deal.list"
    assert.equal(120, #rows)
    assert.equal(120, info.total)
    for _, way in ipairs { { {}, SINGLE }, { { start = -1 } } } do
      rows, _, info = client():all("crm.deal.list", way[1], way[2])
      assert.equal(120, #rows)
      assert.is_nil(info.total)
    end
  end)

  it("keeps the ID of rows whose select did not name it", function()
    local params = { select = { "TITLE" } }
    for row in client():list("crm.deal.list", params) do
      assert.is_string(row.ID)
      assert.equal("Deal " .. row.ID, row.TITLE)
      assert.is_nil(row.STAGE_ID)
    end
    assert.same({ select = { "TITLE" } }, params)
  end)

  it("may begin in the middle, and end early", function()
    local c = client()
    assert.equal(20, #assert(c:all("crm.deal.list", { start = 100 })))
    assert.equal(20, #assert(c:all("crm.deal.list", { filter = { [">ID"] = 100 } })))
    local n = 0
    for _ in c:list "crm.deal.list" do
      n = n + 1
      if n == 10 then break end
    end
    assert.equal(3, #p:log()) -- one each
    assert(c:call "profile") -- nothing is left behind on the connection
  end)

  it("asks for nothing before its first row is wanted", function()
    local iterator = client():list "crm.deal.list"
    assert.equal(0, requests "crm.deal.list")
    assert.equal(1, id_of(iterator()))
    assert.equal(1, requests "crm.deal.list")
  end)

  it("stays at its end", function()
    local iterator = client():list("crm.deal.list", { filter = { [">ID"] = 119 } })
    assert.equal(120, id_of(iterator()))
    for _ = 1, 3 do assert.is_nil((iterator())) end
    assert.equal(1, requests "crm.deal.list")
  end)

  it("can be read by two loops at a time", function()
    local c = client()
    local a, b = c:list "crm.deal.list", c:list "tasks.task.list"
    for id = 1, 120 do
      assert.equal(id, id_of(a()))
      assert.equal(id, id_of(b()))
    end
    assert.is_nil(a() or b())
  end)

  it("knows null in its rows", function()
    assert.equal(b24.null, client({ nulls = true }):list "crm.deal.list"().COMMENTS)
    assert.is_nil(client():list "crm.deal.list"().COMMENTS)
  end)
end)

describe("a list that grows meanwhile", function()
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function() p:reset() end)

  -- method, params, options: page by page, in batches by ID, in batches by start
  for _, way in ipairs {
    { "crm.deal.list", nil, SINGLE }, { "tasks.task.list", nil, SINGLE },
    { "b24test.item.list", nil, SINGLE }, { "b24test.item.list" },
    { "crm.deal.list" }, { "tasks.task.list" }, { "crm.deal.list", { start = -1 } },
    { "crm.deal.list", { order = { DATE_CREATE = "ASC" } } },
  } do
    local how = way[3] and "pages" or "batches"
    it(("loses and doubles no row of %s (%s)"):format(way[1], how), function()
      p:control("settings", { deals = 500, tasks = 500, items = 500 })
      p:control("rows", { method = way[1], every = 7 })
      local list, seen = ids(client():list(way[1], way[2], way[3]))
      has_all(seen, 1, 500)
      assert.is_true(#list > 500)
      local rows = assert(client():all(way[1], way[2], way[3]))
      has_all(select(2, ids(lists.iterate(rows))), 1, 500)
    end)
  end

  local function constant_memory(opts)
    p:control("settings", { deals = LONG })
    p:control("rows", { method = "crm.deal.list", every = 1 })
    local n, last, before, most = 0, 0, nil, 0
    for row in client({ timeout = 120 }):list("crm.deal.list", { select = { "TITLE" } }, opts) do
      local id = id_of(row)
      if id ~= last + 1 then error("after " .. last .. " came " .. id) end
      last, n = id, n + 1
      if n % 1000 == 0 then
        collectgarbage() -- or busted's own memory decides how much garbage may lie about
        most = math.max(most, collectgarbage "count")
        before = before or most
      end
    end
    assert.is_true(n >= LONG, n)
    if not process.sanitized() then assert.is_true(most - before < GROWTH, most - before) end
    if LONG > 20000 then print(("%d rows, %.0f KiB more at most"):format(n, most - before)) end
  end
  it("is read in constant memory, however long it is", function()
    constant_memory()
    p:reset()
    constant_memory(SINGLE)
  end)
end)

describe("all rows", function()
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function() p:reset() end)

  it("end at max", function()
    -- max, rows, more, requests
    for _, case in ipairs {
      { 1, 1, true, 1 }, { 49, 49, true, 1 }, { 50, 50, true, 1 }, { 51, 51, true, 2 },
      { 119, 119, true, 3 },
      { 120, 120, nil, 3 }, { 121, 120, nil, 3 }, { 1e9, 120, nil, 3 },
    } do
      for _, batch in ipairs { true, false } do
        p:reset()
        local rows, err, info = client():all("crm.deal.list", nil, { max = case[1], batch = batch })
        assert(rows, err)
        assert.equal(case[2], #rows)
        assert.equal(case[3], info.more)
        assert.equal(case[4], info.pages)
        assert.equal(case[4], p:stats().executions["crm.deal.list"])
        assert.equal(batch and math.min(2, case[4]) or case[4], #p:log())
      end
    end
  end)

  it("may be the messenger's", function()
    assert.is_true(#assert(client():all "im.recent.list") > 0)
    local rows, _, info = client():all("im.recent.list", {}, { max = 1 })
    assert.equal(1, #rows)
    assert.is_true(info.more)
  end)
end)

describe("a wrong call of", function()
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)

  local wrong = {
    { "list", {}, "method must be a string" },
    { "list", { "crm.deal.list", "x" }, "params must be a table" },
    { "list", { "crm.deal.list", { a = print } }, "a parameter has a function" },
    { "list", { "crm.deal.list", {}, { max = 0 } }, "'max' must be a whole number" },
    { "list", { "crm.deal.list", {}, { most = 5 } }, "unknown option 'most'" },
    { "list", { "crm.deal.list", {}, 5 }, "must be a table" },
    { "all", {}, "method must be a string" },
    { "all", { "crm.deal.list", { a = 1 / 0 } }, "a parameter is infinite" },
    { "all", { "crm.deal.list", {}, { most = 5 } }, "unknown option 'most'" },
    { "all", { "crm.deal.list", {}, { max = 0 } }, "'max' must be a whole number" },
    { "all", { "crm.deal.list", {}, { max = 1.5 } }, "'max' must be a whole number" },
    { "all", { "crm.deal.list", {}, { max = "5" } }, "'max' must be a whole number" },
    { "all", { "crm.deal.list", {}, { idempotent = 1 } }, "'idempotent' must be true or false" },
    { "all", { "crm.deal.list", {}, { batch = 1 } }, "'batch' must be true or false, not 1" },
    { "all", { "crm.deal.list", {}, { parallel = 11 } }, "must be a whole number of 1 to 10" },
    { "list", { "crm.deal.list", {}, { parallel = 11 } }, "must be a whole number of 1 to 10" },
    { "list", { "crm.deal.list", {}, { batch = "no" } }, "'batch' must be true or false" },
    { "all", { "crm.deal.list", {}, 5 }, "must be a table" },
    { "all", { "crm.deal.list", {}, {}, print }, "a callback needs an event loop" },
    { "all", { "crm.deal.list", {}, print }, "a callback needs an event loop" },
  }
  for _, case in ipairs(wrong) do
    it(("client:%s is thrown at its line: %s"):format(case[1], case[3]), function()
      local c, arguments = client(), case[2]
      local ok, err = pcall(function()
        c[case[1]](c, arguments[1], arguments[2], arguments[3], arguments[4])
      end)
      assert.is_false(ok)
      assert.is_truthy(err:find(case[3], 1, true), err)
      assert.is_truthy(err:find("list_spec.lua:", 1, true), err)
    end)
  end

  for _, max in ipairs { 1, 49, 50, 51, 120, 1000 } do
    it("list ends after the first rows: " .. max, function()
      local all = assert(client():all "crm.deal.list")
      local before, n = p:asked "crm.deal.list" + p:asked "batch", 0
      for row in client():list("crm.deal.list", nil, { max = max }) do
        n = n + 1
        assert.equal(all[n].ID, row.ID)
      end
      assert.equal(math.min(max, #all), n)
      if max <= 50 then
        assert.equal(1, p:asked "crm.deal.list" + p:asked "batch" - before)
      end
    end)
  end

  it("list or all with a dot is thrown, too", function()
    assert.has_error(function() client().list "crm.deal.list" end)
    assert.has_error(function() client().all "crm.deal.list" end)
  end)
end)
