-- Over each event loop: its end, the process's end, and a fork while requests are under way; which
-- loop is chosen.
-- One Lua of each kind: event loops, in processes.

local loops = require "spec.support.loops"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

local LOOPS = { "uv", "cqueues", "glib" }

describe("over each event loop", function()
  local portal
  setup(function() portal = start() end)
  before_each(function() portal:reset() end)
  teardown(function() portal:control "clear_faults" end)

  local function prints(expected, source, opts)
    local ends = loops.run(portal, source, opts)
    for name, ended in pairs(ends) do
      assert.same({ name, 0, expected, "" }, { name, ended.status, ended.out, ended.err })
    end
    return ends
  end

  it("the loop ends by itself when nothing is under way any more", function()
    portal:control("fault", { kind = "silent", times = -1, method = "im.counters.get" })
    prints("cancelled\nover\n", [[
      spin(function()
        local handle
        handle = client:counters(function() print "cancelled" end)
        client:call("profile", function() handle:cancel() end)
      end)
      spin(function() end)
      print "over"
    ]], { whole = true, over = { "uv", "cqueues", "blocking" },
      conf = { timeout = 300 } }) -- a child is killed before that
  end)

  it("a program ends in good order whatever moment of a request it is", function()
    portal:control("fault", { kind = "silent", times = -1, method = "im.counters.get" })
    -- Forked before anything is loaded: as good as so many interpreters, and cheaper.
    local forks = [[
      local posix = require "b24_posix"
      local pids, pause = {}, nil
      for i, ms in ipairs { %s } do
        pids[i] = posix.fork()
        if pids[i] == 0 then
          pause = ms / 1000
          break
        end
      end
      if not pause then
        local ends = {}
        for i, pid in ipairs(pids) do ends[i] = tostring(posix.wait(pid)) end
        print("ended " .. table.concat(ends, " "))
        io.stdout:flush()
        posix.exit(0)
      end
    ]]
    for ending, moments in pairs { ["os.exit(0, true)"] = "0, 2, 10, 30",
        ["os.exit(0)"] = "0, 1, 5, 20", [""] = "0, 3, 15, 50" } do
      -- os.exit(0) frees nothing, which a sanitizer calls a leak when it is slow.
      if process.sanitized() then moments = ending == "os.exit(0)" and "" or moments end
      prints("ended " .. (moments:gsub("%d+", "0"):gsub(",", "")) .. "\n", ([[
        local function main()
          client:counters(function() print "an answer" end)
          b24.run(function() client:counters() end)
          conf.http_version = "1.1"
          b24.counters(conf, function() print "an answer" end)
        end
        if LOOP == "cqueues" then
          controller = require("cqueues").new()
          controller:wrap(main)
          controller:step(0)
        else
          main()
        end
        posix.sleep(pause)
        %s
      ]]):format(ending), { whole = true, over = LOOPS, before = forks:format(moments),
        conf = { webhook = portal.webhook } })
    end
  end)

  describe("a fork", function()
    -- The child's calls have an engine of their own; what the parent had under way is answered,
    -- there and only there.
    local PROGRAM = [[
      local posix = require "b24_posix"
      local function main()
        client:call("profile", function(_, err)
          assert(not err, err)
          local answers = 0
          client:counters(function(counters, trouble)
            answers = answers + 1
            print("parent", counters and counters.TYPE.ALL or trouble)
            done()
          end)
          local pid = posix.fork()
          if pid == 0 then
            conf.transport = "blocking"
            client, err = b24.client(conf)
            local n = 0
            for _ = 1, 3 do n = n + (assert(client, err):call "profile" and 1 or 0) end
            local value, trouble = b24.run(function()
              conf.transport = nil
              local answer, problem = b24.counters(conf)
              return answer.TYPE.ALL, problem
            end, { transport = "blocking" })
            collectgarbage()
            collectgarbage()
            print("child", n, value, trouble, answers)
            io.stdout:flush()
            posix.exit(0)
          end
          assert(posix.wait(pid) == 0)
        end)
      end
      spin(main)
    ]]

    it("while a request is under way", function()
      if process.sanitized() then
        return pending "a sanitizer's allocator may be locked by the helper at the fork"
      end
      portal:control("fault", { kind = "slow", delay = 0.3, times = 4, method = "im.counters.get" })
      prints("child\t3\t14\tnil\t0\nparent\t14\n", PROGRAM,
        { whole = true, conf = { webhook = portal.webhook } })
    end)
  end)
end)
