--- b24 doctor --shape: the form of the portal's counters without their content, for a bug report.
--- Ids are numbered, counts are buckets, texts and names that are no section's are left out; no
--- host, no secret.

local codec = require "b24.codec"
local account = require "b24.cli.account"
local exit = require "b24.cli.exit"
local json = require "b24.cli.json"
local out = require "b24.cli.out"

local shape = {}

local BUCKETS = { { 0, "0" }, { 1, "1" }, { 9, "2-9" }, { 99, "10-99" }, { 100, "100" },
  { math.huge, ">100" } }

local function bucket(n)
  if n < 0 then return "<0" end
  for _, limit in ipairs(BUCKETS) do
    if n <= limit[1] then return limit[2] end
  end
  return "?"
end

-- Ids in the order in which they come: the same id has the same number everywhere.
local function numbering()
  local numbers, n = {}, 0
  return function(id)
    id = tostring(id)
    if not numbers[id] then
      n = n + 1
      numbers[id] = "id" .. n
    end
    return numbers[id]
  end
end

-- Names of sections and totals are the server's words; everything else may be anybody's.
local function key_of(key, number)
  if type(key) == "string" and key:find "^[%a_]+$" and #key <= 32 then return key end
  return number(key)
end

local function sorted(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b)
    local m, n = tonumber(a), tonumber(b)
    if m and n then return m < n end
    if m or n then return n ~= nil end
    return tostring(a) < tostring(b)
  end)
  return keys
end

local function describe(value, number, is_id)
  local kind = type(value)
  if kind == "number" then return is_id and number(("%d"):format(value)) or bucket(value) end
  if kind == "boolean" then return value end
  if kind == "string" then
    return value:find "^%-?%d+$" and "string " .. bucket(tonumber(value)) or "string"
  end
  if kind ~= "table" then return "null" end
  local copy = #value > 0 and {} or json.object {}
  if next(value) == nil then return "empty" end
  for _, key in ipairs(sorted(value)) do
    local list = type(key) == "number"
    copy[list and key or key_of(key, number)] = describe(value[key], number, list)
  end
  return copy
end

--- The shape of any answer.
---@param value any
---@return any
function shape.of(value)
  return describe(value, numbering())
end

function shape.run(args)
  local client, err, info = account.client(args)
  if not client then return exit.failure(err, info) end
  local answer, problem, about = client:call "im.counters.get"
  if problem then return exit.failure(problem, about) end
  local time = about.time or {}
  out.line(json.encode { b24 = codec._VERSION, lua = _VERSION, http_version = about.http_version,
    time = sorted(time),
    ["im.counters.get"] = shape.of(answer) })
  return exit.OK
end

return shape
