--- b24, b24 counters: how much is unread.

local b24 = require "b24"
local account = require "b24.cli.account"
local exit = require "b24.cli.exit"
local formats = require "b24.cli.formats"
local out = require "b24.cli.out"
local text = require "b24.cli.text"

local counters = { name = "counters", summary = "Show how much is unread (the default command).",
  examples = {
    "b24 counters --json | jq .totals.messages",
    "b24 --format waybar --max-age 30s --stale-ok",
    "b24 --format nagios --warn 10 --crit 50",
  } }

function counters.define(command)
  local mode = command:mutex(
    command:flag("--json", "Print one line of JSON: counters, totals, info."),
    command:option("--format", formats.help()):argname "FORMAT")
  command:option("--warn",
    "For nagios: more messages than this are a warning."):argname "N":convert(tonumber)
  command:option("--crit",
    "For nagios: more messages than this are critical."):argname "N":convert(tonumber)
  command:option("--max-age",
    "Accept a cached answer up to this old."):argname "TIME":convert(text.seconds)
  command:flag("--stale-ok",
    "If the portal does not answer, show an older answer, marked as stale.")
  return mode
end

-- The summary last, where the eye is when a long table has scrolled by.
local function print_table(client)
  local rows = require "b24.cli.rows"
  local inbox, err, info = client:inbox()
  if not inbox then return exit.failure(err, info) end
  local lines = rows.table((rows.select(inbox, {})))
  if #lines > 0 then lines[#lines + 1] = "" end
  local why = b24.why(inbox.counters, inbox)
  for line in (why == "0" and "" or why):gmatch "[^\n]+" do lines[#lines + 1] = line end
  lines[#lines + 1] = out.bold(rows.summary(inbox))
  out.page(lines)
  if inbox.incomplete then
    io.stderr:write("b24: the list is incomplete: ", inbox.incomplete, "\n")
  end
  return exit.OK
end

-- With --max-age, from the cache: the names are not in it.
local function print_short(conf)
  local found, err, info = b24.counters(conf)
  if not found then return exit.failure(err, info) end
  out.line(b24.why(found))
  if info.stale then
    io.stderr:write("b24: this answer is ", text.duration(info.age), " old\n")
  end
  return exit.OK
end

local function print_json(conf)
  local found, err, info = b24.counters(conf)
  if not found then return exit.failure(err, info) end
  local json = require "b24.cli.json"
  out.line(json.encode { counters = found, totals = b24.totals(found), info = info })
  return exit.OK
end

local function print_format(args, conf, err, info)
  local outcome = { err = err, info = info }
  if conf then outcome.counters, outcome.err, outcome.info = b24.counters(conf) end
  local line, code = formats.render(args.format, outcome, args)
  if line then out.write(line) end
  if outcome.counters then return code or exit.OK end
  local failed = exit.failure(outcome.err, outcome.info)
  return code or failed
end

local function check(args)
  local problem = args.format and formats.problem(args.format)
  if problem then exit.usage(problem) end
  local misplaced = (args.warn or args.crit) and formats.limits_problem(args.format)
  if misplaced then exit.usage(misplaced) end
end

function counters.run(args)
  check(args)
  local cached = args.max_age or args.stale_ok
  local make = (args.format or args.json or cached) and account.checked or account.client
  local found, err, info = make(args)
  if args.format then return print_format(args, found, err, info) end
  if not found then return exit.failure(err, info) end
  if args.json then return print_json(found) end
  if cached then return print_short(found) end
  return print_table(found)
end

return counters
