-- The secret of a webhook, a token and a proxy's password appear in no error, no info, no text
-- about an object, no output and no command line, whatever the portal or the network does.
-- One Lua of each kind: what libcurl and C make of texts.

local b24 = require "b24"
local codec = require "b24.codec"
local process = require "spec.support.process"
local secrets = require "spec.support.secrets"
local start = require("spec.support.portal").start

local no_secret, percent, dead_port = secrets.no_secret, secrets.percent, secrets.dead_port

describe("the secret", function()
  local portal
  setup(function() portal = start() end)
  before_each(function() portal:reset() end)
  teardown(function() portal:control "clear_faults" end)

  -- Both kinds of credential: the secret, the conf, and the URL that a portal would echo.
  local credentials = {
    webhook = function()
      return portal.secret, { webhook = portal.webhook }, portal.webhook .. "im.counters.get"
    end, token = function()
      local base = portal.webhook:match "^(.-)/rest"
      return portal.token, { portal = base, token = portal.token },
        base .. "/rest/im.counters.get?auth=" .. portal.token
    end,
  }

  for name, credential in pairs(credentials) do
    describe("of a " .. name .. " stays hidden when", function()
      local secret, base, url
      before_each(function() secret, base, url = credential() end)

      local function new_client(more)
        local conf = { ca_file = portal.ca_file, timeout = 3, retries = 0, limiter = false,
          allow_http = true, http_version = "1.1" }
        for key, value in pairs(base) do conf[key] = value end
        for key, value in pairs(more or {}) do conf[key] = value end
        return b24.client(conf)
      end

      -- Makes a call that must fail, and looks everywhere.
      local function fails(more)
        local client, refused, why = new_client(more)
        if not client then return no_secret(secret, refused, why) end
        local value, err, info = client:counters()
        assert.is_nil(value)
        no_secret(secret, err, info, client, client.conf)
        client:close()
        no_secret(secret, client, select(2, client:counters()), select(3, client:counters()))
        return info
      end

      local function answers(body, more)
        local reply = { body = body }
        for key, value in pairs(more or {}) do reply[key] = value end
        portal:control("reply", reply)
        return fails()
      end

      it("all goes well", function()
        local client = assert(new_client())
        local counters, err, info = client:counters()
        no_secret(secret, assert(counters), err, info, client, client.conf,
          assert(codec.conf(base)))
      end)

      it("the portal misbehaves", function()
        for _, kind in ipairs { "cut_body", "no_length_cut", "cut_header", "execute_then_cut",
            "reset", "garbage", "html", "empty" } do
          for _, version in ipairs { "1.1", "2" } do
            portal:control("fault", { kind = kind, times = -1 })
            fails { http_version = version }
            portal:control "clear_faults"
          end
        end
        portal:control("fault", { kind = "silent" })
        assert.equal("timeout", fails { timeout = 0.1 }.kind)
      end)

      it("TLS, the network or the conf fails", function()
        fails { ca_file = portal.ca_dir }
        fails { ca_file = url }
        fails { ca_path = "/nonexistent", ca_file = "/nonexistent" }
        for _, where in ipairs { "wrong_name", "expired", "untrusted", "raw" } do
          local host = "https://localhost:" .. portal[where .. "_port"]
          fails(name == "token" and { portal = host }
            or { webhook = host .. base.webhook:match "/rest.*" })
        end
        for _, host in ipairs { "https://no-such-host.invalid",
            "https://localhost:" .. dead_port() } do
          fails(name == "token" and { portal = host }
            or { webhook = host .. base.webhook:match "/rest.*" })
        end
        for _, proxy in ipairs { "http://127.0.0.1:" .. dead_port(), "gopher://x",
            "http://[", url } do
          fails { proxy = proxy }
        end
      end)

      it("the portal does not accept it", function()
        portal:control("account", { user_id = 1, scope = { "crm" } })
        assert.equal("denied", fails().kind)
        portal:control("account", { user_id = 1, secret = "anotherSecret", expired = true })
        assert.equal("auth", fails().kind)
      end)

      it("a redirect has it in Location", function()
        local bare = url:gsub("^https://localhost:%d+", "")
        for _, location in ipairs { url, "http://elsewhere.example" .. bare, bare,
            "//elsewhere.example" .. bare, "https://" .. secret .. ".example/",
            "https://x:" .. secret .. "@elsewhere.example/",
            "https://elsewhere.example/?next=" .. percent(url), "https:\\/\\/elsewhere" .. bare,
            secret } do
          for _, status in ipairs { 301, 302, 307 } do
            portal:control("fault", { kind = "redirect", status = status, location = location })
            assert.equal("REDIRECT", fails().code)
          end
        end
      end)

      it("an error body echoes it, in any dress", function()
        local escaped, doubly = url:gsub("/", "\\/"), url:gsub("/", "\\\\\\/")
        for _, echo in ipairs { url, escaped, doubly, percent(url), percent(percent(url)),
            "'" .. secret .. "'", "Bearer " .. secret, url .. " and again " .. url,
            secret .. secret, ("%s…%s"):format(secret, url),
            (url:gsub("&", "&amp;"):gsub("/", "&#x2F;")) } do
          for _, status in ipairs { 200, 400, 401, 500, 503 } do
            answers(('{"error":"X","error_description":"Bad: %s"}'):format(echo),
              { status = status })
            answers(('{"error":"%s","error_description":"Bad"}'):format(echo), { status = status })
            answers(('{"error":{"code":"%s","message":"%s"}}'):format(echo, echo),
              { status = status })
          end
        end
      end)

      it("a page, or broken JSON, echoes it", function()
        for _, echo in ipairs { url, (url:gsub("/", "\\/")), percent(url), secret,
            '<a href="' .. url .. '">back</a>', "<b>" .. secret .. "</b>", "/" .. secret .. "/",
            secret .. secret } do
          for _, status in ipairs { 200, 403, 404, 502, 503 } do
            answers("<html><title>Error</title><p>No page " .. echo .. " here", { status = status,
              content_type = "text/html" })
            answers('{"result":"' .. echo .. '"', { status = status })
            answers(echo, { status = status })
          end
        end
      end)

      it("a bound cuts it in two", function()
        local function at_bound(from, to, make)
          for n = from, to, 3 do make(n) end
        end
        -- what is looked at
        at_bound(1940, 2003, function(n) answers((" "):rep(n) .. secret .. (" y"):rep(200)) end)
        at_bound(1940, 2003, function(n)
          answers("<p>" .. ("<b>"):rep(math.floor(n / 3) - 1) .. secret)
        end)
        -- what is shown of it
        at_bound(75, 125, function(n) answers(("x"):rep(n) .. secret .. "yyyy") end)
        local function description(n)
          answers('{"error":"X","error_description":"' .. ("x"):rep(n) .. secret .. '"}')
        end
        at_bound(255, 306, description) -- what the line shows
        at_bound(980, 1026, description) -- what info.message keeps
      end)

      it("a bound cuts it in two inside an error code", function()
        for n = 84, 130, 3 do
          answers('{"error":"' .. ("x"):rep(n) .. secret .. '","error_description":"y"}')
        end
      end)

      it("other headers echo it", function()
        answers("{}",
          { content_type = url, headers = { ["retry-after"] = secret, ["set-cookie"] = secret,
          ["x-request"] = url, location = url } })
        answers("no", { status = 503, content_type = secret,
          headers = { ["retry-after"] = secret } })
      end)

      it("the time block of an error echoes it", function()
        answers('{"error":"X","error_description":"","time":{"url":"' .. url .. '"}}')
      end)

      it("it was given as a method or as parameters by mistake", function()
        local client = assert(new_client())
        no_secret(secret, select(2, client:call(url)), select(3, client:call(url)))
        no_secret(secret, select(2, pcall(client.call, client, "profile", url)))
        no_secret(secret, select(2, pcall(client.call, url)))
        client:close()
        no_secret(secret, select(2, client:call(url)), select(3, client:call(url)))
      end)
    end)
  end

  it("stays hidden in complaints about a webhook that is none", function()
    local secret = portal.secret
    for _, webhook in ipairs { "http://portal.example/rest/1/%s/",
        "ftp://portal.example/rest/1/%s/", "https://user:%s@portal.example/rest/1/x/",
        "https://portal.example/rest/%s", "https://portal.example/%s/",
        "https://portal.example:99999/rest/1/%s/", "https://portal.example/rest//%s/",
        "https://%s/rest/", "%s", "/%s/", "https://portal.example/rest/1/%s/\n\n x",
        "https://portal.example/rest/1/" .. ("x"):rep(3000) .. "%s/" } do
      for _, conf in ipairs { webhook:format(secret), { webhook = webhook:format(secret) },
          { webhook = function() return webhook:format(secret) end },
          { portal = webhook:format(secret), token = "x y" },
          { profile = webhook:format(secret) .. "/" }, { portal = "https://portal.example",
          token = secret .. "\1" } } do
        local client, err, info = b24.client(conf)
        assert.is_nil(client)
        assert.equal("config", info.kind)
        no_secret(secret, err, info)
      end
    end
  end)

  it("stays hidden when the function that should return it fails with it", function()
    for _, text in ipairs { portal.webhook, "cannot use " .. portal.webhook:gsub("/", "\\/"),
      "https://x/rest/1/" .. portal.secret, ("x"):rep(900) .. portal.webhook .. ("x"):rep(100) } do
      local _, err, info = b24.client { webhook = function() error(text) end }
      assert.equal("BAD_WEBHOOK", info.code)
      no_secret(portal.secret, err, info)
    end
  end)

  it("stays hidden if it is a token with characters that echoes escape", function()
    local token = "firstPart01/secondPart+thirdPart=="
    portal:control("account", { user_id = 1, token = token })
    local client = assert(b24.client { portal = portal.webhook:match "^(.-)/rest", token = token,
      limiter = false, ca_file = portal.ca_file, retries = 0 })
    assert(client:counters())
    for _, echo in ipairs { token, (token:gsub("/", "\\/")), percent(token),
        percent(token, "[/=]") } do
      portal:control("reply", { body = "No: " .. echo, status = 502, content_type = "text/html" })
      no_secret(token, select(2, client:counters()))
      portal:control("reply", { body = '{"error":"X","error_description":"No: ' .. echo .. '"}',
        status = 400 })
      local _, err, info = client:counters()
      no_secret(token, err, info)
    end
  end)

  it("of any webhook stays hidden, in whatever way its path is written", function()
    local path = "/rest/17/someOtherSecret/profile"
    for _, text in ipairs { path, path:gsub("/", "\\/"), percent(path, "/"),
        percent(percent(path, "/")), (percent(path, "/"):gsub("%%2F", "%%2f")),
        "https://x.example" .. path, "/rest/api/17/someOtherSecret/profile" } do
      local _, err, info = codec.reply(portal.webhook, "profile",
        { status = 403, body = "see " .. text })
      no_secret("someOtherSecret", err, info)
    end
  end)

  it("stays hidden in the names of the trust store", function()
    local secret = portal.secret
    for _, path in ipairs { "https://J=Smith:pa55=Wort@ca.example/ca.pem",
        "/nowhere/" .. secret .. "/ca.pem", "smb://J,Smith:pa55(Wort@files/ca.pem",
        "/rest/1/" .. secret .. "/ca.pem" } do
      for _, option in ipairs { "ca_file", "ca_path" } do
        local _, err, info = b24.counters { webhook = portal.webhook, [option] = path, timeout = 5,
          retries = 0, limiter = false }
        no_secret(secret, err, info)
        no_secret("Smith:pa55=Wort", err, info)
        no_secret("Smith:pa55(Wort", err, info)
      end
    end
  end)

  it("stays hidden when it is the name of a member of the time block", function()
    portal:control("reply",
      { status = 400, body = ('{"error":"X","error_description":"","time":{"%s":1,"%s":"x"}}')
      :format(portal.secret, "/rest/1/" .. portal.secret .. "/") })
    local _, err, info = b24.counters { webhook = portal.webhook, ca_file = portal.ca_file,
      retries = 0, limiter = false }
    no_secret(portal.secret, err, info)
  end)

  it("in the environment stays out of the output and the command line of the program", function()
    portal:control("reply",
      { status = 401, body = ('{"error":"NO","error_description":"%s?"}'):format(
        portal.http_webhook:gsub("/", "\\/")) })
    portal:control("fault", { kind = "silent", method = "profile" })
    local child = process.start([[
      local b24 = require "b24"
      local client = assert(b24.client())
      local function show(value)
        print(value)
        if type(value) == "table" then for k, v in pairs(value) do print(k, v) end end
      end
      for _ = 1, 2 do
        local result = { client:counters() }
        for i = 1, 3 do show(result[i]) end
      end
      show(client)
      io.stdout:flush()
      client:call "profile"
      assert(b24.counters(setmetatable({ timeout = 1 }, nil)))
    ]], { B24_WEBHOOK = portal.http_webhook, B24_ALLOW_HTTP = "1" })
    assert.is_true(process.eventually(5, function()
      local log = portal:log()
      return log[1] and log[#log].method == "profile"
    end))
    for _, name in ipairs { "cmdline", "comm", "status" } do
      no_secret(portal.secret, process.read("/proc/" .. child.pid .. "/" .. name) or "")
    end
    portal:control "clear_faults"
    local status, out, err = child:wait()
    assert.equal(1, status)
    assert.truthy(out:find("b24: NO: ", 1, true), out)
    assert.truthy(err:find("conf has no credential", 1, true), err)
    no_secret(portal.secret, out, err)
  end)
end)
