--- client:messages, client:mark_read: look, clear. To answer: send.lua.

local batch = require "b24.api.batch"
local codec = require "b24.codec"
local dialog = require "b24.api.dialog"
local blame = codec.blame

local messages = {}

local PAGE = 50 -- what im.dialog.messages.get gives at most
local MOST = 200
local DEFAULT = 20

-- Above every message. Without a cursor the portal answers with unread messages instead: the
-- *oldest* of many.
local NEWEST = "9007199254740991"

-- What each method answers when it has done its work. PHP answers much else when it has not.

local READ = { "dialogId", "chatId", "lastId", "counter", "newCounter" }

local function is_read(result)
  if type(result) ~= "table" then return result == true end
  if result.result ~= nil then return result.result == true end
  for _, name in ipairs(READ) do
    if result[name] ~= nil then return true end
  end
  return false
end

-- Each of the following checks its arguments at once, throws what is wrong with their types, and
-- returns a function that makes the requests: body(core) -> value, err, info.

local function read(core, conf, id, limit, unread)
  local pages, cursor = {}, NEWEST
  local list, strangers, info
  repeat
    local page, err, last = core.call(conf, "im.dialog.messages.get",
      { DIALOG_ID = id, LAST_ID = cursor, LIMIT = math.min(limit, PAGE) }, nil,
      info and info.elapsed)
    info = dialog.sum(info, last)
    if err then return nil, err, info end
    pages[#pages + 1] = page
    list, strangers, cursor = codec.messages(pages, nil, limit, unread)
    if not list then
      return dialog.bad_result("im.dialog.messages.get", info,
        "the result is not a list of messages")
    end
  until not cursor
  if strangers then -- the portal names the authors of some answers only in part
    local people, _, last = core.call(conf, "im.user.list.get",
      { ID = strangers, RESULT_TYPE = "array" }, nil, info.elapsed)
    list = codec.messages(pages, people, limit, unread)
    codec.add_cost(info, last, {})
  end
  return list, nil, info
end

--- Who wrote a message, for people.
---@param message b24.message
---@return string
function messages.author(message)
  if message.author then return message.author end
  if message.author_id == 0 then return "Bitrix24" end
  return message.author_id and ("user %d"):format(message.author_id) or "unknown author"
end

function messages.messages(conf, dialog_id, opts)
  local id = dialog.id(dialog_id)
  opts = codec.options("messages", opts, { unread = "boolean", limit = "number" })
  local limit, unread = opts.limit or DEFAULT, opts.unread == true
  if not (limit >= 1 and limit <= MOST and limit % 1 == 0) then
    blame(("b24: option 'limit' must be a whole number of 1 to %d"):format(MOST))
  end
  if type(conf) == "function" then return dialog.refuse(conf "im.dialog.messages.get") end
  if not id then return dialog.refuse(dialog.no_dialog "im.dialog.messages.get") end
  return function(core) return read(core, conf, id, limit, unread) end
end

-- { name = { text=, … } } of a batch -> nil, err, info
local function first_problem(answer, names, info)
  for _, name in ipairs(names) do
    local problem = answer.errors[name]
    if problem then
      for _, field in ipairs { "kind", "code", "message", "hint", "retryable" } do
        info[field] = problem[field]
      end
      info.sent = true
      return nil, problem.text, info
    end
  end
  return true, nil, info
end

local NOT_READ = "the result does not say that it was marked as read"

local function read_all(core, conf)
  local steps = codec.batch({ dialogs = { "im.dialog.read.all" },
    notifications = { "im.notify.read.all" } }, false)
  local answer, err, info = batch.run(core, conf, steps)
  if not answer then return nil, err, info end
  local good, problem, about = first_problem(answer, { "dialogs", "notifications" }, info)
  if not good then return nil, problem, about end
  if not is_read(answer.results.dialogs) then
    return dialog.bad_result("im.dialog.read.all", info, NOT_READ)
  end
  if not is_read(answer.results.notifications) then
    return dialog.bad_result("im.notify.read.all", info, NOT_READ)
  end
  return true, nil, info
end

function messages.mark_read(conf, dialog_id)
  local special = dialog_id == "all" or dialog_id == "notify"
  local id = special and dialog_id or dialog.id(dialog_id)
  if type(conf) == "function" then return dialog.refuse(conf "im.dialog.read") end
  if not id then return dialog.refuse(dialog.no_dialog "im.dialog.read") end
  if id == "all" then return function(core) return read_all(core, conf) end end
  return function(core)
    local result, err, info = core.call(conf, "im.dialog.read", { DIALOG_ID = id })
    if err then return nil, err, info end
    if is_read(result) then return true, nil, info end
    if result == false and not special then
      return dialog.failure(info, "portal", "NO_DIALOG", "the portal has no such dialog", nil,
        "im.dialog.read")
    end
    return dialog.bad_result("im.dialog.read", info, NOT_READ)
  end
end

return messages
