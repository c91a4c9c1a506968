-- Deadline, limiter, retries and a renamed portal: decided by the machine alone, so driven here
-- without clock or socket.

local codec = require "b24.codec"
local data = require "spec.support.data"

local BASE = "https://portal.example/rest/1/s3cr3t0fTheSpec/"
local GOOD = '{"result":true}'
local LIMIT = '{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}'

local function conf(more)
  local options = { webhook = BASE, limiter = false }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(codec.conf(options))
end

local function start(method, more, opts)
  opts = opts or {}
  opts.seed = opts.seed or 1
  return codec.call(conf(more), method, nil, nil, opts)
end

local function reply(status, body, more)
  local answer = { status = status, body = body or "", content_type = "application/json" }
  for name, value in pairs(more or {}) do answer[name] = value end
  return answer
end

local function lost(sent, kind, code)
  return { kind = kind or "network", code = code or "CONNECTION_LOST", sent = sent,
    message = "lost" }
end

-- Drives a call with a list of answers to SEND until DONE; sleeps are granted. Returns value, err,
-- info, requests, sleeps.
local function drive(call, answers, took)
  local now, requests, sleeps = 1000, {}, {}
  local action, payload = call:next(now, "go")
  for _ = 1, 50 do
    if action == "DONE" then break end
    if action == "SEND" then
      requests[#requests + 1] = payload
      local answer = answers[#requests] or answers[#answers]
      now = now + (took or 0.1)
      action, payload = call:next(now, answer.status and "reply" or "failed", answer)
    else
      assert.equal("SLEEP", action)
      sleeps[#sleeps + 1] = payload
      -- woken too early: the rest
      if payload > 0.01 then
        assert.same({ "SLEEP" }, { (call:next(now + payload / 2, "woke")) })
      end
      now = now + payload
      action, payload = call:next(now, "woke")
    end
  end
  assert.equal("DONE", action)
  local value, err, info = call:result()
  return value, err, info, requests, sleeps
end

describe("what surely did not run is repeated, whatever it is:", function()
  for _, row in ipairs {
    { "QUERY_LIMIT_EXCEEDED", reply(503, LIMIT) },
    { "QUERY_LIMIT_EXCEEDED with status 200", reply(200, '{"error":"QUERY_LIMIT_EXCEEDED"}') },
    { "429 without a body", reply(429) },
    { "CONNECTION_ERROR", reply(401, '{"error":"CONNECTION_ERROR"}') },
    { "a refused connection", lost(false, "network", "CONNECTION_REFUSED") },
    { "an unknown host", lost(false, "network", "HOST_NOT_FOUND") },
    { "a connect timeout", lost(false, "timeout", "TIMEOUT") },
    { "a broken handshake", lost(false, "tls", "TLS_FAILED") },
  } do
    for _, method in ipairs { "im.counters.get", "crm.deal.add" } do
      it(row[1] .. ", " .. method, function()
        local value, err, info, requests = drive(start(method), { row[2], reply(200, GOOD) })
        assert.is_true(value, err)
        assert.equal(2, #requests)
        assert.equal(2, info.attempts)
        assert.equal(requests[1].url, requests[2].url)
        assert.equal(requests[1].body, requests[2].body)
      end)
    end
  end
end)

describe("what may have run is repeated only for methods that read:", function()
  for _, row in ipairs {
    { "a cut reply", lost(true, "network", "REPLY_CUT") },
    { "a timeout", lost(true, "timeout", "TIMEOUT") },
    { "500 INTERNAL_SERVER_ERROR", reply(500, '{"error":"INTERNAL_SERVER_ERROR"}') },
    { "ERROR_CORE with 500", reply(500, '{"error":"ERROR_CORE"}') },
    { "ERROR_UNEXPECTED_ANSWER", reply(500, '{"error":"ERROR_UNEXPECTED_ANSWER"}') },
    { "502 with a page", reply(502, "<html>") },
    { "503 with a page", reply(503, "<html>") },
    { "504 with a page", reply(504, "<html>") },
    { "408", reply(408) },
  } do
    it(row[1], function()
      local value, err, _, requests = drive(start "im.recent.list", { row[2], reply(200, GOOD) })
      assert.is_true(value, err)
      assert.equal(2, #requests)

      local _, _, info, once = drive(start "crm.deal.add", { row[2], reply(200, GOOD) })
      assert.equal(1, #once)
      assert.is_false(info.retryable)

      value, err, _, requests = drive(start("crm.deal.add", nil, { idempotent = true }),
        { row[2], reply(200, GOOD) })
      assert.is_true(value, err)
      assert.equal(2, #requests)
      assert.is_true((drive(start("crm.deal.add", { idempotent = true }),
        { row[2], reply(200, GOOD) })))
      -- what one call says counts more than the conf
      _, _, _, once = drive(start("crm.deal.add", { idempotent = true }, { idempotent = false }),
        { row[2] })
      assert.equal(1, #once)
    end)
  end
end)

describe("what will fail again is not repeated:", function()
  for _, row in ipairs {
    { "OVERLOAD_LIMIT", reply(401, '{"error":"OVERLOAD_LIMIT"}') },
    { "OVERLOAD_LIMIT with 503", reply(503, '{"error":"OVERLOAD_LIMIT"}') },
    { "INVALID_CREDENTIALS", reply(401, '{"error":"INVALID_CREDENTIALS"}') },
    { "insufficient_scope", reply(401, '{"error":"insufficient_scope"}') },
    { "ERROR_ARGUMENT", reply(400, '{"error":"ERROR_ARGUMENT"}') },
    { "an unknown code", reply(400, '{"error":"1048582"}') },
    { "an unknown code with 500", reply(500, '{"error":"SOMETHING_NEW"}') },
    { "ERROR_CORE with 400", reply(400, '{"error":"ERROR_CORE"}') },
    { "404 with a page", reply(404, "<html>") },
    { "a certificate", lost(false, "tls", "CERTIFICATE_UNTRUSTED") },
    { "a reply too large", lost(true, "too_large", "REPLY_TOO_LARGE") },
    { "an empty 200", reply(200, "") },
  } do
    it(row[1], function()
      local value, _, info, requests = drive(start "im.counters.get", { row[2] })
      assert.is_nil(value)
      assert.equal(1, #requests)
      assert.is_false(info.retryable)
    end)
  end
end)

describe("retries", function()
  it("are bounded, and the portal's own error is what remains", function()
    for retries = 0, 4 do
      local _, _, info, requests = drive(start("im.counters.get", { retries = retries }),
        { reply(502, "<html>") })
      assert.equal(retries + 1, #requests)
      assert.equal("HTTP_502", info.code)
      assert.equal(retries + 1, info.attempts)
    end
  end)

  it("pause for a random part of 0.5 s, 1 s, 2 s, … and never more than 10 s", function()
    local longest = {}
    for seed = 1, 200 do
      local _, _, _, _, sleeps = drive(start("im.counters.get", { retries = 7, timeout = 600 },
        { seed = seed }),
        { lost(true) })
      for i, pause in ipairs(sleeps) do longest[i] = math.max(longest[i] or 0, pause) end
    end
    for i, bound in ipairs { 0.5, 1, 2, 4, 8, 10, 10 } do
      assert.is_true(longest[i] <= bound and longest[i] > bound * 0.8, i .. ": " .. longest[i])
    end
  end)

  it("obey Retry-After", function()
    local _, _, info, _, sleeps = drive(start "im.counters.get",
      { reply(503, "<html>", { retry_after = "7" }), reply(200, GOOD) })
    assert.same({ 7 }, sleeps)
    assert.equal(7, info.waited)
  end)

  it("are not begun when the pause would not fit: the answer comes at once", function()
    local _, err, info, requests, sleeps = drive(start("im.counters.get", { timeout = 5 }),
      { reply(503, LIMIT, { retry_after = "60" }) })
    assert.equal("b24: QUERY_LIMIT_EXCEEDED: Too many requests (HTTP 503)", err)
    assert.equal(1, #requests)
    assert.same({}, sleeps)
    assert.equal(60, info.retry_after)
    assert.equal("limit", info.kind)
  end)

  it("remember that an earlier attempt was sent", function()
    local _, _, info = drive(start("im.counters.get", { retries = 1 }), { lost(true), lost(false) })
    assert.is_true(info.sent)
    _, _, info = drive(start("im.counters.get", { retries = 1 }), { lost(false) })
    assert.is_false(info.sent)
  end)

  it("end with the deadline", function()
    local _, _, info, requests = drive(start("im.counters.get", { timeout = 10, retries = 10 }),
      { lost(true) }, 4)
    assert.is_true(#requests <= 3)
    assert.is_true(info.elapsed <= 13)
    for i, request in ipairs(requests) do assert.is_true(request.timeout <= 10 - (i - 1) * 4) end
  end)
end)

describe("OPERATION_TIME_LIMIT", function()
  local BLOCKED = '{"error":"OPERATION_TIME_LIMIT","error_description":"Method is blocked due to '
    .. 'operation time limit."}'
  local function answered(reset)
    return reply(200,
      ('{"result":true,"time":{"finish":5000.5,"operating":470,"operating_reset_at":%d}}')
        :format(reset))
  end

  it("waits until the method's last good answer said", function()
    local shared = conf { timeout = 60, webhook = BASE:gsub("portal", "operating1") }
    drive(codec.call(shared, "crm.deal.add"), { answered(5020) })
    local value, err, _, requests, sleeps = drive(codec.call(shared, "crm.deal.add"),
      { reply(429, BLOCKED), reply(200, GOOD) })
    assert.is_true(value, err)
    assert.equal(2, #requests)
    assert.is_true(math.abs(sleeps[1] - 20.5) < 0.2, sleeps[1]) -- and a second of margin
    drive(codec.call(shared, "crm.deal.list"), { answered(5020) })
  end)

  it("gives retry_after where that would not fit, or is not known", function()
    local shared = conf { timeout = 10, webhook = BASE:gsub("portal", "operating2") }
    drive(codec.call(shared, "crm.deal.add"), { answered(5600) })
    local _, _, info, requests = drive(codec.call(shared, "crm.deal.add"), { reply(429, BLOCKED) })
    assert.equal(1, #requests)
    assert.equal("limit", info.kind)
    assert.is_true(info.retryable)
    assert.is_true(info.retry_after > 590 and info.retry_after < 602)
    _, _, info, requests = drive(codec.call(shared, "crm.lead.add"), { reply(429, BLOCKED) })
    assert.equal(1, #requests)
    assert.equal(60, info.retry_after)
  end)
end)

describe("the limiter", function()
  local names, folder = 0, nil
  setup(function() folder = data.folder() end)
  teardown(function() data.remove_folder(folder) end)

  local function fresh(more) -- a portal of its own, so that no other spec has used its bucket
    names = names + 1
    local options = { webhook = BASE:gsub("portal", "limited" .. names),
      limiter = { rate = 2, burst = 5 }, retries = 0, runtime_dir = folder }
    for name, value in pairs(more or {}) do options[name] = value end
    return assert(codec.conf(options))
  end
  local function go(shared, now)
    local call = codec.call(shared, "im.counters.get")
    local action, payload = call:next(now, "go")
    return action, payload, call
  end

  it("lets a burst go and then one call in each interval", function()
    local shared, now = fresh(), codec.clock()
    for _ = 1, 5 do assert.equal("SEND", (go(shared, now))) end
    for i = 1, 4 do
      local action, seconds, call = go(shared, now)
      assert.equal("SLEEP", action)
      assert.is_true(math.abs(seconds - i * 0.5) < 0.01, seconds)
      assert.equal("SEND", (call:next(now + seconds, "woke")))
      assert.equal("DONE", (call:next(now + seconds, "reply", reply(200, GOOD))))
      local _, _, info = call:result()
      assert.is_true(math.abs(info.waited - i * 0.5) < 0.01)
    end
  end)

  it("does not begin a wait that would not fit, and takes no place for it", function()
    local shared, now = fresh { timeout = 1 }, codec.clock()
    for _ = 1, 6 do go(shared, now) end
    for _ = 1, 100 do
      local action, _, call = go(shared, now)
      assert.equal("DONE", action)
      local value, err, info = call:result()
      assert.is_nil(value)
      assert.equal("limit", info.kind)
      assert.equal("LIMITER", info.code)
      assert.is_string(err)
      assert.is_false(info.sent)
      assert.equal(0, info.attempts)
      assert.is_true(info.retryable and math.abs(info.retry_after - 1) < 0.01)
    end
    assert.equal("SEND", (go(shared, now + 1.1)))
  end)

  it("is 2/s and 50 by default, 5/s and 250 for enterprise, off when false", function()
    for _, row in ipairs { { {}, 48 }, { { plan = "enterprise" }, 238 } } do
      local options, now, sent = { timeout = 1, runtime_dir = folder }, codec.clock(), 0
      for name, value in pairs(row[1]) do options[name] = value end
      options.webhook = BASE:gsub("portal", "default" .. row[2])
      local shared = assert(codec.conf(options))
      for _ = 1, 300 do
        if go(shared, now) == "SEND" then sent = sent + 1 end
      end
      assert.equal(row[2], sent) -- a twentieth is left for what overtakes on the way
    end
    local off, now = fresh { limiter = false }, codec.clock()
    for _ = 1, 300 do assert.equal("SEND", (go(off, now))) end
  end)

  it("slows everybody down after QUERY_LIMIT_EXCEEDED", function()
    local shared, now = fresh(), codec.clock()
    local _, _, call = go(shared, now)
    call:next(now, "reply", reply(503, LIMIT))
    local action, seconds = go(shared, now)
    assert.equal("SLEEP", action)
    assert.is_true(seconds >= 0.5 and seconds < 2, seconds)
  end)

  it("asks the user's own, and believes it", function()
    local options = fresh { limiter = { reserve = function() end, penalise = function() end },
      retries = 1 }
    local call = codec.call(options, "im.counters.get")
    local action, question = call:next(0, "go")
    assert.equal("ASK", action)
    assert.same({ question = "reserve", portal = question.portal, time = 30 }, question)
    assert.is_truthy(question.portal:find "^https://limited")
    assert.same({ "SLEEP", 2 }, { call:next(0, "answer", { wait = 2 }) })
    assert.equal("SEND", (call:next(2, "woke")))
    action, question = call:next(2, "reply", reply(503, LIMIT))
    assert.same({ "ASK", "penalise" }, { action, question.question })
    action, question = call:next(2, "answer", {})
    assert.same({ "ASK", "reserve" }, { action, question.question })
    -- granted, but the portal wants a pause
    assert.same({ "SLEEP", 0.5 }, { call:next(2, "answer", { wait = 0 }) })
    assert.equal("SEND", (call:next(2.5, "woke")))
    assert.equal("DONE", (call:next(3, "reply", reply(200, GOOD))))
  end)

  it("ends the call when the user's own refuses, and counts itself when that is broken", function()
    local options = fresh { limiter = { reserve = function() end } }
    local call = codec.call(options, "im.counters.get")
    call:next(0, "go")
    assert.equal("DONE", (call:next(0, "answer", { refused = true, wait = 90 })))
    local _, _, info = call:result()
    assert.same({ "limit", 90, false }, { info.kind, info.retry_after, info.sent })
    call = codec.call(options, "im.counters.get")
    call:next(0, "go")
    assert.equal("SEND", (call:next(0, "answer", { broken = true })))
  end)
end)
