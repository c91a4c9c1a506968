--- Requests that belong together: one deadline, which is the conf's `timeout`, and one info. Only
--- the time inside calls counts, so that what the program does between them costs nothing.

local codec = require "b24.codec"

---@class b24.series
---@field core table b24.core, or that of a task
---@field conf userdata
---@field sum {attempts: integer?, waited: number?, elapsed: number?} of all requests so far
---@field info b24.info? of the last request, with the sums
local Series = {}
Series.__index = Series

---@param core table
---@param conf userdata
---@param spent? number seconds of the timeout that are gone
---@return b24.series
local function new(core, conf, spent)
  return setmetatable({ core = core, conf = conf, sum = { elapsed = spent } }, Series)
end

--- The info of one more request, which tells the cost of all from now on.
---@param info b24.info
---@return b24.info
function Series:add(info)
  self.info = codec.add_cost(self.sum, info)
  return self.info
end

--- Writes the cost of all requests into an info that none of them has made, or an early one.
---@param info b24.info
---@return b24.info
function Series:total(info)
  return codec.add_cost(self.sum, nil, info)
end

---@param method string
---@param params? table
---@param idempotent? boolean
---@return any value
---@return string? err
---@return b24.info info
function Series:call(method, params, idempotent)
  local value, err, info = self.core.call(self.conf, method, params, idempotent, self.sum.elapsed)
  return value, err, self:add(info)
end

--- A step of codec.batch.
---@param step table
---@return table? answer
---@return string? err
---@return b24.info info
function Series:batch(step)
  local answer, err, info = self.core.batch(self.conf, step, self.sum.elapsed)
  return answer, err, self:add(info)
end

return { new = new }
