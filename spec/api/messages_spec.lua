-- client:messages, client:send, client:mark_read: look without marking, answer once, clear.

local b24 = require "b24"
local codec = require "b24.codec"
local data = require "spec.support.data"
local start = require("spec.support.portal").start

local JOINER = "\226\129\160" -- U+2060

local function line() return debug.getinfo(2, "l").currentline end

local function thrown(f)
  local at = {}
  local ok, message = pcall(f, at)
  assert.is_false(ok)
  local number, text = message:match "messages_spec%.lua:(%d+): (.*)$"
  assert.equal(at[1], tonumber(number), message)
  return text
end

local function ids(list)
  local out = {}
  for i, m in ipairs(list) do out[i] = m.id end
  return out
end

-- UTF-8 of a code point.
local function utf8_of(c)
  if c < 0x80 then return string.char(c) end
  local tail = string.char(0x80 + c % 64)
  if c < 0x800 then return string.char(0xC0 + math.floor(c / 64)) .. tail end
  tail = string.char(0x80 + math.floor(c / 64) % 64) .. tail
  if c < 0x10000 then return string.char(0xE0 + math.floor(c / 4096)) .. tail end
  return string.char(0xF0 + math.floor(c / 262144), 0x80 + math.floor(c / 4096) % 64) .. tail
end

