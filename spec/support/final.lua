--- Hands one final reply to the codec and checks what holds for every failure.

local assert = require "luassert"
local codec = require "b24.codec"
local data = require "spec.support.data"

local final = {}

final.SECRET = "s3cr3t0fTheSpec"
final.METHOD = "im.counters.get"
final.WEBHOOK = "https://portal.example/rest/1/" .. final.SECRET .. "/"
final.JSON = "application/json; charset=utf-8"
final.conf = assert(codec.conf { webhook = final.WEBHOOK, retries = 0 })

--- Returns info and message of the failure.
---@param status integer
---@param body string
---@param more? table<string, string> other fields of the reply
function final.fail(status, body, more)
  local reply = { status = status, body = body, content_type = final.JSON }
  for name, value in pairs(more or {}) do reply[name] = value end
  local value, message, info = codec.reply(final.conf, final.METHOD, reply)
  assert.is_nil(value)
  assert.equal("string", type(message))
  assert.equal("b24: ", message:sub(1, 5))
  assert.is_nil(message:find("%c"), "a message is one line")
  assert.is_true(#message < 1000, "a message is short")
  assert.is_table(info)
  assert.equal(status, info.status)
  assert.equal(final.METHOD, info.method)
  assert.is_string(info.kind)
  assert.is_string(info.code)
  assert.equal("boolean", type(info.retryable))
  assert.is_true(info.sent)
  assert.is_nil(data.leak(final.SECRET, message, info))
  return info, message
end

--- An error body.
function final.body_of(code, text)
  return codec.encode { error = code, error_description = text or "Some text" }
end

return final
