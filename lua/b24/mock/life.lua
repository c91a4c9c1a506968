-- A portal's life: its folder, its listeners, its end, and what it tells of itself.

local cqueues = require "cqueues"
local cqueues_socket = require "cqueues.socket"
local signal = require "cqueues.signal"

local State = require "b24.mock.state"
local certs = require "b24.mock.certs"
local json = require "b24.mock.json"
local proxy = require "b24.mock.proxy"
local raw = require "b24.mock.raw"
local server = require "b24.mock.server"
local snapshot = require "b24.mock.snapshot"
local sys = require "b24.mock.sys"

local life = {}

local IDLE_LIMIT = 30 * 60 -- with watch_stdin: for a parent that hangs
local LOOPBACK = "127.0.0.1"
local SAVE_EVERY = 1 -- seconds

life.SAVED_ADDRESSES = 20 -- those that saved certificates are good for

---@class b24.mock.options
---@field dir? string for portal.json and the authority; default: a new one, removed at the end
---@field remove_dir? boolean
---@field addresses? integer https listens on 127.0.0.1 to 127.0.0.N
---@field certs? string a folder with certificates from certs.save
---@field watch_stdin? boolean ends at the end of its input
---@field port? integer plain http here, and https one above; default: any
---@field state? string a file that keeps the portal's state
---@field limiter? boolean the limits of a real portal: 2 requests a second, 50 at once
---@field token_life? number seconds of an access token

-- Files -------------------------------------------------------------------------------------------

local made = {} -- everything to remove at the end, in the order of its making

-- Beside a file with the state: so the CA file is the same in each run.
local function keep_certificates(options)
  local dir = options.state .. ".certs"
  sys.mkdir(dir)
  options.certs = sys.realpath(dir)
  local file = io.open(options.certs .. "/authority.pem", "r")
  if file then return file:close() end
  certs.save(certs.make(life.SAVED_ADDRESSES), options.certs)
end

