-- codec.cursor: which pages are asked for ahead, and which of those that come count.

local codec = require "b24.codec"
local lists = require "spec.support.pages"

local rows, with, each = lists.rows, lists.with, lists.each

local function conf(more)
  local options = { webhook = "https://portal.example/rest/1/abcdefgh12345678/", timeout = 30 }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(codec.conf(options))
end

-- The first page was read, in `took` seconds: 50 rows with these words beside them.
local function begun(method, params, info, took)
  local cursor = codec.cursor(method, params, true)
  cursor:params()
  cursor:took(1, took or 0.1)
  assert(cursor:page(info.rows or rows(1, 50), info))
  return cursor
end

-- What is asked for, in words: "50 after 50 | 50 after 1 +2500", or "100 150" by start.
local function plan(requests)
  if not requests then return "one page" end
  local out = {}
  for i, commands in ipairs(requests) do
    local first, word = commands[1][2]
    if (first.filter or {})[">ID"] or (first.filter or {})["<ID"] then
      word = ("%d after %s"):format(#commands, first.filter[">ID"] or first.filter["<ID"])
      if first.start ~= -1 then word = word .. " +" .. first.start end
    else
      local at = {}
      for k, command in ipairs(commands) do at[k] = command[2].start end
      word = table.concat(at, " ", 1, math.min(3, #at)) .. (#at > 3 and " … " .. at[#at] or "")
    end
    out[i] = word
  end
  return table.concat(out, " | ")
end

describe("what is asked for ahead", function()
  -- total, requests, want, plan; the first page had the rows 1 to 50
  local by_id = {
    { 51, 4, nil, "one page" }, { 99, 4, nil, "one page" },
    { 50, 4, nil, "one page" }, -- a full page proves nothing
    { 100, 4, nil, "2 after 50" }, { 149, 4, nil, "2 after 50" }, { 150, 4, nil, "3 after 50" },
    { 2499, 4, nil, "49 after 50" }, { 2500, 4, nil, "50 after 50" },
    { 2549, 4, nil, "50 after 50" }, { 2549, 1, nil, "50 after 50" },
    -- one row more than 51 pages prove
    { 2550, 1, nil, "50 after 50" }, { 2550, 4, nil, "50 after 50 | 1 after 1 +2500" },
    { 5000, 1, nil, "50 after 50" }, { 5000, 2, nil, "50 after 50 | 50 after 1 +2500" },
    { 5000, 4, nil, "50 after 50 | 50 after 1 +2500" },
    { 5001, 2, nil, "50 after 50 | 50 after 1 +2500" },
    { 5001, 3, nil, "50 after 50 | 50 after 1 +2500 | 2 after 1 +4950" },
    { 10000, 3, nil, "50 after 50 | 50 after 1 +2500 | 50 after 1 +4950" },
    -- the caller wants no more
    { 10000, 4, 1, "one page" }, { 10000, 4, 50, "one page" }, { 10000, 4, 51, "2 after 50" },
    { 10000, 4, 450, "9 after 50" }, { 10000, 4, 2500, "50 after 50" },
    { 10000, 4, 2501, "50 after 50 | 1 after 1 +2500" }, { 120, 4, 500, "2 after 50" },
    -- nobody counts: the pages behind the end are in vain, so they are few
    { nil, 4, nil, "3 after 50" }, { nil, 4, 60, "2 after 50" }, { 40, 4, nil, "3 after 50" },
  }
  for _, case in ipairs(by_id) do
    local name = ("by ID: %s rows, %d requests, %s wanted"):format(tostring(case[1]), case[2],
      tostring(case[3]))
    it(name, function()
      local cursor = begun("crm.deal.list", nil, { next = 50, total = case[1] })
      assert.equal(case[4], plan(cursor:ahead(conf(), 0, case[2], case[3])))
    end)
  end

  it("by ID, the largest first", function()
    local first = each(50, function(i) return { ID = 5001 - i } end)
    local cursor = begun("crm.deal.list", { order = { ID = "DESC" } },
      { rows = first, next = 50, total = 5000 })
    local requests = cursor:ahead(conf(), 0, 4, nil)
    assert.equal("50 after 4951 | 50 after 5000 +2500", plan(requests))
    local second = requests[1][2][2]
    assert.same({ "DESC", -1 }, { second.order.ID, second.start })
    assert.is_nil(second.filter[">ID"])
  end)

  -- total, next, requests, want, plan
  local by_start = {
    { 120, 50, 4, nil, "50 100" }, { 100, 50, 4, nil, "one page" },
    { 101, 50, 4, nil, "50 100" }, { 200, 50, 4, nil, "50 100 150" },
    { 2500, 50, 1, nil, "50 100 150 … 2450" }, { 2551, 50, 1, nil, "50 100 150 … 2500" },
    { 2601, 50, 2, nil, "50 100 150 … 2500 | 2550 2600" },
    { 2601, 50, 2, 2550, "50 100 150 … 2500 | 2550" }, { 2601, 50, 2, 60, "50 100" },
    { nil, 50, 4, nil, "one page" }, { 200, nil, 4, nil, "one page" },
    { 200, 20, 4, nil, "20 40 60 … 180" }, -- pages of another size
  }
  for _, case in ipairs(by_start) do
    local name = ("by start: %s rows, next %s, %s wanted"):format(tostring(case[1]),
      tostring(case[2]), tostring(case[4]))
    it(name, function()
      local cursor = codec.cursor("some.thing.list", nil, true)
      cursor:params()
      local list = cursor:page(rows(1, 50), { next = case[2], total = case[1] })
      if not list then return assert.is_nil(case[2]) end
      assert.equal(case[5], plan(cursor:ahead(conf(), 0, case[3], case[4])))
    end)
  end

  it("is nothing before the first page, behind the end, or where nobody wants it", function()
    local cursor = codec.cursor("crm.deal.list", nil, true)
    assert.is_nil((cursor:ahead(conf(), 0, 4)))
    cursor = begun("crm.deal.list", nil, { rows = rows(1, 20) })
    assert.is_nil((cursor:ahead(conf(), 0, 4)))
    cursor = codec.cursor "crm.deal.list"
    cursor:params()
    cursor:page(rows(1, 50), { next = 50, total = 500 })
    assert.is_nil((cursor:ahead(conf(), 0, 4)))
  end)

  it("is nothing for the messenger, and what brings everything at once", function()
    local cursor = codec.cursor("im.recent.list", nil, true)
    cursor:params()
    cursor:page({ items = rows(1, 200, "id"), hasMore = true }, { total = 500 })
    assert.is_nil((cursor:ahead(conf(), 0, 4)))
  end)

  it("is tied page by page, where the rows are", function()
    local function tie(method, page, params)
      local cursor = codec.cursor(method, params, true)
      cursor:params()
      assert(cursor:page(page, { next = 50, total = 150 }))
      local commands = cursor:ahead(conf(), 0, 1)[1]
      local step = codec.batch(commands, true)[1]
      return step.body:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
    end
    local body = tie("crm.deal.list", rows(1, 50), { filter = { STAGE_ID = "NEW" } })
    assert.truthy(body:find("filter[>ID]=$result[c1][49][ID]", 1, true), body)
    assert.truthy(body:find("filter[>ID]=50", 1, true), body)
    assert.equal(3, select(2, body:gsub("filter%[STAGE_ID%]=NEW", "")))
    assert.equal(3, select(2, body:gsub("start=%-1", "")))
    assert.truthy(body:find('^{"halt":1,"cmd":{"c1":"crm%.deal%.list%?'), body)
    body = tie("tasks.task.list", { tasks = rows(1, 50, "id") })
    assert.truthy(body:find("filter[>ID]=$result[c2][tasks][49][id]", 1, true), body)
    body = tie("crm.item.list", { items = rows(1, 50, "id") }, { entityTypeId = 2 })
    assert.truthy(body:find("filter[>id]=$result[c1][items][49][id]", 1, true), body)
  end)
end)

describe("a batch", function()
  local long = {}
  for i = 1, 501 do long[i] = i end
  -- the params, and whether a batch carries them as they are
  local cases = {
    { nil, true }, { {}, true }, { { filter = { STAGE_ID = "NEW", [">OPPORTUNITY"] = 5 } }, true },
    { { select = { "ID", "UF_*" }, filter = {}, order = {} }, true },
    { { filter = { ["@STAGE_ID"] = { "NEW", "WON" } } }, true },
    { { filter = { TITLE = "5 $ and é ?&#=%" } }, true },
    { { filter = { TITLE = "$result[c1][49][ID]" } }, false }, -- it would be filled in
    { { filter = { TITLE = "costs $total" } }, false },
    { { filter = { ACTIVE = true } }, false }, { { filter = { ACTIVE = false } }, false },
    { { filter = { COMPANY_ID = codec.null } }, false }, { { filter = { ["@ID_"] = {} } }, false },
    { { filter = { TITLE = "a\0b" } }, false },
    { { filter = { ["A[B]"] = 1 } }, false },
    { { ["a.b"] = 1 }, false }, { { ["a b"] = 1 }, false },
    { { ["5"] = 1 }, false }, { { "x" }, false },
    { { filter = { ["@COMPANY_ID"] = long } }, false }, -- PHP's max_input_vars
    { { filter = { TITLE = ("x"):rep(16 * 1024) } }, false },
  }
  for i, case in ipairs(cases) do
    it(("carries params that mean the same in it (%d)"):format(i), function()
      local cursor = codec.cursor("crm.deal.list", case[1], true)
      cursor:params()
      assert(cursor:page(rows(1, 50), { next = 50, total = 500 }))
      assert.equal(case[2], (cursor:ahead(conf(), 0, 1)) ~= nil)
    end)
  end

  it("is not for pages of another size", function()
    local cursor = codec.cursor("crm.deal.list", { limit = 20 }, true)
    cursor:params()
    assert(cursor:page(rows(1, 20), { next = 20, total = 500 }))
    assert.is_nil((cursor:ahead(conf(), 0, 4)))
  end)
end)

describe("pages that came ahead", function()
  local function ahead(total, requests)
    local cursor = begun("crm.deal.list", nil, { next = 50, total = total })
    assert.is_table(cursor:ahead(conf(), 0, requests or 1))
    return cursor
  end
  local function part(cursor, list, request, i)
    local got, _, info = cursor:part(list, {}, request or 1, i)
    return got and #got or info and info.code or got
  end

  it("count while each is tied to the one before it", function()
    local cursor = ahead(500)
    assert.equal(50, part(cursor, rows(51, 50), 1, 1))
    assert.equal(50, part(cursor, rows(101, 50), 1, 2))
    assert.equal(7, part(cursor, rows(151, 7), 1, 3))
    assert.is_false(cursor:more())
    assert.is_false(part(cursor, rows(1, 50), 1, 4)) -- the first rows again: it has no row 50
  end)

  for name, odd in pairs {
    ["has a hole"] = (function()
      local page = {}
      for i = 1, 50 do page[tostring(i + (i > 10 and 1 or 0))] = { ID = tostring(50 + i) } end
      return page
    end)(),
    ["ends with null"] = with(rows(51, 50), { [50] = codec.null }),
    ["has one row more"] = rows(51, 51),
  } do
    it("do not count behind one that " .. name, function()
      local cursor = ahead(500)
      assert.is_number(part(cursor, odd, 1, 1))
      assert.is_true(cursor:more())
      assert.is_false(part(cursor, rows(1, 50), 1, 2))
      assert.is_table(cursor:params())
    end)
  end

  it("do not count out of turn, or from another place", function()
    local cursor = ahead(500)
    assert.is_false(part(cursor, rows(101, 50), 1, 2))
    assert.equal(50, part(cursor, rows(51, 50), 1, 1))
    assert.is_false(part(cursor, rows(151, 50), 1, 3))
    assert.has_error(function() part(cursor, {}, 2, 1) end)
    assert.has_error(function() part(cursor, {}, 1, 51) end)
  end)

  it("are judged as if they had come alone", function()
    assert.equal("CURSOR_STALLED", part(ahead(500), rows(1, 50), 1, 1))
    assert.equal("CURSOR_UNSORTED",
      part(ahead(500), each(50, function(i) return { ID = 200 - i } end), 1, 1))
    assert.equal("NO_ROWS", part(ahead(500), true, 1, 1))
  end)

  -- The rows 51 to 2550 came in request 1; what does the first page of request 2 bring?
  local joins = {
    { "goes on where the other ended, and proves nothing", rows(2551, 50), false },
    { "leaves a gap", rows(2600, 50), false }, { "has no row", {}, false },
    { "has no ids", rows(2502, 50, "TITLE"), false },
    { "has the other's last row", rows(2550, 50), 49 }, { "has all but one", rows(2502, 50), 1 },
    { "is the other's last page", rows(2501, 50), 0 }, { "lies before it", rows(2401, 50), 0 },
    { "is the end", rows(2502, 49), 0 }, { "is out of order", with(rows(2502, 50), { [7] = "2" }),
      "CURSOR_UNSORTED" },
  }
  for _, case in ipairs(joins) do
    it("join the request before when their first page " .. case[1], function()
      local cursor = ahead(5000, 2)
      for i = 1, 50 do assert.equal(50, part(cursor, rows(i * 50 + 1, 50), 1, i)) end
      assert.equal(case[3], part(cursor, case[2], 2, 1))
      if case[3] == false then assert.equal(2550, cursor:params().filter[">ID"]) end
    end)
  end

  it("skip what was handed out, page by page", function()
    local cursor = ahead(5000, 2)
    for i = 1, 50 do assert.equal(50, part(cursor, rows(i * 50 + 1, 50), 1, i)) end
    assert.equal(0, part(cursor, rows(2402, 50), 2, 1)) -- 100 rows were deleted meanwhile
    assert.equal(0, part(cursor, rows(2452, 50), 2, 2))
    assert.equal(1, part(cursor, rows(2502, 50), 2, 3) - 0)
    assert.equal(50, part(cursor, rows(2552, 50), 2, 4))
    assert.equal(3, part(cursor, rows(2602, 3), 2, 5))
    assert.is_false(cursor:more())
  end)

  it("by start: count while the portal names them", function()
    local cursor = codec.cursor("some.thing.list", nil, true)
    cursor:params()
    assert(cursor:page(rows(1, 50), { next = 50, total = 500 }))
    assert.equal("50 100 150 … 450", plan(cursor:ahead(conf(), 0, 1)))
    local function page(first, info, i) return cursor:part(rows(first, 50), info, 1, i) end
    assert.equal(50, #page(51, { next = 100, total = 500 }, 1))
    assert.equal(50, #page(101, { next = 160, total = 500 }, 2)) -- not where the next one was asked
    assert.is_false(page(151, { next = 200, total = 500 }, 3))
    assert.equal(160, cursor:params().start)
  end)
end)

describe("the pace", function()
  local function pages(cursor, options, spent)
    local requests, wait = cursor:ahead(conf(options), spent or 0, 1)
    return requests and #requests[1] or 1, wait
  end
  local function list(took, time)
    return begun("crm.deal.list", nil, { next = 50, total = 100000, time = time }, took)
  end

  it("minds how long a page took: a request stays within 30 s, and two thirds of what is left",
    function()
      for _, case in ipairs { { 0.1, 30, 0, 50 }, { 0.4, 30, 0, 50 }, { 0.5, 30, 0, 40 },
        { 1, 30, 0, 20 }, { 1, 600, 0, 30 }, { 2, 600, 0, 15 }, { 31, 600, 0, 1 },
        { 0.1, 30, 27, 20 }, { 0.1, 30, 29.9, 1 }, { 0, 30, 0, 50 } } do
        assert.equal(case[4], (pages(list(case[1]), { timeout = case[2] }, case[3])))
      end
    end)

  -- operating, seconds for each page, pages, wait
  local function time(operating, reset)
    return { operating = operating, finish = 1000, operating_reset_at = reset and 1000 + reset }
  end
  it("leaves a fifth of the method's computing time to others", function()
    for _, case in ipairs {
      { time(0), 50, nil }, { time(100, 60), 50 }, { time(383.75, 60), 2 },
      { time(383.95, 60), 1, 61 }, { time(384, 60), 1, 61 }, { time(470, 5), 1, 6 },
      { time(470, 300), 1, 0 }, -- no use to wait so long: then the portal says what it thinks
      { time(470), 1, 0 }, { { finish = 5 }, 50 }, { { operating = "x" }, 50 }, { nil, 50 },
    } do
      local n, wait = pages(list(0.1, case[1]), { timeout = 100 })
      assert.equal(case[2], n)
      if case[3] then assert.is_true(math.abs(wait - case[3]) <= 0.05, wait) end
    end
  end)

  it("learns what a page costs from one page to the next", function()
    local cursor = list(0.1, time(352, 60))
    assert.equal(50, (pages(cursor)))
    for i = 1, 4 do
      assert(cursor:part(rows(i * 50 + 1, 50), { time = time(352 + i, 60) }, 1, i))
    end
    assert.equal(28, (pages(cursor))) -- 1 s each, 384 - 356 are left
    cursor:part(rows(251, 50), { time = time(300, 60) }, 1, 1) -- a minute was forgotten
    assert.equal(50, (pages(cursor)))
  end)

  it("waits when the portal says that it is used up, whatever the limit is there", function()
    local cursor = list(0.1, time(100, 20))
    assert.equal(50, (pages(cursor)))
    cursor:refused(0, "OPERATION_TIME_LIMIT")
    local n, wait = pages(cursor)
    assert.equal(1, n)
    assert.is_true(wait > 20 and wait <= 21, wait)
    cursor:params()
    cursor:took(1, 0.1)
    assert(cursor:page(rows(51, 50), { time = time(50, 60) }))
    assert.equal(25, (pages(cursor)))
  end)

  it("grows where nobody knows how many pages there are", function()
    local cursor, at = begun("crm.deal.list", { start = -1 }, {}), 50
    for _, expected in ipairs { 3, 9, 27, 50, 50 } do
      assert.equal(expected, (pages(cursor)))
      for i = 1, expected do
        assert(cursor:part(rows(at + 1, 50), {}, 1, i))
        at = at + 50
      end
    end
  end)

  it("shrinks after a request that failed, page by page where that is the batch's fault", function()
    local cursor, at = list(0.1), 50
    local function single()
      cursor:params()
      cursor:took(1, 0.1)
      assert(cursor:page(rows(at + 1, 50), {}))
      at = at + 50
    end
    for _, expected in ipairs { 50, 25, 12, 6, 3 } do
      assert.equal(expected, (pages(cursor)))
      assert.is_true(cursor:failed(expected, "http"))
      assert.equal(1, (pages(cursor)))
      single()
    end
    assert.equal(1, (pages(cursor)))
    cursor, at = list(0.1), 50
    cursor:refused(7)
    assert.equal(1, (pages(cursor)))
    single()
    assert.equal(25, (pages(cursor)))
    cursor:refused(0) -- the very first command
    single()
    assert.equal(1, (pages(cursor)))
  end)

  it("knows which failures fewer pages may help", function()
    for kind, smaller in pairs { http = true, decode = true, too_large = true, portal = true,
      denied = true, network = false, timeout = false, auth = false, limit = false, tls = false,
      closed = false, config = false } do
      assert.equal(smaller, list(0.1):failed(50, kind))
    end
    assert.is_false(list(0.1):failed(50))
    assert.has_error(function() list(0.1):failed(0, "http") end)
    assert.has_error(function() list(0.1):took(51, 1) end)
  end)
end)
