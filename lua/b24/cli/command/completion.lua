--- b24 completion: what a shell needs to complete b24's commands and options.

local exit = require "b24.cli.exit"
local out = require "b24.cli.out"

local completion = { name = "completion", summary = "Print a completion script for a shell." }

function completion.define(command)
  command:argument("shell", "bash, zsh or fish."):choices { "bash", "zsh", "fish" }:argname "SHELL"
end

function completion.run(args, parser)
  out.write(parser["get_" .. args.shell .. "_complete"](parser))
  return exit.OK
end

return completion
