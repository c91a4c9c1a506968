-- codec.cursor: where in a result the rows are.

local codec = require "b24.codec"

describe("a cursor's rows", function()
  local function find(result, method)
    local cursor = codec.cursor(method or "some.thing.list")
    cursor:params()
    local list, err, info = cursor:page(result, { attempts = 2, status = 200 })
    return list, err, info
  end

  it("are the result or its only list of objects", function()
    local a = { { x = 1 }, { x = 2 } }
    for _, result in ipairs {
      a, { anything = a }, { items = a, total = 2, ok = true, about = { name = "x" } },
      { rows = a, empty = {} },
      { rows = a, ids = { 1, 2, 3 } }, { ["0"] = a[1], ["5"] = a[2] },
      { tasks = { ["10"] = a[2], ["9"] = a[1] } },
    } do
      local list = assert(find(result))
      assert.equal(1, list[1].x)
      assert.equal(2, list[2].x)
      assert.equal(2, #list)
    end
    assert.same({ 1, "two", false }, find { 1, "two", false })
    assert.same({}, find {})
    assert.same({}, find { items = {} })
  end)

  it("are known by name where several lists are", function()
    local result = { items = { { id = 1 } }, birthdayList = { { id = 2 } } }
    assert.same({ { id = 1 } }, find(result, "im.recent.list"))
    assert.same({ { id = 1 } }, find({ tasks = { { id = 1 } }, others = { { id = 2 } } },
      "tasks.task.list"))
  end)

  it("are an error where there are none", function()
    for _, result in ipairs {
      true, false, 5, "text", codec.null, { a = 1 }, { a = { b = 1 } }, { ids = { 1, 2 } },
      { a = { { x = 1 } }, b = { { x = 2 } } }, { a = {}, b = {} },
    } do
      local list, err, info = find(result)
      assert.is_nil(list)
      assert.is_truthy(err:find("^b24: NO_ROWS: "), err)
      assert.equal("NO_ROWS", info.code)
      assert.equal("decode", info.kind)
      assert.equal("some.thing.list", info.method)
      assert.equal(2, info.attempts) -- the call's own info goes on
      assert.equal(200, info.status)
    end
  end)

  it("keep the place where the first page had them", function()
    local cursor = codec.cursor "some.thing.list"
    cursor:params()
    assert(cursor:page({ rows = { { x = 1 } }, other = {} }, { next = 50 }))
    cursor:params()
    assert.same({}, cursor:page({ rows = {}, other = { { x = 1 } } }, { next = 100 }))
    cursor:params()
    local list, _, info = cursor:page({ rows = "gone" }, {})
    assert.is_nil(list)
    assert.equal("NO_ROWS", info.code)
  end)
end)
