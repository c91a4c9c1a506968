-- An application's tokens in a real nginx: one refresh for its workers and for the programs around
-- it.

local applications = require "spec.support.applications"
local data = require "spec.support.data"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

if nginx.skips(describe, pending, "tokens in nginx") then return end

local literal, refreshes, stored = applications.literal, applications.refreshes, applications.stored

describe("tokens in nginx", function()
  local portal, server, folder

  setup(function()
    portal = start()
    -- The client is made once in each worker, and lives as long as that.
    server = nginx.start { http = [[
      init_worker_by_lua_block {
        package.preload.held = function()
          local conf = loadstring(ngx.shared.notes:get "conf")()
          return assert(require("b24").client(conf))
        end
      }
    ]], server = [[
      location = /call {
        content_by_lua_block {
          local client = require "held"
          local profile, err, info = client:call "profile"
          ngx.print(profile and "user " .. profile.ID or err, " ", ngx.worker.pid())
        }
      }
      location = /many {
        content_by_lua_block {
          local client = require "held"
          local threads, good = {}, 0
          for i = 1, 10 do
            threads[i] = ngx.thread.spawn(function() return client:call "profile" end)
          end
          for _, thread in ipairs(threads) do
            local ok, profile = ngx.thread.wait(thread)
            if ok and profile then good = good + 1 end
          end
          ngx.print(good, " good in ", ngx.worker.pid())
        }
      }
    ]] }
  end)
  before_each(function()
    portal:reset()
    folder = data.folder()
  end)
  after_each(function() data.remove_folder(folder) end)
  teardown(function()
    server:stop()
    portal:stop()
  end)

  -- New workers, with this conf.
  local function hold(conf)
    local old = server:reload()
    assert.is_true(process.eventually(10, function()
      for _, pid in ipairs(old) do
        if server:signal(0, pid) then return false end
      end
      return #server:workers() == 2
    end))
    server:run(("ngx.shared.notes:set('conf', %q)"):format("return " .. literal(conf)))
  end

  -- Asks until both workers have answered.
  local function ask_both(path)
    local seen, count = {}, 0
    for _ = 1, 200 do
      local text = server:ask(path)
      local words, pid = text:match "^(.*) (%d+)$"
      assert(words, text)
      if not seen[pid] then seen[pid], count = words, count + 1 end
      if count == 2 then return seen end
    end
    error "one worker does it all"
  end

  it("are renewed once for two workers and eight processes", function()
    local oauth = applications.oauth(portal, folder)
    hold(applications.conf(oauth))
    for _, words in pairs(ask_both "/call") do assert.equal("user 1", words) end
    local children = {}
    for i = 1, 8 do
      children[i] = process.start(([[
        local b24, posix = require "b24", require "b24_posix"
        local client = assert(b24.client(%s))
        io.write "ready "
        io.stdout:flush()
        while not io.open(%q) do posix.sleep(0.005) end
        local profile, err = client:call "profile"
        io.write(profile and "user " .. profile.ID or err)
      ]]):format(literal(applications.conf(oauth)), folder .. "/go"))
    end
    for _, one in ipairs(children) do
      assert.is_true(process.eventually(10, function() return one:output():find "ready" end))
    end
    portal:control("oauth", { delay = 0.3 }) -- so that two would overlap, and one pair die
    portal:control "expire_tokens"
    process.write(folder .. "/go", "")
    for _, words in pairs(ask_both "/many") do assert.equal("10 good in", words) end
    for _, one in ipairs(children) do assert.same({ 0, "ready user 1", "" }, { one:wait() }) end
    assert.equal(1, refreshes(portal))
    assert.equal(applications.live(portal).refresh_token, stored(oauth.store).refresh_token)
  end)

  it("are renewed once for all requests of a worker, with a store of one's own", function()
    local oauth = applications.oauth(portal, folder)
    local conf = literal(applications.conf(oauth)):gsub('store = "[^"]*"', [[
      store = {
        load = function()
          ngx.sleep(0.01)
          local text = ngx.shared.notes:get "tokens"
          return text and require("b24.codec").decode(text)
        end,
        save = function(tokens)
          ngx.sleep(0.01)
          ngx.shared.notes:set("tokens", require("b24.codec").encode(tokens))
        end,
      }]])
    hold {}
    server:run(("ngx.shared.notes:set('conf', %q)"):format("return " .. conf))
    portal:control("oauth", { delay = 0.3 })
    portal:control "expire_tokens"
    for _, words in pairs(ask_both "/many") do assert.equal("10 good in", words) end
    assert.equal(1, refreshes(portal))
  end)

  it("are renewed again after a worker was killed while the server was asked", function()
    local oauth = applications.oauth(portal, folder)
    hold(applications.conf(oauth))
    portal:control("oauth", { grace = 60 })
    portal:control "expire_tokens"
    portal:control("fault", { kind = "drip", delay = 30, method = "oauth.token" })
    local waiting = nginx.guarded(("exec curl -s http://127.0.0.1:%d/call >/dev/null")
      :format(server.port))
    assert.is_true(process.eventually(10, function() return refreshes(portal) == 1 end))
    for _, pid in ipairs(server:workers()) do server:signal(nginx.KILL, pid) end
    waiting:close()
    portal:control "clear_faults"
    assert.is_true(process.eventually(10, function() return #server:workers() == 2 end))
    for _, words in pairs(ask_both "/call") do assert.equal("user 1", words) end
    assert.equal(applications.live(portal).refresh_token, stored(oauth.store).refresh_token)
  end)

  it("stay out of its log", function()
    local oauth = applications.oauth(portal, folder)
    hold(applications.conf(oauth))
    for _, kind in ipairs { "execute_then_cut", "html", "reset" } do
      portal:control("fault", { kind = kind, method = "oauth.token", times = 3 })
      portal:control "expire_tokens"
      server:ask "/call"
    end
    for _, name in ipairs { "client_secret", "access_token", "refresh_token" } do
      assert.is_nil(server:log():find(oauth[name], 1, true), name)
    end
  end)
end)
