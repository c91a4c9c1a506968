-- The push server beside the portal: channels that are signed and end, long polling at
-- /bitrix/sub/, and what is kept for those who were away for a moment.

local basexx = require "basexx"
local cqueues = require "cqueues"
local condition = require "cqueues.condition"
local hmac = require "openssl.hmac"
local rand = require "openssl.rand"

local clock = require "b24.mock.clock"
local faults = require "b24.mock.faults"
local form = require "b24.mock.form"
local php = require "b24.mock.php"
local wire = require "b24.mock.wire"

local push = {}

local PATH = "^/bitrix/sub/?%f[?%z]"
local LOOK = 0.25 -- seconds between two looks whether the client is still there
local KEPT = 5000 -- messages of a channel
local SENTINEL = "Thu, 01 Jan 1973 11:11:01 GMT" -- how clients know whose 304 it is

local function hex(bytes) return basexx.to_hex(rand.bytes(bytes)):lower() end

local function default_settings()
  return {
    enabled = true, version = 4, shared = false, secure_name = "long_pooling_secure",
    life = 43205, -- seconds
    hold = 40, -- seconds of a poll when nothing happens
    drop = 0, -- how many of the answers with messages break off in the middle: 0 to 1
    duplicates = false, -- each answer begins with the message before it
  }
end

--- The push server of a portal; a new one after each reset.
---@param portal table
---@return table
function push.of(portal)
  if not portal.push then
    portal.push = { key = rand.bytes(20), epoch = os.time(), last = 0, channels = {}, users = {},
      settings = default_settings(), news = condition.new(), polls = 0, most = 0 }
  end
  return portal.push
end

-- Channels ----------------------------------------------------------------------------------------

local function signed(server, text)
  return text .. "." .. basexx.to_hex(hmac.new(server.key, "sha1"):final(text)):lower()
end

local function new_channel(server, user_id, kind)
  local public = hex(16)
  local name = server.settings.version >= 4 and hex(16) .. ":" .. public or public
  local channel = { id = signed(server, name), public_id = signed(server, public), type = kind,
    user_id = user_id, start = os.time(), stop = os.time() + server.settings.life, messages = {} }
  server.channels[channel.id] = channel
  return channel
end

--- The living channel of a user; made when there is none. kind: "private", "shared", "client".
---@param server table
---@param user_id string
---@param kind string
---@return table
function push.channel(server, user_id, kind)
  local key = user_id .. " " .. kind
  local channel = server.users[key]
  if not channel or channel.stop <= os.time() then
    channel = new_channel(server, user_id, kind)
    server.users[key] = channel
  end
  return channel
end

--- What a configuration says of a channel.
---@param channel table
---@return table
function push.describe(channel)
  local public = channel.type == "private" and channel.public_id or nil
  return php.map("id", channel.id, "public_id", public, "start", clock.iso(channel.start),
    "end", clock.iso(channel.stop), "type", channel.type)
end

local function base64url(text)
  return (basexx.to_base64(text):gsub("+", "-"):gsub("/", "_"):gsub("=", ""))
end

--- The token of version 5, in place of the channel's id.
---@param server table
---@param channel table
---@return string
function push.token(server, channel)
  if not channel.token then
    local head = base64url '{"alg":"HS256","typ":"JWT"}'
    local claims = php.encode(php.map("iss", "b24", "iat", channel.start, "exp", channel.stop,
      "sub", channel.user_id, "chan", channel.id))
    local body = head .. "." .. base64url(claims)
    channel.token = body .. "." .. base64url(hmac.new(server.key, "sha256"):final(body))
    server.channels[channel.token] = channel
  end
  return channel.token
end

-- Publishing --------------------------------------------------------------------------------------

local function frame(server, message)
  if server.settings.version >= 5 then
    return ('{"jsonrpc":"2.0","method":"incoming.message","params":{"mid":"%s","body":%s,'
      .. '"user_params":{},"dictionary":{}},"id":%d}'):format(message.mid, message.text, message.n)
  end
  return ('#!NGINXNMS!#{"id":%d,"mid":"%s","channel":"-","tag":"%d","time":"%s","text":%s}'
    .. '#!NGINXNME!#'):format(message.n, message.mid, message.n, message.time, message.text)
end

--- Sends JSON to a channel, and tells those who wait there. number: another than the next one, for
--- a message that comes late.
---@param server table
---@param channel table
---@param text string
---@param number? integer
function push.publish(server, channel, text, number)
  server.last = number and server.last or server.last + 1
  local n = number or server.last
  local message = { n = n, mid = ("%010d%016d"):format(server.epoch, n), text = text,
    time = os.date("!%a, %d %b %Y %H:%M:%S GMT") }
  table.insert(channel.messages, message)
  if #channel.messages > KEPT then table.remove(channel.messages, 1) end
  server.news:signal()
end

