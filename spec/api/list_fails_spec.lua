-- client:list and client:all that fail: never a short list, and what client:call would have said.

local b24 = require "b24"
local portal = require "spec.support.portal"

local p

local function client(more)
  local options = { webhook = p.http_webhook, allow_http = true, limiter = false, timeout = 20,
    retries = 0 }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(b24.client(options))
end

local SINGLE = { batch = false }

describe("a list that fails", function()
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function() p:reset() end)

  -- What the second page meets: a control, and the code in the message.
  local accidents = {
    { "fault", { kind = "cut_body" }, "REPLY_CUT" },
    { "fault", { kind = "html", status = 502 }, "HTTP_502" },
    { "fault", { kind = "empty", status = 200 }, "EMPTY_REPLY" },
    { "reply", { status = 503, body = '{"error":"QUERY_LIMIT_EXCEEDED"}' },
      "QUERY_LIMIT_EXCEEDED" },
    { "reply", { status = 401, body = '{"error":"expired_token"}' }, "expired_token" },
    { "reply", { body = '{"result":true}' }, "NO_ROWS" },
    { "reply", { body = '{"result":null}' }, "NO_ROWS" },
    { "reply", { body = '{"result":[{"ID":"7"}],"total":1}' }, "CURSOR_STALLED" },
  }
  for _, accident in ipairs(accidents) do
    it("throws in the middle, and returns: " .. accident[3] .. " " .. (accident[2].body or ""),
      function()
        local function arm()
          local arguments = { method = "crm.deal.list", times = 1 }
          for name, value in pairs(accident[2]) do arguments[name] = value end
          p:control(accident[1], arguments)
        end
        local iterator, n = client():list("crm.deal.list", nil, SINGLE), 0
        local ok, err = pcall(function()
          for _ in iterator do
            n = n + 1
            if n == 50 then arm() end
          end
        end)
        assert.is_false(ok)
        assert.equal(50, n)
        assert.equal("string", type(err))
        local place, said = err:match "^(%S+list_fails_spec%.lua:%d+): (b24: .*)$"
        assert.truthy(place, err)
        assert.equal(accident[3], said:match "^b24: ([%w_]+)")
        local again, same = pcall(iterator)
        assert.is_false(again)
        -- the line is another one, or none: pcall asked
        assert.equal(said, (same:gsub("^%S+%.lua:%d+: ", "")))

        arm()
        local rows, message, info = client():all "crm.deal.list"
        if accident[3] == "CURSOR_STALLED" then return end -- a first page of one row is a list
        assert.is_nil(rows)
        -- the time block's length varies
        local expected = info.hint and message .. "\n" .. info.hint or message
        assert.equal((said:gsub("%d+ bytes", "")), (expected:gsub("%d+ bytes", "")))
        assert.equal(accident[3], info.code)
        assert.equal("crm.deal.list", info.method)
      end)
  end

  it("says what client:call says", function()
    local c = client()
    local _, message, about = c:call "no.such.method"
    local ok, err = pcall(c:list "no.such.method")
    assert.is_false(ok)
    assert.truthy(#about.hint > 0)
    assert.equal(message .. "\n" .. about.hint, (err:gsub("^%S+%.lua:%d+: ", "")))
    local rows, same, info = c:all "no.such.method"
    assert.is_nil(rows)
    assert.equal(message, same)
    assert.equal("ERROR_METHOD_NOT_FOUND", info.code)
    assert.equal(1, info.attempts)
  end)

  for _, case in ipairs {
    { "crm.deal.list", { deals_fault = "stall" } },
    { "tasks.task.list", { tasks_fault = "stall" } },
  } do
    it("tells a portal that ignores the filter: " .. case[1], function()
      p:control("settings", case[2])
      local rows, err, info = client():all(case[1])
      assert.is_nil(rows)
      assert.is_true(err:find "CURSOR_STALLED" ~= nil or err:find "CURSOR_UNSORTED" ~= nil, err)
      assert.equal("decode", info.kind)
      assert.is_false(info.retryable)
      assert.is_true(info.sent)
      assert.equal(200, info.status)
      -- luacheck: ignore 542
      local ok, thrown = pcall(function() for _ in client():list(case[1]) do end end)
      assert.is_false(ok)
      assert.equal(err .. "\n" .. info.hint, (thrown:gsub("^%S+%.lua:%d+: ", "")))
    end)
  end

  it("sums up what all pages took", function()
    p:control("fault", { kind = "cut_body", method = "crm.deal.list", times = 1 })
    local rows, err, info = client({ retries = 2 }):all("crm.deal.list", nil, SINGLE)
    assert(rows, err)
    assert.equal(120, #rows)
    assert.equal(3, info.pages)
    assert.equal(4, info.attempts)
    assert.is_true(info.elapsed >= info.waited)
  end)

  it("ends with its client", function()
    local c = client()
    local iterator = c:list "crm.deal.list"
    for _ = 1, 50 do iterator() end
    c:close()
    local ok, err = pcall(iterator)
    assert.is_false(ok)
    assert.truthy(err:find("list_fails_spec%.lua:%d+: b24: CLOSED: "), err)
    local rows, _, info = c:all "crm.deal.list"
    assert.is_nil(rows)
    assert.equal("closed", info.kind)
  end)
end)
