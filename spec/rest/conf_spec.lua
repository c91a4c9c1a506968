-- codec.conf: where the credential comes from, what is refused, and which URL comes out of it.

local cjson = require "cjson"
local codec = require "b24.codec"
local data = require "spec.support.data"

local SECRET = "s3cr3t0fTheSpec"
local PATH = "/rest/1/" .. SECRET .. "/"
local BASE = "https://portal.example" .. PATH

local function request(options, ...)
  return codec.request(assert(codec.conf(options)), ...)
end

-- The URL of a request without what may follow the method's name.
local function url(options)
  return (request(options, "im.counters.get").url:gsub("%.json$", ""))
end

-- Expects a refusal of kind config; its message and info.
local function refused(options)
  local conf, message, info = codec.conf(options)
  assert.is_nil(conf)
  assert.equal("b24: ", message:sub(1, 5))
  assert.is_nil(message:find("%c"))
  assert.equal("config", info.kind)
  assert.is_string(info.code)
  assert.is_truthy(info.hint == nil or info.hint:find("%a"))
  assert.is_false(info.retryable)
  assert.is_nil(data.leak(SECRET, message, info))
  return message, info
end

local function with(options)
  options.webhook = options.webhook or BASE
  return options
end

-- Expects an error at the line that calls; its message.
local function thrown(options)
  local ok, message = pcall(function()
    local conf = codec.conf(options)
    return conf
  end)
  assert.is_false(ok)
  assert.is_truthy(message:find("conf_spec.lua:%d+: "), message)
  assert.is_nil(data.leak(SECRET, message))
  return message
end

describe("a webhook", function()
  for _, rest in ipairs { "", "im.counters.get", "im.counters.get.json", "profile", "profile/",
      "profile.json", "profile.json?a=1&b=2", "profile?a=/b/c", "?a=1" } do
    it("is understood as pasted, with " .. rest .. " at the end", function()
      for _, text in ipairs { BASE .. rest, rest:find("^%w") and BASE .. rest or BASE:sub(1, -2)
          .. rest } do
        assert.equal(BASE .. "im.counters.get", url(text))
        assert.equal(BASE .. "im.counters.get", url { webhook = text })
        assert.equal(BASE .. "im.counters.get", url { webhook = function() return text end })
      end
    end)
  end

  for _, base in ipairs { "https://portal.example:8443/rest/1/abc123/",
      "https://p.bitrix24.com/rest/admin/abc123/", "https://192.0.2.7/rest/27/abc123/",
      "https://[2001:db8::7]:444/rest/27/abc123/" } do
    it("may look like " .. base, function() assert.equal(base .. "im.counters.get", url(base)) end)
  end

  for _, text in ipairs { "", " ", "webhook", "portal.example", PATH, "https://",
      "https:///rest/1/a/", "https://portal.example", "https://portal.example/",
      "https://portal.example/rest/", "https://portal.example/rest/1/",
      "https://portal.example/rest/1//", "https://portal.example/rest//" .. SECRET,
      "https://portal.example/other/1/" .. SECRET .. "/", "ftp://portal.example" .. PATH,
      "file://" .. PATH, "https:portal.example" .. PATH, "https://portal.example:port" .. PATH,
      "https://portal.example:99999" .. PATH, "https://por tal.example" .. PATH,
      "https://portal.example/rest/1/a b" .. SECRET .. "/",
      "https://portal.example/rest/1/" .. SECRET .. "\r\nX: y/",
      "https://portal.example/rest/1/" .. SECRET .. "\0x/",
      "https://portal.example\0.evil.example" .. PATH,
      "https://portal.example/rest/1/\1" .. SECRET .. "/",
    "http://portal.example" .. PATH, "http://127.0.0.1" .. PATH,
    "http://localhost:8080" .. PATH } do
    it("is never '" .. text:gsub("%c", "?") .. "'", function()
      refused(text)
      refused { webhook = text }
    end)
  end

  it("may be http to loopback, when that is asked for", function()
    for _, host in ipairs { "127.0.0.1", "127.0.0.1:8080", "localhost:8080", "[::1]:8080" } do
      local base = "http://" .. host .. PATH
      assert.equal(base .. "im.counters.get", url { webhook = base, allow_http = true })
      refused { webhook = base, allow_http = false }
    end
  end)

  it("is not http to anybody else, whoever asks", function()
    for _, host in ipairs { "portal.example", "127.0.0.1.evil.example", "localhost.evil.example",
      "127.0.0.1@evil.example", "127.0.0.1:80@evil.example", "evil.example:80", "xlocalhost",
      "0.0.0.0", "10.0.0.1", "128.0.0.1", "[::2]" } do
      refused { webhook = "http://" .. host .. PATH, allow_http = true }
    end
  end)
end)

