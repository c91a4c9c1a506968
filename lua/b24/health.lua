--- :checkhealth b24: which engine runs and why, what it is made of, and whether the portal answers.

local options = require "b24.nvim.options"

local h = vim.health or require "health" -- 0.7 has no vim.health
local start, ok = h.start or h.report_start, h.ok or h.report_ok
local warn, bad = h.warn or h.report_warn, h.error or h.report_error

local health = {}

local PATIENCE = 12000 -- ms for both questions: people wait for this page

local BUILD = "Run `make nvim` in the plugin's folder (it needs a C compiler, and libcurl and "
  .. "cJSON with their headers)"

local function advice(hint) return hint and { hint } or nil end

local function engines()
  local name, why = require("b24.nvim.poll").choice()
  if name == "module" then
    ok("Engine: the C module (" .. why .. ")")
  elseif name == "program" then
    ok(("Engine: the program %s (%s)"):format(vim.fn.exepath(options.get "program"), why))
  else
    bad("No engine: " .. why, { BUILD, "or install the program b24 (luarocks install b24)" })
  end
  if name == "program" then
    warn("It keeps the badge; the inbox and answering need the C module", { BUILD })
  end
  return name
end

-- The portal's own certificates: of the conf, or beside the credential that is in a file.
local function ca_file()
  local conf = options.get "conf"
  if type(conf) == "table" and conf.ca_file then return conf.ca_file end
  local files = conf == nil and (os.getenv "B24_WEBHOOK" or "") == ""
    or type(conf) == "table" and conf.profile ~= nil
  if not files or (os.getenv "B24_CA_FILE" or "") ~= "" then return nil end
  local path = require("b24.codec").system.line("ca_file", conf and conf.profile)
  return path
end

local function libraries()
  local facts = require("b24.core").versions()
  ok(("b24 %s, libcurl %s%s"):format(facts.b24, facts.libcurl,
    facts.http2 and " with HTTP/2" or ""))
  if facts.tls then
    ok("TLS: " .. facts.tls)
  else
    bad("This libcurl has no TLS: no portal can be asked",
      { "Install a libcurl with OpenSSL or GnuTLS" })
  end
  local own = ca_file()
  ok("Trusted certificates: " .. (own or facts.trust or "libcurl's own default")
    .. (own and " (the portal's own)" or facts.trust_by and (" (%s)"):format(facts.trust_by) or ""))
end

-- Where the credential comes from; never what it is.
local function place()
  local conf = options.get "conf"
  if type(conf) == "string" then
    return "setup{conf = URL} (a file that only you can read is a better place)"
  end
  if type(conf) == "table" and conf.profile then
    return "the file of the profile " .. conf.profile
  end
  if conf ~= nil then return "setup{conf = {…}}" end
  if (os.getenv "B24_WEBHOOK" or "") ~= "" then return "the environment variable B24_WEBHOOK" end
  local home = os.getenv "XDG_CONFIG_HOME" or vim.fn.expand "~/.config"
  local profile = os.getenv "B24_PROFILE" or ""
  return "the file " .. home .. "/b24/webhook" .. (profile ~= "" and "." .. profile or "")
end

local function answer(call)
  local done, value, err, info
  call(function(...) done, value, err, info = true, ... end)
  if not vim.wait(PATIENCE, function() return done end, 20) then
    return nil, ("no answer within %d s"):format(PATIENCE / 1000), {}
  end
  return value, err, info or {}
end

local function scope(client)
  local list, err, info = answer(function(callback) client:call("scope", nil, callback) end)
  if type(list) ~= "table" then
    return warn("The webhook's permissions are unknown: " .. tostring(err), advice(info.hint))
  end
  for _, name in ipairs(list) do
    if name == "im" then return ok "Permission: Chat and Notifications (im)" end
  end
  bad("The webhook lacks the permission im",
    { "In the webhook's settings tick 'Chat and Notifications (im)'" })
end

local function portal()
  local module = require "b24.nvim.module"
  local client, err, hint = module.client()
  if not client then return bad("Credential: " .. err, advice(hint)) end
  ok("Credential: " .. place())
  local counters, failure, info = answer(function(callback) client:counters(callback) end)
  if not counters then
    return bad(("%s: %s"):format(module.portal() or "the portal", failure), advice(info.hint))
  end
  ok(("%s answers in %d ms"):format(module.portal(), info.elapsed * 1000))
  scope(client)
end

local function polling()
  local status = require("b24.nvim.state").status()
  if status.engine and status.err then
    bad(("Polling is on, but the last answer was none, and the badge is %s: %s"):format(
      vim.inspect(status.badge), status.err), advice(status.hint))
  elseif status.engine then
    ok("Polling is on, every " .. options.get "every" .. " s; the badge is "
      .. vim.inspect(status.badge))
  else
    warn("Polling is off", { status.hint or "Start it with :B24 start" })
  end
end

-- Nobody needs it: what is missing is no fault.
local function live()
  local status = require("b24.nvim.state").status()
  if not options.get "live" then return end
  if status.live and status.live.live then
    ok("Live: yes; Bitrix24 counts you as online meanwhile, and phone notifications wait")
  else
    local state = status.live or {}
    warn("Live: not now" .. (state.message and ", " .. state.message or ""), advice(state.hint))
  end
end

function health.check()
  start "b24"
  local name = engines()
  if name == "module" then
    libraries()
    portal()
  end
  polling()
  live()
end

return health
