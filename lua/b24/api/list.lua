--- Lists row by row. How a list is paged, and how many pages one request brings, is decided in C
--- (codec.cursor); here are only the requests.

local codec = require "b24.codec"
local context = require "b24.wait.context"
local by_side = require "b24.api.side"

local list = {}

--- The requests of one list. Each may be made in another task than the one before.
---@class b24.list.pages
---@field client b24.client
---@field cursor userdata
---@field method string
---@field idempotent boolean?
---@field parallel integer requests side by side, at most
---@field sum table the cost of all requests so far; its time counts against the one deadline
---@field ahead table[] requests whose pages came ahead, in their order
local Pages = {}
Pages.__index = Pages

---@class b24.list.options
---@field idempotent? boolean
---@field parallel? integer
---@field max? integer

---@param client b24.client
---@param cursor userdata of codec.cursor
---@param method string
---@param opts? b24.list.options
---@return b24.list.pages
function list.pages(client, cursor, method, opts)
  opts = opts or {}
  return setmetatable({ client = client, cursor = cursor, method = method, sum = {}, ahead = {},
    idempotent = opts.idempotent, parallel = opts.parallel or 1 }, Pages)
end

-- Waits as the program does.
local function run(self, body, parallel)
  local value, err, info = context.run("client:call(method, params)", self.client.transport, nil,
    body, { method = self.method, parallel = parallel })
  return value, err, info
end

-- The seconds that the portal took.
local function took(info) return math.max(0, (info.elapsed or 0) - (info.waited or 0)) end

-- The next page by itself, as client:call makes it; it waits for `pause` seconds first.
local function single(self, pause)
  local cursor = self.cursor
  local call, err, info = codec.call(self.client.conf, self.method, cursor:params(), nil,
    { idempotent = self.idempotent, spent = self.sum.elapsed, pause = pause, bulk = true })
  if not call then return nil, err, info end
  local result
  result, err, info = run(self, function(core) return core.perform(call) end)
  local seconds = took(info)
  codec.add_cost(self.sum, info)
  if err then return nil, err, info end
  cursor:took(1, seconds)
  local rows, problem, about = cursor:page(result, info)
  return rows, problem, about or info
end

-- One request for these commands; its answer goes into `request`.
local function ask(self, core, request)
  local step = codec.batch(request.commands, true)[1]
  local idempotent = self.idempotent
  if idempotent == nil then idempotent = step.idempotent end
  local call, err, info = codec.call(self.client.conf, "batch", step, "batch",
    { idempotent = idempotent, spent = self.sum.elapsed, bulk = true })
  if call then request.answer, request.err, request.info = core.perform(call)
  else request.err, request.info = err, info end
end

