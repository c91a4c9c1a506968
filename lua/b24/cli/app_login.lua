--- b24 login --app: a user's tokens of an application. The browser brings a code back to a port of
--- this machine; where there is no browser, or the port is taken, the user pastes the address.

local b24 = require "b24"
local codec = require "b24.codec"
local account = require "b24.cli.account"
local browser = require "b24.cli.browser"
local exit = require "b24.cli.exit"
local out = require "b24.cli.out"
local text = require "b24.cli.text"

local app_login = {}

local system = codec.system

local PORT = 21024 -- the handler address of the application is http://127.0.0.1:21024/
local PATIENCE = 300 -- seconds: somebody logs in to the portal, perhaps with a second factor

local REFUSED = [[
Did the portal show an error? It sends none here. The application's handler must be
http://127.0.0.1:%d/, and the application must be open to you.
]]
local PASTE = [[
1. Open this address in a browser, and log in:
   %s
2. The browser ends at an address with "code=" in it (the page need not load). Copy all of it.
3. Paste it here within 30 seconds: then its code is worth nothing any more.
]]

function app_login.define(command)
  command:flag("--app", "Log in as a user of an application (OAuth), with the browser.")
  command:option("--portal", "--app: the portal, such as name.bitrix24.com."):argname "HOST"
  command:option("--client-id", "--app: of the application (local.…)."):argname "ID"
  command:option("--client-secret", "--app: read it from this file, or - for standard input "
    .. "(default: ask)."):argname "FILE"
  command:option("--refresh-token", "--app: read a refresh token from this file, or - for "
    .. "standard input; no browser."):argname "FILE"
  command:option("--oauth-server", "--app: a token server that is none of Bitrix24's own, such as "
    .. "a mock portal's; it gets the client secret."):argname "ORIGIN"
  command:flag("--paste", "--app: paste the address that the browser ends at.")
  command:option("--port", "--app: of the application's handler (default: 21024).")
    :argname "PORT":convert(text.port)
  command:option("--wait", "--app: wait so long for the browser (default: 5m).")
    :argname "TIME":convert(text.seconds)
end

-- What the user tells ----------------------------------------------------------------------------

local function trimmed(line)
  line = line and system.trim(line)
  return line ~= "" and line or nil
end

local function ask(value, option, question)
  if not value and system.terminal(0) then
    io.stderr:write(question, ": ")
    value = io.stdin:read "*l"
  end
  return trimmed(value) or exit.usage(option .. " is needed")
end

-- The name may be the secret itself, given by mistake: no message has it.
local function first_line(name, option)
  local file = io.open(name, "r")
  local line = file and file:read "*l"
  if file then file:close() end
  return line or exit.usage(option .. " takes a file, or - for standard input; this file cannot "
    .. "be read")
end

-- From a file, from standard input, or from the terminal, which does not show it.
local function secret(source, option, question)
  local line
  if source and source ~= "-" then
    line = first_line(source, option)
  elseif system.terminal(0) then
    line = system.secret(question .. " (it is not shown): ")
    io.stderr:write "\n"
  else
    line = source and io.stdin:read "*l"
  end
  return trimmed(line) or exit.usage(option .. " is needed: a file, or - for standard input")
end

-- "https://name.bitrix24.com", and the same without the scheme, as the portal writes it.
local function address_of(portal)
  local conf, err, info = codec.conf { portal = portal, token = "none" }
  if not conf then return nil, err, info end
  local origin = tostring(conf):match "%((.*)%)"
  return { origin = origin, host = origin:match "://(.*)" }
end

-- The browser ------------------------------------------------------------------------------------

local function stop_if(why)
  if why == "stopped" then error("interrupted!", 0) end
  return why
end

-- One request counts: the first that brings an answer. Browsers ask for other things too.
local function wait_for_browser(listener, state, host, patience)
  local deadline = codec.clock() + patience
  while true do
    local target, why = listener:wait(math.max(0, deadline - codec.clock()))
    if not target then return nil, stop_if(why) end
    local found, err, info = system.redirect(target, state, host)
    listener:answer(browser.page(found))
    if found ~= false then return found, err, info end
  end
end

local function listen(listener, url, state, address, patience)
  local port = listener:port()
  io.stderr:write("Log in to ", address.host, " in the browser. If none opens:\n  ", url, "\n")
  browser.open(url)
  local found, err, info = wait_for_browser(listener, state, address.host, patience)
  listener:close()
  if found or info then return found, err, info end
  io.stderr:write(REFUSED:format(port))
  if err ~= "late" then return codec.fault("config", "NO_ANSWER", "cannot wait for it: " .. err) end
  return codec.fault("timeout", "NO_ANSWER",
    "the browser did not come back within " .. text.duration(patience))
end

local function paste(url, state, address)
  io.stderr:write(PASTE:format(url))
  local line
  if system.terminal(0) then
    line = system.secret "Address (it is not shown): "
    io.stderr:write "\n"
  else
    line = io.stdin:read "*l"
  end
  line = trimmed(line) or exit.usage "no address was given; nothing was stored"
  local found, err, info = system.redirect(line, state, address.host)
  if found == false then exit.usage "there is no code in this address; nothing was stored" end
  return found, err, info
