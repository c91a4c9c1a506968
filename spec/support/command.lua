-- The installed command b24 as a process of its own.

local posix = require "b24_posix"
local process = require "spec.support.process"

local command = {}

local quote = process.quote
local KEY = "b24 spec command" -- busted reloads modules for each file, but the registry stays
local LIMIT = 60 -- seconds; `timeout` then ends it, and a spec sees status 124

local INHERITED = { "LD_PRELOAD", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "LSAN_OPTIONS",
  "UBSAN_OPTIONS", "PATH" }

local function new_folder()
  local name = os.tmpname()
  os.remove(name)
  assert(os.execute("mkdir -m 700 " .. quote(name .. ".b24")))
  return name .. ".b24"
end

local function shell(line)
  local pipe = assert(io.popen("{ " .. line .. "\n} 2>&1", "r"))
  local said = pipe:read "*a"
  pipe:close()
  return said
end

-- A folder that is removed when this Lua ends.
local function guarded_folder()
  local dir = new_folder()
  return dir, assert(io.popen("cat >/dev/null; rm -rf " .. quote(dir), "w"))
end

-- `make install` into a folder, once for each process of specs, or where scripts/test.sh has done
-- it for all of them.
local function install()
  local dir, guard = guarded_folder()
  local prefix = os.getenv "B24_TEST_PREFIX"
  if prefix then
    return { bin = prefix .. "/bin/b24", prefix = prefix, dir = dir, guard = guard }
  end
  local variant = package.cpath:match "build/[%d.]+(%-%w+)/" or ""
  local said = shell(("unset LD_PRELOAD; make -s install LUA=%s VARIANT=%s PREFIX=%s"):format(
    quote(process.interpreter()), quote(variant), quote(dir)))
  local bin = dir .. "/bin/b24"
  if not process.read(bin) then error("make install: " .. said, 0) end
  return { bin = bin, prefix = dir, dir = dir, guard = guard }
end

-- Debian 11 has an older one, with which the command only says that it needs another.
local function skip_without_argparse()
  local found, argparse = pcall(require, "argparse")
  local version = found and (type(argparse) == "table" and argparse.version or "older than 0.6")
  if version and version:find "^0%.[7-9]" or version and version:find "^[1-9]" then return end
  require "busted.core"().pending(("the command needs argparse 0.7, and this Lua has %s"):format(
    version or "none"))
end

--- The path of the command, installed for the interpreter of this spec. Without what the command
--- needs the spec is skipped.
---@return string path, string prefix
function command.path()
  skip_without_argparse()
  local registry = debug.getregistry()
  registry[KEY] = registry[KEY] or install()
  return registry[KEY].bin, registry[KEY].prefix
end

--- A folder that is a home, with b24's runtime folder in it. command.remove ends it.
function command.home()
  return new_folder()
end

local alive = {} -- children that were started and not waited for

function command.remove(dir)
  for child in pairs(alive) do child:kill(9) end -- of specs that failed
  os.execute("rm -rf " .. quote(dir))
end

local function environment(env)
  local all, words = { TZ = "UTC", B24_ALLOW_HTTP = "1" }, {}
  for _, name in ipairs(INHERITED) do all[name] = os.getenv(name) end
  for name, value in pairs(env) do all[name] = value end
  for name, value in pairs(all) do
    if value then words[#words + 1] = quote(name .. "=" .. value) end
  end
  return table.concat(words, " ")
end

--- The shell words that run b24 with these arguments; its environment is `env` alone.
---@param arguments string[]
---@param env table<string, string|false>
function command.words(arguments, env)
  local list = {}
  for i, argument in ipairs(arguments) do list[i] = quote(argument) end
  return ("env -i %s %s %s"):format(environment(env), quote((command.path())),
    table.concat(list, " "))
end

---@class spec.command.opts
---@field env table<string, string|false> HOME is a must
---@field input? string of standard input; none: /dev/null
---@field stdout? string where standard output goes, in place of the result
---@field before? string with `pipe`: shell words that run before it
---@field pipe? string a shell command that reads standard output

-- Where the command's input and output lie: no new folder for each of hundreds of runs.
local function scratch(name)
  command.path()
  return debug.getregistry()[KEY].dir .. "/" .. name
end

--- Runs it to its end: exit status, standard output, standard errors.
---@param arguments string[]
---@param opts spec.command.opts
function command.run(arguments, opts)
  local input, out, err, status = scratch "in", scratch "out", scratch "err", scratch "status"
  process.write(input, opts.input or "")
  for _, file in ipairs { out, err, status } do os.remove(file) end
  local line = ("timeout %d %s <%s"):format(LIMIT, command.words(arguments, opts.env), input)
  if opts.pipe then
    line = ("{ %s%s 2>%s; echo $? >%s; } | { %s; } >%s"):format(opts.before or "", line, err,
      status, opts.pipe, out)
  else
    line = ("%s >%s 2>%s; echo $? >%s"):format(line, quote(opts.stdout or out), err, status)
  end
  os.execute("unset LD_PRELOAD; " .. line)
  return tonumber(process.read(status)), process.read(out) or "", process.read(err) or ""
end

local started = 0

--- Starts it: { pid =, wait = function() -> exit status, output and errors }
---@param arguments string[]
---@param opts spec.command.opts
function command.start(arguments, opts)
  started = started + 1
  local name = scratch("started" .. started)
  for _, kind in ipairs { ".pid", ".out", ".status" } do os.remove(name .. kind) end
  local pipe =
    assert(io.popen(("unset LD_PRELOAD; sh -c %s >%s 2>&1 </dev/null; echo $? >%s.status"):format(
      quote(("echo $$ >%s.pid; exec %s"):format(name, command.words(arguments, opts.env))),
      quote(opts.stdout or name .. ".out"), name)))
  local child = { pipe = pipe }
  alive[child] = true
  assert(process.eventually(LIMIT, function()
    child.pid = tonumber(process.read(name .. ".pid") or "")
    return child.pid
  end), "b24 did not start")
  function child:wait()
    self.pipe:close()
    alive[self] = nil
    return tonumber(process.read(name .. ".status")), process.read(name .. ".out") or ""
  end
  function child:kill(signal) return posix.kill(self.pid, signal) end
  return child
end

--- What most specs of the command begin with: a portal and a home for a file, and for each spec a
--- runtime folder of its own, which means a full allowance of calls.
---@param busted table setup, teardown, before_each of the spec
---@param take fun(portal: table, home: string, run_dir: string?) gets them, also before the first
function command.scene(busted, take)
  local portal, home
  local tests = 0
  busted.setup(function()
    portal, home = require("spec.support.portal").start(), command.home()
    take(portal, home)
  end)
  busted.teardown(function()
    portal:control "clear_faults"
    command.remove(home)
  end)
  busted.before_each(function()
    portal:reset()
    tests = tests + 1
    take(portal, home, home .. "/run" .. tests)
  end)
end

return command
