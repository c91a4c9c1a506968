-- Lists of any length, read in each way while rows come and go, and batches fail: no row is lost,
-- none comes twice.
--
-- B24_LIST_ROUNDS=2000 runs more of them; B24_LIST_SEED repeats one.
-- One Lua of each kind: what decides is C.

local codec = require "b24.codec"
local list = require "b24.api.list"
local Portal = require "spec.support.rows_portal"

local ROUNDS = tonumber(os.getenv "B24_LIST_ROUNDS" or "") or 60
local SEED = tonumber(os.getenv "B24_LIST_SEED" or "")

-- Ids with gaps, in ascending order.
local function some_ids(n)
  local ids, id = {}, math.random(5)
  for i = 1, n do
    ids[i] = id
    id = id + math.random(4)
  end
  return ids
end

local LENGTHS = { 0, 1, 49, 50, 51, 99, 100, 101, 150, 2499, 2500, 2501, 2549, 2550, 2551, 4949,
  5000, 5001, 5002, 7500 }

local function some_length()
  if math.random(2) == 1 then return LENGTHS[math.random(#LENGTHS)] end
  return math.random(0, math.random(2) == 1 and 300 or 12000)
end

-- Rows that were there from the beginning to the end must come once; others may.
local function new_world(add, remove)
  local removed, known = {}, {}
  local world = { removed = removed, known = known }
  function world.churn(portal)
    while math.random() < add do
      portal:add()
      known[portal.ids[#portal.ids]] = true
    end
    while #portal.ids > 0 and math.random() < remove do
      removed[table.remove(portal.ids, math.random(#portal.ids))] = true
    end
  end
  return world
end

local function check(rows, before, world, key, down)
  local seen, last = {}, nil
  for _, row in ipairs(rows) do
    local id = tonumber(row[key])
    if seen[id] then error("twice: " .. id) end
    if last and (down and id >= last or not down and id <= last) then
      error("out of order: " .. id)
    end
    if not world.known[id] then error("never was: " .. id) end
    seen[id], last = true, id
  end
  for _, id in ipairs(before) do
    if not seen[id] and not world.removed[id] then error("lost: " .. id) end
  end
end

local function read(portal, method, params, ahead, parallel)
  local cursor = codec.cursor(method, params, ahead)
  local client = { conf = portal.conf }
  if parallel then
    local rows, err = portal:serve(list.all, client, cursor, method, math.huge,
      { parallel = parallel })
    assert(rows, err)
    return rows
  end
  local rows = {}
  portal:serve(function()
    for row in list.rows(client, cursor, method) do rows[#rows + 1] = row end
  end)
  return rows
end

-- One list, however chance wants it.
local function round(seed)
  math.randomseed(seed)
  local quiet = math.random(3) == 1
  local add, remove = quiet and 0 or math.random() * 0.8, quiet and 0 or math.random() * 0.8
  local tasks, down, by_start = math.random(3) == 1, math.random(3) == 1, math.random(4) == 1
  local method = tasks and "tasks.task.list" or "crm.deal.list"
  local params = { order = down and { ID = "DESC" } or nil,
    start = math.random(4) == 1 and -1 or nil }
  if by_start then -- it knows no rows that go
    method, params, tasks, down, remove = "b24test.item.list", {}, false, false, 0
  end
  local world = new_world(add, remove)
  local ids = some_ids(some_length())
  local before = {}
  for i, id in ipairs(ids) do before[i], world.known[id] = id, true end
  local trouble = math.random(3) == 1 and math.random() * 0.3 or 0
  local portal = Portal.new { ids = ids, churn = world.churn, member = tasks and "tasks" or nil,
    key = tasks and "id" or "ID", last_page = math.random(2) == 1,
    refuse = function() return math.random() < trouble / 10 and "INTERNAL_SERVER_ERROR" or nil end,
    fault = function(asked)
      if asked ~= "batch" or math.random() >= trouble then return nil end
      return { status = 504, body = "<html>", content_type = "text/html" }
    end }
  local ahead = math.random(4) > 1
  local parallel = math.random(2) == 1 and math.random(10) or nil
  local rows = read(portal, method, params, ahead, parallel)
  check(rows, before, world, portal.key, down)
end

describe("a list of any length", function()
  it("loses no row and doubles none while rows come and go", function()
    local first = SEED or os.time() % 1000000 * 1000
    for i = 1, SEED and 1 or ROUNDS do
      local seed = SEED or first + i
      local ok, err = pcall(round, seed)
      if not ok then error(("B24_LIST_SEED=%d: %s"):format(seed, err), 0) end
    end
  end)
end)
