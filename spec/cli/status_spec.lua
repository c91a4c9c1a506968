-- b24 status and logout: whose account is used, and how this machine forgets it.
-- One Lua of each kind: processes.

local cjson = require "cjson"
local command = require "spec.support.command"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

describe("b24", function()
  local portal, home
  before_each(function()
    portal, home = start(), command.home()
    portal:reset()
  end)
  after_each(function() command.remove(home) end)

  local function b24(arguments, env)
    local all = { HOME = home, B24_RUNTIME_DIR = home .. "/run", B24_ALLOW_HTTP = "1" }
    for name, value in pairs(env or {}) do all[name] = value end
    local status, out, err = command.run(arguments, { env = all, input = portal.http_webhook })
    assert.is_nil((out .. err):find(portal.secret, 1, true))
    return status, out, err
  end

  local function stored(name) return process.read(home .. "/.config/b24/" .. name) end

  describe("status", function()
    it("says whose account it is, where its credential is, and what it may do", function()
      assert.equal(0, (b24 { "login" }))
      local status, out, err = b24 { "status" }
      assert.same({ 0, "" }, { status, err })
      assert.truthy(out:find("account     User 1 (user 1) at http://127.0.0.1:", 1, true), out)
      assert.truthy(out:find("credential  webhook, in " .. home .. "/.config/b24/webhook, since "
        .. os.date "%Y-", 1, true), out)
      assert.truthy(out:find("scopes      crm, department, disk, im, pull_channel, task, user\n", 1,
        true), out)
    end)

    it("is one JSON object for programs", function()
      local _, out = b24({ "status", "--json" }, { B24_WEBHOOK = portal.http_webhook })
      local it = cjson.decode(out)
      assert.same({ "1", "User 1", "webhook", "B24_WEBHOOK" },
        { it.user_id, it.name, it.credential, it.place })
      assert.is_nil(it.since) -- nobody knows
      assert.equal(7, #it.scopes)
    end)

    it("tells what is wrong as every command does", function()
      local status, _, err = b24 { "status" }
      assert.equal(2, status)
      assert.truthy(err:find("Run: b24 login", 1, true), err)
      local wrong = portal.http_webhook:gsub(portal.secret, "wrong12345")
      status = b24({ "status" }, { B24_WEBHOOK = wrong })
      assert.equal(3, status)
    end)
  end)

  describe("logout", function()
    it("removes what login stored, and says what still works", function()
      b24 { "login" }
      local status, out, err = b24 { "logout" }
      assert.same({ 0, "removed " .. home .. "/.config/b24/webhook\n" }, { status, out })
      assert.truthy(err:find("delete the webhook", 1, true), err)
      assert.is_nil(stored "webhook")
      assert.equal(2, (b24 { "logout" }))
    end)

    it("is for one profile", function()
      b24 { "login" }
      b24 { "-p", "work", "login" }
      assert.equal(0, (b24 { "-p", "work", "logout" }))
      assert.is_nil(stored "webhook.work")
      assert.is_not_nil(stored "webhook")
    end)

    it("reminds of the environment, which counts more than files", function()
      b24 { "login" }
      local _, _, err = b24({ "logout" }, { B24_WEBHOOK = portal.http_webhook })
      assert.truthy(err:find("B24_WEBHOOK is still set", 1, true), err)
    end)
  end)

  describe("with --json", function()
    local function failure(arguments, env)
      local status, out, err = b24(arguments, env)
      assert.is_true(#err > 0)
      return status, cjson.decode(out).error
    end

    it("prints what went wrong as JSON, with the exit code of always", function()
      portal:control("reply", { method = "im.counters.get", status = 503, times = 9,
        body = '{"error":"QUERY_LIMIT_EXCEEDED"}' })
      local status, problem = failure({ "--json", "--timeout", "1" },
        { B24_WEBHOOK = portal.http_webhook })
      assert.same({ 4, "limit", "QUERY_LIMIT_EXCEEDED" }, { status, problem.kind, problem.code })
      assert.is_true(#problem.message > 0 and #problem.hint > 0)
    end)

    it("prints misuse as JSON, too", function()
      local status, problem = failure { "inbox", "--json", "--sction", "LINES" }
      assert.same({ 2, "config", "USAGE", "See: b24 inbox --help" },
        { status, problem.kind, problem.code, problem.hint })
    end)

    it("names the profile that has to log in", function()
      local status, problem = failure { "--json", "-p", "nope" }
      assert.same({ 2, "NO_CREDENTIAL", "Run: b24 -p nope login" },
        { status, problem.code, problem.hint })
    end)
  end)

  describe("in the command's own words", function()
    local webhook
    before_each(function() webhook = { B24_WEBHOOK = portal.http_webhook } end)

    for _, case in ipairs {
      { { "--timeout", "1500" },
        "b24: BAD_OPTION: --timeout must be between 0.001 and 600 seconds\n" },
      { { "inbox", "--section", "nope" }, "b24: --section must be one of DIALOG, " },
      { { "--proxy", "foo://x" }, "Check --proxy and the variables https_proxy and all_proxy.\n" },
      { { "list" }, "b24: missing argument 'method'\nSee: b24 list --help\n" },
    } do
      it("says what is wrong with " .. table.concat(case[1], " "), function()
        local status, _, err = b24(case[1], webhook)
        assert.equal(2, status)
        assert.truthy(err:find(case[2], 1, true), err)
      end)
    end

    it("says once what a gateway says twice", function()
      portal:control("reply", { method = "im.counters.get", status = 502, times = 9,
        content_type = "text/html", body = "<html><head><title>502 Bad Gateway</title></head><body>"
        .. "<center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>" })
      local _, _, err = b24({ "--json" }, webhook)
      assert.equal(1, select(2, err:gsub("502 Bad Gateway", "")), err)
    end)

    it("takes sections in any case", function()
      local status, out = b24({ "inbox", "--section", "lines" }, webhook)
      assert.equal(0, status)
      assert.truthy(out:find("Open line 44", 1, true), out)
    end)

    it("shows the number of a cached answer without --format", function()
      local status, out = b24({ "--max-age", "1h" }, webhook)
      assert.equal(0, status)
      assert.truthy(out:find("14 = 2 tasks + 4 notifications + 8 messages\n", 1, true), out)
      b24({ "--max-age", "1h" }, webhook)
      assert.equal(1, portal:asked "im.counters.get")
    end)
  end)
end)
