--- Which program runs this Lua, and how may it wait for an answer?

local codec = require "b24.codec"

local blame = codec.blame

local host = {}

local G, LOADED = _G, package.loaded

local OPTIONS = { transport = "any" }

--- The quick look before each call: b24.core, if this is a plain interpreter in which nothing but
--- the program itself waits for the answer. nil: host.run has to look closer. (Who sets a metatable
--- for globals may check how they are read.)
---@param option string transport
---@return table? core
function host.plain(option)
  if option ~= "auto" and option ~= "blocking" then return nil end
  if getmetatable(G) ~= nil or G.ngx or G.vim or G.awesome or G.hs then return nil end
  return not LOADED["b24.wait.task"] and not LOADED.cqueues and LOADED["b24.core"] or nil
end

-- Raw, so that strict-globals checkers stay quiet.
local function global(name) return rawget(_G, name) end

--- The program whose single thread must not be blocked, or nil in a plain interpreter. Asked at
--- each call: modules are often loaded in another phase than they are used in.
---@return string?
function host.name()
  -- In requests of nginx's older Lua modules globals are inherited, and not seen in the raw.
  local ngx, vim = global "ngx" or LOADED.ngx, global "vim"
  if type(ngx) == "table" and ngx.get_phase then return "nginx" end
  if type(vim) == "table" and vim.api and (vim.uv or vim.loop) then
    -- A thread of Neovim's own (vim.uv.new_thread) may wait as it likes.
    return not (vim.is_thread and vim.is_thread()) and "Neovim" or nil
  end
  local awesome = global "awesome"
  if type(awesome) == "table" and awesome.connect_signal then return "AwesomeWM" end
  if type(global "hs") == "table" then return "Hammerspoon" end
end

-- One row for each event loop that b24 knows (B24_LOOPS in src/rest/conf_options.h says what each
-- field means).
---@type { name: string, module: string, host: string?, told: boolean }[]
local LOOPS = codec.loops()

local TRANSPORTS, names = { auto = true, blocking = true }, { '"auto"', '"blocking"' }
for i, loop in ipairs(LOOPS) do
  TRANSPORTS[loop.name], names[i + 2] = true, ('"%s"'):format(loop.name)
