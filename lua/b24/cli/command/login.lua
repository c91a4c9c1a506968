--- b24 login: reads the webhook without showing it, tests it, and stores it where only its owner
--- can read it.

local b24 = require "b24"
local codec = require "b24.codec"
local account = require "b24.cli.account"
local app_login = require "b24.cli.app_login"
local exit = require "b24.cli.exit"
local out = require "b24.cli.out"
local text = require "b24.cli.text"

local login = { name = "login",
  summary = "Store a webhook, or the command that prints it, or log in to an application.",
  examples = {
    "b24 login",
    "b24 login --webhook-cmd 'pass show b24'",
    "b24 login --ca-file portal-ca.pem",
    "b24 -p work login --app --portal example.bitrix24.com --client-id ID",
  } }

local system = codec.system

function login.define(command)
  command:option("--webhook-cmd",
    "Store this shell command, which prints the webhook, instead of the webhook.")
    :argname "COMMAND"
  command:flag("--no-check", "Store it without testing it.")
  app_login.define(command)
end

local ADVICE = [[
In Bitrix24: Applications > Developer resources > Ready-made scenarios > Other > Incoming webhook.
Tick "Chat and Notifications (im)", save, and copy the webhook's URL:
https://PORTAL/rest/USER/SECRET/
]]

-- From a terminal that does not show it, or one line of a pipe.
local function read_webhook()
  local line
  if system.terminal(0) then
    io.stderr:write(ADVICE)
    line = system.secret "Paste it here (it is not shown) and press Enter: "
    io.stderr:write "\n"
  else
    line = io.stdin:read "*l"
  end
  line = line and system.trim(line)
  if not line or line == "" then exit.usage "no webhook was given; nothing was stored" end
  return line
end

-- What to store and the webhook to try; or nil, err, info.
local function take(args)
  local command = args.webhook_cmd
  if not command then
    local line = read_webhook()
    return line, line
  end
  if command:find "\n" then exit.usage "--webhook-cmd must be one line" end
  local webhook, err, info = account.ask(command, "--webhook-cmd", args.timeout)
  if not webhook then return nil, err, info end
  return command, webhook
end

-- Does the portal answer? A sentence about it; or nil, err, info.
local function try(webhook, args)
  local client, err, info = b24.client { webhook = webhook, timeout = args.timeout,
    ca_file = args.ca_file, proxy = args.proxy }
  if not client then return nil, err, info end
  local portal = tostring(client):match "%((.*)%)"
  if args.no_check then return portal .. " was not asked" end
  local counters, problem, about = client:counters()
  if not counters then return nil, problem, about end
  local messages = b24.totals(counters).messages
  return ("%s answers%s"):format(portal, messages and ": " .. text.count(messages, "unread message")
    or "")
end

-- One of both files, so that nobody wonders which counts.
local function store(line, args)
  local mine, other = "webhook", "webhook_cmd"
  if args.webhook_cmd then mine, other = other, mine end
  local profile = args.profile or os.getenv "B24_PROFILE"
  if profile == "" then profile = nil end
  local path, err, info = system.path(mine, profile)
  if not path then return nil, err, info end
  local stored, problem, about = system.store(path, line .. "\n")
  if not stored then return nil, problem, about end
  os.remove((system.path(other, profile)))
  local kept, failure, reason = account.keep_ca_file(args, profile)
  if not kept then return nil, failure, reason end
  return path
end

local ONLY_APP = { "portal", "client_id", "client_secret", "refresh_token",
  "oauth_server", "paste", "port", "wait" }

local function check(args)
  for _, name in ipairs(ONLY_APP) do
    if args[name] and not args.app then
      exit.usage("--" .. name:gsub("_", "-") .. " needs --app")
    end
  end
  if args.app and (args.webhook_cmd or args.no_check) then
    exit.usage "--app goes with neither --webhook-cmd nor --no-check"
  end
end

function login.run(args)
  check(args)
  if args.app then return app_login.run(args) end
  local environment = os.getenv "B24_WEBHOOK"
  local line, webhook, info = take(args)
  if not line then return exit.failure(webhook, info) end
  local answer, err, about = try(webhook, args)
  if not answer then
    local code = exit.failure(err, about)
    io.stderr:write "Nothing was stored.\n"
    return code
  end
  local path, problem, why = store(line, args)
  if not path then return exit.failure(problem, why) end
  out.line(answer .. ". Stored in " .. path)
  if environment and environment ~= "" and not args.profile then
    io.stderr:write("b24: B24_WEBHOOK is set and takes precedence over that file; unset it to "
      .. "use what was stored.\n")
  end
  return exit.OK
end

return login
