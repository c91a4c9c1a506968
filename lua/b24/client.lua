--- b24.client: one credential, many calls.

local cache = require "b24.api.cache"
local codec = require "b24.codec"
local host = require "b24.wait.context"
local blame = codec.blame

---@class b24.client
local Client = {}
Client.__index = Client

---@param conf userdata a checked conf (codec.conf)
---@param transport string
---@return b24.client
local function new(conf, transport)
  return setmetatable({ conf = conf, transport = transport }, Client)
end

-- Not in PUC Lua 5.1. Asked by name: nginx breaks a coroutine that is tried while a module loads.
local FOR_CAN_YIELD = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil

local COUNTERS = { method = "im.counters.get" }

-- The other one looks for __metatable in a metatable, by name, in every call.
local metatable_of = debug.getmetatable

local function check(self, name)
  if metatable_of(self) ~= Client then
    blame("b24: call it with a colon: client:" .. name .. "(…)")
  end
end

local function closed(method)
  return codec.fault("closed", "CLOSED", "the client was closed",
    "Make a new one with b24.client(conf).", method)
end

-- A callback comes last, after whatever else is given.
local function trailing(params, opts, callback)
  if type(params) == "function" and opts == nil then return nil, nil, params end
  if type(opts) == "function" and callback == nil then return params, nil, opts end
  return params, opts, callback
end

-- The checks of options; each says what the value must be.
local function flag(value) return type(value) == "boolean", "true or false" end

local function whole(least, most, what)
  local words = ("a whole number%s, at least %d"):format(what or "", least)
  if most < math.huge then words = ("a whole number of %d to %d"):format(least, most) end
  return function(value)
    return type(value) == "number" and value >= least and value <= most
      and value == math.floor(value), words
  end
end

local MOST_AT_ONCE = 50 -- what a portal lets through
local PARALLEL = whole(1, MOST_AT_ONCE)
local BATCH_PARALLEL = 10 -- requests side by side: the portal has other users, too
local LIST_PARALLEL = 4 -- each of them is fifty pages of work for the portal
local LIST_OPTIONS = { idempotent = flag, batch = flag, parallel = whole(1, 10),
  max = whole(1, math.huge, " of rows") }

-- The options of a call, checked; {} for nil.
local function call_options(opts, known, call)
  opts = codec.options(call, opts, known)
  for name, value in pairs(opts) do
    local good, words = known[name](value)
    if not good then
      local shown = type(value) == "number" and tostring(value) or "a " .. type(value)
      blame(("b24: option '%s' must be %s, not %s"):format(name, words, shown))
    end
  end
  return opts
end

--- The unread counters, as b24.counters returns them.
---@param callback? b24.callback what would be returned goes to it; a b24.task is returned
---@return b24.counters? counters
---@return string? err
---@return b24.info info
function Client:counters(callback)
  check(self, "counters")
  local conf, plain = self.conf, callback == nil and host.plain(self.transport)
  if plain and conf then
    local counters, err, info = plain.counters(conf)
    return counters, err, info
  end
  if conf and callback == nil then
    local counters, _, info = cache.hit(conf)
    if counters then return counters, nil, info end
  end
  local value, err, info = host.run("client:counters()", self.transport, callback, function(core)
    if not conf then return closed "im.counters.get" end
    return cache.counters(core, conf)
  end, COUNTERS)
  return value, err, info
end

--- One request: any REST method. `info.next` and `info.total` are those of a list.
---@param method string such as "im.recent.list"
---@param params? table keys 1..n are an array, other keys an object; an empty nested table is an
--- empty array
---@param opts? {idempotent: boolean} idempotent: may it safely run twice, so that it is repeated if
--- it may already have run?
---@param callback? b24.callback what would be returned goes to it; a b24.task is returned
---@return any result null members are absent unless conf.nulls; a null result is b24.null
---@return string? err
---@return b24.info info
function Client:call(method, params, opts, callback)
  if metatable_of(self) ~= Client then check(self, "call") end
  local conf, plain = self.conf, opts == nil and callback == nil and host.plain(self.transport)
  if plain and conf and (params == nil or type(params) == "table") then
    local result, err, info = plain.call(conf, method, params)
    return result, err, info
  end
  params, opts, callback = trailing(params, opts, callback)
  local idempotent = call_options(opts, { idempotent = flag }, "a call").idempotent
  if not conf and type(method) ~= "string" then
    blame("b24: method must be a string, not a " .. type(method))
  end
  local call, fault, fault_info
  if conf then
    call, fault, fault_info = codec.call(conf, method, params, nil, { idempotent = idempotent })
  else
    call, fault, fault_info = closed(method)
  end
  local result, err, info = host.run("client:call(method, params)", self.transport, callback,
    function(core)
      if not call then return nil, fault, fault_info end
      return core.perform(call)
    end, { method = method })
  return result, err, info
end

