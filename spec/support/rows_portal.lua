--- A portal of nothing but rows, without a network: it answers what list.lua sends, as JSON. Rows
--- come and go between any two pages, also of one batch, and of batches side by side.

local assert = require "luassert"
local codec = require "b24.codec"
local context = require "b24.wait.context"

local Portal = {}
Portal.__index = Portal

local PAGE = 50

--- ids, or so many `rows` from 1 on; member: of the result, where the rows are; key: of a row's id;
--- churn(portal): before each page; last_page: as old methods, which answer a place behind the end
--- with the last page; refuse(): an error code for this page of a batch, or nil; fault(method): a
--- reply in the place of the portal's, or nil
---@param options {ids: integer[]?, rows: integer?, member: string?, key: string?, churn: function?,
--- last_page: boolean?, refuse: function?, fault: function?, conf: table?}
function Portal.new(options)
  local self = setmetatable({ requests = 0, pages = 0, counts = 0 }, Portal)
  for name, value in pairs(options) do self[name] = value end
  self.key = self.key or "ID"
  self.conf = assert(codec.conf(options.conf
    or { webhook = "https://portal.example/rest/1/abcdefgh12345678/", limiter = false,
      timeout = 600 }))
  return self
end

-- How many rows there are, and the i-th.
function Portal:length() return self.rows or #self.ids end
function Portal:at(i) return self.rows and i or self.ids[i] end

