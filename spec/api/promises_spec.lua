-- A named helper's success is what its method promises, and nothing else that a portal may answer.

local b24 = require "b24"
local codec = require "b24.codec"
local start = require("spec.support.portal").start

local ODD = { "null", "false", "0", '""', "[]", "{}", '"text"', "-1", "1.5", "[5]", '{"a":5}',
  '{"id":5}' }

describe("what a portal answers", function()
  local portal, client
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    client = assert(b24.client { webhook = portal.webhook, ca_file = portal.ca_file, timeout = 20,
      limiter = false })
  end)

  local function answers(method, result)
    portal:control("reply", { method = method, body = '{"result":' .. result .. '}' })
  end

  -- It failed as the contract says: once, with a code, and nothing was thrown.
  local function failed(code, result, value, err, info)
    assert.is_nil(value, result)
    assert.equal("b24: " .. code, err:sub(1, 5 + #code), result)
    assert.same({ "decode", code, true, false, 1 },
      { info.kind, info.code, info.sent, info.retryable, info.attempts }, result)
    assert.is_string(info.method)
  end

  for _, result in ipairs(ODD) do
    it(result .. " is no sent message", function()
      answers("im.message.add", result)
      failed("BAD_RESULT", result, client:send("chat18", "x"))
      assert.equal(1, #portal:log())
    end)

    it(result .. " is no list of messages", function()
      answers("im.dialog.messages.get", result)
      failed("BAD_RESULT", result, client:messages "chat18")
    end)

    it(result .. " is no dialog that was read", function()
      answers("im.dialog.read", result)
      local value, err, info = client:mark_read "chat18"
      if result == "false" then
        assert.same({ nil, "NO_DIALOG" }, { value, info.code })
      else
        failed("BAD_RESULT", result, value, err, info)
      end
      answers("im.dialog.read", result)
      failed("BAD_RESULT", result, client:mark_read "notify")
    end)

    it(result .. " is not everything read, and no inbox", function()
      answers("batch", result)
      failed("NO_BATCH", result, client:mark_read "all")
      answers("batch", result)
      failed("NO_BATCH", result, client:inbox())
    end)

    -- {} and [] are counters of which nothing is known
    if not result:find "^[%[{]" or result == "[5]" then
      it(result .. " is no answer with counters", function()
        answers("im.counters.get", result)
        failed("NO_COUNTERS", result, client:counters())
        answers("im.counters.get", result)
        local one = b24.counters_all { a = client }.a
        failed("NO_COUNTERS", result, one.counters, one.err, one.info)
      end)
    end
  end

  it("nothing tells nothing", function()
    for _, result in ipairs { "[]", "{}" } do
      answers("im.counters.get", result)
      assert.is_nil(b24.totals(assert(client:counters())).messages)
    end
  end)

  it("is good: an id, also in digits; true, and what a portal says of a read dialog", function()
    for result, id in pairs { ["4711"] = 4711, ['"4711"'] = 4711 } do
      answers("im.message.add", result)
      assert.equal(id, (client:send("chat18", "x")))
    end
    for _, result in ipairs { "true", '{"dialogId":"chat18","chatId":18,"lastId":5,"counter":0}',
        '{"lastId":5}' } do
      answers("im.dialog.read", result)
      assert.is_true((client:mark_read "chat18"))
    end
    answers("im.dialog.messages.get", '{"chat_id":0,"messages":[],"users":[],"files":[]}')
    assert.same({}, (client:messages "chat18"))
  end)

  it("is not a list of messages when it has none in the list's place", function()
    for _, result in ipairs { '{"messages":5}', '{"messages":null}',
        '{"messages":{"a":{"id":1}},"users":{"a":5}}',
        '{"messages":[5,[],{"id":{}},{"id":-1}]}' } do
      answers("im.dialog.messages.get", result)
      failed("BAD_RESULT", result, client:messages "chat18")
    end
  end)

  it("may be broken in a part of a batch", function()
    -- The names of the commands are ours, so a portal that answers them has to be asked first.
    local function reply(parts)
      local body, n = {}, 0
      for name, result in pairs(parts) do
        n = n + 1
        body[n] = ("%s:%s"):format(codec.encode(name), result)
      end
      portal:control("reply", { method = "batch",
        body = '{"result":{"result":{' .. table.concat(body, ",") .. '},"result_error":[]}}' })
    end
    local function commands(ask)
      portal:control "log_clear"
      ask()
      return require("cjson").decode(portal:log()[1].body).cmd
    end
    local names = {}
    for name, command in pairs(commands(function() return client:mark_read "all" end)) do
      names[command:match "^[%w.]+"] = name
    end
    for _, result in ipairs { "null", "false", "0", '""', "[]", "{}", '"x"', "-1" } do
      reply { [names["im.dialog.read.all"]] = "true", [names["im.notify.read.all"]] = result }
      failed("BAD_RESULT", result, client:mark_read "all")
      reply { [names["im.dialog.read.all"]] = result, [names["im.notify.read.all"]] = "true" }
      failed("BAD_RESULT", result, client:mark_read "all")
    end
    reply { [names["im.dialog.read.all"]] = "true",
      [names["im.notify.read.all"]] = '{"result":true,"newCounter":0}' }
    assert.is_true((client:mark_read "all"))

    names = {}
    for name, command in pairs(commands(function() return client:inbox() end)) do
      names[command:match "^[%w.]+"] = name
    end
    for _, result in ipairs { "null", "false", "0", '""', "[]", "{}", '"x"', "-1" } do
      reply { [names["im.counters.get"]] = result, [names["im.recent.list"]] = '{"items":[]}' }
      local list, err, info = client:inbox()
      assert.same({ "decode", "NO_COUNTERS", "string" },
        { list or info.kind, info.code, type(err) }, result)
    end
    for _, result in ipairs { "null", "false", "0", '""', "[]", "{}", '"x"', "-1",
        '{"items":5}' } do
      reply { [names["im.counters.get"]] = '{"TYPE":{"ALL":1},"CHAT":{"18":1}}',
        [names["im.recent.list"]] = result,
        [names.profile] = result, [names["server.time"]] = result }
      local list = assert(client:inbox())
      assert.equal(1, #list)
      assert.truthy(list.incomplete:find("b24: BAD_RESULT", 1, true), result)
      assert.is_nil(list[1].hidden) -- that is not known
    end
  end)
end)
