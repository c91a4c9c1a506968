-- Over each event loop: direct style in b24.run, waiting for handles, errors of the user's own
-- functions, the program's other work meanwhile.
-- One Lua of each kind: event loops, in processes.

local loops = require "spec.support.loops"
local start = require("spec.support.portal").start

local LOOPS = { "uv", "cqueues", "glib" } -- those in which something else goes on

describe("over each event loop", function()
  local portal
  setup(function() portal = start() end)
  before_each(function() portal:reset() end)
  teardown(function() portal:control "clear_faults" end)

  local function prints(expected, source, opts)
    for name, ended in pairs(loops.run(portal, source, opts)) do
      assert.same({ name, 0, expected, "" }, { name, ended.status, ended.out, ended.err })
    end
  end

  it("b24.run has all calls in direct style", function()
    portal:control("settings", { deals = 5000 }) -- requests side by side
    prints("table\tnil\t200\nportal\n120\ninbox\ttable\nall\t5000\nlist\t5000\nsent\tnumber\n"
      .. "read\ttrue\nmany\t2\ntrue\n", [[
      b24.run(function()
        local counters, err, info = client:counters()
        print(type(counters.TYPE), err, info.status) -- how many, the other loops change meanwhile
        print(select(3, client:call "no.such.method").kind)
        local commands = {}
        for i = 1, 120 do commands[i] = { "profile" } end
        print(#client:batch(commands).results)
        print("inbox", type(client:inbox()))
        print("all", #client:all "crm.deal.list")
        local n, row = 0, nil
        if _VERSION == "Lua 5.1" and not jit then
          n = #client:all "crm.deal.list"
        else
          for one in client:list "crm.deal.list" do n, row = n + 1, one end
          assert(row.ID)
        end
        print("list", n)
        print("sent", type(client:send("5", "hello")))
        print("read", (client:mark_read "5"))
        local answers = b24.counters_all { a = conf, b = client }
        print("many", (answers.a.counters and 1 or 0) + (answers.b.counters and 1 or 0))
        print(b24.run(function() return (client:call "profile") ~= nil end)) -- inside: at once
        done()
      end)
    ]])
  end)

  local plain51 = _VERSION == "Lua 5.1" and not rawget(_G, "jit")
  local only51 = plain51 and it or function() end
  only51("a list in a task of Lua 5.1, whose `for` cannot wait, names the other way", function()
    prints("true\ttrue\tnil\n", [[
      b24.run(function()
        local ok, err = pcall(function()
          for _ in client:list "crm.deal.list" do print "a row" end
        end)
        print(not ok, err:find("main%.lua:%d+: b24: .*client:all") ~= nil, (err:find "\n"))
        done()
      end)
    ]])
  end)

  it("b24.run returns what its function returns, where there is a loop by the handle", function()
    prints("1\tnil\tthree\t3\n", [[
      local function body() client:call "profile" return 1, nil, "three" end
      local function show(a, b, c) print(a, b, c, 3) end
      if LOOP == "blocking" or LOOP == "cqueues" then
        show(b24.run(body))
      else
        show(b24.run(body):wait())
      end
      done()
    ]])
  end)

  it("a handle is waited for, with a limit and without one", function()
    portal:control("fault", { kind = "slow", delay = 0.3, times = -1, method = "im.counters.get" })
    prints("nil\ttimeout\tWAIT_TIMEOUT\tfalse\n14\tnil\t200\ttrue\n14\nnil\tclosed\tCANCELLED\n"
      .. "14\nfalse\tstring\n", [[
      local seen
      local handle = client:counters(function(counters) seen = counters.TYPE.ALL end)
      local value, _, info = handle:wait(50)
      print(value, info.kind, info.code, handle.done)
      local counters, err
      counters, err, info = handle:wait()
      print(counters.TYPE.ALL, err, info.status, handle.done)
      print((handle:wait(0)).TYPE.ALL)
      local cancelled = client:counters(function() end)
      cancelled:cancel()
      value, _, info = cancelled:wait()
      print(value, info.kind, info.code)
      client:call("profile", function() end):wait()
      print(seen)
      local ok, complaint = pcall(handle.wait, handle, "soon")
      print(ok, type(complaint))
      done()
    ]])
  end)

  it("a callback may wait for another handle, and call directly where a coroutine may", function()
    portal:control("fault", { kind = "slow", delay = 0.1, times = -1, method = "im.counters.get" })
    prints("14\n14\n", [[
      client:call("profile", function()
        print((client:counters(function(counters) print(counters.TYPE.ALL) end):wait()).TYPE.ALL)
        done()
      end)
    ]], { over = LOOPS })
    prints("14\n", [[
      client:call("profile", function()
        cqueues.sleep(0.01)
        print((client:counters()).TYPE.ALL)
      end)
    ]], { over = { "cqueues" } })
  end)

  it("a callback may wait for a handle whose answer came together with its own", function()
    prints("first\ttrue\tnil\nsecond\n", [[
      local codec, second, seen = require "b24.codec", nil, {}
      local function note(line)
        seen[#seen + 1] = line
        if #seen < 2 then return end
        table.sort(seen)
        print(table.concat(seen, "\n"))
        done()
      end
      client:call("profile", function() -- now there is a connection
        client:call("profile", function()
          local value, err = second:wait()
          note("first\t" .. tostring(value ~= nil) .. "\t" .. tostring(err))
        end)
        second = client:call("profile", function() note "second" end)
        local both_are_there = codec.clock() + 0.3
        while codec.clock() < both_are_there do end
      end)
    ]], { over = LOOPS })
  end)

  it("the loop ends after a wait for an answer that was taken, and not yet handed on", function()
    prints("true\n", [[
      local engine = require "b24.wait.engine"
      local handle = client:call("profile", function() end)
      engine.wait(10)
      engine.pump() -- as somebody else's wait does
      print((handle:wait()) ~= nil)
      done()
    ]], { over = LOOPS })
  end)

  it("a ticker of 5 ms goes on while an answer of half a second is awaited", function()
    portal:control("fault", { kind = "slow", delay = 0.5, times = -1, method = "im.counters.get" })
    for name, ended in pairs(loops.run(portal, [[
      local stop, begun = ticker(), 0
      client:counters(function(counters, err)
        assert(counters, err)
        begun = begun + 1
        if begun == 2 then
          print(stop())
          done()
        end
      end)
      b24.run(function()
        assert(client:counters())
        begun = begun + 1
        if begun == 2 then
          print(stop())
          done()
        end
      end)
    ]], { over = LOOPS })) do
      assert.same({ 0, "" }, { ended.status, ended.err })
      -- of 100; a loop that stands still has one
      assert.is_true(tonumber(ended.out) > 5, name .. ": " .. ended.out)
    end
  end)

  describe("what the user's own function throws", function()
    -- The text is seen by the program or its user, and what else was under way still comes to its
    -- end.
    local function surfaces(source, over)
      for name, ended in pairs(loops.run(portal, source, { whole = true, over = over })) do
        assert.truthy((ended.out .. ended.err):find("the user's own trouble", 1, true),
          name .. ": " .. ended.err)
        if name ~= "uv" then
          assert.truthy(ended.out:find "others went on", name .. ": " .. ended.out .. ended.err)
        end
      end
    end

    local AROUND = [[
      if LOOP == "blocking" then
        local ok, err = pcall(b24.run, main)
        print(ok, err)
        b24.run(function() assert(client:call "profile") print "others went on" end)
      elseif LOOP == "cqueues" then
        local controller = require("cqueues").new()
        controller:wrap(main)
        local ok, err = controller:loop()
        print(ok, err)
        assert(controller:loop())
      else
        spin(main)
      end
    ]]

    it("in a callback", function()
      portal:control("fault", { kind = "slow", delay = 0.2, times = -1,
        method = "im.counters.get" })
      surfaces([[
        local function main()
          client:counters(function(_, err) -- in flight when the other one throws
            assert(not err, err)
            print "others went on"
            done()
          end)
          client:call("profile", function() error "the user's own trouble" end)
        end
      ]] .. AROUND)
    end)

    it("in b24.run, at once and after a call", function()
      for _, first in ipairs { "", "client:call 'profile'" } do
        surfaces([[
          local function main()
            client:call("profile", function(_, err)
              assert(not err, err)
              client:call("profile", function()
                print "others went on"
                done()
              end)
            end)
            b24.run(function()
              ]] .. first .. [[

              error "the user's own trouble"
            end)
          end
        ]] .. AROUND)
      end
    end)

    it("in a task that waits for another, whose callback comes all the same", function()
      surfaces([[
        local function main()
          local handle = client:call("profile", function(_, err)
            assert(not err, err)
            print "others went on"
            done()
          end)
          b24.run(function()
            handle:wait()
            error "the user's own trouble"
          end)
        end
      ]] .. AROUND)
    end)
  end)
end)