-- Sends all; in the order of the list, up to the first that failed.
local function send(self, requests)
  local begun = codec.clock()
  if #requests == 1 then
    run(self, function(core) ask(self, core, requests[1]) end)
  else
    run(self, function(core)
      by_side(core, #requests, #requests, function(i) ask(self, core, requests[i]) end)
    end, true)
  end
  local good, slowest = {}, requests[1]
  for i, request in ipairs(requests) do
    local info = request.info or {} -- none: cancelled
    codec.add_cost(self.sum, { attempts = info.attempts, waited = info.waited,
      elapsed = i == 1 and codec.clock() - begun or 0 })
    if request.answer and #good == i - 1 then
      good[i] = request
      if took(info) > took(slowest.info) then slowest = request end
    end
  end
  return good, slowest
end

-- Many pages at once: nothing when they came, or when fewer are worth a try; else nil, message,
-- info.
local function many(self, lists)
  local requests = {}
  for i, commands in ipairs(lists) do requests[i] = { number = i, at = 0, commands = commands } end
  local good, slowest = send(self, requests)
  self.ahead = good
  if #good > 0 then self.cursor:took(#slowest.commands, took(slowest.info)) end
  if #good == #requests then return end
  local bad = requests[#good + 1]
  if not bad.info then
    return codec.fault("closed", "CANCELLED", "the call was cancelled", nil, self.method)
  end
  local smaller = self.cursor:failed(#bad.commands, bad.info.kind)
  if #good > 0 or smaller then return end
  bad.info.method = self.method
  return nil, bad.err, codec.add_cost(self.sum, nil, bad.info)
end

-- What came with the page, as client:call would tell it.
local function page_info(self, request, i)
  local info, answer = {}, request.answer
  for name, value in pairs(request.info) do info[name] = value end
  info.method, info.next, info.total = self.method, answer.next[i], answer.total[i]
  info.time = answer.time[i]
  return codec.add_cost(self.sum, nil, info)
end

-- The rows of the next page that came ahead; false: there is none.
local function ready(self)
  local request = self.ahead[1]
  if not request then return false end
  local i, results = request.at + 1, request.answer.results
  local result, info = results[i], page_info(self, request, i)
  request.at, results[i] = i, nil
  local rows, err, about = false, nil, nil
  if result ~= nil then rows, err, about = self.cursor:part(result, info, request.number, i) end
  if rows == false and i == 1 and request.number > 1 and result ~= nil then
    self.parallel = 1 -- what lies between this request and the one before it is read in turn
  elseif rows == false then
    local problem = request.answer.errors[i]
    self.cursor:refused(i - 1, problem and problem.code)
  end
  if not rows or not self.cursor:more() then
    self.ahead = {}
  elseif i == #request.commands then
    table.remove(self.ahead, 1)
  end
  return rows, err, about or info
end

--- The next page's rows, nil, info, which tells the cost of all pages so far; nothing at the end;
--- or nil, message, info.
---@param want? number rows that the caller still takes
---@return any[]? rows
---@return string? err
---@return b24.info? info
function Pages:next(want)
  while self.cursor:more() do
    local conf = self.client.conf
    if not conf then return self.client:call(self.method) end -- which says that it was closed
    local rows, err, info = ready(self)
    if rows ~= false then return rows, err, info end
    local lists, pause = self.cursor:ahead(conf, self.sum.elapsed, self.parallel, want)
    if not lists then
      rows, err, info = single(self, pause)
      return rows, err, info
    end
    rows, err, info = many(self, lists)
    if err then return rows, err, info end
  end
end

-- The hint too: whoever sees what was thrown has no info.
local function thrown(err, info)
  return info and info.hint and err .. "\n" .. info.hint or err
end

--- An iterator over the rows, or the first opts.max. It throws what went wrong, at the line of the
--- program, and again when it is asked again.
---@param client b24.client
---@param cursor userdata
---@param method string
---@param opts? b24.list.options
---@return fun(): any
function list.rows(client, cursor, method, opts)
  local pages, rows, at, failure = list.pages(client, cursor, method, opts), {}, 0, nil
  local left = opts and opts.max or math.huge
  return function()
    at = at + 1
    while rows and rows[at] == nil and left > 0 do
      if not failure then
        local err, info
        rows, err, info = pages:next(left)
        failure, at = err and thrown(err, info), 1
      end
      if failure then
        rows = {} -- not nil: that would be the end
        codec.blame(failure)
      end
    end
    left = left - 1
    if left < 0 then rows = nil end
    return rows and rows[at]
  end
end

--- All rows, or the first `max`. One info for all pages: sums of what adds up, the rest as the last
--- page has it.
---@param client b24.client
---@param cursor userdata
---@param method string
---@param max number
---@param opts? b24.list.options
---@return any[]? rows
---@return string? err
---@return b24.info info
function list.all(client, cursor, method, max, opts)
  local pages, all, n, count = list.pages(client, cursor, method, opts), {}, 0, 0
  while true do
    local rows, err, info = pages:next(max - n)
    info = info or {}
    count = count + 1
    info.pages, info.next = count, nil
    if err then return nil, err, info end
    for i = 1, math.min(#rows, max - n) do all[n + i] = rows[i] end
    n = n + #rows
    if n > max or n == max and cursor:more() then info.more = true end
    if info.more or not cursor:more() then
      info.total = info.total or cursor:total()
      return all, nil, info
    end
  end
end

return list
