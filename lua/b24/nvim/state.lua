--- What is known about the portal, shown as vim.g.b24_badge and told as `User B24Changed`. Never
--- asks anybody.

local options = require "b24.nvim.options"
local saved = require "b24.nvim.saved"

---@class b24.nvim.status
---@field badge string "" for nothing, "3", "99+", "?" while the portal is away
---@field totals? b24.totals of the last answer
---@field counters? b24.counters of the last answer; nil: none since the editor started
---@field changes b24.change[] what the last answer changed
---@field err? string why the portal cannot be asked at present
---@field hint? string what to do about it
---@field engine? "module"|"program" which one asks; nil: none
--- with setup{live = true}: are changes heard of as they happen, and if not, why
---@field live? b24.live_state
---@field stale boolean known from an earlier session, not yet from this one

local state = {}

local known = { badge = "", changes = {}, stale = false }

local function shallow(source)
  local copy = {}
  for key, value in pairs(source) do copy[key] = value end
  return copy
end

---@return b24.nvim.status
function state.status() return shallow(known) end

local function show(badge)
  known.badge = badge
  vim.g.b24_badge = badge
  vim.cmd "redrawstatus!"
end

-- A user's broken autocommand must not end the polling. data: changes, those of them that went up,
-- and what is known now. Before 0.8 events carry none: see status().changes.
local function announce()
  local event = { pattern = "B24Changed", modeline = false }
  if vim.fn.has "nvim-0.8" == 1 then
    local rises = {}
    for _, change in ipairs(known.changes) do
      if (change.to or 0) > (change.from or 0) then rises[#rises + 1] = change end
    end
    event.data = { changes = known.changes, rises = rises, badge = known.badge,
      totals = known.totals, err = known.err }
  end
  local good, err = pcall(vim.api.nvim_exec_autocmds, "User", event)
  if not good then
    vim.notify("b24: an autocommand of B24Changed failed: " .. tostring(err), vim.log.levels.ERROR)
  end
end

local function notify(before, now)
  if not (options.get "notify" and before and now and now > before) then return end
  vim.notify(("Bitrix24: %d unread (%d new)"):format(now, now - before), vim.log.levels.INFO)
end

local function messages(totals)
  local count = totals and totals.messages
  return type(count) == "number" and count or nil -- what JSON calls null is unknown too
end

--- The last value of an earlier session, until there is one of this session.
function state.recall()
  local last = not known.counters and saved.read()
  if not last then return end
  known.totals, known.stale = last.totals, true
  show(last.badge)
end

--- An answer of the portal.
---@param counters b24.counters
---@param totals b24.totals
---@param badge string
---@param changes b24.change[]
function state.answer(counters, totals, badge, changes)
  local before = known.counters and messages(known.totals)
  local news = not known.counters or known.err ~= nil or badge ~= known.badge or #changes > 0
  known.counters, known.totals, known.changes = counters, totals, changes
  known.err, known.hint, known.stale = nil, nil, false
  show(badge)
  saved.write { badge = badge, totals = totals }
  notify(before, messages(totals))
  if news then announce() end
end

--- The portal cannot be asked; told once in an outage.
---@param err string
---@param hint? string
function state.away(err, hint)
  local outage = known.badge == "?" and known.err ~= nil
  known.err, known.hint, known.changes = err, hint, {}
  if outage then return end
  show "?"
  announce()
end

--- Whether changes are heard of as they happen. Shown nowhere: polling goes on.
---@param live b24.live_state
function state.live(live) known.live = live end

--- Who asks from now on; nil: nobody. A reason why is kept for status(), and shown nowhere.
---@param engine? "module"|"program"
---@param err? string
---@param hint? string
function state.engine(engine, err, hint)
  known.engine, known.live = engine, nil
  if err then known.err, known.hint = err, hint end
  if not engine then show "" end -- a number that nobody keeps up to date would be a lie
end

return state
