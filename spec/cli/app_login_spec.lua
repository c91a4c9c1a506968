-- b24 login --app: a browser of ours, the mock portal, and what is stored. No secret is in any
-- argument list or output.
-- One Lua of each kind: processes.

local codec = require "b24.codec"
local command = require "spec.support.command"
local data = require "spec.support.data"
local log_in = require "spec.support.log_in"
local mock_words = require "b24.mock.words"
local process = require "spec.support.process"
local secrets = require "spec.support.secrets"
local socket = require "socket"
local start = require("spec.support.portal").start
local terminal = require "spec.support.terminal"

local quote = process.quote
local unpack = table.unpack or unpack -- luacheck: ignore

describe("b24 login --app", function()
  local portal, at, home, port, host
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    at = log_in.new(portal)
    home, port, host = at.home, at.port, at.host
  end)
  after_each(function() command.remove(home) end)

  local function b24(...) return at:b24(...) end
  local function login(...) return at:login(...) end
  local function stored(...) return at:stored(...) end
  local function no_secret(...) return at:no_secret(...) end
  local function environment(...) return at:environment(...) end
  local function folder() return home .. "/.config/b24" end
  local function refreshes() return at:executions "refresh_token" end
  local function exchanges() return at:executions "authorization_code" end

  it("sends the browser to the portal, and stores the tokens that its code brings", function()
    portal:control("oauth", { user_id = 7 })
    portal:control("app", { scope = { "im", "crm" } })
    local status, out, err = login()
    assert.equal(0, status, err)
    assert.equal(("User 7 (user 7) is logged in to %s, for: im, crm. Stored in %s/app\n")
      :format(host, folder()), out)
    assert.truthy(err:find("Log in to " .. host .. " in the browser.", 1, true))
    assert.equal("600", data.shell("stat -c %a " .. quote(folder() .. "/app")):match "%d+")
    assert.equal("app\nca_file\n", data.shell("ls -A " .. quote(folder()))) -- nothing else is left
    assert.equal(1, exchanges())
    local known = codec.system.app(folder() .. "/app")
    assert.same({ "7", "im,crm", portal.member_id }, { known.user_id, known.scope,
      known.member_id })
    -- and from now on every command has them
    assert.equal(0, (b24 { "counters", "--json" }))
    portal:control "expire_tokens"
    assert.equal(0, (b24 { "counters", "--json" }))
    assert.equal(1, refreshes())
  end)

  it("answers the browser with a page that tells nobody where it came from", function()
    assert.equal(0, (login()))
    assert.truthy(process.eventually(60, function() return process.read(home .. "/ended") end))
    assert.truthy(process.read(home .. "/page"):find("You can close this page", 1, true))
    local head = process.read(home .. "/head"):match "HTTP/1.1 200.*"
    assert.truthy(head:find("Referrer-Policy: no-referrer", 1, true), head)
    assert.truthy(head:find("Cache-Control: no-store", 1, true))
    local probe = socket.connect("127.0.0.1", port)
    assert.is_nil(probe) -- it listened once
  end)

  it("shows the browser no webhook of the environment", function()
    assert.equal(0, (login(nil, { env = { B24_WEBHOOK = portal.webhook } })))
    secrets.no_secret(portal.secret, process.read(home .. "/env"))
    secrets.no_secret(portal.client_secret, process.read(home .. "/env"),
      process.read(home .. "/url"))
  end)

  it("says what takes precedence", function()
    assert.equal(0, (b24({ "login", "--no-check" }, { input = portal.webhook })))
    local status, _, err = login(nil, { env = { B24_WEBHOOK = portal.webhook } })
    assert.equal(0, status)
    assert.truthy(err:find("B24_WEBHOOK is set and takes precedence", 1, true), err)
    assert.truthy(err:find(folder() .. "/webhook takes precedence", 1, true), err)
  end)

  it("keeps profiles apart, and replaces what one had", function()
    assert.equal(0, (login()))
    local first = stored()
    portal:control("oauth", { user_id = 8 })
    for _, name in ipairs { "work", "login", "new" } do
      assert.equal(0, (login { "--client-secret", home .. "/secret", "--profile", name }))
    end
    assert.equal(first, stored())
    assert.equal("8", codec.system.app(folder() .. "/app.work").user_id)
    assert.equal(0, (login()))
    assert.equal("8", codec.system.app(folder() .. "/app").user_id)
    portal:control "expire_tokens"
    assert.equal(0, (b24 { "counters", "--json" }))
    assert.equal("app\napp.login\napp.new\napp.work\n",
      data.shell("ls -A " .. quote(folder()) .. " | grep -v ca_file"))
  end)

  it("remembers a token server that was named", function()
    local nothing = { env = { B24_OAUTH_SERVER = false } }
    local status, _, err = login({ "--client-secret", home .. "/secret", "--oauth-server",
      "https://" .. host }, nothing)
    assert.equal(0, status, err)
    portal:control "expire_tokens"
    assert.equal(0, (b24({ "counters", "--json" }, nothing)))
    assert.equal(1, refreshes())
  end)

  it("takes the words that b24 portal prints", function()
    local printed = mock_words.help(portal)
    local variable, value = printed:match "export ([%w_]+)=(%S+)"
    local arguments = {}
    for word in (printed:match "b24 (login %-%-app[^\n]*)" .. " --client-secret " .. home
      .. "/secret --port " .. port):gmatch "%S+" do arguments[#arguments + 1] = word end
    local bare = { env = { B24_OAUTH_SERVER = false, [variable] = value } }
    local status, out, err = b24(arguments, bare)
    assert.equal(0, status, err)
    assert.truthy(out:find("is logged in to 127.0.0.1:" .. portal.http_port, 1, true), out)
    portal:control "expire_tokens"
    assert.equal(0, (b24({ "counters", "--json" }, bare)))
    assert.equal(1, refreshes())
  end)

  describe("believes nothing but the portal's answer:", function()
    -- The browser goes to these addresses of ours first.
    local function browser(script)
      process.write(home .. "/browser", ([[
        state=$(echo "$1" | sed 's/.*state=//')
        get() { curl -s -o /dev/null -w '%%{http_code}\n' "http://127.0.0.1:%d$1" >>%s/statuses; }
        %s]]):format(port, home, script))
    end
    local function refuses(code, script)
      browser(script)
      local status, out, err = login()
      assert.same({ 3, "" }, { status, out }, err)
      assert.truthy(err:find(code, 1, true), err)
      assert.truthy(err:find("Nothing was stored.", 1, true))
      assert.is_nil(stored())
      assert.equal(0, exchanges()) -- the secret has gone nowhere
      assert.truthy(process.eventually(60, function()
        return (process.read(home .. "/statuses") or ""):find "400"
      end))
    end

    it("not another state", function()
      refuses("WRONG_STATE", ([[get "/?code=x&state=guessed&domain=%s"]]):format(host))
    end)
    it("not another portal", function()
      refuses("WRONG_PORTAL", [[get "/?code=x&state=$state&domain=evil.example"]])
    end)
    it("not a portal without a code", function()
      refuses("NO_CODE", ([[get "/?state=$state&domain=%s"]]):format(host))
    end)

    it("and no token server but Bitrix24's", function()
      portal:control("oauth", { server_domain = "evil.example" })
      local status, _, err = login(nil, { env = { B24_OAUTH_SERVER = false } })
      assert.equal(2, status)
      assert.truthy(err:find("UNKNOWN_TOKEN_SERVER", 1, true), err)
      assert.is_nil(stored())
      assert.equal(0, exchanges())
    end)

    it("but waits on while a browser asks for other things", function()
      browser(([[get /favicon.ico; get /; curl -s -L -o /dev/null --cacert %s "$1"]])
        :format(portal.ca_file))
      assert.equal(0, (login()))
      assert.equal("404\n404\n", process.read(home .. "/statuses"))
    end)
  end)

  it("says what may be wrong when nothing comes back", function()
    portal:control("oauth", { decision = "deny" })
    local status, out, err = login { "--client-secret", home .. "/secret", "--wait", "1" }
    assert.same({ 5, "" }, { status, out })
    assert.truthy(err:find("Did the portal show an error?", 1, true), err)
    assert.truthy(err:find("NO_ANSWER", 1, true))
  end)

  it("names the token server's refusal, and keeps what was stored", function()
    assert.equal(0, (login()))
    local before = stored()
    process.write(home .. "/secret", "wrong-wrong-wrong\n")
    local status, _, err = login()
    assert.equal(3, status)
    assert.truthy(err:find("invalid_client", 1, true), err)
    assert.equal(before, stored())
    assert.equal("app\nca_file\n", data.shell("ls -A " .. quote(folder())))
  end)

  describe("takes a pasted address", function()
    -- The terminal shows the address to open; what it leads to is pasted, through a pipe here.
    local function paste(arguments, env)
      local out, err = home .. "/out", home .. "/err"
      local words = command.words({ "--ca-file", portal.ca_file, "login", "--app", "--portal", host,
        "--client-id", portal.client_id, "--port", tostring(port), "--client-secret",
        home .. "/secret", unpack(arguments) }, environment(env))
      os.execute(([[mkfifo %s/in; { %s <%s/in >%s 2>%s; echo $? >%s/status; } & exec 3>%s/in
        n=0
        until grep -q https:// %s 2>/dev/null || [ $n -gt 3000 ]; do sleep 0.02; n=$((n+1)); done
        url=$(sed -n 's/^ *\(https:.*\)$/\1/p' %s)
        curl -s -o /dev/null -w ' %%{redirect_url} \n' --cacert %s "$url" >&3; wait]])
        :format(home, words, home, out, err, home, home, err, err, portal.ca_file))
      return tonumber(process.read(home .. "/status")), process.read(out), process.read(err)
    end

    it("where that is asked for", function()
      local status, out, err = paste { "--paste" }
      assert.equal(0, status, err)
      assert.truthy(out:find("is logged in", 1, true))
      assert.truthy(err:find("within 30 seconds", 1, true))
      assert.truthy(err:find(("https://%s/oauth/authorize/?client_id=%s&state="):format(host,
        portal.client_id), 1, true))
      no_secret(out, err)
      assert.is_nil(process.read(home .. "/url"))
    end)

    it("where there is no browser", function()
      local status, _, err = paste({}, { BROWSER = false, SSH_CONNECTION = "1" })
      assert.equal(0, status, err)
    end)

    it("where the port is taken, and no browser has been opened then", function()
      local other = assert(socket.bind("127.0.0.1", port))
      local status, _, err = paste {}
      other:close()
      assert.equal(0, status, err)
      assert.truthy(err:find("port " .. port .. " of this machine: ", 1, true), err)
      assert.is_nil(process.read(home .. "/url"))
    end)

    it("but no other", function()
      for line, code in pairs { ["https://x.example/?code=1&state=2"] = 3, hello = 2, [""] = 2 } do
        local status, _, err = login({ "--paste", "--client-secret", home .. "/secret" },
          { input = line .. "\n" })
        assert.equal(code, status, err)
      end
      assert.equal(0, exchanges())
    end)

    it("and says when its code was too old", function()
      portal:control("oauth", { code_life = 0 })
      local status, _, err = paste { "--paste" }
      assert.equal(3, status)
      assert.truthy(err:find("expired_token", 1, true), err)
      assert.is_nil(stored())
    end)
  end)

  it("takes a refresh token that a page has shown, without a browser", function()
    local pair = portal:control("token", { user_id = 9 })
    local status, out, err = login({ "--client-secret", "-", "--refresh-token", "-" },
      { input = portal.client_secret .. "\n" .. pair.refresh_token .. "\n" })
    assert.equal(0, status, err)
    assert.truthy(out:find("User 9 (user 9) is logged in", 1, true), out)
    assert.equal(1, refreshes())
    assert.is_nil(process.read(home .. "/url"))
    status, out, err = login({ "--client-secret", home .. "/secret", "--refresh-token", "-" },
      { input = pair.refresh_token .. "\n" })
    assert.same({ 3, "" }, { status, out })
    assert.truthy(err:find("invalid_grant", 1, true), err)
    assert.equal("9", codec.system.app(folder() .. "/app").user_id)
  end)

  it("asks at a terminal, which does not show the secret", function()
    if not terminal.exists() then
      return pending "no program `script`"
    end
    process.write(home .. "/run.sh", "exec " .. command.words({ "--ca-file", portal.ca_file,
      "login", "--app", "--port", tostring(port) }, environment { TERM = "xterm" }) .. " 2>&1")
    os.execute(([[cd %s && touch out && {
      shown() { n=0; until grep -q "$1" out || [ $n -gt 3000 ]; do sleep 0.02; n=$((n+1)); done; }
      shown "Portal ("; echo %s; shown "Client id"; echo %s; shown "not shown"; cat secret
      shown "Stored"
    } | script -qefc 'sh run.sh' /dev/null >out]]):format(quote(home), host, portal.client_id))
    local out = process.read(home .. "/out")
    assert.truthy(out:find("is logged in", 1, true), out)
    no_secret(out)
  end)

  it("wants everything that it cannot ask for", function()
    local function usage(text, ...)
      local status, _, err = b24({ "login", ... })
      assert.equal(2, status)
      assert.truthy(err:find(text, 1, true), err)
    end
    usage("--portal is needed", "--app")
    usage("--client-id is needed", "--app", "--portal", host)
    usage("--client-secret is needed", "--app", "--portal", host, "--client-id", "x")
    usage("--portal needs --app", "--portal", host)
    usage("--app goes with neither", "--app", "--no-check")
    usage("is not a port", "--app", "--port", "70000")
    local status, _, err = login { "--client-secret", portal.client_secret } -- by mistake
    assert.equal(2, status)
    assert.truthy(err:find("takes a file", 1, true), err)
  end)

  it("is what b24 doctor tells of", function()
    portal:control("app", { scope = { "im", "crm" } })
    assert.equal(0, (login()))
    local status, out = b24 { "doctor" }
    assert.equal(0, status, out)
    assert.truthy(out:find("accepted; it is in " .. folder() .. "/app\n", 1, true), out)
    assert.truthy(out:find("\nok    owner      User 1 %(user 1%)\n"), out)
    assert.truthy(out:find("\nok    tokens     the access token is good for "
      .. "%d+ min; for: im, crm\n"), out)
    portal:control("app", { scope = { "crm" } })
    status, out = b24 { "doctor" }
    assert.equal(3, status)
    assert.truthy(out:find("In the application's settings tick", 1, true), out)
  end)

  it("has a page for static applications, of at most forty lines", function()
    local root = debug.getinfo(1, "S").source:match "^@(.*)spec/cli/app_login_spec%.lua$" or ""
    local page = assert(process.read(root .. "examples/token_page/index.html"))
    local lines = select(2, page:gsub("\n", "\n"))
    assert.is_true(lines <= 40, lines)
    for _, word in ipairs { "BX24.getAuth()", "refresh_token", "b24 login --app", "no-referrer" } do
      assert.truthy(page:find(word, 1, true), word)
    end
  end)
end)
