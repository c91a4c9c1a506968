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

local HINTS = {
  NO_CREDENTIAL = "Run: b24 login", -- the library cannot know of it
}

---@param info b24.info
---@return string?
function exit.hint(info)
  return HINTS[info.code] or info.hint and (info.hint:gsub("in ca_file", "in --ca-file"))
end

--- Tells the user, and is the exit code.
---@param err string
---@param info b24.info
---@return integer
function exit.failure(err, info)
  local hint = exit.hint(info)
  io.stderr:write(text.line(err), "\n", hint and hint .. "\n" or "") -- the portal's words are in it
  return exit.code(info)
end

--- Ends the command from anywhere: something in its arguments or on this machine is wrong.
---@param message string
function exit.usage(message)
  error({ usage = message }, 0)
end

return exit
