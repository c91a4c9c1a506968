-- codec.cursor: pages of im.* lists by OFFSET, and what is no list.

local codec = require "b24.codec"
local lists = require "spec.support.pages"

local rows, feed, asks = lists.rows, lists.feed, lists.asks

describe("paging by OFFSET", function()
  local function page(first, many, more)
    return { items = rows(first, many, "id"), hasMore = more, birthdayList = {} }
  end
  local cases = {
    { "no chat", { { rows = page(1, 0, false) } }, 0, "end" },
    { "one page", { { rows = page(1, 100, false) } }, 100, "end" },
    { "hasMore although nothing follows", { { rows = page(1, 200, true) },
      { rows = page(1, 0, false), asks = asks("OFFSET", 200) },
      { rows = page(1, 200, true), asks = asks("OFFSET", 0) } }, 200, "end" },
    { "rows that the portal appends", { { rows = page(1, 220, true) },
      { rows = page(201, 220, true), asks = asks("OFFSET", 200) },
      { rows = page(421, 60, false), asks = asks("OFFSET", 400) },
      { rows = page(1, 220, true), asks = asks("OFFSET", 0) } }, 480, "end" },
    { "rows that the portal hides", { { rows = page(1, 20, true) },
      { rows = page(21, 0, true), asks = asks("OFFSET", 200) },
      { rows = page(21, 30, false), asks = asks("OFFSET", 400) },
      { rows = page(1, 20, true), asks = asks("OFFSET", 0) } }, 50, "end" },
    { "hasMorePages", { { rows = { items = rows(1, 10, "id"), hasMorePages = true } },
      { rows = { items = rows(11, 10, "id"), hasMorePages = false } },
      { rows = page(1, 10, true) } }, 20, "end" },
    { "hasMore as text", { { rows = page(1, 200, "Y") }, { rows = page(201, 10, "N") },
      { rows = page(1, 200, "Y") } }, 210, "end" },
    { "a list that has moved down", { { rows = page(1, 200, true) },
      { rows = page(191, 50, false), asks = asks("OFFSET", 200) },
      { rows = page(1, 200, true) } }, 240, "end" },
    { "a chat that moved up, over us",
      { { rows = page(1, 200, true) }, { rows = page(202, 50, false) },
      { rows = page(201, 1, true) }, { rows = page(1, 200, true), asks = asks("OFFSET", 200) } },
        251, "end" },
    { "the same page for ever", { { rows = page(1, 200, true) }, { rows = page(1, 200, true) },
      { rows = page(1, 200, true) }, { rows = page(1, 200, true) } }, 200, "CURSOR_STALLED" },
    { "rows without an id", { { rows = { items = rows(1, 200, "name"), hasMore = true } },
      { rows = { items = rows(1, 20, "name"), hasMore = false } } }, 220, "end" },
  }
  for _, case in ipairs(cases) do
    it("knows " .. case[1], function()
      local got, ending = feed(codec.cursor "im.recent.list", case[2])
      assert.equal(case[4], ending)
      assert.equal(case[3], got)
    end)
  end

  it("tells users from chats", function()
    local list = { items = { { id = 5 }, { id = "chat5" }, { id = "5" } }, hasMore = false }
    -- 5 and "5" are one user
    assert.equal(2, (feed(codec.cursor "im.recent.list", { { rows = list } })))
  end)

  it("does without hasMore", function()
    local function users(method, params, pages)
      local got, ending = feed(codec.cursor(method, params), pages)
      assert.equal("end", ending)
      return got
    end
    local function at(offset, list, info)
      return { rows = list, info = info, asks = asks("OFFSET", offset) }
    end
    -- the portal hides some of a page, so a short one is no end
    assert.equal(50, users("im.dialog.users.list", {},
      { at(0, rows(1, 20, "id")), at(50, rows(21, 30, "id")), at(100, {}) }))
    assert.equal(50, users("im.dialog.users.list", {}, { at(0, rows(1, 50, "id")), at(50, {}) }))
    -- and a small page may be hidden, but not as many rows as a large one has
    assert.equal(24, users("im.dialog.users.list", { LIMIT = 20 },
      { at(0, {}), at(20, rows(1, 20, "id")), at(40, {}),
      at(60, {}), at(80, rows(21, 4, "id")), at(100, {}), at(120, {}), at(140, {}) }))
    assert.equal(60, users("im.dialog.users.list", { LIMIT = 500 }, { at(0, rows(1, 50, "id")),
      at(50, rows(51, 10, "id")), at(100, {}) }))
    -- knows neither LIMIT nor OFFSET
    assert.equal(225, users("im.recent.get", {},
      { at(0, rows(1, 225, "id")), at(50, rows(1, 225, "id")) }))
    assert.equal(3, users("im.user.list.get", {},
      { at(0, rows(1, 3, "id")), at(50, rows(1, 3, "id")) }))
    -- the count is all that is needed
    assert.equal(70, users("im.search.user.list", {}, { at(0, rows(1, 50, "id"), { total = 70 }),
      at(50, rows(51, 20, "id"), { total = 70 }) }))
    assert.equal(70, users("im.search.user.list", {}, { at(0, rows(1, 50, "id"), { total = 50 }),
      at(50, rows(51, 20, "id"), { total = 20 }), at(100, {}) })) -- unless it is that of the page
    assert.equal(95, users("im.search.user.list", { LIMIT = 40 },
      { at(0, rows(1, 35, "id"), { next = 50 }),
      -- a next is a promise, and no place
      at(40, rows(36, 60, "id"), { total = 20 }), at(80, {}), at(120, {}) }))
    local map = { ["7"] = { id = 7 }, ["12"] = { id = 12 } }
    assert.equal(2, users("im.search.user.list", { FIND = "a" },
      { { rows = map, info = { total = 2 } } }))
  end)

  it("does not take what may be a part for the whole", function()
    local got, ending = feed(codec.cursor "im.user.list.get",
      { { rows = rows(1, 50, "id") }, { rows = rows(1, 50, "id") } })
    assert.equal("CURSOR_STALLED", ending)
    assert.equal(50, got)
  end)

  it("does not go on for ever through hidden pages", function()
    local cursor, ending = codec.cursor "im.recent.list", nil
    for _ = 1, 200 do
      if ending then break end
      cursor:params()
      local list, _, info = cursor:page(page(1, 0, true), {})
      ending = not list and info.code
    end
    assert.equal("CURSOR_STALLED", ending)
  end)

  it("does not turn back to rows above the caller's OFFSET", function()
    local got, ending = feed(codec.cursor("im.recent.list", { OFFSET = 200 }), {
      { rows = page(201, 200, true), asks = asks("OFFSET", 200) },
      { rows = page(401, 20, false), asks = asks("OFFSET", 400) },
    })
    assert.equal("end", ending)
    assert.equal(220, got)
  end)

  it("remembers many ids", function()
    local cursor, got = codec.cursor "im.recent.list", 0
    for i = 0, 149 do
      cursor:params()
      got = got + #assert(cursor:page({ items = rows(i * 200 + 1, 200, "id"), hasMore = true }, {}))
    end
    assert.equal(30000, got)
    cursor:params()
    assert.equal(0, #assert(cursor:page({ items = rows(10001, 200, "id"), hasMore = true }, {})))
  end)
end)

describe("a result that is no list", function()
  local function problem(result)
    local cursor = codec.cursor "entity.get"
    cursor:params()
    local list, _, info = cursor:page(result, {})
    return list and #list or info.code
  end
  it("is told", function()
    for _, result in ipairs {
      { ID = "5", ENTITY = "abc" }, { ID = "5", ENTITY = "abc", ACCESS = {} },
      { ENTITY = "abc", ACCESS = {} },
      { ID = "7", PHONE = { { ID = "1", VALUE = "+1" } } }, { id = 7, tags = { { id = 1 } } }, true,
      "x", 5, codec.null,
    } do
      assert.equal("NO_ROWS", problem(result))
    end
  end)
  it("is no list of one, nor of none", function()
    assert.equal(1, problem { { ID = "5", ENTITY = "abc" } })
    assert.equal(0, problem {})
    assert.equal(0, problem { items = {}, total = 0, hasMore = false })
    assert.equal(1, problem { items = { { id = 1 } }, next = codec.null })
  end)
end)

describe("a cursor", function()
  it("wants its turns", function()
    local cursor = codec.cursor "crm.deal.list"
    assert.has_error(function() cursor:page {} end, "b24: ask for the page's params first")
    cursor:params()
    assert.has_error(function() cursor:page() end)
    assert(cursor:page {})
    assert.is_false(cursor:more())
    assert.is_nil(cursor:params())
    assert.has_error(function() cursor:page {} end)
    assert.has_error(function() cursor.params(io.stdout) end)
    assert.has_error(function() cursor.params {} end)
  end)

  it("is collected", function()
    for _ = 1, 200 do
      local cursor = codec.cursor "im.recent.list"
      cursor:params()
      assert(cursor:page({ items = rows(1, 50, "id"), hasMore = true }, {}))
    end
    collectgarbage()
    collectgarbage()
  end)
end)
