-- client:batch: named commands in few requests, each answer under its name.

local b24 = require "b24"
local codec = require "b24.codec"
local data = require "spec.support.data"
local portal = require "spec.support.portal"

local function count(t)
  local n = 0
  for _ in pairs(t) do n = n + 1 end
  return n
end

describe("codec.batch", function()
  local function steps(...) return codec.batch(...) end

  it("puts at most fifty commands into a request", function()
    for _, row in ipairs { { 0, 0 }, { 1, 1 }, { 50, 1 }, { 51, 2 }, { 120, 3 } } do
      local commands = {}
      for i = 1, row[1] do commands["name " .. i] = { "profile" } end
      local list, named = steps(commands), 0
      assert.equal(row[2], #list)
      for _, step in ipairs(list) do named = named + count(step.names) end
      assert.equal(row[1], named)
    end
  end)

  it("writes keys that are no numbers, in a stable order", function()
    local step = steps({ { "a.get" }, { "b.get" }, z = "z.get", y = "y.get" })[1]
    assert.equal('{"halt":0,"cmd":{"c1":"a.get","c2":"b.get","c3":"y.get","c4":"z.get"}}',
      step.body)
    assert.same({ c1 = 1, c2 = 2, c3 = "y", c4 = "z" }, step.names)
  end)

  it("writes parameters as PHP reads them", function()
    local step = steps({ x = { "m.get", { a = { 1, { b = true } } } } })[1]
    assert.is_truthy(step.body:find("m.get?a%5B0%5D=1&a%5B1%5D%5Bb%5D=1", 1, true), step.body)
    for _, row in ipairs { { "a b&c=d#?/%", "a%20b%26c%3Dd%23%3F%2F%25" }, { false, "0" },
        { 1.5, "1.5" }, { b24.null, "" }, { "é\0\255", "%C3%A9%00%FF" }, { -3, "-3" },
        { 2 ^ 53, "9007199254740992" }, { "safe-_.~", "safe-_.~" } } do
      assert.is_truthy(steps({ { "m.get", { v = row[1] } } })[1].body:find("m.get?v=" .. row[2]
        .. '"', 1, true))
    end
    assert.is_truthy(steps({ { "m.get", { v = {} } } })[1].body:find('"m.get"', 1, true))
  end)

  it("writes numbers exactly: integers beyond 2^53, and 0.1", function()
    assert.is_truthy(steps({ { "m.get", { v = 0.1 } } })[1].body:find("m.get?v=0.1\"", 1, true))
    if not math.type then return end -- no integers before Lua 5.3
    local big = math.tointeger(9007199254740992) + 1
    assert.is_truthy(steps({ { "m.get", { v = big } } })[1].body:find("m.get?v=9007199254740993\"",
      1, true))
  end)

  it("may be repeated only if all its commands read", function()
    assert.is_true(steps({ { "a.get" }, { "b.list" } })[1].idempotent)
    assert.is_false(steps({ { "a.get" }, { "crm.deal.add" } })[1].idempotent)
  end)

  it("keeps references behind what they refer to, in one request", function()
    local commands = { a = { "a.get", { id = b24.ref("z", "ID") } }, z = { "z.get" } }
    for i = 1, 49 do commands["m" .. i] = { "m.get" } end
    local list = steps(commands)
    assert.equal(2, #list)
    local body = list[1].body .. list[2].body
    local key
    for k, name in pairs(list[1].names) do if name == "z" then key = k end end
    assert.is_truthy(body:find("a.get?id=%24result%5B" .. key .. "%5D%5BID%5D", 1, true), body)
    assert.is_true(body:find('"z.get"', 1, true) < body:find("a.get", 1, true))
  end)

  it("sends text that looks like a reference by itself", function()
    for _, text in ipairs { "$result[x]", "costs $total", "a $next b", "$error", "$time" } do
      local list = steps { a = { "a.add", { v = { deep = text } } }, b = { "b.get" } }
      assert.equal(2, #list)
      assert.equal("a", list[1].name)
      assert.equal(text, list[1].params.v.deep)
    end
    assert.equal(1, #steps { a = { "a.add", { v = "5 $ and $resul" } }, b = { "b.get" } })
  end)

  it("throws for what cannot be a batch", function()
    for _, commands in ipairs { "x", 5, false, { a = 1 }, { a = {} }, { a = { 5 } },
        { a = { "m", "x" } }, { a = { "m m" } }, { a = { "m", { f = print } } },
        { a = { "m", { n = 0 / 0 } } }, { [true] = "m" },
        { a = { "m", { r = b24.ref("nobody") } } },
        { a = { "m", { r = b24.ref("b") } }, b = { "m", { r = b24.ref("a") } } },
        { a = { "m", { r = b24.ref("a") } } },
        { a = { "m", { r = b24.ref("b"), t = "$result" } }, b = { "m" } } } do
      assert.is_false((pcall(codec.batch, commands)))
    end
    local loop = {}
    loop.loop = loop
    assert.is_false((pcall(codec.batch, { a = { "m", loop } })))
    assert.is_false((pcall(b24.ref)))
    assert.is_false((pcall(b24.ref, {})))
  end)
end)

describe("a batch", function()
  local p, client
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function()
    p:reset()
    client = assert(b24.client { webhook = p.webhook, ca_file = p.ca_file, limiter = false,
      timeout = 10 })
  end)

  it("answers each command under its name; a failing one does not stop the others", function()
    local answer, err, info = client:batch {
      me = { "user.current" },
      bad = { "no.such.method" },
      echo = { "b24test.echo", { text = "a & b", list = { "x", "y" } } },
      nothing = "b24test.null",
    }
    assert(answer, err)
    assert.equal(1, p:stats().executions["batch"] or 1)
    assert.is_number(info.elapsed)
    assert.is_truthy(answer.results.me.ID)
    assert.same({ "x", "y" }, answer.results.echo.list)
    assert.equal("a & b", answer.results.echo.text)
    assert.equal(b24.null, answer.results.nothing)
    assert.same({ bad = answer.errors.bad }, answer.errors)
    assert.equal("ERROR_METHOD_NOT_FOUND", answer.errors.bad.code)
    assert.equal("portal", answer.errors.bad.kind)
    assert.is_string(answer.errors.bad.hint)
    assert.equal(answer.errors.bad.text, tostring(answer.errors.bad))
    assert.same({}, answer.not_reached)
  end)

  it("carries every byte, in 120 commands", function()
    local commands = {}
    for i = 1, 120 do
      local bytes = {}
      for b = 0, 255 do bytes[#bytes + 1] = string.char((b + i) % 256) end
      commands["n" .. i] = { "b24test.hex", { value = table.concat(bytes) } }
    end
    local answer = assert(client:batch(commands))
    for i = 1, 120 do
      local expected = {}
      for b = 0, 255 do expected[#expected + 1] = ("%02x"):format((b + i) % 256) end
      assert.equal(table.concat(expected), answer.results["n" .. i]:lower())
    end
    assert.equal(3, #p:log())
  end)

  it("leaves alone what looks like a reference and is none", function()
    local text = "pay $result[me][ID] or $total now"
    local answer = assert(client:batch { me = { "user.current" },
      said = { "b24test.echo", { text = text } } })
    assert.equal(text, answer.results.said.text)
  end)

  it("uses answers of other commands", function()
    local answer = assert(client:batch {
      a_second = { "b24test.echo", { id = b24.ref("me", "ID") } },
      me = { "user.current" },
    })
    assert.equal(tostring(answer.results.me.ID), tostring(answer.results.a_second.id))
  end)

  it("can halt at the first failure: the rest is not reached", function()
    local commands = { { "profile" }, { "no.such.method" }, { "profile" }, { "profile" } }
    local answer = assert(client:batch(commands, { halt = true }))
    assert.is_truthy(answer.results[1])
    assert.is_truthy(answer.errors[2])
    assert.same({ [3] = true, [4] = true }, answer.not_reached)
  end)

  it("halts across requests too", function()
    local commands = {}
    for i = 1, 60 do commands[i] = { i == 10 and "no.such.method" or "profile" } end
    local answer = assert(client:batch(commands, { halt = true }))
    assert.equal(9, count(answer.results))
    assert.equal(50, count(answer.not_reached))
    assert.equal(1, #p:log())
  end)

  it("has next and total of its lists", function()
    local answer = assert(client:batch { deals = { "crm.deal.list" } })
    assert.equal(50, #answer.results.deals)
    assert.equal(50, answer.next.deals)
    assert.equal(120, answer.total.deals)
  end)

  it("that reads survives a cut; one that writes is not sent twice", function()
    p:control("fault", { kind = "execute_then_cut", method = "batch", times = 1 })
    assert(client:batch { a = { "profile" } })
    p:control("fault", { kind = "execute_then_cut", method = "batch", times = 1 })
    local answer, err, info = client:batch { a = { "crm.deal.add", { fields = { TITLE = "x" } } } }
    assert.is_nil(answer)
    assert.is_string(err)
    assert.is_false(info.retryable)
    assert.equal(1, p:stats().executions["crm.deal.add"])
  end)

  it("whose second request fails keeps the answers of the others", function()
    local commands = {}
    for i = 1, 120 do commands[i] = { i == 60 and "crm.deal.add" or "profile" } end
    p:control("reply", { method = "batch", status = 502, body = "<html>", times = 1 })
    -- the first is repeated: it only reads
    local answer = assert(client:batch(commands, { parallel = 1 }))
    assert.equal(120, count(answer.results))
    -- the first request passes
    p:control("fault", { kind = "slow", delay = 0, method = "batch", times = 1 })
    p:control("reply", { method = "batch", status = 502, body = "<html>", times = 1 })
    answer = assert(client:batch(commands, { parallel = 1 }))
    assert.equal(70, count(answer.results))
    assert.equal(50, count(answer.errors))
    assert.equal("HTTP_502", answer.errors[60].code)
  end)

  it("that no portal answers is a failure like any other", function()
    p:control("account", { user_id = 1, secret = "anotherSecret" })
    local answer, err, info = client:batch { a = { "profile" } }
    assert.is_nil(answer)
    assert.equal("auth", info.kind)
    assert.is_nil(data.leak(p.secret, err, info))
  end)

  it("of nothing asks nobody", function()
    local answer = assert(client:batch {})
    assert.same({}, answer.results)
    assert.equal(0, #p:log())
  end)

  it("throws at the caller's line for mistakes", function()
    for _, wrong in ipairs { { a = {} }, { a = { "m", { f = print } } } } do
      local _, message = pcall(function() client:batch(wrong) end)
      assert.is_truthy(message:find("^spec/api/batch_spec.lua:%d+: b24: "), message)
    end
    local _, message = pcall(function() client:batch({}, { hald = true }) end)
    assert.is_truthy(message:find("^spec/api/batch_spec.lua:%d+: b24: unknown option 'hald'"),
      message)
  end)
end)

describe("a mistyped method", function()
  local function hint(method)
    local _, _, info = codec.reply("https://portal.example/rest/1/abcdefgh/", method,
      { status = 404,
        body = '{"error":"ERROR_METHOD_NOT_FOUND","error_description":"Method not found!"}' })
    return info.hint
  end

  for wrong, right in pairs { ["im.counter.get"] = "im.counters.get",
      ["crm.deals.list"] = "crm.deal.list", ["task.task.list"] = "tasks.task.list",
      ["im.mesage.add"] = "im.message.add", ["profil"] = "profile" } do
    it(wrong .. ": " .. right .. "?", function()
      assert.is_truthy(hint(wrong):find("Did you mean " .. right .. "?", 1, true))
    end)
  end

  it("that is like none gets general advice", function()
    for _, method in ipairs { "zzz.yyy.xxx", "im.counters.get", "q" } do
      assert.is_nil(hint(method):find("Did you mean", 1, true))
    end
  end)
end)
