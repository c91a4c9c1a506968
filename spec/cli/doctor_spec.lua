-- b24 doctor finds what is wrong between here and the portal; --shape tells the form of an answer,
-- not its content.
-- One Lua of each kind: processes.

local cjson = require "cjson"
local codec = require "b24.codec"
local data = require "spec.support.data"
local command = require "spec.support.command"
local process = require "spec.support.process"

describe("b24 doctor", function()
  local portal, home, run_dir
  command.scene({ setup = setup, teardown = teardown, before_each = before_each },
    function(...) portal, home, run_dir = ... end)

  local function doctor(env, ...)
    local all = { HOME = home, B24_RUNTIME_DIR = run_dir, B24_WEBHOOK = portal.http_webhook }
    for name, value in pairs(env or {}) do all[name] = value end
    local status, out, err = command.run({ "doctor", ... }, { env = all })
    assert.is_nil((out .. err):find(portal.secret, 1, true))
    return status, out, err
  end

  local HEALTHY = [[
ok    versions   b24 VERSION
ok    host       HOST
ok    dns        the portal's name resolves
ok    tcp        the portal's port is open
ok    tls        the certificate is trusted and matches the name
ok    https      the portal accepts this form of request
ok    credential accepted; it is in B24_WEBHOOK
ok    owner      User 1 (user 1)
ok    clock      within N s of the portal's
ok    scope      crm, department, disk, im, pull_channel, task, user
ok    plan       has REST: ru_basic
ok    counters   14 = 2 tasks + 4 notifications + 8 messages
ok    limits     0.0 s of 480 s of computing time in ten minutes
]] .. "ok    live       possible (b24 watch --live), over PUSH; while it runs, Bitrix24 counts you "
    .. "as online\n" .. [[
ok    limiter    shared by all processes of this user
]]

  it("finds a healthy portal healthy", function()
    local status, out, err = doctor({ B24_WEBHOOK = portal.webhook }, "--ca-file", portal.ca_file)
    out = out:gsub("b24 [^\n]*", "b24 VERSION", 1):gsub("within %d+ s", "within N s")
      :gsub("over http%S+;", "over PUSH;"):gsub("https://%S+\n", "HOST\n", 1)
    assert.same({ 0, HEALTHY, "" }, { status, out, err })
  end)

  it("says whether changes could be heard of as they happen, which is no fault", function()
    local function live()
      local status, out = doctor()
      assert.equal(0, status)
      return out:match "\n(%S+ +live +[^\n]*)"
    end
    portal:control("account", { user_id = 1, scope = { "im", "pull" } })
    assert.equal("ok    live       possible (b24 watch --live), over http://127.0.0.1:"
      .. portal.http_port .. "; while it runs, Bitrix24 counts you as online", live())
    portal:control("account", { user_id = 1, scope = { "im" } })
    assert.equal("-     live       no: the scope pull_channel is missing. "
      .. "Tick the scope pull_channel (Push and Pull) in the webhook's settings.", live())
    portal:control("account", { user_id = 1, scope = { "im", "pull_channel" } })
    portal:control("push", { enabled = false })
    assert.equal("-     live       no: this portal has no push server. An administrator can install"
      .. " a push server (module Push and Pull).", live())
  end)

  -- What is broken -> exit status, the layer, a word of the reason, and of the advice.
  local function reply(status, body)
    return function() portal:control("reply", { status = status, body = body, times = -1 }) end
  end
  local function at(port_name)
    return function() return portal:webhook_for(portal[port_name]) end
  end
  local BROKEN = {
    { "a name without an address", 5, "dns", "HOST_NOT_FOUND", "DNS",
      webhook = "https://no-such-host.invalid/rest/1/x/" },
    { "a closed port", 5, "tcp", "CONNECTION_REFUSED", "firewall",
      webhook = "http://127.0.0.1:1/rest/1/x/" },
    { "an unknown authority", 5, "tls", "CERTIFICATE_UNTRUSTED", "--ca-file",
      webhook = at "untrusted_port" },
    { "a certificate for another name", 5, "tls", "CERTIFICATE_NAME", "exactly",
      webhook = at "wrong_name_port", ca = true },
    { "an expired certificate", 5, "tls", "CERTIFICATE_EXPIRED", "clock",
      webhook = at "expired_port", ca = true },
    { "a portal that wants https", 1, "https", "INVALID_REQUEST", "over https",
      function() portal:control("settings", { require_https = true }) end },
    { "a wrong secret", 3, "credential", "INVALID_CREDENTIALS", "new incoming webhook",
      webhook = function() return (portal.http_webhook:gsub(portal.secret, "wrongSecret")) end },
    { "a plan without REST", 3, "plan", "ACCESS_DENIED", "plan",
      reply(401, '{"error":"ACCESS_DENIED","error_description":"REST is available only on '
        .. 'commercial plans."}') },
    { "a portal that has enough", 4, "limits", "QUERY_LIMIT_EXCEEDED", "less often",
      reply(503, '{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}') },
    { "a page in the place of the portal", 1, "portal", "NOT_JSON", "proxy or login page",
      function() portal:control("fault", { kind = "html", status = 200, times = -1 }) end },
    { "a portal that was deleted", 1, "portal", "PORTAL_DELETED", "administrator",
      reply(403, '{"error":"PORTAL_DELETED","error_description":"Portal was deleted"}') },
    { "silence", 5, "portal", "TIMEOUT", "more time",
      function() portal:control("fault", { kind = "silent", times = -1 }) end, timeout = "0.4" },
    { "a missing scope", 3, "scope", "im is missing", "Chat and Notifications",
      function() portal:control("account", { user_id = 1, scope = { "crm" } }) end },
    { "a clock that is wrong", 2, "clock", "10 min ahead", "time synchronisation", function()
      portal:control("reply", { method = "server.time", times = 1,
        body = cjson.encode { result = "x", time = { finish = os.time() - 630 } } })
    end },
    { "a webhook that is none", 2, "credential", "(in B24_WEBHOOK)", "http",
      webhook = "https://portal.example/" },
    { "no webhook", 2, "credential", "NO_CREDENTIAL", "b24 login", webhook = false },
    { "a runtime folder that others may write to", 2, "limiter", "everybody can write",
      "B24_RUNTIME_DIR", function()
        assert(os.execute("mkdir -m 777 " .. process.quote(run_dir)))
      end },
  }

  for _, case in ipairs(BROKEN) do
    local name, expected, layer, reason, advice, prepare = (unpack or table.unpack)(case)
    it("finds " .. name, function()
      if prepare then prepare() end
      local webhook = case.webhook
      if type(webhook) == "function" then webhook = webhook() end
      local status, out, err = doctor({ B24_WEBHOOK = webhook }, "--timeout", case.timeout or "10",
        (unpack or table.unpack)(case.ca and { "--ca-file", portal.ca_file } or {}))
      assert.same({ expected, "" }, { status, err }, out)
      local bad, text, next_line = out:match "\nBAD +(%S+) +([^\n]*)\n +([^\n]*)"
      assert.equal(layer, bad, out)
      assert.truthy(text:find(reason, 1, true), out)
      assert.truthy(next_line:find(advice, 1, true), out)
      -- what is before it is good, and nothing is claimed about what cannot be known
      assert.is_nil(out:match "^(.-)\nBAD":find "\nBAD")
      portal:control "clear_faults"
    end)
  end

  -- The names of the rows with this mark, in a line.
  local function rows(out, mark)
    local names = {}
    for name in ("\n" .. out):gmatch("\n" .. mark .. " +(%S+)") do names[#names + 1] = name end
    return table.concat(names, " ")
  end

  local function way_of(name)
    return { B24_WEBHOOK = ("https://%s/rest/1/%s/"):format(name, portal.secret) }
  end

  describe("calls good what was seen, and nothing else:", function()
    it("not the network, when the limiter leaves no place", function()
      data.write(run_dir .. "/mine", "", "600")
      os.execute("chmod 700 " .. process.quote(run_dir))
      local conf = assert(codec.conf { webhook = portal.http_webhook, allow_http = true,
        runtime_dir = run_dir, timeout = 60 })
      for _ = 1, 60 do codec.call(conf, "profile"):next(codec.clock(), "go") end
      portal:control "log_clear"
      local status, out = doctor({}, "--timeout", "0.4")
      assert.same({ 4, "versions host", "limiter", "credential" },
        { status, rows(out, "ok"), rows(out, "BAD"), rows(out, "%-") }, out)
      assert.same({}, portal:log())
    end)

    it("the proxy by its name, without its password", function()
      local status, out = doctor({ B24_WEBHOOK = portal.webhook,
        https_proxy = "http://me:hunter2@127.0.0.1:1" }, "--ca-file", portal.ca_file)
      assert.equal(5, status)
      assert.truthy(out:find("BAD   proxy      http://***@127.0.0.1:1 ($https_proxy): b24: PROXY_",
        1, true), out)
      assert.is_nil(out:find "hunter2")
    end)

    it("not the network, when an option is unusable", function()
      local status, out = doctor({ B24_WEBHOOK = portal.webhook }, "--ca-file", "/nowhere/ca.pem")
      assert.same({ 2, "versions host", "options", "credential" },
        { status, rows(out, "ok"), rows(out, "BAD"), rows(out, "%-") }, out)
    end)

    it("not the name, when it is an address; not the port, when nobody answered", function()
      local _, out = doctor { B24_WEBHOOK = "http://127.0.0.1:1/rest/1/x/" }
      assert.same({ "versions host", "tcp", "credential" }, { rows(out, "ok"), rows(out, "BAD"),
        rows(out, "%-") }, out)
      _, out = doctor { B24_WEBHOOK = "https://no-such-host.invalid/rest/1/x/" }
      assert.same({ "versions host", "dns", "credential" }, { rows(out, "ok"), rows(out, "BAD"),
        rows(out, "%-") }, out)
    end)

    it("not the port, when TLS was what failed", function()
      local _, out = doctor { B24_WEBHOOK = portal.webhook }
      assert.same({ "versions host dns tcp", "tls", "credential" },
        { rows(out, "ok"), rows(out, "BAD"),
        rows(out, "%-") }, out)
    end)

    it("not the way of calling, when a page answered", function()
      portal:control("fault", { kind = "html", status = 200, times = -1 })
      local _, out = doctor({ B24_WEBHOOK = portal.webhook }, "--ca-file", portal.ca_file)
      portal:control "clear_faults"
      assert.same({ "versions host dns tcp tls", "portal", "credential" },
        { rows(out, "ok"), rows(out, "BAD"), rows(out, "%-") }, out)
    end)

    it("the proxy in place of name and port, which are its own business", function()
      local options = { "--ca-file", portal.ca_file, "--proxy",
        "http://127.0.0.1:" .. portal.proxy_port }
      local status, out = doctor(way_of "mine.bitrix24.ru", (unpack or table.unpack)(options))
      assert.same({ 0,
        "versions host proxy tls https credential owner clock scope plan counters limits live "
          .. "limiter", "" },
        { status, rows(out, "ok"), rows(out, "BAD") }, out)
      portal:control("settings", { hosts = { ["mine.bitrix24.ru"] = "refuse" } })
      status, out = doctor(way_of "mine.bitrix24.ru", (unpack or table.unpack)(options))
      assert.same({ 5, "versions host", "proxy", "credential" },
        { status, rows(out, "ok"), rows(out, "BAD"), rows(out, "%-") }, out)
    end)
  end)

  it("names the new address of a portal", function()
    local options = { "--ca-file", portal.ca_file, "--proxy",
      "http://127.0.0.1:" .. portal.proxy_port }
    portal:control("settings", { renamed_from = "old.bitrix24.ru",
      renamed_to = "https://new.bitrix24.ru" })
    local status, out = doctor(way_of "old.bitrix24.ru", (unpack or table.unpack)(options))
    assert.equal(0, status, out)
    assert.truthy(out:find("%-     address    [^\n]*https://new.bitrix24.ru"), out)
    portal:control("settings", { renamed_to = "https://stranger.example" })
    status, out = doctor(way_of "old.bitrix24.ru", (unpack or table.unpack)(options))
    assert.same({ 1, "address" }, { status, rows(out, "BAD") }, out)
    assert.truthy(out:find("REDIRECT[^\n]*\n[^\n]*stranger.example"), out)
  end)

  it("--shape tells the form and not the content", function()
    portal:control("message", { dialog_id = "987654", count = 150 })
    portal:control("message", { dialog_id = "chat987654", count = 20 })
    local status, out, err = doctor({}, "--shape")
    assert.same({ 0, "" }, { status, err })
    local shape = cjson.decode(out)
    assert.equal(">100", shape["im.counters.get"].TYPE.ALL)
    local answer = shape["im.counters.get"]
    assert.equal("empty", answer.COLLAB)
    local counted = {}
    for id, count in pairs(answer.DIALOG) do
      assert.truthy(id:find "^id%d+$")
      counted[#counted + 1] = count
    end
    table.sort(counted)
    assert.same({ "1", "100", "2-9" }, counted)
    for _, content in ipairs { "987654", "127.0.0.1", "localhost", portal.secret,
        tostring(portal.http_port), "Smith" } do
      assert.is_nil(out:find(content, 1, true), content)
    end
  end)

  it("--shape is the failure's exit code without an answer", function()
    local status, out, err = doctor({ B24_WEBHOOK = "http://127.0.0.1:1/rest/1/x/" }, "--shape")
    assert.same({ 5, "" }, { status, out })
    assert.truthy(err:find("CONNECTION_REFUSED", 1, true))
  end)
end)
