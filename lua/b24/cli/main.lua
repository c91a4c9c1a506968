--- b24 on the command line: options, the command, its end.

local loads, problem_of_codec = pcall(require, "b24.codec")
if not loads then require "b24.abi"(problem_of_codec) end

local exit = require "b24.cli.exit"
local out = require "b24.cli.out"
local quick = require "b24.cli.quick"

local main = {}

-- In the order of the help. Each file has name, summary, examples, define(command) and
-- run(args) -> exit code.
local COMMANDS = { "counters", "inbox", "waiting", "watch", "show", "send", "mark_read", "call",
  "list", "login", "logout", "status", "doctor", "portal", "completion" }

local EPILOG = [[
Without a command, b24 shows who is waiting. To get started: b24 login
The webhook comes from $B24_WEBHOOK, else from the file ~/.config/b24/webhook,
else from the command in ~/.config/b24/webhook_cmd (--profile NAME:
webhook.NAME, webhook_cmd.NAME); else b24 uses the tokens of login --app, in
~/.config/b24/app (app.NAME).
Exit codes: 0 success, even if nothing is unread; 1 portal; 2 usage or
configuration; 3 credential or rights; 4 the portal's limits; 5 network, TLS
or timeout. Formats for bars always exit with 0.

Examples:
  b24 --format '{messages} new'
  b24 watch --live
  b24 COMMAND --help]]

local WIDTH = 80 -- columns of the help

-- Debian 11 and Ubuntu 20.04 have 0.6, which has neither choices nor completion.
local function load_argparse()
  local found, argparse = pcall(require, "argparse")
  if not found then
    exit.usage("the command line needs argparse for Lua: apt install lua-argparse, or luarocks "
      .. "install argparse")
  end
  local version = type(argparse) == "table" and argparse.version or "an older one"
  local major, minor = version:match "^(%d+)%.(%d+)"
  if not major or tonumber(major) == 0 and tonumber(minor) < 7 then
    exit.usage("the command line needs argparse 0.7 or later; " .. version
      .. " is installed. luarocks install argparse gets a new one")
  end
  return argparse
end

local function seconds(s)
  local number, problem = require("b24.cli.text").seconds(s)
  return number, problem
end

local COLORS = { auto = true, always = true, never = true }

local function color(s)
  if COLORS[s] then return s end
  return nil, ("--color cannot be '%s'; there are: auto, always, never"):format(s)
end

local function define_common(parser)
  parser:option("-p --profile", "Use the webhook of this profile."):argname "NAME"
  parser:option("--timeout",
    "Give up after this time (default: 30s)."):argname "TIME":convert(seconds)
  parser:option("--ca-file", "Trust the certificates of this PEM file."):argname "FILE"
  parser:option("--proxy", "Use this proxy URL; an empty string means none."):argname "URL"
  parser:option("--color",
    "auto (colours on a terminal, unless $NO_COLOR is set), always or never.")
    :argname "WHEN":convert(color)
  parser:flag("--version", "Print the version."):action(function()
    out.line("b24 " .. require("b24.codec")._VERSION)
    error({ done = true }, 0)
  end)
end

-- Help through `out`, so that a full disk is noticed there too.
local function define_help(parser)
  parser:flag("-h --help", "Show this help."):action(function()
    out.line(parser:get_help())
    error({ done = true }, 0)
  end)
end

--- The parser, and the commands by name.
function main.parser()
  local parser = load_argparse()("b24", "Unread Bitrix24 messages, answers, and any REST method.",
    EPILOG)
  parser:add_help(false):require_command(false):command_target "command":help_max_width(WIDTH)
  define_help(parser)
  define_common(parser)
  local commands = {}
  for _, file in ipairs(COMMANDS) do
    local command = require("b24.cli.command." .. file)
    local sub = parser:command(command.name, command.summary)
    sub:add_help(false):epilog("Examples:\n  " .. table.concat(command.examples, "\n  "))
    define_help(sub)
    command.define(sub, parser)
    commands[command.name] = command
  end
  commands.counters.define(parser) -- what it knows, b24 without a command knows
  return parser, commands
end

-- What was mistyped may be a webhook.
local function masked(message)
  return (message:gsub("(/rest/[^/]*/)[^/%s']+", "%1***"))
end

-- The first word that is a command's name: whose help to see.
local function named(argv)
  for _, word in ipairs(argv) do
    for _, file in ipairs(COMMANDS) do
      if word == file:gsub("_", "-") then return word end
    end
  end
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
    return exit.misuse(usage, named(argv))
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
