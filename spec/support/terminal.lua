-- The command b24 at a real terminal of a given size.

local command = require "spec.support.command"
local data = require "spec.support.data"
local process = require "spec.support.process"

local terminal = {}

--- Is there a program that gives one?
---@return boolean
function terminal.exists()
  return data.shell "script -qec 'echo yes' /dev/null </dev/null":sub(1, 3) == "yes"
end

--- All that it shows, until the command's end.
---@param arguments string[]
---@param opts {env: table, columns: integer?, lines: integer?, keep: string?} keep: a file gets
--- standard errors, which the terminal does not show then
---@return string
function terminal.run(arguments, opts)
  local home = opts.env.HOME
  process.write(home .. "/run.sh", ("stty cols %d rows %d\n%s%s\n"):format(opts.columns or 80,
    opts.lines or 24, command.words(arguments, opts.env),
    opts.keep and " 2>" .. process.quote(opts.keep) or ""))
  local shown = data.shell(("script -qec 'sh %s/run.sh' /dev/null </dev/null"):format(home))
  return (shown:gsub("\r\n", "\n"))
end

return terminal
