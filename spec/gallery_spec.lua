-- What examples/ has for other programs works with them: bars, a window manager, systemd,
-- monitoring. Where such a program is not installed, its example is skipped and says so.
-- One Lua of each kind: processes.

local cjson = require "cjson"
local command = require "spec.support.command"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

local ROOT = debug.getinfo(1, "S").source:match "^@(.*)spec/gallery_spec%.lua$" or ""
local quote = process.quote

local function file(name)
  return (assert(process.read(ROOT .. "examples/" .. name), name))
end

local function has(program)
  local status = os.execute("command -v " .. program .. " >/dev/null 2>&1")
  return status == true or status == 0
end

describe("the example for", function()
  local portal, home, path
  setup(function()
    portal, home = start(), command.home()
    local _, prefix = command.path()
    path = prefix .. "/bin:" .. os.getenv "PATH"
  end)
  before_each(function() portal:reset() end)
  teardown(function() command.remove(home) end)

  -- A shell line as this user's; status and what it printed.
  local function shell(line)
    local out = home .. "/out"
    local env = "HOME=%s TMUX_TMPDIR=%s B24_RUNTIME_DIR=%s/run B24_ALLOW_HTTP=1 PATH=%s "
      .. "B24_WEBHOOK=%s"
    process.write(home .. "/line.sh", line .. "\n")
    local status = os.execute(("env -u LD_PRELOAD -u DISPLAY " .. env .. " sh %s/line.sh >%s 2>&1")
      :format(quote(home), quote(home), quote(home), quote(path), quote(portal.http_webhook), home,
        out))
    return status == true or status == 0, assert(process.read(out))
  end

  -- What a bar would show of a command.
  local function shows(line, expected)
    local ok, out = shell(line)
    assert.is_true(ok, out)
    assert.equal(expected, (out:gsub("%s+$", "")))
  end

  it("tmux shows the badge in its status line", function()
    if not has "tmux" then return pending "tmux is not installed" end
    -- A status line is only drawn for somebody: the outer tmux is the terminal.
    local inner = "tmux -L b24inner -f " .. quote(ROOT .. "examples/bars/tmux.conf")
    local seen
    shell(('tmux -L b24outer -f /dev/null new-session -d -x 80 -y 24 "TMUX= %s new sleep 60"')
      :format(inner))
    local found = process.eventually(20, function()
      seen = select(2, shell "tmux -L b24outer capture-pane -p")
      return seen:find "8 %d%d:%d%d%s*$"
    end)
    shell(inner .. " kill-server")
    shell "tmux -L b24outer kill-server"
    assert.truthy(found, seen)
  end)

  it("waybar is JSON, and its command prints what waybar reads", function()
    local module = cjson.decode(file "bars/waybar.json")["custom/b24"]
    assert.equal("json", module["return-type"])
    local ok, out = shell(module.exec)
    assert.is_true(ok, out)
    assert.equal("8", cjson.decode(out).text)
    assert.truthy(cjson.decode(out).tooltip:find("14 = ", 1, true))
  end)

  it("polybar prints the badge", function()
    shows(assert(file "bars/polybar.ini":match "\nexec = ([^\n]+)"), "8")
  end)

  it("i3blocks prints the badge", function()
    local conf = file "bars/i3blocks.conf"
    shows(assert(conf:match "\ncommand=([^\n]+)"), "8")
    if not has "i3blocks" then return pending "i3blocks is not installed" end
    local line = "timeout 5 i3blocks -c " .. quote(ROOT .. "examples/bars/i3blocks.conf")
    local _, out = shell(line)
    assert.truthy(out:find('✉ 8', 1, true), out)
  end)

  it("cron says to the team that clients wait, and writes metrics", function()
    local ran = 0
    for line in file "monitoring/crontab":gmatch "[^\n]+" do
      local job = line:match "^%S+ %S+ %* %* %S+  (.*)$"
      if job then
        ran = ran + 1
        assert.is_true(shell(job))
      end
    end
    assert.equal(2, ran)
    assert.equal(1, portal:asked "im.message.add") -- the demo's client waits 25 minutes
    assert.truthy(process.read(home .. "/b24.prom"):find('b24_unread{kind="messages"} 8', 1, true))
  end)

  it("Grafana and Prometheus name metrics that there are", function()
    local _, metrics = shell "b24 --format prometheus"
    local function check(expr)
      local name, kind = expr:match "^(b24_[%l_]+)", expr:match 'kind="(%l+)"'
      assert.truthy(metrics:find("\n" .. (name or expr) .. "[ {]"), expr)
      if kind then assert.truthy(metrics:find('kind="' .. kind .. '"', 1, true), expr) end
    end
    local panels = cjson.decode(file "monitoring/grafana.json").panels
    assert.is_true(#panels >= 4)
    for _, panel in ipairs(panels) do check(panel.targets[1].expr) end
    for expr in file "monitoring/b24.rules.yml":gmatch "expr: ([^\n]+)" do check(expr) end
    if not has "promtool" then return pending "promtool is not installed" end
    local ok, out = shell("promtool check rules "
      .. quote(ROOT .. "examples/monitoring/b24.rules.yml"))
    assert.is_true(ok, out)
  end)

  it("awesome shows the badge, and on a click who is waiting", function()
    if process.sanitized() then
      return pending "the program itself is not built for a sanitizer"
    end
    if not (has "awesome" and has "Xvfb") then return pending "awesome, Xvfb are not installed" end
    local version = assert(io.popen("awesome --version"):read "*a":match "Lua (5%.%d)")
    local _, env = shell("make -s -C " .. quote(ROOT == "" and "." or ROOT) .. " env LUA=lua"
      .. version .. " 2>/dev/null")
    if not env:find "LUA_CPATH" then return pending("b24 is not built for Lua " .. version) end
    local seen = home .. "/seen"
    local before = portal:asked "im.counters.get"
    shell(env .. ("export B24_SEEN=%s LUA_PATH=$PWD/%sexamples/awesome/?.lua\\;$LUA_PATH\n"):format(
      quote(seen), ROOT) .. "mkfifo $HOME/display\n"
      .. "timeout 60 Xvfb -displayfd 3 -screen 0 640x200x24 3>$HOME/display >/dev/null 2>&1 &\n"
      .. "read -r DISPLAY <$HOME/display\n"
      .. "export DISPLAY=:$DISPLAY\n"
      .. ("timeout 60 awesome -c %sspec/support/awesome_rc.lua >$HOME/awesome.log 2>&1 &\n"):format(
        ROOT)
      .. "while ! grep -q Waiting $HOME/seen 2>/dev/null && kill -0 $!; do sleep 0.1; done\n"
      .. "kill $!; kill %1\n")
    local text = process.read(seen) or process.read(home .. "/awesome.log")
    assert.truthy(("\n" .. text):find("\n✉ 8\n", 1, true), text)
    assert.truthy(text:find("Waiting for you: 3  User 1; ", 1, true), text)
    assert.is_true(portal:asked "im.counters.get" > before)
  end)

  it("systemd is a unit without mistakes", function()
    if not has "systemd-analyze" then return pending "systemd is not installed" end
    local unit = quote(ROOT .. "examples/systemd/b24-watch.service")
    -- the manual is not installed here
    local _, out = shell("systemd-analyze --user verify --man=no " .. unit)
    assert.is_nil(out:find("b24-watch.service:", 1, true), out)
  end)

  it("bot.lua answers each person once", function()
    portal:control("message", { dialog_id = "5", text = "Are you there?", author_id = 5 })
    local source = file "bot.lua":gsub("^#![^\n]*\n", "\n")
    local child = process.start('arg = { "Back on Monday.", "1" }; ' .. source,
      { B24_WEBHOOK = portal.http_webhook, B24_ALLOW_HTTP = "1" })
    local said = process.eventually(20, function()
      return select(2, child:output():gsub("answered ", "")) == 2
    end)
    local first = portal:asked "im.message.add"
    portal:control("message", { dialog_id = "5", text = "Hello?", author_id = 5 })
    local polls = portal:asked "im.counters.get"
    process.eventually(20, function() return portal:asked "im.counters.get" > polls + 1 end)
    child:signal(2)
    child:wait()
    assert.is_true(said)
    assert.equal(2, first)
    assert.equal(first, portal:asked "im.message.add")
    assert.equal(0, portal:asked "im.dialog.read")
  end)
end)
