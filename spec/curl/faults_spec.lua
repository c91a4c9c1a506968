-- Whatever a portal, a proxy or the network does: an error value in time, a living process, a
-- working next call.
-- One Lua of each kind: real time.

local calm = require "spec.support.calm"
local mime = require "mime"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

local RESULT = '{"result":{"TYPE":{"ALL":5},"CHAT":{},"DIALOG":{"1":5},"LINES":[]}}'

local b24

-- A module without kept connections.
local function reload()
  for _, name in ipairs { "b24", "b24.core", "b24.client" } do package.loaded[name] = nil end
  b24 = require "b24"
end

-- kind of fault, its arguments, and what a call makes of it: kind and code of the error, or "ok"
local faults = {
  { "cut_body", {}, "network", "REPLY_CUT" },
  { "cut_body", { bytes = 0 }, "network", "REPLY_CUT" },
  { "cut_header", {}, "network" },
  { "execute_then_cut", {}, "network" },
  { "reset", {}, "network" },
  { "garbage", {}, "network" },
  -- in HTTP/1.1 without TLS only JSON can tell that something is missing
  { "no_length_cut", {}, "network decode" },
  { "no_length_cut", { bytes = 0 }, "network decode" },
  { "close_after", {}, "ok" },
  { "slow", { delay = 0.05 }, "ok" },
  { "silent", {}, "timeout", "TIMEOUT" },
  { "drip", { delay = 0.05 }, "timeout", "TIMEOUT" },
  { "html", { status = 200 }, "decode", "NOT_JSON" },
  { "html", { status = 401 }, "auth", "HTTP_401" },
  { "html", { status = 403 }, "denied", "HTTP_403" },
  { "html", { status = 404 }, "http", "HTTP_404" },
  { "html", { status = 408 }, "timeout", "HTTP_408" },
  { "html", { status = 429 }, "limit", "HTTP_429" },
  { "html", { status = 500 }, "http", "HTTP_500" },
  { "html", { status = 503 }, "limit", "HTTP_503" },
  { "html", { status = 504 }, "http", "HTTP_504" },
  { "empty", {}, "decode", "EMPTY_REPLY" },
  { "empty", { status = 204 }, "decode", "EMPTY_REPLY" },
  { "empty", { status = 500 }, "http", "HTTP_500" },
  { "redirect", { location = "https://elsewhere.example/rest/1/x/im.counters.get" }, "http",
    "REDIRECT" },
  { "huge", { bytes = 3 * 1024 * 1024 }, "too_large", "REPLY_TOO_LARGE" },
  { "chunked", { size = 7 }, "ok" },
  { "gzip", {}, "ok" },
}

