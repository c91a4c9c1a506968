--- Lists: what the specs of codec.cursor, client:list and client:all share.

local assert = require "luassert"
local codec = require "b24.codec"

local lists = {}
-- count rows with ids from `first` on, under `key`.
function lists.rows(first, count, key)
  local list = {}
  for i = 1, count do list[i] = { [key or "ID"] = tostring(first + i - 1) } end
  return list
end

-- The same list with other ids in some places.
function lists.with(list, changes)
  for i, id in pairs(changes) do list[i] = id == codec.null and id or { ID = id } end
  return list
end

function lists.id_of(row) return tonumber(row.ID or row.id) end

--- The ids that an iterator over rows yields: in its order, and as a set. Throws when it yields one
--- twice. (An `assert` for each row would take most of a spec's time.)
---@param iterator fun(): table?
---@return integer[] ids
---@return table<integer, true> set
function lists.ids(iterator)
  local list, seen = {}, {}
  for row in iterator do
    local id = lists.id_of(row)
    if seen[id] then error("twice: " .. id, 2) end
    seen[id] = true
    list[#list + 1] = id
  end
  return list, seen
end

--- An iterator over a list, as client:list has one.
function lists.iterate(rows)
  local i = 0
  return function()
    i = i + 1
    return rows[i]
  end
end

--- Throws if one of the ids first..last is not in the set.
function lists.has_all(set, first, last)
  for id = first, last do
    if not set[id] then error("lost: " .. id, 2) end
  end
end

function lists.each(n, make)
  local list = {}
  for i = 1, n do list[i] = make(i) end
  return list
end

-- What a cursor asks for, as JSON that does not depend on the order of keys.
function lists.canonical(value)
  if type(value) ~= "table" then return codec.encode(value) end
  local keys, parts = {}, {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for i, key in ipairs(keys) do parts[i] = tostring(key) .. ":" .. lists.canonical(value[key]) end
  return "{" .. table.concat(parts, ",") .. "}"
end

function lists.count(list)
  local n = 0
  for _ in pairs(list) do n = n + 1 end
  return n
end

-- Feeds pages to a cursor: { rows = result, info = info, asks = a field of the params } each.
-- Returns how many rows came and what ended it: "end", or the code of the failure.
function lists.feed(cursor, pages)
  local got = 0
  for i, page in ipairs(pages) do
    local params = cursor:params()
    if not params then return got, "end before page " .. i end
    if page.asks then page.asks(params) end
    local list, err, info = cursor:page(page.rows, page.info or {})
    if not list then
      assert.is_truthy(err:find("^b24: " .. info.code .. ": "), err)
      assert.equal("decode", info.kind)
      assert.is_string(info.hint)
      assert.is_false(info.retryable)
      assert.is_true(info.sent)
      assert.is_nil(cursor:params())
      return got, info.code
    end
    got = got + #list
    assert.equal(#list, lists.count(list))
  end
  return got, cursor:more() and "more" or "end"
end

function lists.asks(path, expected)
  return function(params)
    local value = params
    for name in path:gmatch "[^/]+" do value = value[name] end
    assert.equal(expected, value)
  end
end

return lists
