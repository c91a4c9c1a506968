--- b24 show: the messages of a dialog, which stay unread.

local account = require "b24.cli.account"
local exit = require "b24.cli.exit"
local json = require "b24.cli.json"
local messages = require "b24.api.messages"
local out = require "b24.cli.out"
local text = require "b24.cli.text"

local show = { name = "show", summary = "Show a dialog's messages without marking them as read." }

function show.define(command)
  command:argument("dialog", "A user's id (547), chat18 or sg3."):argname "DIALOG"
  command:flag("--unread", "Only unread messages.")
  command:option("--limit",
    "At most this many messages, up to 200 (default: 20)."):argname "N":convert(tonumber)
  command:flag("--json", "Print one JSON object per line, one for each message.")
end

local function line(m)
  local when = m.date and os.date("%Y-%m-%d %H:%M", m.date) .. "  " or ""
  local author = out.bold(text.line(messages.author(m)))
  return when .. author .. ": " .. text.lines(m.plain):gsub("\n", "\n    ")
end

function show.run(args)
  local client, err, info = account.client(args)
  if not client then return exit.failure(err, info) end
  local list, problem, about = client:messages(args.dialog,
    { unread = args.unread or nil, limit = args.limit })
  if not list then return exit.failure(problem, about) end
  for _, m in ipairs(list) do out.line(args.json and json.encode(m) or line(m)) end
  return exit.OK
end

return show
