-- In nginx: redirects, and which kept connections may be shared. Its name server calls every name
-- this machine.

local cjson = require "cjson"
local data = require "spec.support.data"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

if nginx.skips(describe, pending, "a move in nginx") then return end

local CONTENT = [[ content_by_lua_block {
  ngx.req.read_body()
  local conf = require("cjson").decode(ngx.req.get_body_data())
  local value, err, info = assert(require "b24".client(conf)):call "profile"
  ngx.print(require("cjson").encode { ok = value ~= nil, err = err, info = info })
} ]]

describe("in nginx", function()
  local portal, server, stop_dns, dns_port, folder

  setup(function()
    portal, folder = start(), data.folder()
    dns_port, stop_dns = nginx.dns()
    assert(os.execute(("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
      .. "-days 2 -subj /CN=other "
      .. "-keyout /dev/null -out %s/other.pem 2>/dev/null"):format(process.quote(folder))))
    local other = ("lua_ssl_trusted_certificate %s/other.pem;"):format(folder)
    server = nginx.start { workers = 1, http = nginx.directives(dns_port, portal.ca_file),
      server = ([[
      location = /trusting { %s }
      location = /strict { %s %s }
      location = /strict_timer {
        %s
        content_by_lua_block {
          ngx.req.read_body()
          local body, done = ngx.req.get_body_data(), require("ngx.semaphore").new()
          local answer
          ngx.timer.at(0, function()
            local value, err,
              info = assert(require "b24".client(require("cjson").decode(body))):call "profile"
            answer = require("cjson").encode { ok = value ~= nil, err = err, info = info }
            done:post()
          end)
          done:wait(10)
          ngx.print(answer)
        }
      }]]):format(CONTENT, other, CONTENT, other) }
  end)
  teardown(function()
    server:stop()
    stop_dns()
    data.remove_folder(folder)
  end)
  before_each(function() portal:reset() end)

  local function at(host)
    return ("https://%s:%d/rest/1/%s/"):format(host, portal.https_port, portal.secret)
  end

  local function ask(location, conf)
    conf.limiter, conf.retries = false, 0
    return cjson.decode((server:ask(location, cjson.encode(conf))))
  end

  local function hosts()
    local list = {}
    for i, entry in ipairs(portal:log()) do list[i] = entry.headers.host:match "^[^:]*" end
    return list
  end

  local function renamed(to)
    portal:control("settings", { renamed_from = "old.bitrix24.ru:" .. portal.https_port,
      renamed_to = to })
  end

  it("a renamed portal is asked at its new address, and remembered there", function()
    renamed("https://new.bitrix24.ru:" .. portal.https_port)
    server:run(([[
      local client = assert(require "b24".client { webhook = %q, limiter = false, retries = 0 })
      assert(client:call "profile")
      assert(client:counters())
    ]]):format(at "old.bitrix24.ru"))
    assert.same({ "old.bitrix24.ru", "new.bitrix24.ru", "new.bitrix24.ru" }, hosts())
  end)

  it("a stranger is told nothing", function()
    for _, origin in ipairs { "https://stranger.example:" .. portal.https_port,
        "http://127.0.0.1:" .. portal.http_port,
        "https://new.bitrix24.com:" .. portal.https_port } do
      renamed(origin)
      local answer = ask("/trusting", { webhook = at "old.bitrix24.ru", allow_http = true })
      assert.equal("REDIRECT", answer.info.code)
      assert.truthy(answer.info.hint:find(origin:match "//([^:]*)", 1, true))
    end
    assert.same({ "old.bitrix24.ru", "old.bitrix24.ru", "old.bitrix24.ru" }, hosts())
  end)

  for _, location in ipairs { "/strict", "/strict_timer" } do
    it("a connection of one trust store is not for another: " .. location, function()
      local conf = { webhook = at "portal.test" }
      for _ = 1, 2 do assert.is_true(ask("/trusting", conf).ok) end
      assert.is_true(ask("/trusting", conf).info.reused)
      local answer = ask(location, conf)
      assert.same({ "tls", "CERTIFICATE_UNTRUSTED" }, { answer.info.kind, answer.info.code },
        answer.err)
      assert.is_true(ask("/trusting", conf).info.reused)
    end)
  end
end)