end

-- What the portal sends back: a table; or nil, err, info. The port is ours before a browser opens.
local function answer(args, client_id, address)
  local state, why = system.state()
  if not state then exit.usage("no random numbers: " .. why) end
  local url = ("%s/oauth/authorize/?client_id=%s&state=%s"):format(address.origin,
    browser.escape(client_id), state)
  if args.paste or not browser.found() then return paste(url, state, address) end
  local listener, problem = system.listen(args.port or PORT)
  if listener then return listen(listener, url, state, address, args.wait or PATIENCE) end
  io.stderr:write(("b24: port %d of this machine: %s\n"):format(args.port or PORT, problem))
  return paste(url, state, address)
end

-- The tokens -------------------------------------------------------------------------------------

-- Failures that say nothing about the tokens. The code or refresh token is used up by then.
local PASSING = { network = true, timeout = true, limit = true, http = true, portal = true,
  decode = true }

-- Whose tokens are they? A table, empty if the portal has them, but cannot say; nil, err, info.
local function owner(client, grant)
  local me, err, info = client:call "profile"
  if me then return type(me) == "table" and me or {} end
  if not PASSING[info.kind] or not system.app(grant.store) then return nil, err, info end
  io.stderr:write(text.line(err), "\nThe tokens are stored all the same; whose they are is not "
    .. "known.\n")
  return {}
end

-- Into a file beside the right one, which it becomes when everything is good.
local function exchange(grant, args, path)
  grant.store = path .. "+login" -- no profile has such a name
  os.remove(grant.store)
  local client, err, info = b24.client { oauth = grant, timeout = args.timeout,
    ca_file = args.ca_file, proxy = args.proxy }
  local me
  if client then me, err, info = owner(client, grant) end
  if me then
    me.ID = me.ID and tostring(me.ID)
    local taken
    taken, err, info = system.app_take(grant.store, path, me.ID)
    if taken then return me end
  end
  os.remove(grant.store)
  return nil, err, info
end

local function tell(me, address, path)
  local known = system.app(path) or {}
  local name = text.line((tostring(me.NAME or "") .. " " .. tostring(me.LAST_NAME or ""))
    :match "^%s*(.-)%s*$")
  local who = (name == "" and "A user" or name)
    .. (me.ID and " (user " .. text.line(me.ID) .. ")" or "")
  out.line(("%s is logged in to %s, for: %s. Stored in %s"):format(who, address.host,
    text.line((known.scope or "?"):gsub(",", ", ")), path))
end

-- A webhook is looked for first.
local function warn(profile, environment)
  if environment and environment ~= "" and not profile then
    io.stderr:write "b24: B24_WEBHOOK is set and takes precedence over these tokens; unset it.\n"
  end
  for _, name in ipairs { "webhook", "webhook_cmd" } do
    local path = system.path(name, profile)
    local file = path and io.open(path, "r")
    if file then
      file:close()
      io.stderr:write("b24: ", path, " takes precedence over these tokens; remove it.\n")
    end
  end
end

local function grant_of(args, address)
  local grant = { client_id = ask(args.client_id, "--client-id", "Client id of the application") }
  grant.client_secret = secret(args.client_secret, "--client-secret", "Its client secret")
  grant.client_endpoint = address.origin .. "/rest/"
  grant.server = args.oauth_server
  if args.refresh_token then
    grant.refresh_token = secret(args.refresh_token, "--refresh-token", "The refresh token")
    return grant
  end
  local found, err, info = answer(args, grant.client_id, address)
  if not found then return nil, err, info end
  grant.code, grant.member_id, grant.scope = found.code, found.member_id, found.scope
  grant.server_endpoint = found.server_endpoint and found.server_endpoint .. "/rest/"
  return grant
end

local function log_in(args, profile)
  local path, err, info = system.app_path(profile)
  if not path then return nil, err, info end
  local address, problem, about = address_of(ask(args.portal, "--portal", "Portal (its host)"))
  if not address then return nil, problem, about end
  local grant, why, more = grant_of(args, address)
  if not grant then return nil, why, more end
  local me, failed, reason = exchange(grant, args, path)
  if not me then return nil, failed, reason end
  local kept, no, because = account.keep_ca_file(args, profile)
  if not kept then return nil, no, because end
  tell(me, address, path)
  return true
end

---@return integer exit code
function app_login.run(args)
  local environment, profile = os.getenv "B24_WEBHOOK", args.profile or os.getenv "B24_PROFILE"
  if profile == "" then profile = nil end
  account.forget_environment()
  local done, err, info = log_in(args, profile)
  if done then
    warn(profile, environment)
    return exit.OK
  end
  local code = exit.failure(err, info)
  io.stderr:write "Nothing was stored.\n"
  return code
end

return app_login
