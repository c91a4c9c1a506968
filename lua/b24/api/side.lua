--- Work that is done side by side: list, batch and counters_all have several requests under way.

--- Does work(1) … work(n), at most `parallel` at once, and waits for all of it. In a call that was
--- cancelled what has not begun is left out.
---@param core table which has `spawn`
---@param n integer
---@param parallel integer
---@param work fun(i: integer)
local function by_side(core, n, parallel, work)
  local at, stop, workers = 0, false, {}
  local function worker()
    while at < n and not stop do
      at = at + 1
      work(at)
    end
  end
  for i = 1, math.min(parallel, n) do workers[i] = core.spawn(worker) end
  for _, one in ipairs(workers) do one:wait() end
  stop = true -- they are over, unless this call was cancelled
  for _, one in ipairs(workers) do one:cancel() end
end

return by_side
