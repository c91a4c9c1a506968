--- b24: unread Bitrix24 counters, and a polite Bitrix24 REST client, for Lua.
---
--- Every call returns `value, err, info`: on failure nil, a message (string) and a table with
--- details (`info.kind`, `info.code`, `info.hint`, …). Problems with the network, the portal or the
--- data are never thrown; a wrong Lua type or an unknown option name is, at the caller's line. The
--- types are declared in b24/types.lua.

local found, codec = pcall(require, "b24.codec")
if not found then require "b24.abi"(codec) end

codec.own(debug.getinfo(1, "S").source) -- what is thrown names a line outside our folder

local blame = codec.blame

local COUNTERS = { method = "im.counters.get" }

local b24 = {
  _VERSION = codec._VERSION,
  --- JSON null in params and (with conf.nulls) in results; equal to cjson.null and ngx.null.
  null = codec.null,
  --- The numbers that people mean. What the portal did not send is nil: unknown, not 0.
  ---@type fun(counters: b24.counters): b24.totals
  totals = codec.totals,
  --- Text for a status bar, of people's messages: "" for none, "3", "99+"; "?" without counters.
  ---@type fun(counters: b24.counters?): string
  badge = codec.badge,
  --- Iterator over `dialog_id, unread, section`, in a stable order. The ids can be passed to other
  --- im.* methods. Muted chats are left out.
  ---@type fun(counters: b24.counters): fun(): string?, integer?, string?
  dialogs = codec.dialogs,
  --- What changed between two counters, sorted.
  ---@type fun(old: b24.counters, new: b24.counters): b24.change[]
  diff = codec.diff,
  --- In a batch: a value of another command's result, such as b24.ref("me", "ID").
  ---@type fun(name: string|integer, ...: string|integer): any
  ref = codec.ref,
}

--- The content of a file, as Base64, in the params of client:call: `fileContent = { "report.pdf",
--- b24.file "report.pdf" }`. It is opened by the call, and read while it is sent, in constant
--- memory.
---@param path string
---@return b24.upload file
function b24.file(path)
  local file = codec.file(path)
  return file
end

--- Unread counters of the credential's owner (REST method im.counters.get, scope im).
---@param conf? b24.conf|string a table, a webhook URL, or nil: $B24_WEBHOOK, else the file
--- ~/.config/b24/webhook
---@param callback? b24.callback what would be returned goes to it; a b24.task is returned
---@return b24.counters? counters
---@return string? err
---@return b24.info info
function b24.counters(conf, callback)
  local checked, fault, fault_info = codec.conf(conf)
  local cache = require "b24.api.cache"
  if checked and callback == nil then
    local counters, _, info = cache.hit(checked)
    if counters then return counters, nil, info end
  end
  local transport = type(conf) == "table" and conf.transport or nil
  local value, err, info = require("b24.wait.context").run("b24.counters(conf)", transport,
    callback, function(core)
      if checked then return cache.counters(core, checked) end
      fault_info.method = "im.counters.get"
      return nil, fault, fault_info
    end, COUNTERS)
  return value, err, info
end

--- The counters of many accounts, in parallel. One failure never hides the others.
---@param confs table<any, b24.conf|string|b24.client> the answers have the same keys
---@param opts? {parallel: integer?, transport: string?} parallel: how many at once (default 50)
---@param callback? fun(answers: table, err: nil, info: b24.info)
---@return table<any, {counters: b24.counters?, err: string?, info: b24.info}>? answers
---@return string? err nil: failures are in the answers
---@return b24.info info attempts and elapsed of all; failed: how many have no counters
function b24.counters_all(confs, opts, callback)
  if type(opts) == "function" then opts, callback = nil, opts end
  local counters_all = require "b24.api.counters_all"
  local accounts, transport = counters_all.accounts(confs)
  local parallel, chosen = counters_all.options(opts)
  local function ask(core) return counters_all.counters(core, accounts, parallel) end
  local answers, err, info = require("b24.wait.context").run("b24.counters_all(confs)",
    chosen or transport, callback, ask, { method = "im.counters.get", parallel = true })
  return answers, err, info
end

--- Sequential code where calls must not block: inside `body` they look as if they did, while the
--- program keeps running. In a plain interpreter without an event loop it returns when `body`, and
--- everything that it started, has finished.
---@param body fun(): any its errors are passed on, to the event loop where there is one
---@param opts? {transport: string?} "auto" (default), "uv", "cqueues", "glib", "blocking"
---@return any ... what `body` returns; in an event loop: a b24.task
function b24.run(body, opts)
  local host = require "b24.wait.context"
  if type(body) ~= "function" then blame("b24: b24.run needs a function, not a " .. type(body)) end
  local transport = host.transport("b24.run", opts)
  if host.direct(transport) then return body() end
  local task, over = host.background("b24.run", transport, function() return body() end)
  if over then return task:wait() end
  return task
end

--- A plain-text explanation of the number: "14 = 2 tasks + 4 notifications + 8 messages". It says
--- only what is known.
---@param counters b24.counters
---@param inbox? b24.inbox adds what only the list of recent chats shows
---@return string lines
function b24.why(counters, inbox)
  local text = require("b24.api.why").text(counters, inbox)
  return text
end

--- Metrics in Prometheus' text format, with the names that `b24 --format prometheus` has and a
--- label `account`.
---@param answers table<any, {counters: b24.counters?, info: b24.info?}> of b24.counters_all, or
--- of b24.all in an nginx
---@return string text
function b24.metrics(answers)
  local text = require("b24.api.metrics").all(answers)
  return text
end

--- The same credential for many calls.
---@param conf? b24.conf|string as for b24.counters
---@return b24.client? client
---@return string? err what is wrong with the conf
---@return b24.info? info
function b24.client(conf)
  local checked, err, info = codec.conf(conf)
  if not checked then return nil, err, info end
  return require("b24.client").new(checked, type(conf) == "table" and conf.transport or "auto")
end

return b24
