--- b24 send: a message from the command line, also from a pipe.

local account = require "b24.cli.account"
local exit = require "b24.cli.exit"
local json = require "b24.cli.json"
local out = require "b24.cli.out"

local send = { name = "send", summary = "Send a message to a person or chat." }

function send.define(command)
  command:argument("dialog", "A user's id (547), chat18 or sg3."):argname "DIALOG"
  command:argument("text", "The message; - reads it from standard input."):argname "TEXT"
  command:flag("--bb", "Interpret BB codes such as [B]; otherwise the text is shown as typed.")
  command:flag("--if-input", "With -: if the input is empty, send nothing and succeed.")
  command:flag("--json", "Print the id of the message as JSON: {\"id\":…}.")
end

-- What to send; nil: nothing.
local function message(args)
  if args.text ~= "-" then return args.text end
  local input = (io.stdin:read "*a" or ""):gsub("[\r\n]+$", "")
  if input:find "%S" then return input end
  if args.if_input then return nil end
  exit.usage "standard input is empty; with --if-input that is not an error"
end

function send.run(args)
  local text = message(args)
  if not text then return exit.OK end
  local client, err, info = account.client(args)
  if not client then return exit.failure(err, info) end
  local id, problem, about = client:send(args.dialog, text, { bb = args.bb or nil })
  if not id then
    local code = exit.failure(problem, about)
    if about.sent and (about.kind == "network" or about.kind == "timeout") then
      io.stderr:write "The message may have arrived anyway; check before you send it again.\n"
    end
    return code
  end
  if args.json then
    out.line(json.encode { id = id })
  elseif out.terminal() then
    out.line("sent as message " .. id)
  end
  return exit.OK
end

return send
