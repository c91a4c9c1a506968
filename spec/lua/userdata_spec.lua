-- Every metamethod and method of every type, with everything that it is not meant for: an error, or
-- a value, but never a crash. In a child, because a crash would end the suite.

local process = require "spec.support.process"

local SETUP = [[
  local codec = require "b24.codec"
  local ok, core = pcall(require, "b24.core")
  if not ok then core = codec end
  local function objects()
    local conf = assert(codec.conf { webhook = "https://portal.example/rest/1/x/", max_age = 5,
      limiter = { rate = 1 } })
    local list = { conf = conf, call = codec.call(conf, "profile"),
      cursor = codec.cursor "crm.deal.list",
      watch = codec.watch(60), reader = codec.http_reply(100), cache = codec.cache(conf),
      live = codec.live(conf), live_share = codec.live_share(conf),
      engine = core.engine and core.engine() }
    list.call:next(codec.clock(), "go")
    list.live:next(0, "go")
    return list
  end
  local answer = codec.reply("https://portal.example/rest/1/x/", "im.counters.get", { status = 200,
    body = '{"result":{"TYPE":{"ALL":1}}}' }, "counters")
  -- What is opened late.
  for _, name in ipairs { "cursor", "watch", "live", "live_share", "system", "inbox", "plain",
      "http_reply" } do
    assert(codec[name], name)
  end
  local registry, types = debug.getregistry(), {}
  for name, meta in pairs(registry) do
    if type(name) == "string" and name:find "^b24%." and type(meta) == "table" then
      types[name] = meta
    end
  end
  local function functions()
    local list = {}
    local function add(name, value)
      if type(value) == "function" then list[#list + 1] = { name = name, f = value } end
    end
    for name, meta in pairs(types) do
      for key, value in pairs(meta) do
        add(name .. "." .. tostring(key), value)
        if type(value) == "table" and value ~= meta then
          for inner, f in pairs(value) do add(name .. ":" .. tostring(inner), f) end
        end
      end
    end
    table.sort(list, function(a, b) return a.name < b.name end)
    return list
  end
  local here = io.tmpfile()
  local function bystanders()
    local list = { io.stdout, here, codec.null, {}, setmetatable({}, {}), "text", 5, -1.5,
      true, print,
      coroutine.create(function() end), answer.TYPE, codec.batch { { "profile" } } }
    for _, meta in pairs(types) do
      list[#list + 1] = setmetatable({}, { __index = meta, __metatable = meta })
    end
    for _, meta in pairs(types) do
      local copy = {}
      for key, value in pairs(meta) do
        if key ~= "__gc" and key ~= "__metatable" then copy[key] = value end
      end
      list[#list + 1] = setmetatable({}, copy)
    end
    return list
  end
  -- Whether such a call answers or throws is its business.
  local function try(f, ...)
    pcall(f, ...)
    pcall(f, ..., 1)
    pcall(f, ..., {})
    pcall(f, ..., "x", "y")
    pcall(f, ..., nil, nil, nil, nil)
  end
]]

local function survives(source)
  local status, out, err = process.run(SETUP .. source .. "\nprint 'alive'", {})
  assert.equal("", err)
  assert.equal(0, status)
  assert.equal("alive", out:match "[^\n]*$" ~= "" and out or out:match "([^\n]*)\n$")
end

describe("every function of every type", function()
  it("is found by this spec", function()
    survives [[
      local wanted = { conf = 1, call = 1, cursor = 1, cache = 1, watch = 1, http_reply = 1,
        http_head = 1, plan = 1,
        text = 1, portal = 1, map = 1, texts = 1 }
      if core.engine then wanted.engine, wanted.transfer = 1, 1 end
      objects()
      codec.batch { { "profile" } }
      for name, meta in pairs(registry) do
        if type(name) == "string" then wanted[name:match "^b24%.(%S+) " or ""] = nil end
      end
      assert(next(wanted) == nil, next(wanted))
      assert(#functions() > 30, #functions())
    ]]
  end)

  it("survives no argument and arguments of other types", function()
    survives [[
      codec.batch { { "profile" } }
      for _, entry in ipairs(functions()) do
        pcall(entry.f)
        for _, self in ipairs(bystanders()) do try(entry.f, self) end
      end
      assert(here:write "still open")
    ]]
  end)

  it("survives objects of the other types, and repeated finalisers", function()
    survives [[
      for _, entry in ipairs(functions()) do
        for name, object in pairs(objects()) do
          if not entry.name:find "wait" then try(entry.f, object) end
        end
      end
      collectgarbage()
      collectgarbage()
    ]]
  end)

  it("survives an object whose finaliser has run", function()
    survives [[
      for _, finaliser in ipairs(functions()) do
        if finaliser.name:find "__gc$" then
          for _, object in pairs(objects()) do
            pcall(finaliser.f, object)
            pcall(finaliser.f, object)
            for _, entry in ipairs(functions()) do
              if not entry.name:find "wait" then try(entry.f, object) end
            end
            tostring(object)
            if codec.call then pcall(codec.call, object, "profile") end
            if core.perform then pcall(core.perform, object) end
            if core.engine then pcall(core.engine().add, core.engine(), object) end
          end
        end
      end
    ]]
  end)

  it("survives a conf whose finaliser has run", function()
    survives [[
      local fresh = assert(codec.conf { webhook = "https://portal.example/rest/1/x/", max_age = 5 })
      types["b24.conf " .. codec._VERSION].__gc(fresh)
      types["b24.conf " .. codec._VERSION].__gc(fresh)
      assert(tostring(fresh) == "b24.conf (?)")
      for _, f in pairs(codec) do
        if type(f) == "function" then pcall(f, fresh, "profile", {}, "counters") end
      end
      local value, err, info = codec.call(fresh, "profile")
      assert(value == nil and info.kind == "closed", err)
    ]]
  end)

  it("survives objects that a finaliser brings back", function()
    survives [[
      local saved = {}
      local function forget()
        local list = objects()
        if newproxy then
          getmetatable(newproxy(true)).__gc = function() saved[#saved + 1] = list end
        else
          setmetatable(list, { __gc = function(t) saved[#saved + 1] = t end })
        end
      end
      for _ = 1, 20 do forget() end
      collectgarbage()
      collectgarbage()
      assert(#saved > 0)
      for _, list in ipairs(saved) do
        for _, object in pairs(list) do
          for _, entry in ipairs(functions()) do
            if not entry.name:find "wait" then pcall(entry.f, object) end
          end
        end
      end
      saved = nil
      collectgarbage()
    ]]
  end)
end)

describe("what many programs never ask codec for", function()
  local NAMES = { "cursor", "watch", "live", "live_share", "inbox", "messages", "date", "sections",
    "system", "http_request", "http_reply", "cosocket_failure", "may_yield", "neutral",
    "neutral_json", "plain", "readable", "parts", "unsent", "columns", "cut" }

  -- Every require of it makes a new table.
  local function fresh()
    local known = package.loaded["b24.codec"]
    package.loaded["b24.codec"] = nil
    local codec = require "b24.codec"
    package.loaded["b24.codec"] = known
    return codec
  end

  it("is all that is opened with it: no name waits for a look at another", function()
    local opened, early = fresh(), fresh()
    for _, name in ipairs(NAMES) do assert(opened[name]) end
    for name in pairs(opened) do
      if rawget(early, name) == nil then assert.is_not_nil(fresh()[name], name) end
    end
  end)

  for _, name in ipairs(NAMES) do
    it("is opened by the first look at it: " .. name, function()
      local codec = fresh()
      assert.is_nil(rawget(codec, name))
      local found = codec[name]
      assert.is_not_nil(found)
      assert.equal(found, rawget(codec, name))
      assert.is_nil(codec.nothing)
      assert.is_nil(codec[1])
    end)
  end
end)
