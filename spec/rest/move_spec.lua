-- A renamed portal: 302 with the same path at the new host.

local codec = require "b24.codec"
local data = require "spec.support.data"

local SECRET = "s3cr3t0fTheSpec"
local PATH = "/rest/1/" .. SECRET .. "/"
local GOOD = '{"result":true}'
local NEW = "https://new.bitrix24.ru" .. PATH .. "crm.deal.add"

local names = 0
local function fresh(more)
  names = names + 1
  local options = { webhook = ("https://old%d.bitrix24.ru%s"):format(names, PATH), limiter = false,
    retries = 0 }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(codec.conf(options))
end

local function redirect(location, status)
  return { status = status or 302, body = "", location = location }
end

local function begin(conf)
  local call = codec.call(conf, "crm.deal.add", { a = 1 })
  local _, request = call:next(0, "go")
  return call, request
end

describe("a renamed portal", function()
  for _, status in ipairs { 301, 302, 307, 308 } do
    it("gets the same POST at its new host after " .. status, function()
      local call, first = begin(fresh())
      local action, second = call:next(1, "reply",
        redirect("https://New.Bitrix24.RU:443" .. PATH .. "crm.deal.add", status))
      assert.equal("SEND", action)
      assert.equal("https://new.bitrix24.ru" .. PATH .. "crm.deal.add", second.url)
      assert.equal(first.body, second.body)
      assert.equal("POST", second.verb)
      assert.equal("DONE", (call:next(2, "reply", { status = 200, body = GOOD })))
      assert.is_true((call:result()))
    end)
  end

  it("is remembered by its conf after a good answer from there", function()
    local conf = fresh()
    local call = begin(conf)
    call:next(1, "reply", redirect(NEW))
    assert.is_truthy(select(2, begin(conf)).url:find "^https://old")
    call:next(2, "reply", { status = 200, body = GOOD })
    assert.equal(NEW, select(2, begin(conf)).url)
    local other = fresh({ webhook = ("https://old%d.bitrix24.ru%s"):format(names, PATH) })
    assert.is_truthy(select(2, begin(other)).url:find "^https://old")
  end)

  -- A conf that remembers the new address, and its next call.
  local function remembering(more)
    local conf = fresh(more)
    local call = begin(conf)
    call:next(1, "reply", redirect(NEW))
    call:next(2, "reply", { status = 200, body = GOOD })
    local later, request = begin(conf)
    assert.equal(NEW, request.url)
    return conf, later
  end

  local function forgotten(conf) return select(2, begin(conf)).url:find "^https://old" ~= nil end

  for name, reply in pairs {
    ["a page"] = { status = 200, body = "<html>" }, ["nothing"] = { status = 404, body = "" },
    ["a server's error page"] = { status = 502, body = "<html>" },
    ["a busy page"] = { status = 503, body = "<html>" },
    ["a credential that it does not know"] = { status = 401,
      body = '{"error":"INVALID_CREDENTIALS"}' },
    ["a portal that is no more"] = { status = 403, body = '{"error":"PORTAL_DELETED"}' },
    ["another portal's way on"] = redirect "https://stranger.example/",
    ["the licence page"] = redirect "/bitrix/coupon_activation.php",
  } do
    it("is forgotten for " .. name, function()
      local conf, call = remembering()
      assert.equal("DONE", (call:next(1, "reply", reply)))
      assert.is_nil((call:result()))
      assert.is_true(forgotten(conf))
    end)
  end

  for name, reply in pairs {
    ["a limit"] = { status = 503, body = '{"error":"QUERY_LIMIT_EXCEEDED"}' },
    ["an error of the method"] = { status = 400, body = '{"error":"ERROR_ARGUMENT"}' },
    ["missing rights"] = { status = 403, body = '{"error":"insufficient_scope"}' },
  } do
    it("is kept for " .. name, function()
      local conf, call = remembering()
      assert.equal("DONE", (call:next(1, "reply", reply)))
      assert.is_false(forgotten(conf))
    end)
  end

  local DEAD = { kind = "network", code = "CONNECTION_REFUSED", message = "", sent = false }
  local CUT = { kind = "network", code = "REPLY_CUT", message = "", sent = true }

  it("that cannot be reached any more is left at once for the old one", function()
    for _, failure in ipairs { DEAD, { kind = "tls", code = "CERTIFICATE_UNTRUSTED", message = "",
        sent = false }, { kind = "timeout", code = "CONNECT_TIMEOUT", message = "",
        sent = false } } do
      local conf, call = remembering()
      local action, request = call:next(1, "failed", failure)
      assert.equal("SEND", action)
      assert.is_truthy(request.url:find "^https://old")
      assert.equal("DONE", (call:next(2, "reply", { status = 200, body = GOOD })))
      assert.is_true((call:result()))
      assert.is_true(forgotten(conf))
    end
  end)

  it("that broke off is not asked twice what may have run", function()
    local conf, call = remembering { retries = 3 }
    assert.equal("DONE", (call:next(1, "failed", CUT)))
    assert.is_true(forgotten(conf))
  end)

  it("has its retries at the old address, and follows it again", function()
    local conf = fresh { retries = 3 }
    local call = codec.call(conf, "profile")
    call:next(0, "go")
    local now = 0
    for _ = 1, 3 do
      local action, request = call:next(now, "reply",
        redirect((NEW:gsub("crm.deal.add", "profile"))))
      assert.equal("SEND", action)
      assert.is_truthy(request.url:find "^https://new")
      action, request = call:next(now, "failed", CUT)
      assert.equal("SLEEP", action)
      now = now + request
      action, request = call:next(now, "woke")
      assert.equal("SEND", action)
      assert.is_truthy(request.url:find "^https://old")
    end
    assert.equal("DONE", (call:next(now, "reply", { status = 200, body = GOOD })))
    assert.is_true(forgotten(conf))
  end)

  it("may be renamed again, and back", function()
    local conf, call = remembering()
    local newer = NEW:gsub("new", "newer")
    assert.equal(newer, select(2, call:next(1, "reply", redirect(newer))).url)
    call:next(2, "reply", { status = 200, body = GOOD })
    local third, request = begin(conf)
    assert.equal(newer, request.url)
    local old = NEW:gsub("new", "old" .. names)
    assert.equal(old, select(2, third:next(3, "reply", redirect(old))).url)
    third:next(4, "reply", { status = 200, body = GOOD })
    assert.is_true(forgotten(conf))
  end)

  describe("and the limiter:", function()
    local folder
    before_each(function() folder = data.folder() end)
    after_each(function() data.remove_folder(folder) end)

    -- Calls that the bucket of this address still lets through at once.
    local function fill(address, now)
      local conf = fresh { webhook = address .. PATH, runtime_dir = folder, limiter = {} }
      for n = 0, 99 do
        if codec.call(conf, "profile"):next(now, "go") ~= "SEND" then return n end
      end
    end

    it("a request takes its place in the queue of the address that it goes to", function()
      local now = codec.clock()
      local call = codec.call(fresh { runtime_dir = folder, limiter = {}, timeout = 600 },
        "profile")
      local old = ("https://old%d.bitrix24.ru"):format(names)
      local moved = redirect("https://new.bitrix24.ru" .. PATH .. "profile")
      assert.equal("SEND", (call:next(now, "go")))
      local room = fill("https://new.bitrix24.ru", now)
      assert.is_true(room > 40)
      assert.equal("SLEEP", (call:next(now, "reply", moved))) -- that queue is full
      assert.equal(room - 1, fill(old, now)) -- one place there, its first
    end)

    it("a conf's own limit counts the call once", function()
      local now = codec.clock()
      local conf = fresh { limiter = { rate = 0.001, burst = 1 }, runtime_dir = folder,
        timeout = 5 }
      local call = codec.call(conf, "profile")
      assert.equal("SEND", (call:next(now, "go")))
      assert.equal("SEND",
        (call:next(now, "reply", redirect("https://new.bitrix24.ru" .. PATH .. "profile"))))
      assert.equal("DONE", (call:next(now, "reply", { status = 200, body = GOOD })))
      -- one place, and it is taken
      assert.equal("DONE", (codec.call(conf, "profile"):next(now, "go")))
    end)

    it("the user's own one is asked about the address that it goes to", function()
      local conf = fresh { limiter = { reserve = function() end } }
      local call = codec.call(conf, "profile")
      local _, question = call:next(0, "go")
      assert.is_truthy(question.portal:find "^https://old")
      call:next(0, "answer", { wait = 0 })
      _, question = call:next(0, "reply", redirect("https://new.bitrix24.ru" .. PATH .. "profile"))
      assert.equal("https://new.bitrix24.ru", question.portal)
    end)
  end)

  it("may answer with .json or a slash at the end of the path", function()
    for _, tail in ipairs { ".json", "/", ".json?x=1" } do
      local call = begin(fresh())
      assert.equal("SEND", (call:next(1, "reply",
        redirect("https://new.bitrix24.ru" .. PATH .. "crm.deal.add" .. tail))))
    end
  end)

  it("is followed twice in a call, not for ever", function()
    local call, sent = begin(fresh()), 1
    for i = 1, 10 do
      local hop = redirect(("https://hop%d.bitrix24.ru%scrm.deal.add"):format(i, PATH))
      if call:next(i, "reply", hop) ~= "SEND" then break end
      sent = sent + 1
    end
    assert.equal(3, sent)
    local value, err, info = call:result()
    assert.is_nil(value)
    assert.equal("REDIRECT", info.code)
    assert.is_nil(data.leak(SECRET, err, info))
  end)
end)

