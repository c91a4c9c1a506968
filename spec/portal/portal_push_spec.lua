-- The push server of the mock portal, as a client without b24 sees it.
-- One Lua of each kind: the mock portal, which is another process.

local cjson = require "cjson"
local http = require "socket.http"
local ltn12 = require "ltn12"
local socket = require "socket"

local start = require("spec.support.portal").start

describe("the mock's push server", function()
  local portal
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    portal:control("account", { user_id = 1, scope = { "im", "pull", "pull_channel" } })
    portal:control("push", { hold = 0.3 })
  end)

  local function get(url)
    local out = {}
    local _, status, headers = http.request { url = url, sink = ltn12.sink.table(out) }
    return status, table.concat(out), headers or {}
  end

  local function call(method)
    local status, body = get(portal.http_webhook .. method)
    return cjson.decode(body), status
  end

  local function address(config)
    local result = config.result
    return result.server.long_polling .. "?CHANNEL_ID=" .. result.channels.private.id
  end

  local function open() return address(call "pull.config.get") end

  local function events(body)
    local list = {}
    for json in body:gmatch "#!NGINXNMS!#(.-)#!NGINXNME!#" do
      list[#list + 1] = cjson.decode(json)
    end
    return list
  end

  it("is told of by its methods, to those who may know", function()
    local config = call "pull.config.get"
    assert.equal(4, config.result.server.version)
    assert.match("^%x+:%x+%.%x+$", config.result.channels.private.id)
    assert.equal(32 + 1 + 40, #config.result.channels.shared.id - 33)
    assert.is_string(config.result.serverTime)
    assert.is_nil(call("pull.api.config.get").result.serverTime)
    local refused, status = call "pull.application.config.get"
    assert.same({ "WRONG_AUTH_TYPE", 403 }, { refused.error, status })
    portal:control("push", { enabled = false })
    refused, status = call "pull.config.get"
    assert.same({ "SERVER_ERROR", 500 }, { refused.error, status })
    portal:control("account", { user_id = 1, scope = { "im" } })
    assert.equal("insufficient_scope", call("pull.config.get").error)
  end)

  it("holds a poll, and then has nothing new", function()
    local url, began = open(), socket.gettime()
    local status, body, headers = get(url)
    assert.same({ 304, "" }, { status, body })
    assert.is_true(socket.gettime() - began > 0.25)
    assert.equal("Thu, 01 Jan 1973 11:11:01 GMT", headers.expires)
    assert.equal("", headers["last-message-id"])
    portal:control("message", { dialog_id = "5" })
    status, body, headers = get(url)
    assert.same({ 304, "" }, { status, body }) -- what came before is not told without a number
    assert.match("^%d+$", headers["last-message-id"])
    assert.equal(26, #headers["last-message-id"])
  end)

  it("tells what came since a number, with the counters that the portal has", function()
    local url = open()
    local none = ("0"):rep(26)
    portal:control("message", { dialog_id = "5", count = 2, text = "a #!NGINXNME!# b" })
    portal:control("message", { dialog_id = "chat18" })
    portal:control("notify", {})
    portal:control("read", { dialog_id = "5" })
    local status, body = get(url .. "&mid=" .. none)
    assert.equal(200, status)
    assert.equal(2, select(2, body:gsub("a #!NGINXNME!# b", "")))
    portal:control("read", { dialog_id = "notify" })
    local _, rest = get(url .. "&mid=" .. body:match '.*"mid":"(%d+)"')
    local event = events(rest)[1].text
    assert.same({ "im", "notifyReadAll", 0 },
      { event.module_id, event.command, event.params.newCounter })
    local commands, counters = {}, {}
    for command in body:gmatch '"module_id":"im","command":"(%w+)"' do
      commands[#commands + 1] = command
    end
    for counter in body:gmatch '"counter":(%d+)' do counters[#counters + 1] = counter end
    assert.same({ "message", "message", "messageChat", "notifyAdd", "readMessageChat" }, commands)
    assert.same({ "3", "3", "2", "5", "0" }, counters)
  end)

  it("refuses channels that are forged or over, and shared ones without a client", function()
    local url = open()
    local status, body = get((url:gsub("%x$", "z")))
    assert.same({ 400, "4010: Wrong Channel Id." }, { status, body })
    portal:control("push", { shared = true })
    assert.equal("4036: Wrong Client Id.", select(2, get(url)))
    assert.equal(304, (get(url .. "&clientId=x")))
    portal:control("push_expire", {})
    assert.equal(400, (get(url .. "&clientId=x")))
    assert.not_equal(url, open())
  end)

  it("speaks JSON-RPC from version 5 on", function()
    portal:control("push", { version = 5 })
    local result = call("pull.config.get").result
    assert.match("^[%w_-]+%.[%w_-]+%.[%w_-]+$", result.jwt)
    portal:control("message", { dialog_id = "5" })
    local _, body = get(result.server.long_polling .. "?token=" .. result.jwt .. "&jsonRpc=true"
      .. "&mid=" .. ("0"):rep(26))
    local frame = cjson.decode(body)[1]
    assert.same({ "incoming.message", "message" }, { frame.method, frame.params.body.command })
  end)

  it("repeats, drops and forgets when it is told to", function()
    local url, none = open(), "&mid=" .. ("0"):rep(26)
    portal:control("push_event", { command = "one" })
    portal:control("push_event", { module = "im", command = "two", params = '{"a":1}' })
    local all = events(select(2, get(url .. none)))
    assert.same({ "one", "two" }, { all[1].text.command, all[2].text.command })
    portal:control("push", { duplicates = true })
    assert.equal(2, #events(select(2, get(url .. "&mid=" .. all[1].mid))))
    portal:control("push", { drop = 1 })
    assert.is_nil((select(2, pcall(get, url .. none))):match "two") -- cut in the middle
    portal:control("push", { drop = 0 })
    portal:control("push_restart", { forget = true })
    local status, body = get(url .. "&mid=" .. all[2].mid)
    assert.same({ 200, "" }, { status, body })
  end)

  it("plays tricks as the method bitrix/sub", function()
    local url = open()
    portal:control("reply", { method = "bitrix/sub", status = 429, body = "4029: Too many" })
    assert.equal(429, (get(url)))
    portal:control("fault", { method = "bitrix/sub", kind = "html", status = 502 })
    assert.equal(502, (get(url)))
    assert.equal(304, (get(url)))
  end)
end)
