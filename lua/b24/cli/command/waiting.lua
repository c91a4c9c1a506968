--- b24 waiting: who has been waiting too long. Prints nothing otherwise, for cron.

local account = require "b24.cli.account"
local exit = require "b24.cli.exit"
local json = require "b24.cli.json"
local out = require "b24.cli.out"
local rows = require "b24.cli.rows"
local text = require "b24.cli.text"

local waiting = { name = "waiting",
  summary = "List who has been waiting too long; print nothing if nobody is." }

function waiting.define(command)
  command:option("--over", "Only those who have been waiting longer than this."):argname "TIME"
    :convert(text.seconds):default "15m"
  command:flag("--lines", "Only clients in open lines.")
  command:flag("--json", "Print one JSON object per line, one for each dialog.")
end

function waiting.run(args)
  local client, err, info = account.client(args)
  if not client then return exit.failure(err, info) end
  local list, problem, about = client:inbox { section = args.lines and "LINES" or nil }
  if not list then return exit.failure(problem, about) end
  for _, d in ipairs(list) do
    if not d.muted and (d.waiting or 0) > args.over then
      out.line(args.json and json.encode(d) or ("%s: %d unread, %s"):format(rows.name(d), d.unread,
        rows.waiting(d)))
    end
  end
  if list.incomplete then
    io.stderr:write("b24: the list is incomplete: ", list.incomplete, "\n")
  end
  return exit.OK
end

return waiting
