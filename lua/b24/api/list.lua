--- Lists row by row. How a list is paged is decided in C (codec.cursor); here is only the loop over client:call.

local list = {}

-- The next page's rows, nil, info; nothing at the end; or nil, message, info.
local function page(client, cursor, method, opts)
  local params = cursor:params()
  if not params then return nil end
  local result, err, info = client:call(method, params, opts)
  if err then return nil, err, info end
  local rows, problem, about = cursor:page(result, info)
  if problem then return nil, problem, about end
  return rows, nil, info
end

--- An iterator over the rows. It throws the message of what went wrong, and again when it is asked again.
---@param client b24.client
---@param cursor userdata
---@param method string
---@param opts? {idempotent: boolean}
---@return fun(): any
function list.rows(client, cursor, method, opts)
  local rows, at, failure = {}, 0, nil
  return function()
    at = at + 1
    while rows and rows[at] == nil do
      if not failure then
        rows, failure = page(client, cursor, method, opts)
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

-- One info for all pages: sums of what adds up, the rest as the last page has it.
local function add(sum, info)
  info = info or {}
  for _, name in ipairs { "attempts", "waited", "elapsed" } do
    sum[name] = (sum[name] or 0) + (info[name] or 0)
    info[name] = sum[name]
  end
  sum.pages = sum.pages + 1
  info.pages, info.next = sum.pages, nil
  return info
end

--- All rows, or the first `max`.
---@param client b24.client
---@param cursor userdata
---@param method string
---@param max number
---@param opts? {idempotent: boolean}
---@return any[]? rows
---@return string? err
---@return b24.info info
function list.all(client, cursor, method, max, opts)
  local all, n, sum = {}, 0, { pages = 0 }
  while true do
    local rows, err, info = page(client, cursor, method, opts)
    info = add(sum, info)
    if err then return nil, err, info end
    for i = 1, math.min(#rows, max - n) do all[n + i] = rows[i] end
    n = n + #rows
    if n > max or n == max and cursor:more() then info.more = true end
    if info.more or not cursor:more() then return all, nil, info end
  end
end

return list
