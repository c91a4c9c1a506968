--- The credential and the options that all commands share -> a client.

local b24 = require "b24"
local codec = require "b24.codec"

local account = {}

local SECRETS = { "B24_WEBHOOK", "B24_HOOK", "B24_WEBHOOK_URL" }

-- So that no child has them: neither webhook_cmd nor what it starts.
local function forget_environment()
  for _, name in ipairs(SECRETS) do codec.system.unsetenv(name) end
end

--- The first line that a password manager's command prints. Its errors are for the user, its output is never shown.
---@param command string for the shell
---@param path string where the command comes from
---@return string? webhook
---@return string err or `path`
---@return b24.info? info
function account.ask(command, path)
  forget_environment()
  local function wrong(message, hint) return codec.fault("config", "WEBHOOK_CMD_FAILED", message, hint) end
  if command:find "^%a+://" then
    return wrong(path .. " contains a URL, but must be a command", "Run: b24 login")
  end
  local pipe = io.popen("(" .. command .. "\n)\nprintf '\\n%d' \"$?\"", "r")
  if not pipe then return wrong("the command from " .. path .. " cannot be started") end
  local answer = pipe:read "*a"
  pipe:close()
  local output, status = answer:match "^(.*)\n(%d+)$"
  if status ~= "0" then
    return wrong(("the command from %s failed (exit status %s)"):format(path, status or "unknown"),
      "Run it by hand to see why.")
  end
  local line = output:match "^%s*([^\n]*%S)"
  if not line then return wrong("the command from " .. path .. " printed nothing", "It must print the webhook's URL.") end
  return line, path
end

-- $B24_WEBHOOK, the file `webhook`, then the command in the file `webhook_cmd` beside it.
local function find(profile)
  local url, place, info = codec.system.credential(profile)
  forget_environment()
  if url or info.code ~= "NO_CREDENTIAL" then return url, place, info end
  local command, path, why = codec.system.line("webhook_cmd", profile)
  if command then return account.ask(command, path) end
  if why.code ~= "NO_CREDENTIAL" then return nil, path, why end
  return nil, place, info
end

--- The conf of the command's options.
---@param args table
---@return b24.conf? conf
---@return string? err or where the webhook was found
---@return b24.info? info
function account.conf(args)
  local webhook, place, info = find(args.profile)
  if not webhook then return nil, place, info end
  return { webhook = webhook, timeout = args.timeout, ca_file = args.ca_file, proxy = args.proxy,
    max_age = args.max_age, stale_ok = args.stale_ok or nil }, place
end

---@param args table
---@return b24.client? client
---@return string? err
---@return b24.info? info
function account.client(args)
  local conf, err, info = account.conf(args)
  if not conf then return nil, err, info end
  local client, message, about = b24.client(conf)
  if client then return client end
  return nil, message .. " (in " .. err .. ")", about
end

return account
