--- b24 list: all rows of a list, as they arrive.

local codec = require "b24.codec"
local account = require "b24.cli.account"
local exit = require "b24.cli.exit"
local out = require "b24.cli.out"
local params = require "b24.cli.params"
local progress = require "b24.cli.progress"
local row_formats = require "b24.cli.row_formats"
local rows = require "b24.api.list"

local list = { name = "list", summary = "Print all rows of a list.",
  examples = {
    "b24 list crm.deal.list 'filter[>ID]=100' 'select[]=ID'",
    "b24 list user.get 'select[]=ID' 'select[]=NAME' --format csv >users.csv",
  } }

function list.define(command)
  command:argument("method", "Such as crm.deal.list or tasks.task.list."):argname "METHOD"
  params.define(command)
  command:option("--max", "Stop after this many rows."):argname "N":convert(tonumber)
  command:option("--format", ("%s (default: lines of JSON). The columns of csv and tsv are in the "
    .. "order of select[]."):format(row_formats.names())):argname "FORMAT"
  command:flag("-q --quiet", "Do not show progress on the terminal.")
end

-- Page after page.
---@class b24.cli.reading
---@field pages b24.list.pages
---@field cursor userdata
---@field writer b24.cli.writer
---@field progress b24.cli.progress
---@field max number
---@field count integer rows that were printed
local Reading = {}
Reading.__index = Reading

-- Prints what may still be printed of a page. What is wrong with a row, or nil.
function Reading:print(page)
  if self.writer.page then self.writer:page(page) end
  for i = 1, math.min(#page, self.max - self.count) do
    local problem = self.writer:row(page[i])
    if problem then return problem end
    self.count = self.count + 1
  end
  out.flush()
end

-- The end before the end of the list: the exit code.
function Reading:failed(code)
  if self.count > 0 then
    io.stderr:write(("%s printed: not the whole list.\n"):format(self.count == 1 and "1 row was"
      or self.count .. " rows were"))
  end
  return code
end

-- The last line. `left`: rows of the last page that were not printed.
function Reading:finish(left)
  self.writer:finish()
  out.flush()
  local words = left > 0 and "stopped by --max, there are more"
    or self.cursor:more() and "stopped by --max, there may be more" or "the whole list"
  self.progress:finish(self.count, words)
  return exit.OK
end

function Reading:run()
  local left = 0
  while self.count < self.max do
    local before = self.count
    local page, err, info = self.pages:next(self.max - self.count)
    if err then
      self.progress:clear()
      return self:failed(exit.failure(err, info))
    end
    if not page then break end
    local problem = self:print(page)
    if problem then
      self.progress:clear()
      io.stderr:write("b24: ", problem, "\n")
      return self:failed(exit.PORTAL)
    end
    left = #page - (self.count - before)
    if self.cursor:more() then
      self.progress:tell(self.count, info.total or self.cursor.total and self.cursor:total())
    end
  end
  return self:finish(left)
end

function list.run(args)
  local given = params.of(args)
  local format = args.format or "lines"
  local writer, nulls = row_formats.writer(format, given)
  if not writer then
    exit.usage(("list has no --format '%s'; there are: %s"):format(format, row_formats.names()))
  end
  if args.max and (args.max < 1 or args.max % 1 ~= 0) then
    exit.usage "--max must be a whole number of at least 1"
  end
  args.nulls = nulls
  local client, err, info = account.client(args)
  if not client then return exit.failure(err, info) end
  local cursor = codec.cursor(args.method, given, true)
  local reading = setmetatable({ cursor = cursor, writer = writer, count = 0,
    pages = rows.pages(client, cursor, args.method), max = args.max or math.huge,
    progress = progress.new(args.quiet) }, Reading)
  local ok, code = pcall(reading.run, reading)
  if ok then return code end
  reading.progress:clear() -- Ctrl-C, or nobody reads on
  error(code, 0)
end

return list
