-- The mock portal's operating time. Sources: bitrix24/b24restdocs, limits.md ("Method execution
-- time is accounted for in 10 one-minute baskets …"); for `ban` and the alignment to minutes the
-- server's rest/lib/engine/access/loadlimiter.php.

local baskets = require "b24.mock.baskets"

describe("operating time", function()
  local MINUTE = 60

  it("is the sum of ten baskets, of which only the oldest is emptied", function()
    -- The documentation's example: 400 s in 20 calls, then 100 s more, 40 s of them in the oldest.
    local account, settings = baskets.new(), { limit = 480, cost = 20 }
    local operating, reset_at
    local function call(now)
      assert.is_true(baskets.admit(account, settings, now))
      operating, reset_at = baskets.book(account, settings, now)
    end
    call(5.5)
    call(50)
    for minute = 1, 9 do
      call(minute * MINUTE + 1)
      call(minute * MINUTE + 2)
    end
    assert.equal(400, operating)
    assert.equal(605.5, reset_at) -- of the oldest: ten minutes after its first call
    for second = 10, 14 do call(9 * MINUTE + second) end
    assert.equal(500, operating)
    assert.is_false(baskets.admit(account, settings, 605.4))
    assert.is_true(baskets.admit(account, settings, 605.5)) -- 460: calls are possible again
    call(605.6)
    assert.equal(480, operating)
    assert.equal(661, reset_at)
  end)

  it("counts a basket's ten minutes from its first call, whatever follows in its minute", function()
    local account, settings = baskets.new(), { cost = 1 }
    baskets.book(account, settings, 10 * MINUTE + 20)
    local operating, reset_at = baskets.book(account, settings, 10 * MINUTE + 59)
    assert.same({ 2, 20 * MINUTE + 20 }, { operating, reset_at })
    operating = baskets.book(account, { cost = 0 }, 20 * MINUTE + 20)
    assert.equal(0, operating)
  end)

  it("of a call that costs nothing leaves everything as it is", function()
    local account = baskets.new()
    assert.same({ 0, 700 }, { baskets.book(account, {}, 100) })
    assert.same({ 0, 750 }, { baskets.book(account, {}, 150) })
    assert.is_true(baskets.admit(account, { limit = 0 }, 150))
  end)

  it("over the limit bans for a time on newer servers, which then count from nothing", function()
    local account, settings = baskets.new(), { limit = 1, cost = 2, ban = 300 }
    baskets.book(account, settings, 0)
    assert.is_false(baskets.admit(account, settings, 10))
    assert.is_false(baskets.admit(account, settings, 309.9))
    assert.is_true(baskets.admit(account, settings, 310))
    assert.equal(2, (baskets.book(account, settings, 310)))
  end)
end)
