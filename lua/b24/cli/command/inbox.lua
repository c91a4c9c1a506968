--- b24 inbox: who waits, with the last message.

local account = require "b24.cli.account"
local exit = require "b24.cli.exit"
local json = require "b24.cli.json"
local out = require "b24.cli.out"
local rows = require "b24.cli.rows"

local inbox = { name = "inbox",
  summary = "List who is waiting: names, waiting times, last messages." }

function inbox.define(command)
  command:flag("--json", "Print one JSON object per line, one for each dialog.")
  command:option("--section", "Only dialogs of this section, such as LINES or CHAT."):argname "NAME"
end

function inbox.run(args)
  local client, err, info = account.client(args)
  if not client then return exit.failure(err, info) end
  local list, problem, about = client:inbox { section = args.section and args.section:upper() }
  if not list then return exit.failure(problem, about) end
  for _, line in ipairs(args.json and list or rows.table(list, true)) do
    out.line(args.json and json.encode(line) or line)
  end
  if list.incomplete then
    io.stderr:write("b24: the list is incomplete: ", list.incomplete, "\n")
  end
  return exit.OK
end

return inbox
