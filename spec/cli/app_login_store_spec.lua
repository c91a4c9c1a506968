-- b24 login --app: what becomes of the tokens that were there, and of those that it got.
-- One Lua of each kind: processes.

local codec = require "b24.codec"
local command = require "spec.support.command"
local data = require "spec.support.data"
local log_in = require "spec.support.log_in"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

local quote = process.quote

describe("b24 login --app", function()
  local portal, at, home, host
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    at = log_in.new(portal)
    home, host = at.home, at.host
  end)
  after_each(function() command.remove(home) end)

  local function b24(...) return at:b24(...) end
  local function login(...) return at:login(...) end
  local function stored(...) return at:stored(...) end
  local function environment(...) return at:environment(...) end
  local function folder() return home .. "/.config/b24" end
  local function refreshes() return at:executions "refresh_token" end
  local function exchanges() return at:executions "authorization_code" end

  it("is not undone by who renews the tokens before it, or has been killed doing so", function()
    local path = folder() .. "/app"
    local function owner() -- of the tokens, whatever else the file says
      for _, pair in ipairs(portal:control("tokens").tokens) do
        if stored():find(pair.refresh_token, 1, true) then return pair.user_id end
      end
    end
    assert.equal(0, (login()))
    portal:control "expire_tokens"
    portal:control("oauth", { delay = 1, user_id = 8 })
    local other = process.start(([[
      local client = assert(require("b24").client { oauth = { store = %q }, ca_file = %q })
      io.write(tostring(client:call("profile") ~= nil))
    ]]):format(path, portal.ca_file), environment())
    assert.is_true(process.eventually(20, function() return refreshes() == 1 end))
    assert.equal(0, (login()))
    other:wait()
    assert.equal(8, owner())
    process.write(path .. "+new", stored():gsub('"8"', '"1"', 1))
    data.shell("chmod 600 " .. quote(path .. "+new"))
    assert.equal(0, (login()))
    portal:control "expire_tokens"
    assert.equal(0, (b24 { "counters", "--json" }))
    assert.same({ 8, "8" }, { owner(), codec.system.app(path).user_id })
  end)

  it("stores them where a symbolic link leads, or says that it leads nowhere", function()
    data.shell(("mkdir -p -m 700 %s; ln -s %s/kept %s/app"):format(quote(folder()), quote(home),
      quote(folder())))
    local status, out, err = login()
    assert.same({ 2, "" }, { status, out })
    assert.truthy(err:find("symbolic link", 1, true), err)
    assert.equal(0, exchanges())
    data.write(home .. "/kept", "", "600")
    assert.equal(0, (login()))
    assert.equal(portal.member_id, codec.system.app(home .. "/kept").member_id)
    assert.equal(home .. "/kept\n", data.shell("readlink " .. quote(folder() .. "/app")))
  end)
  it("keeps the tokens when the portal cannot say whose they are", function()
    portal:control("fault", { kind = "html", status = 502, method = "profile", times = -1 })
    local status, out, err = login()
    portal:control "clear_faults"
    assert.equal(0, status, err)
    assert.truthy(out:find("A user is logged in to " .. host, 1, true), out)
    assert.truthy(err:find("HTTP_502", 1, true), err)
    assert.equal(0, (b24 { "counters", "--json" }))
    assert.equal(1, exchanges())
  end)

  it("stores none that the portal refuses", function()
    portal:control("reply", { method = "profile", times = -1, status = 401,
      body = '{"error":"authorization_error"}' })
    local status, out, err = login()
    portal:control "clear_faults"
    assert.same({ 3, "" }, { status, out }, err)
    assert.equal("", data.shell("ls -A " .. quote(folder())))
  end)
end)