describe("portal and token", function()
  it("put the token into a header, and nowhere else", function()
    local built = request({ portal = "https://portal.example", token = SECRET },
      "im.counters.get", { A = 1 })
    assert.equal("https://portal.example/rest/im.counters.get", (built.url:gsub("%.json$", "")))
    assert.equal("Bearer " .. SECRET, built.headers.Authorization)
    built.headers.Authorization = nil
    assert.is_nil(data.leak(SECRET, built))
  end)

  it("belong together", function()
    refused { portal = "https://portal.example" }
    refused { token = SECRET }
  end)

  it("are checked", function()
    for _, portal in ipairs { "", "https://", "http://portal.example", "ftp://portal.example",
        "https://a b/", "https://a\0b/" } do
      refused { portal = portal, token = SECRET }
    end
    for _, token in ipairs { "", SECRET .. "\r\nX: y", SECRET .. "\0", "a b" .. "\n" } do
      refused { portal = "https://portal.example", token = token }
    end
  end)
end)

describe("codec.request", function()
  it("posts JSON", function()
    local built = request(BASE, "im.dialog.messages.get", { DIALOG_ID = "chat18", LIMIT = 20 })
    assert.equal("POST", built.verb)
    assert.same({ DIALOG_ID = "chat18", LIMIT = 20 }, cjson.decode(built.body))
    assert.is_truthy(built.headers["Content-Type"]:find("^application/json"))
    assert.is_truthy(built.headers.Accept:find("^application/json"))
    assert.is_truthy(built.headers["User-Agent"]:find("b24", 1, true))
    assert.is_nil(built.headers.Authorization)
    assert.is_nil(built.headers.Cookie)
  end)

  it("posts an empty object where there are no parameters", function()
    assert.equal("{}", request(BASE, "profile").body)
    assert.equal("{}", request(BASE, "profile", {}).body)
  end)

  it("sends the user agent that was asked for", function()
    assert.equal("bar/1.0", request(with { user_agent = "bar/1.0" },
      "profile").headers["User-Agent"])
    refused(with { user_agent = "bar\r\nX: y" })
  end)

  it("lets no method leave its place in the URL", function()
    for _, method in ipairs { "", "a b", "a\r\nb", "a\0b", "../../x", "a/b", "a?b=c", "a#b",
        "%2e%2e" } do
      local ok, built = pcall(request, BASE, method)
      if ok and built then
        local rest = built.url:sub(#BASE + 1)
        assert.equal(BASE, built.url:sub(1, #BASE))
        assert.is_truthy(rest:find("^[%w._%%-]+$") and not rest:find("^%.%."), rest)
      end
    end
  end)

  it("throws for what is no conf or no method", function()
    local conf = assert(codec.conf(BASE))
    for _, other in ipairs { false, 5, io.stdout } do
      assert.is_false((pcall(codec.request, other, "profile")))
    end
    assert.is_false((pcall(codec.request, conf)))
    assert.is_false((pcall(codec.request, conf, {})))
    assert.is_false((pcall(codec.request, conf, "profile", "text")))
    assert.is_false((pcall(codec.request, conf, "profile", { print })))
  end)
end)

describe("options", function()
  local values = { timeout = 5, connect_timeout = 3, retries = 0, proxy = "http://127.0.0.1:3128",
    ca_file = "/a.pem",
    ca_path = "/tmp", user_agent = "bar/1.0", max_reply = 65536, max_depth = 50, max_age = 10,
    stale_ok = true, nulls = true, allow_http = true, transport = "auto", runtime_dir = "/tmp/b24" }
  local names = { "webhook", "portal", "token", "oauth", "timeout", "connect_timeout", "retries",
    "limiter", "proxy",
    "ca_file", "ca_path", "user_agent", "http_version", "max_reply", "max_depth", "max_age",
    "stale_ok", "nulls", "allow_http", "transport", "runtime_dir", "profile", "log" }

  for _, name in ipairs(names) do
    it(name .. " is known and has a type", function()
      if values[name] ~= nil then assert(codec.conf(with { [name] = values[name] })) end
      local message = thrown { webhook = name ~= "webhook" and BASE or nil,
        [name] = coroutine.create(function() end) }
      assert.is_truthy(message:find(name, 1, true), message)
      assert.is_nil(message:find("unknown", 1, true), message)
    end)
  end

  for _, row in ipairs { { "timeout", "30" }, { "timeout", true }, { "retries", "2" },
      { "max_reply", "big" }, { "nulls", 1 }, { "allow_http", "yes" }, { "stale_ok", "no" },
      { "user_agent", 5 }, { "token", 5 }, { "webhook", 5 }, { "webhook", true }, { "webhook", {} },
      { "portal", {} }, { "profile", 1 } } do
    it(row[1] .. " is no " .. type(row[2]), function()
      local message = thrown { webhook = row[1] ~= "webhook" and BASE or nil, [row[1]] = row[2] }
      assert.is_truthy(message:find(row[1], 1, true), message)
    end)
  end

  for _, row in ipairs { { "timeout", 601 }, { "timeout", 30000 }, { "timeout", 0 },
      { "timeout", -1 }, { "timeout", 0 / 0 }, { "timeout", math.huge }, { "connect_timeout", 0 },
      { "connect_timeout", -1 }, { "retries", -1 }, { "retries", 1.5 }, { "max_reply", -1 },
      { "max_reply", 0 / 0 }, { "max_depth", -1 }, { "transport", "carrier pigeon" } } do
    it(("%s is never %s"):format(row[1], tostring(row[2])), function()
      assert.is_truthy(refused(with { [row[1]] = row[2] }):find(row[1], 1, true))
    end)
  end

  it("timeout is in seconds, 600 at most, and says so", function()
    for _, seconds in ipairs { 0.5, 600 } do assert(codec.conf(with { timeout = seconds })) end
    local message, info = refused(with { timeout = 30000 })
    assert.is_truthy((message .. " " .. (info.hint or "")):find("second", 1, true), message)
  end)

  for wrong, right in pairs { webhok = "webhook", Webhook = "webhook", web_hook = "webhook",
      time_out = "timeout", timout = "timeout", connect_timout = "connect_timeout",
      retry = "retries", allow_https = "allow_http", tokens = "token", max_dept = "max_depth",
      useragent = "user_agent" } do
    it(wrong .. " is unknown, and " .. right .. " is suggested", function()
      local message = thrown(with { [wrong] = 1 })
      assert.is_truthy(message:find(wrong, 1, true), message)
      assert.is_truthy(message:find("[^%w_]" .. right .. "[^%w_]") or message:find("[^%w_]" .. right
        .. "$"), message)
    end)
  end

  it("that nobody knows throw", function()
    assert.is_truthy(thrown(with { zzzzzzzzzzzz = 1 }):find("zzzzzzzzzzzz", 1, true))
    thrown(with { BASE })
    thrown(with { [true] = 1 })
  end)

  it("may not be given as another type", function()
    for _, conf in ipairs { 5, true, print, coroutine.create(function() end), io.stdout } do
      thrown(conf)
    end
  end)
end)

describe("a conf table without credential", function()
  it("is an error that names both places", function()
    for _, options in ipairs { {}, { timeout = 5 } } do
      local message, info = select(2, codec.conf(options))
      local text = message .. " " .. (info.hint or "")
      assert.equal("config", info.kind)
      assert.is_truthy(text:find("B24_WEBHOOK", 1, true), text)
      assert.is_truthy(text:find("b24/webhook", 1, true), text)
    end
  end)
end)

it("the secret is not shown by tostring", function()
  for _, options in ipairs { BASE, { webhook = BASE }, { portal = "https://portal.example",
      token = SECRET } } do
    assert.is_nil(data.leak(SECRET, tostring(assert(codec.conf(options)))))
  end
end)
