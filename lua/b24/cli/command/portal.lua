--- b24 portal: a mock portal on this machine, until Ctrl-C.

local exit = require "b24.cli.exit"
local out = require "b24.cli.out"
local text = require "b24.cli.text"

local portal = { name = "portal", summary = "Run a mock portal here, to develop against.",
  examples = {
    "b24 portal",
  } }

function portal.define(command)
  command:option("--port", "Plain http on this port, https on the next (default: any free ones).")
    :argname "PORT":convert(text.port)
  command:option("--state", "Keep the portal's state in this file, from one run to the next.")
    :argname "FILE"
  command:flag("--limiter", "Refuse more than 2 requests a second (50 at once), as real ones do.")
  command:option("--token-life", "Access tokens expire after this time (default: 1h).")
    :argname "TIME":convert(text.seconds)
end

function portal.run(args)
  local mock, err, info = require("b24.mock").start { port = args.port, state = args.state,
    limiter = args.limiter, token_life = args.token_life }
  if not mock then return exit.failure(err, info) end
  out.line(require("b24.mock.words").help(mock))
  out.flush()
  mock:wait()
  return exit.OK
end

return portal
