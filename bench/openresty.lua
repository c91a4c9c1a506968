-- One nginx worker that calls a portal (another nginx, on another core, which answers after 100
-- ms), loaded by wrk with 64 clients: openresty.lua SECONDS ROUNDS. Prints requests/s, p50 and p99
-- in ms of: a page that sleeps 100 ms; one that calls b24.counters; then p50 and p99 of an
-- unrelated page while the second is loaded; then requests/s, the median of so many rounds, of a
-- page that says a constant of a shared dictionary, and of one that says what b24.get has.

package.path = "./?.lua;" .. package.path -- spec.support
local nginx = require "spec.support.nginx"

local SECONDS, ROUNDS = assert(tonumber(arg[1])), assert(tonumber(arg[2]))
local ANSWER =
  '{"result":{"TYPE":{"ALL":7,"MESSENGER":5},"CHAT":{"18":1},"DIALOG":{"5":4},"LINES":[]}}'

-- Where there are two cores, what is measured has the first to itself.
local pinned = (os.getenv "BENCH_PIN" or "") ~= ""
local function on_core(mask) return pinned and "worker_cpu_affinity " .. mask .. ";" or "" end

local function milliseconds(text)
  local number, unit = text:match "([%d.]+)(%l+)"
  return tonumber(number) * (unit == "us" and 0.001 or unit == "s" and 1000 or 1)
end

local function load(url, clients, seconds)
  local pin = pinned and "taskset -c 1" or ""
  local pipe = assert(io.popen(("%s wrk -t1 -c%d -d%ds --latency %s"):format(pin, clients,
    seconds, url)))
  return function()
    local text = pipe:read "*a"
    pipe:close()
    assert(not text:find "Non%-2xx", text)
    return tonumber(text:match "Requests/sec: *([%d.]+)"), milliseconds(text:match "50%% +(%S+)"),
      milliseconds(text:match "99%% +(%S+)")
  end
end

local portal = nginx.start {
  workers = 1, main = on_core "10", http = "keepalive_requests 1000000;",
  server = [[
  location /rest/ {
    keepalive_timeout 60;
    content_by_lua_block { ngx.sleep(0.1) ngx.print(']] .. ANSWER .. [[') }
  }]] }
local server = nginx.start { workers = 1, main = on_core "01", http = ([[keepalive_requests 1000000;
  lua_shared_dict plain 1m;
  init_worker_by_lua_block {
    ngx.shared.plain:set("badge", "5")
    local conf = { webhook = "http://127.0.0.1:%d/rest/1/abcdefgh/", allow_http = true,
      limiter = false }
    require("resty.b24").poll { dict = "b24", accounts = { anna = conf }, every = 1 }
  }]]):format(portal.port), server = ([[
  keepalive_timeout 60;
  location = /sleep { content_by_lua_block { ngx.sleep(0.1) ngx.say "7" } }
  location = /ping { content_by_lua_block { ngx.say "pong" } }
  location = /constant { content_by_lua_block { ngx.say(ngx.shared.plain:get "badge") } }
  location = /cached { content_by_lua_block {
    local b24 = require "resty.b24"
    ngx.say(b24.badge(assert(b24.get "anna")))
  } }
  location = /call { content_by_lua_block {
    local b24 = require "b24"
    ngx.say(b24.badge(assert(b24.counters { webhook = "http://127.0.0.1:%d/rest/1/abcdefgh/",
      limiter = false })))
  } }]]):format(portal.port) }

local url = "http://127.0.0.1:" .. server.port
local ok, err = pcall(function()
  load(url .. "/call", 64, 1)() -- connections are made
  print(load(url .. "/sleep", 64, SECONDS)())
  print(load(url .. "/call", 64, SECONDS)())
  local busy = load(url .. "/call", 16, SECONDS)
  print(select(2, load(url .. "/ping", 1, math.max(SECONDS - 1, 1))()))
  busy()
  local constant, cached = {}, {}
  for i = 1, ROUNDS do -- in turn, because the machine is not still
    constant[i], cached[i] = load(url .. "/constant", 64, 1)(), load(url .. "/cached", 64, 1)()
  end
  table.sort(constant)
  table.sort(cached)
  local middle = math.ceil(ROUNDS / 2)
  print(constant[middle], cached[middle])
end)
server:stop()
portal:stop()
assert(ok, err)
