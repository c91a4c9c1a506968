--- Lists row by row. How a list is paged is decided in C (codec.cursor); here is only the loop over
--- its requests.

local codec = require "b24.codec"
local context = require "b24.wait.context"

local list = {}

--- The requests of one list. Each may be made in another task than the one before.
---@class b24.list.pages
---@field client b24.client
---@field cursor userdata
---@field method string
---@field idempotent boolean?
---@field sum table the cost of all requests so far; its time counts against the one deadline
local Pages = {}
Pages.__index = Pages

---@param client b24.client
---@param cursor userdata of codec.cursor
---@param method string
---@param opts? {idempotent: boolean}
---@return b24.list.pages
function list.pages(client, cursor, method, opts)
  return setmetatable({ client = client, cursor = cursor, method = method,
    idempotent = opts and opts.idempotent, sum = {} }, Pages)
end

-- One request, as client:call makes it.
local function ask(self, params)
  local conf, method = self.client.conf, self.method
  if not conf then return self.client:call(method, params) end -- which says that it was closed
  local call, err, info = codec.call(conf, method, params, nil,
    { idempotent = self.idempotent, spent = self.sum.elapsed, bulk = true })
  if not call then return nil, err, info end
  local result
  result, err, info = context.run("client:call(method, params)", self.client.transport, nil,
    function(core)
      return core.perform(call)
    end, { method = method })
  return result, err, info
end

--- The next page's rows, nil, info, which tells the cost of all pages so far; nothing at the end;
--- or nil, message, info.
---@return any[]? rows
---@return string? err
---@return b24.info? info
function Pages:next()
  local params = self.cursor:params()
  if not params then return nil end
  local result, err, info = ask(self, params)
  codec.add_cost(self.sum, info)
  if err then return nil, err, info end
  local rows, problem, about = self.cursor:page(result, info)
  if not rows then return nil, problem, about end
  return rows, nil, info
end

--- An iterator over the rows. It throws the message of what went wrong, and again when it is asked
--- again.
---@param client b24.client
---@param cursor userdata
---@param method string
---@param opts? {idempotent: boolean}
---@return fun(): any
function list.rows(client, cursor, method, opts)
  local pages, rows, at, failure = list.pages(client, cursor, method, opts), {}, 0, nil
  return function()
    at = at + 1
    while rows and rows[at] == nil do
      if not failure then
        rows, failure = pages:next()
        at = 1
      end
      if failure then
        rows = {} -- not nil: that would be the end
        error(failure, 0)
      end
    end
    return rows and rows[at]
  end
end

--- All rows, or the first `max`. One info for all pages: sums of what adds up, the rest as the last
--- page has it.
---@param client b24.client
---@param cursor userdata
---@param method string
---@param max number
---@param opts? {idempotent: boolean}
---@return any[]? rows
---@return string? err
---@return b24.info info
function list.all(client, cursor, method, max, opts)
  local pages, all, n, count = list.pages(client, cursor, method, opts), {}, 0, 0
  while true do
    local rows, err, info = pages:next()
    info = info or {}
    count = count + 1
    info.pages, info.next = count, nil
    if err then return nil, err, info end
    for i = 1, math.min(#rows, max - n) do all[n + i] = rows[i] end
    n = n + #rows
    if n > max or n == max and cursor:more() then info.more = true end
    if info.more or not cursor:more() then return all, nil, info end
  end
end

return list
