--- b24 watch: a line for each change, until interrupted; for people, bars, and programs that cannot
--- load C.

local b24 = require "b24"
local blocking = require "b24.wait.blocking"
local codec = require "b24.codec"
local tasks = require "b24.wait.task"
local account = require "b24.cli.account"
local exit = require "b24.cli.exit"
local hooks = require "b24.cli.hooks"
local json = require "b24.cli.json"
local news = require "b24.cli.news"
local out = require "b24.cli.out"
local presence = require "b24.cli.presence"
local text = require "b24.cli.text"

local watch = { name = "watch", summary = "Print a line for each change, until interrupted.",
  examples = {
    "b24 watch --live --notify",
    "b24 watch --every 30s --exec 'pkill -RTMIN+8 waybar'",
    "b24 watch --json | jq .badge",
  } }

local LOOK = 1 -- seconds between two looks at who reads

function watch.define(command)
  command:option("--every",
    "Polling interval, with 10 % jitter."):argname "TIME":convert(text.seconds):default "60s"
  command:flag("--live",
    "Hear of changes within a second, from the portal's push server, and ask only every 10 minutes "
    .. "besides. While it runs, Bitrix24 counts you as online: phone notifications wait.")
  command:option("--idle-command",
    "With --live: a shell command that exits with 0 while nobody is at the machine; the channel is "
    .. "closed then. Default: what the desktop's session says (logind)."):argname "COMMAND"
  command:flag("--json",
    "Print one JSON object per line: the documented interface for other programs.")
  command:option("--exec",
    "Run this shell command for each change; its environment has B24_EVENT, B24_BADGE, "
    .. "B24_MESSAGES, B24_DIALOG_ID, B24_SECTION, B24_FROM and B24_TO."):argname "COMMAND"
  command:option("--exec-timeout",
    "End an --exec command that takes longer than this."):argname "TIME"
    :convert(text.seconds):default "60s"
  command:flag("--notify", "Show a desktop notification for new messages.")
end

local function print_now(line)
  out.line(line)
  out.flush()
end

-- Changes of dialogs, and of the notifications, which have none; the other totals are sums of
-- these.
local function tellable(changes)
  local list = {}
  for _, change in ipairs(changes) do
    if change.dialog_id or change.id == "NOTIFY" then list[#list + 1] = change end
  end
  return list
end

local function print_state(counters)
  local messages = b24.totals(counters).messages
  print_now(messages and text.count(messages, "message is", "messages are") .. " waiting"
    or "the number of waiting messages is unknown")
end

local function print_changes(told, counters, changes)
  local list = tellable(changes)
  for _, line in ipairs(told:lines(list)) do print_now(line) end
  if #list > 0 then print_state(counters) end
end

local function print_event(event, counters, changes)
  print_now(json.encode { event = event, counters = counters, totals = b24.totals(counters),
    badge = b24.badge(counters), changes = changes })
end

-- Who has written, for a notification: one more question, because counters have no names.
local function names(client)
  local known = {}
  for _, d in ipairs(client:inbox { waiting = false } or {}) do
    known[d.dialog_id] = d.last_message and ("%s: %s"):format(d.name or d.dialog_id, d.last_message)
      or d.name
  end
  return known
end

local function notify(client, counters, changes)
  local known, lines
  for _, change in ipairs(changes) do
    if change.dialog_id and change.section ~= "CHAT_MUTED"
        and (change.to or 0) > (change.from or 0) then
      known, lines = known or names(client), lines or {}
      lines[#lines + 1] = text.cut(known[change.dialog_id] or change.dialog_id, 120)
    end
  end
  if lines then hooks.notify("Bitrix24: " .. b24.badge(counters) .. " unread", lines) end
end

local function look_at_user(args, watching)
  local command = presence.command(args.idle_command)
  if not command then return end
  local task = tasks.core.spawn(function() presence.look(watching, command) end)
  watching.task:on_end(function() task:cancel() end)
end

-- Said once: changes come late, and why.
local function live_handler(args)
  return function(on, state)
    if args.json then
      print_now(json.encode { event = "live", live = on, why = state.why, message = state.message,
        hint = state.hint })
    elseif not on and state.why ~= "AWAY" then
      io.stderr:write("b24: --live: ", state.message, "; asking every ", text.duration(args.every),
        "\n", state.hint and state.hint .. "\n" or "")
    end
  end
end

-- The handlers of client:watch. `ended.code` is the exit code, once the credential is refused:
-- asking on is no use then.
local function handlers(args, client, ended)
  local first, told = true, news.new(client)
  local function exec(event, counters, change)
    if not args.exec then return end
    hooks.exec(args.exec, args.exec_timeout,
      hooks.variables(event, b24.badge(counters), counters and b24.totals(counters) or {}, change))
  end
  local function on_change(counters, changes, self)
    if args.json then
      print_event("change", counters, changes)
    elseif first then
      print_state(counters)
    else
      print_changes(told, counters, changes)
    end
    if first and args.live then look_at_user(args, self) end
    first = false
    for _, change in ipairs(tellable(changes)) do exec("change", counters, change) end
    if args.notify then notify(client, counters, changes) end
  end
  local function on_error(err, info, self)
    local code, hint = exit.code(info), exit.hint(info)
    if args.json then
      print_now(json.encode { event = "error", message = err, code = info.code, kind = info.kind,
        hint = hint })
    else
      io.stderr:write(err, "\n", hint and hint .. "\n" or "")
    end
    if info.kind == "auth" or info.kind == "denied" or info.kind == "config" then
      ended.code = code
      return self:stop()
    end
    exec "down"
  end
  local function on_recover(counters, seconds)
    if args.json then
      print_event("recover", counters, {})
    else
      io.stderr:write("b24: the portal is back after ", text.duration(seconds), "\n")
    end
    exec("up", counters)
  end
  return { every = args.every, on_change = on_change, on_error = on_error,
    on_recover = on_recover, live = args.live, on_live = args.live and live_handler(args) or nil }
end

-- Ends the watch when nobody reads it any more, also while it waits: a bar that was restarted has a
-- watch of its own.
local function look_at_reader(ended)
  if codec.system.reader_gone(1) == nil then return end
  tasks.spawn(blocking, function()
    while tasks.sleep(LOOK) and not ended.code do
      if codec.system.reader_gone(1) then error({ ended = true }, 0) end
    end
  end)
end

function watch.run(args)
  if args.every < 1 or args.every > 86400 then exit.usage "--every must be from 1s to 1d" end
  if args.idle_command and not args.live then exit.usage "--idle-command needs --live" end
  if args.exec_timeout <= 0 then exit.usage "--exec-timeout must be more than 0s" end
  local client, err, info = account.client(args, true)
  if not client then return exit.failure(err, info) end
  local ended = {}
  -- Without it client:watch has better words.
  if pcall(require, "b24.core") then look_at_reader(ended) end
  client:watch(handlers(args, client, ended))
  return ended.code or exit.OK
end

return watch