end
local TRANSPORT_NAMES = table.concat(names, ", ", 1, #names - 1) .. " or " .. names[#names]

-- The loop of this host; nil: we know none.
local function loop_of(host_name)
  for _, loop in ipairs(LOOPS) do
    if loop.host == host_name then return loop.name end
  end
end

local function cqueues_runs()
  local cqueues = package.loaded.cqueues
  return type(cqueues) == "table" and cqueues.running() ~= nil
end

-- Is the coroutine that runs now one of a controller's? A program's own one inside it is a stranger
-- to both.
local function cqueues_waits()
  return cqueues_runs() and select(2, package.loaded.cqueues.running())
end

-- The task that runs now; tasks exist only where their module is loaded.
local function current_task()
  local tasks = package.loaded["b24.wait.task"]
  return tasks and tasks.current()
end

local function cannot_wait(call)
  blame(("b24: %s has to wait, and cannot here: not in a finaliser, a hook, or a function that a "
    .. "C function calls (string.gsub, table.sort)"):format(call))
end

-- b24.core, or an error that says what is missing.
local function load_core(call)
  local found, core = pcall(require, "b24.core")
  if found then return core end
  blame(("b24: %s needs the module b24.core (over libcurl), which does not load: %s"):format(call,
    core))
end

local function load_waiter(name, call)
  load_core(call)
  local found, waiter = pcall(require, "b24.wait." .. name)
  if found then return waiter end
  blame(("b24: transport = \"%s\" does not load: %s"):format(name, waiter))
end

-- The loop of a plain program: the one that runs, else the one whose module is loaded; nil: none.
local function loaded_loop(call)
  if cqueues_runs() then return "cqueues" end
  local found
  for _, loop in ipairs(LOOPS) do
    if package.loaded[loop.module] and not loop.told then
      if found then
        blame(("b24: several event loops are loaded; say which one drives %s: transport = \"%s\" "
          .. "or \"%s\""):format(call, found, loop.name))
      end
      found = loop.name
    end
  end
  return found
end

local function check_controller(there, call)
  if there then return end
  blame("b24: with transport = \"cqueues\" make " .. call
    .. " in a coroutine of a running controller")
end

-- The transport, by name, for what goes on by itself; nil: this program has no loop.
local function loop_name(call, option)
  if option == "cqueues" then check_controller(cqueues_runs(), call) end
  if option and option ~= "auto" and option ~= "blocking" then return option end
  local tasks = option ~= "blocking" and package.loaded["b24.wait.task"]
  local driver = tasks and tasks.driver()
  if driver then return driver.name end
  local name = host.name()
  if name == "nginx" then
    blame("b24: in nginx calls take no callback, because they do not block the worker; for what "
      .. "goes on by itself there is require \"b24.resty\" (not: " .. call .. ")")
  elseif option == "blocking" then
    return nil
  elseif name and not loop_of(name) then
    blame(("b24: b24 does not support the event loop of %s; run the program b24 as a child process")
      :format(name))
  end
  return name and loop_of(name) or loaded_loop(call)
end

-- In nginx the request's own coroutine waits, over cosockets.
local function nginx_core(call, option)
  if option and option ~= "auto" then
    blame(("b24: transport = \"%s\" would stop an nginx worker for all its requests; leave the "
      .. "option out"):format(option))
  end
  local resty = require "b24.wait.cosocket"
  local problem = resty.why_not()
  if problem then blame("b24: " .. call .. " cannot wait here: " .. problem) end
  return resty.core
end

-- May a call without a callback be made here, outside our tasks? Throws if not; returns the waiter
-- of a scheduler in which only its coroutine waits, or nil: the program itself may be blocked.
local function direct(call, option)
  local name = host.name()
  if option == "cqueues" or (not option or option == "auto") and not name and cqueues_waits() then
    check_controller(cqueues_waits(), call)
    return load_waiter("cqueues", call)
  elseif option and option ~= "auto" and option ~= "blocking" and option ~= "cqueues" then
    blame(("b24: with transport = \"%s\" give %s a callback, or make it inside b24.run")
      :format(option, call))
  elseif name and option ~= "blocking" then
    blame(("b24: %s would freeze %s until the portal answers; give it a callback, make it inside "
      .. "b24.run, or, to wait all "
      .. "the same, set transport = \"blocking\""):format(call, name))
  end
end

--- opts.transport of b24.run and b24.counters_all, checked.
---@param call string
---@param opts? {transport: string?}
---@param known? table what else opts may have
---@return string?
function host.transport(call, opts, known)
  local transport = codec.options(call, opts, known or OPTIONS).transport
  if transport == nil or TRANSPORTS[transport] then return transport end
  blame(("b24: option 'transport' must be %s, not %s"):format(TRANSPORT_NAMES, tostring(transport)))
end

--- Does a call without a callback leave the rest of the program running here?
---@param option string? transport
function host.direct(option)
  if option == "blocking" then return false end
  if current_task() or host.name() == "nginx" then return true end
  return (not option or option == "auto" or option == "cqueues") and not host.name()
    and cqueues_runs()
end

--- Throws where a call without a callback may not be made.
---@param call string how the call looks in the user's program
---@param option string? conf.transport
---@return boolean yields it will yield, and not block
function host.check(call, option)
  if host.name() == "nginx" then
    nginx_core(call, option)
    return true
  end
  local yields = current_task() ~= nil
  if not yields then yields = direct(call, option) ~= nil end
  load_core(call)
  yields = yields and option ~= "blocking"
  if yields and codec.may_yield() == false then cannot_wait(call) end
  return yields
end

-- The loop for a callback; without one an error.
local function callback_waiter(call, option, callback)
  if type(callback) ~= "function" then
    blame("b24: the callback of " .. call .. " must be a function, not a " .. type(callback))
  end
  local name = loop_name(call, option)
  if name then return load_waiter(name, call) end
  local why = option == "blocking" and "transport = \"blocking\" has none"
    or package.loaded.cqueues and "no controller of cqueues runs here" or "none is loaded"
  blame(("b24: a callback needs an event loop, and %s; call %s without one, or choose transport = "
    .. "\"uv\" (luv), \"cqueues\" or \"glib\" (lgi)"):format(why, call))
end

--- Makes a call as the program it runs in allows: in a task it yields, with a callback it goes on
--- by itself, in a plain interpreter it blocks. Throws where none of this fits.
---@param call string how the call looks in the user's program
---@param option string? conf.transport
---@param callback? function
---@param body fun(core: table): any, string?, table? makes the requests
---@param opts? {method: string?, parallel: boolean?} method: for the info of a cancelled call;
--- parallel: body has tasks of its own, so it must be one
---@return any value with a callback: a b24.task
---@return string? err
---@return table? info
function host.run(call, option, callback, body, opts)
  local spawn = function(waiter) return require("b24.wait.task").spawn(waiter, body, opts) end
  if callback ~= nil then
    local waiter = callback_waiter(call, option, callback)
    return require("b24.wait.task").spawn(waiter, body,
      { callback = callback, method = opts and opts.method })
  end
  if option ~= "blocking" and current_task() then
    if not require("b24.wait.task").may_wait() then cannot_wait(call) end
    local value, err, info = body(require("b24.wait.task").core)
    return value, err, info
  end
  if host.name() == "nginx" then
    local value, err, info = body(nginx_core(call, option))
    return value, err, info
  end
  local waiter = direct(call, option)
  if waiter and not waiter.may_wait() then cannot_wait(call) end -- before anything is sent
  local core = load_core(call)
  if not waiter and opts and opts.parallel then waiter = require "b24.wait.blocking" end
  if waiter then return spawn(waiter):wait() end
  local value, err, info = body(core)
  return value, err, info
end

--- Something that goes on by itself: in the program's event loop, or, in a plain interpreter
--- without one, until it ends. Throws where that cannot be.
---@param call string how the call looks in the user's program
---@param option string? conf.transport
---@param body fun(core: table): any
---@param opts? table as for task.spawn
---@return b24.task
---@return boolean over it has come to its end, because this program has no loop
function host.background(call, option, body, opts)
  local name = loop_name(call, option)
  local waiter = load_waiter(name or "blocking", call)
  local tasks = require "b24.wait.task"
  local task = tasks.spawn(waiter, body, opts)
  local blocked = not name and not tasks.current()
  if blocked then tasks.finish_all(waiter) end
  return task, blocked
end

return host
