-- The policy of retries as one table: what became of an attempt -> what is done next. Decided by
-- "did it run?", never by how bad it looks. Driven without clock or socket; polite_spec has the
-- stories.

local codec = require "b24.codec"

local WRITES, READS = "crm.deal.add", "im.counters.get"

local function lost(kind, sent, code)
  return { kind = kind, code = code or "LOST", sent = sent, message = "lost" }
end

local function refused(status, code, more)
  local reply = { status = status, body = code and ('{"error":"%s"}'):format(code) or "",
    content_type = "application/json" }
  for name, value in pairs(more or {}) do reply[name] = value end
  return reply
end

local LIMIT = refused(503, "QUERY_LIMIT_EXCEEDED")
local BUSY = '{"error":"OPERATION_TIME_LIMIT","time":{"finish":100.0,"operating_reset_at":%s}}'

-- What is done next: FINAL, RETRY after low..high seconds; retry_after is what a FINAL tells the
-- caller.
local final, retry
function final(retry_after) return { action = "DONE", retry_after = retry_after } end
function retry(low, high) return { action = "SLEEP", low = low, high = high or low } end

-- name, method, what became of the attempt, conf, what is done next
local policy = {
  { "a value", READS, { status = 200, body = '{"result":1}', content_type = "application/json" },
    {}, final() },
  -- It did not run: repeated, whatever the method.
  { "no connection, a writing method", WRITES, lost("network", false), {}, retry(0, 0.5) },
  { "no connection, a reading one", READS, lost("network", false), {}, retry(0, 0.5) },
  { "a broken handshake", WRITES, lost("tls", false, "TLS_FAILED"), {}, retry(0, 0.5) },
  { "a certificate that nobody trusts", READS, lost("tls", false, "CERTIFICATE_UNTRUSTED"),
    {}, final() },
  { "no time to connect", WRITES, lost("timeout", false), {}, retry(0, 0.5) },
  -- It may have run: repeated only if it may run twice.
  { "a lost reply, a writing method", WRITES, lost("network", true), {}, final() },
  { "a lost reply, a reading one", READS, lost("network", true), {}, retry(0, 0.5) },
  { "a lost reply, conf.idempotent", WRITES, lost("network", true), { idempotent = true },
    retry(0, 0.5) },
  { "a proxy's 502, a writing method", WRITES, refused(502), {}, final() },
  { "a proxy's 502, a reading one", READS, refused(502), {}, retry(0, 0.5) },
  -- It never helps to ask again.
  { "no right", READS, refused(403, "insufficient_scope"), {}, final() },
  { "no such method", READS, refused(404, "ERROR_METHOD_NOT_FOUND"), {}, final() },
  { "wrong arguments", READS, refused(400, "ERROR_ARGUMENT"), {}, final() },
  { "too large", READS, lost("too_large", true), {}, final() },
  -- No retries left, no time left.
  { "no connection, no retries", READS, lost("network", false), { retries = 0 }, final() },
  { "Retry-After is obeyed", READS, refused(502, nil, { retry_after = "7" }), {}, retry(7) },
  { "Retry-After after the deadline", READS, refused(502, nil, { retry_after = "31" }), {},
    final(31) },
  { "Retry-After just before the deadline", READS, refused(502, nil, { retry_after = "29" }), {},
    retry(29) },
  -- Too many calls: everybody slows down by the whole pause, without jitter.
  { "overrun, a writing method", WRITES, LIMIT, {}, retry(0.5) },
  { "overrun, without retries", WRITES, LIMIT, { retries = 0 }, final(0.5) },
  { "overrun, with a Retry-After", WRITES, refused(429, nil, { retry_after = "3" }), {}, retry(3) },
  { "overrun, and no time", WRITES, LIMIT, { timeout = 0.4 }, final(0.5) },
  -- The method's computing time is used up: until the portal runs it again, and its clock's second.
  { "blocked, and when it ends", READS, refused(429, nil, { body = BUSY:format "105.0" }),
    {}, retry(6) },
  { "blocked for too long", READS, refused(429, nil, { body = BUSY:format "160.0" }), {},
    final(61) },
  { "blocked, without retries", READS, refused(429, nil, { body = BUSY:format "105.0" }),
    { retries = 0 }, final(6) },
  { "blocked, nobody knows how long", READS, refused(429, "OPERATION_TIME_LIMIT"), {}, final(60) },
}

local function begin(method, more, seed)
  local conf = { webhook = "https://portal.example/rest/1/s3cr3t0fTheSpec/", limiter = false }
  for name, value in pairs(more) do conf[name] = value end
  local call = assert(codec.call(assert(codec.conf(conf)), method, nil, nil, { seed = seed }))
  assert.equal("SEND", (call:next(0, "go")))
  return call
end

local function outcome(call, result)
  return call:next(0, result.status and "reply" or "failed", result)
end

describe("after an attempt:", function()
  for _, row in ipairs(policy) do
    local name, method, result, more, expected = row[1], row[2], row[3], row[4], row[5]
    it(name, function()
      for seed = 1, 50 do
        local call = begin(method, more, seed)
        local action, pause = outcome(call, result)
        assert.equal(expected.action, action)
        if action == "SLEEP" then
          assert.is_true(pause >= expected.low and pause <= expected.high, pause)
          assert.equal("SEND", (call:next(pause, "woke")))
        else
          local _, _, info = call:result()
          assert.equal(expected.retry_after, info.retry_after)
          assert.equal(1, info.attempts)
        end
      end
    end)
  end
end)

describe("the pauses of one call", function()
  -- The largest of many seeds: the bound of the jitter.
  local function longest(result, more)
    local most = {}
    for seed = 1, 200 do
      local call, now = begin(READS, more, seed), 0
      local action, pause = outcome(call, result)
      for n = 1, more.retries do
        assert.equal("SLEEP", action)
        most[n], now = math.max(most[n] or 0, pause), now + pause
        assert.equal("SEND", (call:next(now, "woke")))
        action, pause = call:next(now, result.status and "reply" or "failed", result)
      end
      assert.equal("DONE", action)
    end
    return most
  end

  it("double, up to ten seconds", function()
    local bounds = { 0.5, 1, 2, 4, 8, 10, 10 }
    for n, most in ipairs(longest(lost("network", false), { retries = #bounds, timeout = 600 })) do
      assert.is_true(most <= bounds[n] and most > bounds[n] * 0.9, n .. ": " .. most)
    end
  end)

  it("are the whole bound where everybody slows down", function()
    assert.same({ 0.5, 1, 2, 4 }, longest(LIMIT, { retries = 4, timeout = 600 }))
  end)
end)
