-- What the mock portal has for applications: events, settings, app.info. Sources:
-- bitrix24/b24restdocs, api-reference/events/event-bind.md (its table of errors as of autumn 2026),
-- event-get.md, event-unbind.md, common/system/app-info.md, common/settings/; the server's
-- rest/classes/general/rest_provider.php.
-- One Lua of each kind: the mock portal has a Lua of its own.

local cjson = require "cjson"

local start = require("spec.support.portal").start

describe("the mock portal has for applications", function()
  local portal, webhook, app
  setup(function()
    portal = start()
    webhook = require("spec.support.rest").new(portal)
  end)
  teardown(function() portal:stop() end)
  before_each(function()
    portal:reset()
    local token = portal:control("token").access_token
    local rest = require("spec.support.rest").new(portal,
      "http://127.0.0.1:" .. portal.http_port .. "/rest/")
    local function with_token(run)
      return function(method, params) return run(method .. "?auth=" .. token, params) end
    end
    app = { post = with_token(rest.post), result = with_token(rest.result),
      failure = with_token(rest.failure) }
  end)

  local HANDLER = "https://example.com/handler"

  it("events, which they bind and unbind", function()
    assert.is_true(app.result("event.bind", { event = "OnCrmDealAdd", handler = HANDLER }))
    assert.is_true(app.result("event.bind", { event = "ONTASKADD", event_type = "offline" }))
    assert.is_true(app.result("event.bind",
      { event = "OnCrmDealAdd", handler = HANDLER, auth_type = 15 }))
    assert.same({
      { event = "ONCRMDEALADD", handler = HANDLER, auth_type = "0", offline = 0 },
      { event = "ONTASKADD", handler = "", auth_type = "0", offline = 1 },
      { event = "ONCRMDEALADD", handler = HANDLER, auth_type = "15", offline = 0 },
    }, app.result "event.get")
    assert.same({ count = 2 },
      app.result("event.unbind", { event = "oncrmdealadd", handler = HANDLER }))
    assert.equal(1, #app.result "event.get")
    assert.same({ count = 0 },
      app.result("event.unbind", { event = "OnCrmDealAdd", handler = HANDLER }))
  end)

  it("errors for events that cannot be bound", function()
    app.result("event.bind", { event = "OnCrmDealAdd", handler = HANDLER })
    for _, case in ipairs {
      { "ERROR_CORE 400", "OnCrmDealAdd", HANDLER },
      -- ordinary applications get no messages
      { "ERROR_EVENT_NOT_FOUND 400", "OnImMessageAdd", HANDLER },
      { "ERROR_ARGUMENT 400", nil, HANDLER },
      { "ERROR_ARGUMENT 400", "OnCrmLeadAdd" },
      { "ERROR_WRONG_HANDLER_URL 400", "OnCrmLeadAdd", "https://localhost/x" },
      { "ERROR_WRONG_HANDLER_URL 400", "OnCrmLeadAdd", "handler.php" },
      { "ERROR_UNSUPPORTED_PROTOCOL 400", "OnCrmLeadAdd", "ftp://example.com/" },
    } do
      assert.equal(case[1], app.failure("event.bind", { event = case[2], handler = case[3] }))
    end
    assert.equal("WRONG_AUTH_TYPE 403",
      webhook.failure("event.bind", { event = "OnCrmDealAdd", handler = HANDLER }))
    assert.equal("WRONG_AUTH_TYPE 403", webhook.failure "event.get")
  end)

  it("events only of their scopes", function()
    portal:control("app", { scope = { "im" } })
    assert.equal("ERROR_EVENT_NOT_FOUND 400",
      app.failure("event.bind", { event = "OnCrmDealAdd", handler = HANDLER }))
    assert.is_true(app.result("event.bind", { event = "OnAppUninstall", handler = HANDLER }))
  end)

  it("settings, of their own and for each user", function()
    assert.same({}, app.result "app.option.get")
    assert.is_true(app.result("app.option.set", { options = { data = "value", data2 = "value2" } }))
    assert.same({ data = "value", data2 = "value2" }, app.result "app.option.get")
    assert.equal("value", app.result("app.option.get", { option = "data" }))
    assert.equal(cjson.null, app.result("app.option.get", { option = "nothing" }))
    assert.is_true(app.result("user.option.set", { options = { mine = "1" } }))
    assert.same({ mine = "1" }, app.result "user.option.get")
    assert.equal("ERROR_ARGUMENT 400", app.failure "app.option.set")
    assert.equal("ACCESS_DENIED 403", webhook.failure "app.option.get")
  end)

  it("what they are; a webhook learns less", function()
    local info = app.result "app.info"
    assert.same({ 1, "L", true, "N", cjson.null, "ru_basic" }, { info.ID, info.STATUS,
      info.INSTALLED, info.PAYMENT_EXPIRED, info.DAYS, info.LICENSE })
    assert.truthy(info.CODE:find "^local%.")
    assert.is_nil(info.SCOPE) -- that is what `scope` is for
    info = webhook.result "app.info"
    assert.same({ "ru_basic", nil, 7 }, { info.LICENSE, info.CODE, #info.SCOPE })
  end)
end)
