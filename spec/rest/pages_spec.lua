-- codec.cursor: which page comes next, and which rows count, without a network.

local codec = require "b24.codec"
local lists = require "spec.support.pages"

local rows, with, each, canonical = lists.rows, lists.with, lists.each, lists.canonical
local feed, asks = lists.feed, lists.asks

describe("a cursor's params", function()
  -- method, the caller's params, what the first page asks for
  local first = {
    { "crm.deal.list", nil, { filter = {}, order = { ID = "ASC" }, start = -1 } },
    { "CRM.Deal.List", {}, { filter = {}, order = { ID = "ASC" }, start = -1 } },
    { "crm.deal.list", { start = -1, order = {} }, { filter = {}, order = { ID = "ASC" },
      start = -1 } },
    { "crm.deal.list", { order = { id = "desc" } }, { filter = {}, order = { ID = "DESC" },
      start = -1 } },
    { "user.get", { sort = "id", order = "desc" },
      { filter = {}, sort = "ID", order = "DESC", start = -1 } },
    { "user.get", { sort = "ID" }, { filter = {}, sort = "ID", ORDER = "ASC", start = -1 } },
    { "user.get", { order = "DESC" }, { order = "DESC" } },
    { "crm.deal.list", { start = 0, order = { id = "asc" } }, { filter = {}, order = { ID = "ASC" },
      start = -1 } },
    { "crm.deal.list", { FILTER = { STAGE_ID = "WON" }, ORDER = codec.null },
      { FILTER = { STAGE_ID = "WON" }, ORDER = { ID = "ASC" }, start = -1 } },
    { "crm.deal.list", { select = { "TITLE" } },
      { filter = {}, order = { ID = "ASC" }, select = { "TITLE", "ID" }, start = -1 } },
    { "crm.deal.list", { select = { "TITLE", "id" } },
      { filter = {}, order = { ID = "ASC" }, select = { "TITLE", "id" }, start = -1 } },
    { "crm.deal.list", { select = { "*", "UF_*" } },
      { filter = {}, order = { ID = "ASC" }, select = { "*", "UF_*" }, start = -1 } },
    { "crm.deal.list", { select = {} }, { filter = {}, order = { ID = "ASC" }, select = {},
      start = -1 } },
    { "crm.item.list", { entityTypeId = 2 },
      { entityTypeId = 2, filter = {}, order = { id = "ASC" }, start = -1 } },
    { "user.get", { filter = { ACTIVE = true } },
      { filter = { ACTIVE = true }, SORT = "ID", ORDER = "ASC", start = -1 } },
    -- an order or a condition of the caller's own, or a form that takes no further condition:
    -- start= it is
    { "crm.deal.list", { order = { DATE_CREATE = "DESC" } }, { order = { DATE_CREATE = "DESC" } } },
    { "crm.deal.list", { order = { ID = "DESC", TITLE = "ASC" }, start = -1 },
      { order = { ID = "DESC", TITLE = "ASC" } } },
    { "crm.deal.list", { order = { ID = "DOWN" } }, { order = { ID = "DOWN" } } },
    { "crm.deal.list", { order = "ID" }, { order = "ID" } },
    { "crm.deal.list", { filter = { ID = { 1, 2 } } }, { filter = { ID = { 1, 2 } } } },
    { "crm.deal.list", { filter = { ["!id"] = 4 } }, { filter = { ["!id"] = 4 } } },
    { "crm.deal.list", { filter = { { ID = 4 } } }, { filter = { { ID = 4 } } } },
    { "crm.deal.list", { filter = {}, FILTER = {} }, { filter = {}, FILTER = {} } },
    { "crm.deal.list", { select = "TITLE" }, { select = "TITLE" } },
    { "crm.deal.list", { start = 100 }, { start = 100 } },
    { "crm.deal.list", { start = "100" }, { start = 100 } },
    { "user.get", { sort = "NAME" }, { sort = "NAME" } },
    { "user.get", { [">ID"] = 5 }, { [">ID"] = 5 } },
    { "crm.status.list", { filter = { ENTITY_ID = "SOURCE" } },
      { filter = { ENTITY_ID = "SOURCE" } } },
    { "crm.status.list", { start = -1 }, {} },
    -- with start = -1 it gives everything, else it counts only its page
    { "crm.address.list", nil, { start = -1 } },
    { "crm.address.list", { START = 0, order = { TYPE_ID = "ASC" } },
      { START = -1, order = { TYPE_ID = "ASC" } } },
    { "crm.address.list", { start = 50 }, { start = 50 } },
    { "task.item.list", { { ID = "ASC" }, {} }, { ["0"] = { ID = "ASC" }, ["1"] = {} } },
    -- a field that only ends like an ID
    { "crm.deal.list", { filter = { [">STAGE_ID"] = 1, ["=UF_ID"] = 2 } },
      { filter = { [">STAGE_ID"] = 1, ["=UF_ID"] = 2 }, order = { ID = "ASC" }, start = -1 } },
    -- the messenger
    { "im.recent.list", nil, { OFFSET = 0, LIMIT = 200 } },
    { "im.recent.list", { LIMIT = 500, SKIP_CHAT = "Y" },
      { OFFSET = 0, LIMIT = 200, SKIP_CHAT = "Y" } },
    { "im.recent.list", { limit = 10, offset = 30 }, { offset = 30, limit = 10 } },
    { "im.dialog.users.list", { LIMIT = 500 }, { OFFSET = 0, LIMIT = 50 } },
    { "im.dialog.users.list", { DIALOG_ID = "chat1" },
      { OFFSET = 0, LIMIT = 50, DIALOG_ID = "chat1" } },
  }
  for i, case in ipairs(first) do
    it(("are right for the first page (%d: %s %s)"):format(i, case[1], canonical(case[2] or {})),
      function()
        assert.equal(canonical(case[3]), canonical(codec.cursor(case[1], case[2]):params()))
      end)
  end

  it("never change the caller's", function()
    local own = { filter = { STAGE_ID = "NEW" }, select = { "TITLE" }, order = {} }
    local before = canonical(own)
    local cursor = codec.cursor("crm.deal.list", own)
    cursor:params()
    assert(cursor:page(rows(1, 50)))
    cursor:params()
    assert.equal(before, canonical(own))
    own.filter.STAGE_ID = "WON" -- and do not follow the caller's changes
    assert(cursor:page(rows(51, 50)))
    assert.equal("NEW", cursor:params().filter.STAGE_ID)
  end)

  it("are checked at once, at the caller's line", function()
    for _, case in ipairs {
      { nil, nil, "method must be a string, not a nil" },
      { 5, {}, "method must be a string, not a number" },
      { "crm.deal.list", "x", "params must be a table, not a string" },
      { "crm.deal.list", { a = print }, "a parameter has a function" },
      { "crm.deal.list", { a = 0 / 0 }, "a parameter is not a number" },
      { "crm.deal.list", { 1, a = 2 }, "in one table" },
    } do
      local ok, err = pcall(function() codec.cursor(case[1], case[2]) end)
      assert.is_false(ok)
      assert.is_truthy(err:find(case[3], 1, true), err)
      assert.is_truthy(err:find("pages_spec.lua:", 1, true), err)
    end
  end)

  it("do not change for a method without a usable name", function()
    for _, method in ipairs { "", "https://portal.example/rest/1/abcdefgh/", ("x"):rep(1000) } do
      assert.equal("{}", canonical(codec.cursor(method):params()))
    end
  end)
end)

