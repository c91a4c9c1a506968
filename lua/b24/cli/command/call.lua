--- b24 call: any REST method.

local codec = require "b24.codec"
local account = require "b24.cli.account"
local exit = require "b24.cli.exit"
local json = require "b24.cli.json"
local out = require "b24.cli.out"
local params = require "b24.cli.params"
local upload = require "b24.cli.upload"

local call = { name = "call", summary = "Call any REST method and print its result as JSON.",
  examples = {
    "b24 call user.current",
    "b24 call crm.deal.get id=5 | jq .TITLE",
    "b24 call im.recent.list 'SKIP_OPENLINES=Y' LIMIT:=20",
  } }

function call.define(command)
  command:argument("method", "Such as user.current or crm.deal.get."):argname "METHOD"
  params.define(command, true)
  command:flag("--idempotent",
    "The call may safely run twice: repeat it even if it may already have run.")
end

-- A page of a list is not the list, which nobody sees in it.
local function tell_more(method, result, info)
  if not info.next or not codec.system.terminal(2) then return end
  local shown = type(result) == "table" and #result > 0 and #result or info.next
  io.stderr:write(("b24: %d rows%s; all of them: b24 list %s\n"):format(shown,
    info.total and (" of %d"):format(info.total) or ", and there are more", method))
end

function call.run(args)
  local given, files = params.of(args)
  upload.announce(args, files)
  local client, err, info = account.client(args)
  if not client then return exit.failure(err, info) end
  local result, problem, about = client:call(args.method, given,
    args.idempotent and { idempotent = true } or nil)
  if problem then return exit.failure(problem, about) end
  if out.terminal() then out.page(json.lines(result)) else out.line(json.encode(result)) end
  tell_more(args.method, result, about)
  return exit.OK
end

return call