describe("when the portal misbehaves", function()
  local portal
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    reload()
  end)
  teardown(function() portal:control "clear_faults" end)

  local function new_client(more)
    local conf = { webhook = portal.webhook, ca_file = portal.ca_file, timeout = 30, retries = 0,
      limiter = false, allow_http = true, max_reply = 1024 * 1024 }
    for name, value in pairs(more or {}) do conf[name] = value end
    return assert(b24.client(conf))
  end

  local transports = {
    { name = "https, HTTP/2", conf = function() return { http_version = "2" } end },
    { name = "https, HTTP/1.1", conf = function() return { http_version = "1.1" } end },
    { name = "http", conf = function() return { webhook = portal.http_webhook } end },
  }

  -- What holds for each failure after which the portal may have seen the request.
  local function check_failure(value, err, info)
    assert.is_nil(value)
    assert.equal("b24: ", err:sub(1, 5))
    assert.is_nil(err:find "[%c]")
    assert.truthy(#info.code > 0)
    assert.is_true(info.sent)
    assert.equal("boolean", type(info.retryable))
    assert.truthy(info.message)
  end

  for _, transport in ipairs(transports) do
    for _, fault in ipairs(faults) do
      local kind, arguments, expected, code = fault[1], fault[2], fault[3], fault[4]
      local _, shown = next(arguments)
      it(("(%s %s) over %s the answer is %s"):format(kind, shown or "", transport.name, expected),
        function()
          local conf = transport.conf()
          local silent = code == "TIMEOUT"
          if silent then conf.timeout = 0.15 end
          local client = new_client(conf)
          local patient = new_client(transport.conf())
          for _, warm in ipairs { false, true } do -- on a new connection and on a kept one
            for _, method in ipairs { "im.counters.get", not silent and "crm.deal.add" or nil } do
              if warm then assert(patient:counters()) end
              local before = portal:stats().executions["crm.deal.add"] or 0
              local args = { kind = kind, times = -1 }
              for name, item in pairs(arguments) do args[name] = item end
              portal:control("fault", args)
              local function call() -- the request must leave in time
                local elapsed, value, err, info = process.timed(client.call, client, method)
                return not silent or info.sent, elapsed, value, err, info
              end
              local _, elapsed, value, err, info
              if silent then _, elapsed, value, err, info = calm.attempt(call)
              else _, elapsed, value, err, info = call() end
              portal:control "clear_faults"
              assert.is_true(elapsed < 60)
              if expected == "ok" then
                assert.truthy(value, err)
              else
                check_failure(value, err, info)
                assert.truthy(expected:find(info.kind, 1, true), err)
                if code then assert.equal(code, info.code) end
                if silent then assert.is_true(elapsed >= 0.14) end
              end
              assert.is_true((portal:stats().executions["crm.deal.add"] or 0) <= before + 1,
                "ran twice")
              assert(patient:call "profile")
            end
          end
        end)
    end
  end

  describe("in its very bytes:", function()
    local function raw(bytes, more, conf)
      local text = not bytes:find "[%z\128-\255]" -- base64 is slow
      local script = { bytes = text and bytes or nil,
        bytes_base64 = not text and mime.b64(bytes) or nil }
      for name, value in pairs(more or {}) do script[name] = value end
      portal:control("raw", script)
      conf = conf or {}
      conf.webhook = conf.webhook or portal:webhook_for(portal.raw_port)
      return new_client(conf):counters()
    end

    local function fails(kinds, bytes, more, conf)
      local value, err, info = raw(bytes, more, conf)
      check_failure(value, err, info)
      assert.truthy((" " .. kinds .. " "):find(" " .. info.kind .. " ", 1, true), err)
      return info
    end

    local replies = {
      ["a length"] = "HTTP/1.1 200 OK\r\nContent-Length: " .. #RESULT .. "\r\n\r\n" .. RESULT,
      chunks =
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n")
          :format(#RESULT, RESULT),
    }
    for name, reply in pairs(replies) do
      it("every prefix of a reply with " .. name .. " is a network error", function()
        -- their last line's end may be missing: nothing of the answer is then
        local chunked = name == "chunks"
        for n = chunked and 44 or 0, #reply - (chunked and 2 or 1) do
          local value, err, info = raw(reply:sub(1, n))
          assert.is_nil(value, n)
          assert.same({ n, "network", true }, { n, info.kind, info.sent })
          assert.truthy(#info.code > 0 and err)
        end
        assert.equal(5, assert(raw(reply)).TYPE.ALL)
      end)

      it("a reset inside a reply with " .. name .. " is a network error", function()
        for _, n in ipairs { 0, 5, 17, 45, #reply - 8 } do
          fails("network", reply:sub(1, n), { after = "reset" })
        end
      end)
    end

    it("a reply that stalls anywhere ends at the deadline", function()
      for _, n in ipairs { 5, 17, 45, 80 } do
        calm.check(portal, function()
          fails("timeout", replies["a length"]:sub(1, n), { after = "keep" }, { timeout = 0.4 })
        end)
      end
      portal:control "clear_faults"
    end)

    it("an encoding that does not exist: no retries, and the header's fault", function()
      for _, name in ipairs { "UTF-8", "windows-1251", "gzip, UTF-8", "aes128gcm" } do
        local info = fails("decode",
          ("HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s")
          :format(name, #RESULT, RESULT), { times = 1 }, { retries = 2 })
        assert.same({ "UNKNOWN_ENCODING", false, 1, true },
          { info.code, info.retryable, info.attempts, info.sent })
        assert.truthy(info.message:find("Content-Encoding: " .. name, 1, true), info.message)
        assert.truthy(info.hint:find("Content-Encoding", 1, true), info.hint)
      end
    end)

    it("an encoding that the body is not in: damaged, and may be better the next time", function()
      local info = fails("network", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: "
        .. #RESULT .. "\r\n\r\n" .. RESULT)
      assert.same({ "REPLY_GARBLED", true }, { info.code, info.retryable })
      assert.is_nil(info.hint:find("closed", 1, true))
    end)

    it("a length that lies, or is none", function()
      local head = "HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n" .. RESULT
      fails("decode", head:format(#RESULT - 1))
      fails("network", head:format(#RESULT + 1))
      fails("decode", head:format "0")
      for _, length in ipairs { "-5", "abc", "0x10" } do
        fails("network decode", head:format(length))
      end
      -- the end of the connection is as good
      for _, length in ipairs { "99999999999999999999999", "" } do
        local value, err, info = raw(head:format(length))
        if not value then check_failure(value, err, info) end
      end
    end)

    it("chunks of nonsense", function()
      for _, chunks in ipairs { "ZZ\r\nab\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n",
          "\r\n\r\n", "5\r\nab", "FFFFFFFFFFFFFFFFF\r\nab\r\n0\r\n\r\n",
          "7fffffffffffffff\r\nab\r\n", "2\r\nabcdef\r\n0\r\n\r\n" } do
        fails("network", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" .. chunks)
      end
    end)

    it("no HTTP at all", function()
      for _, bytes in ipairs { "220 mail.example ESMTP\r\n", "\0\0\0\0", "\r\n\r\n\r\n",
          ("A"):rep(10000), "HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n",
          "HTTP/1.1\r\n\r\n", "{}" } do
        fails("network decode", bytes)
      end
    end)

    it("a status line only, and a header without end", function()
      fails("network", "HTTP/1.1 200 OK\r\n")
      fails("network", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
      assert.equal("EMPTY_REPLY", fails("decode", "HTTP/1.1 200 OK\r\n\r\n").code)
    end)

    it("a header of 1 MiB is too large, in one line or in many, also of 1xx replies", function()
      local many = ("X-Filler: " .. ("y"):rep(90) .. "\r\n"):rep(10000)
      local head, tail = "HTTP/1.1 200 OK\r\n",
        "Content-Length: " .. #RESULT .. "\r\n\r\n" .. RESULT
      assert.equal("REPLY_TOO_LARGE", fails("too_large", head .. many .. tail).code)
      fails("too_large", ("HTTP/1.1 102 Processing\r\n\r\n"):rep(40000) .. head .. tail)
      -- libcurl's own bound
      fails("too_large network", head .. "X: " .. ("y"):rep(1048576) .. "\r\n" .. tail)
    end)

    it("a header near the bound is read", function()
      local many = ("X-Filler: " .. ("y"):rep(90) .. "\r\n"):rep(2000)
      assert(raw("HTTP/1.1 200 OK\r\n" .. many .. "Content-Length: " .. #RESULT
        .. "\r\n\r\n" .. RESULT))
    end)

    it("a body of 10 MiB is too large for max_reply, with a length or not, in chunks", function()
      local size = 10 * 1024 * 1024
      local head, part = "HTTP/1.1 200 OK\r\n", '{"result":"' .. ("x"):rep(1100000)
      fails("too_large", head .. "Content-Length: " .. size .. "\r\n\r\n" .. part)
      fails("too_large", head .. "\r\n" .. part)
      fails("too_large", head .. ("Transfer-Encoding: chunked\r\n\r\n%x\r\n"):format(size) .. part)
      portal:control("fault", { kind = "huge", bytes = size, times = 3 })
      local conf = { webhook = portal.http_webhook }
      assert.equal("too_large", select(3, new_client(conf):call "profile").kind)
      conf.max_reply = size + 12
      assert.equal("too_large", select(3, new_client(conf):call "profile").kind)
      conf.max_reply = size + 13
      assert.equal(size, #assert(new_client(conf):call "profile"))
    end)

    it("a gzip bomb is too large for max_reply", function()
      local pipe = assert(io.popen "head -c 8388608 /dev/zero | gzip -9")
      local bomb = pipe:read "*a"
      pipe:close()
      local head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " .. #bomb
        .. "\r\n\r\n"
      assert.equal("REPLY_TOO_LARGE", fails("too_large", head .. bomb).code)
      fails("network", head .. "not gzip at all" .. bomb)
      fails("network", head .. bomb:sub(1, 20))
    end)

    it("1xx replies in front of the real one do no harm", function()
      local early = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLocation: "
        .. "/login\r\nRetry-After: 7\r\n\r\n"
      local value, err, info = raw(early .. replies["a length"])
      assert.equal(5, assert(value, err).TYPE.ALL)
      assert.same({ 200, 1 }, { info.status, info.attempts })
      fails("network", early)
      fails("network", early .. "HTTP/1.1 200 OK\r\nContent-Le")
      assert.is_nil(fails("limit",
        early .. "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n").retry_after)
    end)

    it("HTTP/1.0 and a missing reason phrase are fine", function()
      assert.equal("1.0", select(3, raw("HTTP/1.0 200 OK\r\n\r\n" .. RESULT)).http_version)
      assert(raw("HTTP/1.1 200\r\n\r\n" .. RESULT))
      assert(raw("HTTP/1.1 200 OK\nContent-Length: " .. #RESULT .. "\n\n" .. RESULT))
    end)
  end)

  for _, transport in ipairs(transports) do
    it("never sends cookies back over " .. transport.name, function()
      local cookies = {}
      for i = 1, 150 do cookies[i] = ("PHPSESSID%d=value%d; path=/; HttpOnly"):format(i, i) end
      portal:control("reply", { body = RESULT, headers = { ["set-cookie"] = cookies }, times = 2 })
      local client = new_client(transport.conf())
      for _ = 1, 4 do assert(client:counters()) end
      assert(new_client(transport.conf()):counters())
      local log = portal:log()
      assert.equal(5, #log)
      for _, entry in ipairs(log) do assert.is_nil(entry.headers.cookie) end
    end)

    it("never follows a redirect over " .. transport.name, function()
      local client = new_client(transport.conf())
      for _, status in ipairs { 301, 302, 303, 307, 308 } do
        for _, location in ipairs { portal.webhook .. "profile", portal.http_webhook .. "profile",
            "/rest/profile", "//localhost/", "?again", "file:///etc/passwd" } do
          portal:control("fault", { kind = "redirect", status = status, location = location })
          local value, err, info = client:counters()
          check_failure(value, err, info)
          assert.same({ "http", "REDIRECT", status }, { info.kind, info.code, info.status })
        end
      end
      for _, entry in ipairs(portal:log()) do assert.equal("im.counters.get", entry.method) end
      assert.equal(30, #portal:log())
    end)

    it("has seen what it should see over " .. transport.name, function()
      local conf = transport.conf()
      conf.timeout = 20 -- the portal is slow with large bodies
      local client = new_client(conf)
      assert(client:counters())
      -- libcurl would "Expect" from 1 MiB on
      assert(client:call("b24test.item.add", { text = ("x"):rep(1050000) }))
      local log = portal:log()
      for _, entry in ipairs(log) do
        assert.equal("POST", entry.verb)
        assert.equal("application/json", entry.headers["content-type"])
        assert.equal("b24/" .. b24._VERSION, entry.headers["user-agent"])
        for _, name in ipairs { "expect", "cookie", "authorization", "referer",
            "x-forwarded-for" } do
          assert.is_nil(entry.headers[name], name)
        end
      end
      assert.equal("{}", log[1].body)
      assert.equal("/rest/1/" .. portal.secret .. "/im.counters.get", log[1].path)
      conf.user_agent = "status bar/1"
      assert(new_client(conf):counters())
      assert.equal("status bar/1", portal:log()[3].headers["user-agent"])
    end)
  end
end)
