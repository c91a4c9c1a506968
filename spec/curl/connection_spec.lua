-- Connections: kept, shared between clients, replaced when dead, and never shared with a forked
-- child. A call that changes something is never repeated behind the caller's back.
-- One Lua of each kind: processes.

local data = require "spec.support.data"
local posix = require "b24_posix"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

local b24

-- A module without kept connections.
local function reload()
  for _, name in ipairs { "b24", "b24.core", "b24.client" } do package.loaded[name] = nil end
  b24 = require "b24"
end

local IDLE = 0.05 -- seconds: long enough for a FIN over loopback

describe("a connection", function()
  local portal
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    reload()
  end)

  local transports = {
    { name = "https, HTTP/2", listener = "https", version = "2" },
    { name = "https, HTTP/1.1", listener = "https", version = "1.1" },
    { name = "http", listener = "http", version = "1.1" },
  }

  local function new_conf(transport, more)
    local conf = { webhook = transport.listener == "http" and portal.http_webhook or portal.webhook,
      allow_http = true,
      ca_file = portal.ca_file, http_version = transport.version, timeout = 30, retries = 0,
      limiter = false }
    for name, value in pairs(more or {}) do conf[name] = value end
    return conf
  end

  for _, transport in ipairs(transports) do
    local function connections() return portal:stats().connections[transport.listener] end

    local function executions(method) return portal:stats().executions[method] or 0 end

    describe("over " .. transport.name, function()
      it("serves all calls of all clients", function()
        local one, two = assert(b24.client(new_conf(transport))),
          assert(b24.client(new_conf(transport)))
        for i = 1, 5 do
          assert.equal(i > 1, select(3, one:counters()).reused)
          assert.is_true(select(3, two:call("crm.deal.add", { n = i })).reused)
          assert.is_true(select(3, b24.counters(new_conf(transport))).reused)
          assert.is_true(select(3, two:call "no.such.method").reused)
        end
        one:close()
        assert.is_true(select(3, two:counters()).reused)
        assert.equal(1, connections())
      end)

      it("serves several users of one portal", function()
        local other = portal:control("account", { user_id = 2, demo = true })
        assert(b24.counters(new_conf(transport)))
        local webhook = transport.listener == "http" and other.http_webhook or other.webhook
        assert.is_true(select(3, b24.counters(new_conf(transport, { webhook = webhook }))).reused)
        assert.equal(1, connections())
      end)

      -- libcurl 8.22 and later looks at a kept connection only when it was idle for a second.
      local function replaced(client)
        local opened = connections() -- none of this module yet
        for i, method in ipairs { "im.counters.get", "crm.deal.add", "im.counters.get" } do
          portal:control("fault", { kind = "close_after" })
          assert(client:counters())
          posix.sleep(IDLE)
          local before = executions(method)
          local value, err, info = client:call(method)
          assert.truthy(value, err)
          assert.same({ false, 1 }, { info.reused, info.attempts })
          assert.equal(before + 1, executions(method))
          assert.equal(opened + i + 1, connections())
        end
        return true
      end

      it("that the portal closed while it was idle is replaced without a word", function()
        local client = assert(b24.client(new_conf(transport)))
        replaced(client)
        assert.is_true(b24.run(function() return replaced(client) end, { transport = "blocking" }))
      end)

      it("that the portal closed while idle is replaced for changes side by side", function()
        local client = assert(b24.client(new_conf(transport)))
        -- streams would share the end of their connection
        local kept = transport.version == "2" and 1 or 4
        local function all(method, n)
          local tasks, failures = {}, {}
          for i = 1, n do
            tasks[i] = client:call(method, {}, function(_, err) failures[#failures + 1] = err end)
          end
          for _, task in ipairs(tasks) do task:wait() end
          assert.same({}, failures)
        end
        assert.is_true(b24.run(function()
          for round = 1, 3 do
            -- so that each has a connection
            portal:control("fault", { kind = "slow", delay = 0.05, times = 4 })
            all("profile", 4)
            portal:control("fault", { kind = "close_after", times = kept })
            all("profile", kept)
            posix.sleep(IDLE)
            all("crm.deal.add", 4)
            assert.equal(4 * round, executions "crm.deal.add")
          end
          return true
        end, { transport = "blocking" }))
      end)

      for _, kind in ipairs { "execute_then_cut", "cut_header", "cut_body" } do
        it("that ends in a change (" .. kind .. ") leaves it done exactly once", function()
          local client = assert(b24.client(new_conf(transport)))
          for round = 1, 3 do
            assert(client:counters())
            portal:control("fault", { kind = kind })
            local value, err, info = client:call("crm.deal.add", { title = "once" })
            assert.is_nil(value)
            assert.same({ "network", true, 1 }, { info.kind, info.sent, info.attempts })
            assert.truthy(err)
            assert.equal(round, executions "crm.deal.add")
          end
          assert(client:counters())
        end)
      end

      it("that is kept and ends while reading is an error or a success, and no harm", function()
        local client = assert(b24.client(new_conf(transport)))
        for _, kind in ipairs { "execute_then_cut", "reset", "cut_header" } do
          for _ = 1, 3 do
            assert(client:counters())
            portal:control("fault", { kind = kind })
            local counters, err, info = client:counters()
            if counters then
              assert.equal(14, counters.TYPE.ALL)
            else
              assert.same({ "network", true }, { info.kind, info.sent })
              assert.truthy(err)
            end
            portal:control "clear_faults"
            assert(client:counters())
          end
        end
      end)

      it("belongs to the process that made it: a forked child opens its own", function()
        local ends = { "os.exit(0, true)", "os.exit(0)", "posix.exit(0)", "return",
          "collectgarbage() collectgarbage() return" }
        for _, ending in ipairs(ends) do
          for _, child_calls in ipairs { true, false } do
            portal:control "reset"
            local conf = new_conf(transport)
            local status, out, err = process.run(([[
              local b24, posix = require "b24", require "b24_posix"
              local conf = { webhook = %q, allow_http = true, ca_file = %q, http_version = %q,
                timeout = 30,
                limiter = false }
              local client = assert(b24.client(conf))
              local counters, _, info = assert(client:counters())
              local pid = posix.fork()
              if pid == 0 then
                if %s then
                  for i = 1, 2 do
                    counters, _, info = client:counters()
                    if not counters or info.reused ~= (i == 2) then posix.exit(7) end
                  end
                end
                %s
              else
                io.write("child ", tostring(posix.wait(pid)), "\n")
                for i = 1, 2 do
                  counters, err, info = client:counters()
                  io.write(err or "ok", " ", tostring(info.reused), "\n")
                end
              end
            ]]):format(conf.webhook, conf.ca_file, conf.http_version, tostring(child_calls),
              ending))
            assert.same({ ending, 0, "child 0\nok true\nok true\n", "" },
              { ending, status, out, err })
            assert.equal(child_calls and 2 or 1, connections())
          end
        end
      end)
    end)
  end

  -- libcurl 8.7 to 8.15 keeps in its handle that a body is to be rewound, and rewinds the program's
  -- own input.
  describe("that was lost in a change", function()
    local LINES = "one\ntwo\nthree\n"
    local folder
    setup(function()
      folder = data.folder()
      process.write(folder .. "/lines", LINES)
    end)
    teardown(function() data.remove_folder(folder) end)

    local inputs = {
      ["a file"] = function() return { stdin = folder .. "/lines" } end,
      ["a pipe"] = function() return { stdin = folder .. "/lines", piped = true } end,
      ["a terminal"] = function() return { stdin = posix.terminal(LINES) } end,
    }

    local ways = { ["at once"] = "work()", ["inside b24.run"] = "assert(b24.run(work))" }

    local SCRIPT = [[
      local b24 = require "b24"
      local client = assert(b24.client { webhook = %q, allow_http = true, ca_file = %q,
        http_version = %q, timeout = 5,
        retries = 0, limiter = false })
      local function say(value, _, info)
        io.write(value and "ok" or info.kind .. " " .. tostring(info.sent), "; ")
      end
      local function work()
        say(client:counters())
        for _ = 1, 2 do
          say(client:call("crm.deal.add", { title = "lost" }))
          say(client:call("im.message.add", { DIALOG_ID = "5", MESSAGE = "not lost" }))
          say(client:call("im.message.add", { DIALOG_ID = "5", MESSAGE = "not lost" }))
          say(client:counters())
        end
        return true
      end
      print(io.read "*l")
      %s
      print(io.read "*l", io.read "*l")
    ]]
    local ROUND = "network true; ok; ok; ok; "

    local function run(transport, way, opts)
      local conf = new_conf(transport)
      local script = SCRIPT:format(conf.webhook, conf.ca_file, conf.http_version, way)
      return process.start(script, nil, opts):wait()
    end

    for _, transport in ipairs(transports) do
      for name, way in pairs(ways) do
        for input, opts in pairs(inputs) do
          it(("leaves the next calls and the input alone: %s, %s, stdin is %s")
            :format(transport.name, name, input),
            function()
              for _, kind in ipairs { "reset", "execute_then_cut" } do
                portal:control "reset"
                portal:control("fault", { kind = kind, method = "crm.deal.add", times = 2 })
                local status, out, err = run(transport, way, opts())
                local expected = "one\nok; " .. ROUND:rep(2) .. "two\tthree\n"
                assert.same({ 0, expected, "" }, { status, out, err })
                assert.equal(4, portal:stats().executions["im.message.add"])
              end
            end)
        end
      end
    end
  end)

  it("of http/1.1 is given up after a reply that was too large; the next call is fine", function()
    local conf = new_conf(transports[2], { max_reply = 1000000 })
    local client = assert(b24.client(conf))
    portal:control("fault", { kind = "huge", bytes = 2000000 })
    assert.equal("too_large", select(3, client:counters()).kind)
    local counters, _, info = client:counters()
    assert.same({ 14, false }, { counters.TYPE.ALL, info.reused })
  end)

  it("is kept for each of twenty portals", function()
    local many = start { addresses = 20 }
    for round = 1, 3 do
      for i = 1, 20 do
        local counters, err, info = b24.counters { webhook = many:webhook_for("127.0.0." .. i),
          timeout = 30, ca_file = many.ca_file, limiter = false }
        assert.truthy(counters, err)
        assert.equal(round > 1, info.reused)
      end
      assert.equal(20, many:stats().connections.https)
    end
    many:stop()
  end)
end)
