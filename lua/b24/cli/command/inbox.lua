--- b24 inbox: who waits, with the last message.

local account = require "b24.cli.account"
local exit = require "b24.cli.exit"
local json = require "b24.cli.json"
local out = require "b24.cli.out"
local rows = require "b24.cli.rows"
local text = require "b24.cli.text"

local inbox = { name = "inbox",
  summary = "List who is waiting: names, waiting times, last messages.",
  examples = {
    "b24 inbox --sort waiting --limit 5",
    "b24 inbox --section LINES",
    "b24 inbox --template '{name}: {last_message}'",
    "b24 inbox --json | jq -r .name",
  } }

function inbox.define(command)
  rows.define(command)
  command:option("--section", "Only dialogs of this section, such as LINES or CHAT."):argname "NAME"
  command:flag("--muted", "Muted dialogs, too.")
end

-- What is not in the table, and how to see it.
local function left_out(muted, more)
  local words = {}
  if more > 0 then words[#words + 1] = ("%d more (--limit)"):format(more) end
  if muted > 0 then words[#words + 1] = ("%d muted (--muted)"):format(muted) end
  return #words > 0 and out.style("dim", "Not shown: " .. table.concat(words, ", ") .. ".") or nil
end

local function people(list, found, muted, more)
  local lines = rows.table(list, true)
  if #lines > 0 then lines[#lines + 1] = "" end
  lines[#lines + 1] = left_out(muted, more)
  lines[#lines + 1] = out.bold(rows.summary(found))
  out.page(lines)
end

function inbox.run(args)
  rows.check(args)
  local client, err, info = account.client(args)
  if not client then return exit.failure(err, info) end
  local found, problem, about = client:inbox { section = args.section and args.section:upper() }
  if not found then return exit.failure(problem, about) end
  if args.json then args.muted = true end -- each has `muted`
  local list, muted, more = rows.select(found, args)
  if args.json then
    for _, d in ipairs(list) do out.line(json.encode(d)) end
  elseif args.template then
    for _, d in ipairs(list) do out.line(rows.fill(args.template, d)) end
  else
    people(list, found, muted, more)
  end
  if found.incomplete then
    io.stderr:write("b24: the list is incomplete: ", text.line(found.incomplete), "\n")
  end
  return exit.OK
end

return inbox
