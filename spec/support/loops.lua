--- The same little program over each event loop, in child interpreters side by side.
---
---     for name, end_of in pairs(loops.run(portal, source)) do assert.equal("ok\n", end_of.out) end
---
--- The program finds `b24`, `conf` and `client`; it prints what it saw, and calls `done()` when it
--- has seen all.

local posix = require "b24_posix"
local process = require "spec.support.process"

local loops = {}

loops.names = { "uv", "cqueues", "glib", "blocking" }

local MODULES = { uv = "luv", cqueues = "cqueues", glib = "lgi" }

-- Each defines spin(main): run main in the loop, and the loop to its end; done(): GLib's loop has
-- no end of its own; ticker(): begin to count ticks of 5 ms, returns a function that ends it and
-- returns how many there were.
local PRELUDES = {
  uv = [[
    local uv = require "luv"
    function done() end
    function spin(main)
      main()
      uv.run()
    end
    function ticker()
      local timer, n = uv.new_timer(), 0
      timer:start(5, 5, function() n = n + 1 end)
      return function()
        timer:close()
        return n
      end
    end
  ]],
  cqueues = [[
    local cqueues = require "cqueues"
    function done() end
    function spin(main)
      local controller = cqueues.new()
      controller:wrap(main)
      assert(controller:loop())
    end
    function ticker()
      local n, over = 0, false
      cqueues.running():wrap(function()
        while not over do
          cqueues.sleep(0.005)
          n = n + 1
        end
      end)
      return function()
        over = true
        return n
      end
    end
  ]],
  glib = [[
    local GLib = require("lgi").GLib
    local main_loop = GLib.MainLoop()
    function done() main_loop:quit() end
    function spin(main)
      GLib.idle_add(GLib.PRIORITY_DEFAULT, function()
        main()
        return false
      end)
      main_loop:run()
    end
    function ticker()
      local n, over = 0, false
      GLib.timeout_add(GLib.PRIORITY_DEFAULT, 5, function()
        n = n + 1
        return not over
      end)
      return function()
        over = true
        return n
      end
    end
  ]],
  blocking = [[
    function done() end
    function spin(main) b24.run(main) end
  ]],
}

local function literal(value)
  return type(value) == "string" and ("%q"):format(value) or tostring(value)
end

--- Is the loop's module there for this Lua?
function loops.has(name)
  if name == "blocking" then return true end
  -- Not required here: several loaded loops would matter to other specs.
  if not package.searchpath then
    for _, path in ipairs { package.path, package.cpath } do
      for pattern in path:gmatch "[^;]+" do
        local file = io.open((pattern:gsub("%?", MODULES[name])), "rb")
        if file then return file:close() end
      end
    end
    return false
  end
  return (package.searchpath(MODULES[name], package.path) or package.searchpath(MODULES[name],
    package.cpath)) ~= nil
end

--- A program over the loop: `source` runs as spin's main, or on its own where it calls spin itself
--- (`whole`); `before`: what runs before anything is loaded.
---@param opts? {conf: table?, whole: boolean?, before: string?, over: string[]?}
function loops.program(portal, name, source, opts)
  opts = opts or {}
  local conf = { webhook = portal.http_webhook, ca_file = portal.ca_file, timeout = 10,
    limiter = false, allow_http = true }
  for key, value in pairs(opts.conf or {}) do conf[key] = value end
  local words = {}
  for key, value in pairs(conf) do words[#words + 1] = key .. " = " .. literal(value) end
  return (opts.before or "")
    .. ("b24, conf = require 'b24', { %s } LOOP = %q client = b24.client(conf)\n%s\n%s"):format(
      table.concat(words, ", "), name, PRELUDES[name], opts.whole and source or "spin(function()\n"
      .. source .. "\nend)")
end

--- Runs it over all loops that are there (or those that `opts.over` lists). Returns by their names
--- how they ended.
---@return table<string, {status: integer, out: string, err: string, elapsed: number}>
function loops.run(portal, source, opts)
  local children, ends, begun = {}, {}, posix.now()
  for _, name in ipairs(opts and opts.over or loops.names) do
    if loops.has(name) then
      children[name] = process.start(loops.program(portal, name, source, opts))
    end
  end
  for name, child in pairs(children) do
    local status, out, err = child:wait()
    ends[name] = { status = status, out = out, err = err, elapsed = posix.now() - begun }
  end
  return ends
end

return loops
