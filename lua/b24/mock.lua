--- A mock portal for the specs of programs that use Bitrix24: a server on loopback that behaves as
--- a portal does, and goes wrong when told to. It is a process of its own, and ends with this one.
---
---     local mock = require "b24.mock"
---     local portal = assert(mock.start())
---     portal:control("message", { dialog_id = "5", count = 2 })
---     … a program that calls portal.http_webhook …
---     portal:stop()
---
--- The operations of `control`: doc/mock.md.

local codec = require "b24.codec"

local mock = {}

local FOLDER = debug.getinfo(1, "S").source:match "^@(.*)%.lua$"

---@class b24.mock.portal
---@field http_webhook string user 1's webhook, plain http (conf.allow_http)
---@field webhook string the same over https (conf.ca_file = portal.ca_file)
---@field ca_file string
---@field token string an access token of user 1
---@field client_id string of an application that is always there
---@field client_secret string
---@field member_id string
---@field http_port integer
---@field https_port integer
---@field proxy_port integer a proxy for which every host is this portal
---@field pid integer
local Portal = {}
Portal.__index = Portal

---@class b24.mock.start
---@field port? integer plain http here, https one above; default: any that are free
---@field state? string a file that keeps the portal's state from one run to the next
---@field limiter? boolean the limits of a real portal (2 requests a second, 50 at once)
---@field token_life? number seconds of an access token (3600)
---@field lua? string the interpreter of the portal; default: this one. It needs lua-http

local KINDS = { port = "number", state = "string", limiter = "boolean", token_life = "number",
  lua = "string" }

local function check(options)
  return codec.options("b24.mock.start", options, KINDS)
end

-- Starting ----------------------------------------------------------------------------------------

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function output_of(script)
  local pipe = assert(io.popen(script, "r"))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

local function first_line(script, problem)
  return output_of(script):match "^[^\n]+" or error(problem, 0)
end

-- The program that runs this one: the first word of its command line.
local function this_interpreter()
  local words = rawget(_G, "arg")
  local i = 0
  while words and words[i - 1] do i = i - 1 end
  return i < 0 and words[i] or nil
end

-- The same Lua finds its modules where this one does; another one where it does by itself.
local function environment(same)
  local unset = "env -u LUA_INIT -u LD_PRELOAD "
  if not same then return unset .. "-u LUA_PATH -u LUA_CPATH " end
  local version = _VERSION:match "5%.%d"
  local suffix = version == "5.1" and "" or "_" .. version:gsub("%.", "_")
  return ("%sLUA_PATH%s=%s LUA_CPATH%s=%s "):format(unset, suffix, quote(package.path), suffix,
    quote(package.cpath))
end

-- How to run the portal: with the Lua that was named, else with this one, else with LuaJIT, for
-- which Debian packages lua-http. Nil and what is missing when none of them can.
local function program(options)
  local this = this_interpreter()
  local problem
  for _, lua in ipairs(options.lua and { options.lua } or { this or "luajit", "luajit" }) do
    local words = environment(lua == this) .. quote(lua) .. " " .. quote(FOLDER .. "/main.lua")
    local said = output_of(words .. " --check 2>&1 && echo ready")
    if said:find "ready\n$" then return words end
    problem = problem or said
  end
  return nil, problem
end

local function option_words(options)
  local words = {}
  for name, kind in pairs(KINDS) do
    local value = options[name]
    if value and name ~= "lua" then
      words[#words + 1] = "--" .. name:gsub("_", "-")
      if kind ~= "boolean" then words[#words + 1] = quote(tostring(value)) end
    end
  end
  return table.concat(words, " ")
end

local function failure(why)
  return codec.fault("config", "MOCK_NOT_STARTED", "the mock portal did not start: " .. why)
end

-- The child writes what it is into a pipe that has a name, which stays open while it lives. It ends
-- at the end of its input: when this process ends.
local function launch(words, dir, options)
  local name = dir .. "/output"
  first_line("mkfifo -m 600 " .. quote(name) .. " && echo made", "mkfifo failed")
  local pipe = assert(io.popen(("exec %s %s --watch-stdin --remove-dir --facts --dir %s >%s")
    :format(words, option_words(options), quote(dir), quote(name)), "w"))
  local output = assert(io.open(name, "r"))
  os.remove(name)
  local line = output:read "*l"
  local facts = line and codec.decode(line) or { problem = "it ended at once" }
  facts.pipe, facts.output = pipe, output
  return setmetatable(facts, Portal)
end

--- Starts a portal.
---@param options? b24.mock.start
---@return b24.mock.portal? portal
---@return string? err
---@return b24.info? info
function mock.start(options)
  options = check(options or {})
  local words, missing = program(options)
  if not words then return failure(missing:match "^b24: ([^\n]*)" or missing:match "[^\n]*") end
  local dir = first_line('mktemp -d "${TMPDIR:-/tmp}/b24-mock-XXXXXX"', "mktemp failed")
  local portal = launch(words, dir, options)
  if not portal.problem then return portal end
  portal:stop()
  os.execute("rm -rf " .. quote(dir))
  return failure(portal.problem)
end

-- Using -------------------------------------------------------------------------------------------

--- The client that steers the portal.
---@package
function Portal:steering()
  self.client = self.client or assert(require("b24").client {
    webhook = "http://127.0.0.1:" .. self.http_port .. "/rest/0/mock/", allow_http = true,
    limiter = false, retries = 0, transport = "blocking", proxy = "",
  })
  return self.client
end

--- Runs a control operation (doc/mock.md) and returns its answer. Throws, at the caller's line,
--- what is wrong with it: a spec with a mistake must not pass.
---@param operation string
---@param arguments? table
---@return table
function Portal:control(operation, arguments)
  local answer, err, info = self:steering():call(operation, arguments)
  if err then codec.blame("b24.mock: " .. (info.code or err)) end
  return answer
end

--- A new log-in of a user: what conf.oauth takes, but for the store. Plain http (conf.allow_http).
---@param user_id? integer user 1 if not given
---@return table oauth
function Portal:oauth(user_id)
  local origin = "http://127.0.0.1:" .. self.http_port
  local oauth = self:control("token", { user_id = user_id, portal = origin })
  oauth.client_id, oauth.client_secret, oauth.server = self.client_id, self.client_secret, origin
  return oauth
end

--- Everything is as it was at the start.
function Portal:reset()
  self:control "reset"
end

--- The requests so far (after entry number `since`), oldest first.
---@param since? integer
---@return table[]
function Portal:log(since)
  return self:control("log", { since = since or 0 }).entries
end

--- How often each method ran, how many requests were refused by the limit, and such.
---@return { executions: table<string, integer>, rejections: integer, most_at_once: integer }
function Portal:stats()
  return self:control "stats"
end

--- Ends the portal and waits until it is gone. May be called again.
function Portal:stop()
  if not self.pipe then return end
  if self.client then self.client:close() end
  self.pipe:close()
  self.output:close()
  self.pipe = nil
end

--- Waits until the portal ends by itself: on Ctrl-C, which it gets as this process does, or when
--- somebody else ends it.
function Portal:wait()
  if self.pipe then self.output:read "*a" end
  self:stop()
end

return mock
