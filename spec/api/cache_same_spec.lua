-- An answer from the cache equals a fresh one, under every option that shapes an answer. Random
-- answers; the seed is in the message of a failure, and B24_SEED=… repeats it.
-- One Lua of each kind: files and processes.

local b24 = require "b24"
local codec = require "b24.codec"
local command = require "spec.support.command"
local start = require("spec.support.portal").start

local ROUNDS = 60

describe("a cached answer", function()
  local portal, home, seed
  setup(function()
    portal = start()
    seed = tonumber(os.getenv "B24_SEED") or os.time() % 100000
  end)
  before_each(function()
    portal:reset()
    home = command.home()
  end)
  after_each(function() command.remove(home) end)

  local function conf(more)
    local all = { webhook = portal.http_webhook, allow_http = true, runtime_dir = home .. "/run",
      limiter = false, retries = 0 }
    for name, value in pairs(more) do all[name] = value end
    return all
  end

  local function pick(list) return list[math.random(#list)] end

  local value
  local function object(depth)
    local parts, names = {}, { "1", "18", "547", "a", "fooBar", "UNREAD", "", "0", "type", "x y" }
    for i = 1, math.random(0, 4) do parts[i] = ('"%s":%s'):format(pick(names), value(depth)) end
    return "{" .. table.concat(parts, ",") .. "}"
  end

  local function array(depth)
    local parts = {}
    for i = 1, math.random(0, 4) do parts[i] = value(depth) end
    return "[" .. table.concat(parts, ",") .. "]"
  end

  local function nested(levels) return ("["):rep(levels) .. ("]"):rep(levels) end

  function value(depth)
    local kind = math.random(depth > 0 and 12 or 9)
    if kind > 10 then return object(depth - 1) elseif kind > 9 then return array(depth - 1) end
    return pick { "null", "true", "false", "3", "-1", '"7"', '"007"', "0.30000000000000004",
      '"text \\u00e9"', "9007199254740993", "1e300", '""', "0", "1.0", nested(math.random(6)) }
  end

  -- A reply with sections as servers of all ages spell them, and some that nobody knows.
  local function reply()
    local sections, parts = { "TYPE", "CHAT", "DIALOG", "LINES", "CHAT_MUTED", "CHANNEL_COMMENT",
      "CHAT_UNREAD", "NEW_UNREAD", "fooBar", "newSection", "chat", "tasksTask", "type" }, {}
    for _, name in ipairs(sections) do
      if math.random() < 0.4 then
        parts[#parts + 1] = ('"%s":%s'):format(name,
          pick { object(2), object(3), array(2), value(1) })
      end
    end
    local body = "{" .. table.concat(parts, ",") .. "}"
    if math.random() < 0.1 then body = "[]" end
    return ('{"result":%s,"time":{"start":1.5}}'):format(body)
  end

  local function answer(options)
    local counters, _, info = b24.counters(conf(options))
    if counters then return counters end
    return { failure = info.kind .. " " .. info.code }
  end

  local function compare(body, writer, reader, label)
    portal:control "clear_faults"
    portal:control("reply", { method = "im.counters.get", status = 200, body = body, times = -1 })
    os.execute("rm -rf " .. home .. "/run")
    writer.max_age = 1000
    answer(writer)
    local fresh = answer(reader)
    reader.max_age = 1000
    for _ = 1, 2 do assert.same(fresh, answer(reader), label .. ": " .. body) end
    reader.max_age = nil
    assert.same(fresh, answer(reader), label .. ": " .. body)
  end

  it("equals a fresh one (random answers, nulls, max_depth, max_reply)", function()
    math.randomseed(seed)
    for round = 1, ROUNDS do
      local body = reply()
      local function options()
        return { nulls = pick { true, false }, max_depth = pick { 1, 2, 3, 4, 5, 6, 7, 8, 9,
          100, 1000 }, max_reply = pick { #body - 1, #body, #body + 1, 1048576, 1048576 } }
      end
      compare(body, options(), options(), ("seed %d, round %d"):format(seed, round))
    end
  end)

  it("keeps its nulls, whoever asked for it first", function()
    local body =
      '{"result":{"TYPE":{"ALL":null},"CHAT":{"1":null,"2":3},"NEW":null,"OTHER":{"a":{"b":null}},'
      .. '"L":[1,null,2]}}'
    for _, first in ipairs { true, false } do
      for _, second in ipairs { true, false } do
        compare(body, { nulls = first }, { nulls = second }, "nulls")
      end
    end
    portal:control("reply", { method = "im.counters.get", status = 500, body = "", times = -1 })
    -- a hit
    assert.equal(b24.null, assert(b24.counters(conf { nulls = true, max_age = 1000 })).CHAT["1"])
  end)

  for _, levels in ipairs { 5, 97, 98, 99, 100, 101, 150, 997 } do
    it("may be nested as deeply as max_depth allows: " .. levels, function()
      local body = ('{"result":{"TYPE":{"ALL":1},"NEW":%s}}'):format(nested(levels))
      for _, first in ipairs { 100, 1000 } do
        for _, second in ipairs { 1000, 100, 5 } do
          compare(body, { max_depth = first }, { max_depth = second }, "depth " .. levels)
        end
      end
      -- Nobody holds a claim now.
      local entry =
        codec.cache(assert(codec.conf(conf { max_age = 0.001, webhook = portal.http_webhook })))
      assert.not_equal("wait", (entry:step()))
      entry:release()
    end)
  end
end)
