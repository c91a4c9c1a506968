-- client:list and client:all against the portal: every row once, whatever happens to the list
-- meanwhile.
--
-- B24_LIST_ROWS=120000 makes the long list as long as that (20,000 otherwise).

local b24 = require "b24"
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

local function requests(method)
  local n = 0
  for _, entry in ipairs(p:log()) do if entry.method == method:lower() then n = n + 1 end end
  return n
end

local function id_of(row) return tonumber(row.ID or row.id) end

-- The ids that an iterator yields; it yields none twice.
local function ids(iterator)
  local list, seen = {}, {}
  for row in iterator do
    local id = id_of(row)
    assert.is_nil(seen[id], "twice: " .. tostring(id))
    seen[id] = true
    list[#list + 1] = id
  end
  return list, seen
end

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
  for i, way in ipairs(ways) do
    local method, setting, params = way[1], way[2], way[3]
    it(("has all rows (%d: %s)"):format(i, method), function()
      local c = client()
      for _, n in ipairs { 0, 1, 49, 50, 51, 100, 120 } do
        p:control("settings", { [setting] = n })
        local list, seen = ids(c:list(method, params))
        assert.equal(n, #list)
        for id = 1, n do assert.is_true(seen[id]) end
        local rows, err, info = c:all(method, params)
        assert(rows, err)
        assert.is_nil(err)
        assert.equal(n, #rows)
        assert.is_nil(info.more)
        assert.is_nil(info.next)
        assert.equal(info.pages, info.attempts)
      end
    end)
  end

  it("asks for as few pages as can be", function()
    for n, pages in pairs { [0] = 1, [49] = 1, [50] = 2, [99] = 2, [100] = 3 } do
      p:reset()
      p:control("settings", { deals = n })
      ids(client():list "crm.deal.list")
      assert.equal(pages, requests "crm.deal.list")
    end
  end)

  it("does not let the portal count", function()
    local rows, _, info = client():all "crm.deal.list"
    assert.equal(120, #rows)
    assert.is_nil(info.total)
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
    assert.equal(3, requests "crm.deal.list") -- one each
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

  for _, method in ipairs { "crm.deal.list", "tasks.task.list" } do
    it("loses and doubles no row of " .. method, function()
      p:control("settings", { deals = 500, tasks = 500 })
      p:control("rows", { method = method, every = 7 })
      local list, seen = ids(client():list(method))
      for id = 1, 500 do assert.is_true(seen[id], "lost: " .. id) end
      assert.is_true(#list > 500)
    end)
  end

  it("is read in constant memory, however long it is", function()
    p:control("settings", { deals = LONG })
    p:control("rows", { method = "crm.deal.list", every = 1 })
    local n, last, before, most = 0, 0, nil, 0
    for row in client():list("crm.deal.list", { select = { "TITLE" } }) do
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
  end)
end)

describe("a list that fails", function()
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function() p:reset() end)

  -- What the second page meets: a control, and the code in the message.
  local accidents = {
    { "fault", { kind = "cut_body" }, "REPLY_CUT" },
    { "fault", { kind = "html", status = 502 }, "HTTP_502" },
    { "fault", { kind = "empty", status = 200 }, "EMPTY_REPLY" },
    { "reply", { status = 503, body = '{"error":"QUERY_LIMIT_EXCEEDED"}' },
      "QUERY_LIMIT_EXCEEDED" },
    { "reply", { status = 401, body = '{"error":"expired_token"}' }, "expired_token" },
    { "reply", { body = '{"result":true}' }, "NO_ROWS" },
    { "reply", { body = '{"result":null}' }, "NO_ROWS" },
    { "reply", { body = '{"result":[{"ID":"7"}],"total":1}' }, "CURSOR_STALLED" },
  }
  for _, accident in ipairs(accidents) do
    it("throws in the middle, and returns: " .. accident[3] .. " " .. (accident[2].body or ""),
      function()
        local function arm()
          local arguments = { method = "crm.deal.list", times = 1 }
          for name, value in pairs(accident[2]) do arguments[name] = value end
          p:control(accident[1], arguments)
        end
        local iterator, n = client():list "crm.deal.list", 0
        local ok, err = pcall(function()
          for _ in iterator do
            n = n + 1
            if n == 50 then arm() end
          end
        end)
        assert.is_false(ok)
        assert.equal(50, n)
        assert.equal("string", type(err))
        assert.equal(accident[3], err:match "^b24: ([%w_]+)")
        local again, same = pcall(iterator)
        assert.is_false(again)
        assert.equal(err, same)

        arm()
        local rows, message, info = client():all "crm.deal.list"
        if accident[3] == "CURSOR_STALLED" then return end -- a first page of one row is a list
        assert.is_nil(rows)
        -- the time block's length varies
        assert.equal((err:gsub("%d+ bytes", "")), (message:gsub("%d+ bytes", "")))
        assert.equal(accident[3], info.code)
        assert.equal("crm.deal.list", info.method)
      end)
  end

  it("says what client:call says", function()
    local c = client()
    local _, message = c:call "no.such.method"
    local ok, err = pcall(c:list "no.such.method")
    assert.is_false(ok)
    assert.equal(message, err)
    local rows, same, info = c:all "no.such.method"
    assert.is_nil(rows)
    assert.equal(message, same)
    assert.equal("ERROR_METHOD_NOT_FOUND", info.code)
    assert.equal(1, info.attempts)
  end)

  for _, case in ipairs {
    { "crm.deal.list", { deals_fault = "stall" } },
    { "tasks.task.list", { tasks_fault = "stall" } },
  } do
    it("tells a portal that ignores the filter: " .. case[1], function()
      p:control("settings", case[2])
      local rows, err, info = client():all(case[1])
      assert.is_nil(rows)
      assert.is_true(err:find "CURSOR_STALLED" ~= nil or err:find "CURSOR_UNSORTED" ~= nil, err)
      assert.equal("decode", info.kind)
      assert.is_false(info.retryable)
      assert.is_true(info.sent)
      assert.equal(200, info.status)
      -- luacheck: ignore 542
      local ok, thrown = pcall(function() for _ in client():list(case[1]) do end end)
      assert.is_false(ok)
      assert.equal(err, thrown)
    end)
  end

  it("sums up what all pages took", function()
    p:control("fault", { kind = "cut_body", method = "crm.deal.list", times = 1 })
    local rows, err, info = client({ retries = 2 }):all "crm.deal.list"
    assert(rows, err)
    assert.equal(120, #rows)
    assert.equal(3, info.pages)
    assert.equal(4, info.attempts)
    assert.is_true(info.elapsed >= info.waited)
  end)

  it("ends with its client", function()
    local c = client()
    local iterator = c:list "crm.deal.list"
    for _ = 1, 50 do iterator() end
    c:close()
    local ok, err = pcall(iterator)
    assert.is_false(ok)
    assert.equal(1, err:find("b24: CLOSED: ", 1, true), err)
    local rows, _, info = c:all "crm.deal.list"
    assert.is_nil(rows)
    assert.equal("closed", info.kind)
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
      p:reset()
      local rows, err, info = client():all("crm.deal.list", nil, { max = case[1] })
      assert(rows, err)
      assert.equal(case[2], #rows)
      assert.equal(case[3], info.more)
      assert.equal(case[4], info.pages)
      assert.equal(case[4], requests "crm.deal.list")
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
    { "list", { "crm.deal.list", {}, { max = 5 } }, "unknown option 'max'" },
    { "list", { "crm.deal.list", {}, 5 }, "must be a table" },
    { "all", {}, "method must be a string" },
    { "all", { "crm.deal.list", { a = 1 / 0 } }, "a parameter is infinite" },
    { "all", { "crm.deal.list", {}, { most = 5 } }, "unknown option 'most'" },
    { "all", { "crm.deal.list", {}, { max = 0 } }, "'max' must be a whole number" },
    { "all", { "crm.deal.list", {}, { max = 1.5 } }, "'max' must be a whole number" },
    { "all", { "crm.deal.list", {}, { max = "5" } }, "'max' must be a whole number" },
    { "all", { "crm.deal.list", {}, { idempotent = 1 } }, "'idempotent' must be true or false" },
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

  it("list or all with a dot is thrown, too", function()
    assert.has_error(function() client().list "crm.deal.list" end)
    assert.has_error(function() client().all "crm.deal.list" end)
  end)
end)
