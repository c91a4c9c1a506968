-- A real nginx with its Lua module on loopback, for specs: writes its conf, starts it, asks it,
-- stops it.
--
--     local nginx = require("spec.support.nginx").start { ca_file = portal.ca_file }
--     nginx:run [[ return require("b24").counters{ … } ]]      -- runs inside a worker

local cjson = require "cjson"
local ltn12 = require "ltn12"
local http = require "socket.http"
local socket = require "socket"

local posix = require "b24_posix"
local process = require "spec.support.process"

local quote = process.quote
local M = {}

local HERE = debug.getinfo(1, "S").source:match "^@(.*)/[^/]*$" or "."
local MODULES = { "ndk_http_module.so", "ngx_http_lua_module.so" }
local TERM, HUP, KILL, QUIT = 15, 1, 9, 3
M.KILL = KILL

local PORTS_TRIED = 5 -- somebody else may take one between our look and nginx's

local function output(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

local function modules_path()
  return output "nginx -V":match "modules%-path=(%S+)" or "/usr/lib/nginx/modules"
end

-- Why these specs cannot run here, in words; nil: they can.
local function why_not()
  if not output "nginx -v":find "nginx/" then
    return "nginx is not installed (scripts/deps.sh nginx)"
  end
  for _, name in ipairs(MODULES) do
    if not process.read(modules_path() .. "/" .. name) then
      return "nginx has no module for Lua here (scripts/deps.sh nginx)"
    end
  end
  if not process.read(modules_path() .. "/" .. MODULES[2]):find("receiveany", 1, true) then
    return "nginx's module for Lua is older than 0.10.14"
  end
end

--- Is there nothing to run? nginx has its own LuaJIT, whatever Lua runs a spec: these specs belong
--- to the run on LuaJIT, which says why if they cannot run there.
---@param describe function of busted, as is `pending`
---@param name string of what is skipped
---@return boolean
function M.skips(describe, pending, name)
  if not rawget(_G, "jit") then return true end
  local reason = why_not()
  -- busted 2.0 (Debian 11) would not tell of one without a function
  if reason then describe(name, function() pending(reason, function() end) end) end
  return reason ~= nil
end

--- A port that is free now.
function M.free_port()
  local probe = assert(socket.bind("127.0.0.1", 0))
  local _, port = probe:getsockname()
  probe:close()
  return tonumber(port)
end

--- Tries ports that were free a moment ago.
---@param begin fun(port: integer): any true, or what stands for it: it is up there
function M.on_free_port(begin)
  local up
  for _ = 1, PORTS_TRIED do
    up = begin(M.free_port())
    if up then break end
  end
  return up
end

--- Starts a program that ends with this process, however that ends: it waits behind our pipe.
function M.guarded(command)
  return assert(io.popen(("unset LUA_PATH LUA_CPATH LUA_INIT LD_PRELOAD; { %s & } && "
    .. "child=$!; cat >/dev/null; { kill $child; wait $child; } 2>/dev/null")
    :format(command), "w"))
end

local function working_directory()
  return (output "pwd":gsub("%s+$", ""))
end

local function absolute(path)
  return path:sub(1, 1) == "/" and path or working_directory() .. "/" .. path
end

local CONF = [[
$load
$user
$main
worker_processes $workers;
worker_shutdown_timeout 100;
daemon off;
pid $dir/nginx.pid;
error_log $dir/error.log info;
env B24_RUNTIME_DIR=$dir/runtime;
env B24_ALLOW_HTTP=1;
events { worker_connections 256; }
http {
  access_log off;
  keepalive_timeout 0;
  client_body_temp_path $dir/body; proxy_temp_path $dir/proxy; fastcgi_temp_path $dir/fastcgi;
  uwsgi_temp_path $dir/uwsgi; scgi_temp_path $dir/scgi;
  lua_package_path "$root/lua/?.lua;$root/lua/?/init.lua;;";
  lua_package_cpath "$root/build/5.1/?.so;;";
  lua_shared_dict b24 1m;
  lua_shared_dict notes 100k;
  lua_socket_log_errors off;
  $http
  server {
    listen 127.0.0.1:$port;
    # Runs the Lua text of the request's body and answers what it returns, as JSON.
    location = /run {
      client_body_buffer_size 64k;
      content_by_lua_block {
        ngx.req.read_body()
        local function packed(ok, ...)
          local values = { ok = ok, n = select("#", ...) }
          for i = 1, values.n do values[tostring(i)] = (select(i, ...)) end
          values.worker = ngx.worker.pid()
          ngx.print(require("cjson").encode(values))
        end
        packed(pcall(assert(loadstring(ngx.req.get_body_data(), "=run"))))
      }
    }
    $server
  }
}
]]

--- The directives that load nginx's Lua module.
function M.load_modules()
  local load = {}
  for i, name in ipairs(MODULES) do
    load[i] = "load_module " .. modules_path() .. "/" .. name .. ";"
  end
  return table.concat(load, "\n")
end

local function write_conf(self, opts)
  local values = {
    load = M.load_modules(), main = opts.main or "", user = output "id -u":find "^0"
    and "user root;" or "",
    workers = opts.workers or 2, dir = self.dir, root = absolute(HERE .. "/../.."),
    http = opts.http or "", server = opts.server or "", port = self.port,
  }
  process.write(self.dir .. "/nginx.conf", (CONF:gsub("%$(%l+)", values)))
end

local Nginx = {}
Nginx.__index = Nginx

--- The directives that let cosockets find and trust the mock portal.
function M.directives(dns_port, ca_file)
  return ("resolver 127.0.0.1:%d ipv6=off; resolver_timeout 2; lua_ssl_trusted_certificate %s; "
    .. "lua_ssl_verify_depth 3;")
    :format(dns_port, ca_file)
end

--- A name server of its own. Returns its port and the function that stops it.
function M.dns()
  local file = os.tmpname()
  os.remove(file)
  local pipe = M.guarded(("exec luajit %s %s"):format(quote(HERE .. "/dns.lua"), quote(file)))
  assert(process.eventually(5, function()
    return process.read(file)
  end), "the name server did not start")
  local port = tonumber(process.read(file))
  return port, function()
    pipe:close()
    os.remove(file)
  end
end

-- Is it up?
local function begin(self, port)
  self.port = port
  write_conf(self, self.opts)
  self.pipe = M.guarded(("exec nginx -p %s -c %s/nginx.conf >%s/out 2>&1"):format(quote(self.dir),
    quote(self.dir), quote(self.dir)))
  local up = false
  process.eventually(5, function()
    if (process.read(self.dir .. "/out") or ""):find "%[emerg%]" then return true end
    local probe = socket.connect("127.0.0.1", self.port)
    if probe then probe:close() end
    self.pid = tonumber(process.read(self.dir .. "/nginx.pid") or "")
    up = probe and self.pid
    return up
  end)
  if not up then self.pipe:close() end
  return up
end

--- Starts nginx with two workers.
---@param opts { main: string?, http: string?, server: string?, workers: integer? } directives
function M.start(opts)
  local name = os.tmpname()
  os.remove(name)
  local self = setmetatable({ dir = name .. ".nginx", opts = opts }, Nginx)
  os.execute("mkdir -m 755 " .. quote(self.dir))
  if M.on_free_port(function(port) return begin(self, port) end) then return self end
  error("nginx did not start: " .. (process.read(self.dir .. "/out") or ""), 2)
end

--- The pids of the workers.
function Nginx:workers()
  local list = {}
  for pid in output("ps -o pid= --ppid " .. self.pid):gmatch "%d+" do
    list[#list + 1] = tonumber(pid)
  end
  return list
end

--- GET or POST. Returns body, status, headers; or nil and why.
function Nginx:ask(path, body)
  local parts = {}
  local ok, status, headers = http.request {
    url = "http://127.0.0.1:" .. self.port .. path, method = body and "POST" or "GET",
    headers = { ["content-length"] = body and #body or nil },
    source = body and ltn12.source.string(body) or nil, sink = ltn12.sink.table(parts),
  }
  if not ok then return nil, status end
  return table.concat(parts), status, headers
end

--- Runs Lua text in a worker. Returns what it returns; raises what it raises.
function Nginx:run(text)
  local body, status = self:ask("/run", text)
  if status ~= 200 then error(("nginx: %s: %s\n%s"):format(status, body, self:log()), 2) end
  local values = cjson.decode(body)
  self.worker = values.worker
  local list = {}
  for i = 1, values.n do
    list[i] = values[tostring(i)]
    if list[i] == cjson.null then list[i] = nil end
  end
  if not values.ok then error(list[1], 0) end
  return (unpack or table.unpack)(list, 1, values.n) -- luacheck: ignore
end

function Nginx:log()
  return process.read(self.dir .. "/error.log") or ""
end

function Nginx:signal(number, pid)
  return posix.kill(pid or self.pid, number)
end

--- A new conf for the running server (or the same again): new workers, the old ones end.
function Nginx:reload(opts)
  local old = self:workers()
  write_conf(self, opts or self.opts)
  self:signal(HUP)
  return old
end

--- Ends it as an administrator does, waiting for what is in progress. Returns whether it ended
--- before its own limit (worker_shutdown_timeout), which is longer than anybody waits here.
function Nginx:quit()
  self:signal(QUIT)
  return process.eventually(0, function() return not posix.kill(self.pid, 0) end)
end

function Nginx:stop()
  if not self.pipe then return end
  self:signal(TERM)
  self.pipe:close()
  self.pipe = nil
  os.execute("rm -rf " .. quote(self.dir))
end

return M
