--- b24 doctor: which steps of the way to the portal work, and how to fix one that does not.

local codec = require "b24.codec"
local account = require "b24.cli.account"
local b24 = require "b24"
local diagnosis = require "b24.cli.diagnosis"
local exit = require "b24.cli.exit"
local out = require "b24.cli.out"
local shape = require "b24.cli.shape"
local text = require "b24.cli.text"

local doctor = { name = "doctor",
  summary = "Check everything between this machine and the portal.",
  examples = {
    "b24 doctor",
    "b24 doctor --shape >shape.json",
  } }

local SKEW = 60 -- seconds; more spoils waiting times and, in the end, certificates

function doctor.define(command)
  command:flag("--shape",
    "Print the structure of the portal's counters without their content, for a bug report.")
end

-- A report: lines, and the exit code of the first that is bad.
local function new_report()
  local report = { code = exit.OK }
  local function line(mark, name, words)
    out.line(("%-5s %-10s %s"):format(mark, name, (text.line(words))))
  end
  function report.ok(name, words) line("ok", name, words) end
  function report.unknown(name, words) line("-", name, words) end
  function report.bad(name, words, advice, code)
    line(out.bold "BAD", name, words)
    if advice then out.line((" "):rep(17) .. text.line(advice)) end
    if report.code == exit.OK then report.code = code end
  end
  return report
end

local function versions(report)
  local loads, core = pcall(require, "b24.core")
  local facts = loads and core.versions() or {}
  report.ok("versions", ("b24 %s, %s%s"):format(codec._VERSION,
    rawget(_G, "jit") and rawget(_G, "jit").version or _VERSION,
    loads and (", libcurl %s, %s"):format(facts.libcurl, facts.tls or "without TLS") or ""))
  if loads then return true end
  report.bad("libcurl", "b24.core does not load: " .. tostring(core):match "^[^\n]*",
    "Install libcurl (Debian: libcurl4) and b24 again.", exit.USAGE)
end

-- The certificates that the environment names. Whoever has put them there wants to know that they
-- count.
local function trust(report, args)
  local facts = require("b24.core").versions()
  local by, place = facts.trust_by, facts.trust
  if not args.ca_file and by ~= "B24_CA_FILE" and (os.getenv "B24_WEBHOOK" or "") == "" then
    local kept, problem = account.ca_file({ profile = args.profile }, "")
    if problem then return report.bad("trust", problem, nil, exit.USAGE) end
    if kept then by, place = "of login --ca-file", kept end
  end
  if not by then return end
  local words = ("%s: %s"):format(by, place)
  if args.ca_file then
    return report.unknown("trust", words .. " is not used; --ca-file takes precedence")
  end
  local file, problem = io.open(place, "r")
  if not file then
    return report.bad("trust", ("%s: %s"):format(by, problem), "Correct or unset the variable.",
      exit.USAGE)
  end
  file:close()
  report.ok("trust", words)
end

-- The conf, with what its calls tell; nil when there is none.
local function credential(report, args)
  local conf, place, info = account.conf(args, true)
  local client, err, about
  if conf then
    conf.retries = 0
    conf.timeout = conf.timeout or 10
    conf.log = function(event)
      if event.event == "degraded" then report.degraded = event.message end
      if event.event == "moved" then report.moved = event.message end
    end
    client, err, about = b24.client(conf)
    if client then
      report.found, report.store = place, conf.oauth and place
      return client, tostring(client):match "%((.*)%)"
    end
    local row = about.code == "BAD_OPTION" and "options" or "credential"
    report.bad(row, err .. " (in " .. place .. ")", exit.hint(about) or "Run: b24 login",
      exit.code(about))
  else
    report.bad("credential", place, exit.hint(info), exit.code(info))
  end
end

-- The first call, which needs no scope.
local function reach(report, client, way)
  local result, err, info = client:call "server.time"
  local found = diagnosis.of(err and info or nil, way)
  for _, layer in ipairs(found.good) do
    report.ok(layer[1], layer[1] == "proxy" and way.name .. " reaches the portal" or layer[2])
  end
  local which = found.bad == "proxy" and way.name
  if found.bad then
    report.bad(found.bad, which and ("%s: %s"):format(which, err) or err, exit.hint(info),
      exit.code(info))
  end
  if err and not found.judged then
    report.unknown("credential", "not checked yet; it is in " .. report.found)
  end
  return not err and result, info
end