--- An event of a module, as the portal's own code sends them.
---@param server table
---@param channel table
---@param module string
---@param command string
---@param params table
function push.event(server, channel, module, command, params)
  push.publish(server, channel, php.encode(php.map("module_id", module, "command", command,
    "params", params, "extra", php.map("server_time", clock.iso(os.time()),
      "server_time_unix", os.time(), "revision_im_rest", 33))))
end

-- Long polling ------------------------------------------------------------------------------------

local function answer(status, body, headers)
  return { status = status, body = body or "", content_type = "text/plain",
    headers = headers or {} }
end

-- How many messages of the channel the client has: those up to `mid`; without one, all.
local function known(channel, mid)
  local count = #channel.messages
  if not mid:find("^" .. ("%d"):rep(26) .. "$") then return count end
  while count > 0 and channel.messages[count].mid > mid do count = count - 1 end
  return count
end

local function encode(server, channel, first)
  local frames = {}
  if server.settings.duplicates and first > 1 then first = first - 1 end
  for i = first, #channel.messages do frames[#frames + 1] = frame(server, channel.messages[i]) end
  if server.settings.version >= 5 then return "[" .. table.concat(frames, ",") .. "]" end
  return table.concat(frames)
end

local function nothing_new(channel)
  local last = channel.messages[#channel.messages]
  return answer(304, "",
    { { "last-message-id", last and last.mid or "" }, { "expires", SENTINEL } })
end

-- Has the client hung up? Of one that will do so after this answer, lua-http reads no more.
local function is_gone(call)
  local closes = (call.headers.connection or ""):lower():find("close", 1, true)
  return not closes and wire.is_gone(call.stream)
end

-- Waits until the channel has more than it has now. False: the client is gone, or the server.
local function wait(call, server, channel, have)
  local deadline = cqueues.monotime() + server.settings.hold
  local life = server.life
  while #channel.messages <= have do
    local left = deadline - cqueues.monotime()
    if left <= 0 then return true end
    cqueues.poll(server.news, call.portal.changed, math.min(left, LOOK))
    if is_gone(call) or server.life ~= life or call.portal.push ~= server then
      return false
    end
  end
  return true
end

-- Who may listen here? Any channel that is unknown, forged or over spoils the request.
local function find(server, params)
  local id = php.text(params:get("token")) or php.text(params:get("CHANNEL_ID")) or ""
  local first
  for part in id:gmatch "[^/]+" do
    local channel = server.channels[part]
    if not channel or channel.stop <= os.time() then return nil end
    first = first or channel
  end
  return first
end

local function refusal(server, params, channel)
  if server.settings.shared and not params:get("clientId") then
    return answer(400, "4036: Wrong Client Id.")
  end
  if not channel then return answer(400, "4010: Wrong Channel Id.") end
end

-- Is this a request for the push server?
---@param path string
---@return string? method as which it is logged, and plays tricks
function push.method(path) return path:find(PATH) and "bitrix/sub" or nil end

local function poll(call, server)
  local params = form.decode(call.entry.path:match("%?(.*)$") or "", php.array())
  local channel = find(server, params)
  local refused = refusal(server, params, channel)
  if refused then return refused end
  local mid = php.text(params:get("mid")) or ""
  if server.forgot and mid ~= "" and mid:sub(1, 10) < ("%010d"):format(server.epoch) then
    return answer(200) -- of another life of the server
  end
  local have = known(channel, mid)
  if not wait(call, server, channel, have) then return nil end
  if #channel.messages == have then return nothing_new(channel) end
  return answer(200, encode(server, channel, have + 1))
end

-- The answer; nil: the client is gone, or the server.
local function run(call)
  local server = push.of(call.portal)
  server.polls = server.polls + 1
  server.most = math.max(server.most, server.polls)
  local result = poll(call, server)
  server.polls = server.polls - 1
  return result
end

-- At random, but never twice in a row below 1: clients wait longer each time.
local function drops(server, result)
  local drop = server.settings.drop
  if result.status ~= 200 then return false end
  server.dropped = math.random() < drop and (drop == 1 or not server.dropped)
  return server.dropped
end

--- Serves a request for push.method. Faults for it are those of the method "bitrix/sub".
---@param call table
function push.respond(call)
  local trick = call.portal:take_trick(call)
  call.run = function() return run(call) or answer(502) end
  if trick then return faults.kinds[trick.kind].run(call, trick) end
  local result = run(call)
  if not result then return wire.cut(call.stream) end
  call.entry.status = result.status
  if drops(push.of(call.portal), result) then
    call.run = function() return result end
    call.entry.dropped = true
    return faults.kinds.cut_body.run(call, {})
  end
  wire.send(call.stream, result)
end

--- Ends all polls that wait, as a server does that restarts. forget: what it has kept is gone.
---@param server table
---@param forget? boolean
function push.restart(server, forget)
  server.life = {}
  server.forgot = forget
  if forget then
    server.epoch = server.epoch + 1
    for _, channel in pairs(server.channels) do channel.messages = {} end
  end
  server.news:signal()
end

return push
