-- A live watch over each event loop, which goes on meanwhile.
-- One Lua of each kind: event loops, in processes.

local loops = require "spec.support.loops"
local start = require("spec.support.portal").start

describe("a live watch", function()
  local portal
  setup(function() portal = start() end)

  for _, name in ipairs(loops.names) do
    it("hears of changes and calls in its handlers over " .. name, function()
      if not loops.has(name) then pending(name .. ": its module is not installed for this Lua") end
      portal:reset()
      portal:control("account", { user_id = 1, scope = { "im", "pull_channel" } })
      portal:control("push", { hold = 1.2 })
      local ended = loops.run(portal, [[
        local changes = 0
        client:watch {
          live = true,
          on_live = function(on, state)
            print("live", on, state.why)
            local read, err = client:mark_read "chat18"
            print("read", read, err)
          end,
          on_change = function(counters, list, watch)
            changes = changes + 1
            print("change", #list > 0 and list[1].dialog_id or "-", counters.CHAT[18])
            if changes == 2 then
              watch:stop()
              done()
            end
          end,
        }
      ]], { over = { name } })[name]
      assert.same({ 0, "",
        "change\t-\t1\nlive\ttrue\tnil\nread\ttrue\tnil\nchange\tchat18\tnil\n" },
        { ended.status, ended.err, ended.out })
    end)
  end
end)
