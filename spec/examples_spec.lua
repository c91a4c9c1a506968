-- The scripts of examples/ do what they say, as programs of their own.
-- One Lua of each kind: processes.

local process = require "spec.support.process"
local start = require("spec.support.portal").start

local ROOT = debug.getinfo(1, "S").source:match "^@(.*)spec/examples_spec%.lua$" or ""

describe("the example", function()
  local portal
  setup(function() portal = start() end)
  before_each(function() portal:reset() end)

  local function begin(name, arguments, env)
    local source = assert(process.read(ROOT .. "examples/" .. name), name):gsub("^#![^\n]*\n", "\n")
    local all = { B24_WEBHOOK = portal.http_webhook, B24_ALLOW_HTTP = "1" }
    for key, value in pairs(env or {}) do all[key] = value end
    local list = {}
    for i, argument in ipairs(arguments or {}) do list[i] = ("%q"):format(argument) end
    return process.start("arg = { " .. table.concat(list, ", ") .. " }; " .. source, all)
  end

  -- exit status, output, errors
  local function run(...) return begin(...):wait() end

  local function sent()
    local texts = {}
    for _, entry in ipairs(portal:log()) do
      if entry.method == "im.message.add" then texts[#texts + 1] = entry.body end
    end
    return texts
  end

  it("who_is_waiting.lua lists people and explains the number", function()
    local status, out, err = run "who_is_waiting.lua"
    assert.same({ 0, "" }, { status, err })
    assert.truthy(out:find "chat24 +Project 24 +2 unread  %d+ min\n", out)
    assert.truthy(out:find("14 = 2 tasks + 4 notifications + 8 messages\n", 1, true))
    assert.truthy(out:find("1 muted dialog is not in it\n", 1, true))
    assert.is_nil(out:find "chat30")
  end)

  it("answer.lua shows, answers and marks as read", function()
    portal:control("message", { dialog_id = "chat24", text = "Is it done?", author_id = 5 })
    local status, out, err = run("answer.lua", { "chat24" })
    assert.same({ 0, "" }, { status, err })
    assert.truthy(out:find("Иван Smith: Is it done?\n", 1, true), out)
    assert.same({}, sent())
    status, out, err = run("answer.lua", { "chat24", "Yes [B]" })
    assert.same({ 0, "" }, { status, err })
    assert.truthy(out:find "sent as message %d+\n")
    assert.equal(1, #sent())
    status, out = run("answer.lua", { "chat24" })
    assert.same({ 0, "" }, { status, out })
    status, out, err = run "answer.lua"
    assert.same({ 2, "", "usage: answer.lua DIALOG_ID [TEXT]\n" }, { status, out, err })
  end)

  it("waiting_too_long.lua tells the team of clients who wait, and is silent otherwise", function()
    portal:control("read", { dialog_id = "chat44" }) -- the demo's client waits 25 minutes
    local function quiet()
      local status, out, err = run("waiting_too_long.lua", {}, { B24_TEAM = "chat18" })
      assert.same({ 0, "", "" }, { status, out, err })
    end
    quiet()
    portal:control("message", { dialog_id = "chat45", kind = "line", count = 2, age = 600 })
    portal:control("message", { dialog_id = "chat46", kind = "chat", count = 2, age = 6000 })
    quiet()
    assert.same({}, sent())
    portal:control("dialog", { dialog_id = "chat47", kind = "line", count = 2, age = 2700,
      title = "Visitor Ann" })
    quiet()
    assert.equal(1, #sent())
    assert.truthy(sent()[1]:find '"Waiting:\\%w+Visitor Ann: 2 unread, 4%d min"', sent()[1])
  end)

  it("badge.lua prints a line at each change, until Ctrl-C", function()
    local child = begin("badge.lua", { "1" })
    assert.is_true(process.eventually(10, function() return child:output() == "8\n" end))
    portal:control("message", { dialog_id = "5", count = 2 })
    assert.is_true(process.eventually(10, function() return child:output() == "8\n10\n" end))
    child:signal(2)
    local _, out, err = child:wait(2)
    assert.equal("8\n10\n", out)
    assert.truthy(err:find("interrupted!", 1, true))
  end)

  it("badge.lua shows that a credential is refused, and says so once", function()
    local webhook = portal.http_webhook:gsub(portal.secret, "wrongSecret")
    local status, out, err = run("badge.lua", { "1" }, { B24_WEBHOOK = webhook })
    assert.same({ 1, "?\n" }, { status, out })
    assert.truthy(err:find("b24: INVALID_CREDENTIALS", 1, true), err)
    assert.is_nil(err:find("wrongSecret", 1, true))
  end)

  for _, name in ipairs { "who_is_waiting.lua", "answer.lua", "waiting_too_long.lua" } do
    it(name .. " says what is wrong with a credential, and does not show it", function()
      local webhook = portal.http_webhook:gsub(portal.secret, "wrongSecret")
      local status, out, err = run(name, { "5", "x" }, { B24_WEBHOOK = webhook })
      assert.same({ 1, "" }, { status, out })
      assert.truthy(err:find("b24: INVALID_CREDENTIALS", 1, true), err)
      assert.is_nil(err:find("wrongSecret", 1, true))
    end)
  end
end)
