--- client:send: a text as messages, and files.

local codec = require "b24.codec"
local dialog = require "b24.api.dialog"
local series = require "b24.api.series"
local blame = codec.blame

local ADD, UPLOAD = "im.message.add", "im.v2.File.upload"

local LARGEST = 100 * 1024 * 1024 -- bytes of a file in a chat, by the documentation

local UNSURE = "The message may have arrived anyway; check before you send it again."

-- What is sent, one after another: a message each.
---@class b24.send.item
---@field text? string
---@field file? userdata of b24.file

-- An id of an answer, as a number or in digits.
local function id_of(value)
  if type(value) == "string" and value:find "^%d+$" then value = tonumber(value) end
  return type(value) == "number" and value > 0 and value % 1 == 0 and value or nil
end

-- A member of an answer that should be a table.
local function member(result, name)
  return type(result) == "table" and id_of(result[name]) or nil
end

-- What other people see of it: any bytes can be a file's name.
local function name_of(file)
  return codec.neutral(file.name)
end

-- The text ----------------------------------------------------------------------------------------

-- The text as messages; or nil, err, info.
local function split(text, opts)
  local parts, n = codec.parts(text, opts.bb == true)
  if n == 0 then
    return codec.fault("config", "EMPTY_TEXT", "the text is empty",
      "Bitrix24 sends no blank messages.", ADD)
  elseif #parts == 0 then
    return codec.fault("config", "TEXT_TOO_LONG", ("the text would make %d messages"):format(n),
      "Send its end (tail -n 100), or attach it as a file.", ADD)
  elseif n > 1 and opts.once then
    return codec.fault("config", "TEXT_TOO_LONG",
      "the text is longer than one message, 20000 characters",
      "Send its end (tail -n 100), or send it in parts.", ADD)
  end
  return parts
end

-- The files ---------------------------------------------------------------------------------------

-- opts.files as a list of b24.file values. Throws for what is none.
local function files_of(given)
  local files = {}
  if type(given) ~= "table" then given = { given } end
  for name in pairs(given) do
    if type(name) ~= "number" or name < 1 or name > #given then
      blame "b24: option 'files' must be a path, what b24.file made, or a list of these"
    end
  end
  for i, file in ipairs(given) do
    files[i] = type(file) == "string" and codec.file(file) or file
  end
  return files
end

-- Before anything is sent: true; or nil, err, info.
local function check(file)
  local size, err, info = codec.file_size(file, UPLOAD)
  if not size then return nil, err, info end
  if size == 0 then
    return codec.fault("config", "FILE_EMPTY", file.path .. " is empty",
      "Bitrix24 takes no empty files.", UPLOAD)
  elseif size > LARGEST then
    return codec.fault("config", "FILE_TOO_LARGE", ("%s has %d MB"):format(file.path,
      math.floor(size / 1024 / 1024)), "Bitrix24 takes files of up to 100 MB into a chat.", UPLOAD)
  end
  return true
end

-- What im.v2.File.upload does, as portals without it want it: into the folder of the chat, and from
-- there into a message. A message's id, or nil, err, info.
local function send_by_disk(requests, id, item)
  local name = name_of(item.file)
  local folder, err, info = requests:call("im.disk.folder.get", { DIALOG_ID = id })
  if err then return nil, err, info end
  if not member(folder, "ID") then
    return dialog.bad_result("im.disk.folder.get", info, "the result is not a folder")
  end
  local stored
  stored, err, info = requests:call("disk.folder.uploadfile", { id = folder.ID,
    data = { NAME = name }, fileContent = { name, item.file }, generateUniqueName = true }, false)
  if err then return nil, err, info end
  if not member(stored, "ID") then
    return dialog.bad_result("disk.folder.uploadfile", info, "the result is not a file")
  end
  local sent
  sent, err, info = requests:call("im.disk.file.commit", { DIALOG_ID = id,
    UPLOAD_ID = stored.ID, MESSAGE = item.text }, false)
  if err then return nil, err, info end
  local message = member(sent, "MESSAGE_ID")
  if message then return message, nil, info end
  return dialog.bad_result("im.disk.file.commit", info, "the result is not a message", UNSURE)
