-- The engine (b24.core.engine) and its process: threads, descriptors, memory, signals, fork, what
-- it prints.
-- One Lua of each kind: processes.

local core = require "b24.core"
local data = require "spec.support.data"
local posix = require "b24_posix"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

local SIGINT = 2
local ENGINES = os.getenv "B24_LONG" and 10000 or 1000

describe("an engine in its process", function()
  local portal, engine
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    engine = core.engine()
  end)
  after_each(function() engine:close() end)
  teardown(function() portal:control "clear_faults" end)

  local function threads()
    local list = {}
    for name in data.shell("ls /proc/" .. posix.getpid() .. "/task"):gmatch "%d+" do
      list[#list + 1] = name
    end
    return list
  end

  it("is closed by the collector, with its thread and its descriptors", function()
    if not process.read "/proc/self/status" then return pending "no /proc" end
    collectgarbage() -- what earlier specs left must not go meanwhile
    collectgarbage()
    local before, files = #threads(), posix.descriptors()
    for _ = 1, 5 do core.engine():sleep(100) end
    assert.is_true(#threads() > before)
    collectgarbage()
    collectgarbage()
    assert.same({ before, files }, { #threads(), posix.descriptors() })
  end)

  it("has no thread before its first job, and then one that gets no signals", function()
    if not process.read "/proc/self/status" then return pending "no /proc" end
    local before = {}
    for _, id in ipairs(threads()) do before[id] = true end
    engine:pollfd()
    assert.is_false(engine:wait(0))
    engine:sleep(100)
    local helpers = 0
    for _, id in ipairs(threads()) do
      if not before[id] then
        helpers = helpers + 1
        local mask = process.read("/proc/self/task/" .. id .. "/status"):match "SigBlk:%s*(%x+)"
        assert.equal("f", mask:sub(-1):lower():gsub("[^f]", "-")) -- HUP, INT, QUIT, ILL
        assert.truthy(mask:lower():sub(-5, -5):find "[bf]", mask) -- CHLD 17, CONT 18, TSTP 20
        assert.truthy(mask:lower():sub(-4, -4):find "[7f]", mask) -- PIPE 13, ALRM 14, TERM 15
      end
    end
    assert.equal(1, helpers)
  end)

  it("leaves nothing behind: " .. ENGINES .. " engines, each with a job", function()
    if not process.read "/proc/self/status" then return pending "no /proc" end
    local function resident()
      return tonumber(process.read("/proc/self/status"):match "VmRSS:%s+(%d+)")
    end
    local function engines(n)
      for i = 1, n do
        local one = core.engine()
        one:sleep(i % 2 == 0 and 100 or 0)
        if i % 2 == 1 then assert.is_true(one:wait(60)) end
        one:close()
      end
      collectgarbage()
      collectgarbage()
    end
    engines(200)
    local before, files, memory = #threads(), posix.descriptors(), resident()
    engines(ENGINES)
    assert.same({ before, files }, { #threads(), posix.descriptors() })
    if not process.sanitized() then
      assert.is_true(resident() - memory < 2048, resident() - memory)
    end
  end)

  it("has the blocking transport's words for each of 1,000 connections that are reset", function()
    portal:control("raw", { after = "reset", times = 1001 })
    local webhook = portal:webhook_for(portal.raw_port)
    local status, out, err = process.run(([[
      local codec, core = require "b24.codec", require "b24.core"
      local conf = assert(codec.conf { webhook = %q, allow_http = true, retries = 0,
        limiter = false, timeout = 15 })
      local _, _, info = core.call(conf, "profile")
      local engine, same, other = core.engine(), 0, "none"
      for _ = 1, 1000 do
        local call = codec.call(conf, "profile")
        call:next(codec.clock(), "go")
        engine:add(call)
      end
      while engine:running() > 0 and engine:wait(10) do
        for _, event, data in engine.step, engine do
          if event == "failed" and data.kind == info.kind and data.code == info.code
              and data.message == info.message then
            same = same + 1
          else
            other = event .. " " .. tostring(data.code) .. " " .. tostring(data.message)
          end
        end
      end
      print(info.kind, info.code, same, other)
    ]]):format(webhook))
    assert.same({ 0, "network\tCONNECTION_LOST\t1000\tnone\n", "" }, { status, out, err })
  end)

  it("is not its forked child's, which has its own; the parent's connection lives on", function()
    local status, out, err = process.run(([[
      local b24, posix = require "b24", require "b24_posix"
      local engine = require("b24.core").engine()
      engine:sleep(100)
      local client = assert(b24.client { webhook = %q, ca_file = %q, limiter = false })
      local function ask()
        return b24.run(function()
          local value, err, info = client:call "profile"
          assert(value, err)
          return info.reused
        end)
      end
      local function both() return tostring(ask()) .. " " .. tostring(ask()) end
      print("parent", both())
      io.stdout:flush()
      local pid = posix.fork()
      if pid == 0 then
        for _, name in ipairs { "add", "sleep", "step", "pollfd", "running", "wait", "cancel" } do
          local ok, err = pcall(engine[name], engine, 1)
          assert(not ok and err:find("belongs to the parent process", 1, true), err)
        end
        assert(not engine:usable())
        print("child", both())
        engine:close()
        io.stdout:flush()
        -- what is the parent's would look lost to a sanitizer
        if os.getenv "LD_PRELOAD" then posix.exit(0) end
        os.exit(0, true)
      end
      print("child ended", posix.wait(pid))
      print("parent", both())
      assert(engine:running() == 1 and not engine:wait(0))
    ]]):format(portal.webhook, portal.ca_file))
    assert.same({ 0, "" }, { status, err })
    assert.equal("parent false true|child false true|child ended\t0|parent true true|",
      (out:gsub("\t([ft])", " %1")
      :gsub("\n", "|")))
    assert.equal(2, portal:stats().connections.https)
  end)

  it("waits until Ctrl-C, not longer", function()
    local child = process.start [[
      local engine = require("b24.core").engine()
      engine:sleep(300)
      print "ready" io.stdout:flush()
      engine:wait(300)
      print "still here"
    ]]
    assert.is_true(process.eventually(5, function() return child:output():find "ready" end))
    posix.sleep(0.02)
    child:signal(SIGINT)
    local status, out, err = child:wait()
    assert.same({ 1, "ready\n" }, { status, out })
    assert.truthy(err:find("interrupted!", 1, true), err)
  end)
end)
