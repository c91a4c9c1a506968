-- examples/openresty as `make demo-openresty` starts it: in a real nginx, against the mock portal.

local cjson = require "cjson"
local nginx = require "spec.support.nginx"
local posix = require "b24_posix"
local process = require "spec.support.process"

if nginx.skips(describe, pending, "the OpenResty example") then return end

local ROOT = debug.getinfo(1, "S").source:match "^@(.*)spec/nginx/openresty_example_spec%.lua$"
  or ""
local SCRIPT = process.quote("./" .. ROOT .. "scripts/demo_openresty.sh")

local function output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

describe("the conf that doc/openresty.md has for nginx", function()
  local portal, dir, port
  setup(function()
    portal = require("spec.support.portal").start()
    dir = os.tmpname() .. ".nginx"
    os.execute("mkdir -p " .. process.quote(dir .. "/run"))
  end)
  before_each(function() portal:reset() end)
  teardown(function() os.execute("rm -rf " .. process.quote(dir)) end)

  -- As it stands there, but for what is this machine's: modules, user, folders, port, DNS, CA.
  local function conf()
    local text = assert(process.read(ROOT .. "doc/openresty.md")):match "\n```nginx\n(.-)\n```"
    local here = output("cd ./" .. process.quote(ROOT) .. " && pwd"):gsub("\n", "/")
    local changes = {
      { "include /etc/nginx/modules%-enabled/%*%.conf;", nginx.load_modules() },
      { "user www%-data;", output "id -u":find "^0" and "user root;" or "" },
      { "/var/lib/b24", dir .. "/run" }, { "/etc/b24", dir }, { "listen 8080",
        "listen 127.0.0.1:" .. port }, { "/etc/ssl/certs/ca%-certificates%.crt", portal.ca_file },
      { "every = 30", "every = 1" },
      { "events { }", ("events { } pid %s/pid; error_log %s/error.log; daemon off;"):format(dir,
        dir) },
      { "http {", ('http { lua_package_path "%slua/?.lua;%slua/?/init.lua;;"; '
        .. 'lua_package_cpath "%sbuild/5.1/?.so;;";'):format(here, here, here) },
    }
    for _, change in ipairs(changes) do
      local found
      text, found = text:gsub(change[1], (change[2]:gsub("%%", "%%%%")))
      assert.is_true(found >= 1, change[1])
    end
    return text
  end

  -- Its pid; nil: the port was taken. Other faults are for the log.
  local function begin(free)
    local line = "rm -f %s/pid %s/error.log; nginx -p %s -c %s/nginx.conf >%s/out 2>&1 & echo $!"
    port = free
    process.write(dir .. "/nginx.conf", conf())
    local pid, said = tonumber((output((line:gsub("%%s", dir))))), nil
    process.eventually(20, function()
      said = (process.read(dir .. "/out") or "") .. (process.read(dir .. "/error.log") or "")
      return said:find "%[emerg%]" or said:find "init_by_lua" or process.read(dir .. "/pid")
    end)
    if not said:find("Address already in use", 1, true) then return pid end
    posix.kill(pid, 15)
  end

  local function start() return assert(nginx.on_free_port(begin), "no free port for nginx") end

  it("shows each person his own number", function()
    process.write(dir .. "/accounts.lua", ("return { anna = { webhook = %q, allow_http = true } }")
      :format(portal.http_webhook))
    process.write(dir .. "/users", "anna:{PLAIN}pw\n")
    local pid = start()
    local said
    local found = process.eventually(20, function()
      said = output(("curl -s -u anna:pw http://127.0.0.1:%d/unread"):format(port))
      return said == "8\n"
    end)
    local stranger = output(("curl -s -o %s/answer -w '%%{http_code}' http://127.0.0.1:%d/unread")
      :format(dir, port))
    posix.kill(pid, 15)
    assert.is_true(found, said .. (process.read(dir .. "/error.log") or ""))
    assert.equal("401", stranger)
  end)

  it("says at the start that the accounts cannot be read", function()
    os.remove(dir .. "/accounts.lua")
    local pid = start()
    local text
    local found = process.eventually(20, function()
      text = process.read(dir .. "/error.log") or ""
      return text:find(dir .. "/accounts.lua", 1, true)
    end)
    posix.kill(pid, 15)
    assert.truthy(found, text)
  end)
end)

