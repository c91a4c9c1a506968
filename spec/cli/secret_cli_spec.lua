-- The program b24, the log, and the files of the runtime folder show no secret: neither the
-- webhook's, nor a proxy's, nor what a password manager printed.
-- One Lua of each kind: processes.

local b24 = require "b24"
local command = require "spec.support.command"
local data = require "spec.support.data"
local process = require "spec.support.process"
local secrets = require "spec.support.secrets"
local start = require("spec.support.portal").start

local no_secret, quote = secrets.no_secret, process.quote

local USER, PASSWORD = "J=Smith", "pa55,(Wort"

describe("the secret", function()
  local portal, home
  setup(function() portal, home = start(), command.home() end)
  teardown(function() command.remove(home) end)
  before_each(function() portal:reset() end)

  local function nothing_in(...)
    no_secret(portal.secret, ...)
    no_secret(USER, ...)
    no_secret(PASSWORD, ...)
  end

  local function b24_says(arguments, env, input)
    local all = { HOME = home, B24_RUNTIME_DIR = home .. "/run", B24_WEBHOOK = portal.http_webhook }
    for name, value in pairs(env or {}) do all[name] = value end
    local status, out, err = command.run(arguments, { env = all, input = input })
    nothing_in(out, err)
    return status, out, err
  end

  local function bad_proxy(host)
    return ("http://%s:%s@%s"):format(USER, PASSWORD, host or "127.0.0.1:99999")
  end

  it("is not in what the commands say, whatever the proxy", function()
    local https = { B24_WEBHOOK = portal.webhook }
    for _, variable in ipairs { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" } do
      https[variable] = bad_proxy()
      for _, arguments in ipairs { { "doctor" }, { "doctor", "--shape" }, { "--json" },
          { "call", "profile" }, { "inbox" } } do
        local status, out, err = b24_says(arguments, https)
        assert.is_true(status > 0, out .. err)
      end
      https[variable] = nil
    end
    for _, arguments in ipairs { { "doctor" }, { "--json" }, { "counters", "--json" } } do
      table.insert(arguments, 1, bad_proxy "no-such-proxy.invalid:1")
      table.insert(arguments, 1, "--proxy")
      assert.is_true(b24_says(arguments, { B24_WEBHOOK = portal.webhook }) > 0)
    end
  end)

  it("is not in what the commands say when the portal repeats it", function()
    for _, status in ipairs { 200, 401, 403, 502 } do
      portal:control("reply", { status = status, times = -1,
        body = ('{"error":"X","error_description":"%s"}'):format(
          portal.http_webhook) })
      for _, arguments in ipairs { { "doctor" }, { "doctor", "--shape" }, { "--json" },
          { "call", "profile" }, { "inbox" }, { "why" }, { "list", "crm.deal.list" },
          { "show", "5" } } do
        b24_says(arguments)
      end
    end
    portal:control "clear_faults"
  end)

  it("is not in what is said of a password manager's output", function()
    os.execute("mkdir -p -m 700 " .. quote(home .. "/.config") .. " "
      .. quote(home .. "/.config/b24"))
    for _, printed in ipairs { "error: cannot open " .. portal.http_webhook, portal.secret,
        "x" .. portal.http_webhook, bad_proxy() } do
      -- what the command says on its standard errors is its own business
      for _, ending in ipairs { "; exit 1", "" } do
        process.write(home .. "/vault", printed .. "\n")
        data.write(home .. "/.config/b24/webhook_cmd", "cat " .. home .. "/vault" .. ending .. "\n",
          "600")
        local _, out, err = b24_says({ "--json" }, { B24_WEBHOOK = false })
        b24_says({ "doctor" }, { B24_WEBHOOK = false })
        nothing_in(out, err)
      end
    end
    os.remove(home .. "/.config/b24/webhook_cmd")
  end)

  it("is not in the log", function()
    local told = {}
    portal:control("reply", { status = 503, times = 2,
      body = ('{"error":"OVERLOAD_LIMIT","error_description":"%s"}'):format(
        portal.webhook) })
    local function call(more)
      local conf = { webhook = portal.webhook, ca_file = portal.ca_file, timeout = 5,
        log = function(event) told[#told + 1] = event end }
      for name, value in pairs(more) do conf[name] = value end
      b24.counters(conf)
    end
    call {}
    call { proxy = bad_proxy(), retries = 0 }
    call { proxy = bad_proxy "no-such-proxy.invalid:1", retries = 0 }
    call { runtime_dir = "/nowhere/" .. bad_proxy() }
    assert.is_true(#told > 6)
    no_secret(portal.secret, told)
    local shown = {}
    for _, event in ipairs(told) do
      if event.event ~= "degraded" then shown[#shown + 1] = event end
    end
    nothing_in(shown)
  end)

  it("is neither in the name nor in the contents of a file of the runtime folder", function()
    local dir = home .. "/files"
    os.execute("mkdir -m 700 " .. quote(dir))
    local conf = { webhook = portal.webhook, ca_file = portal.ca_file, max_age = 60,
      runtime_dir = dir }
    assert(b24.counters(conf))
    assert(b24.counters { portal = portal.webhook:match "^(.-)/rest", token = portal.token,
      ca_file = portal.ca_file, max_age = 60, runtime_dir = dir })
    local names, contents = data.shell("ls -RA " .. quote(dir)),
      data.shell("cat " .. quote(dir) .. "/*")
    assert.truthy(names:find "cache%-")
    no_secret(portal.secret, names, contents)
    no_secret(portal.token, names, contents)
  end)

  it("is not in the command line or the environment of a child of b24 watch", function()
    process.write(home .. "/out", "")
    local child = command.start({ "watch", "--every", "1s", "--exec",
      "tr '\\0' '\\n' </proc/$$/cmdline; tr '\\0' '\\n' </proc/$$/environ; tr '\\0' '\\n' "
        .. "</proc/$PPID/cmdline; echo told" },
      { env = { HOME = home, B24_RUNTIME_DIR = home .. "/run", B24_WEBHOOK = portal.http_webhook },
        stdout = home .. "/out" })
    local function output() return process.read(home .. "/out") end
    process.eventually(10, function() return output():find "waiting" end)
    portal:control("message", { dialog_id = "5", count = 2 })
    local told = process.eventually(10, function() return output():find "told" end)
    child:kill(15)
    child:wait()
    assert.is_true(told)
    no_secret(portal.secret, output())
  end)
end)
