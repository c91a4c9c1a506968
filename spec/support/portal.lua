--- The mock portal (lua/b24/mock) from a spec's side: starts it, steers it, stops it.
---
---     local portal = require("spec.support.portal").start()
---     portal:control("message", { dialog_id = "5", count = 2 })
---
--- Runs on Lua 5.1 to 5.4 and LuaJIT. The server needs the program `luajit`.

local cjson = require "cjson"
local http = require "socket.http"
local ltn12 = require "ltn12"
local socket = require "socket"

local M = {}

local START_TIMEOUT = 60 -- seconds, on a machine that has much else to do
local SHARED = "b24 spec portals" -- busted reloads modules for each file, but the registry stays

---@class Portal
---@field pid integer
---@field https_port integer
---@field http_port integer       plain http, and the controls
---@field wrong_name_port integer https with a certificate for another host
---@field expired_port integer    https with a certificate that has expired
---@field untrusted_port integer  https with a certificate of an unknown authority
---@field raw_port integer        bytes as told by the control "raw"
---@field proxy_port integer      for CONNECT: every name is this portal, unless settings{ hosts = }
--- says otherwise
---@field ca_file string
---@field ca_dir string           hashed folder with only our authority
---@field addresses string[]      where https listens
---@field webhook string
---@field http_webhook string
---@field secret string
---@field token string            of user 1, for "Authorization: Bearer"
---@field member_id string
---@field client_id string        of an application that is always there: see lua/b24/mock/oauth.lua
---@field client_secret string
local Portal = {}
Portal.__index = Portal

local function read_file(name)
  local file = io.open(name, "rb")
  if not file then return nil end
  local text = file:read("*a")
  file:close()
  return text
end

-- lua-cjson reads every number as a float, and "4711.0" is no port.
local function with_integers(value)
  if not math.tointeger then return value end -- a Lua whose numbers are all doubles
  if type(value) == "number" and value % 1 == 0 then return math.tointeger(value) end
  if type(value) == "table" then
    for key, item in pairs(value) do value[key] = with_integers(item) end
  end
  return value
end

local function decode(text)
  return with_integers(cjson.decode(text))
end

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Relative to this file, so that the current folder does not matter.
local function main_script()
  local here = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or "."
  return here .. "/../../lua/b24/mock/main.lua"
end

-- The variables would meet another Lua than the one they are meant for. `exec`: closing the pipe
-- then waits for the portal itself, and the end of this process, however it comes, is the end of
-- its input.
local function command(dir, addresses)
  local certs = os.getenv "B24_TEST_CERTS" -- made once for a run, by scripts/test.sh
  return string.format("unset LUA_PATH LUA_CPATH LUA_INIT LD_PRELOAD; mkdir -m 700 %s && exec "
    .. "luajit %s "
    .. "--watch-stdin --remove-dir --dir %s --addresses %d %s 2>%s", quote(dir),
    quote(main_script()), quote(dir),
    addresses, certs and "--certs " .. quote(certs) or "", quote(dir .. "/stderr"))
end

local function new_directory_name()
  local name = os.tmpname()
  os.remove(name)
  return name .. ".portal"
end

local function wait_for_start(dir)
  local deadline = socket.gettime() + START_TIMEOUT
  repeat
    local text = read_file(dir .. "/portal.json")
    if text then return decode(text) end
    local complaint = read_file(dir .. "/stderr")
    if complaint and complaint ~= "" then return nil, complaint end
    socket.sleep(0.01)
  until socket.gettime() > deadline
  return nil, "it was not ready after " .. START_TIMEOUT .. " seconds"
end

local function launch(addresses)
  local dir = new_directory_name()
  local pipe = assert(io.popen(command(dir, addresses), "w"))
  local self, complaint = wait_for_start(dir)
  if not self then
    pipe:close()
    complaint = complaint .. (read_file(dir .. "/stderr") or "")
    os.execute("rm -rf " .. quote(dir))
    error("the portal did not start: " .. complaint, 0)
  end
  self.pipe, self.key = pipe, addresses
  return setmetatable(self, Portal)
end

-- The portal that scripts/test.sh keeps for one spec file after the other. Another's stop() does
-- not end it.
local function borrow()
  local dir = os.getenv "B24_TEST_PORTAL"
  if not dir then return nil end
  local self, complaint = wait_for_start(dir)
  if not self then error("the portal of this run did not start: " .. complaint, 0) end
  self.key = 1
  setmetatable(self, Portal):reset()
  return self
end

--- The portal of this Lua process, started at the first call and put back into its first state at
--- each.
---@param opts? { addresses: integer? } how many addresses (127.0.0.1, 127.0.0.2, …) https listens
--- on; default 1
---@return Portal
function M.start(opts)
  local addresses = opts and opts.addresses or 1
  local registry = debug.getregistry()
  local shared = registry[SHARED] or {}
  registry[SHARED] = shared
  if shared[addresses] then
    shared[addresses]:reset()
  else
    shared[addresses] = addresses == 1 and borrow() or launch(addresses)
  end
  return shared[addresses]
end

--- Runs a control operation and returns its answer. Raises what the portal finds wrong with it.
---@param op string
---@param args? table
---@return table
function Portal:control(op, args)
  local body, parts = args and next(args) ~= nil and cjson.encode(args) or "{}", {}
  local ok, status = http.request {
    url = "http://127.0.0.1:" .. self.http_port .. "/__portal/" .. op,
    method = "POST",
    headers = { ["content-type"] = "application/json", ["content-length"] = #body },
    source = ltn12.source.string(body),
    sink = ltn12.sink.table(parts),
  }
  if not ok then error("portal: " .. op .. ": " .. tostring(status), 2) end
  local answer = decode(table.concat(parts))
  if status ~= 200 then error("portal: " .. tostring(answer.error), 2) end
  return answer
end

--- Puts everything back into its first state.
function Portal:reset()
  self:control("reset")
end

--- User 1's webhook at another port of ours, or at another address ("127.0.0.2").
---@param port_or_address integer|string
---@return string
function Portal:webhook_for(port_or_address)
  local path = "/rest/1/" .. self.secret .. "/"
  if type(port_or_address) == "string" then
    return "https://" .. port_or_address .. ":" .. self.https_port .. path
  end
  local plain = port_or_address == self.http_port or port_or_address == self.raw_port
  return (plain and "http://127.0.0.1:" or "https://localhost:") .. port_or_address .. path
end

--- The requests so far (after entry number `since`), oldest first.
---@param since? integer
---@return table[]
function Portal:log(since)
  return self:control("log", { since = since or 0 }).entries
end

--- How often a method was asked for since the log was cleared.
---@param method string in small letters
---@return integer
function Portal:asked(method)
  local n = 0
  for _, entry in ipairs(self:log()) do
    if entry.method == method then n = n + 1 end
  end
  return n
end

---@return table connections and executions (name -> count), rejections, most_at_once, cpu (seconds)
function Portal:stats()
  return self:control("stats")
end

--- Ends the portal and waits until it is gone (one that belongs to the run is put back into its
--- first state). May be called again.
function Portal:stop()
  if not self.pipe then
    if debug.getregistry()[SHARED][self.key] == self then self:reset() end
    return
  end
  local complaint = read_file(self.dir .. "/stderr")
  self.pipe:close()
  self.pipe = nil
  debug.getregistry()[SHARED][self.key] = nil
  if complaint and complaint ~= "" then io.stderr:write(complaint) end
end

return M
