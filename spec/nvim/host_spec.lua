-- Inside Neovim: callbacks outside fast events, never a frozen editor, a quick end.

local data = require "spec.support.data"
local nvim = require "spec.support.nvim"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

describe("in Neovim", function()
  -- The module of 5.1 is the one that Neovim loads: once is enough.
  if _VERSION ~= "Lua 5.1" or rawget(_G, "jit") then return end
  local why_not
  if process.sanitized() then
    why_not = "the program itself is not built for a sanitizer"
  else
    why_not = nvim.missing()
  end
  if why_not then
    it("(all of this)", function() pending(why_not) end)
    return
  end

  local portal, folder
  setup(function()
    portal = start()
    folder = data.folder()
  end)
  before_each(function() portal:reset() end)
  teardown(function()
    portal:control "clear_faults"
    data.remove_folder(folder)
  end)

  -- Runs a script that has `b24`, `client`, `conf`, `say(…)` and `quit()`, which it must call.
  -- Returns what it said; nothing else may be seen, but the trouble that is named.
  local function run(source, trouble)
    process.write(folder .. "/script.lua", ([[
      package.path, package.cpath = %q, %q
      b24 = require "b24"
      conf = { webhook = %q, ca_file = %q, limiter = false, timeout = 10 }
      client = assert(b24.client(conf))
      local file = io.open(%q, "w")
      function say(...)
        local words = {}
        for i = 1, select("#", ...) do words[i] = tostring((select(i, ...))) end
        file:write(table.concat(words, " "), "\n")
        file:flush()
      end
      function quit() vim.cmd "qa!" end
    ]]):format(package.path, package.cpath, portal.webhook, portal.ca_file,
      folder .. "/said") .. source)
    local complaint = data.shell(("{ env -i PATH=\"$PATH\" HOME=%s XDG_RUNTIME_DIR=%s TERM=dumb "
      .. "timeout 60 nvim -u NONE -i NONE -n --headless -c 'luafile %s/script.lua' </dev/null; "
        .. "echo status $?; }"):format(
      folder, folder, folder))
    if trouble then assert.truthy(complaint:find(trouble, 1, true), complaint) end
    assert.equal("status 0\n", trouble and complaint:match "status %d+\n$" or complaint)
    return process.read(folder .. "/said")
  end

  it("a callback comes outside fast events, and may use the editor", function()
    assert.equal("before\n14 nil 200 false 1\n", run [[
      client:counters(function(counters, err, info)
        vim.api.nvim_buf_set_lines(0, 0, -1, false, { "fine" })
        say(counters.TYPE.ALL, err, info.status, vim.in_fast_event(),
          vim.api.nvim_buf_line_count(0))
        quit()
      end)
      say "before"
    ]])
  end)

  it("a call that would freeze it is refused and names the right ones, unless asked for", function()
    assert.equal("false true true true\nfalse true\n14\n", run [[
      local ok, err = pcall(client.counters, client)
      say(ok, err:find("client:counters() would freeze Neovim", 1, true) ~= nil,
        err:find("callback", 1, true) ~= nil,
        err:find("b24.run", 1, true) ~= nil)
      local done, complaint = pcall(function()
        for _ in client:list "crm.deal.list" do say "a row" end
      end)
      say(done, complaint:find("would freeze Neovim", 1, true) ~= nil)
      conf.transport = "blocking"
      say((b24.counters(conf)).TYPE.ALL)
      quit()
    ]])
  end)

  it("b24.run waits without stopping the editor", function()
    portal:control("fault", { kind = "slow", delay = 0.3, times = 1, method = "im.counters.get" })
    local said = run [[
      local ticks, timer = 0, vim.loop.new_timer()
      timer:start(5, 5, function() ticks = ticks + 1 end)
      b24.run(function()
        local counters = assert(client:counters())
        local rows = assert(client:all "crm.deal.list")
        say(counters.TYPE.ALL, #rows > 0, vim.in_fast_event(), ticks)
        timer:close()
        quit()
      end)
    ]]
    local ticks = said:match "^14 true false (%d+)\n$"
    assert.truthy(ticks, said)
    assert.is_true(tonumber(ticks) > 5, said) -- of 60
  end)

  it("wait keeps the editor going, in a callback too", function()
    portal:control("fault", { kind = "slow", delay = 0.2, times = -1, method = "im.counters.get" })
    assert.equal("true WAIT_TIMEOUT\n14 nil\ntrue\n14\n", run [[
      local ticks, timer = 0, vim.loop.new_timer()
      timer:start(5, 5, function() ticks = ticks + 1 end)
      local handle = client:counters(function() end)
      local value, _, info = handle:wait(20)
      say(value == nil, info.code)
      local counters, err = handle:wait()
      say(counters.TYPE.ALL, err)
      say(ticks > 10)
      timer:close()
      client:call("profile", function()
        say((client:counters(function() end):wait()).TYPE.ALL)
        quit()
      end)
    ]])
  end)

  it("a callback may wait for a handle whose answer came together with its own", function()
    assert.equal("true nil\n", run [[
      client:call("profile", function()
        local second
        client:call("profile", function()
          local value, err = second:wait(3000)
          say(value ~= nil, err)
          quit()
        end)
        second = client:call("profile", function() end)
        vim.loop.sleep(300)
      end)
    ]])
  end)

  it("what a callback throws is shown, and what else is under way is answered", function()
    portal:control("fault", { kind = "slow", delay = 0.2, times = -1, method = "im.counters.get" })
    for _,
        broken in ipairs { "client:call('profile', function() error 'the user\\'s own trouble' "
          .. "end)",
      "b24.run(function() client:call 'profile' error 'the user\\'s own trouble' end)" } do
      assert.equal("answered 14\n", run([[
        client:counters(function(counters)
          say("answered", counters.TYPE.ALL)
          quit()
        end)
      ]] .. broken, "the user's own trouble"))
    end
  end)

  it("60 accounts are asked side by side", function()
    assert.equal("59 auth 1\n", run [[
      local confs = {}
      for i = 1, 59 do confs[i] = conf end
      confs.bad = { webhook = conf.webhook:gsub("/[^/]+/$", "/wrong0secret/"),
        ca_file = conf.ca_file, limiter = false }
      b24.counters_all(confs, function(answers, _, info)
        local good = 0
        for i = 1, 59 do good = good + (answers[i].counters and 1 or 0) end
        say(good, answers.bad.info.kind, info.failed)
        quit()
      end)
    ]])
  end)

  it("quits at once with requests in flight", function()
    portal:control("fault", { kind = "silent", times = -1, method = "im.counters.get" })
    for _, ms in ipairs { 0, 2, 10, 50 } do
      local said = run(([[
        conf.timeout = 300 -- the editor is killed before that
        client = assert(b24.client(conf))
        for _ = 1, 5 do client:counters(function() say "an answer" end) end
        conf.http_version = "1.1"
        b24.counters(conf, function() say "an answer" end)
        b24.run(function() client:counters() end)
        vim.defer_fn(quit, %d)
        say "begun"
      ]]):format(ms))
      assert.equal("begun\n", said)
    end
  end)
end)
