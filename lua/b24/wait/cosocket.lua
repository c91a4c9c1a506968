--- Calls inside nginx (OpenResty): over cosockets, which let the worker go on while a call waits.
--- Never loads libcurl.

local codec = require "b24.codec"
local perform = require "b24.wait.perform"

local ngx = rawget(_G, "ngx") or package.loaded.ngx

local POOL = 64 -- kept connections for each portal and worker
local IDLE = 30 -- seconds; portals close at 60 or later
-- bytes for one send: its time limit begins anew with each piece that the portal takes
local SENT = 16384
local READ = 65536 -- bytes for one read
local SLICE = 1 -- seconds: a timer looks so often whether its worker is asked to end
local TRIES = 20 -- connections for one verdict on a certificate: next door one in two may lose it
local WAITS = {} -- phases in which nginx lets Lua wait
for _, phase in ipairs { "rewrite", "server_rewrite", "access", "content", "timer",
    "preread", "ssl_cert",
    "ssl_session_fetch", "ssl_client_hello" } do WAITS[phase] = true end

local resty = {}

--- Why a call cannot be made in the present phase, in words that name the way out; nil where it
--- can.
---@return string?
function resty.why_not()
    if not ngx.socket then
    return "a worker thread of ngx.run_worker_thread has no sockets; call it outside"
    end
    local phase = ngx.get_phase()
  if WAITS[phase] then return nil end
  return ("nothing may wait in nginx's phase %s (API disabled); call it from ngx.timer.at(0, "
    .. "function() … end), or in "
    .. "rewrite_by_lua, access_by_lua or content_by_lua"):format(phase)
end

-- Must this wait end because the worker does? Requests are served to their end, timers are not
-- waited for.
local function leaving()
  return ngx.worker.exiting() and ngx.get_phase() == "timer"
end

-- Waits until the time of codec.clock(). False: cancelled.
local function sleep_until(time)
  while not leaving() do
    local left = time - codec.clock()
    if left <= 0 then return true end
    ngx.sleep(math.min(math.max(left, 0.001), SLICE))
  end
  return false
end

-- Throws where a C function is in between, which nginx cannot wait in; its own words help nobody,
-- and a light thread that waits there would end the worker.
local function check_may_wait()
  if codec.may_yield() ~= false then return end
  error("b24: this call has to wait, and cannot inside a C function: not at the top level of a "
    .. "module (require) and not in "
    .. "table.sort; make it in a function that runs for the request", 0)
end

-- One request on its way --------------------------------------------------------------------------

local Exchange = {}
Exchange.__index = Exchange

local function failed(step, words)
  return codec.cosocket_failure(step, words or "unknown error")
end

-- Before 0.10.14 (Debian 11 has 0.10.13) only a known number of bytes can be read.
local function too_old()
  return { kind = "config", code = "NGINX_TOO_OLD", sent = false,
    message = "this nginx's Lua module is older than 0.10.14",
    hint = "Install a newer lua-nginx-module, or OpenResty." }
end

local function late(step, words)
  local failure = failed(step, "timeout")
  failure.message = words
  return failure
end

-- Gives the next operation the time that is left until `deadline`: nginx's limits are for one
-- operation, ours for all. False: none is left. (nginx takes 0 for its default.)
function Exchange:limit(deadline, longest)
  local left = deadline - codec.clock()
  if left < 0.001 then return false end
  local ms = math.ceil(math.min(left, longest or left) * 1000)
  self.sock:settimeouts(ms, ms, ms)
  return true
end

local function is_name(host)
  return host:find "^%[" == nil and host:find "%a" ~= nil
end

-- Runs connect() and watches the clock meanwhile: what bounds the search for a name is nginx's
-- resolver_timeout alone.
local function watched(deadline, connect)
  local result
  local searcher = ngx.thread.spawn(function() result = { connect() } end)
  if not result then
    local clock = ngx.thread.spawn(sleep_until, deadline)
    ngx.thread.wait(searcher, clock)
    ngx.thread.kill(clock)
    ngx.thread.kill(searcher)
  end
  if result then return result[1], result[2] end
  return nil, "timeout"
end

