--- resty.b24.event: reads and checks what Bitrix24 posts to a handler of events. No
--- portal is asked, so a handler can answer at once, as Bitrix24 wants it to.

local codec = require "b24.codec"
local blame = codec.blame

local ngx = rawget(_G, "ngx") or package.loaded.ngx

local MAX_BODY = 256 * 1024 -- a message of 20,000 letters, each escaped as six bytes, fits twice
local FORM = "application/x-www-form-urlencoded"
local OPTIONS = { application_token = true, max_body = true }

local WRONG_TOKEN = "Compare the application_token that the portal sent when the application was "
  .. "installed."

---@class b24.posted
---@field event string ONIMBOTMESSAGEADD and the like
---@field data table? nested tables; every value is a string, numbers 0, 1, … are a list
---@field auth table of whom, and whose portal: member_id, domain, user_id, access_token, …
---@field ts string? seconds since 1970
---@field event_handler_id string?

---@class b24.event_options
--- what only this portal knows: its application_token, a list of those of several portals, or a
--- function that returns the one to expect (nil: refuse)
---@field application_token string|string[]|fun(event: b24.posted): string?
---@field max_body? integer bytes (256 KiB)

local function check(options)
  if type(options) ~= "table" then blame "b24: event takes a table { application_token = … }" end
  codec.options("event", options, OPTIONS)
  local token, max = options.application_token, options.max_body or MAX_BODY
  local kind = type(token)
  if kind ~= "string" and kind ~= "table" and kind ~= "function" then
    blame "b24: event: application_token must be a string, a list of strings or a function"
  elseif type(max) ~= "number" or max < 1 then
    blame "b24: event: max_body must be a number of bytes"
  end
  return token, max
end

local function bad(message)
  return codec.fault("decode", "BAD_EVENT", "this is no event of Bitrix24: " .. message)
end

local function too_large(max)
  return codec.fault("too_large", "EVENT_TOO_LARGE",
    ("the event has more than %d bytes"):format(max))
end

-- nginx puts what is longer than client_body_buffer_size into a file.
local function buffered(max)
  local name = ngx.req.get_body_file()
  if not name then return "" end
  local file, problem = io.open(name, "rb")
  if not file then return bad("its body cannot be read: " .. problem:gsub("^.*: ", "")) end
  local text = file:read(max + 1)
  file:close()
  return text or ""
end

local function read(max)
  if ngx.req.get_method() ~= "POST" then return bad "it is no POST" end
  local kind = ngx.var.content_type
  if not kind or kind:lower():match "^[^; ]*" ~= FORM then return bad "it is no form" end
  if (tonumber(ngx.var.content_length) or 0) > max then return too_large(max) end
  ngx.req.read_body()
  local text, err, info = ngx.req.get_body_data()
  if not text then text, err, info = buffered(max) end
  if text and #text > max then return too_large(max) end
  return text, err, info
end

-- All of a list are compared, so that the time does not tell which was nearly right.
local function known(expected, event)
  if type(expected) == "function" then expected = expected(event) end
  local given = event.auth.application_token
  if type(given) ~= "string" then return false end
  local found = false
  for _, token in ipairs(type(expected) == "table" and expected or { expected }) do
    found = codec.same_secret(token, given) or found
  end
  return found
end

--- The event that this request brings. The caller answers it: any status will do, Bitrix24 does not
--- try again.
---@param options b24.event_options
---@return b24.posted? event
---@return string? err
---@return b24.info? info kind "auth": somebody else's (403); "too_large" (413); "decode" (400)
return function(options)
  local expected, max = check(options)
  local text, err, info = read(max)
  if not text then return nil, err, info end
  local event, problem, why = codec.posted(text)
  if not event then return nil, problem, why end
  if known(expected, event) then return event end
  return codec.fault("auth", "WRONG_APPLICATION_TOKEN",
    "the event does not have this portal's application_token", WRONG_TOKEN)
end
