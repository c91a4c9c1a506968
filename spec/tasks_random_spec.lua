-- Bodies of b24.run may do anything that a Lua program does: many tasks do, at random, and each answer must belong to its
-- question. B24_TASKS_SEED repeats a run, B24_TASKS_CALLS makes it longer.

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

  local function program(loop, calls, seed, planted)
    return loops.program(portal, loop, ([[
      require("spec.support.tasks_random").run { conf = conf, loop = LOOP, seed = %d, calls = %d, done = done }
    ]]):format(seed, calls), { before = planted and "require('spec.support.tasks_random').plant() " or nil })
  end

  local function present()
    local names = {}
    for _, name in ipairs(loops.names) do
      if loops.has(name) then names[#names + 1] = name end
    end
    return names
  end

  it("get the answers to their own questions, over each event loop", function()
    local names, children = present(), {}
    print(("\nrandom tasks: B24_TASKS_SEED=%d, %d calls over %s"):format(SEED, CALLS, table.concat(names, ", ")))
    for _, name in ipairs(names) do children[name] = process.start(program(name, math.ceil(CALLS / #names), SEED)) end
    for name, child in pairs(children) do
      local status, out, err = child:wait(PATIENCE)
      assert.same({ name, 0, "" }, { name, status, err }, out)
      local asked, answered = out:match "asked (%d+), answered (%d+), cancelled %d+\nrefused"
      assert.is_true(tonumber(asked) >= CALLS / #names and tonumber(answered) > CALLS / #names / 2, out)
    end
  end)
end)