-- Returns the function that tells the location whose directives (lua_ssl_trusted_certificate and
-- its like) hold now, as a number, or nil where that cannot be known. Lua cannot ask for them, but
-- all requests of a location point to the same configuration. The members are the first of
-- ngx_http_request_t, the same in every nginx since 1.0.
local function location_teller()
  if ngx.config.subsystem ~= "http" then return function() end end
  local has_ffi, ffi = pcall(require, "ffi")
  local has_core, base = pcall(require, "resty.core.base")
  if not (has_ffi and has_core and base.get_request) then return function() end end
  local request_t = ffi.typeof [[struct {
    uint32_t signature; void *connection; void **ctx, **main_conf, **srv_conf, **loc_conf;
  } *]]
  return function()
    local request = base.get_request()
    if request then
      return tonumber(ffi.cast("uintptr_t", ffi.cast(request_t, request).loc_conf))
    end
  end
end

local location -- found out at the first connection

-- What tells one kind of connection from another: who must be at the other end, and what its
-- certificate was verified with. nil: that is not known, so nobody else may have the connection.
local function pool_name(wire)
  location = location or location_teller()
  local where = not wire.tls and 0 or location()
  return where and ("b24:%s:%s:%d:sni=%s:verified=%.0f"):format(wire.tls and "https" or "http",
    wire.host, wire.port, wire.tls and wire.host or "", where)
end

-- A socket that is connected, kept or new. True, or nil and a failure.
function Exchange:connect()
  local wire, deadline = self.wire, self.connect_deadline
  self.sock = ngx.socket.tcp()
  if not self.sock.receiveany then return nil, too_old() end
  if not self:limit(deadline) then return nil, late("connect", "no time was left to connect") end
  self.pool = pool_name(wire)
  local options = { pool = self.pool or "b24:" .. tostring(self), pool_size = POOL }
  local function connect() return self.sock:connect(wire.host, wire.port, options) end
  local ok, err
  if is_name(wire.host) then ok, err = watched(deadline, connect) else ok, err = connect() end
  if not ok then
    return nil, err == "timeout" and late("connect", "no connection in time")
      or failed("connect", err)
  end
  self.reused = self.sock:getreusedtimes() > 0
  return true
end

-- Only new connections need it. Verifies chain and name. The session is not asked for (false): were
-- it, nginx would throw where it now loses its verdict, see Exchange:send.
function Exchange:handshake()
  if not self.wire.tls or self.reused then return true end
  if not self:limit(self.connect_deadline) then
    return nil, late("handshake", "no time was left for TLS")
  end
  local ok, err = self.sock:sslhandshake(false, self.wire.host, true)
  if ok then return true end
  return nil, err == "timeout" and late("handshake", "no TLS in time") or failed("handshake", err)
end

-- The request in pieces of at most SENT bytes; nil at its end, with a failure where a file in it
-- cannot be read.
local function pieces(head, body)
  if type(body) == "string" then
    local text, at = head .. body, 1 - SENT
    return function()
      at = at + SENT
      return at <= #text and text:sub(at, at + SENT - 1) or nil
    end
  end
  body:rewind()
  return function()
    local piece = head
    head = nil
    if piece then return piece end
    return body:read(SENT)
  end
end

function Exchange:send()
  local next_piece, first = pieces(self.wire.head, self.request.body), true
  while true do
    local piece, problem = next_piece()
    if not piece then return problem == nil or nil, problem end
    if not self:limit(self.deadline) then
      return nil, late("send", "the portal did not take the request in time")
    end
    local ok, err = self.sock:send(piece)
    -- A handshake that ends at once (a portal next door) reports success whatever the certificate
    -- is, and leaves a closed socket: lua-nginx-module before pull request 2506.
    if not ok and first and err == "closed" and self.wire.tls and not self.reused then
      self.unjudged = true
      return nil, failed("handshake", "the certificate was refused, and nginx lost the reason")
    elseif not ok then
      return nil, failed("send", err)
    end
    first = false
  end
end

