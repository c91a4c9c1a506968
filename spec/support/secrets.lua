-- Search for leaked secrets, for the specs about them.

local socket = require "socket"

local secrets = {}

-- So many characters of a secret in a row are a leak. Of hexadecimal digits there are more: two
-- random numbers share six of them now and then.
local TELLING, TELLING_DIGITS = 6, 9
local BETWEEN = "\n\0\n" -- in no secret: so nothing is found that goes from one text into the next

-- Everything that a curious user can see of a value: its texts, its members', their texts'.
local function texts_of(value, list, seen)
  list, seen = list or {}, seen or {}
  if type(value) ~= "table" or not seen[value] then
    -- an address may have the same digits as a secret
    list[#list + 1] = type(value) == "string" and value or (tostring(value):gsub("0x%x+", ""))
  end
  if type(value) == "table" and not seen[value] then
    seen[value] = true
    for key, item in next, value do
      texts_of(key, list, seen)
      texts_of(item, list, seen)
    end
  end
  return list
end

--- All that can be seen of the values, as one text: it is searched much sooner than hundreds.
function secrets.all_texts(...)
  local list = {}
  for i = 1, select("#", ...) do texts_of((select(i, ...)), list) end
  return table.concat(list, BETWEEN)
end

--- Throws if six characters in a row of `secret` (nine where these are hexadecimal digits) are
--- anywhere in the values.
function secrets.no_secret(secret, ...)
  local all = secrets.all_texts(...)
  local length = secret:find "%X" and TELLING or math.min(TELLING_DIGITS, #secret)
  for at = 1, #secret - length + 1 do
    local part = secret:sub(at, at + length - 1)
    if not part:find "%X" then part = secret:sub(at, at + TELLING_DIGITS - 1) end
    if all:find(part, 1, true) then error("'" .. part .. "' is in: " .. all, 2) end
  end
end

--- Percent-encodes what is no letter or digit (or what is in `set`).
function secrets.percent(text, set)
  return (text:gsub(set or "[^%w]", function(c) return ("%%%02X"):format(c:byte()) end))
end

--- A port where nobody listens.
function secrets.dead_port()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  listener:close()
  return port
end

local BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

function secrets.base64(text)
  local out = {}
  for at = 1, #text, 3 do
    local a, b, c = text:byte(at, at + 2)
    local bits = a * 65536 + (b or 0) * 256 + (c or 0)
    for i = 3, 0, -1 do
      local digit = math.floor(bits / 64 ^ i) % 64 + 1
      local filler = i == 1 and not b or i == 0 and not c
      out[#out + 1] = filler and "=" or BASE64:sub(digit, digit)
    end
  end
  return table.concat(out)
end

secrets.texts_of = texts_of

return secrets
