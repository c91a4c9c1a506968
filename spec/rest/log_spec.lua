-- conf.log: everything a call does, without a secret.
-- One Lua of each kind: real time.

local b24 = require "b24"
local calm = require "spec.support.calm"
local codec = require "b24.codec"
local data = require "spec.support.data"
local portal = require "spec.support.portal"

describe("the log", function()
  local p, events
  setup(function() p = portal.start() end)
  teardown(function() p:stop() end)
  before_each(function()
    p:reset()
    events = {}
  end)

  local function client(more)
    local options = { webhook = p.webhook, ca_file = p.ca_file, limiter = false, timeout = 10,
      log = function(event) events[#events + 1] = event end }
    for name, value in pairs(more or {}) do options[name] = value end
    return assert(b24.client(options))
  end
  local function names()
    local list = {}
    for i, event in ipairs(events) do list[i] = event.event end
    return table.concat(list, " ")
  end

  it("tells of each attempt and reply", function()
    assert(client():counters())
    assert.equal("attempt reply", names())
    for _, event in ipairs(events) do
      assert.equal("im.counters.get", event.method)
      assert.is_truthy(event.portal:find "^https://localhost:%d+$")
      assert.equal(1, event.attempt)
    end
    assert.equal(200, events[2].status)
  end)

  it("tells of retries and waits", function()
    p:control("fault", { kind = "cut_body", times = 1 })
    assert(client():counters())
    assert.equal("attempt failed retry wait attempt reply", names())
    assert.is_string(events[2].code)
    assert.equal(events[2].code, events[3].code)
    assert.equal("retry", events[4].reason)
    assert.is_number(events[4].seconds)
    assert.equal(2, events[6].attempt)
  end)

  it("tells of a wait for the limiter", function()
    local c = client { limiter = { rate = 4, burst = 1 } }
    calm.attempt(function() -- a second call that comes late need not wait
      assert(c:counters())
      events = {}
      assert(c:counters())
      return names():find "wait"
    end)
    assert.equal("wait attempt reply", names())
    assert.equal("limiter", events[1].reason)
  end)

  it("may throw, yield nothing and call b24 itself without breaking the call", function()
    local depth = 0
    local c
    c = client { log = function()
      depth = depth + 1
      if depth == 1 then assert(c:call "profile") end
      error "the disk is full"
    end }
    local counters, err = c:counters()
    assert(counters, err)
    assert.equal(14, counters.TYPE.ALL)
    assert.is_true(depth > 2)
  end)

  it("must be a function", function()
    assert.has_error(function() client { log = "stderr" } end)
  end)

  it("holds no secret, whatever the portal or libcurl say", function()
    local secret = p.secret
    local template =
      "see %s and https:\\/\\/x.example\\/rest\\/7\\/%s\\/profile?auth=%s %%2Frest%%2F1%%2F%s%%2F"
    local echo = template:format(p.webhook, secret, secret, secret)
    for _, reply in ipairs {
      { status = 400, body = '{"error":"X","error_description":"' .. echo .. '"}' },
      { status = 502, body = "<html>" .. echo .. "</html>", content_type = "text/html" },
      { status = 200, body = echo },
      { status = 302, body = "", headers = { location = p.webhook .. "x" } },
      { status = 302, body = "", headers = { location = "https://new.invalid/rest/1/" .. secret
        .. "/im.counters.get" } },
    } do
      reply.times = 1
      p:control("reply", reply)
      local _, err, info = client({ timeout = 1 }):counters()
      assert.is_nil(data.leak(secret, err, info, events))
      assert.is_true(#events > 0)
    end
  end)

  it("masks what other systems' secrets look like, too", function()
    local rows = {
      "auth=S3CRETVALUE", "access_token=S3CRETVALUE&x=1", '"refresh_token":"S3CRETVALUE"',
      "client_secret: S3CRETVALUE",
      "Authorization: Bearer S3CRETVALUE", "TOKEN=S3CRETVALUE", "secret = 'S3CRETVALUE'",
      '\\"application_token\\":\\"S3CRETVALUE\\"',
      "sessid=S3CRETVALUE", "password=S3CRETVALUE", "key=S3CRETVALUE", "signature=S3CRETVALUE",
      "https://admin:S3CRETVALUE@proxy.example:3128/",
      "https://b.example/rest/5/S3CRETVALUE/crm.deal.add.json",
      "https://b.example/rest/api/5/S3CRETVALUE/tasks.task.get",
    }
    local conf = assert(codec.conf "https://portal.example/rest/1/abcdefgh/")
    for _, text in ipairs(rows) do
      local _, err, info = codec.reply(conf, "profile", { status = 400,
        body = codec.encode { error = "X", error_description = "before " .. text .. " behind" } })
      assert.is_nil(data.leak("S3CRETVALUE", err, info), err)
      assert.is_truthy(info.message:find("^before ") and info.message:find(" behind$"),
        info.message)
    end
    local harmless = "The author of this monkey has 3 tokens: look up his keyboard (authority)."
    local _, _, info = codec.reply(conf, "profile", { status = 400,
      body = codec.encode { error = "X", error_description = harmless } })
    assert.equal(harmless, info.message)
  end)
end)
