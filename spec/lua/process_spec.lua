-- The process around the calls: Ctrl-C, ends of every kind, a resolver that hangs, memory.
-- One Lua of each kind: processes.

local data = require "spec.support.data"
local libcurl = require "spec.support.libcurl"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

local SIGINT = 2
-- seconds that a call takes when nothing ends it: longer than process.wait has patience
local FOREVER = 300

-- getaddrinfo as it is without a reachable name server
local SHIM = [[
#include <netdb.h>
#include <time.h>
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
    struct addrinfo **res) {
    struct timespec t = {120, 0};
    (void)node, (void)service, (void)hints, (void)res;
    nanosleep(&t, NULL);
    return EAI_AGAIN;
}
]]

describe("a process", function()
  local portal
  setup(function() portal = start() end)
  before_each(function() portal:reset() end)
  teardown(function() portal:control "clear_faults" end)

  -- A script that begins with `conf` and `b24` in scope.
  local function script(body, more)
    local conf = { webhook = portal.webhook, ca_file = portal.ca_file, timeout = 15,
      limiter = false, allow_http = true }
    for name, value in pairs(more or {}) do conf[name] = value end
    local words = {}
    for name, value in pairs(conf) do
      words[#words + 1] = name .. " = " .. (type(value) == "string" and ("%q"):format(value)
        or tostring(value))
    end
    return "local b24, conf = require 'b24', { " .. table.concat(words, ", ") .. " }\n" .. body
  end

  describe("that gets Ctrl-C", function()
    local bodies = {
      ["in b24.counters"] = "b24.counters(conf) print 'still here'",
      ["in client:call"] =
        "local client = b24.client(conf) client:call 'crm.deal.add' print 'still here'",
      ["in a later call"] =
        "local client = b24.client(conf) assert(client:call 'profile') client:counters() "
        .. "print 'still here'",
      ["in a coroutine"] =
        "require 'b24.core' coroutine.wrap(function() b24.counters(conf) end)() print 'still here'",
      ["in a coroutine that loaded it"] = _VERSION ~= "Lua 5.1" and
        "coroutine.wrap(function() b24.counters(conf) end)() print 'still here'" or nil,
    }
    for where, body in pairs(bodies) do
      for _, version in ipairs { "2", "1.1" } do
        it(where .. " (HTTP/" .. version .. ") ends, as Lua scripts do", function()
          portal:control("fault", { kind = "silent", method = "im.counters.get" })
          portal:control("fault", { kind = "silent", method = "crm.deal.add" })
          local child = process.start(script(body, { http_version = version, timeout = FOREVER }))
          assert.is_true(process.eventually(5, function()
            local log = portal:log()
            return log[1] and log[#log].method ~= "profile"
          end))
          child:signal(SIGINT)
          local status, out, err = child:wait()
          assert.same({ 1, "" }, { status, out })
          assert.truthy(err:find("interrupted!", 1, true), err)
        end)
      end
    end

    it("while it connects ends too", function()
      portal:control("raw", { bytes = "", after = "keep" })
      local child = process.start(script("b24.counters(conf) print 'still here'",
        { webhook = "https://localhost:" .. portal.raw_port .. "/rest/1/x/", timeout = FOREVER,
          connect_timeout = FOREVER }))
      assert.is_true(process.eventually(5, function() return #portal:log() > 0 end))
      child:signal(SIGINT)
      local status, out, err = child:wait()
      assert.same({ 1, "" }, { status, out })
      assert.truthy(err:find("interrupted!", 1, true), err)
      portal:control "clear_faults"
    end)
  end)

  it("keeps the deadline when names cannot be resolved, and ends at once", function()
    if process.sanitized() then return pending "a sanitizer waits for the resolver's thread" end
    if libcurl.version < libcurl.ENDS_LOOKUPS then return pending(libcurl.WAITS_FOR_LOOKUPS) end
    local folder = data.folder()
    finally(function() data.remove_folder(folder) end)
    process.write(folder .. "/shim.c", SHIM)
    local complaint = data.shell("cc -shared -fPIC -o " .. folder .. "/shim.so " .. folder
      .. "/shim.c")
    if complaint ~= "" then return pending("no C compiler: " .. complaint) end
    local child = process.start(script([[
      local posix = require "b24_posix"
      local before = posix.now()
      local counters, err, info = b24.counters(conf)
      io.write(tostring(counters), " ", info.kind, " ", tostring(info.sent), " ",
        posix.now() - before < 60 and "in time" or "late", " done")
      io.stdout:flush()
    ]], { webhook = "https://dead-dns.example/rest/1/x/", timeout = 0.3, retries = 0 }),
      { LD_PRELOAD = folder .. "/shim.so" })
    assert.is_true(process.eventually(4, function() return child:output():find "done" end))
    -- the resolver would take two minutes
    assert.same({ 0, "nil timeout false in time done", "" }, { child:wait() })
  end)

  describe("with an open connection", function()
    local endings = {
      ["the end of the script"] = { "", 0 },
      ["os.exit"] = { "os.exit(3)", 3 },
      ["os.exit with close"] = { "os.exit(4, true)", 4 },
      ["os.exit inside a coroutine"] = { "coroutine.wrap(function() os.exit(5, true) end)()", 5 },
      ["an error"] = { "error('over', 0)", 1 },
      ["_exit"] = { "io.stdout:flush() require('b24_posix').exit(6)", 6 },
      ["everything collected before"] = { "b24, client = nil for k in pairs(package.loaded) do "
        .. "if k:find 'b24' then package.loaded[k] = nil end end collectgarbage() collectgarbage()",
        0 },
      ["finalisers that call"] = { "local function last() client:counters() end "
        .. "if newproxy then getmetatable(newproxy(true)).__gc = last else setmetatable({}, { "
          .. "__gc = last }) end", 0 },
    }
    for name, ending in pairs(endings) do
      it("ends in good order by " .. name, function()
        for _, version in ipairs { "2", "1.1" } do
          local status, out, err = process.run(script(
            "client = assert(b24.client(conf)) assert(client:counters()) io.write 'ok' "
            .. ending[1],
            { http_version = version }))
          assert.same({ ending[2], "ok" }, { status, out })
          assert.equal(name == "an error", err ~= "", err)
        end
      end)
    end

    it("ends in good order as a one-liner", function()
      local status, out, err = process.run(
        "print(require 'b24'.badge(require 'b24'.counters()))",
        { B24_WEBHOOK = portal.http_webhook, B24_ALLOW_HTTP = "1" }, { eval = true })
      assert.same({ 0, "8\n", "" }, { status, out, err })
    end)

    it("that never made a call ends in good order", function()
      for _, body in ipairs { "", "assert(b24.client(conf))", "require 'b24.core'",
        "require 'b24.core' os.exit(0, true)" } do
        assert.same({ 0, "", "" }, { process.run(script(body)) })
      end
    end)
  end)

  it("has several Lua threads and a signal handler's hook, and both keep working", function()
    local status, out, err = process.run(script [[
      local ticks = 0
      debug.sethook(function() ticks = ticks + 1 end, "", 10)
      for _ = 1, 3 do assert(b24.counters(conf)) end
      debug.sethook()
      print(ticks > 0)
    ]])
    assert.same({ 0, "true\n", "" }, { status, out, err })
  end)

  it("does not grow: 2,000 calls need no more memory than 200", function()
    if not process.read "/proc/self/status" then return pending "no /proc" end
    if process.sanitized() then return pending "a sanitizer keeps freed memory" end
    local status, out, err = process.run(script([[
      local client = assert(b24.client(conf))
      local function resident()
        collectgarbage() collectgarbage()
        local file = io.open "/proc/self/status"
        local text = file:read "*a"
        file:close()
        return tonumber(text:match "VmRSS:%s+(%d+)")
      end
      local function calls(n)
        for i = 1, n do
          if i % 4 == 0 then
            assert(not client:call("no.such.method", { n = i }))
          else
            assert(client:counters())
          end
        end
      end
      calls(200)
      local before = resident()
      calls(2000)
      local after = resident()
      print(after - before <= 1024 and "flat" or "grew by " .. after - before .. " KiB")
    ]], { webhook = portal.http_webhook }))
    assert.same({ 0, "flat\n", "" }, { status, out, err })
  end)
end)
