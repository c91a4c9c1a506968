-- One Lua of each kind: what reads is C.
--
-- Values are built from the checked text (src/lua/decode.c), for batches and counters from cJSON's
-- tree: both must read the same from the same bytes. B24_SEED=N repeats a run.

local codec = require "b24.codec"
local data = require "spec.support.data"

local SEED = tonumber(os.getenv "B24_SEED") or os.time() % 1000000 + 1
local random = data.random(SEED)

local function one_of(list) return list[random(#list)] end

local function digits(n)
  local list = {}
  for i = 1, n do list[i] = tostring(random(10) - 1) end
  return table.concat(list)
end

local function integer()
  local text = digits(random(20)):gsub("^0+", "")
  return one_of { "", "-" } .. (text == "" and "0" or text)
end

local NUMBERS = { "0", "-0", "-0.0", "0e5", "9007199254740992", "9007199254740993",
  "-9007199254740992", "-9007199254740993", "90071992547409920", "9007199254740993.0",
  "9007199254740993e0", "0.1", "1e22", "1e23", "123456789012345678e-3", "5e-324", "1e-400",
  "1.7976931348623157e308", "1732350000.114729", "0.036575", "1.0", "1.5e3", "15e-1",
  "9007199254740991e22", "8.5e-22", "1E+2", "1" .. ("0"):rep(62), "0." .. ("1"):rep(61),
  "0." .. ("1"):rep(62), ("1"):rep(63) .. ".5", "1e0000000000000000000000000000000000001" }

local function number()
  local kind = random(6)
  if kind == 1 then return one_of(NUMBERS) end
  if kind <= 3 then return integer() end
  if kind == 4 then return integer() .. "." .. digits(random(20)) end
  local fraction = random(2) == 1 and "." .. digits(random(9)) or ""
  return integer() .. fraction .. one_of { "e", "E" } .. one_of { "", "-", "+" } .. random(40)
end

local PIECES = { "a", "chat", " ", "/", "\\/", '\\"', "\\\\", "\\n", "\\b\\f\\r\\t", "\\u0041",
  "\\u00e9", "\\u20AC", "\\ud83d\\ude00", "\\uDBFF\\udfff", "\208\150", "\226\130\172",
  "\240\159\152\128", "\127", ("x"):rep(50) }

local function text()
  local list = {}
  for i = 1, random(5) - 1 do list[i] = one_of(PIECES) end
  return '"' .. table.concat(list) .. '"'
end

local function space() return one_of { "", "", "", " ", "\n\t", "\r\n  " } end

local function value(depth)
  local kind = random(depth > 0 and 9 or 6)
  if kind == 1 then return one_of { "true", "false" } end
  if kind == 2 then return "null" end
  if kind <= 4 then return number() end
  if kind <= 6 then return text() end
  local list = {}
  for i = 1, random(9) - 1 do
    local name = kind >= 8 and text() .. space() .. ":" .. space() or ""
    list[i] = space() .. name .. value(depth - 1) .. space()
  end
  local inside = space() .. table.concat(list, ",") .. (#list == 0 and "" or space())
  return kind >= 8 and "{" .. inside .. "}" or "[" .. inside .. "]"
end

-- The type of a number, too: assert.same takes 1 and 1.0 for the same.
local function kinds(v)
  if type(v) == "number" then return (math.type and math.type(v) or "") .. ("%.17g"):format(v) end
  if type(v) ~= "table" then return v end
  local copy = {}
  for k, member in pairs(v) do copy[k] = kinds(member) end
  return copy
end

local function reply(conf, json, name)
  local result, message = codec.reply(conf, "x.get",
    { status = 200, body = ('{"%s":%s,"time":{"operating":0},"total":7}'):format(name, json) })
  assert.is_nil(message)
  return result
end

describe("A value of random JSON", function()
  for _, nulls in ipairs { false, true } do
    it("is the same from its text and from a tree" .. (nulls and ", with nulls" or ""), function()
      local conf = assert(codec.conf { webhook = "https://a.bitrix24.com/rest/1/abcdefghijk/",
        nulls = nulls })
      for i = 1, 1000 do
        local json = value(4)
        local from_tree = kinds(reply(conf, json, "r\\u0065sult"))
        local note = ("seed %d, document %d: %s"):format(SEED, i, json)
        assert.same(from_tree, kinds(reply(conf, json, "result")), note)
        assert.same(from_tree, kinds((codec.decode(json, { nulls = nulls }))), note)
      end
    end)
  end

  it("may have its result at any place, and more than once", function()
    local conf = assert(codec.conf { webhook = "https://a.bitrix24.com/rest/1/abcdefghijk/" })
    for body, wanted in pairs {
      ['{"result":{"a":[1,2]},"result":[3]}'] = { 3 },
      ['{"time":{"a":{}},"x":[[]],"result":[[4],[5]]}'] = { { 4 }, { 5 } },
      ['{"result":[6],"re\\u0073ult":[7]}'] = { 7 },
      ['{"result":[8],"error":null}'] = { 8 },
      ['{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":0,"k":1,"l":2,"result":[9]}'] =
        { 9 },
      ['\239\187\191 {"result":[10]} '] = { 10 },
    } do
      assert.same(wanted, (codec.reply(conf, "x.get", { status = 200, body = body })), body)
    end
  end)

  it("comes with the time block that a tree has", function()
    local conf = assert(codec.conf { webhook = "https://a.bitrix24.com/rest/1/abcdefghijk/" })
    local function time_of(name, block)
      local _, _, info = codec.reply(conf, "x.get",
        { status = 200, body = ('{"%s":[],"time":%s}'):format(name, block) })
      return kinds(info.time)
    end
    for _, block in ipairs { "{}", " { } ", "[]", "null", "7", '"x"', '{"start":1732350000.114729}',
      '{ "start" : 1.5e3 , "finish":1.7E9,\n"duration":0.03, "operating":-0 }',
      '{"date_start":"2024-11-23T11:20:00+03:00","date_finish":"2024-11-23T11:20:00Z"}',
      '{"date_start":"2024-11-23","start":1}', '{"date_start":5}', '{"start":"5"}',
      '{"start":9007199254740993}', '{"start":1,"start":2}', '{"start":1,"start":null}',
      '{"start":null}', '{"start":{"a":1}}', '{"new":1,"start":2}', '{"st\\u0061rt":3}',
      '{"date_start":"2024-11-23T11:20:00\\u002b03:00"}', '{"operating_reset_at":1732350600}',
      '{"date_start":"2024-11-23T11:20:00.123456789012+03:00"}', '{"a":"abcdefghijk"}' } do
      assert.same(time_of("r\\u0065sult", block), time_of("result", block), block)
    end
  end)

  -- Members of a batch's answer for some of its commands; PHP writes [] for none.
  local function some(keys, make)
    local list = {}
    for _, key in ipairs(keys) do
      if random(3) > 1 then list[#list + 1] = space() .. ('"%s":'):format(key) .. make() end
    end
    return #list == 0 and "[]" or "{" .. table.concat(list, ",") .. space() .. "}"
  end

  local function batch(conf, step, body)
    local call = assert(codec.call(conf, "batch", step, "batch"))
    assert.equal("SEND", (call:next(1, "go")))
    assert.equal("DONE", (call:next(2, "reply", { status = 200, body = body })))
    local answer, message = call:result()
    return kinds(answer), message
  end

  it("is the same in the answer of a batch", function()
    local conf = assert(codec.conf { webhook = "https://a.bitrix24.com/rest/1/abcdefghijk/",
      limiter = false })
    local step = codec.batch({ a = { "x.get" }, b = { "y.get" }, ["c d"] = { "z.get" } }, false)[1]
    local keys = {}
    for key in pairs(step.names) do keys[#keys + 1] = key end
    table.sort(keys)
    for i = 1, 400 do
      local parts = { '"result_error":' .. (random(4) > 1 and "[]"
          or some(keys, function() return '{"error":"NO","error_description":"no"}' end)),
        '"result_total":' .. some(keys, number), '"result_next":' .. some(keys, number),
        '"result_time":' .. some(keys, function() return '{"start":1,"new":"x"}' end) }
      table.insert(parts, random(5), "%s:" .. some(keys, function() return value(3) end))
      local body = '{"result":{' .. table.concat(parts, "," .. space()) .. '},"time":{"start":1}}'
      local plain = body:gsub("%%s:", '"result":')
      local tree = body:gsub("%%s:", '"r\\u0065sult":')
      local wanted, wanted_message = batch(conf, step, tree)
      local note = ("seed %d, batch %d: %s"):format(SEED, i, plain)
      local got, message = batch(conf, step, plain)
      assert.same(wanted, got, note)
      assert.equal(wanted_message, message, note)
    end
  end)
end)
