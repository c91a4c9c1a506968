--- The credential and the options that all commands share -> a client.

local b24 = require "b24"
local codec = require "b24.codec"

local account = {}

local NOTICED = 0.1 -- seconds: less of a command's time does not count
local LEAST = 0.001 -- seconds that are left to the call in any case

local SECRETS = { "B24_WEBHOOK", "B24_HOOK", "B24_WEBHOOK_URL" }

--- So that no child has them: neither webhook_cmd nor what it starts, nor a browser.
function account.forget_environment()
  for _, name in ipairs(SECRETS) do codec.system.unsetenv(name) end
end

account.TIMEOUT = 30 -- seconds, without --timeout

local ASKING = "It may be asking for a password where nobody can see it: unlock the password "
  .. "manager first."

local function wrong(message, hint)
  return codec.fault("config", "WEBHOOK_CMD_FAILED", message, hint)
end

--- The first line that a password manager's command prints. Its errors are for the user, its output
--- is never shown. It may ask on the terminal; when its time is up, it and what it has started are
--- ended.
---@param command string for the shell
---@param path string where the command comes from
---@param seconds? number
---@return string? webhook
---@return string err or `path`
---@return b24.info? info
function account.ask(command, path, seconds)
  seconds = seconds or account.TIMEOUT
  account.forget_environment()
  if command:find "^%a+://" then
    return wrong(path .. " contains a URL, but must be a command", "Run: b24 login")
  end
  local line, problem, detail = codec.system.ask(command, seconds)
  if line then return line, path end
  if problem == "stopped" then
    error("interrupted!", 0)
  elseif problem == "late" then
    local message = "the command from %s did not print a line within %g s, and was ended"
    return codec.fault("timeout", "WEBHOOK_CMD_TIMEOUT", message:format(path, seconds), ASKING)
  elseif problem == "nothing" then
    return wrong("the command from " .. path .. " printed nothing",
      "It must print the webhook's URL.")
  elseif problem == "unstarted" then
    return wrong(("the command from %s cannot be started: %s"):format(path, detail))
  end
  return wrong(("the command from %s failed (exit status %s)"):format(path, detail or "unknown"),
    "Run it by hand to see why.")
end

-- $B24_WEBHOOK, the file `webhook`, the command in the file `webhook_cmd` beside it; then the
-- tokens of `login --app`, which the library renews in their file.
local function find(profile, timeout)
  local url, place, info = codec.system.credential(profile)
  account.forget_environment()
  if url then return { webhook = url }, place end
  if info.code ~= "NO_CREDENTIAL" then return nil, place, info end
  local command, path, why = codec.system.line("webhook_cmd", profile)
  if command then
    local webhook, from, failure = account.ask(command, path, timeout)
    return webhook and { webhook = webhook }, from, failure
  end
  if why.code ~= "NO_CREDENTIAL" then return nil, path, why end
  local tokens, problem, about = codec.system.app(profile)
  if tokens then return { oauth = { store = tokens.path } }, tokens.path end
  if about.code ~= "NO_CREDENTIAL" then return nil, problem, about end
  return nil, place, info
end

--- The portal's own authority: --ca-file, or what login has kept beside the credential. Nil: that
--- of the environment or the system; or nil, err, info.
---@param args table
---@param place string where the credential was found
---@return string? path
---@return string? err
---@return b24.info? info
function account.ca_file(args, place)
  local set = os.getenv "B24_CA_FILE"
  if args.ca_file or place == "B24_WEBHOOK" or set and set ~= "" then return args.ca_file end
  local path, err, info = codec.system.line("ca_file", args.profile)
  if path or info.code == "NO_CREDENTIAL" then return path end
  return nil, err, info
end

--- The conf of the command's options. One deadline is over webhook_cmd and the call; what makes
--- call after call gives each of them all of its time.
---@param args table
---@param many? boolean
---@return b24.conf? conf
---@return string? err or where the webhook was found
---@return b24.info? info
function account.conf(args, many)
  local began = codec.clock()
  local conf, place, info = find(args.profile, args.timeout)
  if not conf then return nil, place, info end
  local timeout, spent = args.timeout, codec.clock() - began
  if not many and spent >= NOTICED then
    timeout = math.max(LEAST, (timeout or account.TIMEOUT) - spent)
  end
  local ca_file, problem, about = account.ca_file(args, place)
  if problem then return nil, problem, about end
  conf.timeout, conf.ca_file, conf.proxy = timeout, ca_file, args.proxy
  conf.max_age, conf.stale_ok = args.max_age, args.stale_ok or nil
  conf.nulls = args.nulls
  return conf, place
end

--- Keeps what the credential was tested with beside it: the path of --ca-file, or none.
---@param args table
---@param profile? string
---@return boolean? kept
---@return string? err
---@return b24.info? info
function account.keep_ca_file(args, profile)
  local system = codec.system
  local path, err, info = system.path("ca_file", profile)
  if not path then return nil, err, info end
  if not args.ca_file then
    os.remove(path)
    return true
  end
  local real, why = system.realpath(args.ca_file)
  if not real then
    return codec.fault("config", "BAD_CA_FILE", ("--ca-file %s: %s"):format(args.ca_file, why))
  end
  local stored, problem, about = system.store(path, real .. "\n")
  return stored, problem, about
end

local OF_CREDENTIAL = { BAD_WEBHOOK = true, BAD_TOKEN = true, BAD_PORTAL = true,
  BAD_CREDENTIAL = true, BAD_FILE = true, FILE_NOT_PRIVATE = true }

local function made(make, args, many)
  local conf, err, info = account.conf(args, many)
  if not conf then return nil, err, info end
  local it, message, about = make(conf)
  if it then return it, err end
  -- what is wrong with an option is not the file's fault
  local place = OF_CREDENTIAL[about.code] and " (in " .. err .. ")" or ""
  return nil, message .. place, about
end

---@param args table
---@param many? boolean
---@return b24.client? client
---@return string? err or where the credential was found
---@return b24.info? info
function account.client(args, many)
  local client, err, info = made(b24.client, args, many)
  return client, err, info
end

--- The same for who only asks for counters, which b24.counters does with fewer modules.
---@param args table
---@return userdata? conf checked
---@return string? err
---@return b24.info? info
function account.checked(args)
  local conf, err, info = made(codec.conf, args)
  return conf, err, info
end

return account
