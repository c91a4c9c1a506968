--- A live channel on a clock of our own, without a socket: what specs about it share.

local codec = require "b24.codec"

local live = {}

live.EPOCH = 1800000000 -- seconds since 1970: the portal's time
live.CHANNEL = ("a"):rep(32) .. ":" .. ("b"):rep(32) .. "." .. ("c"):rep(40)
live.SENTINEL = "Thu, 01 Jan 1973 11:11:01 GMT"

--- A message's number.
function live.mid(n) return ("1764000000%016d"):format(n) end

--- A frame between markers. text: JSON, or a command of the messenger.
function live.frame(n, text)
  if not text:find "^[{%[]" then
    text = ('{"module_id":"im","command":"%s","params":[]}'):format(text)
  end
  return ('#!NGINXNMS!#{"id":%d,"mid":"%s","channel":"-","tag":"1","text":%s}#!NGINXNME!#')
    :format(n, live.mid(n), text)
end

--- An event of the push server itself.
function live.pull(command, params)
  return ('{"module_id":"pull","command":"%s","params":%s}'):format(command, params or "[]")
end

--- The reply to pull.config.get. `change`: Lua text replacements {from, to} in it.
function live.config(change)
  local text = ([[{"result":{"server":{"version":4,"server_enabled":true,"mode":"personal",
    "long_polling":"http://push.example/sub/","long_pooling_secure":"https://push.example/sub/",
    "websocket_secure":"wss://push.example/subws/"},
    "channels":{"shared":{"id":"0123.abc","end":"2027-01-15T20:00:05+00:00","type":"shared"},
    "private":{"id":"%s","public_id":"b","start":"2027-01-15T08:00:00+00:00",
    "end":"2027-01-15T20:00:00+00:00","type":"private"}},
    "serverTime":"2027-01-15T10:00:00+02:00"},"time":{"finish":%d.5}}]]):format(live.CHANNEL,
      live.EPOCH)
  for from, to in pairs(change or {}) do
    local at, last = text:find(from, 1, true)
    assert(at, "the configuration has no " .. from)
    text = text:sub(1, at - 1) .. to .. text:sub(last + 1)
  end
  return text
end

local Channel = {}
Channel.__index = Channel

--- One event, `seconds` after the last. Returns action, payload, changed, told.
function Channel:after(seconds, event, data)
  self.now = self.now + seconds
  self.action, self.payload, self.changed, self.told =
    self.machine:next(self.now, event, data, event == "config" and self.wall or nil)
  return self.action, self.payload, self.changed, self.told
end

--- What the current poll asks for.
function Channel:url() return self.machine:request().url end

--- The number it goes on from; nil: none.
function Channel:mid() return self:url():match "[?&]mid=([^&]*)" end

function Channel:reply(seconds, body, status)
  return self:after(seconds, "reply", { status = status or 200, body = body or "" })
end

function Channel:nothing(seconds, id)
  return self:after(seconds, "reply",
    { status = 304, body = "", last_message_id = id or "", expires = live.SENTINEL })
end

function Channel:fail(seconds, kind)
  return self:after(seconds, "failed", { kind = kind or "network", code = "CONNECT_FAILED",
    sent = true })
end

--- A channel before its first event.
function live.new(conf, seed)
  conf = conf or { webhook = "https://portal.example/rest/1/abcdefghij/" }
  local machine = assert(codec.live(conf, seed or 1))
  return setmetatable({ machine = machine, now = 1000, wall = live.EPOCH }, Channel)
end

--- A channel that has its configuration, and polls for the first time.
function live.polling(change, conf)
  local channel = live.new(conf)
  assert(channel:after(0, "go") == "ASK")
  assert(channel:after(0.1, "config", live.config(change)) == "POLL")
  return channel
end

return live
