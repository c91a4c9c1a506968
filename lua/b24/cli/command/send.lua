--- b24 send: a message from the command line, also from a pipe.

local account = require "b24.cli.account"
local codec = require "b24.codec"
local exit = require "b24.cli.exit"
local json = require "b24.cli.json"
local out = require "b24.cli.out"
local upload = require "b24.cli.upload"

local send = { name = "send", summary = "Send a message or files to a person or chat.",
  examples = {
    "b24 send chat18 'On my way!'",
    "backup.sh 2>&1 | b24 send chat42 -",
    "b24 send chat18 'The report' --file report.pdf",
  } }

function send.define(command)
  command:argument("dialog", "A user's id (547), chat18 or sg3."):argname "DIALOG"
  command:argument("text", "The message; - reads it from standard input. May be left out with "
    .. "--file."):args "?":argname "TEXT"
  command:option("--file", "Send this file, with the message if that is short; may be given again.")
    :count "*":argname "FILE":target "files"
  command:flag("--bb", "Interpret BB codes such as [B]; otherwise the text is shown as typed.")
  command:flag("--if-input", "With -: if the input is empty, send nothing and succeed.")
  command:flag("--once",
    "Refuse a text that is too long for one message; otherwise it is sent in parts.")
  command:flag("--json",
    "Print the id of the message as JSON: {\"id\":…}; \"ids\" if there are several.")
end

-- The text to send, nil: none; and whether there is nothing to send.
local function message(args)
  if not args.text and #args.files == 0 then
    exit.usage "give the message, or a file with --file"
  end
  if args.text ~= "-" then return args.text end
  local input = io.stdin:read "*a" or ""
  if select(2, codec.parts(input, true)) > 0 then return input end
  if args.if_input then return nil, true end
  exit.usage "standard input is empty; with --if-input that is not an error"
end

-- With these nobody knows whether the portal has taken what was sent.
local UNSURE = { network = true, timeout = true, http = true, too_large = true, decode = true }

local function failed(problem, info)
  local code = exit.failure(problem, info)
  if info.sent and UNSURE[info.kind] and info.code ~= "BAD_RESULT" then -- whose hint says the same
    io.stderr:write "The message may have arrived anyway; check before you send it again.\n"
  end
  return code
end

-- The options for client:send.
local function options(args)
  local files = {}
  for i, path in ipairs(args.files) do
    if path == "" then exit.usage "--file needs the path of a file" end
    files[i] = codec.file(path)
  end
  upload.announce(args, files)
  return { bb = args.bb or nil, once = args.once or nil, files = files }
end

function send.run(args)
  local text, nothing = message(args)
  if nothing then return exit.OK end
  local opts = options(args)
  local client, err, info = account.client(args)
  if not client then return exit.failure(err, info) end
  local id, problem, about = client:send(args.dialog, text, opts)
  if not id then return failed(problem, about) end
  if args.json then
    out.line(json.encode { id = id, ids = #about.ids > 1 and about.ids or nil })
  elseif out.terminal() then
    local n = #about.ids
    out.line(n == 1 and "sent as message " .. id or ("sent in %d parts"):format(n))
  end
  return exit.OK
end

return send