end

-- Sending -----------------------------------------------------------------------------------------

-- The call that sends an item.
local function begin(conf, id, item, spent)
  local method, params = ADD, { DIALOG_ID = id, MESSAGE = item.text }
  if item.file then
    method = UPLOAD
    params = { dialogId = id, fields = { name = name_of(item.file), content = item.file,
      message = item.text } }
  end
  return codec.call(conf, method, params, nil, { idempotent = false, spent = spent })
end

-- Carries it out: the message's id, or nil, err, info.
local function send_item(requests, call, id, item)
  local result, err, info = requests.core.perform(call)
  info = requests:add(info)
  if err and item.file and info.code == "ERROR_METHOD_NOT_FOUND" then
    return send_by_disk(requests, id, item)
  elseif err then
    return nil, err, info
  end
  local message = item.file and member(result, "messageId") or not item.file and id_of(result)
  if message then return message, nil, info end
  return dialog.bad_result(item.file and UPLOAD or ADD, info,
    "the result is not the id of a message", UNSURE)
end

-- Sends all in their order, each once, and stops at the first that fails. `rest(n)`: the text
-- behind the first n messages, when the next of it fails.
local function send_all(requests, first, id, items, rest)
  local ids, call, err, info = {}, first, nil, nil
  for n, item in ipairs(items) do
    if n > 1 then call, err, info = begin(requests.conf, id, item, requests.sum.elapsed) end
    local message
    if call then message, err, info = send_item(requests, call, id, item) end
    info = requests:total(info)
    info.ids, info.parts = ids, #items
    if not message then
      if #items > 1 then err = ("%s (%d of %d parts arrived)"):format(err, n - 1, #items) end
      if n > 1 and not item.file then info.rest = rest(n - 1) end
      return nil, err, info
    end
    ids[n] = message
  end
  return ids[1], nil, info
end

-- One message goes with the first file; more of them go before it.
local function arrange(parts, files)
  local items = {}
  local with_file = #files > 0 and #parts == 1
  for i, part in ipairs(with_file and {} or parts) do items[i] = { text = part } end
  for i, file in ipairs(files) do
    items[#items + 1] = { file = file, text = with_file and i == 1 and parts[1] or nil }
  end
  return items
end

local KNOWN = { bb = "boolean", once = "boolean", files = "any" }

--- Checks its arguments at once, throws what is wrong with their types, and returns a function that
--- makes the requests: body(core) -> value, err, info.
local function send(conf, dialog_id, text, opts)
  local id = dialog.id(dialog_id)
  opts = codec.options("send", opts, KNOWN)
  local files = files_of(opts.files)
  if type(text) ~= "string" and not (text == nil and #files > 0) then
    blame("b24: text must be a string, not a " .. type(text))
  end
  if type(conf) == "function" then return dialog.refuse(conf(ADD)) end
  if not id then return dialog.refuse(dialog.no_dialog(ADD)) end
  local parts, problem, about = {}, nil, nil
  if text and (text ~= "" or #files == 0) then parts, problem, about = split(text, opts) end
  if not parts then return dialog.refuse(nil, problem, about) end
  for _, file in ipairs(files) do
    local ok, err, info = check(file)
    if not ok then return dialog.refuse(nil, err, info) end
  end
  local items = arrange(parts, files)
  local first, err, info = begin(conf, id, items[1])
  if not first then return dialog.refuse(nil, err, info) end
  local function rest(arrived) return codec.unsent(text, opts.bb == true, arrived) end
  return function(core) return send_all(series.new(core, conf), first, id, items, rest) end
end

return { send = send }
