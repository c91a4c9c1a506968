-- Nothing runs twice that must not, and nothing is lost that need not be: counted by the portal
-- itself.
-- One Lua of each kind: real time.

local b24 = require "b24"
local calm = require "spec.support.calm"
local portal = require "spec.support.portal"

local p

local function client(how, more)
  local options = { webhook = how.https and p.webhook or p.http_webhook, ca_file = p.ca_file,
    allow_http = true, http_version = how.version, limiter = false, timeout = 20, retries = 2 }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(b24.client(options))
end

local function executions(method) return p:stats().executions[method] or 0 end

local ways = { { name = "h2", https = true }, { name = "https/1.1", https = true, version = "1.1" },
  { name = "http/1.1" } }

-- What the portal does to one request, and whether the method ran.
local accidents = {
  { name = "cut body", fault = { kind = "cut_body" }, ran = true },
  { name = "cut header", fault = { kind = "cut_header" }, ran = true },
  { name = "cut before a byte", fault = { kind = "execute_then_cut" }, ran = true },
  { name = "reset", fault = { kind = "reset" } },
  { name = "502", fault = { kind = "html", status = 502 } },
  { name = "500, empty", fault = { kind = "empty", status = 500 } },
  -- if it runs, then later
  { name = "too slow", fault = { kind = "slow", delay = 3 }, more = { timeout = 0.4 } },
}

describe("a method that writes", function()
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function() p:reset() end)

  for _, way in ipairs(ways) do
    for _, accident in ipairs(accidents) do
      it(("is sent once: %s, %s"):format(accident.name, way.name), function()
        calm.check(p, function()
          -- the accident then hits a kept connection, where libcurl would repeat by itself
          assert(client(way):call "profile")
          local c = client(way, accident.more)
          local fault = { method = "crm.deal.add", times = 1 }
          for name, value in pairs(accident.fault) do fault[name] = value end
          p:control("fault", fault)
          local value, err, info = c:call("crm.deal.add", { fields = { TITLE = "x" } })
          assert.is_nil(value)
          assert.is_string(err)
          assert.equal(1, info.attempts)
          assert.is_true(info.sent)
          assert.is_false(info.retryable)
          assert.equal(accident.ran and 1 or 0, executions "crm.deal.add")
          assert.equal(1, p:asked "crm.deal.add")
        end)
      end)
    end
  end

  it("is repeated after QUERY_LIMIT_EXCEEDED, and runs once", function()
    for _, status in ipairs { 503, 200 } do
      p:reset()
      local body = '{"error":"QUERY_LIMIT_EXCEEDED"}'
      p:control("reply", { method = "crm.deal.add", status = status, times = 2, body = body })
      local id, err, info = client(ways[1]):call("crm.deal.add", {})
      assert(id, err)
      assert.equal(3, info.attempts)
      assert.is_true(info.waited > 0)
      assert.equal(1, executions "crm.deal.add")
    end
  end)

  it("is repeated when the caller says that it may be", function()
    p:control("fault", { kind = "execute_then_cut", method = "crm.deal.add", times = 1 })
    assert(client(ways[2]):call("crm.deal.add", {}, { idempotent = true }))
    assert.equal(2, executions "crm.deal.add")
  end)
end)

describe("a method that reads", function()
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function() p:reset() end)

  for _, way in ipairs(ways) do
    it("survives every accident: " .. way.name, function()
      local c = client(way)
      for _, accident in ipairs(accidents) do
        if not accident.more then
          local fault = { method = "im.counters.get", times = 1 }
          for name, value in pairs(accident.fault) do fault[name] = value end
          p:control("fault", fault)
          local counters, err = c:counters()
          assert(counters, accident.name .. ": " .. tostring(err))
          assert.equal(14, counters.TYPE.ALL)
        end
      end
    end)
  end

  it("survives a portal that is over its limit", function()
    p:control("settings", { bucket = { enabled = true, rate = 20, burst = 5 } })
    -- our limiter believes in a larger bucket
    local c = client(ways[1], { limiter = { rate = 20, burst = 100 }, retries = 5 })
    for _ = 1, 30 do assert(c:counters()) end
    assert.is_true(p:stats().rejections > 0)
  end)
end)