describe("paging by ID", function()
  local big = "900000000000000000"
  local cases = {
    { "no row", { { rows = {} } }, 0, "end" },
    { "49 rows", { { rows = rows(1, 49) } }, 49, "end" },
    { "50 rows", { { rows = rows(1, 50) }, { rows = {}, asks = asks("filter/>ID", 50) } },
      50, "end" },
    { "100 rows", { { rows = rows(1, 50) }, { rows = rows(51, 50) },
      { rows = {}, asks = asks("filter/>ID", 100) } }, 100, "end" },
    { "gaps", { { rows = rows(1000, 50) },
      { rows = rows(7000, 1), asks = asks("filter/>ID", 1049) } }, 51, "end" },
    { "a short page that names another one", { { rows = rows(1, 20), info = { next = 50 } },
      { rows = rows(21, 3) } }, 23, "end" },
    { "a short page that is counted as more",
      { { rows = rows(1, 20), info = { total = 23, next = codec.null } },
      { rows = rows(21, 3), info = { total = 3 }, asks = asks("filter/>ID", 20) } }, 23, "end" },
    { "a count of 0", { { rows = rows(1, 20), info = { total = 0 } } }, 20, "end" },
    { "more than a page at once", { { rows = rows(1, 120) },
      { rows = {}, asks = asks("filter/>ID", 120) } }, 120, "end" },
    { "no row, but another page", { { rows = rows(1, 50) }, { rows = {}, info = { next = 100 } } },
      50, "CURSOR_STALLED" },
    { "one page in any order", { { rows = { { ID = "3" }, { ID = "1" }, { ID = "2" } } } }, 3,
      "end" },
    { "the same page again", { { rows = rows(1, 50) }, { rows = rows(1, 50) } }, 50,
      "CURSOR_STALLED" },
    { "an earlier page", { { rows = rows(101, 50) }, { rows = rows(1, 50) } }, 50,
      "CURSOR_STALLED" },
    { "one row again", { { rows = rows(1, 50) }, { rows = rows(50, 3) } }, 50, "CURSOR_STALLED" },
    { "descending rows", { { rows = each(50, function(i) return { ID = tostring(100 - i) } end) } },
      0, "CURSOR_UNSORTED" },
    { "no ID in a full page", { { rows = rows(1, 50, "TITLE") } }, 0, "CURSOR_NO_ID" },
    { "no ID in a short page", { { rows = rows(1, 5, "TITLE") } }, 5, "end" },
    { "an ID that is none", { { rows = with(rows(1, 50), { [50] = "D_50" }) } }, 0,
      "CURSOR_NO_ID" },
    { "ids that are numbers", { { rows = each(50, function(i) return { id = i } end) },
      { rows = {}, asks = asks("filter/>ID", 50) } }, 50, "end" },
    { "huge ids", { { rows = with(rows(1, 50), { [50] = big }) },
      { rows = {}, asks = asks("filter/>ID", big) } }, 50, "end" },
    { "nulls among the rows",
      { { rows = with(rows(1, 50), { [7] = codec.null, [50] = codec.null }) },
      { rows = {}, asks = asks("filter/>ID", 49) } }, 50, "end" },
    { "nothing but nulls", { { rows = each(50, function() return codec.null end) } }, 0,
      "CURSOR_NO_ID" },
  }
  for _, case in ipairs(cases) do
    it("knows " .. case[1], function()
      local got, ending = feed(codec.cursor "crm.deal.list", case[2])
      assert.equal(case[4], ending)
      assert.equal(case[3], got)
    end)
  end

  it("minds a limit of the caller's", function()
    local got, ending = feed(codec.cursor("crm.deal.list", { limit = 20 }), {
      { rows = rows(1, 20) }, { rows = rows(21, 3), asks = asks("filter/>ID", 20) },
    })
    assert.equal("end", ending)
    assert.equal(23, got)
  end)

  it("knows the largest first", function()
    local function downward(from, count)
      return each(count, function(i) return { ID = tostring(from + 1 - i) } end)
    end
    for _, case in ipairs {
      { { { rows = downward(100, 50) },
        { rows = downward(50, 7), asks = asks("filter/<ID", 51) } }, 57, "end" },
      { { { rows = downward(100, 50) }, { rows = {}, asks = asks("filter/<ID", 51) } }, 50, "end" },
      { { { rows = downward(100, 50) }, { rows = downward(100, 50) } }, 50, "CURSOR_STALLED" },
      { { { rows = downward(100, 50) }, { rows = downward(51, 3) } }, 50, "CURSOR_STALLED" },
      { { { rows = rows(1, 50) } }, 0, "CURSOR_UNSORTED" },
    } do
      local got, ending = feed(codec.cursor("crm.deal.list", { order = { ID = "DESC" } }), case[1])
      assert.equal(case[3], ending)
      assert.equal(case[2], got)
    end
  end)

  it("lets the portal count with the first page, where many pages may come at once", function()
    local function start(method, params)
      return codec.cursor(method, params, true):params().start
    end
    assert.equal(0, start "crm.deal.list")
    assert.equal(0, start("crm.deal.list", { order = { ID = "DESC" } }))
    assert.equal(-1, start("crm.deal.list", { start = -1 }))
    assert.equal(-1, start("crm.deal.list", { filter = { TITLE = "$result" } })) -- page by page
    local cursor = codec.cursor("crm.deal.list", nil, true)
    cursor:params()
    assert(cursor:page(rows(1, 50), { next = 50, total = 120 }))
    assert.equal(-1, cursor:params().start)
    assert.equal(120, cursor:total())
  end)

  it("reads tasks: small letters in the rows, capitals in the filter", function()
    local got, ending = feed(codec.cursor "tasks.task.list", {
      { rows = { tasks = rows(1, 50, "id") }, asks = asks("order/ID", "ASC") },
      { rows = { tasks = {} }, asks = asks("filter/>ID", 50) },
    })
    assert.equal("end", ending)
    assert.equal(50, got)
  end)

  it("reads items: small letters everywhere", function()
    feed(codec.cursor("crm.item.list", { entityTypeId = 2 }), {
      { rows = { items = rows(1, 50, "id") }, asks = asks("order/id", "ASC") },
      { rows = { items = {} }, asks = asks("filter/>id", 50) },
    })
  end)
end)

