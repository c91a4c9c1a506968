-- The controls of the push server.

local cqueues = require "cqueues"

local dialogs = require "b24.mock.dialogs"
local fail = require "b24.mock.complaint"
local php = require "b24.mock.php"
local push = require "b24.mock.push"
local push_events = require "b24.mock.push_events"

local control_push = {}

local SETTINGS = { "enabled", "version", "shared", "secure_name", "life", "hold", "drop",
  "duplicates" }

local function settings(portal, arguments)
  local server = push.of(portal)
  for name, value in pairs(arguments) do server.settings[name] = value end
  return { polls = server.polls, most = server.most, settings = server.settings,
    storm = server.storm or 0, sent = server.last }
end

local function channel_of(portal, arguments)
  local account = portal:account(arguments.user_id)
    or fail("no account for user %s", tostring(arguments.user_id))
  local server = push.of(portal)
  return server, push.channel(server, account.user_id, "private")
end

-- json: the whole event as it is; otherwise one of module "pull", or of another. number: its place
-- in the order, for one that comes late.
local function event(portal, arguments)
  local server, channel = channel_of(portal, arguments)
  if arguments.json then
    push.publish(server, channel, arguments.json, arguments.number)
  else
    local params = php.json(arguments.params or "[]")
    push.event(server, channel, arguments.module or "pull", arguments.command, params)
  end
  return { last = server.last }
end

-- The channel ends now. renew: the portal makes another one, and tells those who listen.
local function expire(portal, arguments)
  local server, channel = channel_of(portal, arguments)
  if arguments.tell then
    push.event(server, channel, "pull", "channel_expire", php.map("action", "get_config",
      "channel", php.map("id", channel.id, "type", "private")))
  end
  channel.stop = os.time() - 1
  return {}
end

local function restart(portal, arguments)
  push.restart(push.of(portal), arguments.forget)
  return {}
end

-- Messages and reads at random, `rate` of them a second, while others go on. Ends with the reset.
local function storm(portal, arguments)
  local account = portal:account(arguments.user_id)
  local server = push.of(portal)
  push_events.begin(server, account)
  local began, rate, done = cqueues.monotime(), arguments.rate or 200, 0
  server.storm = arguments.count
  cqueues.running():wrap(function()
    while done < arguments.count and portal.push == server do
      local user = account.counters
      local chat = user:open(tostring(math.random(2, 30)))
      user:changed()
      local reads = math.random() < 0.2
      if reads then dialogs.read(user, chat) else dialogs.receive(user, chat, 1, {}) end
      push_events.tell(portal)
      done = done + 1
      server.storm = arguments.count - done
      local pause = began + done / rate - cqueues.monotime()
      if pause > 0 then cqueues.sleep(pause) end
    end
  end)
  return {}
end

--- Makes the operations known.
---@param known fun(name: string, arguments: string[], run: function)
function control_push.register(known)
  known("push", SETTINGS, settings)
  known("push_event", { "user_id", "json", "module", "command", "params", "number" }, event)
  known("push_expire", { "user_id", "tell" }, expire)
  known("push_restart", { "forget" }, restart)
  known("push_storm", { "user_id", "count", "rate" }, storm)
end

return control_push