--- A row at the end.
function Portal:add()
  self.ids[#self.ids + 1] = (self.ids[#self.ids] or 0) + 1 + self.pages % 3
end

-- The first position whose id is so, in ascending ids; behind the last: none is.
function Portal:first(is_so)
  local low, high = 1, #self.ids + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    if is_so(self.ids[middle]) then high = middle else low = middle + 1 end
  end
  return low
end

-- The positions of the rows that the filter leaves: from, to.
function Portal:range(filter)
  local from, to = 1, self:length()
  local above, below = tonumber(filter[">ID"]), tonumber(filter["<ID"])
  if self.rows then
    return math.max(1, (above or 0) + 1), math.min(to, (below or math.huge) - 1)
  end
  if above then from = self:first(function(id) return id > above end) end
  if below then to = self:first(function(id) return id >= below end) - 1 end
  return from, to
end

-- ids, next, total
function Portal:page(params)
  self.pages = self.pages + 1
  if self.churn then self.churn(self) end
  local from, to = self:range(params.filter or {})
  local down = (params.order or {}).ID == "DESC"
  local start, total, ids = tonumber(params.start) or 0, math.max(0, to - from + 1), {}
  local at = math.max(0, start - start % PAGE)
  if start >= 0 then self.counts = self.counts + 1 end
  if self.last_page and at >= total and total > 0 then
    at = math.floor((total - 1) / PAGE) * PAGE
  end
  for i = at, math.min(at + PAGE, total) - 1 do
    ids[#ids + 1] = self:at(down and to - i or from + i)
  end
  if start < 0 then return ids end
  return ids, at + PAGE < total and at + PAGE or nil, total
end

-- JSON --------------------------------------------------------------------------------------------

function Portal:result(ids)
  local rows = {}
  for i, id in ipairs(ids) do
    rows[i] = ('{"%s":"%d","TITLE":"Row %d"}'):format(self.key, id, id)
  end
  local list = "[" .. table.concat(rows, ",") .. "]"
  return self.member and ('{"%s":%s}'):format(self.member, list) or list
end

local function words(name, value) return value and (',"%s":%d'):format(name, value) or "" end

-- The value of a parameter. Where a row is missing it is the whole page, which PHP takes for 1.
local function resolve(self, results, value)
  local name, row = value:match "^%$result%[(c%d+)%].*%[(%d+)%]%[%w+%]$"
  if not name then return value end
  local member = self.member and "[" .. self.member .. "]" or ""
  assert.equal(("$result[%s]%s[49][%s]"):format(name, member, self.key), value)
  local ids = results[name]
  return ids and ids[row + 1] or 1
end

local function decode(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

function Portal:params(query, results)
  local params = {}
  for pair in query:gmatch "[^&]+" do
    local name, value = pair:match "^([^=]*)=(.*)$"
    name, value = decode(name), resolve(self, results, decode(value))
    local outer, inner = name:match "^(%w+)%[(.*)%]$"
    if outer then
      params[outer] = params[outer] or {}
      params[outer][inner] = value
    else
      params[name] = value
    end
  end
  return params
end

local NO_ROOM = '"%s":{"error":"%s","error_description":""}'

function Portal:batch(body, pause)
  local names, results = {}, {}
  local parts = { result = {}, result_error = {}, result_next = {}, result_total = {} }
  for name in pairs(body.cmd) do names[#names + 1] = name end
  table.sort(names, function(a, b) return tonumber(a:sub(2)) < tonumber(b:sub(2)) end)
  assert.is_true(#names <= 50)
  for _, name in ipairs(names) do
    local params = self:params(body.cmd[name]:match "%?(.*)$", results)
    local code = self.refuse and self.refuse()
    if code then
      table.insert(parts.result_error, NO_ROOM:format(name, code))
      break -- halt
    end
    local ids, following, total = self:page(params)
    results[name] = ids
    table.insert(parts.result, ('"%s":%s'):format(name, self:result(ids)))
    if following then table.insert(parts.result_next, ('"%s":%d'):format(name, following)) end
    if total then table.insert(parts.result_total, ('"%s":%d'):format(name, total)) end
    pause()
  end
  local out = {}
  for name, list in pairs(parts) do
    local text = #list > 0 and "{" .. table.concat(list, ",") .. "}" or "[]"
    out[#out + 1] = ('"%s":%s'):format(name, text)
  end
  return '{"result":{' .. table.concat(out, ",") .. "}}"
end

function Portal:answer(request, pause)
  local body, method = assert(codec.decode(request.body)), request.url:match "([%w.]+)$"
  local reply = self.fault and self.fault(method)
  if reply then return reply end
  if method == "batch" then return { status = 200, body = self:batch(body, pause) } end
  local ids, following, total = self:page(body)
  local more = words("next", following) .. words("total", total)
  return { status = 200, body = '{"result":' .. self:result(ids) .. more .. "}" }
end

-- The host ----------------------------------------------------------------------------------------

-- Carries out a call object; `pause` is called between the pages of a batch.
function Portal:perform(call, pause)
  local now = codec.clock()
  local action, payload = call:next(now, "go")
  while action ~= "DONE" do
    if action == "SLEEP" then
      now = now + payload
      action, payload = call:next(now, "woke")
    else
      assert.equal("SEND", action)
      self.requests = self.requests + 1
      action, payload = call:next(now, "reply", self:answer(payload, pause))
    end
  end
  return call:result()
end

-- What b24.core is elsewhere. Several at once take turns by chance.
function Portal:core()
  local living = {}
  local function pause() coroutine.yield() end
  local function turn() -- one of them goes a part of its way, or all of it
    local i = math.random(#living)
    for _ = 1, math.random(math.random(2) == 1 and 3 or 100) do
      assert(coroutine.resume(living[i]))
      if coroutine.status(living[i]) == "dead" then return table.remove(living, i) end
    end
  end
  return {
    perform = function(call)
      return self:perform(call, #living > 0 and pause or function() end)
    end,
    spawn = function(body)
      living[#living + 1] = coroutine.create(body)
      return { wait = function() while #living > 0 do turn() end end, cancel = function() end }
    end,
  }
end

--- Runs f with every request going to this portal.
function Portal:serve(f, ...)
  local real = context.run
  context.run = function(_, _, _, body) return body(self:core()) end -- luacheck: ignore
  local results = { pcall(f, ...) }
  context.run = real -- luacheck: ignore
  if not results[1] then error(results[2], 0) end
  return (table.unpack or unpack)(results, 2) -- luacheck: ignore
end

return Portal
