--- The options of b24 and its commands, for argparse. Loaded only where quick.lua does not know the
--- command line.

local exit = require "b24.cli.exit"
local out = require "b24.cli.out"

local parser = {}

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

local function define_common(root)
  root:option("-p --profile", "Use the webhook of this profile."):argname "NAME"
  root:option("--timeout",
    "Give up after this time (default: 30s)."):argname "TIME":convert(seconds)
  root:option("--ca-file", "Trust the certificates of this PEM file."):argname "FILE"
  root:option("--proxy", "Use this proxy URL; an empty string means none."):argname "URL"
  root:option("--color",
    "auto (colours on a terminal, unless $NO_COLOR is set), always or never.")
    :argname "WHEN":convert(color)
  root:flag("--version", "Print the version."):action(function()
    out.line("b24 " .. require("b24.codec")._VERSION)
    error({ done = true }, 0)
  end)
end

-- Help through `out`, so that a full disk is noticed there too.
local function define_help(command)
  command:flag("-h --help", "Show this help."):action(function()
    out.line(command:get_help())
    error({ done = true }, 0)
  end)
end

--- The parser, and the commands by name.
function parser.new()
  local root = load_argparse()("b24", "Unread Bitrix24 messages, answers, and any REST method.",
    EPILOG)
  root:add_help(false):require_command(false):command_target "command":help_max_width(WIDTH)
  define_help(root)
  define_common(root)
  local commands = {}
  for _, file in ipairs(COMMANDS) do
    local command = require("b24.cli.command." .. file)
    local sub = root:command(command.name, command.summary)
    sub:add_help(false):epilog("Examples:\n  " .. table.concat(command.examples, "\n  "))
    define_help(sub)
    command.define(sub, root)
    commands[command.name] = command
  end
  commands.counters.define(root) -- what it knows, b24 without a command knows
  return root, commands
end

--- The first word that is a command's name: whose help to see.
---@param argv string[]
---@return string?
function parser.named(argv)
  for _, word in ipairs(argv) do
    for _, file in ipairs(COMMANDS) do
      if word == file:gsub("_", "-") then return word end
    end
  end
end

return parser
