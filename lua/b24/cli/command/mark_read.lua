--- b24 mark-read: clear a dialog, the notifications, or everything.

local account = require "b24.cli.account"
local exit = require "b24.cli.exit"

local mark_read = { name = "mark-read", summary = "Mark a dialog as read.",
  examples = {
    "b24 mark-read chat18",
    "b24 mark-read notify",
    "b24 mark-read all",
  } }

function mark_read.define(command)
  command:argument("dialog",
    "A user's id (547), chat18 or sg3; notify: the notifications; all: everything.")
    :argname "DIALOG"
end

function mark_read.run(args)
  local client, err, info = account.client(args)
  if not client then return exit.failure(err, info) end
  local done, problem, about = client:mark_read(args.dialog)
  if not done then return exit.failure(problem, about) end
  return exit.OK
end

return mark_read
