-- luacheck: std max+busted
-- require "b24.mock" and `b24 portal`: the mock portal as a product.
-- One Lua of each kind: a portal of its own, which is a process.

local b24 = require "b24"
local command = require "spec.support.command"
local data = require "spec.support.data"
local mime = require "mime"
local mock = require "b24.mock"
local process = require "spec.support.process"

local ROOT = debug.getinfo(1, "S").source:match "^@(.*)spec/portal/mock_spec%.lua$" or ""

local function counters(portal)
  return assert(b24.counters { webhook = portal.http_webhook, allow_http = true, limiter = false })
end

describe("b24.mock", function()
  local portal, scratch
  setup(function()
    scratch = command.home()
    portal = assert(mock.start())
  end)
  before_each(function() portal:reset() end)
  teardown(function()
    portal:stop()
    command.remove(scratch)
  end)

  it("is steered, and tells what it saw", function()
    local before = counters(portal).DIALOG["5"]
    portal:control("message", { dialog_id = "5", count = 2 })
    assert.equal(before + 2, counters(portal).DIALOG["5"])
    assert.equal(2, portal:stats().executions["im.counters.get"])
    local log = portal:log()
    assert.equal(2, #log) -- the controls are not in it
    assert.equal("im.counters.get", log[1].method)
    assert.equal(1, #portal:log(log[1].n))
    portal:reset()
    assert.equal(before, counters(portal).DIALOG["5"])
  end)

  it("goes wrong when told to", function()
    for _, kind in ipairs { "reset", "cut_header" } do
      portal:control("fault", { kind = kind, times = -1 }) -- libcurl itself tries a second time
      local _, _, info = b24.counters { webhook = portal.http_webhook, allow_http = true,
        limiter = false, retries = 0 }
      assert.equal("network", info.kind)
      portal:control "clear_faults"
    end
  end)

  it("answers over https too", function()
    local client = assert(b24.client { webhook = portal.webhook, ca_file = portal.ca_file,
      limiter = false })
    assert.equal("1", client:call("profile").ID)
    client:close()
  end)

  it("refuses what it does not know, at the line that asked", function()
    local function thrown(...)
      local ok, message = pcall(portal.control, portal, ...)
      assert.is_false(ok)
      return message
    end
    assert.truthy(thrown("message", { dialog = "5" }):find "mock_spec%.lua:%d+: .*unknown argument")
    assert.truthy(thrown("dance"):find("unknown operation 'dance'", 1, true))
    local ok, message = pcall(mock.start, { prot = 1 })
    assert.is_false(ok)
    local words = "mock_spec%.lua:%d+: b24: unknown option 'prot' of b24%.mock%.start"
    assert.truthy(message:find(words), message)
    message = select(2, pcall(mock.start, { port = "1" }))
    assert.truthy(message:find("'port' must be a number, not a string", 1, true))
  end)

  it("shows logs with any bytes", function()
    data.shell(("printf 'x=\\377' | curl -s --data-binary @- %sprofile"):format(
      portal.http_webhook))
    assert.equal("x=\239\191\189", portal:log()[1].body)
  end)

  it("says why it cannot start", function()
    local none, err, info = mock.start { lua = scratch .. "/no-lua" }
    assert.is_nil(none)
    assert.equal("MOCK_NOT_STARTED", info.code)
    assert.truthy(err:find("no-lua", 1, true), err)
    none, err = mock.start { port = portal.http_port }
    assert.is_nil(none)
    assert.truthy(err:find("port " .. portal.http_port .. ": ", 1, true), err)
    process.write(scratch .. "/lua",
      "#!/bin/sh\necho \"b24: the mock portal needs lua-http (x)\"\nexit 2")
    data.shell("chmod 700 " .. scratch .. "/lua")
    err = select(2, mock.start { lua = scratch .. "/lua" })
    assert.equal("b24: MOCK_NOT_STARTED: the mock portal did not start: the mock portal needs "
      .. "lua-http (x)", err)
  end)

  it("names what is missing", function()
    local main = ROOT .. "lua/b24/mock/main.lua"
    local said = data.shell("env -i PATH=\"$PATH\" LUA_PATH='/nowhere/?.lua' luajit " .. main
      .. " --check 2>&1")
    assert.equal("b24: the mock portal needs lua-http (http.server is missing for LuaJIT): "
      .. "luarocks install http, or apt install lua-http luajit\n", said)
  end)

  it("has the limits of a real portal when told to, and tokens that end", function()
    local strict = assert(mock.start { limiter = true, token_life = 1000 })
    local settings = strict:control("settings")
    assert.same({ enabled = true, rate = 2, burst = 50 }, settings.bucket)
    assert.equal(1000, strict:control("token").expires_in)
    strict:reset()
    assert.is_true(strict:control("settings").bucket.enabled)
    strict:stop()
    assert.is_false(portal:control("settings").bucket.enabled)
  end)

  it("keeps its state in a file", function()
    local file = scratch .. "/state"
    local first = assert(mock.start { state = file })
    first:control("message", { dialog_id = "chat77", count = 2, text = "Grüße", author_id = 5 })
    local pair = first:control("token", { user_id = 7 })
    local client = assert(b24.client { portal = first.http_webhook:match "^(.-)/rest",
      token = pair.access_token, allow_http = true, limiter = false })
    assert(client:call("event.bind", { event = "ONCRMDEALADD", handler = "https://a.example/" }))
    assert(client:call("app.option.set", { options = { name = { "value", 1.5, true } } }))
    local content = "\0\1\31 \127\128\255\"\\" -- files may have any bytes
    client:close()
    client = assert(b24.client { webhook = first.http_webhook, allow_http = true, limiter = false })
    local upload = assert(client:call("disk.folder.uploadfile", { id = 1, data = { NAME = "x" },
      fileContent = { "x", (mime.b64(content)) } }))
    client:close()
    first:stop()
    local second = assert(mock.start { state = file })
    assert.equal(first.secret, second.secret)
    assert.equal(first.client_secret, second.client_secret)
    assert.equal(first.ca_file, second.ca_file)
    assert.equal("1", assert(b24.client { webhook = second.webhook, limiter = false,
      ca_file = first.ca_file }):call("profile").ID)
    assert.equal(2, counters(second).CHAT["77"])
    second:control("read", { dialog_id = "chat77" })
    assert.is_nil(counters(second).CHAT["77"])
    local tokens = second:control("tokens").tokens
    assert.equal(pair.refresh_token, tokens[1].refresh_token)
    assert.is_true(tokens[1].accepted)
    assert.equal(3, #second:log()) -- only this life's requests
    assert.equal(content, data.shell(("curl -s '%s'"):format(
      upload.DOWNLOAD_URL:gsub("^%w+://[^/]+", second.http_webhook:match "^%w+://[^/]+"))))
    second:stop()
    process.write(file, "{}")
    local none, err = mock.start { state = file }
    assert.is_nil(none)
    assert.truthy(err:find("is not the state of a mock portal", 1, true), err)
  end)

  it("ends with the process that started it", function()
    local said = select(2, process.run([[
      local portal = assert(require "b24.mock".start())
      print(portal.pid)
      os.exit(0, false)
    ]], { PATH = os.getenv "PATH" }))
    local pid = assert(tonumber(said:match "^%d+"), said)
    assert.is_true(process.eventually(60, function()
      return data.shell("kill -0 " .. pid .. " 2>&1 || echo gone"):find "gone"
    end) and true)
  end)
end)

describe("the example of a spec with the mock portal", function()
  it("passes", function()
    local program = process.read(ROOT .. "spec/support/busted.lua")
    local status, out, err = process.run(("arg = { [0] = 'busted', '-o', 'plainTerminal', %q }\n%s")
      :format(ROOT .. "examples/mock_portal_spec.lua", program), { PATH = os.getenv "PATH" })
    assert.truthy(out:find "4 successes / 0 failures / 0 errors", out .. err)
    assert.equal(0, status)
  end)
end)

describe("doc/mock.md", function()
  local page = process.read(ROOT .. "doc/mock.md")

  it("names every operation and every fault", function()
    local source = data.shell("cat " .. ROOT .. "lua/b24/mock/control*.lua " .. ROOT
      .. "lua/b24/mock/faults.lua")
    local count = 0
    for _, pattern in ipairs { '\n *operation%("([%w_]+)"', '\nkind%("([%w_]+)"' } do
      for name in source:gmatch(pattern) do
        count = count + 1
        assert.truthy(page:find("`" .. name .. "`", 1, true), name)
      end
    end
    assert.is_true(count > 35)
  end)
end)

describe("b24 portal", function()
  local home
  setup(function() home = command.home() end)
  teardown(function() command.remove(home) end)
  local env = function() return { env = { HOME = home, B24_ALLOW_HTTP = "1" } } end

  it("tells where it is, answers there, and ends on SIGTERM", function()
    local options = env()
    options.stdout = home .. "/said"
    local child = command.start({ "portal", "--token-life", "2h" }, options)
    local http
    assert.truthy(process.eventually(60, function()
      local said = process.read(options.stdout) or ""
      http = said:find "Ctrl%-C" and said:match "http://127%S*"
      return http
    end))
    assert.truthy(process.read(options.stdout):find "application +local%.")
    assert.equal(14, counters({ http_webhook = http }).TYPE.ALL)
    child:kill(15)
    child:wait()
    assert.truthy(process.eventually(60, function()
      return not b24.counters { webhook = http, allow_http = true, limiter = false, retries = 0 }
    end))
  end)

  it("wants a port and a time", function()
    local status, _, err = command.run({ "portal", "--port", "70000" }, env())
    assert.same({ 2, "b24: '70000' is not a port (1 to 65535)\nSee: b24 portal --help\n" },
      { status, err })
  end)
end)