describe("no new address is", function()
  for name, location in pairs {
    ["the same host"] = "https://old%d.bitrix24.ru" .. PATH .. "crm.deal.add",
    ["another path"] = "https://new.bitrix24.ru/rest/2/other/crm.deal.add",
    ["a name without a scheme"] = "new.bitrix24.ru" .. PATH .. "crm.deal.add",
    ["another method"] = "https://new.bitrix24.ru" .. PATH .. "im.counters.get",
    ["plain http"] = "http://new.bitrix24.ru" .. PATH .. "crm.deal.add",
    ["a relative path"] = PATH .. "crm.deal.add",
    ["the front page"] = "https://new.bitrix24.ru/",
    ["nothing"] = "",
  } do
    it(name, function()
      local conf = fresh()
      local call = begin(conf)
      assert.equal("DONE", (call:next(1, "reply", redirect((location:gsub("%%d", names))))))
      local _, err, info = call:result()
      assert.same({ "http", "REDIRECT" }, { info.kind, info.code })
      assert.is_nil(data.leak(SECRET, err, info))
      local _, request = begin(conf)
      assert.is_truthy(request.url:find("^https://old"))
    end)
  end

  it("303: that would be a GET", function()
    local call = begin(fresh())
    assert.equal("DONE",
      (call:next(1, "reply", redirect("https://new.bitrix24.ru" .. PATH .. "crm.deal.add", 303))))
  end)
end)

