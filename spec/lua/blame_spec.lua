-- Whose line a mistake is thrown at: that of the first function, from b24 up, which is not b24's.

local b24 = require "b24"
local codec = require "b24.codec"
local data = require "spec.support.data"

local OWN = debug.getinfo(b24.counters, "S").source -- "@…/lua/b24/init.lua"
local FOLDER = OWN:match "^(.*[/\\])"
local CONF = { webhook = "https://portal.example/rest/1/s3cr3t0fTheSpec/", limiter = false }
local MESSAGE = "b24: conf must be a table, a webhook URL or nil, not a number"

local unpack = table.unpack or unpack -- luacheck: ignore (5.1)

-- A function of the chunk `source`, whose arguments are `...` in it.
local function chunk(source, code)
  local f
  if rawget(_G, "loadstring") then f = loadstring(code, source) -- luacheck: ignore (5.1)
  else f = load(code, source) end
  return assert(f)
end

local function thrown(f, ...)
  local ok, err = pcall(f, ...)
  assert.is_false(ok)
  return err
end

describe("a mistake is thrown at the line of", function()
  it("the user's function, below C functions too", function()
    local user = chunk("@/me/main.lua",
      "local f, x = ...\nlocal ok, err = pcall(f, x)\nreturn err")
    assert.equal("/me/main.lua:2: " .. MESSAGE, user(b24.counters, 5))
    assert.equal("/me/main.lua:2: " .. MESSAGE, user(b24.client, 5))
    assert.equal("/me/main.lua:2: b24: b24.run needs a function, not a number", user(b24.run, 5))
    assert.equal("/me/main.lua:2: b24: confs must be a table of accounts, not a number",
      user(b24.counters_all, 5))
    assert.equal("/me/main.lua:2: b24: counters must be a table, not a number", user(b24.why, 5))
  end)

  -- name -> arguments, message
  local client = assert(b24.client(CONF))
  local methods = {
    call = { { 5 }, "method must be a string, not a number" },
    batch = { { 5 }, "the commands of a batch must be a table, not a number" },
    list = { { 5 }, "method must be a string, not a number" },
    all = { { "crm.deal.list", 5 }, "params must be a table, not a number" },
    messages = { { true }, "dialog_id must be a string or a number, not a boolean" },
    send = { { 1, 5 }, "text must be a string, not a number" },
    mark_read = { { true }, "dialog_id must be a string or a number, not a boolean" },
    inbox = { { 5 }, "the options of inbox must be a table, not a number" },
    watch = { { 5 }, "watch needs a table of options, not a number" },
  }
  for name, row in pairs(methods) do
    it("who calls client:" .. name, function()
      local direct = chunk("@/me/main.lua",
        "local f, c, x, y = ...\n\nlocal r = f(c, x, y)\nreturn r")
      local method = client[name]
      local expected = "/me/main.lua:%d: b24: " .. row[2]
      assert.equal(expected:format(3), thrown(direct, method, client, unpack(row[1])))
      local tail = chunk("@/me/main.lua", [[
        local f, c, x, y = ...
        local function lost() return f(c, x, y) end
        local r = lost()
        return r]])
      assert.equal(expected:format(3), thrown(tail, method, client, unpack(row[1])))
    end)
  end

  it("a user's function in a folder of that name, or one that begins so", function()
    local bare = FOLDER:gsub("[/\\]$", "")
    for _, source in ipairs { "@/home/me/b24/main.lua", "@b24/init.lua", bare .. "-me/main.lua",
      bare .. ".lua", "@/elsewhere" .. FOLDER:sub(2) .. "init.lua" } do
      local user = chunk(source, "local f, x = ...\nlocal r = f(x)\nreturn r")
      local err = thrown(user, b24.counters, 5)
      assert.truthy(err:find(":2: " .. MESSAGE, 1, true), source .. " -> " .. err)
      assert.equal(source:match "[^/\\]*$", err:match "([^/\\]*):2: ")
    end
  end)

  it("who called what lies in b24's own folder", function()
    for _, file in ipairs { "init.lua", "api/more.lua", "wait/deep/er.lua" } do
      local ours = chunk(FOLDER .. file, "local f, x = ...\nlocal r = f(x)\nreturn r")
      local user = chunk("@/me/main.lua",
        "local ours, f, x = ...\n\n\nlocal r = ours(f, x)\nreturn r")
      assert.equal("/me/main.lua:4: " .. MESSAGE, thrown(user, ours, b24.counters, 5))
    end
  end)

  it("a function in a coroutine; of nobody, where there is only b24", function()
    local user = chunk("@/me/main.lua", "local f, x = ...\nlocal r = f(x)\nreturn r")
    local ok, err = coroutine.resume(coroutine.create(user), b24.counters, 5)
    assert.same({ false, "/me/main.lua:2: " .. MESSAGE }, { ok, err })
    ok, err = coroutine.resume(coroutine.create(b24.counters), 5)
    assert.same({ false, MESSAGE }, { ok, err })
  end)

  it("a function in b24.run", function()
    local body = chunk("@/me/main.lua",
      "local b24 = require 'b24'\n\nlocal r = b24.client(5)\nreturn r")
    local err = thrown(b24.run, body, { transport = "blocking" })
    assert.equal("/me/main.lua:3: " .. MESSAGE, err:match "^[^\n]*")
  end)

  it("nobody, where the user's function knows no lines", function()
    local user = chunk("@/me/main.lua", "local f, x = ...\nlocal r = f(x)\nreturn r")
    local stripped = chunk("=?", string.dump(user, true))
    -- 5.1 and 5.2 strip nothing
    local knows = thrown(stripped, function() error("", 2) end):find(":2:", 1, true)
    assert.equal((knows and "/me/main.lua:2: " or "") .. MESSAGE, thrown(stripped, b24.counters, 5))
  end)
end)

