-- The user and the password of a proxy appear nowhere, whether the conf or the environment names
-- it, whatever characters they have, and whoever repeats them: libcurl, the proxy, the portal.
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

  it("of a proxy stays hidden, in the option and in the environment", function()
    local port = dead_port()
    local proxies = { "http://user:pa55Word@127.0.0.1:" .. port, "user:pa55Word@127.0.0.1:" .. port,
      "socks5h://user:pa55Word@127.0.0.1:" .. port, "http://user:pa55Word@no-such-proxy.invalid:1",
      "http://user:pa55Word@127.0.0.1:99999", "user:pa55Word@127.0.0.1:99999",
      "http://user:pa55Word@[::", "wrong://"
      .. "user:pa55Word@127.0.0.1", "http://user:pa55/Word@127.0.0.1:99999",
      "http://user:pa55Word@" }
    for _, proxy in ipairs(proxies) do
      local client = assert(b24.client { webhook = portal.webhook, ca_file = portal.ca_file,
        proxy = proxy, timeout = 5, retries = 0, limiter = false })
      local value, err, info = client:counters()
      assert.is_nil(value)
      no_secret("pa55Word", err, info, client)
      no_secret("ser:pa55", err)
      local _, out, complaint = process.run(([[
        local value, err, info = require "b24".counters { webhook = %q, timeout = 5, retries = 0,
          limiter = false }
        print(value, err)
        for name, item in pairs(info) do print(name, item) end
      ]]):format(portal.webhook), { https_proxy = proxy })
      assert.truthy(out:find("b24: ", 1, true))
      no_secret("pa55Word", out, complaint)
    end
  end)

  local function proxy_texts(user, password)
    local port = dead_port()
    local encoded_user, encoded = percent(user), percent(password)
    return { ("http://%s:%s@127.0.0.1:%d"):format(encoded_user, encoded, port),
      ("http://%s:%s@no-such-proxy.invalid:1"):format(encoded_user, encoded),
      ("http://%s:%s@127.0.0.1:99999"):format(encoded_user, encoded),
      ("http://%s:%s@127.0.0.1:99999"):format(user, password),
      ("%s:%s@127.0.0.1:99999"):format(user, password),
      ("http://%s:%s@127.0.0.1:%d"):format(user, password, port),
      ("http://%s:%s"):format(user, (password:gsub("@", "="))),
      ("http://%s@no-such-proxy.invalid:1"):format(password),
      ("wrong://%s:%s@["):format(user, password),
      ("http://%s:%s@127.0.0.1:99999/%s"):format(user, encoded, ("x"):rep(300)),
      ("http://%s:%s@127.0.0.1:99999"):format(("u"):rep(190), ("x"):rep(30) .. password) }
  end

  -- Both halves are looked for, too: what libcurl takes for the host may be a piece of the
  -- password.
  local function nothing_of(user, password, ...)
    no_secret(user, ...)
    no_secret(percent(user), ...)
    no_secret(password, ...)
    no_secret(percent(password), ...)
    local all = secrets.all_texts(...)
    for _, part in ipairs { "pa55", "Wort", "Smith" } do
      if all:find(part, 1, true) then error(part .. " is in: " .. all, 2) end
    end
  end

  local ODD = { "=", ",", ";", "(", ")", "@", " ", "/", "?", "#", ":", "\\", "'", '"', "%", "&",
    "<", ">", "|", "+", "%zz", "=@=", ",@(", "\195\169", "%40" }

  it("of a proxy stays hidden with any character in it", function()
    for _, odd in ipairs(ODD) do
      local user, password = "J" .. odd .. "Smith", "pa55" .. odd .. "Wort"
      for _, proxy in ipairs(proxy_texts(user, password)) do
        local client = assert(b24.client { webhook = portal.webhook, ca_file = portal.ca_file,
          proxy = proxy, timeout = 5, retries = 0, limiter = false })
        local value, err, info = client:counters()
        assert.is_nil(value)
        nothing_of(user, password, err, info, client)
      end
    end
  end)

  it("of a proxy stays hidden when the proxy or the portal echoes it", function()
    for _, odd in ipairs(ODD) do
      local user, password = "J" .. odd .. "Smith", "pa55" .. odd .. "Wort"
      local both = user .. ":" .. password
      local base64 = secrets.base64(both)
      local html = both:gsub("[&<>\"']", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;",
        ['"'] = "&quot;", ["'"] = "&#39;" })
      local conf = assert(codec.conf { webhook = portal.webhook,
        proxy = ("http://%s:%s@proxy.example:1"):format(
          percent(user), percent(password)) })
      for _, echo in ipairs { both, percent(both), percent(percent(both)), html, codec.encode(both),
          password, user,
          "Proxy-Authorization: Basic " .. base64, base64, (percent(both):gsub("%%20", "+")),
          (both:gsub("[^%w]", function(c) return ("\\u%04x"):format(c:byte()) end)) } do
        local _, err, info = codec.reply(conf, "profile",
          { status = 407, body = "<p>No: " .. echo .. " here" })
        nothing_of(user, password, err, info)
        no_secret(base64, err, info)
        for n = 0, 14 do -- cut in two by the bound of what is looked at
          local body = (" "):rep(2000 - #echo + n) .. echo .. "  more"
          _, err, info = codec.reply(conf, "profile", { status = 407, body = body })
          no_secret(password, err, info)
          no_secret(base64, err, info)
        end
      end
    end
  end)

  for _, variable in ipairs { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy",
      "HTTP_PROXY" } do
    it("of a proxy stays hidden in the environment as " .. variable, function()
      for _, odd in ipairs { "=", "@", " ", "/", "(" } do
        local user, password = "J" .. odd .. "Smith", "pa55" .. odd .. "Wort"
        for _, form in ipairs { "http://%s:%s@127.0.0.1:99999",
            "http://%s:%s@no-such-proxy.invalid:1" } do
          local _, out, complaint = process.run(([[
            local b24 = require "b24"
            local codec = require "b24.codec"
            local function show(value, err, info)
              print(value, err)
              for name, item in pairs(info) do print(name, item) end
            end
            show(b24.counters { webhook = %q, timeout = 5, retries = 0, limiter = false })
            show(codec.reply({ webhook = %q }, "profile",
              { status = 407, body = "<p>No " .. os.getenv(%q) }))
          ]]):format(portal.webhook, portal.webhook, variable), { [variable] = form:format(user,
            password) })
          assert.truthy(out:find("b24: ", 1, true), complaint)
          nothing_of(user, password, out, complaint)
        end
      end
    end)
  end

  it("of one to three characters leaves the texts readable", function()
    for _, short in ipairs { "a", "1", "to", "127", "err", "e" } do
      local port = dead_port()
      local proxy = ("http://%s:%s@127.0.0.1:%d"):format(short, short, port)
      local _, err = b24.counters { webhook = portal.webhook, proxy = proxy, timeout = 5,
        retries = 0, limiter = false }
      -- libcurl 8.21 and later names no port of the proxy
      assert.truthy(err:find("127.0.0.1 port " .. port, 1, true)
        or err:find("over proxy 127.0.0.1 after", 1, true), err)
      proxy = ("http://%s:%s@127.0.0.1:99999"):format(short, short)
      _, err = b24.counters { webhook = portal.webhook, proxy = proxy, timeout = 5, retries = 0,
        limiter = false }
      assert.is_nil(err:find(short .. ":" .. short, 1, true), err)
      assert.is_nil(err:find(":" .. short .. "@", 1, true), err)
      local conf = assert(codec.conf { webhook = "https://portal.example/rest/1/" .. short .. "/" })
      _, err = codec.reply(conf, "profile",
        { status = 403, body = "an error to tell of at 127.0.0.1" })
      assert.truthy(err:find("an error to tell of at 127.0.0.1", 1, true), err)
    end
  end)
end)
