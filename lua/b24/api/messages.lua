--- client:messages, client:send, client:mark_read: look, answer, clear.

local batch = require "b24.api.batch"
local codec = require "b24.codec"
local blame = codec.blame

local messages = {}

local PAGE = 50 -- what im.dialog.messages.get gives at most
local MOST = 200
local DEFAULT = 20

-- Above every message. Without a cursor the portal answers with unread messages instead: the
-- *oldest* of many.
local NEWEST = "9007199254740991"

local PATTERNS = { "^%d+$", "^chat%d+$", "^sg%d+$", "^crm|%w+|%d+$" }

-- The id as the portal wants it; or nil: it cannot be one. A wrong type is thrown.
local function dialog(id)
  if type(id) == "number" then
    if id % 1 ~= 0 then return nil end
    id = ("%.0f"):format(id)
  elseif type(id) ~= "string" then
    blame("b24: dialog_id must be a string or a number, not a " .. type(id))
  end
  id = id:lower()
  for _, pattern in ipairs(PATTERNS) do
    if id:find(pattern) and id:find "[1-9]" then return id end
  end
end

-- It is not repeated in the message: it may be a webhook's URL, given by mistake.
local function no_dialog(method)
  return codec.fault("config", "BAD_DIALOG_ID", "this is no dialog id",
    "A dialog id is the id of a user (547), or like chat18 or sg3.", method)
end

local TYPES = { boolean = "true or false", number = "a number" }

-- Checks the options of a call against { name = type }.
local function check_options(call, opts, known)
  if opts == nil then return {} end
  if type(opts) ~= "table" then
    blame(("b24: the options of %s must be a table, not a %s"):format(call, type(opts)))
  end
  for name, value in pairs(opts) do
    if not known[name] then
      blame(("b24: unknown option '%s' of %s"):format(tostring(name), call))
    end
    if type(value) ~= known[name] then
      blame(("b24: option '%s' must be %s, not a %s"):format(name, TYPES[known[name]], type(value)))
    end
  end
  return opts
end

-- What each method answers when it has done its work. PHP answers much else when it has not.

local function is_id(value)
  return type(value) == "number" and value > 0 and value % 1 == 0
end

-- A sent message: its id, as a number or in digits.
local function message_id(result)
  if type(result) == "string" and result:find "^%d+$" then result = tonumber(result) end
  if is_id(result) then return result end
end

local READ = { "dialogId", "chatId", "lastId", "counter", "newCounter" }

local function is_read(result)
  if type(result) ~= "table" then return result == true end
  if result.result ~= nil then return result.result == true end
  for _, name in ipairs(READ) do
    if result[name] ~= nil then return true end
  end
  return false
end

-- A failure that the answer tells; `info` is that of the call.
local function failure(info, ...)
  local _, err, fault = codec.fault(...)
  for name, value in pairs(fault) do
    if name ~= "attempts" and name ~= "waited" and name ~= "elapsed" then info[name] = value end
  end
  info.sent = true
  return nil, err, info
end

-- The portal answered, but not what the method promises: nobody knows what it did.
local function bad_result(method, info, message, hint)
  return failure(info, "decode", "BAD_RESULT", message, hint, method)
end

local function sum(total, info)
  return codec.add_cost(total or {}, info)
end

-- Each of the following checks its arguments at once, throws what is wrong with their types, and
-- returns a function that makes the requests: body(core) -> value, err, info.

-- A body that asks nobody.
local function refuse(...)
  local answer = { ... }
  return function() return answer[1], answer[2], answer[3] end
end