describe("b24's own folder", function()
  local function told(source) codec.own(source) end
  after_each(function() told(OWN) end)

  -- A chunk at `source` calls the codec, and is called by the user's.
  local function at(source)
    local inner = chunk(source, "local f, x = ...\nlocal r = f(x)\nreturn r")
    local user = chunk("@main.lua", "local inner, f, x = ...\n\nlocal r = inner(f, x)\nreturn r")
    return (thrown(user, inner, codec.conf, 5):gsub(": " .. MESSAGE, ""))
  end

  it("is told by each of its files", function()
    for _, file in ipairs { "init.lua", "client.lua", "wait/perform.lua", "cli/command/x.lua" } do
      told("@/home/b24/share/lua/b24/" .. file)
      assert.equal("main.lua:3", at "@/home/b24/share/lua/b24/init.lua")
      assert.equal("main.lua:3", at "@/home/b24/share/lua/b24/api/list.lua")
      assert.equal("/home/b24/share/lua/b24.lua:2", at "@/home/b24/share/lua/b24.lua")
      assert.equal("/home/b24/share/lua/line/b24.lua:2", at "@/home/b24/share/lua/line/b24.lua")
      assert.equal("/home/b24/main.lua:2", at "@/home/b24/main.lua")
    end
    told "@.\\b24\\wait\\perform.lua"
    assert.equal("main.lua:3", at "@.\\b24\\client.lua")
    assert.equal(".\\client.lua:2", at "@.\\client.lua")
    told "@b24/init.lua"
    assert.equal("main.lua:3", at "@b24/client.lua")
    assert.equal("my/b24/client.lua:2", at "@my/b24/client.lua")
  end)

  it("is one source where the chunk names no file in it", function()
    told "=?" -- stripped bytecode
    assert.equal("main.lua:3", at "=?")
    assert.equal("?x:2", at "=?x")
    for _, source in ipairs { "@wait/perform.lua", "@my24/init.lua", "@xb24/init.lua", "@b24.lua",
      "@b24", "@", "" } do
      told(source)
      assert.equal("user.lua:2", at "@user.lua")
      assert.equal("wait/user.lua:2", at "@wait/user.lua")
      assert.equal("xb24/user.lua:2", at "@xb24/user.lua")
    end
  end)
end)

describe("the codec alone", function()
  it("has no frames of its own in Lua", function()
    local output = data.lua({}, [[local codec = require "b24.codec"
      local ok, err = pcall(codec.conf, 5)
      io.write(err)]])
    assert.equal("(command line):3: " .. MESSAGE, output) -- data.lua puts a line in front
  end)
end)