describe("the OpenResty example", function()
  local pages

  setup(function() pages = output(SCRIPT .. " --once 2>&1") end)

  it("answers JSON for its page, with a badge for each account", function()
    local text = pages:match "== /unread\n(%b{})"
    local all = cjson.decode(text or error(pages))
    for _, name in ipairs { "anna", "boris" } do
      assert.same({ "8", 8, 4, false }, { all[name].badge, all[name].messages,
        all[name].notifications, all[name].stale })
      assert.is_true(all[name].age < 60)
    end
  end)

  it("answers metrics as Prometheus reads them", function()
    local text = pages:match "== /metrics\n(.-)\n== /\n"
    local kinds, names = {}, 0
    for line in text:gmatch "[^\n]+" do
      local name = line:match "^# TYPE (b24_[%l_]+) gauge$"
      if name then kinds[name] = true end
      if not line:find "^#" then
        local metric, value = line:match '^(b24_[%l_]+){account="%l+"[%w_=",]*} (%S+)$'
        assert.truthy(kinds[metric], line)
        assert.truthy(tonumber(value), line)
        names = names + 1
      end
    end
    assert.is_true(names >= 8)
    assert.truthy(text:find('\nb24_unread{account="anna",kind="messages"} 8\n', 1, true))
    assert.truthy(text:find('\nb24_up{account="boris"} 1\n', 1, true))
  end)

  it("tells changes as server-sent events", function()
    local text = pages:match "== /events\n(.-)\n== /bitrix24" or error(pages)
    local events = {}
    for line in (text .. "\n"):gmatch "data: ([^\n]*)\n\n" do
      events[#events + 1] = cjson.decode(line)
    end
    assert.is_true(#events >= 2, text)
    assert.same({ "8", "8" }, { events[1].anna.badge, events[1].boris.badge })
    assert.same({ "10", "8" }, { events[2].anna.badge, events[2].boris.badge })
  end)

  it("takes events from Bitrix24 alone", function()
    assert.truthy(pages:find("== /bitrix24/event secret\n200\n", 1, true), pages)
    assert.truthy(pages:find("== /bitrix24/event guess\n403\n", 1, true), pages)
  end)

  it("serves its page", function()
    assert.truthy(pages:find('<ul id="list"></ul>', 1, true))
  end)

  it("ends with Ctrl-C, and leaves nothing running", function()
    local pipe = assert(io.popen("echo $$; exec " .. SCRIPT .. " 2>/dev/null"))
    local pid, line = tonumber((pipe:read "*l")), pipe:read "*l"
    local url = tostring(line):match "b24: (http://127%.0%.0%.1:%d+) "
    assert.truthy(url, line)
    assert.truthy((require("socket.http").request(url .. "/unread")))
    posix.kill(pid, 2)
    pipe:close() -- waits for its end
    assert.is_nil((require("socket.http").request(url .. "/unread")))
  end)

  it("has no directive in its conf that the demo had to leave out", function()
    local conf = assert(process.read(ROOT .. "examples/openresty/nginx.conf"))
    for _, directive in ipairs { "resolver ", "lua_ssl_trusted_certificate ",
        "lua_ssl_verify_depth ", "lua_shared_dict b24 ", "env B24_RUNTIME_DIR=" } do
      assert.truthy(conf:find("\n *" .. directive), directive)
    end
    local accounts = assert(loadfile(ROOT .. "examples/openresty/accounts.lua"))()
    for _, webhook in pairs(accounts) do assert(require("b24.codec").conf(webhook)) end
  end)
end)
