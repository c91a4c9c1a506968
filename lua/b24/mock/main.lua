-- The portal as a program, for whatever starts it as a child: specs, `make portal`, b24.mock.
--   luajit lua/b24/mock/main.lua [--dir DIR] [--remove-dir] [--addresses N] [--certs DIR]
--     [--watch-stdin] [--print] [--facts] [--port N] [--state FILE] [--limiter] [--token-life N]
--   luajit lua/b24/mock/main.lua --make-certs DIR    for many portals that start with the same
--   luajit lua/b24/mock/main.lua --check             has this Lua what the portal needs?
-- Listens on loopback only. Ends on SIGTERM, SIGINT, SIGHUP, and with --watch-stdin at the end of
-- its input.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/../../?.lua;" .. package.path

local found, missing = require("b24.mock.needs").check()
if not found then io.stderr:write(missing, "\n") end
if not found or arg[1] == "--check" then os.exit(found and 0 or 2) end

local certs = require "b24.mock.certs"
local json = require "b24.mock.json"
local life = require "b24.mock.life"
local words = require "b24.mock.words"

local TEXT, NUMBER, FLAG = "text", "number", "flag"
local OPTIONS = { dir = TEXT, certs = TEXT, make_certs = TEXT, state = TEXT, addresses = NUMBER,
  port = NUMBER, token_life = NUMBER, watch_stdin = FLAG, print = FLAG, facts = FLAG,
  remove_dir = FLAG, limiter = FLAG }

local function read_options()
  local options, i = {}, 1
  while arg[i] do
    local name = (arg[i]:match "^%-%-([%w-]+)$" or ""):gsub("-", "_")
    local kind = OPTIONS[name] or error("unknown option " .. arg[i], 0)
    if kind == FLAG then
      options[name] = true
    else
      i = i + 1
      local value = arg[i]
      if kind == NUMBER then value = tonumber(value) end
      options[name] = value or error(arg[i - 1] .. " needs a value", 0)
    end
    i = i + 1
  end
  return options
end

local function tell(options)
  return function(facts)
    if options.print then print(words.help(facts)) end
    if options.facts then print(json.encode(facts)) end
    io.stdout:flush()
  end
end

local function main()
  local understood, options = pcall(read_options)
  if not understood then
    io.stderr:write("portal: ", tostring(options), "\n")
    os.exit(2)
  end
  if options.make_certs then
    return certs.save(certs.make(life.SAVED_ADDRESSES), options.make_certs)
  end
  local ok, message = pcall(life.run, options, tell(options))
  if not ok then
    if options.facts then print(json.encode { problem = tostring(message) }) end
    if not options.facts then io.stderr:write("portal: ", tostring(message), "\n") end
    os.exit(1)
  end
  os.exit(0)
end

main()
