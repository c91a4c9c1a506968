-- client:batch: every integer and every string is a name; no command is lost, whatever the names
-- and the portal's answer.

local b24 = require "b24"
local codec = require "b24.codec"
local posix = require "b24_posix"
local portal = require "spec.support.portal"

local BASE = "https://portal.example/rest/1/s3cr3t0fTheSpec/"

local function count(t)
  local n = 0
  for _ in pairs(t) do n = n + 1 end
  return n
end

-- The commands of all requests in the order in which they are sent, by their keys in `commands`.
local function order(steps)
  local names = {}
  for _, step in ipairs(steps) do
    if step.name ~= nil then names[#names + 1] = step.name end
    for key in (step.body or ""):gmatch '"(c%d+)":' do names[#names + 1] = step.names[key] end
  end
  return names
end

-- Every key of `commands` is in exactly one part of the answer, with its type.
local function all_there(commands, answer)
  local seen = {}
  for _, part in ipairs { "results", "errors", "not_reached" } do
    for name in pairs(answer[part]) do
      assert.is_nil(seen[name], tostring(name) .. " is in two parts")
      assert.is_not_nil(commands[name], tostring(name) .. " was not asked")
      seen[name] = true
      if math.type and type(name) == "number" and name > -2 ^ 53 and name < 2 ^ 53 then
        assert.equal("integer", math.type(name))
      end
    end
  end
  for name in pairs(commands) do assert.is_true(seen[name], tostring(name) .. " is lost") end
end

describe("a batch's names", function()
  local p, client
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function()
    p:reset()
    client = assert(b24.client { webhook = p.webhook, ca_file = p.ca_file, limiter = false,
      timeout = 10 })
  end)

  -- Each command asks for an echo of its own number.
  local function ask(...)
    local commands, names = {}, { ... }
    for i, name in ipairs(names) do commands[name] = { "b24test.echo", { value = i } } end
    local answer, err = client:batch(commands)
    assert(answer, err)
    all_there(commands, answer)
    for i, name in ipairs(names) do
      assert.equal(tostring(i), answer.results[name] and answer.results[name].value, tostring(name))
    end
    assert.equal(#names, count(answer.results))
  end

  it("may be ids (nothing was sent, and success reported)", function()
    ask(547, 18)
  end)

  it("may be a list with a hole", function()
    local commands = { { "b24test.echo", { v = 1 } }, { "b24test.echo", { v = 2 } },
      [4] = { "b24test.echo", { v = 4 } } }
    local answer = assert(client:batch(commands))
    all_there(commands, answer)
    assert.equal("4", tostring(answer.results[4].v))
  end)

  it("may be 0, negative, and as large as this Lua has integers", function()
    ask(0, -1, -547, 2 ^ 31, 2 ^ 53, -2 ^ 53)
    if math.mininteger then
      ask(math.mininteger, math.maxinteger, math.maxinteger - 1, math.mininteger + 1)
    else
      ask(2 ^ 60, -2 ^ 60, 1e300)
    end
  end)

  it("may be numbers from 0, which PHP takes for a list", function()
    ask(0, 1, 2, 3)
    ask("0", "1", "2")
  end)

  it("may be a number and the same number as text", function()
    ask("1", 1, "18", 18, "-5", -5, "1.0", "007", "1e3", 1000)
  end)

  it("are the same as a float without a fraction, as everywhere in Lua", function()
    local commands = {}
    commands[2 ^ 2] = "profile"
    local answer = assert(client:batch(commands))
    assert.is_not_nil(answer.results[4])
  end)

  it("may have any bytes (what stood behind a zero byte was lost)", function()
    ask("a\0b", "a\0c", "a", "", "\255\254", "c1", "a b", '"', "x[y]", "$result[c1]", "имя",
      ("n"):rep(5000))
  end)

  it("can be referred to, each by its own type", function()
    local answer = assert(client:batch {
      [547] = { "b24test.echo", { v = "number" } },
      ["547"] = { "b24test.echo", { v = "text" } },
      [-1] = { "b24test.echo", { v = b24.ref(547, "v") } },
      last = { "b24test.echo", { v = b24.ref("547", "v") } },
      list = { "b24test.echo", { v = { "first", "second" } } },
      item = { "b24test.echo", { v = b24.ref("list", "v", 2 / 2) } },
    })
    assert.same({ "number", "text", "second" },
      { answer.results[-1].v, answer.results.last.v, answer.results.item.v })
  end)

  it("are found in every part: failures, halts, lists, commands that go alone", function()
    local commands = { [10] = "no.such.method", [20] = { "b24test.echo", { v = "$total" } },
      [30] = "crm.deal.list" }
    local answer = assert(client:batch(commands))
    all_there(commands, answer)
    assert.equal("ERROR_METHOD_NOT_FOUND", answer.errors[10].code)
    assert.equal("$total", answer.results[20].v)
    assert.same({ 50, 120 }, { answer.next[30], answer.total[30] })
    answer = assert(client:batch(commands, { halt = true }))
    all_there(commands, answer)
    assert.same({ [20] = true, [30] = true }, answer.not_reached)
  end)

  it("are found when requests fail: 130 ids, the second request is lost", function()
    local commands = {}
    for i = 1, 130 do commands[i * 7 - 400] = i == 60 and "crm.deal.add" or "profile" end
    -- the first request passes
    p:control("fault", { kind = "slow", delay = 0, method = "batch", times = 1 })
    p:control("reply", { method = "batch", status = 502, body = "<html>", times = 1 })
    local answer = assert(client:batch(commands, { parallel = 1 }))
    all_there(commands, answer)
    assert.same({ 80, 50 }, { count(answer.results), count(answer.errors) })
  end)
end)

describe("codec.batch", function()
  it("orders by number, then by the bytes of names", function()
    local steps = codec.batch { "one", "two", [4] = "four", [-3] = "m", [0] = "zero",
      [1e15] = "big", b = "b.get",
      a = "a.get", ["1"] = "text", ["a\0"] = "nul", B = "upper", ["\255"] = "high" }
    assert.same({ -3, 0, 1, 2, 4, 1e15, "1", "B", "a", "a\0", "b", "\255" }, order(steps))
  end)

  it("orders integers at the ends of their range", function()
    if not math.mininteger then return end -- no integers before Lua 5.3
    local low, high = math.mininteger, math.maxinteger
    local steps = codec.batch { [high] = "m", [high - 1] = "m", [low] = "m",
      [low + 1] = "m", [0] = "m" }
    assert.same({ low, low + 1, 0, high - 1, high }, order(steps))
  end)

  it("throws for other keys at the caller's line, and says which", function()
    for _, row in ipairs { { 1.5, "1.5" }, { -0.25, "-0.25" }, { math.huge, "infinite" },
        { -math.huge, "infinite" },
        { true, "boolean" }, { {}, "table" }, { print, "function" }, { io.stdout, "userdata" } } do
      local client = assert(b24.client { webhook = BASE })
      local ok, message = pcall(function() client:batch { "profile", [row[1]] = "profile" } end)
      assert.is_false(ok)
      assert.truthy(message:find "^spec/api/batch_keys_spec.lua:%d+: b24: ", message)
      assert.truthy(message:find("name", 1, true) and message:find(row[2], 1, true), message)
    end
  end)

  it("names the command that is wrong: numbers without quotes, odd bytes as ?", function()
    for _, row in ipairs { { 547, "547" }, { "547", "'547'" }, { "a\0b\n", "'a?b?'" },
        { "\255", "'?'" }, { -1, "-1" }, { ("x"):rep(500), "'" .. ("x"):rep(60) .. "…'" },
        { ("я"):rep(40), "'" .. ("я"):rep(30) .. "…'" },
        { "x" .. ("я"):rep(40), "'x" .. ("я"):rep(29) .. "…'" } } do
      local _, message = pcall(codec.batch, { [row[1]] = 5 })
      assert.truthy(message:find("command " .. row[2] .. " of the batch needs a method", 1, true),
        message)
    end
  end)

  it("refuses values that are no commands, under any name", function()
    for _, value in ipairs { 5, true, print, {}, { 5 }, { "m", 5 }, { "m", "x" }, { [2] = {} } } do
      for _, name in ipairs { 1, 0, -7, 547, "a", "" } do
        assert.is_false((pcall(codec.batch, { [name] = value })))
      end
    end
  end)

  it("refuses what stands beside method and params, where it would be lost", function()
    for _, row in ipairs { { { "crm.deal.get", id = 5 }, "'id'" }, { { "m", {}, {} }, "3" },
        { { "m", [0] = 1 }, "0" }, { { "m", {}, halt = true }, "'halt'" },
        { { "m", [{}] = 1 }, "table" } } do
      local ok, message = pcall(codec.batch, { a = row[1] })
      assert.is_false(ok)
      assert.truthy(message:find("command 'a' of the batch has " .. row[2], 1, true)
        or message:find("command 'a' of the batch has a " .. row[2], 1, true), message)
    end
  end)

  it("writes integer keys of params as a call does: 1..n is a list, others stay", function()
    for _, row in ipairs {
      { { v = { "a", "b" } }, "v%5B0%5D=a&v%5B1%5D=b" },
      { { v = { [547] = "a" } }, "v%5B547%5D=a" },
      { { v = { [1] = "a", [547] = "b" } }, "v%5B1%5D=a", "v%5B547%5D=b" },
      { { v = { [1] = "a", [2] = "b", [4] = "c" } }, "v%5B1%5D=a", "v%5B2%5D=b", "v%5B4%5D=c" },
      { { v = { [0] = "a", [1] = "b" } }, "v%5B0%5D=a", "v%5B1%5D=b" },
      { { v = { [-1] = "a", [1] = "b" } }, "v%5B-1%5D=a", "v%5B1%5D=b" },
      { { v = { [2 ^ 53] = "a" } }, "v%5B9007199254740992%5D=a" },
    } do
      local body = codec.batch({ { "m", row[1] } })[1].body
      for i = 2, #row do
        assert.truthy(body:find("[?&]" .. row[i]:gsub("%p", "%%%0") .. '[&"]'), body)
      end
    end
    for _, params in ipairs { { v = { "a", x = "b" } }, { v = { [1.5] = "a" } },
        { v = { [true] = 1 } }, { 1, x = 2 } } do
      assert.is_false((pcall(codec.batch, { { "m", params } })))
    end
  end)

  it("refuses a reference in place of all params, and outside of a batch", function()
    local ref = b24.ref("me", "ID")
    assert.is_false((pcall(codec.batch, { me = "profile", a = { "m", ref } })))
    local client = assert(b24.client { webhook = BASE })
    for _, params in ipairs { { id = ref }, { list = { ref } }, ref } do
      local ok, message = pcall(function() client:call("crm.deal.get", params) end)
      assert.is_false(ok)
      assert.truthy(message:find "^spec/api/batch_keys_spec.lua:%d+: b24: .*batch", message)
    end
  end)

  it("refuses a chain that does not fit, and a circle, however long", function()
    local chain, circle = {}, {}
    for i = 1, 51 do chain[i] = { "m", { r = i > 1 and b24.ref(i - 1) or nil } } end
    assert.truthy(select(2, pcall(codec.batch, chain)):find("tied to more than 49", 1, true))
    chain[51] = nil
    assert.equal(1, #codec.batch(chain))
    for i = 1, 50 do circle[i] = { "m", { r = b24.ref(i % 50 + 1) } } end
    assert.truthy(select(2, pcall(codec.batch, circle)):find("circle", 1, true))
  end)

  it("keeps tied commands in one request, behind what they refer to (random graphs)", function()
    for seed = 1, 20 do
      math.randomseed(seed)
      local commands, group = {}, {}
      for i = 1, 200 do
        group[i] = math.ceil(i / 10)
        local target = group[i] * 10 - 10 + math.random(10)
        commands[i] = { "m", { r = target < i and b24.ref(target) or nil } }
      end
      -- Some refer forward: to the last of their ten, which refers to nobody.
      for i = 10, 200, 10 do
        commands[i] = "m"
        commands[i - math.random(9)] = { "m", { r = b24.ref(i) } }
      end
      local at, request = {}, {}
      local steps, place = codec.batch(commands), 0
      for number, step in ipairs(steps) do
        for key in step.body:gmatch '"(c%d+)":' do
          place = place + 1
          at[step.names[key]], request[step.names[key]] = place, number
        end
      end
      assert.equal(200, place)
      for i, command in pairs(commands) do
        local target = type(command) == "table" and command[2].r and command[2].r[1]
        if target then
          assert.equal(request[target], request[i])
          assert.is_true(at[target] < at[i])
        end
      end
    end
  end)

  -- CPU seconds of this process, the best of three: a busy machine changes the ratio little.
  local function cost(make, n)
    local commands, best = make(n), math.huge
    for _ = 1, 3 do
      collectgarbage()
      local before = posix.cpu()
      codec.batch(commands)
      best = math.min(best, posix.cpu() - before)
    end
    return best
  end

  for name, make in pairs {
    ["by id"] = function(n)
      local commands = {}
      for i = 1, n do commands[i * 3] = "profile" end
      return commands
    end,
    ["tied in groups"] = function(n)
      local commands = {}
      for i = 1, n do commands[i] = { "m", { r = i % 50 ~= 1 and b24.ref(i - 1) or nil } } end
      return commands
    end,
  } do
    it("plans sixteen times as many commands in about sixteen times the time, " .. name, function()
      local few, many = cost(make, 2500), cost(make, 40000)
      -- squares would be 256
      assert.is_true(many / few < 64, ("%.4f s and %.4f s"):format(few, many))
    end)
  end
end)

describe("a batch's answer", function()
  local conf = assert(codec.conf { webhook = BASE, limiter = false })

  -- What a step's request gives for this body of a reply.
  local function answer(step, body)
    local call = assert(codec.call(conf, "batch", step, "batch"))
    assert.equal("SEND", (call:next(1, "go")))
    assert.equal("DONE", (call:next(1, "reply", { status = 200, body = body })))
    return call:result()
  end

  local commands = { [5] = "a.get", x = "b.get", [-2] = "c.get" }
  local step = codec.batch(commands)[1]
  local key = {}
  for k, name in pairs(step.names) do key[name] = k end

  for name, body in pairs {
    ["with nothing in it"] = '{"result":{"result":[]}}',
    ["with empty parts"] =
      '{"result":{"result":[],"result_error":[],"result_total":[],"result_next":[]}}',
    ["with one command left out"] = '{"result":{"result":{"X":1,"5":2}}}',
    ["that is a list"] = '{"result":{"result":[1,2,3],"result_error":[4]}}',
    ["with foreign names"] =
      '{"result":{"result":{"c99":1,"0":2,"":3,"c":4,"C1":5},"result_error":{"c0":{"error":"E"}}}}',
    ["with names doubled"] =
      '{"result":{"result":{"5":1,"5":2,"X":1},"result_error":{"5":{"error":"E"}}}}',
    ["with null for a command"] = '{"result":{"result":{"5":null},"result_error":{"X":null}}}',
    ["with parts of other types"] =
      '{"result":{"result":"x","result_error":5,"result_next":"y","result_total":null}}',
  } do
    it(name .. " loses no command", function()
      local value, err = answer(step,
        (body:gsub('"5"', '"' .. key[5] .. '"'):gsub('"X"', '"' .. key.x .. '"')))
      assert(value, err)
      all_there(commands, value)
    end)
  end

  it("is checked as a whole: a bug of ours is an error, never a shorter answer", function()
    local steps = codec.batch(commands)
    local function parts(results, errors, not_reached)
      return { results = results, errors = errors or {}, not_reached = not_reached or {} }
    end
    local good = parts({ [5] = false }, { x = {} }, { [-2] = true })
    assert.equal(good, codec.batch_check(steps, good))
    for _, bad in ipairs { parts { [5] = 1 },
        parts({ [5] = 1, x = 1 }, nil, { x = true, [-2] = true }),
        parts { ["5"] = 1, x = 1, [-2] = 1 }, parts { [5] = 1, x = 1, [-2] = 1, y = 1 },
        parts { [5] = 1, x = 1 } } do
      assert.is_false((pcall(codec.batch_check, steps, bad)))
    end
    local alone = codec.batch { [7] = { "m", { v = "$total" } } }
    assert.is_false((pcall(codec.batch_check, alone, parts {})))
    assert.truthy((pcall(codec.batch_check, alone, parts { [7] = 1 })))
  end)
end)
