-- wait/perform: the loop that carries out calls over a transport, here one that never waits.

local codec = require "b24.codec"
local drive = require "b24.wait.perform"

local LIMIT = '{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}'

local function conf(more)
  local options = { webhook = "https://portal.example/rest/1/s3cr3t0fTheSpec/", limiter = false }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(codec.conf(options))
end

-- A core whose requests are answered by `answers`, one after the other; what was sent and slept.
local function core_of(answers, cancelled)
  local sent, slept, clock, ahead = {}, {}, codec.clock, 0
  codec.clock = function() return clock() + ahead end -- as if the time of each sleep had passed
  finally(function() codec.clock = clock end)
  local core = drive.core {
    send = function(request)
      sent[#sent + 1] = request
      local answer = assert(answers[#sent], "a request too many")
      if answer.kind then return nil, answer end
      return answer
    end,
    sleep = function(seconds)
      slept[#slept + 1] = seconds
      ahead = ahead + seconds
      return not cancelled
    end,
  }
  return core, sent, slept
end

local function good(result)
  return { status = 200, body = '{"result":' .. result .. "}", content_type = "application/json" }
end

describe("a driven call", function()
  it("returns value, nil, info", function()
    local core, sent = core_of { good '{"ID":"1"}' }
    local value, err, info = core.call(conf(), "profile", { a = 1 })
    assert.same({ { ID = "1" }, nil, 1 }, { value, err, info.attempts })
    assert.equal('{"a":1}', sent[1].body)
    assert.truthy(sent[1].url:find("/profile", 1, true))
  end)

  it("returns counters in their one shape", function()
    local core = core_of { good '{"CHAT":{"18":"1"}}' }
    local counters = core.counters(conf())
    assert.equal(1, counters.CHAT[18])
    assert.same({}, counters.LINES)
  end)

  it("returns the parts of a batch", function()
    local step = codec.batch({ me = { "profile" } }, false, 1)[1]
    local key = next(step.names)
    local core, sent = core_of {
      good('{"result":{"' .. key
        .. '":{"ID":"1"}},"result_error":[],"result_total":[],"result_next":[]}') }
    assert.same({ me = { ID = "1" } }, (core.batch(conf(), step)).results)
    assert.is_true(sent[1].repeatable)
  end)

  it("carries out a call object that the caller made", function()
    local core = core_of { good "true" }
    assert.is_true((core.perform(codec.call(conf(), "profile"))))
  end)

  it("returns a failure that the transport met", function()
    local core = core_of { { kind = "network", code = "HOST_NOT_FOUND", message = "no such host",
      sent = false } }
    local value, err, info = core.call(conf { retries = 0 }, "profile")
    assert.is_nil(value)
    assert.equal("b24: HOST_NOT_FOUND: no such host", err)
    assert.is_false(info.sent)
  end)

  it("waits between its attempts", function()
    local core, sent, slept = core_of { { status = 503, body = LIMIT }, good "true" }
    assert.is_true((core.call(conf { limiter = nil, runtime_dir = "/nonexistent" }, "profile")))
    assert.equal(2, #sent)
    assert.is_true(slept[1] >= 0.4)
  end)

  it("ends when its transport is cancelled while it waits", function()
    local core, sent = core_of({ { status = 503, body = LIMIT } }, true)
    local value, _, info = core.call(conf(), "crm.deal.add")
    assert.is_nil(value)
    assert.same({ "closed", "CANCELLED", 1 }, { info.kind, info.code, #sent })
  end)

  it("returns what is wrong before there is a request", function()
    local core, sent = core_of {}
    local value, err, info = core.call({}, "profile")
    assert.is_nil(value)
    assert.truthy(err:find("b24: NO_CREDENTIAL", 1, true), err)
    assert.same({ "config", 0 }, { info.kind, #sent })
  end)

  it("throws wrong parameters where it was called", function()
    local core = core_of {}
    local ok, err = pcall(function()
      local value = core.call(conf(), "profile", { 0 / 0 })
      return value
    end)
    assert.is_false(ok)
    assert.truthy(err:find "perform_spec%.lua:%d+: b24: a parameter ", err)
  end)
end)

describe("the user's own limiter", function()
  local function with(limiter, answers)
    local core, sent, slept = core_of(answers or { good "true" })
    local value, err, info = core.call(conf { limiter = limiter }, "profile")
    return value, info, sent, slept, err
  end

  it("is asked, and may grant at once", function()
    local asked = {}
    local value = with { reserve = function(portal, seconds)
      asked = { portal, seconds }
      return 0
    end }
    assert.is_true(value)
    assert.same({ "https://portal.example", 30 }, asked)
  end)

  it("may refuse, and say when to come back", function()
    local value, info, sent = with { reserve = function() return nil, 7 end }
    assert.is_nil(value)
    assert.same({ "limit", 7, 0 }, { info.kind, info.retry_after, #sent })
  end)

  it("is replaced for this call when it throws", function()
    local value, _, sent = with { reserve = function() error "broken" end }
    assert.is_true(value)
    assert.equal(1, #sent)
  end)

  it("is told when the portal was overrun", function()
    local told
    local value, info = with({ reserve = function()
      return 0
    end, penalise = function(_, seconds) told = seconds end },
      { { status = 503, body = LIMIT }, { status = 503, body = LIMIT },
        { status = 503, body = LIMIT } })
    assert.is_nil(value)
    assert.equal("limit", info.kind)
    assert.is_true(told > 0)
  end)

  it("may not hide Ctrl-C", function()
    local ok, err = pcall(with, { reserve = function() error("interrupted!", 0) end })
    assert.same({ false, "interrupted!" }, { ok, err })
  end)
end)
