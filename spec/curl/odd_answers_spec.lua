-- Odd HTTP answers over libcurl: the table says what becomes of each, here and inside nginx.
-- One Lua of each kind: what is read is libcurl's and C's matter.

local b24 = require "b24"
local libcurl = require "spec.support.libcurl"
local mime = require "mime"
local odd = require "spec.support.odd_answers"
local start = require("spec.support.portal").start

describe("over libcurl an odd answer", function()
  local portal, outcomes, cuts, engine_outcomes
  setup(function()
    portal = start()
    odd.serve(portal, mime.b64)
    local client = assert(b24.client { webhook = portal:webhook_for(portal.raw_port),
      allow_http = true, retries = 0, limiter = false, max_reply = odd.MAX_REPLY })
    outcomes, cuts = odd.outcomes(client), odd.cuts(client)
    b24.run(function() engine_outcomes = odd.outcomes(client) end)
  end)
  teardown(function() portal:reset() end)

  local function agrees(row, wanted, seen)
    local expected, as_written = odd.expected(row, wanted, libcurl.version)
    assert.equal(expected, as_written and seen or seen:gsub(" kept$", ""):gsub(" new$", ""))
  end

  for i, row in ipairs(odd.rows) do
    it(("(%s) is: %s"):format(row[1], row[3]), function() agrees(row, row[3], outcomes[i]) end)
  end

  for i, row in ipairs(odd.cut) do
    it(("cut behind each byte is told as such, %d"):format(i), function()
      agrees(row, row[2], cuts[i])
    end)
  end

  it("is the same to an engine", function() assert.same(outcomes, engine_outcomes) end)

  it("differs over cosockets only where the table says why", function()
    for _, row in ipairs(odd.rows) do
      assert.equal(row.nginx ~= nil, row.why ~= nil, row[1])
      assert.is_true(row.nginx ~= row[3], row[1])
    end
  end)
end)
