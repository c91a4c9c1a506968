-- Bodies of b24.run may do anything that a Lua program does: many tasks do, at random, and each
-- answer must belong to its question. B24_TASKS_SEED repeats a run, B24_TASKS_CALLS makes it
-- longer.
-- One Lua of each kind: processes, most of them of event loops.

local loops = require "spec.support.loops"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

local CALLS = tonumber(os.getenv "B24_TASKS_CALLS") or 10000 -- over all loops together
local SEED = tonumber(os.getenv "B24_TASKS_SEED") or os.time() % 1000000 + 1
local PATIENCE = 600 -- seconds: of a run that hangs

describe("random tasks", function()
  local portal
  setup(function() portal = start() end)
  before_each(function() portal:reset() end)

  local function program(loop, calls, seed, base, planted)
    return loops.program(portal, loop, ([[
      require("spec.support.tasks_random").run { conf = conf, loop = LOOP, seed = %d, calls = %d,
        base = %d, done = done }
    ]]):format(seed, calls, base),
      { before = planted and "require('spec.support.tasks_random').plant() " or nil })
  end

  local function present()
    local names = {}
    for _, name in ipairs(loops.names) do
      if loops.has(name) then names[#names + 1] = name end
    end
    return names
  end

  -- The numbers that the portal has seen.
  local function numbers()
    local seen, count = {}, 0
    for _, entry in ipairs(portal:log()) do
      for number in entry.body:gmatch '[?"]n"?[=:](%d+)' do
        seen[number], count = true, count + 1
      end
    end
    assert.is_true(count > CALLS / 4, "the portal's log lacks most of it")
    return seen
  end

  it("get the answers to their own questions, over each event loop", function()
    local names, children = present(), {}
    print(("\nrandom tasks: B24_TASKS_SEED=%d, %d calls over %s"):format(SEED, CALLS,
      table.concat(names, ", ")))
    for i, name in ipairs(names) do
      children[name] = process.start(program(name, math.ceil(CALLS / #names), SEED, i * 1000000))
    end
    local refused = {}
    for name, child in pairs(children) do
      local status, out, err = child:wait(PATIENCE)
      assert.same({ name, 0, "" }, { name, status, err }, out)
      local asked, answered,
        list = out:match "asked (%d+), answered (%d+), cancelled %d+\nrefused ([%d ]*)"
      assert.is_true(tonumber(asked) >= CALLS / #names and tonumber(answered) > CALLS / #names / 4,
        out)
      for number in list:gmatch "%d+" do refused[#refused + 1] = number end
    end
    assert.is_true(#refused > 0)
    local sent = numbers()
    for _, number in ipairs(refused) do
      if sent[number] then error("refused, but sent: " .. number) end
    end
  end)

  it("find within 100 calls what this is about, when it is put back", function()
    local wrong = 0
    for seed = 1, 5 do
      local status, out, err = process.start(program("blocking", 100, seed, 0, true)):wait(PATIENCE)
      assert.equal(1, status, out .. err)
      if out:find "WRONG: asked .* in call %d+ of seed" then wrong = wrong + 1 end
    end
    -- now and then it is resumed when it is over, which ends the program at once
    assert.is_true(wrong >= 3)
  end)
end)