local function read(core, conf, id, limit, unread)
  local pages, cursor = {}, NEWEST
  local list, strangers, info
  repeat
    local page, err, last = core.call(conf, "im.dialog.messages.get",
      { DIALOG_ID = id, LAST_ID = cursor, LIMIT = math.min(limit, PAGE) }, nil,
      info and info.elapsed)
    info = sum(info, last)
    if err then return nil, err, info end
    pages[#pages + 1] = page
    list, strangers, cursor = codec.messages(pages, nil, limit, unread)
    if not list then
      return bad_result("im.dialog.messages.get", info, "the result is not a list of messages")
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
  local id = dialog(dialog_id)
  opts = check_options("messages", opts, { unread = "boolean", limit = "number" })
  local limit, unread = opts.limit or DEFAULT, opts.unread == true
  if not (limit >= 1 and limit <= MOST and limit % 1 == 0) then
    blame(("b24: option 'limit' must be a whole number of 1 to %d"):format(MOST))
  end
  if type(conf) == "function" then return refuse(conf "im.dialog.messages.get") end
  if not id then return refuse(no_dialog "im.dialog.messages.get") end
  return function(core) return read(core, conf, id, limit, unread) end
end

local UNSURE = "The message may have arrived anyway; check before you send it again."

-- Sends one part; the id, or nil, err, info.
local function send_part(core, call)
  local result, err, info = core.perform(call)
  if err then return nil, err, info end
  local id = message_id(result)
  if id then return id, nil, info end
  return bad_result("im.message.add", info, "the result is not the id of a message", UNSURE)
end

-- Sends the parts in their order, each once, and stops at the first that fails. `rest(n)`: the text
-- behind the first n of them.
local function send_parts(core, first, parts, begin, rest)
  local ids, total = {}, nil
  for n = 1, #parts do
    local call, err, info = first
    if n > 1 then call, err, info = begin(parts[n], total.elapsed) end
    local id
    if call then id, err, info = send_part(core, call) end
    total = sum(total, info)
    total.ids, total.parts = ids, #parts
    if not id then
      if #parts > 1 then err = ("%s (%d of %d parts arrived)"):format(err, n - 1, #parts) end
      if n > 1 then total.rest = rest(n - 1) end
      return nil, err, total
    end
    ids[n] = id
  end
  return ids[1], nil, total
end

-- The text as messages; or nil, err, info.
local function split(text, opts)
  local parts, n = codec.parts(text, opts.bb == true)
  if n == 0 then
    return codec.fault("config", "EMPTY_TEXT", "the text is empty",
      "Bitrix24 sends no blank messages.", "im.message.add")
  elseif #parts == 0 then
    return codec.fault("config", "TEXT_TOO_LONG", ("the text would make %d messages"):format(n),
      "Send its end (tail -n 100), or attach it as a file.", "im.message.add")
  elseif n > 1 and opts.once then
    return codec.fault("config", "TEXT_TOO_LONG",
      "the text is longer than one message, 20000 characters",
      "Send its end (tail -n 100), or send it in parts.", "im.message.add")
  end
  return parts
end

function messages.send(conf, dialog_id, text, opts)
  local id = dialog(dialog_id)
  if type(text) ~= "string" then blame("b24: text must be a string, not a " .. type(text)) end
  opts = check_options("send", opts, { bb = "boolean", once = "boolean" })
  if type(conf) == "function" then return refuse(conf "im.message.add") end
  if not id then return refuse(no_dialog "im.message.add") end
  local parts, problem, about = split(text, opts)
  if not parts then return refuse(nil, problem, about) end
  local function begin(part, spent)
    local params = { DIALOG_ID = id, MESSAGE = part }
    return codec.call(conf, "im.message.add", params, nil, { idempotent = false, spent = spent })
  end
  local call, err, info = begin(parts[1])
  if not call then return refuse(nil, err, info) end
  local function rest(arrived) return codec.unsent(text, opts.bb == true, arrived) end
  return function(core) return send_parts(core, call, parts, begin, rest) end
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
    return bad_result("im.dialog.read.all", info, NOT_READ)
  end
  if not is_read(answer.results.notifications) then
    return bad_result("im.notify.read.all", info, NOT_READ)
  end
  return true, nil, info
end

function messages.mark_read(conf, dialog_id)
  local special = dialog_id == "all" or dialog_id == "notify"
  local id = special and dialog_id or dialog(dialog_id)
  if type(conf) == "function" then return refuse(conf "im.dialog.read") end
  if not id then return refuse(no_dialog "im.dialog.read") end
  if id == "all" then return function(core) return read_all(core, conf) end end
  return function(core)
    local result, err, info = core.call(conf, "im.dialog.read", { DIALOG_ID = id })
    if err then return nil, err, info end
    if is_read(result) then return true, nil, info end
    if result == false and not special then
      return failure(info, "portal", "NO_DIALOG", "the portal has no such dialog", nil,
        "im.dialog.read")
    end
    return bad_result("im.dialog.read", info, NOT_READ)
  end
end

return messages
