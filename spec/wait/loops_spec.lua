-- The same calls over luv, cqueues, GLib and in plain Lua (b24.run): callbacks, handles, many
-- accounts, cancellation.
-- One Lua of each kind: event loops, in processes.

local calm = require "spec.support.calm"
local loops = require "spec.support.loops"
local start = require("spec.support.portal").start

describe("over each event loop", function()
  local portal
  setup(function() portal = start() end)
  before_each(function() portal:reset() end)
  teardown(function() portal:control "clear_faults" end)

  for _, name in ipairs(loops.names) do
    if not loops.has(name) then
      it("(over " .. name .. ")", function()
        pending(name .. ": its module is not installed for this Lua")
      end)
    end
  end

  -- What the program prints over each of them.
  local function prints(expected, source, opts)
    for name, ended in pairs(loops.run(portal, source, opts)) do
      assert.same({ name, 0, expected, "" }, { name, ended.status, ended.out, ended.err })
    end
  end

  it("a callback gets what the call would have returned, and never at once", function()
    prints("b24.task false\ntrue\ttable\tnil\t200\tim.counters.get\t14\nb24.task (done)\n", [[
      local returned, handle = false, nil
      handle = client:counters(function(counters, err, info)
        print(returned, type(counters), err, info.status, info.method, counters.TYPE.ALL)
        print(handle)
        done()
      end)
      returned = true
      print(tostring(handle) .. " " .. tostring(handle.done))
    ]])
  end)

  it("a failure is nil, message, info, whatever its cause", function()
    prints("nil\tb24: ERROR_METHOD_NOT_FOUND: Method not found! (HTTP "
      .. "404)\tportal\tno.such.method\n"
      .. "nil\tstring\tconfig\tfalse\nnil\tstring\tclosed\tfalse\nnil\tstring\tnetwork\tfalse\n", [[
      client:call("no.such.method", function(value, err, info)
        print(value, err, info.kind, info.method)
        local early = true
        local function next_one(continue)
          return function(v, e, i)
            print(v, type(e), i.kind, early)
            early = true
            continue()
          end
        end
        local function refused()
          b24.counters({ webhook = "http://127.0.0.1:1/rest/1/x/", allow_http = true, retries = 0 },
            next_one(done))
          early = false
        end
        local function closed()
          client:close()
          client:counters(next_one(refused))
          early = false
        end
        b24.counters({}, next_one(closed))
        early = false
      end)
    ]])
  end)

  it("every call takes a callback", function()
    portal:control("message", { dialog_id = "5", count = 1 })
    prints("all\ttable\nbatch\ttable\ncall\ttable\ncounters\ttable\ninbox\ttable\nmark_read\t"
      .. "boolean\nmessages\ttable\n"
      .. "send\tnumber\n", [[
      local seen, n = {}, 0
      local function note(name)
        return function(value, err)
          seen[#seen + 1] = name .. "\t" .. type(value) .. (err and "\t" .. err or "")
          if #seen < 8 then return end
          table.sort(seen)
          print(table.concat(seen, "\n"))
          done()
        end
      end
      client:counters(note "counters")
      client:call("profile", note "call")
      client:batch({ me = { "profile" } }, note "batch")
      client:inbox(note "inbox")
      client:messages("5", note "messages")
      client:send("5", "hello", note "send")
      client:mark_read("5", note "mark_read")
      client:all("crm.deal.list", nil, { max = 3 }, note "all")
    ]])
  end)

  it("60 accounts are asked side by side, and a bad one hides none", function()
    local words = {}
    for i = 1, 59 do
      local account = portal:control("account", { user_id = 100 + i })
      words[i] = ("[%d] = %q"):format(i, account.http_webhook)
    end
    portal:control("fault", { kind = "slow", delay = 0.1, times = -1, method = "im.counters.get" })
    local in_time, least, most = calm.attempt(function()
      local least, most = math.huge, 0 -- luacheck: ignore
      for name, ended in pairs(loops.run(portal, ([[
        local confs = { %s }
        for i, webhook in pairs(confs) do
          confs[i] = { webhook = webhook, allow_http = true, limiter = false }
        end
        confs.bad = { webhook = conf.webhook:gsub("/[^/]+/$", "/wrong0secret/"), allow_http = true,
          limiter = false }
        local begun = require("b24.codec").clock()
        b24.counters_all(confs, { parallel = 20 }, function(answers, err, info)
          local good = 0
          for i = 1, 59 do good = good + (answers[i].counters and 1 or 0) end
          local bad = answers.bad
          print(good, bad.counters, bad.info.kind, type(bad.err), err, info.failed, info.attempts,
            info.method)
          print(require("b24.codec").clock() - begun)
          done()
        end)
      ]]):format(table.concat(words, ", ")))) do
        local line, seconds = ended.out:match "^(.-)\n(.-)\n"
        assert.same({ name, 0, "59\tnil\tauth\tstring\tnil\t1\t60\tim.counters.get", "" },
          { name, ended.status, line, ended.err })
        least, most = math.min(least, tonumber(seconds)), math.max(most, tonumber(seconds))
      end
      return most < 4, least, most
    end)
    -- three rounds of 20; one by one it would be six seconds
    assert.is_true(least >= 0.3 and in_time, most)
  end)

  it("a cancelled call tells its callback once, in whatever state it is", function()
    portal:control("fault", { kind = "slow", delay = 0.3, times = -1, method = "im.counters.get" })
    prints("nil\tclosed\tCANCELLED\tim.counters.get\ntrue\tfalse\nfalse\n"
      .. "nil\tclosed\tCANCELLED\tim.counters.get\ttrue\nall: nil\tclosed\tCANCELLED\n"
      .. "over: true\tfalse\n", [[
      local function tell(_, err, info) print(err and nil, info.kind, info.code, info.method) end
      local first = client:counters(tell)
      local a, b = first:cancel(), first:cancel() -- before a byte was sent
      print(a, b)
      local second, all
      second = client:counters(function(_, _, info)
        print(nil, info.kind, info.code, info.method, second.done)
      end)
      all = b24.counters_all({ conf, conf, conf }, function(value, _, info)
        print("all: " .. tostring(value), info.kind, info.code)
      end)
      client:call("profile", function(_, err) -- the others are in flight now
        assert(not err, err)
        print(first:cancel())
        second:cancel()
        all:cancel()
        client:call("profile", function(value, _, _)
          local over = client:call("profile", function() end)
          over:wait()
          print("over: " .. tostring(value ~= nil), over:cancel())
          done()
        end)
      end)
    ]])
  end)
end)
