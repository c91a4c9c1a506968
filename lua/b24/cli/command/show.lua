--- b24 show: the messages of a dialog, which stay unread.

local account = require "b24.cli.account"
local exit = require "b24.cli.exit"
local json = require "b24.cli.json"
local messages = require "b24.api.messages"
local out = require "b24.cli.out"
local template = require "b24.cli.template"
local text = require "b24.cli.text"

local show = { name = "show", summary = "Show a dialog's messages without marking them as read.",
  examples = {
    "b24 show chat18 --unread",
    "b24 show 547 --limit 5 --template '{author}: {text}'",
  } }

local FIELDS = { "id", "date", "author", "text", "unread" }

function show.define(command)
  command:argument("dialog", "A user's id (547), chat18 or sg3."):argname "DIALOG"
  command:flag("--unread", "Only unread messages.")
  command:option("--limit",
    "At most this many messages, up to 200 (default: 20)."):argname "N":convert(tonumber)
  command:mutex(
    command:flag("--json", "Print one JSON object per line, one for each message."),
    command:option("--template", "Print each as this template, such as '{author}: {text}'; fields: "
      .. table.concat(FIELDS, ", ") .. "."):argname "TEXT")
end

local function fill(format, m)
  return template.fill(format, { id = ("%d"):format(m.id), author = text.line(messages.author(m)),
    date = m.date and os.date("%Y-%m-%d %H:%M", m.date) or "", text = text.line(m.plain),
    unread = m.unread and "unread" or "" })
end

-- On a terminal the day is left out of today's; a pipe gets it always.
local function when(m)
  if not m.date then return "" end
  local day = os.date("%Y-%m-%d ", m.date)
  if out.terminal() and day == os.date "%Y-%m-%d " then day = "" end
  return day .. os.date("%H:%M  ", m.date)
end

-- An unread message has a mark; the lines of a text stand under its beginning.
local function lines_of(m)
  local mark = m.unread and out.style("yellow", "* ") or "  "
  local said = text.lines(m.plain):gsub("\n", "\n      ")
  local author = out.bold(text.line(messages.author(m)))
  return mark .. out.style("dim", when(m)) .. author .. ": " .. said
end

local function people(list)
  local lines, unread = {}, 0
  for _, m in ipairs(list) do
    for line in lines_of(m):gmatch "[^\n]+" do lines[#lines + 1] = line end
    unread = unread + (m.unread and 1 or 0)
  end
  if #list == 0 then lines[1] = "No messages." end
  if unread > 0 and out.terminal() then
    lines[#lines + 1] = out.style("dim", ("* %s; b24 mark-read makes them read"):format(
      text.count(unread, "unread message")))
  end
  out.page(lines)
end

function show.run(args)
  local problem = args.template and template.problem(args.template, FIELDS, "--template")
  if problem then exit.usage(problem) end
  local client, err, info = account.client(args)
  if not client then return exit.failure(err, info) end
  local list, failure, about = client:messages(args.dialog,
    { unread = args.unread or nil, limit = args.limit })
  if not list then return exit.failure(failure, about) end
  if not args.json and not args.template then
    people(list)
    return exit.OK
  end
  for _, m in ipairs(list) do
    out.line(args.json and json.encode(m) or fill(args.template, m))
  end
  return exit.OK
end

return show
