-- A wrong call throws at the caller's line, at the first call and later.

local b24 = require "b24"
local start = require("spec.support.portal").start

local HERE = debug.getinfo(1, "S").short_src

local function line() return debug.getinfo(2, "l").currentline end

describe("b24 throws at the caller's line", function()
  local portal
  setup(function() portal = start() end)
  before_each(function() portal:reset() end)

  local function conf(more)
    local c = { webhook = portal.webhook, ca_file = portal.ca_file, timeout = 10, limiter = false }
    for name, value in pairs(more or {}) do c[name] = value end
    return c
  end

  -- Runs f, which notes its line in here[1], and gives back what it throws without the position.
  local function thrown(f)
    local here = {}
    local ok, message = pcall(f, here)
    assert.is_false(ok)
    local position = HERE .. ":" .. here[1] .. ": "
    assert.equal(position, tostring(message):sub(1, #position))
    return message:sub(#position + 1)
  end

  it("for a wrong conf, at the first call and later", function()
    for _ = 1, 2 do
      assert.equal("b24: conf must be a table, a webhook URL or nil, not a number",
        thrown(function(at) at[1] = line() b24.counters(5) end))
      local misspelt = thrown(function(at) at[1] = line() b24.counters(conf { time_out = 3 }) end)
      assert.truthy(misspelt:find "^b24: unknown option 'time_out' %(there are: .*timeout, ")
      assert.truthy(misspelt:find("; did you mean 'timeout'?)", 1, true))
      assert.equal("b24: option 'timeout' must be a number of seconds, not a string",
        thrown(function(at) at[1] = line() b24.counters(conf { timeout = "3" }) end))
      assert.truthy(thrown(function(at) at[1] = line() b24.client(conf { wibble = 3 }) end)
        :find "^b24: unknown option 'wibble' %(there are: [%w_, ]+%)$")
      local message = thrown(function(at) at[1] = line() b24.counters(conf(), print) end)
      assert.truthy(message:find("callback needs an event loop", 1, true))
      assert(b24.counters(conf()))
    end
    assert.equal("b24: conf must be a table, a webhook URL or nil, not a boolean",
      thrown(function(at) at[1] = line() b24.client(false) end))
  end)

  it("for a method that was called without its client", function()
    local client = assert(b24.client(conf()))
    for name, pattern in pairs { counters = "client:counters", call = "client:call",
        close = "client:close" } do
      for _, wrong in ipairs { "nothing", {}, 5, "x" } do
        local message = thrown(function(at)
          at[1] = line() client[name](wrong ~= "nothing" and wrong or nil)
        end)
        assert.truthy(message:find(pattern, 1, true))
      end
    end
  end)

  it("for wrong arguments of client:call", function()
    local client, loop = assert(b24.client(conf())), {}
    loop.loop = loop
    for _ = 1, 2 do
      assert.equal("b24: method must be a string, not a nil",
        thrown(function(at) at[1] = line() client:call() end))
      assert.equal("b24: params must be a table, not a string",
        thrown(function(at) at[1] = line() client:call("profile", "x") end))
      assert.equal("b24: a parameter is not a number (NaN)",
        thrown(function(at) at[1] = line() client:call("profile", { x = 0 / 0 }) end))
      assert.truthy(thrown(function(at)
        at[1] = line() client:call("profile", loop)
      end):find "nested too deeply")
      assert.truthy(thrown(function(at)
        at[1] = line() client:counters(print)
      end):find "a callback needs")
      assert.truthy(thrown(function(at)
        at[1] = line() client:call("profile", {}, print)
      end):find "a callback")
      assert(client:counters())
    end
    assert.equal(2, #portal:log())
  end)
end)
