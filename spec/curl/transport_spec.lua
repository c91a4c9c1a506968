-- Which transport carries out a call (conf.transport, the loops that are loaded), and what is said
-- where none can.

local process = require "spec.support.process"
local start = require("spec.support.portal").start

describe("the choice of a transport", function()
  local portal
  setup(function() portal = start() end)
  before_each(function() portal:reset() end)

  -- What a program prints that has `b24`, `conf`, `complain(f, ...)` (prints what f throws) and
  -- stand-ins for loops.
  local function prints(expected, source)
    local status, out, err = process.run(([[
      local b24 = require "b24"
      local conf = { webhook = %q, allow_http = true, limiter = false }
      local function complain(f, ...)
        local given = { ... }
        local ok, err = pcall(function()
          local value = f(given[1], given[2], given[3], given[4], given[5])
          return value
        end)
        print(ok and "no error"
          or (tostring(err):gsub("^[^:]*main%%.lua:%%d+: ", "at the caller: ")))
      end
      local function nothing() end
      local function with(transport)
        return { webhook = conf.webhook, allow_http = true, limiter = false, transport = transport }
      end
    ]]):format(portal.http_webhook) .. source)
    assert.same({ 0, expected, "" }, { status, out, err })
  end

  it("in plain Lua blocks, and a callback is refused with the other ways", function()
    prints("14\n14\n2\n"
      .. "at the caller: b24: a callback needs an event loop, and none is loaded; call "
        .. "b24.counters(conf) without one, "
      .. "or choose transport = \"uv\" (luv), \"cqueues\" or \"glib\" (lgi)\n"
      .. "at the caller: b24: a callback needs an event loop, and transport = \"blocking\" has "
        .. "none; call "
      .. "b24.counters(conf) without one, or choose transport = \"uv\" (luv),"
      .. " \"cqueues\" or \"glib\" (lgi)\n", [[
      print((b24.counters(conf)).TYPE.ALL)
      print(b24.run(function() return (b24.counters(conf)).TYPE.ALL end))
      local answers = b24.counters_all { conf, conf }
      print(#answers)
      complain(b24.counters, conf, nothing)
      complain(b24.counters, with "blocking", nothing)
    ]])
  end)

  it("that is no transport is refused, and so is a callback that is none", function()
    prints("at the caller: b24: the callback of b24.counters(conf) must be a function, not a "
      .. "string\n"
      .. "at the caller: b24: the callback of client:counters() must be a function, not a table\n"
      .. "at the caller: b24: the callback of client:send(dialog_id, text) must be a function, "
        .. "not a boolean\n"
      .. "at the caller: b24: b24.run needs a function, not a nil\n"
      .. "at the caller: b24: option 'transport' must be \"auto\", \"blocking\", \"uv\", "
        .. "\"cqueues\" or \"glib\", "
      .. "not threads\n"
      .. "at the caller: b24: unknown option 'transports' of b24.run (there is: transport; did you "
        .. "mean 'transport'?)\n"
      .. "at the caller: b24: the options of b24.run must be a table, not a string\n"
      .. "at the caller: b24: option 'parallel' must be a whole number of 1 to 1000, not 0\n"
      .. "at the caller: b24: confs must be a table of accounts, not a string\n"
      .. "at the caller: b24: the accounts name different transports: \"cqueues\" and \"uv\"\n", [[
      local client = assert(b24.client(conf))
      complain(b24.counters, conf, "later")
      complain(client.counters, client, {})
      complain(client.send, client, "5", "text", nil, false)
      complain(b24.run)
      complain(b24.run, nothing, { transport = "threads" })
      complain(b24.run, nothing, { transports = "uv" })
      complain(b24.run, nothing, "uv")
      complain(b24.counters_all, { conf }, { parallel = 0 })
      complain(b24.counters_all, "accounts")
      complain(b24.counters_all, { with "cqueues", with "uv" })
    ]])
  end)

  it("unknown to conf is a config error", function()
    prints("nil\tconfig\nnil\tconfig\n", [[
      for _, name in ipairs { "threads", "" } do
        local client, _, info = b24.client(with(name))
        print(client, info.kind)
      end
    ]])
  end)

  it("among several loaded loops is the user's", function()
    prints("at the caller: b24: several event loops are loaded; say which one drives "
      .. "b24.counters(conf): transport = \"uv\" or \"glib\"\n"
      .. "at the caller: b24: several event loops are loaded; say which one drives b24.run: "
      .. "transport = \"uv\" or \"glib\"\n14\n14\n", [[
      package.loaded.luv, package.loaded.lgi = {}, {}
      complain(b24.counters, conf, nothing)
      complain(b24.run, nothing)
      print((b24.counters(conf)).TYPE.ALL) -- without a callback nothing is unclear
      print(b24.run(function()
        return (b24.counters(conf)).TYPE.ALL
      end, { transport = "blocking" }))
    ]])
  end)

  it("that was named wins over whatever is loaded", function()
    prints("at the caller: b24: with transport = \"uv\" give b24.counters(conf) a callback, or "
      .. "make it inside b24.run\n"
      .. "at the caller: b24: with transport = \"glib\" give b24.counters(conf) a callback, or "
        .. "make it inside b24.run\n"
      .. "at the caller: b24: with transport = \"cqueues\" make b24.counters(conf) in a coroutine "
        .. "of a running controller\n"
      .. "at the caller: b24: with transport = \"cqueues\" make b24.counters(conf) in a coroutine "
        .. "of a running controller\n"
      .. "at the caller: b24: with transport = \"cqueues\" make b24.run in a coroutine of a "
      .. "running controller\n14\n", [[
      package.loaded.luv, package.loaded.lgi = {}, {}
      complain(b24.counters, with "uv")
      complain(b24.counters, with "glib")
      complain(b24.counters, with "cqueues")
      complain(b24.counters, with "cqueues", nothing)
      complain(b24.run, nothing, { transport = "cqueues" })
      print((b24.counters(with "blocking")).TYPE.ALL)
    ]])
  end)

  it("that is not installed says so", function()
    prints("at the caller: b24: transport = \"uv\" does not load\n", [[
      package.preload.luv = function() error "no such thing here" end
      local ok, err = pcall(function()
        local value = b24.counters(with "uv", nothing) return value
      end)
      print(ok or (err:match "^[^\n]-does not load":gsub("^[^:]*main%.lua:%d+: ",
        "at the caller: ")))
    ]])
  end)

  it("over GLib watches its descriptor by the function that this GLib has", function()
    prints("GLibUnix.fd_add_full\ttrue\nremove\t7\nGLib.unix_fd_add_full\ttrue\nremove\t7\n", [[
      local engine = require "b24.wait.engine"
      local function watch(name)
        return function(_, fd)
          print(name, fd == engine.pollfd())
          return 7
        end
      end
      local function try(lgi)
        package.loaded.lgi, package.loaded["b24.wait.glib"] = lgi, nil
        local waiter = require "b24.wait.glib"
        waiter.arm()
        waiter.disarm()
      end
      local function remove(id) print("remove", id) end
      local condition = { IN = 1 }
      try { GLib = { IOCondition = condition, source_remove = remove },
        require = function(name)
          return assert(name == "GLibUnix") and { fd_add_full = watch "GLibUnix.fd_add_full" }
        end }
      try { GLib = { IOCondition = condition, source_remove = remove,
        unix_fd_add_full = watch "GLib.unix_fd_add_full" },
        require = function() error "Typelib file not found" end }
    ]])
  end)

  it("with cqueues that merely is loaded is the same as without", function()
    if not pcall(require, "cqueues") then return pending "cqueues is not installed for this Lua" end
    prints("14\nat the caller: b24: a callback needs an event loop,"
      .. " and no controller of cqueues runs here\n", [[
      require "cqueues"
      print(b24.run(function() return (b24.counters(conf)).TYPE.ALL end))
      local ok, err = pcall(function() local value = b24.counters(conf, nothing) return value end)
      print(ok or (err:match "^[^;]*":gsub("^[^:]*main%.lua:%d+: ", "at the caller: ")))
    ]])
  end)

  it("never blocks a program with a screen of its own", function()
    prints("at the caller: b24: b24.counters(conf) would freeze AwesomeWM until the portal "
      .. "answers; give it a callback, "
      .. "make it inside b24.run, or, to wait all the same, set transport = \"blocking\"\n"
      .. "at the caller: b24: b24 does not support the event loop of Hammerspoon; run the program "
        .. "b24 as a child process\n"
      .. "at the caller: b24: b24.counters(conf) cannot wait here: a worker thread of "
        .. "ngx.run_worker_thread "
      .. "has no sockets; call it outside\n", [[
      awesome = { connect_signal = nothing }
      complain(b24.counters, conf)
      awesome, hs = nil, {}
      complain(b24.counters, conf, nothing)
      hs, ngx = nil, { get_phase = nothing }
      complain(b24.counters, conf)
    ]])
  end)

  describe("in cqueues", function()
    if not pcall(require, "cqueues") then
      it("lets only the coroutine wait", function()
        pending "cqueues is not installed for this Lua"
      end)
      return
    end

    it("lets only the coroutine wait that makes the call", function()
      portal:control("fault", { kind = "slow", delay = 0.3, times = -1 })
      prints("true\ttrue\ttrue\n", [[
        local cqueues = require "cqueues"
        local controller, ticks, answers, begun, first = cqueues.new(), 0, 0, 0, nil
        for _ = 1, 5 do
          controller:wrap(function()
            begun = begun + 1
            assert(b24.counters(conf))
            first = first or { begun, ticks }
            answers = answers + 1
          end)
        end
        controller:wrap(function()
          while answers < 5 do
            cqueues.sleep(0.005)
            ticks = ticks + 1
          end
        end)
        local ok, err = controller:loop()
        -- before the first answer all were under way, and the rest of the program ran
        print(ok or err, first[1] == 5, first[2] > 0)
      ]])
    end)

    it("goes on in two controllers, one inside the other", function()
      portal:control("fault", { kind = "slow", delay = 0.2, times = -1 })
      prints("inner over true\ninner,outer,outer\n", [[
        local cqueues = require "cqueues"
        local outer, seen = cqueues.new(), {}
        local function ask(name)
          assert(b24.counters(conf))
          seen[#seen + 1] = name
        end
        outer:wrap(function()
          local inner = cqueues.new()
          inner:wrap(ask, "inner")
          local ok = inner:loop()
          print("inner over " .. tostring(ok))
        end)
        outer:wrap(function()
          cqueues.sleep(0.1)
          ask "outer"
          ask "outer"
        end)
        assert(outer:loop())
        table.sort(seen)
        print(table.concat(seen, ","))
      ]])
    end)

    it("goes on in both, with many calls of each", function()
      prints("120\ttrue\n", [[
        local cqueues = require "cqueues"
        local outer, answers, client = cqueues.new(), 0, assert(b24.client(conf))
        local function ask()
          for _ = 1, 10 do
            if client:call "profile" then answers = answers + 1 end
          end
        end
        outer:wrap(function()
          local inner = cqueues.new()
          for _ = 1, 6 do inner:wrap(ask) end
          assert(inner:loop())
        end)
        for _ = 1, 6 do outer:wrap(ask) end
        local ok = outer:loop()
        print(answers, ok)
      ]])
    end)

    it("lets an inner controller end while a watch goes on in the outer one", function()
      prints("inner over\nstopped\n", [[
        local cqueues = require "cqueues"
        local outer = cqueues.new()
        outer:wrap(function()
          local client = assert(b24.client(conf))
          local watch = client:watch { every = 60, on_change = function() end }
          local inner = cqueues.new()
          inner:wrap(function() assert(client:counters()) end)
          assert(inner:loop())
          print "inner over"
          watch:stop()
        end)
        assert(outer:loop())
        print "stopped"
      ]])
    end)
  end)
end)
