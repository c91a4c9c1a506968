-- luacheck: std max+busted
-- The mock portal itself, which other specs lean on.
-- One Lua of each kind: it has its own Lua.

local cjson = require "cjson"
local http = require "socket.http"
local ltn12 = require "ltn12"
local mime = require "mime"
local socket = require "socket"
local curl = require "spec.support.curl"
local start = require("spec.support.portal").start

-- Plain http through LuaSocket. Returns the decoded body (or the text), the status and the headers.
local function call(url, body, headers)
  local parts = {}
  headers = headers or {}
  if body then
    headers["content-length"] = #body
    headers["content-type"] = headers["content-type"] or "application/json"
  end
  local ok, status, answered = http.request {
    url = url, method = body and "POST" or "GET", headers = headers, redirect = false,
    source = body and ltn12.source.string(body), sink = ltn12.sink.table(parts),
  }
  local text = table.concat(parts)
  local decoded, value = pcall(cjson.decode, text)
  return decoded and value or text, ok and status, answered, text
end

describe("the mock portal", function()
  local portal
  setup(function() portal = start() end)
  before_each(function() portal:reset() end)
  teardown(function() portal:stop() end)

  local function counters() return call(portal.http_webhook .. "im.counters.get").result end

  describe("answers", function()
    it("as the vendor's server writes them", function()
      local answer, status, headers,
        text = call(portal.http_webhook .. "IM.Counters.Get.json/", "{}")
      assert.equal(200, status)
      assert.equal("application/json; charset=utf-8", headers["content-type"])
      assert.equal(14, answer.result.TYPE.ALL)
      assert.same({ ["1"] = 3, ["5"] = 1 }, answer.result.DIALOG)
      assert.truthy(text:find('"COLLAB":[]', 1, true))
      assert.truthy(text:find('"TYPE":{"ALL":14,"NOTIFY":4,"CHAT":3,', 1, true))
      assert.equal(0, answer.time.operating)
      assert.truthy(answer.time.operating_reset_at > answer.time.finish)
    end)

    it("with PHP's JSON", function()
      local _, _, _, text = call(portal.http_webhook .. "b24test.echo",
        [==[{"a":"</&'\">é\u20ac\\u0041","list":{"0":1,"1":[]},"map":{"1":{}},]==]
          .. [==["big":9007199254740993,"f":1.50}]==])
      local expected =
        [==[{"result":{"a":"\u003C\/\u0026\u0027\u0022\u003Eé€\\u0041","list":[1,[]],]==]
        .. [==["map":{"1":[]},]==]
        .. [["big":9007199254740993,"f":1.5},]]
      assert.equal(expected, text:sub(1, #expected))
    end)

    it("at addresses with slashes in a row, which nginx merges", function()
      local url = portal.http_webhook:gsub("/rest/", "//rest///")
      assert.equal(200, select(2, call(url .. "/profile.json//?a=//")))
    end)

    it("with parameters from query, form and JSON, but not from broken JSON", function()
      local url = portal.http_webhook .. "b24test.echo?q=1&a[x][]=2"
      assert.same({ q = "1", a = { x = { "2" } } }, call(url).result)
      assert.same({ q = "2", a = { x = { "2" } } },
        call(url, "q=2", { ["content-type"] = "application/x-www-form-urlencoded" }).result)
      assert.same({ q = true, a = {} }, call(url, '{"q":true,"a":[]}').result)
      assert.same({ q = "1", a = { x = { "2" } } }, call(url, '{"q":true,}').result)
      assert.same({ q = "1", a = { x = { "2" } } }, call(url, '{"q":"\255"}').result)
    end)

    it("lists in pages", function()
      local answer = call(portal.http_webhook .. "b24test.item.list?start=100")
      assert.equal(20, #answer.result)
      assert.equal(120, answer.total)
      assert.is_nil(answer.next)
      answer = call(portal.http_webhook .. "b24test.item.list")
      assert.equal(50, answer.next)
      answer = call(portal.http_webhook .. "b24test.item.list?start=-1&filter[%3EID]=70")
      assert.equal("71", answer.result[1].ID)
      assert.is_nil(answer.total)
    end)
  end)

  describe("knows who calls", function()
    local function failure(url, headers, body)
      local answer, status = call(url, body, headers)
      return answer.error .. " " .. status
    end

    it("by webhook and by token", function()
      local base = "http://127.0.0.1:" .. portal.http_port .. "/rest/"
      local bearer = { authorization = "Bearer " .. portal.token }
      assert.equal("1", call(base .. "profile", nil, bearer).result.ID)
      assert.equal("1", call(base .. "profile", '{"auth":"' .. portal.token .. '"}').result.ID)
      assert.equal("1", call(base .. "profile?access_token=" .. portal.token).result.ID)
      assert.equal("NO_AUTH_FOUND 401", failure(base .. "profile"))
      assert.equal("invalid_token 401", failure(base .. "profile?auth=x"))
      assert.equal("INVALID_CREDENTIALS 401", failure(base .. "1/x/profile"))
      assert.equal("ERROR_METHOD_NOT_FOUND 404", failure(portal.http_webhook .. "im.counter.get"))
      portal:control("account", { user_id = 1, scope = { "crm" }, expired = true })
      assert.equal("insufficient_scope 401", failure(portal.http_webhook .. "im.counters.get"))
      assert.equal("expired_token 401", failure(base .. "profile", bearer))
      portal:control("settings", { require_https = true })
      assert.equal("INVALID_REQUEST 401", failure(portal.http_webhook .. "profile"))
    end)

    it("and refuses somebody else's session", function()
      local _, _, headers = call(portal.http_webhook .. "profile")
      local cookie = headers["set-cookie"]:match("^[^;]+")
      local other = portal:control("account", { user_id = 7 })
      assert.equal(200, select(2, call(portal.http_webhook .. "profile", nil, { cookie = cookie })))
      assert.equal("authorization_error 401", failure(other.http_webhook .. "profile",
        { cookie = cookie }))
    end)
  end)

  describe("counts", function()
    it("what arrives and what is read", function()
      portal:control("message", { user_id = 1, dialog_id = "5", count = 2 })
      portal:control("message", { dialog_id = "chat77" })
      portal:control("notify", { count = 3 })
      portal:control("read", { dialog_id = "1" })
      local result = counters()
      assert.same({ ["5"] = 3 }, result.DIALOG)
      assert.equal(1, result.CHAT["77"])
      assert.equal(7, result.TYPE.NOTIFY)
      assert.equal(14 + 2 + 1 + 3 - 3, result.TYPE.ALL)
    end)

    it("as each generation did", function()
      portal:control("dialog", { dialog_id = "27", marked = true, count = 2 })
      portal:control("dialog", { dialog_id = "chat44", unanswered = true })
      local totals = {}
      for _, generation in ipairs { "g0", "g1", "g2a", "g2b", "g3" } do
        portal:control("settings", { generation = generation })
        totals[generation] = counters()
      end
      assert.equal("3", totals.g0.DIALOG["1"])
      assert.is_nil(totals.g0.LINES)
      assert.equal(1, totals.g1.LINES["44"])
      assert.same({ 27 }, totals.g2a.DIALOG_UNREAD)
      assert.equal(16, totals.g2a.TYPE.ALL)
      assert.equal(7, totals.g2b.TYPE.DIALOG) -- the mark counts although there is a count
      assert.equal(2, totals.g2b.TYPE.LINES)
      assert.equal(18, totals.g2b.TYPE.ALL)
      assert.equal(1, totals.g3.TYPE.LINES)
      assert.equal(16, totals.g3.TYPE.ALL)
    end)

    it("all the kinds of chats of the newest", function()
      portal:control("clear_counters")
      local function chat(id, kind, count, more)
        local arguments = { dialog_id = id, kind = kind, count = count }
        for name, value in pairs(more or {}) do arguments[name] = value end
        portal:control("dialog", arguments)
      end
      chat("chat501", "chat", 9)
      chat("chat601", "copilot", 3)
      chat("chat701", "collab", 7)
      chat("chat801", "channel", 4)
      chat("chat502", "chat", 0, { marked = true })
      chat("chat503", "chat", 140, { marked = true, muted = true })
      chat("chat8101", "comment", 3, { parent = 801 })
      chat("chat901", "task", 300)
      local result = counters()
      assert.same({ ALL = 127, NOTIFY = 0, CHAT = 24, LINES = 0, DIALOG = 0,
        COPILOT = 3, COLLAB = 7, MESSENGER = 127, TASKS_TASK = 100 }, result.TYPE)
      assert.same({ ["801"] = { ["8101"] = 3 } }, result.CHANNEL_COMMENT)
      assert.same({ ["503"] = 100 }, result.CHAT_MUTED)
      assert.same({ 503, 502 }, result.CHAT_UNREAD)
      assert.same({ ["701"] = 7 },
        call(portal.http_webhook .. "im.counters.get?JSON=Y").result.collab)
      assert.equal(127, call(portal.http_webhook .. "im.counters.get?ONLY_COUNTER=N").result.ALL)
    end)
  end)

  describe("limits", function()
    it("the number of requests", function()
      portal:control("settings", { bucket = { enabled = true, rate = 0.1, burst = 2 } })
      assert.equal(200, select(2, call(portal.http_webhook .. "profile")))
      assert.equal(200, select(2, call(portal.http_webhook .. "profile")))
      local answer, status = call(portal.http_webhook .. "profile")
      assert.same({ error = "QUERY_LIMIT_EXCEEDED", error_description = "Too many requests" },
        answer)
      assert.equal(503, status)
      assert.equal(1, portal:stats().rejections)
    end)

    it("a method's operating time", function()
      portal:control("settings", { operating = { ["profile"] = { limit = 1, cost = 0.75 } } })
      assert.equal(0.75, call(portal.http_webhook .. "profile").time.operating)
      assert.equal(1.5, call(portal.http_webhook .. "profile").time.operating)
      local answer, status = call(portal.http_webhook .. "profile")
      assert.equal("OPERATION_TIME_LIMIT 429", answer.error .. " " .. status)
      assert.equal(200, select(2, call(portal.http_webhook .. "server.time")))
    end)
  end)

  it("moves to another address", function()
    portal:control("settings", { renamed_to = "http://localhost:" .. portal.http_port })
    local _, status, headers = call(portal.http_webhook .. "profile?a=b")
    assert.equal(302, status)
    local path = portal.http_webhook:match("/rest.*") .. "profile?a=b"
    assert.equal("http://localhost:" .. portal.http_port .. path, headers.location)
    assert.equal(200, select(2, call(headers.location)))
  end)

  it("logs and counts", function()
    call(portal.http_webhook .. "b24test.item.add", '{"x":1}', { ["x-test"] = "y" })
    local entry = portal:log()[1]
    assert.equal("http", entry.listener)
    assert.equal("b24test.item.add", entry.method)
    assert.equal('{"x":1}', entry.body)
    assert.equal("y", entry.headers["x-test"])
    assert.equal(200, entry.status)
    assert.equal(1.1, entry.http_version)
    assert.equal(0, #portal:log(entry.n))
    assert.same({ ["b24test.item.add"] = 1 }, portal:stats().executions)
    assert.equal(1, portal:stats().connections.http)
  end)

  describe("over TLS", function()
    it("speaks HTTP/2 and HTTP/1.1", function()
      local _, outcome = curl(portal, portal.webhook .. "profile")
      assert.equal("200 2 0", outcome)
      _, outcome = curl(portal, "--http1.1 " .. portal.webhook .. "profile")
      assert.equal("200 1.1 0", outcome)
    end)

    it("hangs up on who speaks TLS to the plain port", function()
      local _, outcome = curl(portal, (portal.http_webhook:gsub("^http:", "https:")) .. "profile")
      assert.is_nil(outcome:find " 28$", outcome) -- not after waiting for 60 seconds
      assert.truthy(outcome:find "^000 ", outcome)
    end)

    it("shows bad certificates", function()
      for _, name in ipairs { "wrong_name", "expired", "untrusted" } do
        local _, outcome = curl(portal, portal:webhook_for(portal[name .. "_port"]) .. "profile")
        assert.equal("000 0 60", outcome)
      end
      assert.equal(1, portal:stats().connections.expired)
    end)

    it("breaks off in both protocols", function()
      portal:control("fault", { kind = "cut_body", times = -1 })
      local cut = select(2, curl(portal, "--http1.1 " .. portal.webhook .. "profile"))
      -- 56: libcurl 8 calls it a TLS error
      assert.truthy(cut:find "^200 1%.1 18$" or cut:find "^200 1%.1 56$", cut)
      cut = select(2, curl(portal, portal.webhook .. "profile"))
      assert.truthy(cut:find "^200 2 92$" or cut:find "^200 2 18$", cut) -- 18: curl before 7.77
      portal:control("clear_faults")
      portal:control("fault", { kind = "reset", times = -1 })
      assert.equal("000 0 56", select(2, curl(portal, "--http1.1 " .. portal.webhook .. "profile")))
      local outcome = select(2, curl(portal, portal.webhook .. "profile"))
      assert.truthy(outcome:find("^000 0 5[56]$")) -- an h2 client may find out while it sends
    end)
  end)

  describe("goes wrong when told to", function()
    local function get(method)
      local body, status, headers = call(portal.http_webhook .. (method or "profile"))
      return body, status, headers
    end

    it("with canned answers", function()
      portal:control("reply",
        { method = "profile", status = 418, body = "tea", headers = { ["X-A"] = "b" }, times = 2 })
      portal:control("reply", { method = "server.time", body_base64 = (mime.b64("\0\1")),
        executed = true })
      assert.equal(200, select(2, get("scope")))
      for _ = 1, 2 do
        local body, status, headers = get()
        assert.same({ "tea", 418, "b" }, { body, status, headers["x-a"] })
      end
      assert.equal(200, select(2, get()))
      assert.equal("\0\1", (get("server.time")))
      assert.equal(1, portal:stats().executions["server.time"])
    end)

    it("without an answer, but having done the work", function()
      portal:control("fault", { kind = "execute_then_cut" })
      assert.is_nil(select(2, get()) or nil)
      assert.equal(1, portal:stats().executions.profile)
    end)

    it("while others are served", function()
      portal:control("fault", { kind = "silent", method = "scope" })
      portal:control("fault", { kind = "drip", delay = 0.01, method = "scope" })
      local held = {}
      for i = 1, 2 do
        held[i] = assert(socket.connect("127.0.0.1", portal.http_port))
        held[i]:send("GET " .. portal.http_webhook:match("/rest.*")
          .. "scope HTTP/1.1\r\nHost: x\r\n\r\n")
      end
      assert.equal(200, select(2, get()))
      held[1]:settimeout(0.05)
      assert.equal("timeout", select(2, held[1]:receive(1)))
      for _, connection in ipairs(held) do connection:close() end
      assert.equal(200, select(2, get()))
    end)

    it("in other words", function()
      portal:control("fault", { kind = "html", status = 502 })
      local body, status, headers = get()
      assert.truthy(body:find("502 Bad Gateway", 1, true))
      assert.same({ 502, "text/html" }, { status, headers["content-type"] })
      portal:control("fault", { kind = "huge", bytes = 100000 })
      assert.equal(100000, #get().result)
      portal:control("fault", { kind = "chunked", size = 7 })
      assert.equal("1", get().result.ID)
      portal:control("fault", { kind = "garbage" })
      assert.truthy(get():find("this is not HTTP", 1, true)) -- to LuaSocket that is HTTP/0.9
    end)

    it("byte for byte", function()
      local function raw(script)
        portal:control("raw", script)
        local connection = assert(socket.connect("127.0.0.1", portal.raw_port))
        connection:settimeout(60)
        connection:send("GET /x HTTP/1.1\r\n\r\n")
        local text, problem, part = connection:receive("*a")
        connection:close()
        return text or part, problem
      end
      assert.equal("ab\0", (raw { bytes_base64 = (mime.b64("ab\0")) }))
      local text, problem = raw { bytes = "abc", after = "reset" }
      assert.equal("abc", text)
      assert.is_not_nil(problem)
      assert.equal("/x", portal:log()[1].path)
    end)

    it("and says so when told nonsense", function()
      assert.error_matches(function()
        portal:control("fault", { kind = "flood" })
      end, "unknown kind 'flood'")
      assert.error_matches(function()
        portal:control("message", { dialog = "5" })
      end, "unknown argument 'dialog'")
      assert.error_matches(function() portal:control("dance") end, "unknown operation 'dance'")
    end)
  end)

  it("is at rest after each fault, whatever became of the connection", function()
    for _, kind in ipairs { "reset", "cut_body", "cut_header", "garbage", "close_after" } do
      for _, version in ipairs { "--http2 ", "--http1.1 " } do
        portal:control("fault", { kind = kind })
        curl(portal, version .. portal.webhook .. "profile")
      end
      local before = portal:stats().cpu
      socket.sleep(0.2)
      local used = portal:stats().cpu - before
      -- a load elsewhere makes this less
      assert.is_true(used < 0.1, kind .. ": " .. used .. " s of CPU in 0.2 s")
    end
  end)

  it("listens on many addresses, and ends", function()
    local many = start { addresses = 2 }
    local _, outcome = curl(many, many:webhook_for("127.0.0.2") .. "profile")
    assert.equal("200 2 0", outcome)
    many:stop()
    many:stop()
    assert.is_nil(io.open(many.ca_file))
    assert.is_nil((socket.connect("127.0.0.1", many.http_port)))
  end)
end)
