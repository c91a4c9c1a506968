-- client:list needs the same memory for a list of any length: that of one request's pages.
--
-- B24_LIST_ROWS=1000000 makes the list as long as that (200,000 otherwise).
-- One Lua of each kind: processes.

local codec = require "b24.codec"
local list = require "b24.api.list"
local process = require "spec.support.process"
local Portal = require "spec.support.rows_portal"

local LONG = tonumber(os.getenv "B24_LIST_ROWS" or "") or 200000
local GROWTH = 1024 -- KiB of Lua's memory between the first tenth of the list and its end
local RESIDENT = 8192 -- KiB of the process's: malloc keeps some of what was freed

describe("a very long list", function()
  it("is read in the memory of one request", function()
    local portal = Portal.new { rows = LONG }
    local cursor = codec.cursor("crm.deal.list", nil, true)
    local n, before, most, resident_before, resident = 0, nil, 0, nil, nil
    portal:serve(function()
      for row in list.rows({ conf = portal.conf }, cursor, "crm.deal.list") do
        n = n + 1
        if tonumber(row.ID) ~= n then error("after " .. n - 1 .. " came " .. row.ID) end
        if n % (LONG / 20) == 0 then
          collectgarbage()
          most, resident = math.max(most, collectgarbage "count"), process.resident()
          if n == LONG / 10 then before, resident_before = most, resident end
        end
      end
    end)
    assert.equal(LONG, n)
    assert.equal(math.ceil((LONG - 50 + 1) / 2500) + 1, portal.requests)
    assert.equal(1, portal.counts)
    if process.sanitized() then return end
    assert.is_true(most - before < GROWTH, most - before)
    local more = resident and resident - resident_before or 0
    assert.is_true(more < RESIDENT, more)
    if LONG > 200000 then
      print(("%d rows: %.0f KiB of Lua's, %d KiB of the process's memory more"):format(n,
        most - before, more))
    end
  end)
end)