local function prepare_directory(options)
  if options.state and not options.certs then keep_certificates(options) end
  if not options.dir then
    options.dir = sys.mkdtemp()
    options.remove_dir = true
  elseif sys.mkdir(options.dir) then
    options.remove_dir = true -- what we made, we remove
  end
  options.dir = sys.realpath(options.dir)
  if options.remove_dir then made[#made + 1] = options.dir end
  local ca_dir = options.dir .. "/ca"
  sys.mkdir(ca_dir)
  made[#made + 1] = ca_dir
  return options.dir, ca_dir
end

local function publish(dir, facts)
  local name = dir .. "/portal.json"
  local file = assert(io.open(name .. ".new", "w"))
  file:write(json.encode(facts), "\n")
  file:close()
  assert(os.rename(name .. ".new", name)) -- at once, so that nobody reads half of it
  made[#made + 1] = name
end

local function clean_up(options)
  if options.remove_dir then os.remove(options.dir .. "/stderr") end -- spec/support/portal.lua's
  for i = #made, 1, -1 do os.remove(made[i]) end
end

-- Listening ---------------------------------------------------------------------------------------

local function cannot(port, message)
  error(("cannot listen%s: %s"):format(port and " on port " .. port or "", tostring(message)), 0)
end

-- One port on all addresses, as one machine with many portals.
local function listen_https(queue, portal, context, options)
  local wanted = options.port and options.port + 1
  for _ = 1, 20 do
    local port, message = server.listen(queue, portal,
      { name = "https", address = LOOPBACK, port = wanted, context = context })
    if not port then cannot(wanted, message) end
    local free = true
    for n = 2, options.addresses do
      free = free and server.listen(queue, portal,
        { name = "https", address = "127.0.0." .. n, port = port, context = context })
    end
    if free then return port end
  end
  error("found no port that is free on all addresses", 0)
end

local function listen_http(queue, portal, options)
  local port, message = server.listen(queue, portal,
    { name = "http", address = LOOPBACK, port = options.port })
  return port or cannot(options.port, message)
end

local function listen(queue, portal, pairs_of, options)
  local function https(name)
    return server.listen(queue, portal,
      { name = name, address = LOOPBACK, context = certs.server_context(pairs_of[name]) })
  end
  local function new_connection(...) return server.new_connection(portal, ...) end
  local http = listen_http(queue, portal, options)
  return {
    http = http,
    https = listen_https(queue, portal, certs.server_context(pairs_of.https), options),
    wrong_name = https "wrong_name",
    expired = https "expired",
    untrusted = https "untrusted",
    raw = raw.listen(queue, portal, LOOPBACK, new_connection),
    proxy = proxy.listen(queue, portal, LOOPBACK, new_connection),
  }
end

local function describe(portal, dir, ca_file, count)
  local ports, path = portal.ports, "/rest/1/" .. portal.secret .. "/"
  local addresses = {}
  for n = 1, count do addresses[n] = "127.0.0." .. n end
  return {
    pid = sys.getpid(), dir = dir, ca_file = ca_file, ca_dir = dir .. "/ca",
    addresses = addresses, https_port = ports.https, http_port = ports.http,
    wrong_name_port = ports.wrong_name, expired_port = ports.expired,
    untrusted_port = ports.untrusted, raw_port = ports.raw, proxy_port = ports.proxy,
    secret = portal.secret, token = portal.token, member_id = portal.identity.member_id,
    client_id = portal.identity.client_id, client_secret = portal.identity.client_secret,
    webhook = "https://localhost:" .. ports.https .. path,
    http_webhook = "http://" .. LOOPBACK .. ":" .. ports.http .. path,
  }
end

-- Life --------------------------------------------------------------------------------------------

local function wait_for_signal(finish)
  signal.block(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
  local listener = signal.listen(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
  return function()
    listener:wait()
    finish()
  end
end

local function watch_stdin(portal, finish)
  local input = cqueues_socket.fdopen(0)
  input:setmode("b", "bn")
  input:onerror(function(_, _, code) return code end)
  return function()
    while input:xread(-4096, "b") do end
    finish()
  end, function()
    local seen, since = portal.log_length, cqueues.monotime()
    while cqueues.monotime() - since < IDLE_LIMIT do
      cqueues.sleep(30)
      if portal.log_length ~= seen then seen, since = portal.log_length, cqueues.monotime() end
    end
    finish()
  end
end

local function keep_saving(portal, file)
  return function()
    local saved = portal.changes
    while true do
      cqueues.sleep(SAVE_EVERY)
      if portal.changes ~= saved then
        saved = portal.changes
        snapshot.save(portal, file)
      end
    end
  end
end

local function start(queue, portal, options)
  local dir, ca_dir = prepare_directory(options)
  local saved = options.certs and options.addresses <= life.SAVED_ADDRESSES
  local pairs_of = saved and certs.load(options.certs) or certs.make(options.addresses)
  local ca_file = options.state and options.certs .. "/ca.pem" or dir .. "/ca.pem"
  local written = certs.write_authority(pairs_of.authority, ca_file, ca_dir)
  for _, name in ipairs(written) do
    if name ~= ca_file or not options.state then made[#made + 1] = name end
  end
  portal.ports = listen(queue, portal, pairs_of, options)
  local facts = describe(portal, dir, ca_file, options.addresses)
  publish(dir, facts)
  return facts
end

local function live(options, ready)
  signal.ignore(signal.SIGPIPE)
  local queue, portal, ended = cqueues.new(), State.new(options), false
  local function finish() ended = true end
  -- Blocked first: a signal during the start must not leave files behind.
  queue:wrap(wait_for_signal(finish))
  if options.state then
    snapshot.load(portal, options.state)
    queue:wrap(keep_saving(portal, options.state))
  end
  if options.watch_stdin then
    local at_end, when_idle = watch_stdin(portal, finish)
    queue:wrap(at_end)
    queue:wrap(when_idle)
  end
  ready(start(queue, portal, options))
  while not ended do
    local ok, message = queue:step()
    if not ok then io.stderr:write("portal: ", tostring(message), "\n") end
  end
  if options.state then snapshot.save(portal, options.state) end
end

--- Runs a portal until a signal, or the end of its input. Throws what keeps it from starting.
---@param options b24.mock.options
---@param ready fun(facts: table) called when it listens
function life.run(options, ready)
  options.addresses = options.addresses or 1
  local ok, message = pcall(live, options, ready)
  clean_up(options)
  if not ok then error(message, 0) end
end

return life
