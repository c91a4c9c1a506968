--- How the command line ends: exit codes, and errors that say what to do next.

local text = require "b24.cli.text"

local exit = {}

local CODES = { config = 2, auth = 3, denied = 3, limit = 4, network = 5, tls = 5, timeout = 5 }

exit.OK, exit.PORTAL, exit.USAGE, exit.INTERRUPTED = 0, 1, 2, 130

--- 1 portal, 2 usage or config, 3 auth or denied, 4 limit, 5 network, TLS or timeout.
---@param info b24.info
---@return integer
function exit.code(info)
  if info.code == "INTERRUPTED" then return exit.INTERRUPTED end
  return CODES[info.kind] or exit.PORTAL
end

--- With --json failures are JSON, too, on standard output; who reads errors finds them there as
--- always.
exit.as_json = false
exit.profile = nil -- of --profile, for advice

-- Names of the library -> those of the command.
local WORDS = { ["option 'timeout'"] = "--timeout", ["option 'section'"] = "--section",
  ["option 'max_age'"] = "--max-age", ["in ca_file"] = "in --ca-file",
  ["the proxy option"] = "--proxy", ["option 'ca_file'"] = "--ca-file",
  ["option 'proxy'"] = "--proxy", ["option 'limit'"] = "--limit",
  ["set allow_http = true or B24_ALLOW_HTTP=1"] = "set B24_ALLOW_HTTP=1" }

local function in_our_words(message)
  for theirs, ours in pairs(WORDS) do
    local at, last = message:find(theirs, 1, true)
    if at then message = message:sub(1, at - 1) .. ours .. message:sub(last + 1) end
  end
  return message
end

---@param info b24.info
---@return string?
function exit.hint(info)
  if info.code == "NO_CREDENTIAL" then -- the library cannot know of it
    return ("Run: b24 %slogin"):format(exit.profile and "-p " .. exit.profile .. " " or "")
  end
  return info.hint and in_our_words(info.hint)
end

local function tell_json(kind, code, message, hint)
  if not exit.as_json then return end
  local json = require "b24.cli.json"
  require("b24.cli.out").line(json.encode { error = json.object { kind = kind, code = code,
    message = message, hint = hint } })
end

--- Tells the user, and is the exit code.
---@param err string
---@param info b24.info
---@return integer
function exit.failure(err, info)
  local hint, message = exit.hint(info), in_our_words(err)
  io.stderr:write(text.line(message), "\n", hint and hint .. "\n" or "") -- the portal's words
  local short = info.message ~= "" and info.message or message
  tell_json(info.kind, info.code, short, hint)
  return exit.code(info)
end

--- The same for what is wrong in the arguments.
---@param message string
---@param command? string its help has more
---@return integer
function exit.misuse(message, command)
  message = in_our_words(message:find "^b24: " and message or "b24: " .. message)
  local hint = ("See: b24 %s--help"):format(command and command .. " " or "")
  io.stderr:write(message, "\n", hint, "\n")
  tell_json("config", "USAGE", message:match "^b24: (.*)$", hint)
  return exit.USAGE
end

--- Ends the command from anywhere: something in its arguments or on this machine is wrong.
---@param message string
function exit.usage(message)
  error({ usage = message }, 0)
end

return exit