-- The reply, or nil and a failure. self.answered: some of it came.
function Exchange:receive()
  local reader = codec.http_reply(self.options.max_reply)
  while self:limit(self.deadline, ngx.get_phase() == "timer" and SLICE) do
    local bytes, err = self.sock:receiveany(READ)
    local reply, failure
    if bytes then
      self.answered = true
      reply, failure = reader:feed(bytes)
    elseif err == "closed" then
      reply, failure = reader:eof()
    elseif err ~= "timeout" then
      failure = failed("receive", err)
      if failure.code == "CONNECTION_LOST" then failure = select(2, reader:lost()) or failure end
    elseif leaving() then
      failure = { kind = "closed", code = "CANCELLED", message = "the nginx worker ends",
        sent = true }
    end
    if reply or failure then return reply, failure end
  end
  return nil, late("receive", self.answered and "the reply was not whole in time"
    or "no reply in time")
end

-- Over the connection that there is. The reply, or nil and a failure.
function Exchange:talk()
  self.unjudged = false
  local ok, failure = self:handshake()
  if ok then ok, failure = self:send() end
  if not ok then return nil, failure end
  return self:receive()
end

-- The connection goes back into its pool, or ends.
function Exchange:finish(reply)
  if not (self.pool and reply and reply.keep_alive
      and self.sock:setkeepalive(IDLE * 1000, POOL)) then
    self.sock:close()
  end
end

-- A kept connection that was closed meanwhile: not a byte came back on it.
function Exchange:was_dead(failure)
  return failure and self.reused and not self.answered and failure.kind == "network"
end

-- All at once: connect, talk, finish. The reply, or nil and a failure. `fresh`: over a new
-- connection only; the others of the pool are as old as the one that was dead, and go.
function Exchange:run(fresh)
  local reply, failure
  self.connect_deadline = math.min(codec.clock() + self.options.connect_timeout, self.deadline)
  for _ = 1, TRIES do
    repeat
      local ok, problem = self:connect()
      if not ok then return nil, problem end
      local stale = fresh and self.reused
      if stale then self.sock:close() end
    until not stale
    reply, failure = self:talk()
    self:finish(reply)
    if not self.unjudged then break end
  end
  if reply then reply.reused = self.reused end
  return reply, failure
end

-- Sending and sleeping ----------------------------------------------------------------------------

local function refused(option, hint)
  local message = ("option '%s' is not supported in nginx"):format(option)
  return { kind = "config", code = "BAD_OPTION", message = message, hint = hint, sent = false }
end

-- What cosockets cannot do, as a failure: an option is never ignored.
local function unsupported(options)
  if options.proxy and options.proxy ~= "" then
    return refused("proxy",
      "Cosockets do not support proxies: omit the option, and let nginx reach the portal directly.")
  elseif options.ca_file or options.ca_path then
    return refused(options.ca_file and "ca_file" or "ca_path",
      "Put the certificates into nginx.conf: lua_ssl_trusted_certificate FILE;")
  elseif options.http_version == "2" then
    return refused("http_version", "Cosockets speak HTTP/1.1: leave the option out.")
  end
end

local told = {}

-- Says once in each worker that the limiter counts for itself, and what to do.
local function warn_unshared(words)
  if not words or told[words] then return end
  told[words] = true
  ngx.log(ngx.WARN, "b24: the workers do not share their limiter: ", words,
    "; name a runtime_dir that the user of nginx's workers can write to")
end

local function send(request, call)
  check_may_wait()
  local options = call:options()
  local failure = unsupported(options)
  if failure then return nil, failure end
  warn_unshared(options.unshared)
  local exchange = setmetatable({
    options = options, request = request, wire = codec.http_request(request),
    deadline = codec.clock() + request.timeout,
  }, Exchange)
  local reply
  reply, failure = exchange:run()
  if request.repeatable and exchange:was_dead(failure) then
    reply, failure = exchange:run(true)
    if failure then failure.sent = true end -- the first time
  end
  return reply, failure
end

local function sleep(seconds)
  check_may_wait()
  return sleep_until(codec.clock() + seconds)
end

resty.core = perform.core { send = send, sleep = sleep }

-- A light thread beside the one that runs now, as tasks are elsewhere (b24.counters_all).
function resty.core.spawn(body)
  local thread = ngx.thread.spawn(body)
  return {
    wait = function()
      local ok, err = ngx.thread.wait(thread)
      if not ok then error(err, 0) end
    end,
    cancel = function() end, -- it is over when it has been waited for
  }
end

return resty
