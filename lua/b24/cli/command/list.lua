--- b24 list: all rows of a list as JSON lines, as they arrive.

local codec = require "b24.codec"
local account = require "b24.cli.account"
local exit = require "b24.cli.exit"
local json = require "b24.cli.json"
local out = require "b24.cli.out"
local params = require "b24.cli.params"
local rows = require "b24.api.list"

local list = { name = "list", summary = "Print all rows of a list as JSON lines." }

function list.define(command)
  command:argument("method", "Such as crm.deal.list or tasks.task.list."):argname "METHOD"
  params.define(command)
  command:option("--max", "Stop after this many rows."):argname "N":convert(tonumber)
end

-- On a terminal that does not show the rows themselves.
local function new_progress()
  local begun = codec.clock()
  local shown = codec.system.terminal(2) and not out.terminal()
  local function tell(count, finish)
    if not shown then return end
    local rate = count / math.max(codec.clock() - begun, 0.001)
    io.stderr:write(("\r%d rows, %.0f a second\27[K%s"):format(count, rate, finish and "\n" or ""))
  end
  return tell
end

-- Prints at most `max` rows of a page; how many.
local function print_page(page, max)
  local n = math.min(#page, max)
  for i = 1, n do out.line(json.encode(page[i])) end
  out.flush()
  return n
end

-- Page after page: the exit code.
local function print_all(client, method, given, max)
  local pages = rows.pages(client, codec.cursor(method, given, true), method)
  local count, progress = 0, new_progress()
  while count < max do
    local page, err, info = pages:next(max - count)
    if err then return exit.failure(err, info) end
    if not page then break end
    count = count + print_page(page, max - count)
    progress(count)
  end
  progress(count, true)
  return exit.OK
end

function list.run(args)
  local given = params.of(args)
  local client, err, info = account.client(args)
  if not client then return exit.failure(err, info) end
  if args.max and (args.max < 1 or args.max % 1 ~= 0) then
    exit.usage "--max must be a whole number of at least 1"
  end
  return print_all(client, args.method, given, args.max or math.huge)
end

return list
