-- What a child of this program inherits: nothing of ours. A socket in the hands of a stranger keeps
-- a connection open, and could speak on it.
-- One Lua of each kind: processes.

local process = require "spec.support.process"
local start = require("spec.support.portal").start

-- Run by io.popen: what is open here besides its own three, and in the parent, too. The pipe to the
-- parent is io.popen's.
local LOOK = [[
  local codec = require "b24.codec"
  local script = os.tmpname()
  local file = io.open(script, "w")
  file:write("for f in /proc/$$/fd/*; do echo ${f##*/} $(readlink $f); done; echo; "
    .. "ls -l /proc/$PPID/fd")
  file:close()
  local function seen()
    local pipe = assert(io.popen("exec sh " .. script))
    local text = pipe:read "*a"
    pipe:close()
    local mine, parents = text:match "^(.-)\n\n(.*)$"
    local own, list = mine:match "1 (%S+)", {}
    assert(parents:find(own, 1, true), text)
    for number, what in mine:gmatch "(%d+) (%S+)" do
      if tonumber(number) > 2 and what ~= own and parents:find(" " .. what .. "\n", 1, true)
          and what ~= script then
        list[#list + 1] = number .. " " .. what
      end
    end
    return table.concat(list, "\n")
  end
  local before = seen()
  local function check(when)
    local now = seen()
    if now ~= before then print(when .. ":\n" .. now .. "\nnot\n" .. before) end
  end
]]

describe("a child", function()
  local portal
  setup(function() portal = start() end)
  before_each(function() portal:reset() end)

  local function inherits_nothing(source)
    local status, out, err = process.run(LOOK .. source:gsub("%$CONF", function()
      return ("webhook = %q, ca_file = %q, retries = 0"):format(portal.webhook, portal.ca_file)
    end) .. "\nos.remove(script)", {})
    assert.equal("", err)
    assert.equal("", out)
    assert.equal(0, status)
  end

  it("of io.popen inherits no connection, pipe or file of a blocking client", function()
    inherits_nothing [[
      local b24 = require "b24"
      for _, version in ipairs { "1.1", "2" } do
        local client = assert(b24.client { $CONF, http_version = version, max_age = 5,
          log = function() check "log" end })
        assert(client:counters())
        assert(client:call "profile")
        check("http " .. version)
      end
      collectgarbage()
      check "end"
    ]]
  end)

  it("of io.popen inherits nothing of an engine with requests under way", function()
    portal:control("fault", { kind = "silent", method = "profile" })
    inherits_nothing [[
      local core = require "b24.core"
      local conf = assert(codec.conf { $CONF, limiter = false })
      local engine = core.engine()
      check "new"
      local function send(method)
        local call = assert(codec.call(conf, method))
        assert(call:next(codec.clock(), "go") == "SEND")
        return engine:add(call)
      end
      send "profile"
      send "user.current"
      check "sent"
      for _ = 1, 100 do
        if engine:wait(10) then break end
      end
      check "under way"
      engine:close()
      check "closed"
    ]]
  end)

  it("of io.popen inherits nothing while a name is looked up", function()
    inherits_nothing [[
      local core = require "b24.core"
      local engine = core.engine()
      local conf = assert(codec.conf { webhook = "https://no-such-host.invalid/rest/1/x/",
        limiter = false })
      for _ = 1, 10 do
        local call = assert(codec.call(conf, "profile"))
        call:next(codec.clock(), "go")
        engine:add(call)
        codec.nap(0.01) -- libcurl before 8.10 needs a moment, see src/curl/inherit.h
        check "lookup"
      end
    ]]
  end)
end)
