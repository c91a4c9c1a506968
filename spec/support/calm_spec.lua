-- The specs' own watch over the machine (spec/support/calm.lua).

local calm = require "spec.support.calm"
local posix = require "b24_posix"

describe("calm", function()
  -- How often it calls what is late each time, on a machine with such delays.
  local function calls(...)
    local delays, watch, n = { ... }, calm.watch, 0
    calm.watch = function() return function() return delays[n] or 1 end end
    finally(function() calm.watch = watch end)
    local late = { calm.attempt(function()
      n = n + 1
      return false, "late"
    end) }
    assert.same({ false, "late" }, late)
    return n
  end

  it("runs once what is in time, and hands on its results", function()
    local n = 0
    assert.same({ true, nil, 3 }, { calm.attempt(function(a, b)
      n = n + 1
      return true, a, b
    end, nil, 3) })
    local took, value = calm.timed(600, function(x) return x end, "x")
    assert.same({ 1, "x", true }, { n, value, took >= 0 })
  end)

  it("runs once what is late on a quiet machine", function() assert.equal(1, calls(0.0001)) end)

  it("repeats it while the machine stalls, and not for ever", function()
    assert.equal(3, calls(0.3, 0.01, 0.0001))
    assert.equal(20, calls())
  end)

  it("measures with a clock of another process", function()
    local stop = calm.watch()
    posix.sleep(0.05)
    local delay = stop()
    assert.is_true(delay >= 0 and delay < 60, delay)
  end)

  it("lets errors through", function()
    local ok, err = pcall(calm.attempt, function() error({ "mine" }, 0) end)
    assert.same({ false, { "mine" } }, { ok, err })
  end)
end)
