--- A call whose credential is refused, step by step, for specs without sockets. The store is the
--- user's own, so that each step can be seen.

local check = require "luassert"

local codec = require "b24.codec"
local data = require "spec.support.data"

local tokens = {}

tokens.SERVER = "https://oauth.bitrix.info"
tokens.GOOD = { status = 200, body = '{"result":"good"}' }

--- Words of a hint that ends in a log-in.
tokens.LOGIN = "b24 login %-%-app again"

--- No two have six characters in common, as real ones.
local function token(name)
  return name .. (name:byte(1, 1) * 7919 % 9999) .. name:rep(20):reverse()
end

tokens.CLIENT_SECRET = token "q"
for _, name in ipairs { "A1", "R1", "A2", "R2", "A3", "R3" } do
  tokens[name] = token(name:lower() .. "-")
end

local SECRETS = { tokens.CLIENT_SECRET, tokens.A1, tokens.R1, tokens.A2, tokens.R2, tokens.A3,
  tokens.R3 }

--- Throws if one of them is in the values.
function tokens.hide(...)
  for _, secret in ipairs(SECRETS) do check.is_nil(data.leak(secret, ...)) end
end

--- The members of a token server's answer.
function tokens.pair(access, refresh, more)
  local fields = { access_token = access, refresh_token = refresh, expires_in = 3600,
    client_endpoint = "https://portal.bitrix24.com/rest/",
    server_endpoint = tokens.SERVER .. "/rest/", member_id = "member", user_id = 7 }
  for name, value in pairs(more or {}) do fields[name] = value end
  return fields
end

--- The answer itself.
function tokens.given(access, refresh, more)
  return { status = 200, body = codec.encode(tokens.pair(access, refresh, more)) }
end

--- An error's.
function tokens.refused(code, status)
  return { status = status or 401, body = ('{"error":"%s","error_description":""}'):format(code) }
end

tokens.NOTHING, tokens.SAVED = { ok = true }, { ok = true, value = true }

local names = 0

--- A conf with tokens (A1 and R1 unless told), and its member_id: no two have the same, so each has
--- a lock of its own.
function tokens.conf(folder, oauth, more)
  names = names + 1
  local app = { client_id = "local.1", client_secret = tokens.CLIENT_SECRET,
    store = { load = function() end, save = function() end } }
  for name, value in pairs(oauth or tokens.pair(tokens.A1, tokens.R1)) do app[name] = value end
  app.member_id = app.member_id and app.member_id .. names
  local options = { oauth = app, retries = 0, limiter = false, runtime_dir = folder }
  for name, value in pairs(more or {}) do options[name] = value end
  local conf = assert(codec.conf(options))
  if app.access_token then -- its first call has asked the store already
    local first = codec.call(conf, "profile")
    first:next(0, "go")
    check.equal("SEND", (first:next(0, "answer", tokens.NOTHING)))
  end
  return conf, app.member_id
end

--- What a step asks for, in short: "send TOKEN", "refresh TOKEN", "load", "SLEEP", …
function tokens.words(action, payload)
  if action == "ASK" then return payload.question end
  if action ~= "SEND" then return action end
  if payload.verb == "GET" then
    return "refresh " .. (payload.url:match "&refresh_token=([%w-]+)$"
      or payload.url:match "&code=([%w-]+)$" or payload.url)
  end
  return "send " .. payload.headers.Authorization:match "^Bearer (.*)$"
end

--- What a store answers.
function tokens.kept(access, refresh, more)
  return { ok = true, value = tokens.pair(access, refresh, more) }
end

--- Tells the machine what happened, row by row, and compares what it asks for. Rows: what is
--- expected, then the event, its data, and the seconds that pass.
function tokens.play(machine, rows)
  local now, event, told = 0, "go", nil
  for i, row in ipairs(rows) do
    local action, payload = machine:next(now, event, told)
    check.equal(row[1], tokens.words(action, payload), "step " .. i)
    if action == "SLEEP" then now = now + payload end
    event, told, now = row[2], row[3], now + (row[4] or 0.1)
  end
  local value, err, info = machine:result()
  tokens.hide(err, info)
  return value, err, info
end

return tokens
