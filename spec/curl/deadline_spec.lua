-- One deadline over waiting, connecting, transfer and retries: kept within 50 ms in every state.
-- One Lua of each kind: real time.

local b24 = require "b24"
local calm = require "spec.support.calm"
local portal = require "spec.support.portal"
local process = require "spec.support.process"

local GRACE = process.sanitized() and 1 or 0.05 -- seconds

describe("a deadline of one second", function()
  local p
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function() p:reset() end)

  -- Calls until the answer, and returns what it was; it must not come later than the deadline.
  local function call(more)
    local options = { webhook = p.webhook, ca_file = p.ca_file, timeout = 1, retries = 10,
      limiter = false, allow_http = true }
    for name, value in pairs(more or {}) do options[name] = value end
    local client = assert(b24.client(options))
    local took, value, err, info = calm.timed(1 + GRACE, client.counters, client)
    assert.is_nil(value)
    assert.is_string(err)
    assert.is_true(took <= 1 + GRACE, took .. " s: " .. err)
    assert.is_true(info.elapsed <= 1 + GRACE)
    return info, took
  end

  for _, version in ipairs { "auto", "1.1" } do
    it("holds against a silent portal, http " .. version, function()
      p:control("fault", { kind = "silent", times = -1 })
      local info, took = call { http_version = version }
      assert.equal("timeout", info.kind)
      assert.is_true(took >= 0.9)
    end)

    it("holds against a dripping portal, http " .. version, function()
      p:control("fault", { kind = "drip", delay = 0.05, times = -1 })
      assert.equal("timeout", call({ http_version = version }).kind)
    end)
  end

  it("holds against a portal that refuses connections", function()
    local info = call { webhook = "https://127.0.0.1:1/rest/1/abcdefgh/" }
    -- "timeout" where the last attempt began too shortly before the deadline to be refused
    local kind = info.code == "CONNECTION_REFUSED" and "network" or "timeout"
    assert.same({ kind, false }, { info.kind, info.sent })
    assert.is_true(info.attempts > 1)
  end)

  it("holds against a portal that accepts and never shakes hands", function()
    p:control("raw", { bytes = "", after = "keep", at_once = true, times = 1000 })
    local info = call { webhook = ("https://127.0.0.1:%d/rest/1/abcdefgh/"):format(p.raw_port) }
    assert.same({ "timeout", false }, { info.kind, info.sent })
  end)

  it("holds against a portal that cuts every reply", function()
    p:control("fault", { kind = "cut_body", times = -1 })
    -- "timeout" where the last attempt began too shortly before the deadline to be cut
    local kind = call().kind
    assert.is_true(kind == "network" or kind == "timeout", kind)
  end)

  it("holds against a limiting portal, whose error remains", function()
    p:control("reply", { status = 503, body = '{"error":"QUERY_LIMIT_EXCEEDED"}', times = -1 })
    for _, limiter in ipairs { false, { rate = 2, burst = 5000 } } do
      local info = call { limiter = limiter }
      assert.same({ "limit", "QUERY_LIMIT_EXCEEDED" }, { info.kind, info.code })
      assert.is_true(info.retry_after > 0)
    end
  end)

  it("does not begin a wait for the limiter that would not fit", function()
    local options = { limiter = { rate = 0.01, burst = 1 }, webhook = p.http_webhook }
    assert(b24.counters { webhook = p.http_webhook, allow_http = true, limiter = options.limiter })
    local info = call(options)
    assert.same({ "limit", "LIMITER", 0, 0 }, { info.kind, info.code, info.attempts, info.waited })
    assert.is_true(info.retry_after > 1 and info.retry_after <= 100)
  end)

  it("does wait where it fits", function()
    local options = { webhook = p.http_webhook:gsub("127.0.0.1", "localhost"), allow_http = true,
      timeout = 30, limiter = { rate = 4, burst = 1 } }
    assert.is_true((calm.attempt(function() -- a call that comes late need not wait
      assert(b24.counters(options))
      local counters, err, info = b24.counters(options)
      assert(counters, err)
      return info.waited > 0.1 and info.waited < 0.5
    end)))
  end)

  it("holds against a user's limiter, too", function()
    local info = call { limiter = { reserve = function() return 30 end } }
    assert.same({ "limit", 30 }, { info.kind, info.retry_after })
  end)
end)

describe("a user's own limiter", function()
  local p
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function() p:reset() end)

  local function client(limiter)
    return assert(b24.client { webhook = p.webhook, ca_file = p.ca_file, limiter = limiter,
      timeout = 10 })
  end

  it("is asked before each request, with the portal and the seconds that are left", function()
    local asked = {}
    local c = client { reserve = function(origin, seconds)
      asked[#asked + 1] = { origin, seconds }
      return 0.05
    end }
    local _, _, info = c:counters()
    assert.equal(1, #asked)
    assert.is_truthy(asked[1][1]:find("^https://localhost:%d+$"))
    assert.is_true(asked[1][2] > 0 and asked[1][2] <= 10)
    assert.is_true(info.waited >= 0.05)
  end)

  it("hears of an overrun portal", function()
    local told = {}
    p:control("reply", { status = 503, body = '{"error":"QUERY_LIMIT_EXCEEDED"}', times = 1 })
    local limiter = { reserve = function()
      return 0
    end, penalise = function(_, seconds) told[#told + 1] = seconds end }
    assert(client(limiter):counters())
    assert.equal(1, #told)
    assert.is_true(told[1] > 0)
  end)

  it("refuses with nil, and says when", function()
    local value, _, info = client({ reserve = function() return nil, 7 end }):counters()
    assert.is_nil(value)
    assert.same({ "limit", 7, 0 }, { info.kind, info.retry_after, info.attempts })
  end)

  for name, broken in pairs {
    throws = function() error "redis is away" end,
    ["answers nonsense"] = function() return "soon" end,
  } do
    it("that " .. name .. " is replaced by the built-in one", function()
      assert(client({ reserve = broken }):counters())
    end)
  end

  it("is checked for names and types where it is given", function()
    for _, limiter in ipairs { { reserve = 1 }, { rate = "2" }, { reserv = function() end },
        { [1] = 2 } } do
      local ok, err = pcall(b24.client, { webhook = p.webhook, limiter = limiter })
      assert.is_false(ok)
      assert.is_truthy(err:find("limiter", 1, true), err)
    end
    for _, limiter in ipairs { { rate = 0 }, { rate = -1 }, { burst = 0 }, { burst = 1.5 },
        { rate = 0 / 0 } } do
      local value, _, info = b24.client { webhook = p.webhook, limiter = limiter }
      assert.is_nil(value)
      assert.equal("config", info.kind)
    end
  end)
end)
