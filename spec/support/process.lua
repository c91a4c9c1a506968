-- Child interpreters whose end matters: exit status, standard output and errors apart, signals,
-- time.

local posix = require "b24_posix"

local process = {}

local POLL = 0.005 -- seconds between two looks at a running child
-- Seconds after which something will never be true, and a child that hangs is killed; a spec then
-- sees status 137. Only a spec that fails waits so long.
local PATIENCE = 60

-- What a sanitizer's build needs in each process; nothing else of this environment reaches a child.
local INHERITED = { "B24_RUNTIME_DIR", "LD_PRELOAD", "LD_LIBRARY_PATH", "ASAN_OPTIONS",
  "LSAN_OPTIONS", "UBSAN_OPTIONS" }

function process.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local quote = process.quote

--- The program that runs this spec.
function process.interpreter()
  local i = -1
  while arg[i - 1] do i = i - 1 end
  return arg[i] or "lua"
end

--- Does a sanitizer watch this process? Its memory and time say little then.
function process.sanitized()
  return (os.getenv "LD_PRELOAD" or ""):find "[alut]+san" ~= nil
end

--- The bytes of a file, or nil.
function process.read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "*a"
  file:close()
  return text
end

--- KiB of memory that this process has in RAM; nil where /proc does not tell.
function process.resident()
  local pages = (process.read "/proc/self/statm" or ""):match "^%d+ (%d+)"
  return pages and tonumber(pages) * 4
end

--- Writes a file.
function process.write(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  file:close()
end

local function since(before, ...)
  return posix.now() - before, ...
end

--- Seconds that f(...) took, then what it returned.
function process.timed(f, ...)
  return since(posix.now(), f(...))
end

--- Asks until the answer is true; false when it still is not after `seconds`, which are many more
--- on a busy machine.
function process.eventually(seconds, condition)
  local deadline = posix.now() + math.max(seconds, PATIENCE)
  repeat
    if condition() then return true end
    posix.sleep(POLL)
  until posix.now() > deadline
  return false
end

local function variables(env, dir)
  local all, words = { B24_RUNTIME_DIR = dir }, {}
  for _, name in ipairs(INHERITED) do all[name] = os.getenv(name) end
  for name, value in pairs(env or {}) do all[name] = value end
  for name, value in pairs(all) do words[#words + 1] = quote(name .. "=" .. value) end
  return table.concat(words, " ")
end

local Child = {}
Child.__index = Child

--- Starts a Lua program in a child of the same interpreter. Its whole environment is `env`, and a
--- runtime folder of its own unless `env` names one.
---@param source string
---@param env? table<string, string>
---@param opts? { eval: boolean?, stdin: string?, piped: boolean?, files: integer? } eval: as `lua
--- -e SOURCE`, not as a file; stdin: a path, read by the child itself or, piped, by a `cat` in
--- front of it; files: how many it may open
function process.start(source, env, opts)
  local name = os.tmpname()
  os.remove(name)
  local dir = name .. ".child"
  os.execute("mkdir -m 700 " .. quote(dir))
  process.write(dir .. "/main.lua", source)
  local paths = ("package.path, package.cpath = %q, %q"):format(package.path, package.cpath)
  local program = opts and opts.eval and "-e " .. quote(source) or quote(dir .. "/main.lua")
  local limit = opts and opts.files and ("ulimit -n %d; "):format(opts.files) or ""
  local run = ('echo $$ >%s/pid; exec env -i %s "$(command -v %s)" -e %s %s'):format(quote(dir),
    variables(env, dir), quote(process.interpreter()), quote(paths), program)
  run = limit .. run
  -- In the foreground of a shell of its own: a background job would ignore Ctrl-C from its birth.
  local stdin = quote(opts and opts.stdin or "/dev/null")
  local before, from = "", "<" .. stdin
  if opts and opts.piped then before, from = "cat " .. stdin .. " | ", "" end
  local command = ("unset LD_PRELOAD; %ssh -c %s %s >%s/out 2>%s/err; echo $? >%s/status.new; "
    .. "mv %s/status.new %s/status"):format(before, quote(run), from, quote(dir), quote(dir),
    quote(dir), quote(dir), quote(dir))
  local self = setmetatable({ dir = dir, pipe = assert(io.popen(command)) }, Child)
  assert(process.eventually(PATIENCE, function()
    self.pid = tonumber(process.read(dir .. "/pid") or "")
    return self.pid
  end), "the child did not start")
  return self
end

--- Sends a signal by its number.
function Child:signal(number)
  return posix.kill(self.pid, number)
end

--- What it has printed so far.
function Child:output()
  return process.read(self.dir .. "/out") or ""
end

--- Waits for its end. Returns exit status (128 + signal), standard output, standard errors.
function Child:wait(seconds)
  local status
  local function ended()
    status = process.read(self.dir .. "/status")
    return status
  end
  if not process.eventually(seconds or 0, ended) then
    self:signal(9)
    process.eventually(PATIENCE, ended)
  end
  self.pipe:close()
  local out, err = self:output(), process.read(self.dir .. "/err") or ""
  os.execute("rm -rf " .. quote(self.dir))
  return tonumber(status), out, err
end

--- Start and wait.
function process.run(source, env, opts)
  return process.start(source, env, opts):wait()
end

return process
