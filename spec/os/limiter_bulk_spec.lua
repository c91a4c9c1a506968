-- The same between real processes: one makes batch after batch, others ask for their counters.
-- One Lua of each kind: real time.

local data = require "spec.support.data"
local portal = require "spec.support.portal"
local process = require "spec.support.process"

local BATCHES = 40 -- four more than bulk may send at once

local BULK = [[
local client = assert(require "b24".client { webhook = %q, allow_http = true, runtime_dir = %q })
for _ = 1, %d do
  local answer, err = client:batch { me = "profile" }
  assert(answer, err)
end
]]

local BAR = [[
local counters, err, info = require "b24".counters { webhook = %q, allow_http = true,
  runtime_dir = %q }
assert(counters, err)
print(info.waited)
]]

describe("a bar beside a program that makes batches", function()
  local p, folder
  setup(function() p = portal.start() end)
  before_each(function()
    p:reset()
    p:control("settings", { bucket = { enabled = true, rate = 2, burst = 50 } })
    folder = data.folder()
  end)
  after_each(function() data.remove_folder(folder) end)

  it("does not wait at all", function()
    local bulk = process.start(BULK:format(p.http_webhook, folder, BATCHES))
    assert(process.eventually(60, function() return (p:stats().executions.batch or 0) >= 36 end),
      p:stats().executions.batch)
    for _ = 1, 3 do
      local bar = process.start(BAR:format(p.http_webhook, folder))
      local status, out, err = bar:wait(60)
      assert.same({ 0, 0 }, { status, tonumber(out) }, err)
    end
    local status, _, err = bulk:wait(60)
    assert.equal(0, status, err)
    assert.same({ 0, BATCHES, 3 }, { p:stats().rejections, p:stats().executions.batch,
      p:stats().executions["im.counters.get"] })
  end)
end)