-- A renamed portal was followed; whoever starts anew does not know of it.
local function address(report)
  if report.moved then
    report.unknown("address", "the portal has moved to " .. report.moved
      .. ": change the webhook to that address")
  end
end

local function clock(report, result, info)
  local time = info.time and info.time.finish or codec.date(result)
  if not time then return report.unknown("clock", "the portal sent no time") end
  local skew = os.time() - time
  if math.abs(skew) <= SKEW then
    report.ok("clock", ("within %d s of the portal's"):format(math.ceil(math.abs(skew))))
  else
    report.bad("clock", ("this machine's clock is %s %s"):format(text.duration(math.abs(skew)),
      skew > 0 and "ahead" or "behind"),
        "Switch on time synchronisation (timedatectl set-ntp true).", exit.USAGE)
  end
end

-- Whose counters these are.
local function owner(report, client)
  local me, err = client:call "profile"
  if type(me) ~= "table" then return report.unknown("owner", err or "the portal does not tell") end
  local name = ("%s %s"):format(me.NAME or "", me.LAST_NAME or ""):match "^%s*(.-)%s*$"
  local user = "user " .. tostring(me.ID or "?")
  report.ok("owner", name == "" and user or ("%s (%s)"):format(name, user))
end

-- For how long, and for what.
local function tokens(report)
  if not report.store then return end
  local known, err = codec.system.app(report.store)
  if not known then return report.unknown("tokens", err) end
  local left = known.expires and known.expires - os.time()
  report.ok("tokens", ("the access token %s; for: %s"):format(
    left and left > 0 and "is good for " .. text.duration(left)
      or "has expired, the next call renews it",
    known.scope and known.scope ~= "" and known.scope:gsub(",", ", ") or "unknown scopes"))
end

local function scope(report, client)
  local list, err = client:call "scope"
  if type(list) ~= "table" then return report.unknown("scope", err or "the portal sent no list") end
  local names = {}
  for _, name in ipairs(list) do names[#names + 1] = tostring(name) end
  table.sort(names)
  local all = table.concat(names, ", ")
  if (", " .. all .. ","):find(", im,", 1, true) then return report.ok("scope", all) end
  report.bad("scope", "im is missing (there is: " .. (all == "" and "none" or all) .. ")",
    ("In the %s settings tick 'Chat and Notifications (im)'."):format(report.store
      and "application's" or "webhook's"), exit.code { kind = "denied" })
end

-- Not every portal reports its plan; that REST answers at all shows that the plan includes it.
local function plan(report, client)
  local app = client:call "app.info"
  local name = type(app) == "table" and type(app.LICENSE) == "string" and app.LICENSE
  report.ok("plan", "has REST" .. (name and ": " .. name
    or "; the portal does not report its name"))
end

local function counters(report, client)
  local found, err, info = client:counters()
  if not found then return report.bad("counters", err, exit.hint(info), exit.code(info)) end
  report.ok("counters", b24.why(found):match "^[^\n]*")
  local operating = info.time and tonumber(info.time.operating)
  report.ok("limits",
    operating and ("%.1f s of 480 s of computing time in ten minutes"):format(operating)
    or "not reached; this portal does not report computing time")
end

-- Nobody needs it: what is missing is no fault.
local function live(report, client)
  local state = require("b24.api.live").probe(client.conf, require "b24.core")
  if state.live then
    return report.ok("live", "possible (b24 watch --live), over " .. state.host
      .. "; while it runs, Bitrix24 counts you as online")
  end
  local hint = state.hint and ". " .. state.hint or ""
  report.unknown("live", "no: " .. state.message .. hint)
end

local function limiter(report)
  if report.degraded then
    return report.bad("limiter", report.degraded,
      "Name a folder of your own in B24_RUNTIME_DIR, mode 0700.", exit.USAGE)
  end
  report.ok("limiter", "shared by all processes of this user")
end

local function examine(report, args)
  if not versions(report) then return end
  trust(report, args)
  local client, portal = credential(report, args)
  if not client then return end
  report.ok("host", portal)
  local result, info = reach(report, client, diagnosis.way(portal, args.proxy))
  address(report)
  if not result then return end
  report.ok("credential", "accepted; it is in " .. report.found)
  owner(report, client)
  tokens(report)
  clock(report, result, info)
  scope(report, client)
  plan(report, client)
  counters(report, client)
  live(report, client)
  limiter(report)
end

function doctor.run(args)
  if args.shape then return shape.run(args) end
  local report = new_report()
  examine(report, args)
  return report.code
end

return doctor
