-- The mock portal's lists: what filters and orders leave, and what is answered to those that ask
-- for what is not there. Sources: bitrix24/b24restdocs,
-- api-reference/crm/universal/crm-item-list.md, crm/deals/crm-deal-list.md,
-- crm/contacts/crm-contact-list.md, tasks/tasks-task-list.md, user/user-get.md,
-- departments/department-get.md; the server's rest/lib/api/user.php.
-- One Lua of each kind: the mock portal has a Lua of its own.

local start = require("spec.support.portal").start

describe("the mock portal's lists", function()
  local portal, rest
  setup(function()
    portal = start()
    rest = require("spec.support.rest").new(portal)
  end)
  before_each(function() portal:reset() end)
  teardown(function() portal:stop() end)

  -- How many rows a filter leaves, by the portal's own count.
  local function count(filter, method)
    return rest.post(method or "crm.deal.list", { filter = filter }).total
  end

  local function ids(params, method)
    local out, rows = {}, rest.result(method or "crm.deal.list", params)
    for i, row in ipairs(rows.items or rows.tasks or rows) do
      out[i] = ("%d"):format(row.ID or row.id)
      if i == 3 then break end
    end
    return table.concat(out, " ")
  end

  describe("are filtered", function()
    it("by any field, with all operators", function()
      for expected, filters in pairs {
        [24] = { { STAGE_ID = "WON" }, { ["=STAGE_ID"] = "won" }, { ["!STAGE_ID"] = "NEW" },
          { STAGE_SEMANTIC_ID = { "S", "F" } }, { ["@STAGE_ID"] = { "WON" } } },
        [96] = { { ["!=STAGE_ID"] = "WON" }, { ["!@STAGE_ID"] = { "WON", "LOSE" } } },
        [61] = { { [">=OPPORTUNITY"] = 6000 }, { [">OPPORTUNITY"] = "5900.00" } },
        [59] = { { ["<OPPORTUNITY"] = 6000 }, { ["!>=OPPORTUNITY"] = 6000 } },
        [11] = { { ["><OPPORTUNITY"] = { 1000, 2000 } }, { [">=ID"] = 10, ["<=ID"] = 20 } },
        [9] = { { ["%TITLE"] = "DEAL 10", ["!ID"] = 10, ["<ID"] = 109 } },
        [31] = { { ["=%TITLE"] = "deal 1_%" }, { ["%=TITLE"] = "%L 1_%" } },
        [89] = { { ["!=%TITLE"] = "deal 1_%" } },
        [120] = { { ["!TITLE"] = "" }, { COMMENTS = "" }, { NO_SUCH_FIELD = 1 } },
        [40] = { { CONTACT_ID = "" }, { CONTACT_ID = false } },
        [80] = { { ["!CONTACT_ID"] = "" }, { [">CONTACT_ID"] = 0 } },
        [0] = { { ["!COMMENTS"] = "" }, { STAGE_ID = "LOSE" }, { ID = 121 } },
      } do
        for i, filter in ipairs(filters) do
          assert.equal(expected, count(filter), expected .. ", filter " .. i)
        end
      end
    end)

    it("by dates, whole or with a time", function()
      local date = rest.result("crm.deal.get", { id = 60 }).DATE_CREATE
      assert.equal(61, count { [">=DATE_CREATE"] = date })
      assert.equal(60, count { [">DATE_CREATE"] = date })
      assert.equal(120, count { [">DATE_CREATE"] = date:sub(1, 10) })
      assert.equal(0, count { ["<DATE_CREATE"] = date:sub(1, 10) })
    end)

    it("before they are counted, paged and summed up", function()
      portal:control("settings", { deals = 1000 })
      local sum, seen, offset = 0, 0, 0
      repeat
        local page = rest.post("crm.deal.list",
          { filter = { STAGE_ID = "WON" }, select = { "OPPORTUNITY" }, start = offset })
        assert.equal(200, page.total)
        for _, deal in ipairs(page.result) do sum, seen = sum + deal.OPPORTUNITY, seen + 1 end
        offset = page.next
      until not offset
      assert.same({ 200, 9950000 }, { seen, sum })
    end)

    it("and by ids as well, forwards and backwards", function()
      local filter = { STAGE_ID = "WON", [">ID"] = 50 }
      assert.equal("55 60 65", ids { filter = filter, start = -1 })
      assert.equal("120 115 110", ids { filter = filter, order = { ID = "DESC" }, start = -1 })
      assert.is_nil(rest.post("crm.deal.list", { filter = filter, start = -1 }).total)
    end)
  end)

  it("have an order", function()
    assert.equal("120 119 118", ids { order = { OPPORTUNITY = "DESC" } })
    -- as text: which key comes first matters
    assert.equal("5 10 15", ids [[{"order":{"STAGE_ID":"DESC","ID":"ASC"}}]])
    assert.equal("115 110 105",
      ids [[{"order":{"STAGE_ID":"desc","OPPORTUNITY":"desc"},"filter":{"<ID":120}}]])
    assert.equal("7 14 21", ids { order = { ASSIGNED_BY_ID = "ASC" } })
    assert.equal("3 6 9", ids { order = { CONTACT_ID = "ASC" } }) -- null comes first
    assert.equal("1 2 3", ids { order = { NO_SUCH_FIELD = "DESC" } })
    assert.equal("1 10 100", ids { order = { TITLE = "ASC" } })
  end)

  it("of the old kind want arrays", function()
    assert.equal(" 400", rest.failure("crm.deal.list", { filter = "x" }))
    local answer = rest.post("crm.contact.list?order=x")
    assert.equal("Parameter 'order' must be array.", answer.error_description)
  end)

  describe("of items", function()
    it("have camel case and numbers, in requests and answers", function()
      local answer = rest.post("crm.item.list", { entityTypeId = 2,
        filter = { [">opportunity"] = 6000, stageId = "WON" }, order = { opportunity = "DESC" },
        select = { "id", "opportunity", "stageId" } })
      assert.equal(12, answer.total)
      assert.same({ id = 120, opportunity = 12000, stageId = "WON" }, answer.result.items[1])
      local deal = rest.result("crm.item.get", { entityTypeId = 2, id = 60 }).item
      assert.same({ 60, 5, "Deal 60", 0 },
        { deal.id, deal.assignedById, deal.title, deal.contactId })
    end)

    it("of four types", function()
      for type_id, field in pairs { "title", "title", "lastName", "title" } do
        local answer = rest.post("crm.item.list", { entityTypeId = type_id })
        assert.same({ 120, 50 }, { answer.total, answer.next })
        assert.is_string(answer.result.items[1][field])
      end
      assert.equal("NOT_FOUND 400", rest.failure("crm.item.list", { entityTypeId = 99 }))
      assert.equal("NOT_FOUND 400", rest.failure "crm.item.list")
      assert.equal("NOT_FOUND 400", rest.failure("crm.item.get", { entityTypeId = 2, id = 121 }))
    end)

    it("with filters in the filter", function()
      local function either(...)
        local inner = { logic = "OR", ["0"] = (...), ["1"] = select(2, ...) }
        return rest.post("crm.item.list",
          { entityTypeId = 2, filter = { ["0"] = inner, ["<=id"] = 20 } }).total
      end
      assert.equal(6, either({ stageId = "WON" }, { id = { 1, 2, 5 } }))
      assert.equal(4, either({ stageId = "WON" }, { stageId = "LOSE" }))
      assert.equal(1, rest.post("crm.item.list", { entityTypeId = 2,
        filter = { ["0"] = { stageId = "WON" }, ["1"] = { id = { 3, 5 } } } }).total)
      assert.equal(25, rest.post("crm.item.list", { entityTypeId = 2,
        filter = { logic = "OR", stageId = "WON", id = 7 } }).total)
    end)

    it("refuse names that they do not know", function()
      local answer, status = rest.post("crm.item.list",
        { entityTypeId = 2, filter = { [">FIELD"] = 1 } })
      assert.same({ 400, "INVALID_ARG_VALUE" }, { status, answer.error })
      assert.equal("Invalid filter: field 'FIELD' is not allowed in filter",
        answer.error_description)
      answer = rest.post("crm.item.list", { entityTypeId = 2, order = { nothing = "ASC" } })
      assert.equal("Invalid order: field 'nothing' is not allowed in order",
        answer.error_description)
    end)
  end)

  it("of contacts, with phones only for those who ask", function()
    local contact = rest.result("crm.contact.list", { filter = { ID = 7 } })[1]
    assert.same({ "7", nil, "CLIENT" }, { contact.ID, contact.PHONE, contact.TYPE_ID })
    contact = rest.result("crm.contact.list", { filter = { ID = 7 }, select = { "*", "PHONE" } })[1]
    assert.same({ "7", "+13330000007" }, { contact.ID, contact.PHONE[1].VALUE })
    contact = rest.result("crm.contact.get", { id = 7 })
    assert.same({ "7", "person7@example.test" }, { contact.ID, contact.EMAIL[1].VALUE })
    portal:control("rows", { method = "crm.contact.list", add = 1, drop = 2 })
    assert.equal("121", rest.result("crm.contact.get", { id = 121 }).ID)
    assert.equal(" 400", rest.failure("crm.contact.get", { id = 2 }))
    assert.equal(" 400", rest.failure("crm.contact.get", { id = 122 }))
    assert.equal(" 400", rest.failure "crm.deal.get")
  end)

  it("show what was written", function()
    local id = rest.result("crm.deal.add",
      { fields = { TITLE = "Rails", OPPORTUNITY = 12.5, STAGE_ID = "WON", ID = 7, X = 1 } })
    assert.equal(121, id)
    local deal = rest.result("crm.deal.get", { id = id })
    assert.same({ "121", "Rails", "12.50", "WON", "EUR" },
      { deal.ID, deal.TITLE, deal.OPPORTUNITY, deal.STAGE_ID, deal.CURRENCY_ID })
    assert.is_true(rest.result("crm.deal.update",
      { id = 3, fields = { title = "Rails", opened = false } }))
    assert.equal("3 121", ids { filter = { TITLE = "rails" } })
    assert.equal("N", rest.result("crm.deal.get", { id = 3 }).OPENED)
    local items = rest.result("crm.item.list",
      { entityTypeId = 2, filter = { title = "Rails" } }).items
    assert.same({ 3, 121, 12.5 }, { items[1].id, items[2].id, items[2].opportunity })
    rest.result("crm.lead.update", { id = 5, fields = { STATUS_ID = "CONVERTED" } })
    assert.equal("CONVERTED",
      rest.result("crm.item.get", { entityTypeId = 1, id = 5 }).item.stageId)
    assert.equal(" 400", rest.failure("crm.deal.update", { id = 122, fields = { TITLE = "x" } }))
    assert.equal(" 400", rest.failure("crm.deal.add", { fields = "x" }))
    portal:reset()
    assert.equal("Deal 3", rest.result("crm.deal.get", { id = 3 }).TITLE)
  end)

  it("of tasks", function()
    local answer = rest.post("tasks.task.list",
      { filter = { RESPONSIBLE_ID = 3, ["!REAL_STATUS"] = 5 }, order = { ID = "asc" } })
    assert.equal(11, answer.total)
    local task = answer.result.tasks[1]
    assert.same({ "2", "3", "2" }, { task.id, task.responsibleId, task.status })
    assert.same({ id = "3", name = "Noah O'Brien", link = "/company/personal/user/3/",
      icon = "/bitrix/images/tasks/default_avatar.png", workPosition = "Manager" },
      task.responsible)
    task = rest.result("tasks.task.list", { filter = { ID = 12 } }).tasks[1]
    assert.same({ "7", "8" }, task.auditors)
    assert.equal("8", task.auditorsData["8"].id)
    assert.equal("urgent", task.tags["35"].title)
    answer = rest.post("tasks.task.list", { order = { NOTHING = "asc" } })
    assert.same({ "0", "Invalid sorting key (internal error)" },
      { answer.error, answer.error_description })
    assert.equal(120, rest.post("tasks.task.list", { filter = { NOTHING = 1 } }).total)
  end)

  describe("of users", function()
    it("are filtered by what is in FILTER, else by all parameters", function()
      assert.same({ "7" }, { rest.result("user.get", { ID = 7 })[1].ID })
      local answer = rest.post("user.get",
        { FILTER = { ["@ID"] = { 9, 7 }, ACTIVE = true }, ID = 1 })
      assert.same({ 2, "7", "9" }, { answer.total, answer.result[1].ID, answer.result[2].ID })
      assert.equal(50, rest.post("user.get").next)
      assert.equal("120", rest.result("user.get", { sort = "ID", order = "DESC" })[1].ID)
    end)

    it("have the fields of the documentation, and an empty object for some dates", function()
      local answer, _, text = rest.post("user.get", { ID = 1 })
      local user = answer.result[1]
      assert.same({ "1", true, "user1@example.test", "Manager", "employee" },
        { user.ID, user.ACTIVE, user.EMAIL, user.WORK_POSITION, user.USER_TYPE })
      assert.truthy(text:find('"LAST_ACTIVITY_DATE":{}', 1, true))
      user = rest.result "user.current"
      assert.same({ "1", true, { 1 } }, { user.ID, user.ACTIVE, user.UF_DEPARTMENT })
      assert.truthy(user.LAST_ACTIVITY_DATE:find "^%d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%d$")
      assert.truthy(user.DATE_REGISTER:find "T00:00:00%+03:00$")
    end)

    it("are not counted when there are none, and are none too many without counting", function()
      local answer, _, text = rest.post("user.get", { ID = 121 })
      assert.same({}, answer.result)
      assert.is_nil(text:find("total", 1, true))
      assert.equal(0, rest.post("user.get", { start = -1 }).total) -- setNavData, without a count
    end)

    it("are dismissed, and then not active", function()
      portal:control("person", { id = 7, name = "Ada Lovelace", active = false })
      local user = rest.result("user.get", { FILTER = { ACTIVE = false } })[1]
      assert.same({ "7", "Ada", "Lovelace", false },
        { user.ID, user.NAME, user.LAST_NAME, user.ACTIVE })
      assert.equal(119, rest.post("user.get", { ACTIVE = "false" }).total) -- a text is true in PHP
    end)

    it("have phones, or false", function()
      assert.same({ work_phone = "+11230000077", personal_mobile = "+15550000077",
        inner_phone = "177" }, rest.result("im.user.get", { ID = 77 }).phones)
      assert.is_false(rest.result("im.user.get", { ID = 78 }).phones)
    end)
  end)

  it("of departments", function()
    local answer = rest.post "department.get"
    assert.same({ 5, "Company", 500 },
      { answer.total, answer.result[1].NAME, answer.result[1].SORT })
    assert.is_nil(answer.result[1].PARENT)
    assert.equal(4, rest.post("department.get", { PARENT = 1 }).total)
    assert.equal("4", rest.result("department.get", { NAME = "R&D" })[1].ID)
    assert.equal("5", rest.result("department.get", { sort = "ID", order = "DESC" })[1].ID)
    assert.equal(5, rest.post("department.get", { name = "R&D" }).total) -- names in upper case only
  end)

  it("say which methods there are", function()
    local function has(params, name)
      for _, method in ipairs(rest.result("methods", params)) do
        if method == name then return true end
      end
      return false
    end
    portal:control("account", { user_id = 1, scope = { "im" } })
    assert.same({ true, true, false, false }, { has(nil, "im.counters.get"), has(nil, "batch"),
      has(nil, "crm.deal.list"), has(nil, "b24test.echo") })
    assert.same({ true, true, false }, { has({ full = true }, "crm.deal.list"),
      has({ scope = "crm" }, "crm.deal.list"), has({ scope = "crm" }, "im.counters.get") })
    assert.is_true(has({ scope = "" }, "batch"))
    assert.is_false(has({ scope = "" }, "im.counters.get"))
  end)
end)