describe("a move", function()
  -- from, to, followed?
  local rows = {}
  for _, zone in ipairs { "com", "ru", "de", "eu", "es", "fr", "it", "pl", "in", "com.br", "com.tr",
      "by", "kz", "ua", "cn", "id", "jp", "vn", "ae", "co", "md", "mx", "uk", "uz" } do
    rows[#rows + 1] = { "https://a.bitrix24." .. zone, "https://b-2.bitrix24." .. zone, true }
    rows[#rows + 1] = { "https://a.bitrix24." .. zone, "https://b.bitrix24.example" }
    rows[#rows + 1] = { "https://a.bitrix24." .. zone, "https://bitrix24." .. zone }
  end
  local from = "https://a.bitrix24.ru"
  for _, to in ipairs { "https://B.BITRIX24.RU", "HTTPS://b.bitrix24.ru",
      "https://b.bitrix24.ru:443", "https://7.bitrix24.ru" } do
    rows[#rows + 1] = { from, to, true }
    rows[#rows + 1] = { "https://A.Bitrix24.Ru:443", to, true }
  end
  rows[#rows + 1] = { from .. ":8443", "https://b.bitrix24.ru:8443", true }
  local long = ("x"):rep(63)
  rows[#rows + 1] = { from, ("https://%s.bitrix24.ru"):format(long), true }
  for _, to in ipairs { "https://%sx.bitrix24.ru", "https://b.bitrix24.com",
      "https://b.bitrix24.by", "http://b.bitrix24.ru", "https://b.bitrix24.ru:444",
      "http://b.bitrix24.ru:443", "https://b.bitrix24.ru.", "https://bitrix24.ru",
      "https://.bitrix24.ru", "https://a.b.bitrix24.ru", "https://b..bitrix24.ru",
      "https://evil-bitrix24.ru", "https://b.evil-bitrix24.ru", "https://b.bitrix24.ru.evil.com",
      "https://evil.com", "https://b.bitrix24.rus", "https://b.bitrix24.r",
      "https://user@b.bitrix24.ru", "https://user:word@b.bitrix24.ru",
      "https://b.bitrix24.ru@evil.com", "https://b.bitrix24.ru:443@evil.com",
      "https://evil.com#b.bitrix24.ru", "https://evil.com?b.bitrix24.ru",
      "https://evil.com\\b.bitrix24.ru", "https://b_c.bitrix24.ru", "https://-b.bitrix24.ru",
      "https://b-.bitrix24.ru",
    "https://xn--e1afmkfd.bitrix24.ru", "https://b\208\176.bitrix24.ru",
    "https://b.bitrix24.\209\128\209\131",
    "https://b%2ebitrix24.ru", "https://b.bitrix24.ru%00.evil.com", "https://b.bitrix24.ru\t",
    " https://b.bitrix24.ru",
    "https:b.bitrix24.ru", "https:/b.bitrix24.ru", "//b.bitrix24.ru", "b.bitrix24.ru",
    "b.bitrix24.ru:443",
    "ftp://b.bitrix24.ru", "https://127.0.0.1", "https://[::1]", "https://localhost",
    "http://127.0.0.1" } do
    rows[#rows + 1] = { from, (to:gsub("%%s", long)) }
  end
  for _, origin in ipairs { "https://portal.example", "https://bitrix24.ru",
      "https://a.b.bitrix24.ru", "https://a.bitrix24.com", "https://127.0.0.1",
      "https://a.bitrix24.ru:8443", "https://a.bitrix24.ru.", "http://127.0.0.1" } do
    rows[#rows + 1] = { origin, "https://b.bitrix24.ru" }
    rows[#rows + 1] = { origin, "https://b.portal.example" }
    rows[#rows + 1] = { origin, "http://127.0.0.1:8080" }
  end

  it("goes from one name of a zone of the cloud to another, and nowhere else", function()
    for _, row in ipairs(rows) do
      for _, credential in ipairs { { webhook = row[1] .. PATH },
          { portal = row[1], token = SECRET } } do
        credential.limiter, credential.retries, credential.allow_http = false, 0, true
        local call = assert(codec.call(assert(codec.conf(credential)), "profile"))
        local _, first = call:next(0, "go")
        local path = first.url:match "^%w+://[^/]+(.*)"
        local action, request = call:next(1, "reply", redirect(row[2] .. path))
        local words = row[1] .. " -> " .. row[2]
        assert.equal(row[3] and "SEND" or "DONE", action, words)
        if row[3] then
          assert.equal(row[2]:lower():gsub(":443$", "") .. path, request.url)
        else
          local _, err, info = call:result()
          assert.same({ "http", "REDIRECT", false }, { info.kind, info.code, info.retryable },
            words)
          assert.is_nil(data.leak(SECRET, err, info), words)
        end
      end
    end
  end)

  it("that is refused names the new host in its hint, and nothing else of it", function()
    local longest = ("%s.%s.%s.example"):format(long, (long:gsub("x", "y")), (long:gsub("x", "z")))
    for location, shown in pairs {
      ["https://portal.company.example" .. PATH .. "crm.deal.add?auth=x"] =
        "portal.company.example",
      ["https://new.bitrix24.com:8443/" .. SECRET .. "?next=" .. SECRET] = "new.bitrix24.com:8443",
      ["//new.company.example" .. PATH] = "new.company.example",
      ["http://new.bitrix24.ru" .. PATH .. "crm.deal.add"] = "http://new.bitrix24.ru",
      ["https://" .. longest .. "/"] = longest,
      ["https://" .. SECRET .. ".evil.example" .. PATH] = "***.evil.example",
    } do
      local call = begin(fresh())
      assert.equal("DONE", (call:next(1, "reply", redirect(location))))
      local _, err, info = call:result()
      assert.equal("REDIRECT", info.code)
      assert.is_truthy(info.hint:find(shown, 1, true), info.hint)
      assert.is_nil(data.leak(SECRET, err, info))
      assert.is_nil(info.hint:find("next=", 1, true))
    end
  end)

  it("to the portal itself names nobody", function()
    local call = begin(fresh())
    call:next(1, "reply", redirect(("https://old%d.bitrix24.ru%scrm.deal.add"):format(names, PATH)))
    assert.is_nil(select(3, call:result()).hint:find "bitrix24")
  end)
end)

describe("a page in the portal's place is named:", function()
  for location, expected in pairs {
    ["https://old.example/bitrix/coupon_activation.php"] = { "denied", "LICENCE_PAGE" },
    ["/bitrix/coupon_activation.php"] = { "denied", "LICENCE_PAGE" },
    ["https://old.example/license/"] = { "denied", "LICENCE_PAGE" },
    ["https://auth.example/login/?backurl=x"] = { "auth", "LOGIN_PAGE" },
    ["/auth/"] = { "auth", "LOGIN_PAGE" },
  } do
    it(location, function()
      local call = begin(fresh { retries = 5 })
      assert.equal("DONE", (call:next(1, "reply", redirect(location))))
      local _, err, info = call:result()
      assert.same(expected, { info.kind, info.code })
      assert.equal(302, info.status)
      assert.is_string(info.hint)
      assert.is_truthy(err:find("HTTP 302", 1, true))
      assert.is_false(info.retryable)
    end)
  end
end)
