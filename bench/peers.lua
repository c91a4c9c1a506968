--- Other ways to make the same call from Lua. Figures to compare with, no goals.

local m = require "measure"

local ANSWER = "M.get"
local PROGRAM_CALLS = 10

---@param http string  webhook without TLS, where the server tells how many connections it has seen
---@param https string
---@param own_ca string
return function(http, https, own_ca)
  local function client(command, n, more)
    return ("%s %s %s %d %s %s"):format(command, https, ANSWER, n, own_ca, more or "")
  end
  local function lua(interpreter, file, n, more)
    return client(interpreter .. " bench/" .. file .. ".lua", n, more)
  end
  local list = {
    { "bare libcurl easy (decodes nothing)", client(m.dir .. "/loop bare", 50) },
    { "b24, lua5.4", lua("lua5.4", "call", 50) },
    { "b24, luajit", lua("luajit", "call", 50) },
    { "b24, lua5.1", lua("lua5.1", "call", 50) },
    { "lua-http, connection kept by hand, luajit", lua("luajit", "peers/luahttp", 50, "keep") },
    { "lua-http, request:go, luajit", lua("luajit", "peers/luahttp", 5) },
    { "LuaSocket + LuaSec, lua5.4", lua("lua5.4", "peers/luasec", 5) },
    { "lua-curl 0.3.0 (GnuTLS), one handle, lua5.1", lua("lua5.1", "peers/luacurl", 50) },
  }
  local function connections() return m.numbers(("curl -sS %sstats"):format(http))[1] end

  local commands = {}
  -- alone first, to count its connections and to see whether it works here
  for _, p in ipairs(list) do
    local before, turns = connections(), 2
    local ok, message = pcall(m.race, turns, { p[2] })
    p.connects, p.ok = connections() - before, ok
    if ok then commands[p[1]] = p[2] else io.stderr:write(tostring(message), "\n") end
  end
  local cpu = m.race(m.scaled(150, 15), commands)
  local bare = cpu[list[1][1]]
  m.title("Peers: answer M over https; all but b24 decode with lua-cjson", "CPU us", "x bare",
    "connections")
  for _, p in ipairs(list) do
    local samples = cpu[p[1]]
    if samples then
      m.row(p[1], m.median(samples), m.ratio(samples, bare),
        p.connects > 2 and "one a call" or "kept")
    else
      m.row(p[1], "did not run")
    end
  end
  local program = m.median(m.runs(m.scaled(9, 3),
    { program = ("%s/run -%d sh -c 'echo go | %s'"):format(m.dir,
    PROGRAM_CALLS + 1, lua("lua5.4", "peers/program", PROGRAM_CALLS)) }, 1).program)
  m.row("io.popen 'curl …', lua5.4", program, program / m.median(bare), "one a call")
end
