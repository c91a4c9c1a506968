-- b24.metrics: counters for Prometheus, with one set of names. No sockets.

local b24 = require "b24"
local codec = require "b24.codec"

local COUNTERS = assert(codec.decode [[{"TYPE":{"ALL":9,"NOTIFY":2,"CHAT":3,"DIALOG":4,"LINES":0},
  "CHAT":{"18":3},"DIALOG":{"5":4},"LINES":{}}]])

describe("b24.metrics", function()
  it("has a sample for each account, in their order, under one head", function()
    local text = b24.metrics { boris = { err = "x", info = {} },
      anna = { counters = COUNTERS, info = { age = 2.5 } } }
    assert.equal(1, select(2, text:gsub("# TYPE b24_up gauge\n", "")))
    local up = '\nb24_up{account="anna"} 1\nb24_up{account="boris"} 0\n'
    assert.truthy(text:find(up, 1, true), text)
    assert.truthy(text:find('\nb24_unread{account="anna",kind="all"} 9\n', 1, true), text)
    assert.truthy(text:find('\nb24_answer_age_seconds{account="anna"} 2\n', 1, true), text)
    assert.truthy(text:find('\nb24_saturated{account="anna"} 0\n', 1, true), text)
    assert.is_nil(text:find('b24_unread{account="boris"', 1, true))
  end)

  it("is down while an old answer is shown", function()
    assert.truthy(b24.metrics { a = { counters = COUNTERS, info = { stale = true, age = 60 } } }
      :find('b24_up{account="a"} 0\n', 1, true))
  end)

  it("takes accounts of any name", function()
    local text = b24.metrics { ['a"b\\c\nd'] = { info = {} }, [5] = { info = {} } }
    assert.truthy(text:find('b24_up{account="a\\"b\\\\c\\nd"} 0\n', 1, true), text)
    assert.truthy(text:find('b24_up{account="5"} 0\n', 1, true), text)
    assert.equal("\n", b24.metrics {})
  end)

  it("throws what is no table, at the caller's line", function()
    local ok, message = pcall(function()
      local text = b24.metrics "x"
      return text
    end)
    assert.is_false(ok)
    assert.truthy(message:find "metrics_spec.lua:%d+: b24: answers must be a table", message)
  end)
end)
