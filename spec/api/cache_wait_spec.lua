-- What is done with an entry of the cache while another process asks: codec.cache step by step,
-- without a portal.

local codec = require "b24.codec"
local command = require "spec.support.command"
local posix = require "b24_posix"

local JSON = '{"result":{"TYPE":{"ALL":3}}}'

describe("an entry that is old, and asked for by somebody else,", function()
  local holder, waiting
  local home, dir
  before_each(function()
    home = command.home()
    dir = home .. "/run"
  end)
  after_each(function() command.remove(home) end)

  local function entry(more)
    local conf = { webhook = "https://portal.example/rest/1/s3cr3t0fTheSpec/", runtime_dir = dir,
      max_age = 60 }
    for name, value in pairs(more or {}) do conf[name] = value end
    return assert(codec.cache(assert(codec.conf(conf))))
  end

  local function begin(more)
    local first = entry()
    first:step()
    first:store(JSON)
    posix.sleep(0.02)
    local settings = { max_age = 0.01 }
    for name, value in pairs(more) do settings[name] = value end
    holder, waiting = entry { max_age = 0.01 }, entry(settings)
    assert.equal("ask", (holder:step()))
  end

  it("is waited for, then asked for again", function()
    begin {}
    local step, counters, age, pause = waiting:step()
    assert.same({ "wait", 3 }, { step, counters.TYPE.ALL })
    assert.is_true(age > 0 and pause > 0 and pause <= 0.02)
    holder:release()
    assert.equal("ask", (waiting:step()))
  end)

  it("is good enough with stale_ok, when the other one got no answer", function()
    begin { stale_ok = true }
    assert.equal("wait", (waiting:step()))
    holder:release()
    local step, counters, age = waiting:step()
    assert.equal("stale", step)
    local value, err, info = waiting:finish(step, counters, age)
    assert.same({ counters, nil, true, "another process got no answer", 0, "im.counters.get" },
      { value, err, info.stale, info.stale_because, info.attempts, info.method })
    assert.equal("ask", (entry { max_age = 0.01 }:step())) -- the claim is free again
  end)

  it("is good enough with stale_ok at the deadline", function()
    begin { stale_ok = true, timeout = 0.001 }
    posix.sleep(0.01)
    local step, counters, age = waiting:step()
    local value, err, info = waiting:finish(step, counters, age)
    assert.same({ "stale", 3, nil, "another process still waits for an answer" },
      { step, value.TYPE.ALL, err, info.stale_because })
  end)

  it("is no answer at the deadline", function()
    begin { timeout = 0.001 }
    posix.sleep(0.01)
    local step, counters, age = waiting:step()
    local value, err, info = waiting:finish(step, counters, age)
    assert.same({ "late", nil, "timeout", "TIMEOUT" }, { step, value, info.kind, info.code })
    assert.truthy(err:find "another process")
  end)

  it("may be given up", function()
    begin {}
    local _, counters, age = waiting:step()
    local value, _, info = waiting:finish("cancelled", counters, age)
    assert.same({ nil, "closed", "CANCELLED" }, { value, info.kind, info.code })
  end)

  it("takes the place of failures that pass, never of those that stay", function()
    for kind, forgiven in pairs { network = true, timeout = true, http = true, limit = true,
        portal = true, auth = false, denied = false, config = false, closed = false } do
      for _, stale_ok in ipairs { true, false } do
        os.execute("rm -rf " .. dir)
        begin { stale_ok = stale_ok }
        holder:release()
        assert.equal("ask", (waiting:step()))
        local value, err, info = waiting:asked(nil, "b24: why", { kind = kind })
        if forgiven and stale_ok then
          assert.same({ 3, nil, "b24: why" }, { value.TYPE.ALL, err, info.stale_because })
        else
          assert.same({ nil, "b24: why", kind }, { value, err, info.kind })
        end
        assert.equal("ask", (entry { max_age = 0.01 }:step())) -- the claim is free again
      end
    end
  end)
end)
