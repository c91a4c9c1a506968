--- client:inbox: who waits. C joins the answers (src/im/inbox.c); here they are asked for.

local batch = require "b24.api.batch"
local codec = require "b24.codec"
local series = require "b24.api.series"
local blame = codec.blame

local inbox = {}

local PAGE = 200 -- what im.recent.list gives at most
local PAGES = 10 -- the counters hold 1000 chats at most; old servers also list what is read

local OPTIONS = { section = "any", waiting = "boolean", muted = "boolean" }

--- section, waiting, muted. What is wrong is thrown.
---@param opts table?
---@return string? section
---@return boolean waiting
---@return boolean muted
function inbox.options(opts)
  opts = codec.options("inbox", opts, OPTIONS)
  local section, waiting, muted = opts.section, opts.waiting ~= false, opts.muted ~= false
  if section == nil then return nil, waiting, muted end
  for _, known in ipairs(codec.sections) do
    if section == known then return section, waiting, muted end
  end
  local given = type(section) == "string" and "'" .. section .. "'" or "a " .. type(section)
  blame(("b24: option 'section' must be one of %s, not %s"):format(table.concat(codec.sections,
    ", "), given))
end

---@class b24.inbox.talk
---@field requests b24.series
---@field info b24.info of the last request, with the cost of all
local Talk = {}
Talk.__index = Talk

function Talk:note(info)
  self.info = info
  self.now = info.time and info.time.finish or self.now -- waiting is measured by the portal's clock
end

function Talk:batch(commands)
  local requests = self.requests
  local steps = codec.batch(commands, false)
  local answer, err, info = batch.run(requests.core, requests.conf, steps, { requests = requests })
  self:note(info)
  return answer, err
end

function Talk:call(method, params)
  local result, err, info = self.requests:call(method, params)
  self:note(info)
  return result, err
end

-- The failure of one command as that of the call.
local function failed(problem, info)
  for _, name in ipairs { "kind", "code", "message", "hint", "retryable" } do
    info[name] = problem[name]
  end
  info.sent = true
  return nil, problem.text, info
end

-- Every server sends totals. An answer without any is no inbox in which nobody waits.
local function tells_nothing(counters)
  for _, section in pairs(counters) do
    if type(section) ~= "table" or next(section) ~= nil then return false end
  end
  return true
end

-- Counters and whatever else one request can tell. Without counters: nil, err, info.
local function first_look(talk)
  local answer, err = talk:batch {
    counters = { "im.counters.get" },
    recent = { "im.recent.list", { UNREAD_ONLY = "Y", LIMIT = PAGE } },
    me = { "profile" }, -- tells own messages, and whose mute it is
    time = { "server.time" }, -- a batch of an old server has no time block
  }
  if not answer then return nil, err, talk.info end
  if answer.errors.counters then return failed(answer.errors.counters, talk.info) end
  local counters = codec.as_counters(answer.results.counters)
  if not counters or tells_nothing(counters) then
    local _, text, info = codec.fault("decode", "NO_COUNTERS",
      "the result is not an object with counters",
      "Check that the URL is a webhook of a Bitrix24 portal.", "im.counters.get")
    return nil, text, talk.requests:total(info)
  end
  return counters, answer
end

local NO_LIST = "b24: BAD_RESULT: the list of recent chats is not a list"

-- The items of a page, whether there are more, and what is wrong with the page.
local function items_of(page)
  local items = type(page) == "table" and page.items
  if type(items) ~= "table" then return {}, false, NO_LIST end
  return items, page.hasMore == true -- also of an empty page: the portal hides some
end

-- The first page; portals from before 2020 know only im.recent.get, which shows one month.
local function first_page(talk, answer)
  local problem = answer.errors.recent
  if not problem then
    local items, more, wrong = items_of(answer.results.recent)
    return items, more, not more and not wrong, wrong
  elseif problem.code ~= "ERROR_METHOD_NOT_FOUND" then
    return {}, false, false, problem.text
  end
  local list, err = talk:call "im.recent.get"
  if type(list) ~= "table" then return {}, false, false, err or NO_LIST end
  return list, false, false, err
end

-- The list, from as many pages as its names need.
local function read_pages(talk, counters, answer, opts)
  local items, more, complete, err = first_page(talk, answer)
  for page = 1, PAGES do
    opts.complete, opts.now = complete, talk.now
    local list, missing = codec.inbox(counters, items, opts)
    list.incomplete = err
    if not more or missing == 0 or page == PAGES then return list end
    local result, found
    result, err = talk:call("im.recent.list",
      { UNREAD_ONLY = "Y", LIMIT = PAGE, OFFSET = page * PAGE })
    local wrong
    found, more, wrong = items_of(result)
    err = err or wrong
    complete = not err and not more
    for _, item in ipairs(found) do items[#items + 1] = item end
  end
end

-- Names and waiting times that the list of recent chats did not tell.
local function second_look(talk, list, opts, waiting)
  local commands = codec.inbox_questions(list, waiting)
  if not commands then return end
  local answer, err = talk:batch(commands)
  if not answer then
    list.incomplete = err
    return
  end
  opts.now = talk.now
  codec.inbox_answers(list, answer.results, opts)
end

local function without_waiting(list)
  for _, entry in ipairs(list) do entry.waiting, entry.at_least = nil, nil end
end

local function without_muted(list)
  local kept, n = 0, #list
  for i = 1, n do
    local entry = list[i]
    if not entry.muted then
      kept = kept + 1
      list[kept] = entry
    end
  end
  for i = kept + 1, n do list[i] = nil end
end

---@param core table b24.core, or that of a task
---@param conf userdata
---@param section string? of inbox.options
---@param waiting boolean
---@param muted boolean
function inbox.inbox(core, conf, section, waiting, muted)
  local talk = setmetatable({ requests = series.new(core, conf) }, Talk)
  local counters, answer, info = first_look(talk)
  if not counters then return nil, answer, info end
  talk.now = talk.now or codec.date(answer.results.time)
  local me = type(answer.results.me) == "table" and tonumber(answer.results.me.ID) or nil
  local opts = { section = section, me = me }
  local list = read_pages(talk, counters, answer, opts)
  second_look(talk, list, opts, waiting)
  if not waiting then without_waiting(list) end
  if not muted then without_muted(list) end
  list.section, list.counters, list.totals = section, counters, codec.totals(counters)
  return list, nil, talk.info
end

return inbox
