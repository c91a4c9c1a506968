--- b24 login --app in a home of its own, with a browser of ours: curl.

local command = require "spec.support.command"
local process = require "spec.support.process"
local secrets = require "spec.support.secrets"
local socket = require "socket"

local log_in = {}
local Home = {}
Home.__index = Home

local unpack = table.unpack or unpack -- luacheck: ignore

--- command.remove(home.home) ends it.
function log_in.new(portal)
  local home = command.home()
  local probe = assert(socket.bind("127.0.0.1", 0))
  local port = select(2, probe:getsockname())
  probe:close()
  portal:control("app", { redirect_uri = ("http://127.0.0.1:%d/"):format(port) })
  process.write(home .. "/secret", portal.client_secret .. "\n")
  process.write(home .. "/browser", ([[
    echo "$@" >%s/url; env >%s/env
    curl -s -D %s/head -o %s/page -L --cacert %s "$1"; echo $? >%s/ended]])
    :format(home, home, home, home, portal.ca_file, home))
  return setmetatable({ portal = portal, home = home, port = port,
    host = "localhost:" .. portal.https_port }, Home)
end

function Home:environment(more)
  local env = { HOME = self.home, B24_RUNTIME_DIR = self.home .. "/run",
    BROWSER = "sh " .. self.home .. "/browser", B24_OAUTH_SERVER = "https://" .. self.host }
  for name, value in pairs(more or {}) do env[name] = value end
  return env
end

--- What the portal has given, and the application's secret, are in none of these.
function Home:no_secret(...)
  secrets.no_secret(self.portal.client_secret, ...)
  for _, pair in ipairs(self.portal:control("tokens").tokens) do
    secrets.no_secret(pair.access_token, ...)
    secrets.no_secret(pair.refresh_token, ...)
  end
  for _, entry in ipairs(self.portal:log()) do
    local code = (entry.path .. entry.body):match "code=(%x+)"
    if code then secrets.no_secret(code, ...) end
  end
end

function Home:b24(arguments, opts)
  opts = opts or {}
  opts.env = self:environment(opts.env)
  local status, out, err = command.run({ "--ca-file", self.portal.ca_file, unpack(arguments) },
    opts)
  self:no_secret(out, err)
  return status, out, err
end

function Home:login(more, opts)
  local arguments = { "login", "--app", "--portal", self.host, "--client-id",
    self.portal.client_id, "--port", tostring(self.port), "--wait", "60s" }
  for _, word in ipairs(more or { "--client-secret", self.home .. "/secret" }) do
    arguments[#arguments + 1] = word
  end
  return self:b24(arguments, opts)
end

--- How often the token server was asked for "refresh_token" or "authorization_code".
function Home:executions(kind)
  return self.portal:stats().executions["oauth." .. kind] or 0
end

function Home:stored(name)
  return process.read(self.home .. "/.config/b24/" .. (name or "app"))
end

return log_in
