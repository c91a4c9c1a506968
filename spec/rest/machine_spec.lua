-- codec.call: one call as a machine without clock or socket. It is told what happened and answers
-- what to do next.

local codec = require "b24.codec"
local data = require "spec.support.data"

local SECRET = "s3cr3t0fTheSpec"
local METHOD = "im.counters.get"
local GOOD = '{"result":{"CHAT":{"18":"1"}},"time":{"operating":0}}'
local LIMIT = '{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}'

local function conf(more)
  local options = { webhook = "https://portal.example/rest/1/" .. SECRET .. "/", retries = 0,
    limiter = false }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(codec.conf(options))
end

local function call(...)
  return codec.call(conf(), METHOD, ...)
end

local function good(body)
  return { status = 200, body = body or GOOD, content_type = "application/json" }
end

local function lost(kind, code, sent)
  return { kind = kind, code = code, sent = sent,
    message = "No reply from https://portal.example/rest/1/" .. SECRET .. "/" }
end

-- Rows: now, event, its data, the action that is expected. Then what result() holds.
local scripts = {
  { "a good reply", { { 0, "go", nil, "SEND" }, { 0.3, "reply", good(), "DONE" } },
    { status = 200, attempts = 1 } },
  { "a good reply on another clock",
    { { 1e6, "go", nil, "SEND" }, { 1e6 + 29.9, "reply", good(), "DONE" } },
    { status = 200, attempts = 1 } },
  { "a good reply after the deadline is not thrown away",
    { { 0, "go", nil, "SEND" }, { 31, "reply", good(), "DONE" } },
    { status = 200 } },
  { "a clock that runs backwards", { { 100, "go", nil, "SEND" }, { 40, "reply", good(), "DONE" } },
    { status = 200 } },
  { "a portal's error", { { 0, "go", nil, "SEND" },
    { 1, "reply", { status = 503, body = LIMIT }, "DONE" } },
    { kind = "limit", code = "QUERY_LIMIT_EXCEEDED", status = 503, retryable = true, sent = true,
      attempts = 1 } },
  { "a reply of garbage", { { 0, "go", nil, "SEND" }, { 1, "reply", good("<html>"), "DONE" } },
    { kind = "decode", code = "NOT_JSON", status = 200, sent = true } },
  { "no host of that name",
    { { 0, "go", nil, "SEND" }, { 1, "failed", lost("network", "HOST_NOT_FOUND", false), "DONE" } },
    { kind = "network", code = "HOST_NOT_FOUND", sent = false } },
  { "a cut reply", { { 0, "go", nil, "SEND" },
    { 1, "failed", lost("network", "REPLY_CUT", true), "DONE" } },
    { kind = "network", code = "REPLY_CUT", sent = true } },
  { "a bad certificate", { { 0, "go", nil, "SEND" },
    { 1, "failed", lost("tls", "CERTIFICATE", false), "DONE" } },
    { kind = "tls", code = "CERTIFICATE", sent = false } },
  { "silence until the deadline",
    { { 0, "go", nil, "SEND" }, { 30, "failed", lost("timeout", "TIMEOUT", true), "DONE" } },
    { kind = "timeout", code = "TIMEOUT", sent = true } },
  { "too large a reply", { { 0, "go", nil, "SEND" },
    { 1, "failed", lost("too_large", "TOO_LARGE", true), "DONE" } },
    { kind = "too_large", code = "TOO_LARGE", sent = true, retryable = false } },
  { "cancelled before it began", { { 0, "cancel", nil, "DONE" } },
    { kind = "closed", sent = false } },
  { "cancelled on the way", { { 0, "go", nil, "SEND" }, { 1, "cancel", nil, "DONE" } },
    { kind = "closed" } },
}

local every_event = { { "go" }, { "woke" }, { "cancel" }, { "reply", good() },
  { "reply", { status = 401, body = LIMIT } }, { "failed", lost("network", "RESET", true) } }

local function play(machine, rows)
  for _, row in ipairs(rows) do
    assert.equal(row[4], (machine:next(row[1], row[2], row[3])), row[2])
  end
end

