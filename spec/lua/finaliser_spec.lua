-- Finalisers run wherever memory is taken, in the middle of our own functions too. What they do
-- there with b24 must not disturb these. `make asan` sees what is read after it was given back.
-- One Lua of each kind: collectors differ in when finalisers run, and 5.3 passes their errors on.

local b24 = require "b24"
local codec = require "b24.codec"
local core = require "b24.core"
local garbage = require "spec.support.garbage"
local start = require("spec.support.portal").start

-- LuaJIT before 2023 (Debian 12 has one) never leaves a compiled loop over `pairs` where hooks are
-- on, as they are in a finaliser.
local jit = rawget(_G, "jit")

local LONG = ("x"):rep(60000) -- more than is kept for the next use: given back, it is gone

describe("in finalisers", function()
  local portal, conf
  setup(function()
    portal = start()
    if jit then
      jit.off()
      jit.flush()
    end
  end)
  teardown(function()
    if jit then jit.on() end
  end)
  before_each(function()
    portal:reset()
    conf = assert(codec.conf { webhook = portal.http_webhook, timeout = 20, limiter = false,
      allow_http = true })
  end)

  describe("an engine", function()
    local engine, asked, heard, fault
    before_each(function()
      engine, asked, heard, fault = core.engine(), {}, {}, nil
    end)
    after_each(function() engine:close() end)

    local number = 0
    local function ask()
      number = number + 1
      local mine = number
      local call = codec.call(conf, "b24test.echo", { n = mine, long = LONG .. mine })
      assert(call:next(codec.clock(), "go") == "SEND")
      asked[engine:add(call)] = mine
    end

    -- What is wrong is said at the end: first all of it shall happen.
    local function hear(id, event, data)
      if not id then return end
      heard[id] = (heard[id] or 0) + 1
      local answer = event == "reply" and codec.decode(data.body)
      local result = answer and answer.result or {}
      if event ~= "reply" then
        fault = event .. ": " .. tostring(type(data) == "table" and data.message)
      elseif result.n ~= asked[id] or result.long ~= LONG .. result.n then
        fault = "the answer of another one"
      end
    end

    -- Each was heard of once, with what was asked.
    local function check()
      while engine:running() > 0 do
        engine:wait(5)
        hear(engine:step())
      end
      assert.is_nil(fault)
      for id in pairs(asked) do
        assert(heard[id] == 1, "heard of it " .. tostring(heard[id]) .. " times")
      end
    end

    it("tells of each job once, whoever asks in the middle of an answer", function()
      local extra = 100
      garbage.during(function()
        hear(engine:step())
        if extra > 0 then ask() end -- in a place that would be free by now
        extra = extra - 1
      end, function()
        for _ = 1, 100 do
          ask()
          engine:wait(0.01)
          hear(engine:step())
        end
      end)
      check()
      assert.is_true(extra < 100)
    end)

    it("may be closed in the middle of an answer", function()
      for _ = 1, 30 do
        local closed = core.engine()
        engine = closed
        ask()
        closed:wait(5)
        garbage.during(function() closed:close() end, function()
          pcall(function()
            local id, _, data = closed:step()
            if id then assert(#data.body > #LONG) end
          end)
          for _ = 1, 200 do garbage.finaliser(function() end) end
        end)
        closed:close()
        assert.truthy(tostring(closed):find "closed")
      end
    end)

    it("tells nothing of a job that is cancelled in the middle of its answer", function()
      local cancelled = {}
      garbage.during(function()
        for id in pairs(asked) do
          if not heard[id] and engine:cancel(id) then cancelled[id], asked[id] = true, nil end
        end
      end, function()
        for _ = 1, 300 do
          ask()
          engine:wait(0.002)
          local id, event, data = engine:step()
          if cancelled[id or 0] then fault = "heard of what was cancelled" end
          hear(id, event, data)
        end
      end)
      assert.is_true(next(cancelled) ~= nil)
      check()
    end)
  end)

  it("calls are made and waited for, or refused, amid calls of the same kind", function()
    local made, refused, n = 0, 0, 0
    local client = assert(b24.client(conf))
    local function one()
      n = n + 1
      local mine = n
      local answer, err = client:call("b24test.echo", { n = mine, long = LONG .. mine })
      assert(answer, err)
      assert(answer.n == mine and answer.long == LONG .. mine, "the answer of another one")
    end
    local function side_by_side()
      local answers, err = b24.counters_all({ a = client, b = client }, { transport = "blocking" })
      assert(answers, err)
      assert(answers.a.counters.TYPE.ALL == 14 and answers.b.counters.TYPE.ALL == 14,
        require("cjson").encode(answers))
    end
    for _, outer in ipairs { one, side_by_side } do
      for _, inner in ipairs { one, side_by_side } do
        local before = made
        garbage.during(function()
          if made - before > 30 then return end
          made = made + 1
          local ok, err = pcall(inner)
          if ok then return end
          refused = refused + 1 -- in the middle of a task
          assert(tostring(err):find "cannot here" or tostring(err):find "attempt to yield", err)
        end, function()
          local turns = 0
          repeat -- collectors differ in when they begin
            outer()
            turns = turns + 1
          until turns >= 30 and made > before or turns == 2000
        end)
        assert.is_true(made > before)
      end
    end
    assert.is_true(made > refused)
  end)

  -- LuaJIT itself does not survive errors of finalisers (2.1: they escape pcall, or crash it).
  local survivable = jit and function() end or it
  survivable("an error of one of them loses no answer", function()
    local broken = 0
    local client = assert(b24.client(conf))
    local over = false
    local function again()
      if over then return end
      garbage.finaliser(again)
      broken = broken + 1
      if broken % 7 == 0 then error "the finaliser's own trouble" end
    end
    local answered, tries = 0, 0
    local function ask()
      local answers = b24.counters_all({ a = client }, { transport = "blocking" })
      return answers.a.counters
    end
    local function ask_often()
      while (answered < 40 or broken < 70) and tries < 4000 do
        tries = tries + 1
        local ok, counters = pcall(ask)
        if ok and counters then answered = answered + 1 end
      end
    end
    garbage.during(function() end, function()
      garbage.finaliser(again)
      -- In 5.1 such an error comes out of whatever has made garbage, and that may be the spec.
      for _ = 1, 100 do
        if pcall(ask_often) then break end
      end
      over = true
    end)
    assert.is_true(answered >= 40 and broken >= 70)
  end)

  -- Takes everything out of `t`, and has it collected where that can be done in a finaliser.
  local function empty(t)
    for key in pairs(t) do t[key] = nil end
    collectgarbage()
  end

  it("a reply may lose its members while it is read", function()
    for i = 1, 100 do
      local reply = { status = 200 }
      garbage.during(function() empty(reply) end, function()
        reply.body = ('{"result":"%s%d"}'):format(LONG, i)
        reply.content_type, reply.location, reply.retry_after = "application/json" .. i,
          "a" .. i, "b" .. i
        local ok, value = pcall(codec.reply, conf, "profile", reply)
        if ok and value then assert(value == LONG .. i) end
      end)
    end
  end)

  it("a request may lose its members while it is written, and may make them up", function()
    for i = 1, 100 do
      local request = { headers = {} }
      garbage.during(function() empty(request) end, function()
        request.url = ("https://portal%d.example/%s"):format(i, ("y"):rep(1000))
        request.body = "{}"
        local ok, wire = pcall(codec.http_request, request)
        if ok then assert(wire.host == "portal" .. i .. ".example") end
      end)
    end
    local n = 0
    local made_up = setmetatable({ headers = {} }, { __index = function(_, name)
      n = n + 1
      return name == "body" and "{}" or ("https://portal%d.example/%s"):format(n, ("y"):rep(1000))
    end })
    garbage.during(collectgarbage, function()
      for _ = 1, 100 do assert((codec.http_request(made_up)).host:find "^portal%d+%.example$") end
    end)
  end)

  it("counters may lose their totals while they are compared", function()
    for _ = 1, 60 do
      local old, new = { TYPE = {} }, { TYPE = {} }
      for i = 1, 40 do new.TYPE["TOTAL_" .. i .. ("z"):rep(100)] = i end
      garbage.during(function() empty(new.TYPE) end, function()
        for _, change in ipairs(b24.diff(old, new)) do
          assert(change.id:find "^TOTAL_%d+z+$", change.id)
        end
      end)
    end
  end)

  it("rows may lose their texts while an inbox is made of them", function()
    for _ = 1, 60 do
      local counters, rows = { CHAT = {} }, {}
      for i = 1, 40 do
        counters.CHAT[tostring(i)] = 1
        rows[i] = { id = "chat" .. i, title = "Team " .. i .. ("z"):rep(100),
          message = { text = ("Hello"):rep(30) } }
      end
      garbage.during(function() for _, row in ipairs(rows) do empty(row) end end, function()
        for _, entry in ipairs((codec.inbox(counters, rows, {}))) do
          assert(not entry.name or entry.name:find "^Team %d+z+$", entry.name)
          assert(not entry.last_message or entry.last_message:find "^Hello", entry.last_message)
        end
      end)
    end
  end)

  it("nothing takes a step of a call that is in the middle of one", function()
    local call, refused
    call = codec.call({ webhook = portal.http_webhook, allow_http = true, limiter = false,
      log = function()
        local ok, err = pcall(call.next, call, codec.clock(), "cancel")
        refused = not ok and err
        assert(not pcall(core.perform, call))
      end }, "profile")
    assert(core.perform(call))
    assert.truthy(refused:find "in the middle of a step")
  end)
end)
