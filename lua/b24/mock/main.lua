-- A Bitrix24 portal to develop and test against:
--   luajit lua/b24/mock/main.lua [--dir DIR] [--addresses N] [--watch-stdin] [--print]
--   [--remove-dir] [--certs DIR]
--   luajit lua/b24/mock/main.lua --make-certs DIR    for many portals that start with the same
-- Listens on loopback only. Ends on SIGTERM, SIGINT, SIGHUP, and with --watch-stdin at the end of
-- its input.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/../../?.lua;" .. package.path

local cjson = require "cjson"
local cqueues = require "cqueues"
local signal = require "cqueues.signal"

local State = require "b24.mock.state"
local certs = require "b24.mock.certs"
local proxy = require "b24.mock.proxy"
local raw = require "b24.mock.raw"
local server = require "b24.mock.server"
local sys = require "b24.mock.sys"

local IDLE_LIMIT = 30 * 60 -- with --watch-stdin: for a parent that hangs
local LOOPBACK = "127.0.0.1"
local SAVED_ADDRESSES = 20 -- those that saved certificates are good for

local TAKES_VALUE = { dir = true, addresses = true, certs = true, ["make-certs"] = true }

local function read_options()
  local options, i = { addresses = 1 }, 1
  while arg[i] do
    local name = arg[i]:match("^%-%-([%w-]+)$")
    if name and TAKES_VALUE[name] then
      i = i + 1
      options[name] = name == "addresses" and tonumber(arg[i]) or name ~= "addresses" and arg[i]
        or error("--" .. name .. " needs a value", 0)
    elseif name == "watch-stdin" or name == "print" or name == "remove-dir" then
      options[name] = true
    else
      error("unknown option " .. arg[i], 0)
    end
    i = i + 1
  end
  return options
end

-- Files -------------------------------------------------------------------------------------------

local made = {} -- everything to remove at the end, in the order of its making

local function prepare_directory(options)
  if not options.dir then
    options.dir = sys.mkdtemp()
    options["remove-dir"] = true
  elseif sys.mkdir(options.dir) then
    options["remove-dir"] = true -- what we made, we remove
  end
  options.dir = sys.realpath(options.dir)
  if options["remove-dir"] then made[#made + 1] = options.dir end
  local ca_dir = options.dir .. "/ca"
  sys.mkdir(ca_dir)
  made[#made + 1] = ca_dir
  return options.dir, ca_dir
end

local function publish(dir, facts)
  local name = dir .. "/portal.json"
  local file = assert(io.open(name .. ".new", "w"))
  file:write(cjson.encode(facts), "\n")
  file:close()
  assert(os.rename(name .. ".new", name)) -- at once, so that nobody reads half of it
  made[#made + 1] = name
end

local function clean_up(options)
  -- spec/support/portal.lua puts it there
  if options["remove-dir"] then os.remove(options.dir .. "/stderr") end
  for i = #made, 1, -1 do os.remove(made[i]) end
end

-- Listening ---------------------------------------------------------------------------------------

-- One port on all addresses, as one machine with many portals.
local function listen_https(queue, portal, context, count)
  for _ = 1, 20 do
    local port, message = server.listen(queue, portal, { name = "https", address = LOOPBACK,
      context = context })
    if not port then error("cannot listen: " .. tostring(message), 0) end
    local free = true
    for n = 2, count do
      free = free and server.listen(queue, portal,
        { name = "https", address = "127.0.0." .. n, port = port, context = context })
    end
    if free then return port end
  end
  error("found no port that is free on all addresses", 0)
end

local function listen(queue, portal, pairs_of, count)
  local function https(name)
    return server.listen(queue, portal,
      { name = name, address = LOOPBACK, context = certs.server_context(pairs_of[name]) })
  end
  return {
    https = listen_https(queue, portal, certs.server_context(pairs_of.https), count),
    http = server.listen(queue, portal, { name = "http", address = LOOPBACK }),
    wrong_name = https "wrong_name",
    expired = https "expired",
    untrusted = https "untrusted",
    raw = raw.listen(queue, portal, LOOPBACK, function(...)
      return server.new_connection(portal, ...)
    end),
    proxy = proxy.listen(queue, portal, LOOPBACK, function(...)
      return server.new_connection(portal, ...)
    end),
  }
end

local function describe(portal, dir, files, count)
  local ports, path = portal.ports, "/rest/1/" .. portal.secret .. "/"
  local addresses = {}
  for n = 1, count do addresses[n] = "127.0.0." .. n end
  return {
    pid = sys.getpid(), dir = dir, ca_file = files.ca_file, ca_dir = files.ca_dir,
    addresses = addresses,
    https_port = ports.https, http_port = ports.http, wrong_name_port = ports.wrong_name,
    expired_port = ports.expired, untrusted_port = ports.untrusted, raw_port = ports.raw,
    proxy_port = ports.proxy,
    secret = portal.secret, token = portal.token, member_id = portal.identity.member_id,
    client_id = portal.identity.client_id, client_secret = portal.identity.client_secret,
    webhook = "https://localhost:" .. ports.https .. path,
    http_webhook = "http://" .. LOOPBACK .. ":" .. ports.http .. path,
  }
end

local function print_help(facts)
  print("webhook   " .. facts.webhook)
  print("CA file   " .. facts.ca_file)
  print("try       curl --cacert " .. facts.ca_file .. " " .. facts.webhook .. "im.counters.get")
  print("          curl http://127.0.0.1:" .. facts.http_port
    .. "/__portal/message -d '{\"dialog_id\":\"5\"}'")
  print("Ctrl-C ends it.")
  io.stdout:flush()
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
  local stdin = { pollfd = 0, events = "r" }
  return function()
    repeat
      if not sys.is_readable(0) then cqueues.poll(stdin) end
    until not sys.drain(0)
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

local function run(options)
  signal.ignore(signal.SIGPIPE)
  local queue, portal, ended = cqueues.new(), State.new(), false
  local function finish() ended = true end
  -- blocked first: a signal during the start must not leave files behind
  queue:wrap(wait_for_signal(finish))
  if options["watch-stdin"] then
    local at_end, when_idle = watch_stdin(portal, finish)
    queue:wrap(at_end)
    queue:wrap(when_idle)
  end

  local dir, ca_dir = prepare_directory(options)
  local saved = options.certs and options.addresses <= SAVED_ADDRESSES
  local pairs_of = saved and certs.load(options.certs) or certs.make(options.addresses)
  for _, name in ipairs(certs.write_authority(pairs_of.authority, dir .. "/ca.pem", ca_dir)) do
    made[#made + 1] = name
  end
  portal.ports = listen(queue, portal, pairs_of, options.addresses)
  local facts = describe(portal, dir, { ca_file = dir .. "/ca.pem", ca_dir = ca_dir },
    options.addresses)
  publish(dir, facts)
  if options.print then print_help(facts) end

  while not ended do
    local ok, message = queue:step()
    if not ok then io.stderr:write("portal: ", tostring(message), "\n") end
  end
end

local function main()
  local options_ok, options = pcall(read_options)
  if not options_ok then
    io.stderr:write("portal: ", tostring(options), "\n")
    os.exit(2)
  end
  if options["make-certs"] then
    return certs.save(certs.make(SAVED_ADDRESSES), options["make-certs"])
  end
  local ok, message = pcall(run, options)
  clean_up(options)
  if not ok then
    io.stderr:write("portal: ", tostring(message), "\n")
    os.exit(1)
  end
  os.exit(0)
end

main()
