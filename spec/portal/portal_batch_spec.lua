-- luacheck: std max+busted
-- The mock portal's batch, inbox and lists: the server's habits that the client must live with.
-- One Lua of each kind: the mock portal has a Lua of its own.

local cjson = require "cjson"
local http = require "socket.http"
local ltn12 = require "ltn12"

local start = require("spec.support.portal").start

describe("the mock portal", function()
  local portal
  setup(function() portal = start() end)
  before_each(function() portal:reset() end)
  teardown(function() portal:stop() end)

  -- Returns the decoded answer, the status and the text.
  local function post(method, body, content_type)
    local parts = {}
    if type(body) ~= "string" then
      body = body and next(body) ~= nil and cjson.encode(body) or "{}"
    end
    local _, status = http.request {
      url = portal.http_webhook .. method, method = "POST", source = ltn12.source.string(body),
      headers = { ["content-type"] = content_type or "application/json",
        ["content-length"] = #body },
      sink = ltn12.sink.table(parts),
    }
    local text = table.concat(parts)
    return cjson.decode(text), status, text
  end

  local function result(method, params) return post(method, params).result end

  local function failure(method, params)
    local answer, status = post(method, params)
    return tostring(answer.error) .. " " .. status
  end

  local function batch(cmd, halt) return result("batch", { cmd = cmd, halt = halt }) end

  local function field(list, name)
    local out = {}
    for i, item in ipairs(list) do out[i] = item[name] end
    return out
  end

  describe("runs batches", function()
    it("with every part of the answer in PHP's shape", function()
      local _, status, text = post "batch"
      local empty =
        '{"result":{"result":[],"result_error":[],"result_total":[],"result_next":[],'
          .. '"result_time":[]},"time":{'
      assert.same({ 200, empty }, { status, text:sub(1, #empty) })
      _, _, text = post("batch", [[{"cmd":{"a":"server.time","0":"no.such","1":"crm.deal.list"}}]])
      assert.truthy(text:find('"result":{"a":"', 1, true))
      -- the index is the key
      assert.truthy(text:find('"result_error":[{"error":"ERROR_METHOD_NOT_FOUND","error_d', 1,
        true))
      assert.truthy(text:find('"result_total":{"1":120},"result_next":{"1":50},'
        .. '"result_time":{"a":{"start":', 1, true))
    end)

    it("from objects, lists and forms, in any case of their names", function()
      assert.same({ a = { x = "1" }, b = { y = "2" } },
        batch({ a = "b24test.echo?x=1", b = "B24Test.Echo?y=2" }).result)
      assert.same({ { x = "1" }, { y = "2" } },
        batch({ "b24test.echo?x=1", "b24test.echo?y=2" }).result)
      local form = "application/x-www-form-urlencoded"
      assert.same({ a = { x = "1&2" } },
        post("batch", "cmd[a]=b24test.echo%3Fx%3D1%2526" .. "2&halt=0", form).result.result)
      assert.same({ { x = "1" } }, post("batch", { CMD = { "b24test.echo?x=1" } }).result.result)
    end)

    it("and parses their queries as PHP does", function()
      local function echo(query) return batch({ a = "b24test.echo?" .. query }).result.a end
      assert.same({ a = { b = { "1", "2" } }, c = "" }, echo "a[b][]=1&a[b][]=2&c")
      assert.same({ a_b = "x y", c_d = "+" }, echo "a.b=x+y&c[d=%2B")
      assert.same({ a = { b = "1" } }, echo "a[b]c=1")
      assert.same({ a = "1" }, echo "a=1#b=2")
      assert.same({ a = "?_=" }, echo "a=?\1=")
      assert.same({ filter = { [">ID"] = "7" } }, echo "filter[%3EID]=7")
    end)

    it("with every byte that a value can hold", function()
      local encoded, hex = {}, {}
      for byte = 0, 255 do
        encoded[#encoded + 1], hex[#hex + 1] = ("%%%02X"):format(byte), ("%02x"):format(byte)
      end
      assert.equal(table.concat(hex),
        batch({ a = "b24test.hex?value=" .. table.concat(encoded) }).result.a)
    end)

    it("each command with the checks of a call", function()
      portal:control("account", { user_id = 1, scope = { "crm" } })
      portal:control("settings",
        { operating = { profile = { limit = 1, cost = 2 }, batch = { limit = 0, cost = 9 } },
        missing = { "scope" } })
      local answer,
        status = post("batch", { cmd = { a = "im.counters.get", b = "im.counter.get", c = "profile",
        d = "profile", e = "b24test.fail?error=&description=Not+found", f = "b24test.null",
        g = "scope" } })
      assert.equal(200, status)
      local found = {}
      for key, problem in pairs(answer.result.result_error) do found[key] = problem.error end
      local profile = found.c and "c" or "d" -- whichever cjson wrote last
      assert.same({ a = "insufficient_scope", b = "ERROR_METHOD_NOT_FOUND",
        [profile] = "OPERATION_TIME_LIMIT", e = "", g = "ERROR_METHOD_NOT_FOUND" }, found)
      assert.equal("", answer.result.result_error.a.error_description)
      assert.equal(cjson.null, answer.result.result.f)
      assert.equal(2, answer.result.result_time[profile == "c" and "d" or "c"].operating)
      assert.equal("ERROR_METHOD_NOT_FOUND 404", failure "scope")
    end)

    it("but no more than 50, no batches and nothing but strings", function()
      local cmd = { 7, "batch?cmd[a]=profile", "Batch" }
      for i = 4, 52 do cmd[i] = "b24test.echo" end
      local answer = batch(cmd)
      local codes = {}
      for key, problem in pairs(answer.result_error) do codes[key] = problem.error end
      assert.same({ ["1"] = "ERROR_BATCH_METHOD_NOT_ALLOWED",
        ["2"] = "ERROR_BATCH_METHOD_NOT_ALLOWED",
        ["50"] = "ERROR_BATCH_LENGTH_EXCEEDED", ["51"] = "ERROR_BATCH_LENGTH_EXCEEDED" }, codes)
      assert.is_nil(answer.result["0"])
      assert.equal(47, portal:stats().executions["b24test.echo"])
    end)

    it("and stops after an error when halt is what PHP takes for true", function()
      local cmd = { "server.time", "b24test.fail?error=", "profile" }
      for _, halt in ipairs { 1, true, "1", "false", "N" } do
        local answer = batch(cmd, halt)
        assert.equal(1, #answer.result)
        assert.is_not_nil(answer.result_error["1"])
      end
      for _, halt in ipairs { 0, false, "", "0", cjson.null } do
        assert.is_not_nil(batch(cmd, halt).result["2"])
      end
    end)

    it("as one request that does many things", function()
      portal:control("settings", { bucket = { enabled = true, rate = 0.01, burst = 2 } })
      batch({ "profile", "profile", "server.time" })
      batch({ "profile" })
      assert.equal("QUERY_LIMIT_EXCEEDED 503", failure "batch")
      assert.same({ batch = 2, profile = 3, ["server.time"] = 1 }, portal:stats().executions)
    end)

    it("of which later ones may refer to earlier ones", function()
      local function echo(value) -- in a list: cjson keeps its order
        local answer = batch({ "b24test.echo?n=7&t=abc&m[k]=v", "crm.deal.list",
          "im.counters.get", "no.such", "b24test.echo?v=" .. value })
        return answer.result["4"].v
      end
      assert.equal("7", echo "$result[0][n]")
      assert.equal("abc", echo "%24result%5B0%5D%5Bt%5D")
      assert.equal("n=7 and abc", echo "n=$result[0][n] and $result[0][t]")
      assert.same({ k = "v" }, echo "$result[0][m]") -- the whole value: an array
      assert.equal("x $result[0][m]", echo "x $result[0][m]") -- inside a text: left alone
      -- all up to the next blank belongs to the reference
      assert.equal("<7 >", echo "<$result[0][n]> >")
      assert.equal(50, echo "$next[1]")
      assert.equal("120 rows", echo "$total[1] rows")
      assert.equal("50", echo "$result[1][49][ID]")
      assert.equal(14, echo "$result[2][TYPE][ALL]")
      assert.equal("ERROR_METHOD_NOT_FOUND", echo "$error[3][error]")
      assert.equal(0, echo "$time[0][operating]")
      assert.equal("abc", echo "$result[0][t][nothing]") -- a missing path leaves the last value
      assert.equal("b", echo "$result[0][t][1]")
      assert.equal(3, #echo "$result[9][n]")
      assert.equal("costs $5, $total, $result", echo "costs $5, $total, $result")
    end)
  end)

  describe("shows an inbox", function()
    it("as the recent list does", function()
      portal:control("dialog", { dialog_id = "77", title = "Ada Lovelace", active = false,
        muted = true, marked = true })
      portal:control("message", { dialog_id = "chat18", text = "[B]Hi[/B]\n<you> & \"me\"",
        author_id = 5 })
      local answer, _, text = post("im.recent.list", { LIMIT = 3 })
      assert.same({ true, true, -1, 3 }, { answer.result.hasMore, answer.result.hasMorePages,
        answer.total, answer.next })
      local chat, user = answer.result.items[1], answer.result.items[2]
      assert.same({ "chat18", 18, "chat", 2 }, { chat.id, chat.chat_id, chat.type, chat.counter })
      assert.same({ 'Hi <you> & "me"', 5 }, { chat.message.text, chat.message.author_id })
      assert.truthy(chat.message.date:find("^%d+%-%d%d%-%d%dT%d%d:%d%d:%d%d%+03:00$"))
      assert.equal(chat.message.date, chat.date_last_activity)
      assert.same({ "chat", "Project 18", 5 }, { chat.chat.type, chat.chat.name, chat.user.id })
      assert.truthy(text:find('"mute_list":[],', 1, true))
      assert.truthy(text:find('"mute_list":{"1":true}', 1, true))
      assert.same({ 77, "user", "Ada Lovelace", true, 0 },
        { user.id, user.type, user.title, user.unread, user.counter })
      assert.same({ 77, false, "Ada", "Lovelace" },
        { user.user.id, user.user.active, user.user.first_name, user.user.last_name })
    end)

    it("in pages, with what the server skips", function()
      local function ids(params)
        return table.concat(field(result("im.recent.list", params).items, "id"), " ")
      end
      assert.equal("1 5 chat18 chat24 chat44 chat901 chat30", ids():gsub("%.0", ""))
      assert.equal("chat18 chat24", ids { LIMIT = 2, OFFSET = 2 })
      assert.equal("chat18 chat24", ids { limit = "2", start = 2 })
      assert.equal("chat18 chat24 chat44 chat901 chat30", ids { SKIP_DIALOG = "Y" })
      assert.equal("chat901", ids { SKIP_DIALOG = "Y", SKIP_CHAT = "Y", SKIP_OPENLINES = "Y" })
      portal:control("read", { dialog_id = "chat18" })
      portal:control("dialog", { dialog_id = "chat24", hidden = true })
      assert.equal("chat44 chat901 chat30", ids { SKIP_DIALOG = "Y", UNREAD_ONLY = "Y" })
      assert.equal(2, result("im.counters.get").CHAT["24"])
      assert.equal(6, #result "im.recent.get")
      local page = result("im.recent.list", { LIMIT = 6 })
      assert.is_true(page.hasMore) -- a full page always says so
      local last = page.items[3].date_last_activity
      assert.equal("chat44 chat901", ids { LAST_MESSAGE_DATE = page.items[4].date_last_activity,
        LIMIT = 2, OFFSET = 9 })
      -- again
      assert.equal(page.items[3].id,
        result("im.recent.list", { LAST_MESSAGE_DATE = last }).items[1].id)
      assert.equal(4, #result("im.recent.list?LAST_MESSAGE_DATE=" .. last:gsub("%+", "%%2B")).items)
      -- the "+" has become a blank
      assert.equal(6, #result("im.recent.list?LAST_MESSAGE_DATE=" .. last).items)
    end)

    it("and the messages of a chat, which stay unread", function()
      portal:control("dialog", { dialog_id = "chat70", count = 30, history = 40, age = 3600 })
      local function ids(params)
        params.DIALOG_ID = "chat70"
        local answer = result("im.dialog.messages.get", params)
        return field(answer.messages, "id"), answer
      end
      local newest, answer = ids { LAST_ID = 1000000 }
      assert.same({ 20, 70, true }, { #newest, answer.chat_id, newest[1] > newest[20] })
      assert.same({ true, 0, {} }, { answer.messages[1].unread, #answer.messages[1].params,
        answer.files })
      local older = ids { LAST_ID = newest[20], LIMIT = 99 }
      assert.same({ 50, newest[20] - 2 }, { #older, older[1] })
      local newer = ids { FIRST_ID = newest[20], LIMIT = 5 }
      assert.same({ newest[19], newest[15] }, { newer[1], newer[5] })
      local around = ids {} -- the 20 oldest unread ones, then 20 read ones
      assert.same({ 40, newest[11] }, { #around, around[1] })
      assert.equal(60, #ids { LIMIT = 30 })
      assert.equal(30, result("im.dialog.get", { DIALOG_ID = "chat70" }).counter)
      assert.equal(0, #ids { FIRST_ID = newest[1] })
    end)

    it("with what may be asked", function()
      assert.equal("DIALOG_ID_EMPTY 400", failure("im.dialog.messages.get"))
      assert.equal("DIALOG_ID_EMPTY 400", failure("im.dialog.read", { DIALOG_ID = "x" }))
      assert.equal("ACCESS_ERROR 403", failure("im.dialog.messages.get", { DIALOG_ID = "chat44" }))
      assert.equal("ACCESS_ERROR 403", failure("im.dialog.get", { DIALOG_ID = "chat4711" }))
      assert.equal("LAST_ID_STRING 400",
        failure("im.dialog.messages.get", { DIALOG_ID = "5", LAST_ID = "x" }))
      assert.equal("MESSAGE_EMPTY 400",
        failure("im.message.add", { DIALOG_ID = "5", MESSAGE = " \n" }))
      assert.equal("MESSAGE_EMPTY 400", failure("im.message.add", { DIALOG_ID = "5", MESSAGE = 5 }))
      assert.equal("ACCESS_ERROR 403",
        failure("im.message.add", { DIALOG_ID = "chat4711", MESSAGE = "x" }))
      assert.equal("USER_NOT_FOUND 400",
        failure("im.message.add", { DIALOG_ID = 4711000, MESSAGE = "x" }))
      assert.equal("USER_NOT_EXISTS 400", failure("im.user.get", { ID = 4711000 }))
      assert.equal("INVALID_FORMAT 400", failure "im.user.list.get")
      assert.equal("Ming Smith", result("im.user.get", { ID = 77 }).name)
      assert.equal("Ming Smith", result("im.user.list.get", { ID = { 77, 78 } })["77"].name)
      assert.equal(78, result("im.user.list.get", { ID = "[77,78]", RESULT_TYPE = "array" })[2].id)
      assert.equal(901, result("im.chat.get", { ENTITY_TYPE = "TASKS_TASK", ENTITY_ID = 901 }).ID)
    end)

    it("in which one can answer", function()
      local id = result("im.message.add", { DIALOG_ID = 5, MESSAGE = " Grüße \0 " })
      assert.equal(1, result("im.counters.get").DIALOG["5"])
      local item = result("im.recent.list").items[1]
      assert.same({ 5, id, "Grüße", 1, 1 },
        { item.id, item.message.id, item.message.text, item.message.author_id, item.counter })
      assert.is_true(result("im.message.add", { DIALOG_ID = "999", MESSAGE = "Hello" }) > id)
      assert.equal(999, result("im.recent.list").items[1].id)
      assert.same({}, result("im.dialog.messages.get", { DIALOG_ID = "998" }).messages)
    end)

    it("and read", function()
      portal:control("message", { dialog_id = "chat70", count = 5 })
      local messages = result("im.dialog.messages.get", { DIALOG_ID = "chat70" }).messages
      local read = result("im.dialog.read", { DIALOG_ID = "chat70", MESSAGE_ID = messages[3].id })
      assert.same({ dialogId = "chat70", chatId = 70, lastId = messages[3].id, counter = 2 }, read)
      assert.equal(2, result("im.counters.get").CHAT["70"])
      assert.equal(0, result("im.dialog.read", { DIALOG_ID = "1" }).counter)
      assert.is_false(result("im.dialog.read", { DIALOG_ID = "chat4711" }))
      assert.is_true(result "im.dialog.read.all")
      assert.equal(4, result("im.counters.get").TYPE.ALL)
      assert.same({ result = true, newCounter = 0 }, result "im.notify.read.all")
      portal:control "notify"
      assert.is_true(result("im.dialog.read", { DIALOG_ID = "notify" }))
      assert.equal(0, result("im.counters.get").TYPE.ALL)
    end)

    it("of a crowd, in all generations", function()
      portal:control "clear_counters"
      local crowd = portal:control("crowd", { dialogs = 300 }).entries
      assert.same(crowd, portal:control("crowd", { dialogs = 300 }).entries)
      local shown, kinds = {}, {}
      for _, entry in ipairs(crowd) do
        kinds[entry.kind] = (kinds[entry.kind] or 0) + 1
        if not entry.hidden and entry.kind ~= "comment" then shown[#shown + 1] = entry end
      end
      assert.same({ chat = 45, dialog = 135, task = 30, channel = 15, comment = 15, line = 15,
        copilot = 15, open = 15, collab = 15 }, kinds)
      for _, generation in ipairs { "g0", "g1", "g2a", "g2b", "g3" } do
        portal:control("settings", { generation = generation })
        local items, offset = {}, 0
        repeat
          local page = post("im.recent.list", { LIMIT = 200, OFFSET = offset })
          for _, item in ipairs(page.result.items) do items[#items + 1] = item end
          offset = page.next
        until not offset
        assert.equal(#shown, #items)
        for i, entry in ipairs(shown) do
          assert.equal(entry.dialog_id, (tostring(items[i].id):gsub("%.0$", "")))
          assert.same({ entry.title, entry.marked }, { items[i].title, items[i].unread })
        end
        assert.equal((generation == "g2b" or generation == "g3") and 100 or 140, items[1].counter)
      end
      local counters = result "im.counters.get"
      assert.equal(100, counters.CHAT["20001"])
      for _, entry in ipairs(crowd) do
        if entry.kind == "dialog" then
          local counted = not entry.muted and entry.count > 0 and entry.count or nil
          assert.equal(counted, counters.DIALOG[entry.dialog_id])
        end
      end
    end)
  end)

  describe("lists", function()
    it("any number of rows, by their ids or in pages", function()
      portal:control("settings", { deals = 120000 })
      local answer = post("crm.deal.list", { start = 119950, select = { "ID" } })
      assert.same({ 50, 120000, nil }, { #answer.result, answer.total, answer.next })
      assert.same({ ID = "120000" }, answer.result[50])
      answer = post("crm.deal.list", { start = -1, order = { ID = "DESC" },
        filter = { ["<ID"] = "1000", [">=ID"] = 990 } })
      assert.same({ 10, "999" }, { #answer.result, answer.result[1].ID })
      assert.is_nil(answer.total or answer.next)
      assert.same({ "7", "9" },
        field(result("crm.deal.list", { filter = { ["@ID"] = { 9, 7, 7, 120001 } } }), "ID"))
      portal:control("settings", { zero_total = true })
      assert.equal(0, post("crm.deal.list", { start = -1 }).total)
    end)

    it("tasks one level deeper", function()
      local answer = post("tasks.task.list",
        { order = { ID = "asc" }, filter = { [">ID"] = 50 }, select = { "CREATED_DATE", "ID" } })
      assert.same({ 70, 50, 50 }, { answer.total, answer.next, #answer.result.tasks })
      assert.equal("51", answer.result.tasks[1].id)
      assert.is_not_nil(answer.result.tasks[1].createdDate)
      assert.equal("120", result("tasks.task.list").tasks[1].id)
    end)

    it("that grow, or never end", function()
      assert.same({ rows = 125, gone = 0 }, portal:control("rows", { add = 5 }))
      portal:control("rows", { every = 10 })
      assert.equal(125, post("crm.deal.list").total)
      assert.equal(135, post("crm.deal.list").total)
      assert.equal(120, post("tasks.task.list").total)
      portal:control("settings", { deals_fault = "stall" })
      assert.equal("1", result("crm.deal.list", { start = -1, filter = { [">ID"] = 50 } })[1].ID)
      assert.error_matches(function() portal:control("rows", { method = "x" }) end, "no list 'x'")
    end)
  end)
end)
