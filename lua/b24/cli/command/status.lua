--- b24 status: whose account it is, at which portal, by which credential, and what it may do.

local codec = require "b24.codec"
local account = require "b24.cli.account"
local exit = require "b24.cli.exit"
local json = require "b24.cli.json"
local out = require "b24.cli.out"
local text = require "b24.cli.text"

local status = { name = "status", summary = "Show whose account is used, and what it may do.",
  examples = {
    "b24 status",
    "b24 -p work status --json",
  } }

function status.define(command)
  command:flag("--json", "Print one JSON object.")
end

-- "webhook", "command", "application", by where the credential is.
local function kind_of(place)
  local name = place:match "([^/]+)$"
  if place == "B24_WEBHOOK" or name:find "^webhook%f[^%w_]" then return "webhook" end
  return name:find "^webhook_cmd" and "command" or "application"
end

local function name_of(me)
  local name = ("%s %s"):format(me.NAME or "", me.LAST_NAME or ""):match "^%s*(.-)%s*$"
  return name ~= "" and name or nil
end

local function scopes_of(client)
  local list, err, info = client:call "scope"
  if type(list) ~= "table" then return nil, err, info end
  local names = {}
  for _, name in ipairs(list) do names[#names + 1] = tostring(name) end
  table.sort(names)
  return names
end

-- What is known; or nil, err, info.
local function known(client, place, ca_file)
  local me, err, info = client:call "profile"
  if type(me) ~= "table" then return nil, err, info end
  local scopes, problem, about = scopes_of(client)
  if not scopes then return nil, problem, about end
  return { user_id = tostring(me.ID or "?"), name = name_of(me), admin = me.ADMIN == true or nil,
    portal = tostring(client):match "%((.*)%)", credential = kind_of(place), place = place,
    since = codec.system.modified(place), scopes = scopes, ca_file = ca_file }
end

function status.run(args)
  local client, place, info = account.client(args)
  if not client then return exit.failure(place, info) end
  local it, err, about = known(client, place, account.ca_file(args, place))
  if not it then return exit.failure(err, about) end
  if args.json then
    out.line(json.encode(it))
    return exit.OK
  end
  out.line(("account     %s at %s"):format(text.line(it.name and ("%s (user %s)"):format(it.name,
    it.user_id) or "user " .. it.user_id), it.portal))
  out.line(("credential  %s, in %s%s"):format(it.credential, it.place,
    it.since and os.date(", since %Y-%m-%d", it.since) or ""))
  if it.ca_file then out.line("trusts      " .. it.ca_file) end
  out.line("scopes      " .. text.line(table.concat(it.scopes, ", ")))
  return exit.OK
end

return status
