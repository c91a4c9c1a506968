--- b24: unread Bitrix24 counters, and a polite Bitrix24 REST client, for Lua.
---
--- Every call returns `value, err, info`: on failure nil, a message (string) and a table that says more (`info.kind`,
--- `info.code`, `info.hint`, …). Nothing that the network, the portal or the data can cause is thrown; a wrong Lua type
--- or an unknown option name is, at the caller's line. The types are declared in b24/meta.lua.

local codec = require "b24.codec"

local b24 = {
  _VERSION = codec._VERSION,
  null = codec.null,
  totals = codec.totals,
  badge = codec.badge,
  dialogs = codec.dialogs,
  diff = codec.diff,
  ref = codec.ref,
}

--- Unread counters of the credential's owner (REST method im.counters.get, scope im).
---@param conf? b24.conf|string a table, a webhook URL, or nil: $B24_WEBHOOK, else the file ~/.config/b24/webhook
---@return b24.counters? counters
---@return string? err
---@return b24.info info
function b24.counters(conf, callback)
  local host = require "b24.host"
  local checked, err, info = codec.conf(conf, 2)
  if not checked then
    info.method = "im.counters.get"
    return nil, err, info
  end
  local transport = type(conf) == "table" and conf.transport
  local cached, problem, about
  if callback == nil then cached, problem, about = codec.cache(checked) end
  if problem then return nil, problem, about end
  if cached then
    local function core_of() return host.core("b24.counters(conf)", transport) end
    return require("b24.cache").counters(cached, core_of, checked)
  end
  local core = host.core("b24.counters(conf)", transport, callback)
  if not host.name() then b24.counters = core.counters end -- plain Lua: from now on the C function itself
  return core.counters(checked)
end

--- The number explained, in lines for people: "14 = 2 tasks + 4 notifications + 8 messages". Only what is known is said.
---@param counters b24.counters
---@param inbox? b24.inbox adds what only the list of recent chats tells
---@return string lines
function b24.why(counters, inbox)
  local text = require("b24.why").text(counters, inbox)
  return text
end

--- The same credential for many calls.
---@param conf? b24.conf|string as for b24.counters
---@return b24.client? client
---@return string? err what is wrong with the conf
---@return b24.info? info
function b24.client(conf)
  local checked, err, info = codec.conf(conf, 2)
  if not checked then return nil, err, info end
  return require("b24.client").new(checked, type(conf) == "table" and conf.transport or "auto")
end

return b24
