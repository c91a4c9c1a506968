--- b24 waiting: who has been waiting too long. Prints nothing otherwise, for cron.

local account = require "b24.cli.account"
local exit = require "b24.cli.exit"
local json = require "b24.cli.json"
local out = require "b24.cli.out"
local rows = require "b24.cli.rows"
local text = require "b24.cli.text"

local NAME_MAX = 40 -- columns

local waiting = { name = "waiting",
  summary = "List who has been waiting too long; print nothing if nobody is.",
  examples = {
    "b24 waiting --over 1h",
    "b24 waiting --over 15m --lines | b24 send chat24 - --if-input",
  } }

function waiting.define(command)
  command:option("--over", "Only those who have been waiting longer than this."):argname "TIME"
    :convert(text.seconds):default "15m"
  command:flag("--lines", "Only clients in open lines.")
  rows.define(command)
end

-- Those over the time, as rows.select takes them.
local function late(inbox, over)
  local list = {}
  for _, d in ipairs(inbox) do
    if (d.waiting or 0) > over then list[#list + 1] = d end
  end
  return list
end

local function line(d)
  return ("%s: %d unread, %s"):format(text.cut(rows.name(d), NAME_MAX), d.unread, rows.waiting(d))
end

function waiting.run(args)
  rows.check(args)
  local client, err, info = account.client(args)
  if not client then return exit.failure(err, info) end
  local list, problem, about = client:inbox { section = args.lines and "LINES" or nil }
  if not list then return exit.failure(problem, about) end
  for _, d in ipairs((rows.select(late(list, args.over), args))) do
    out.line(args.json and json.encode(d) or args.template and rows.fill(args.template, d)
      or line(d))
  end
  if list.incomplete then
    io.stderr:write("b24: the list is incomplete: ", list.incomplete, "\n")
  end
  return exit.OK
end

return waiting
