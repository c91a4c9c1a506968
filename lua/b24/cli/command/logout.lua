--- b24 logout: removes what `b24 login` stored on this machine.

local codec = require "b24.codec"
local exit = require "b24.cli.exit"
local out = require "b24.cli.out"

local logout = { name = "logout",
  summary = "Remove what login stored on this machine, for this profile.",
  examples = {
    "b24 logout",
    "b24 -p work logout",
  } }

function logout.define() end

local ADVICE = [[
What was stored still works for whoever has a copy. To end it: delete the webhook, or the
application's access, in Bitrix24 (Applications > Developer resources > Integrations).]]

-- The path, if there was such a file and it is gone; or nil, err, info.
local function remove(name, profile)
  local path, err, info = codec.system.path(name, profile)
  if not path then return nil, err, info end
  local gone, why, code = os.remove(path)
  if gone then return path end
  local ENOENT = 2
  if code == ENOENT then return nil end
  return nil, nil, nil, ("%s cannot be removed: %s"):format(path, why)
end

function logout.run(args)
  local profile = args.profile or os.getenv "B24_PROFILE"
  if profile == "" then profile = nil end
  local removed = 0
  for _, name in ipairs { "webhook", "webhook_cmd", "app", "ca_file" } do
    local path, err, info, problem = remove(name, profile)
    if info then return exit.failure(err, info) end
    if problem then exit.usage(problem) end
    if path then
      removed = removed + 1
      out.line("removed " .. path)
    end
  end
  if removed == 0 then
    exit.usage("nothing is stored here" .. (profile and " for the profile " .. profile or ""))
  end
  io.stderr:write(ADVICE, "\n")
  local environment = os.getenv "B24_WEBHOOK"
  if environment and environment ~= "" then
    io.stderr:write "b24: B24_WEBHOOK is still set in this shell.\n"
  end
  return exit.OK
end

return logout