--- Many commands in few requests (50 in each), by name: `{ me = {"user.current"}, deal =
--- {"crm.deal.get", {id = 5}} }`. A command may use the result of another: b24.ref("me", "ID").
--- Names: any string or integer. Order: integers in ascending order, then strings by their bytes;
--- what is referred to goes first. Each command is in exactly one of results, errors and
--- not_reached (skipped after a halt, or left out by the portal). A query has no null and no empty
--- list: null is sent as "", an empty table not at all.
---@param commands table<string|integer, {[1]: string, [2]: table?}|string> name -> {method, params}
---@param opts? {halt: boolean?, parallel: integer?} halt: stop at the first command that fails;
--- parallel: requests at once (default 10, at most 50; with halt always 1). 1: one after another,
--- so that the order of names holds for all commands
---@param callback? b24.callback what would be returned goes to it; a b24.task is returned
---@return b24.batch_answer? answer each part by name
---@return string? err only when no request was answered
---@return b24.info info of the first request that failed, if one did (`failed` says how many), else
--- of the last; attempts and waited are those of all, elapsed is the time until all were answered
function Client:batch(commands, opts, callback)
  check(self, "batch")
  if type(opts) == "function" then opts, callback = nil, opts end
  opts = call_options(opts, { halt = flag, parallel = PARALLEL }, "a batch")
  local conf, halt = self.conf, opts.halt
  local steps = codec.batch(commands, halt)
  local parallel = halt and 1 or math.min(opts.parallel or BATCH_PARALLEL, #steps)
  for _, step in ipairs(steps) do step.bulk = true end
  local answer, err, info = host.run("client:batch(commands)", self.transport, callback,
    function(core)
      if not conf then return closed "batch" end
      return require("b24.api.batch").run(core, conf, steps, { halt = halt, parallel = parallel })
    end, { method = "batch", parallel = parallel > 1 and conf ~= nil })
  return answer, err, info
end

--- The rows of a list, one by one, in constant memory: `for row in client:list("crm.deal.list") do
--- … end`. It throws, as io.lines does: a list that ends early must not look like a short one. What
--- it throws is a string: the line of the program, the message that client:call would have returned
--- and, on a line of its own, the hint. Rows added or deleted meanwhile cause no gaps or duplicates
--- where the method pages by ID: set no condition on the ID, and no order but {ID = "ASC"} or {ID =
--- "DESC"}, and it will where it can. One request brings up to 50 pages, which are kept until they
--- were handed out. The conf's timeout is one deadline for all its requests; the time between them
--- does not count.
---@param method string such as "crm.deal.list", "tasks.task.list", "im.recent.list"
---@param params? table as for client:call; read once, at this call, and never changed
---@param opts? {max: integer?, idempotent: boolean?, batch: boolean?, parallel: integer?} max: stop
--- after this many rows; batch = false: one page in a request; parallel: requests side by side for
--- a long list (default 1, at most 10), each of which keeps up to 50 pages
---@return fun(): any
function Client:list(method, params, opts)
  check(self, "list")
  opts = call_options(opts, LIST_OPTIONS, "client:list")
  if host.check("client:list(method, params)", self.transport) and not FOR_CAN_YIELD then
    blame("b24: a for loop of this Lua cannot wait in a coroutine; use client:all(method, params) "
      .. "instead of client:list")
  end
  local cursor = codec.cursor(method, params, opts.batch ~= false)
  return require("b24.api.list").rows(self, cursor, method, opts)
end

--- All rows of a list as a table. `info` sums up attempts and waited over all requests, which
--- brought `info.pages` pages.
---@param method string
---@param params? table as for client:list
---@param opts? {max: integer?, idempotent: boolean?, batch: boolean?, parallel: integer?} max: stop
--- after this many rows; `info.more` then says whether there are, or may be, others; batch = false:
--- one page in a request; parallel: requests at once for a long list (default 4, at most 10)
---@param callback? b24.callback what would be returned goes to it; a b24.task is returned
---@return any[]? rows
---@return string? err
---@return b24.info info
function Client:all(method, params, opts, callback)
  check(self, "all")
  params, opts, callback = trailing(params, opts, callback)
  opts = call_options(opts, LIST_OPTIONS, "client:all")
  local cursor = codec.cursor(method, params, opts.batch ~= false)
  local rows, err, info = host.run("client:all(method, params)", self.transport, callback,
    function()
      return require("b24.api.list").all(self, cursor, method, opts.max or math.huge,
        { idempotent = opts.idempotent, parallel = opts.parallel or LIST_PARALLEL })
    end, { method = method })
  return rows, err, info
end

--- Who is waiting: the dialogs with unread messages, newest first. Makes two requests, more if
--- there are many dialogs. Dialogs that the portal does not name are also listed, with `unknown`.
---@param opts? {section: string?, waiting: boolean?, muted: boolean?} section: only this, such as
--- "LINES"; waiting: ask since when (default); muted: with dialogs that are muted (default); false
--- is what `b24 inbox` shows
---@param callback? b24.callback what would be returned goes to it; a b24.task is returned
---@return b24.inbox? list
---@return string? err
---@return b24.info info of the last request; attempts, waited and elapsed are those of all
function Client:inbox(opts, callback)
  check(self, "inbox")
  if type(opts) == "function" then opts, callback = nil, opts end
  local conf, inbox = self.conf, require "b24.api.inbox"
  local section, waiting, muted = inbox.options(opts)
  local list, err, info = host.run("client:inbox(opts)", self.transport, callback, function(core)
    if not conf then return closed "im.counters.get" end
    return inbox.inbox(core, conf, section, waiting, muted)
  end, COUNTERS)
  return list, err, info
end

--- The messages of a dialog, the newest last. Marks nothing as read. `plain` is what people
--- see: the text without its markup, files and attachments by name; `text` is what the portal sent.
---@param dialog_id string|integer a user's id (547), "chat18", "sg3"
---@param opts? {unread: boolean?, limit: integer?} unread: only these; limit: default 20, at most
--- 200
---@param callback? b24.callback what would be returned goes to it; a b24.task is returned
---@return b24.message[]? list
---@return string? err
---@return b24.info info
function Client:messages(dialog_id, opts, callback)
  check(self, "messages")
  if type(opts) == "function" then opts, callback = nil, opts end
  local body = require("b24.api.messages").messages(self.conf or closed, dialog_id, opts)
  local list, err, info = host.run("client:messages(dialog_id, opts)", self.transport,
    callback, body,
    { method = "im.dialog.messages.get" })
  return list, err, info
end

--- Sends a message, in the name of the credential's owner. It is shown as typed: what would be
--- markup to Bitrix24 (BB codes and the like) is split with an invisible character, unless `bb`.
--- What only a terminal understands (colours, control characters, overwritten lines) is removed;
--- bytes that are not UTF-8 become U+FFFD. A text longer than 20,000 characters is split at line
--- ends into numbered messages, at most 50. Never sent again if it may have arrived. Files are sent
--- as they are read, in constant memory, each in a message; what is wrong with one is said before
--- anything is sent. A text of one message goes with the first of them, a longer one before it.
---@param dialog_id string|integer a user's id (547), "chat18", "sg3"
---@param text? string blanks at both ends are removed; nil only with files
---@param opts? {bb: boolean?, once: boolean?, files: (string|b24.upload|(string|b24.upload)[])?}
--- bb: interpret BB codes in the text; once: refuse a text that is too long for one message; files:
--- paths, or what b24.file made of them
---@param callback? b24.callback what would be returned goes to it; a b24.task is returned
---@return integer? message_id of the first message
---@return string? err
---@return b24.info info ids: of all that arrived, even if one failed; parts: how many there were;
--- rest: the text of those that did not arrive, if some did
function Client:send(dialog_id, text, opts, callback)
  check(self, "send")
  if type(opts) == "function" then opts, callback = nil, opts end
  local body = require("b24.api.send").send(self.conf or closed, dialog_id, text, opts)
  local id, err, info = host.run("client:send(dialog_id, text)", self.transport, callback, body,
    { method = "im.message.add" })
  return id, err, info
end

--- Marks a dialog as read; "notify": the notifications; "all": these and all dialogs.
---@param dialog_id string|integer
---@param callback? b24.callback what would be returned goes to it; a b24.task is returned
---@return boolean? done true
---@return string? err
---@return b24.info info
function Client:mark_read(dialog_id, callback)
  check(self, "mark_read")
  local body = require("b24.api.messages").mark_read(self.conf or closed, dialog_id)
  local done, err, info = host.run("client:mark_read(dialog_id)", self.transport, callback, body,
    { method = "im.dialog.read" })
  return done, err, info
end

--- Changes as they happen. The first answer comes as on_change(counters, {}): the state, and no
--- changes. Later on_change is called only when something has changed. In an outage on_error is
--- called once and on_recover when it is over; meanwhile the portal is asked less often. In a plain
--- interpreter without an event loop it returns when the watch is stopped, which its handlers can
--- do (inside b24.run: at once). Handlers may make calls: these wait without blocking the program.
--- What a handler throws ends the watch.
---@param opts b24.watch_options
---@return b24.watching? watch
---@return string? err only for a closed client
---@return b24.info? info
function Client:watch(opts)
  check(self, "watch")
  local watch = require "b24.api.watch"
  watch.check(opts)
  if not self.conf then return closed "im.counters.get" end
  local watching = watch.new(self.conf, opts)
  watching.task = host.background("client:watch(opts)", self.transport, watching.body)
  return watching
end

--- Optional: later calls answer kind "closed". Connections are kept for other clients until the Lua
--- state ends.
function Client:close()
  check(self, "close")
  self.conf = nil
end

Client.__close = Client.close -- local client <close> = …

function Client:__tostring()
  local portal = self.conf and tostring(self.conf):match "%((.*)%)" or "closed"
  return "b24.client (" .. portal .. ")"
end

local function is(value) return type(value) == "table" and getmetatable(value) == Client end

return { new = new, is = is }
