--- The clients that are compared: what they are called here, their versions as they tell them
--- themselves, and how each is started. Who is not on this machine says so in `absent`.

local m = require "measure"

local function says(command)
  local pipe = assert(io.popen(command .. " 2>/dev/null"))
  local text = pipe:read("a"):match "^%s*(.-)%s*$"
  return pipe:close() and text ~= "" and text or nil
end

local function lua_says(interpreter, expression)
  return says(("%s -e 'io.write((%s))'"):format(interpreter, expression))
end

local NODE = "build/foreign/node.mjs"
local npm_missing = os.getenv "BENCH_NPM" or "" -- why, or ""

local function npm(package)
  if npm_missing ~= "" then return nil end
  local file = ("build/foreign/node_modules/%s/package.json"):format(package)
  return says(("node -p 'JSON.parse(fs.readFileSync(\"%s\")).version'"):format(file))
end

-- Commands: %W the webhook, %M the method, %C the CA file, %N how many, %T the task.
local function lua_loop(interpreter, file, more)
  return ("%s bench/%s.lua %%W %%M %%N %%C %s"):format(interpreter, file, more or "")
end

local function lua_task(interpreter, way)
  return way and ("%s bench/peers/tasks.lua %s %%T %%W %%C %%N"):format(interpreter, way)
    or interpreter .. " bench/peers/own.lua %T %W %C %N"
end

-- Node asks its environment for certificates; the server listens on IPv4.
local NODE_ENV = "env NODE_EXTRA_CA_CERTS=%C NODE_OPTIONS=--dns-result-order=ipv4first"

local function node(name)
  return { loop = ("%s node %s %s loop %%W %%N %%M"):format(NODE_ENV, NODE, name),
    task = ("%s node %s %s %%T %%W %%N"):format(NODE_ENV, NODE, name) }
end

local function b24(interpreter, words)
  return { id = "b24-" .. interpreter, name = "b24", ours = true, few = 50,
    version = lua_says(interpreter, "require [[b24]]._VERSION:match [[%S+$]]"), host = words,
    loop = lua_loop(interpreter, "call"), task = lua_task(interpreter) }
end

-- `few`: calls of one turn in the race, few where a call is dear.
local function all()
  local cjson = lua_says("lua5.4", "require [[cjson]]._VERSION") or "?"
  local http = lua_says("luajit", "require [[http.version]].version")
  local curl = says "curl --version" or ""
  local js, bitrix = node "jssdk", node "bitrix"
  local node_version = "Node " .. (says "node --version" or "?"):gsub("^v", "")
  local decoder = "lua-cjson " .. cjson
  local list = {
    { id = "bare", name = "libcurl in C", version = curl:match "libcurl/(%S+)",
      host = "decodes nothing",
      few = 50, loop = m.dir .. "/loop bare %W %M %N %C" },
    b24("lua5.4", "Lua 5.4"), b24("luajit", "LuaJIT"), b24("lua5.1", "Lua 5.1"),
    { id = "luacurl", name = "lua-curl, one handle kept",
      host = decoder .. ", Lua 5.1, libcurl over GnuTLS",
      version = lua_says("lua5.1", "require [[curl]]._VERSION"), few = 50,
      loop = lua_loop("lua5.1", "peers/luacurl"), task = lua_task("lua5.1", "luacurl") },
    { id = "luahttp-kept", name = "lua-http, connection kept by hand", version = http, few = 50,
      host = decoder .. ", LuaJIT", loop = lua_loop("luajit", "peers/luahttp", "keep") },
    { id = "luahttp", name = "lua-http, request:go", version = http, few = 5,
      host = decoder .. ", LuaJIT", loop = lua_loop("luajit", "peers/luahttp"),
      task = lua_task("luajit", "luahttp") },
    { id = "luasec", name = "LuaSocket + LuaSec", few = 5, host = decoder .. ", Lua 5.4",
      version = lua_says("lua5.4",
        "require [[socket]]._VERSION:match [[%d[%d.]*]] .. [[ + ]] .. require [[ssl]]._VERSION"),
      loop = lua_loop("lua5.4", "peers/luasec"), task = lua_task("lua5.4", "luasec") },
    { id = "program", name = "a curl process for each call", version = curl:match "^curl (%S+)",
      host = decoder .. ", Lua 5.4", few = 2, children = true,
      loop = lua_loop("lua5.4", "peers/program"), task = lua_task("lua5.4", "program") },
    { id = "jssdk", name = "@bitrix24/b24jssdk", version = npm "@bitrix24/b24jssdk", few = 20,
      host = node_version, loop = js.loop, task = js.task, npm = true },
    { id = "bitrix", name = "@2bad/bitrix", version = npm "@2bad/bitrix", few = 20,
      host = node_version, loop = bitrix.loop, task = bitrix.task, npm = true },
  }
  for _, client in ipairs(list) do
    if not client.version then
      client.absent = client.npm and npm_missing ~= "" and npm_missing or "it is not installed here"
    end
    client.label = client.name .. " " .. (client.version or "")
      .. (client.host and " (" .. client.host .. ")" or "")
  end
  return list
end

local M = { list = all() }

--- A command with its words filled in: { W = webhook, … }.
function M.fill(command, words)
  return (command:gsub("%%(%u)", words))
end

return M