describe("paging by start", function()
  local cases = {
    { "no row", { { rows = {}, info = { total = 0 } } }, 0, "end" },
    { "a short page", { { rows = rows(1, 49) } }, 49, "end" },
    { "one full page", { { rows = rows(1, 50), info = { total = 50 } },
      { rows = {}, info = { total = 50 }, asks = asks("start", 50) } }, 50, "end" },
    { "two full pages", { { rows = rows(1, 50), info = { next = 50, total = 100 } },
      { rows = rows(51, 50), info = { total = 100 } } }, 100, "end" },
    { "two pages", { { rows = rows(1, 50), info = { next = 50, total = 70 } },
      { rows = rows(51, 20), info = { total = 70 }, asks = asks("start", 50) } }, 70, "end" },
    { "next as text", { { rows = rows(1, 50), info = { next = "50" } },
      { rows = {}, asks = asks("start", 50) } }, 50, "end" },
    { "more than 50 at once", { { rows = rows(1, 120) } }, 120, "end" },
    { "everything at once, by chance as many as pages have",
      { { rows = rows(1, 200), info = { total = 200 } },
      { rows = rows(1, 200), info = { total = 200 }, asks = asks("start", 200) } }, 200, "end" },
    { "a page that nobody counts",
      { { rows = rows(1, 50) }, { rows = rows(51, 50), asks = asks("start", 50) },
      { rows = rows(101, 7), asks = asks("start", 100) } }, 107, "end" },
    { "a full page, and nothing behind it",
      { { rows = rows(1, 50) }, { rows = {}, asks = asks("start", 50) } }, 50, "end" },
    { "50 rows again and again", { { rows = rows(1, 50) }, { rows = rows(1, 50) } }, 50,
      "CURSOR_STALLED" },
    { "50 rows that nobody can tell apart", { { rows = rows(1, 50, "NAME") } }, 0,
      "CURSOR_STALLED" },
    { "rows without ids, and a count of less than was read",
      { { rows = rows(1, 50, "NAME"), info = { total = 7 } } }, 0, "CURSOR_STALLED" },
    { "50 rows without ids, counted", { { rows = rows(1, 50, "NAME"), info = { total = 50 } } },
      50, "end" },
    { "a count of the page only", { { rows = rows(1, 50), info = { total = 50 } },
      { rows = rows(51, 50), info = { total = 50 } },
      { rows = rows(101, 20), info = { total = 20 } } }, 120, "end" },
    { "a count of less than was read", { { rows = rows(1, 50), info = { next = 50, total = 100 } },
      { rows = rows(51, 50), info = { total = 70 } },
      { rows = rows(101, 5), asks = asks("start", 100) } }, 105, "end" },
    { "a count that a later page does not repeat",
      { { rows = rows(1, 50), info = { next = 50, total = 170 } },
      { rows = rows(51, 50) } }, 50, "CURSOR_STALLED" },
    { "no row, but a count", { { rows = {}, info = { total = 120 } } }, 0, "CURSOR_STALLED" },
    { "the same rows under another next", { { rows = rows(1, 50), info = { next = 50 } },
      { rows = rows(1, 50), info = { next = 100 } } }, 50, "CURSOR_STALLED" },
    { "hasMore without a next", { { rows = { items = rows(1, 20), hasMore = true } } }, 0,
      "CURSOR_STALLED" },
    { "a full page, and no more", { { rows = { items = rows(1, 50), hasMore = false } } },
      50, "end" },
    { "next and total inside the result",
      { { rows = { items = rows(1, 50), total = 70, next = 50 } },
      { rows = { items = rows(51, 20), total = 70 }, asks = asks("start", 50) } }, 70, "end" },
    { "descending ids", { { rows = each(50, function(i)
      return { ID = 100 - i }
    end), info = { next = 50 } },
      { rows = each(49, function(i) return { ID = 50 - i } end) } }, 99, "end" },
    { "pages that rights have thinned out",
      { { rows = rows(1, 3), info = { next = 50, total = 120 } },
      { rows = {}, info = { next = 100, total = 120 } },
      { rows = rows(4, 1), info = { total = 120 } } }, 4, "end" },
    { "a count of 0", { { rows = rows(1, 50), info = { total = 0 } },
      { rows = rows(51, 2), info = { total = 0 } } }, 52, "end" },
    { "the same next again", { { rows = rows(1, 50), info = { next = 50 } },
      { rows = rows(1, 50), info = { next = 50 } } }, 50, "CURSOR_STALLED" },
    { "a smaller next", { { rows = rows(1, 50), info = { next = 50 } },
      { rows = rows(1, 50), info = { next = 20 } } }, 50, "CURSOR_STALLED" },
    { "a next that is 0", { { rows = rows(1, 50), info = { next = 0 } } }, 0, "CURSOR_STALLED" },
    { "a next that is nonsense", { { rows = rows(1, 50), info = { next = true } } }, 0,
      "CURSOR_STALLED" },
    { "no next, but a higher count", { { rows = rows(1, 50), info = { total = 120 } } }, 0,
      "CURSOR_STALLED" },
  }
  for _, case in ipairs(cases) do
    it("knows " .. case[1], function()
      local got, ending = feed(codec.cursor "some.thing.list", case[2])
      assert.equal(case[4], ending)
      assert.equal(case[3], got)
    end)
  end

  it("minds a limit of the caller's", function()
    local got, ending = feed(codec.cursor("some.thing.list", { limit = 20 }), {
      { rows = rows(1, 20) }, { rows = rows(21, 20), asks = asks("start", 20) },
      { rows = rows(41, 3), asks = asks("start", 40) },
    })
    assert.equal("end", ending)
    assert.equal(43, got)
  end)

  it("minds no limit that the method does not mind", function()
    local got, ending = feed(codec.cursor("some.thing.list", { limit = 10 }),
      { { rows = rows(1, 30) } })
    assert.equal("end", ending)
    assert.equal(30, got)
  end)

  it("does not believe the count of a method that counts its pages", function()
    local got, ending = feed(codec.cursor("crm.address.list", { start = 50 }), {
      { rows = rows(51, 50, "CITY"), info = { total = 50 }, asks = asks("start", 50) },
      { rows = rows(101, 20, "CITY"), info = { total = 20 }, asks = asks("start", 100) },
    })
    assert.equal("end", ending)
    assert.equal(70, got)
  end)

  it("goes on from where the caller begins", function()
    local got, ending = feed(codec.cursor("crm.deal.list", { start = 100 }), {
      { rows = rows(1, 50), info = { next = 150 }, asks = asks("start", 100) },
      { rows = rows(1, 1), asks = asks("start", 150) },
    })
    assert.equal("end", ending)
    assert.equal(51, got)
  end)

  it("puts start beside positional parameters", function()
    local cursor = codec.cursor("task.item.list", { { ID = "ASC" }, {} })
    cursor:params()
    assert(cursor:page(rows(1, 50), { next = 50 }))
    assert.equal(canonical { ["0"] = { ID = "ASC" }, ["1"] = {}, start = 50 },
      canonical(cursor:params()))
  end)

  it("does not go on for ever through empty pages", function()
    local cursor, pages = codec.cursor "some.thing.list", 0
    while pages < 2000 do
      pages = pages + 1
      assert.is_truthy(cursor:params())
      local list, _, info = cursor:page({}, { next = pages * 50 })
      if not list then return assert.equal("CURSOR_STALLED", info.code) end
    end
    error "it did not end"
  end)
end)

describe("everything at once", function()
  local cases = {
    { "nothing", { { rows = {}, info = { total = 0 } } }, 0, "end" },
    { "all that is counted", { { rows = rows(1, 120, "CITY"), info = { total = 120 } } },
      120, "end" },
    { "as many as a page has", { { rows = rows(1, 50, "CITY"), info = { total = 50 } } },
      50, "end" },
    { "less than is counted", { { rows = rows(1, 50, "CITY"), info = { total = 120 } } }, 0,
      "CURSOR_STALLED" },
    { "a full page that nobody counts", { { rows = rows(1, 50, "CITY") } }, 0, "CURSOR_STALLED" },
    { "a page that names another one",
      { { rows = rows(1, 50, "CITY"), info = { next = 50, total = 50 } } }, 0, "CURSOR_STALLED" },
  }
  for _, case in ipairs(cases) do
    it("knows " .. case[1], function()
      local got, ending = feed(codec.cursor "crm.address.list", case[2])
      assert.equal(case[4], ending)
      assert.equal(case[3], got)
    end)
  end
end)