describe("a call:", function()
  for _, script in ipairs(scripts) do
    local name, rows, outcome = script[1], script[2], script[3]

    it(name, function()
      local machine = call()
      play(machine, rows)
      local value, message, info = machine:result()
      for field, expected in pairs(outcome) do assert.equal(expected, info[field], field) end
      assert.equal(METHOD, info.method)
      assert.is_nil(data.leak(SECRET, message, info, tostring(machine)))
      if outcome.kind then
        assert.is_nil(value)
        assert.is_truthy(message:find("^b24: "))
        assert.equal(outcome.status ~= nil, message:find("%(HTTP %d+%)$") ~= nil)
        assert.is_true(#info.code > 0)
      else
        assert.same({ CHAT = { ["18"] = "1" } }, value)
        assert.is_nil(message)
        assert.same({ operating = 0 }, info.time)
      end
    end)

    it(name .. "; then DONE answers every event with the same outcome", function()
      local machine = call()
      play(machine, rows)
      local value, message, info = machine:result()
      for _ = 1, 2 do
        for _, event in ipairs(every_event) do
          assert.equal("DONE", (machine:next(1e7, event[1], event[2])))
          local value_now, message_now, info_now = machine:result()
          assert.same({ value = value, message = message, info = info },
            { value = value_now, message = message_now, info = info_now })
        end
      end
    end)
  end
end)

describe("SEND", function()
  local function send(machine, now)
    local action, payload = machine:next(now or 0, "go")
    assert.equal("SEND", action)
    return payload
  end

  it("carries the request as codec.request builds it", function()
    local options, params = conf(), { DIALOG_ID = "chat18", LIST = { 1, 2 } }
    local request = codec.request(options, METHOD, params)
    local payload = send(codec.call(options, METHOD, params))
    for _, field in ipairs { "url", "verb", "body" } do
      assert.equal(request[field], payload[field], field)
    end
    assert.same(request.headers, payload.headers)
    assert.same(params, codec.decode(payload.body))
  end)

  it("carries an empty object where there are no parameters", function()
    assert.equal("{}", send(call()).body)
    assert.equal("{}", send(call {}).body)
  end)

  it("carries parameters as they were when the call was made", function()
    local params = { LIMIT = 1 }
    local machine = call(params)
    params.LIMIT = 2
    assert.same({ LIMIT = 1 }, codec.decode(send(machine).body))
  end)

  it("carries the seconds that are left: 30 unless told", function()
    assert.equal(30, send(call()).timeout)
    assert.equal(30, send(call(), 12345).timeout)
    assert.equal(5, send(codec.call(conf { timeout = 5 }, METHOD)).timeout)
    assert.equal(0.25, send(codec.call(conf { timeout = 0.25 }, METHOD)).timeout)
  end)
end)

describe("the word counters", function()
  it("makes counters of the result", function()
    local machine = call(nil, "counters")
    play(machine, { { 0, "go", nil, "SEND" }, { 1, "reply", good(), "DONE" } })
    local value, message = machine:result()
    assert.is_nil(message)
    assert.same({ TYPE = {}, CHAT = { ["18"] = 1 }, DIALOG = {}, LINES = {} }, value)
    assert.equal(1, value.CHAT[18])
  end)
end)

describe("a machine", function()
  it("outlives its conf", function()
    local machine = call()
    for _ = 1, 3 do collectgarbage() end
    play(machine, { { 0, "go", nil, "SEND" } })
    for _ = 1, 3 do collectgarbage() end
    play(machine, { { 1, "reply", good(), "DONE" } })
    assert.is_table((machine:result()))
  end)

  it("knows nothing of others with the same conf", function()
    local options = conf()
    local one, other = codec.call(options, METHOD), codec.call(options, "profile")
    play(one, { { 0, "go", nil, "SEND" }, { 1, "cancel", nil, "DONE" } })
    play(other, { { 0, "go", nil, "SEND" }, { 1, "reply", good('{"result":"mine"}'), "DONE" } })
    assert.equal("mine", (other:result()))
    assert.equal("closed", select(3, one:result()).kind)
  end)

  it("may be dropped in any state", function()
    for _ = 1, 100 do
      call()
      local machine = call()
      machine:next(0, "go")
    end
    collectgarbage()
    collectgarbage()
  end)

  it("tells how long it took", function()
    local machine = call()
    play(machine, { { 100, "go", nil, "SEND" }, { 100.25, "reply", good(), "DONE" } })
    local _, _, info = machine:result()
    assert.is_true(math.abs(info.elapsed - 0.25) < 0.002, info.elapsed)
    assert.equal(0, info.waited)
  end)

  it("does not show the secret", function()
    assert.is_nil(data.leak(SECRET, tostring(call()), tostring(conf())))
  end)
end)

describe("a host's mistake throws:", function()
  local mistakes = {
    { "a reply before go", {}, { 0, "reply", good() } },
    { "a failure before go", {}, { 0, "failed", lost("tls", "X", false) } },
    { "woke before go", {}, { 0, "woke" } }, { "go twice", { { 0, "go", nil, "SEND" } },
      { 1, "go" } },
    { "woke while sending", { { 0, "go", nil, "SEND" } }, { 1, "woke" } },
    { "an event nobody knows", {}, { 0, "start" } }, { "no event", {}, { 0 } },
    { "no time", {}, { nil, "go" } },
    { "a time of the wrong type", {}, { "noon", "go" } },
    { "an event of the wrong type", {}, { 0, {} } },
    { "a reply without data", { { 0, "go", nil, "SEND" } }, { 1, "reply" } },
    { "a reply without status", { { 0, "go", nil, "SEND" } }, { 1, "reply", { body = GOOD } } },
    { "a failure without data", { { 0, "go", nil, "SEND" } }, { 1, "failed" } },
    { "a failure of no known kind", { { 0, "go", nil, "SEND" } },
      { 1, "failed", lost("weather", "RAIN", true) } },
  }
  for _, row in ipairs(mistakes) do
    it(row[1], function()
      local machine = call()
      play(machine, row[2])
      local ok, message = pcall(machine.next, machine, row[3][1], row[3][2], row[3][3])
      assert.is_false(ok)
      assert.is_nil(data.leak(SECRET, message))
    end)
  end

  it("a time that is no number of seconds", function()
    for _, now in ipairs { 0 / 0, math.huge, -math.huge } do
      local machine = call()
      pcall(machine.next, machine, now, "go") -- throws or is clamped, and never crashes
      assert.equal("DONE", (machine:next(1, "cancel")))
    end
  end)

  it("parameters that are not JSON", function()
    assert.has_error(function() call { a = print } end)
    assert.has_error(function() call { a = 0 / 0 } end)
    assert.has_error(function() call("text") end)
  end)

  it("a call of nothing, or with a strange self", function()
    local machine = call()
    for _, other in ipairs { false, 5, "x", {}, io.stdout, conf() } do
      assert.is_false((pcall(machine.next, other, 0, "go")))
      assert.is_false((pcall(machine.result, other)))
    end
    assert.has_error(function() codec.call(conf()) end)
    assert.has_error(function() codec.call(conf(), METHOD, nil, "counter") end)
  end)
end)

describe("random walks", function()
  local kinds = { "network", "tls", "timeout", "too_large" }
  local statuses = { 200, 200, 302, 400, 401, 403, 404, 408, 429, 500, 502, 503, 504 }
  local bodies = { GOOD, LIMIT, "", "<html>", '{"error":"expired_token"}', '{"error":""}', "[]",
    '{"result":null}' }

  local function reply_of(random)
    return { status = statuses[random(#statuses)], body = bodies[random(#bodies)],
      location = random(3) == 1 and "https://new.example/rest/1/" .. SECRET .. "/" or nil }
  end

  local legal = {
    START = function(random) return random(9) == 1 and "cancel" or "go" end,
    SLEEP = function(random) return random(9) == 1 and "cancel" or "woke" end,
    SEND = function(random)
      local pick = random(9)
      if pick == 1 then return "cancel" end
      if pick < 6 then return "reply", reply_of(random) end
      return "failed", lost(kinds[random(4)], "CODE", random(2) == 1)
    end,
  }

  it("of legal events end soon, in a value or in a failure", function()
    local random = data.random(57721)
    local options = { conf(), conf { timeout = 1 }, conf { timeout = 600 } }
    for _ = 1, 3000 do
      local machine = codec.call(options[random(3)], METHOD, nil,
        random(2) == 1 and "counters" or nil)
      local now, action, steps = random(1000), "START", 0
      while action ~= "DONE" do
        now, steps = now + (random(2000) - 1) / 100, steps + 1
        assert.is_true(steps <= 20)
        action = machine:next(now, legal[action](random))
      end
      local value, message, info = machine:result()
      assert.equal("table", type(info))
      assert.is_nil(data.leak(SECRET, message, info))
      if message then
        assert.is_nil(value)
        assert.is_string(info.kind)
      else
        assert.is_not_nil(value)
        assert.is_nil(info.kind)
      end
    end
  end)
end)
