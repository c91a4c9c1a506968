--- b24 on the command line: the command and its end. Its options are read by quick.lua or, where
--- that is not enough, by parser.lua.

local loads, problem_of_codec = pcall(require, "b24.codec")
if not loads then require "b24.abi"(problem_of_codec) end

local exit = require "b24.cli.exit"
local out = require "b24.cli.out"
local quick = require "b24.cli.quick"

local main = {}

--- The parser, and the commands by name.
function main.parser()
  local parser, commands = require("b24.cli.parser").new()
  return parser, commands
end

-- What was mistyped may be a webhook.
local function masked(message)
  return (message:gsub("(/rest/[^/]*/)[^/%s']+", "%1***"))
end

local function wants_json(argv)
  for _, word in ipairs(argv) do
    if word == "--json" then return true end
  end
  return false
end

local function chosen(argv)
  local args = quick.parse(argv)
  if args then return require "b24.cli.command.counters", args end
  local parser, commands = main.parser()
  function parser.error(_, message) exit.usage(masked(message)) end
  args = parser:parse(argv)
  return commands[args.command or "counters"], args, parser
end

local function perform(argv)
  local completion = argv[1] == "completion" and require "b24.cli.command.completion"
  local words = completion and completion.asked(argv)
  if words then
    local code = completion.answer(words, (main.parser()))
    out.flush()
    return code
  end
  local command, args, parser = chosen(argv)
  exit.profile, out.color = args.profile, args.color or "auto"
  local code = command.run(args, parser)
  out.flush()
  return code
end

-- Errors that end a command early: tables of our own, or what the library throws for wrong
-- arguments.
local function explain(problem, argv)
  if type(problem) == "string" and problem:find "interrupted!" then return exit.INTERRUPTED end
  local usage = type(problem) == "table" and problem.usage or
    type(problem) == "string" and problem:match "^[^\n]-(b24: [^\n]*)"
  if usage then
    return exit.misuse(usage, require("b24.cli.parser").named(argv))
  elseif type(problem) ~= "table" then
    io.stderr:write(masked(tostring(problem)), "\n")
    return exit.PORTAL
  elseif problem.output then
    io.stderr:write("b24: standard output cannot be written: ", problem.output, "\n")
    return exit.USAGE
  end
  return exit.OK -- done, or nobody reads on
end

-- Of an unknown error, where it came from.
local function handler(problem)
  if type(problem) ~= "string" or problem:find "b24: " or problem:find "interrupted!" then
    return problem
  end
  return debug.traceback(problem, 2)
end

---@param argv string[]
---@return integer exit code
function main.run(argv)
  require("b24.codec").system.fill_standard()
  exit.as_json = wants_json(argv)
  local ok, result = xpcall(function() return perform(argv) end, handler)
  if not ok then
    result = explain(result, argv)
    if result == exit.OK then
      local flushed, problem = pcall(out.flush)
      if not flushed then result = explain(problem, argv) end
    end
  end
  return result
end

return main