describe("codec.plain", function()
  it("takes apart what would be markup", function()
    for text, plain in pairs {
      ["[B]x[/B]"] = "[" .. JOINER .. "B]x[" .. JOINER .. "/B]",
      ["[url=https://a.b]c[/url]"] = "[" .. JOINER .. "url=https://a.b]c[" .. JOINER .. "/url]",
      ["[[B]]"] = "[[" .. JOINER .. "B]]",
      ["[*]"] = "[" .. JOINER .. "*]",
      ["a#BR#b"] = "a#" .. JOINER .. "BR#b",
      [">>a\n>>b"] = ">" .. JOINER .. ">a\n>" .. JOINER .. ">b",
      [("-"):rep(54)] = ("-"):rep(53) .. JOINER .. "-",
      [("-"):rep(120)] = ("-"):rep(53) .. JOINER .. ("-"):rep(53) .. JOINER .. ("-"):rep(14),
    } do
      assert.equal(plain, codec.plain(text))
    end
  end)

  it("leaves everything else", function()
    for _, text in ipairs { "", "[", "[]", "[1]", "a[0] = 5", "x >> y", "1 > 2", "#BR", "# BR#",
        ("-"):rep(53), "[ B ]", "[\0]", "plain", "[я]", "\255\254[" } do
      assert.equal(text, codec.plain(text))
    end
  end)

  it("inserts nothing but its one character", function()
    local random, alphabet = data.random(7), { "[", "]", "/", "B", "*", ">", "\n", "-", "#BR#",
      "é", "\0", "x" }
    for _ = 1, 500 do
      local parts = {}
      for i = 1, random(80) do parts[i] = alphabet[random(3) == 1 and random(#alphabet) or 8] end
      local text = table.concat(parts)
      local plain = codec.plain(text)
      assert.equal(text, (plain:gsub(JOINER, "")))
      assert.is_nil(plain:find "%[[%a/*]")
      assert.is_nil(plain:find(("-"):rep(54), 1, true))
      assert.equal(plain, codec.plain(plain)) -- and it is enough
    end
  end)
end)

describe("a dialog", function()
  local portal, client
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    client = assert(b24.client { webhook = portal.webhook, ca_file = portal.ca_file, timeout = 20,
      limiter = false })
  end)

  local function executions(method) return portal:stats().executions[method] or 0 end

  describe("is looked at", function()
    it("newest last, with authors and dates, and nothing is marked", function()
      portal:control("message", { dialog_id = "chat18", text = "Первый & last 👍", author_id = 5,
        age = 100 })
      local before = assert(client:counters())
      local list, err, info = client:messages "chat18"
      assert.is_nil(err)
      assert.is_true(info.attempts <= 2)
      assert.same(before, client:counters())
      local last = list[#list]
      assert.same({ 5, "Иван Smith", "Первый & last 👍", true },
        { last.author_id, last.author, last.text, last.unread })
      assert.is_true(math.abs(os.time() - 100 - last.date) < 30)
      for i = 2, #list do assert.is_true(list[i - 1].id < list[i].id) end
      -- the system
      assert.same({ 0, nil, false }, { list[1].author_id, list[1].author, list[1].unread })
      local unread = assert(client:messages("chat18", { unread = true }))
      assert.equal(2, #unread)
      assert.same(list[#list - 1], unread[1])
      assert.same(before, client:counters())
    end)

    it("by a number too, also when nobody has written there yet", function()
      assert.same(client:messages "5", (client:messages(5)))
      assert.is_true(#client:messages(5) > 0)
      assert.same({}, (client:messages(4000)))
    end)

    for _, case in ipairs { { 1, 1 }, { 19, 1 }, { 20, 1 }, { 50, 1 }, { 51, 2 }, { 100, 2 },
        { 200, 4 } } do
      local limit, requests = case[1], case[2]
      it("for the newest " .. limit .. " messages of many", function()
        portal:control("dialog", { dialog_id = "chat500", count = 260, history = 30 })
        local all = {}
        local list = assert(client:messages("chat500", { limit = limit }))
        assert.equal(limit, #list)
        assert.equal(requests, executions "im.dialog.messages.get")
        local unread = assert(client:messages("chat500", { limit = limit, unread = true }))
        assert.same(ids(list), ids(unread)) -- 260 are unread
        for _, m in ipairs(list) do
          assert.is_string(m.author)
          assert.is_nil(all[m.id])
          all[m.id] = true
        end
        local _, newest = next(assert(client:messages("chat500", { limit = 1 })))
        assert.equal(newest.id, list[limit].id)
      end)
    end

    it("for unread ones only: as many as there are", function()
      for _, count in ipairs { 0, 1, 19, 20, 49, 50, 51, 120 } do
        portal:control "clear_counters"
        portal:control("dialog", { dialog_id = "chat500", count = count, history = 75 })
        local list = assert(client:messages("chat500", { unread = true, limit = 200 }))
        assert.equal(count, #list)
        for _, m in ipairs(list) do assert.is_true(m.unread) end
        assert.equal(75 + count, #assert(client:messages("chat500", { limit = 200 })))
      end
    end)

    it("even where the portal does not name all authors", function()
      portal:control("settings", { missing = { "im.user.list.get" } })
      assert.equal(20, #(function()
        portal:control("dialog", { dialog_id = "chat500", count = 60 })
        return assert(client:messages "chat500")
      end)())
      portal:control("reply", { method = "im.dialog.messages.get", body = [[
        {"result":{"chat_id":1,"users":[],"messages":[
        {"id":9,"author_id":5,"date":"2026-02-25T12:07:10+01:00","text":"x","unread":true}]}}]] })
      assert.same({ { id = 9, author_id = 5, date = 1772017630, text = "x", plain = "x",
        unread = true } }, (client:messages "chat18"))
      portal:control("settings", { missing = {} })
      portal:control("reply", { method = "im.dialog.messages.get", body = [[
        {"result":{"chat_id":1,"users":[],"messages":[
        {"id":9,"author_id":5,"date":"?","text":"","unread":false}]}}]] })
      local list, _, info = client:messages "chat18"
      assert.same({ { id = 9, author_id = 5, author = "Иван Smith", text = "", plain = "[no text]",
        unread = false } }, list)
      assert.equal(2, info.attempts)
    end)

    it("and ends when a portal ignores the cursor", function()
      local page = {}
      for i = 1, 50 do page[i] = ('{"id":%d,"author_id":0,"text":"x"}'):format(i) end
      local body = '{"result":{"messages":[' .. table.concat(page, ",") .. ']}}'
      portal:control("reply", { method = "im.dialog.messages.get", times = 9, body = body })
      assert.equal(50, #assert(client:messages("chat18", { limit = 200 })))
    end)

    it("not without access", function()
      local list, err, info = client:messages "chat99999"
      assert.is_nil(list)
      assert.same({ "ACCESS_ERROR", true }, { info.code, err:find("ACCESS_ERROR", 1, true) ~= nil })
    end)
  end)

  describe("is answered", function()
    local function arrived(dialog_id)
      local list = assert(client:messages(dialog_id, { limit = 1 }))
      return list[1]
    end

    it("with the id of the message", function()
      local id, err, info = client:send("chat18", "Hello")
      assert.same({ nil, "im.message.add" }, { err, info.method })
      local message = arrived "chat18"
      assert.same({ id, "Hello", 1 }, { message.id, message.text, message.author_id })
      assert.equal(arrived(5).id < assert(client:send(5, "to a person")), true)
      assert.equal("to a person", arrived "5".text)
    end)

    it("with every character, as it was typed", function()
      local parts = { "<&>'\"\\/ %20 + $result[x] \t" }
      for c = 32, 0x7FF do
        -- "[" would meet a letter
        if c ~= 91 and not (c >= 127 and c < 160) then parts[#parts + 1] = utf8_of(c) end
      end
      for _, c in ipairs { 0x800, 0x2028, 0x2029, 0xD7FF, 0xE000, 0xFEFF, 0xFFFD, 0xFFFF, 0x10000,
          0x1F600, 0x10FFFF } do
        parts[#parts + 1] = utf8_of(c)
      end
      local text = table.concat(parts)
      assert(client:send("chat18", text, { bb = true }))
      assert.equal(text, arrived "chat18".text)
      assert(client:send("chat18", text))
      assert.equal(text, (arrived "chat18".text:gsub(JOINER, "")))
    end)

    it("with BB codes only when that is wanted", function()
      local text = "[B]5[/B] [1] >>x"
      assert(client:send("chat18", text))
      assert.equal("[" .. JOINER .. "B]5[" .. JOINER .. "/B] [1] >>x", arrived "chat18".text)
      assert(client:send("chat18", text, { bb = true }))
      assert.equal(text, arrived "chat18".text)
    end)

    it("once, when nobody knows whether it arrived", function()
      for _, fault in ipairs { "execute_then_cut", "cut_body" } do
        local before = executions "im.message.add"
        portal:control("fault", { kind = fault, method = "im.message.add" })
        local id, err, info = client:send("chat18", "once " .. fault)
        assert.is_nil(id)
        assert.same({ "network", false, 1 }, { info.kind, info.retryable, info.attempts }, err)
        assert.equal(before + 1, executions "im.message.add")
        assert.equal("once " .. fault, arrived "chat18".text)
      end
    end)

    it("once, even if the conf calls everything idempotent", function()
      local bold = assert(b24.client { webhook = portal.http_webhook, allow_http = true,
        limiter = false, idempotent = true })
      local before = executions "im.message.add"
      portal:control("fault", { kind = "execute_then_cut", method = "im.message.add" })
      assert.is_nil((bold:send("chat18", "once")))
      assert.equal(before + 1, executions "im.message.add")
    end)

    it("again, when it surely did not run", function()
      portal:control("reply", { method = "im.message.add", status = 503,
        body = '{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}' })
      local id, err, info = client:send("chat18", "after a pause")
      assert.is_nil(err)
      assert.same({ id, 2 }, { arrived "chat18".id, info.attempts })
      assert.equal(1, executions "im.message.add")
    end)

    it("not with nothing", function()
      for _, text in ipairs { "", " ", "\n\t \r\n", "\0", "\239\187\191",
          "\27[0m\27[K\r\n", "x\8" } do
        local id, err, info = client:send("chat18", text)
        assert.is_nil(id)
        assert.same({ "config", "EMPTY_TEXT", false, "string" },
          { info.kind, info.code, info.sent, type(err) })
      end
      assert.equal(0, #portal:log())
    end)
  end)

  describe("is marked as read", function()
    it("alone, or its notifications", function()
      assert.is_true((client:mark_read "chat18"))
      assert.is_true((client:mark_read(5)))
      local counters = client:counters()
      assert.same({ nil, nil, 3, 4 }, { counters.CHAT[18], counters.DIALOG[5], counters.DIALOG[1],
        counters.TYPE.NOTIFY })
      assert.is_true((client:mark_read "notify"))
      assert.equal(0, client:counters().TYPE.NOTIFY)
      assert.same({}, (client:messages("chat18", { unread = true })))
    end)

    it("with all others, in one request", function()
      portal:control "log_clear"
      local done, err, info = client:mark_read "all"
      assert.same({ true, nil, 1 }, { done, err, info.attempts })
      assert.equal(1, #portal:log())
      assert.equal(0, client:counters().TYPE.ALL)
    end)

    it("not if the portal refuses, or half refuses", function()
      portal:control("settings", { missing = { "im.notify.read.all" } })
      local done, err, info = client:mark_read "all"
      assert.is_nil(done)
      assert.same({ "ERROR_METHOD_NOT_FOUND", true, "string" }, { info.code, info.sent, type(err) })
      done, err, info = client:mark_read "chat4711"
      assert.is_nil(done)
      assert.same({ "portal", "NO_DIALOG", "b24: NO_DIALOG" },
        { info.kind, info.code, err:sub(1, 14) })
    end)
  end)

  it("must have an id that can be one", function()
    for _, id in ipairs { "", "0", 0, -1, 1.5, "chat", "chat0", "chatx", "5 ", "x5", "all",
        portal.webhook } do
      for _, ask in ipairs { function()
        return client:messages(id)
      end, function() return client:send(id, "x") end,
        id ~= "all" and function() return client:mark_read(id) end or nil } do
        local value, err, info = ask()
        assert.is_nil(value)
        assert.same({ "config", "BAD_DIALOG_ID", false }, { info.kind, info.code, info.sent }, id)
        assert.is_nil(data.leak(portal.secret, err, info))
      end
    end
    assert.equal(0, #portal:log())
  end)

  it("is out of reach for a closed client", function()
    client:close()
    for _, ask in ipairs { function()
      return client:messages "5"
    end, function() return client:send("5", "x") end,
      function() return client:mark_read "all" end } do
      local value, err, info = ask()
      assert.same({ nil, "closed", "string" }, { value, info.kind, type(err) })
    end
  end)

  it("throws mistakes at the caller's line", function()
    for _, case in ipairs {
      { "dialog_id must be a string or a number, not a nil", function(at)
        at[1] = line() client:messages()
      end },
      { "dialog_id must be a string or a number, not a table", function(at)
        at[1] = line() client:send({}, "x")
      end },
      { "dialog_id must be a string or a number, not a boolean", function(at)
        at[1] = line() client:mark_read(true)
      end },
      { "text must be a string, not a number", function(at)
        at[1] = line() client:send("5", 5)
      end },
      { "text must be a string, not a nil", function(at) at[1] = line() client:send "5" end },
      { "the options of send must be a table, not a boolean", function(at)
        at[1] = line() client:send("5", "x", true)
      end },
      { "unknown option 'BB' of send", function(at)
        at[1] = line() client:send("5", "x", { BB = true })
      end },
      { "option 'bb' must be true or false, not a number",
        function(at) at[1] = line() client:send("5", "x", { bb = 1 }) end },
      { "option 'limit' must be a number, not a string",
        function(at) at[1] = line() client:messages(5, { limit = "5" }) end },
      { "option 'limit' must be a whole number of 1 to 200",
        function(at) at[1] = line() client:messages(5, { limit = 201 }) end },
      { "option 'limit' must be a whole number of 1 to 200",
        function(at) at[1] = line() client:messages(5, { limit = 0 / 0 }) end },
      { "unknown option 'offset' of messages", function(at)
        at[1] = line() client:messages(5, { offset = 5 })
      end },
      { "a callback needs", function(at) at[1] = line() client:send("5", "x", print) end },
      { "a callback needs", function(at) at[1] = line() client:mark_read("5", print) end },
      { "call it with a colon: client:messages", function(at)
        at[1] = line() client.messages "5"
      end },
    } do
      local text = thrown(case[2])
      assert.truthy(text:find(case[1], 1, true), text)
    end
    assert.equal(0, #portal:log())
  end)
end)
