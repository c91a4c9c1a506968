-- Over each event loop: its end, the process's end, and a fork while requests are under way; which loop is chosen.

local loops = require "spec.support.loops"
local posix = require "b24_posix"
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
    local ends = prints("cancelled\nover\n", [[
      spin(function()
        local handle
        handle = client:counters(function() print "cancelled" end)
        client:call("profile", function() handle:cancel() end)
      end)
      spin(function() end)
      print "over"
    ]], { whole = true, over = { "uv", "cqueues", "blocking" } })
    for _, ended in pairs(ends) do assert.is_true(ended.elapsed < 5) end
  end)

  it("a program ends in good order whatever moment of a request it is", function()
    portal:control("fault", { kind = "silent", times = -1, method = "im.counters.get" })
    local children = {}
    for _, name in ipairs(LOOPS) do
      for _, ending in ipairs(loops.has(name) and { "os.exit(0, true)", "os.exit(0)", "" } or {}) do
        for _, ms in ipairs { 0, 1, 2, 5, 10, 20, 50 } do
          children[#children + 1] = { name .. " after " .. ms .. " ms by '" .. ending .. "'", loops.program(portal, name, ([[
            local function main()
              for i = 1, 5 do client:counters(function() print "an answer" end) end
              client:call("profile", function() end)
              b24.run(function() client:counters() end)
              b24.counters({ webhook = conf.webhook, ca_file = conf.ca_file, limiter = false, http_version = "1.1" },
                function() print "an answer" end)
            end
            if LOOP == "cqueues" then
              controller = require("cqueues").new()
              controller:wrap(main)
              controller:step(0)
            else
              main()
            end
            local codec = require "b24.codec"
            local over = codec.clock() + %d / 1000
            while codec.clock() < over do end
            %s
          ]]):format(ms, ending), { whole = true }) }
        end
      end
    end
    for first = 1, #children, 8 do
      local running, begun = {}, posix.now()
      for i = first, math.min(first + 7, #children) do running[i] = process.start(children[i][2]) end
      for i, child in pairs(running) do
        local status, out, err = child:wait()
        assert.same({ children[i][1], 0, "", "" }, { children[i][1], status, out, err })
      end
      assert.is_true(posix.now() - begun < 5)
    end
  end)

  describe("a fork", function()
    -- The child's calls have an engine of their own; what the parent had under way is answered, there and only there.
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
      portal:control("fault", { kind = "slow", delay = 0.3, times = 4, method = "im.counters.get" })
      prints("child\t3\t14\tnil\t0\nparent\t14\n", PROGRAM, { whole = true })
    end)
  end)
end)
