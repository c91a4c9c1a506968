-- Whoever misspells an option is told which there are: every call that takes options.
-- No sockets.

local b24 = require "b24"
local codec = require "b24.codec"

local WEBHOOK = "https://portal.example/rest/1/secretsecret/"

describe("a misspelt option", function()
  local client = assert(b24.client { webhook = WEBHOOK })

  -- The call, an option that it has, and the call itself with the options.
  local CALLS = {
    { "b24.counters", "timeout", function(opts)
      opts.webhook = WEBHOOK
      return b24.counters(opts)
    end },
    { "b24.client", "timeout", function(opts) return b24.client(opts) end },
    { "b24.counters_all", "parallel", function(opts) return b24.counters_all({}, opts) end },
    { "b24.run", "transport", function(opts) return b24.run(print, opts) end },
    { "client:call", "idempotent", function(opts) return client:call("profile", {}, opts) end },
    { "client:batch", "parallel", function(opts) return client:batch({ { "profile" } }, opts) end },
    { "client:list", "parallel",
      function(opts) return client:list("crm.deal.list", {}, opts) end },
    { "client:all", "batch", function(opts) return client:all("crm.deal.list", {}, opts) end },
    { "client:inbox", "section", function(opts) return client:inbox(opts) end },
    { "client:messages", "unread", function(opts) return client:messages("5", opts) end },
    { "client:send", "files", function(opts) return client:send("5", "x", opts) end },
    { "client:watch", "on_change", function(opts) return client:watch(opts) end },
    { "b24.mock.start", "limiter", function(opts) return require("b24.mock").start(opts) end },
  }

  local function thrown(f, opts)
    local ok, message = pcall(function()
      local result = f(opts)
      return result
    end)
    assert.is_false(ok)
    return tostring(message)
  end

  for _, row in ipairs(CALLS) do
    local name, option, f = row[1], row[2], row[3]
    it("of " .. name .. " is thrown with all that there are, and the nearest", function()
      local wrong = option:sub(1, 3) .. option:sub(5)
      local message = thrown(f, { [wrong] = 1 })
      assert.truthy(message:find("options_spec.lua:", 1, true), message)
      assert.truthy(message:find("b24: unknown option '" .. wrong .. "'", 1, true), message)
      assert.truthy(message:find "%(there [ai]%w+: ", message)
      assert.truthy(message:find("[ ,]" .. option .. "[,;)]"), message)
      assert.truthy(message:find("; did you mean '" .. option .. "'?)", 1, true), message)
      message = thrown(f, { zzzzzzzz = 1 })
      assert.truthy(message:find("[ ,]" .. option .. "[,)]"), message)
      assert.is_nil(message:find("did you mean", 1, true), message)
    end)

    it("of " .. name .. " may not be nameless", function()
      assert.truthy(thrown(f, { "x" }):find "option that is not named %(a number key%)")
    end)
  end

  it("is refused by the checker itself, whatever it checks", function()
    local known = { one = "number", two = "table|function", any = "any", free = print }
    local opts = { one = 1, two = print, any = true, free = "x" }
    assert.equal(opts, codec.options("f", opts, known))
    assert.same({}, codec.options("f", nil, known))
    local function wrong(value) return thrown(function() codec.options("f", value, known) end) end
    assert.truthy(wrong(5):find("the options of f must be a table, not a number", 1, true))
    assert.truthy(wrong { one = "1" }:find("'one' must be a number, not a string", 1, true))
    assert.truthy(wrong { two = 2 }:find("'two' must be a table or a function, not a number", 1,
      true))
    assert.truthy(thrown(function() codec.options("f", { x = 1 }, { y = "number" }) end)
      :find("(there is: y)", 1, true))
  end)
end)
