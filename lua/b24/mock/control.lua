-- The controls: POST /__portal/OP with a JSON object changes or shows the portal while it runs.

local basexx = require "basexx"

local fail = require "b24.mock.complaint"
local faults = require "b24.mock.faults"
local json = require "b24.mock.json"
local utf8_text = require "b24.mock.utf8_text"

local control = {}

local operations = {} -- name -> { run = function(portal, arguments), arguments = { name = true } }

local function operation(name, arguments, run)
  local names = {}
  for _, argument in ipairs(arguments) do names[argument] = true end
  operations[name] = { run = run, arguments = names }
end

local function check_names(what, arguments, known)
  for name in pairs(arguments) do
    if not known[name] then fail("%s: unknown argument '%s'", what, name) end
  end
end

local GENERATIONS = { g0 = true, g1 = true, g2a = true, g2b = true, g3 = true }

local function check_generation(generation)
  if generation ~= nil and not GENERATIONS[generation] then
    fail("unknown generation '%s'", tostring(generation))
  end
end

for _, group in ipairs { "control_messages", "control_lists", "control_oauth", "control_push" } do
  require("b24.mock." .. group).register(operation)
end

operation("account", { "user_id", "secret", "token", "scope", "generation", "expired",
  "name", "demo" }, function(portal, arguments)
    if not tonumber(arguments.user_id) then fail("account: user_id is needed") end
    check_generation(arguments.generation)
    local account = portal:set_account(arguments)
    local path = "/rest/" .. account.user_id .. "/" .. account.secret .. "/"
    return {
      user_id = tonumber(account.user_id) or account.user_id, secret = account.secret,
      token = account.token, webhook = "https://localhost:" .. portal.ports.https .. path,
      http_webhook = "http://127.0.0.1:" .. portal.ports.http .. path,
    }
  end)

-- Tricks ------------------------------------------------------------------------------------------

local MATCH = { "kind", "method", "times", "user_id", "listener" }

local function add_trick(portal, what, arguments)
  local fault = faults.kinds[arguments.kind] or fail("%s: unknown kind '%s'", what,
    tostring(arguments.kind))
  local known = {}
  for _, list in ipairs { MATCH, fault.arguments } do
    for _, name in ipairs(list) do known[name] = true end
  end
  check_names(what .. " " .. arguments.kind, arguments, known)
  portal:add_trick(arguments)
  return { waiting = #portal.tricks }
end

operation("fault", { "kind", "method", "times", "user_id", "listener", "bytes", "delay",
  "seconds", "status", "location", "size", "code" }, function(portal, arguments)
  if arguments.kind == "redirect" and not arguments.location then
    fail("fault redirect: location is needed")
  end
  return add_trick(portal, "fault", arguments)
end)

local function header_list(map)
  local out = {}
  for written, value in pairs(map or {}) do
    local name = written:lower()
    if name == "content-length" then
      fail("reply: content-length is made here; use raw to lie about it")
    end
    for _, item in ipairs(type(value) == "table" and value or { value }) do
      out[#out + 1] = { name, tostring(item) }
    end
  end
  return out
end

local function bytes_of(what, text)
  return text and (basexx.from_base64(text) or fail("%s is not base64", what))
end

operation("reply", { "method", "times", "user_id", "listener", "status", "content_type",
  "headers", "body", "body_base64", "executed" }, function(portal, arguments)
  arguments.kind = "reply"
  arguments.body = arguments.body or bytes_of("body_base64", arguments.body_base64)
  arguments.body_base64 = nil
  arguments.headers = header_list(arguments.headers)
  return add_trick(portal, "reply", arguments)
end)

operation("clear_faults", {}, function(portal)
  portal.tricks, portal.raw_scripts = {}, {}
  portal.changed:signal() -- ends the answers that are silent or slow
  return {}
end)

local RAW_ENDS = { close = true, reset = true, keep = true, next = true }

local function new_script(arguments)
  arguments.bytes = arguments.bytes or bytes_of("bytes_base64", arguments.bytes_base64) or ""
  arguments.after = arguments.after or "close"
  if not RAW_ENDS[arguments.after] then fail("raw: after is close, reset, keep or next") end
  return arguments
end

operation("raw", { "bytes", "bytes_base64", "after", "times", "delay", "at_once" },
  function(portal, arguments)
    local script = new_script(arguments)
    for _ = 1, arguments.times or 1 do table.insert(portal.raw_scripts, script) end
    return { waiting = #portal.raw_scripts }
  end)

-- Scripts for all requests of their methods, while none waits for the next connection.
operation("raw_methods", { "scripts" }, function(portal, arguments)
  for _, script in ipairs(arguments.scripts) do
    portal.raw_scripts[script.method] = new_script(script)
  end
  return {}
end)

-- Settings, log, statistics -----------------------------------------------------------------------

operation("settings", { "require_https", "generation", "bucket", "operating", "renamed_to",
  "renamed_from", "hosts", "missing", "items", "deals", "tasks", "addresses",
  "contacts", "leads", "companies", "users",
  "recent_hides", "recent_appends", "deals_fault", "tasks_fault", "zero_total" },
  function(portal, arguments)
    local settings = portal.settings
    check_generation(arguments.generation)
    for name, value in pairs(arguments.bucket or {}) do settings.bucket[name] = value end
    if arguments.bucket then portal.buckets = {} end -- a bucket with new sides begins empty
    arguments.bucket = nil
    if arguments.operating then portal.operating = {} end
    for name, value in pairs(arguments) do
      if value == json.null then value = nil end
      settings[name] = value
    end
    return settings
  end)

operation("hang_up", { "host" }, function(portal, arguments)
  return { cut = require("b24.mock.proxy").hang_up(portal, arguments.host) }
end)

operation("log", { "since" }, function(portal, arguments)
  return { entries = portal:log_since(arguments.since or 0), last = portal.log_length }
end)

operation("log_clear", {}, function(portal)
  portal:clear_log()
  return {}
end)

operation("stats", {}, function(portal)
  return { connections = portal.connections, executions = portal.executions,
    rejections = portal.rejections,
    most_at_once = portal.most_at_once, -- requests that were being answered at the same time
    cpu = os.clock() } -- seconds of CPU since its start
end)

operation("reset", {}, function(portal)
  portal:reset()
  return {}
end)

--  ------------------------------------------------------------------------------------------------

local function run(portal, name, body)
  local found = operations[name] or fail("unknown operation '%s'", name)
  local arguments = type(body) == "table" and body or json.decode(body == "" and "{}" or body)
  if type(arguments) ~= "table" then fail("%s: the body must be a JSON object", name) end
  check_names(name, arguments, found.arguments)
  return found.run(portal, arguments)
end

local function json_answer(status, text)
  return { status = status, body = text, content_type = "application/json", headers = {} }
end

--- Runs an operation. An answer with status 400 and { error = text } tells what was wrong with it.
---@param portal table
---@param name string
---@param body string|table its arguments, or these as JSON
---@return table answer
function control.answer(portal, name, body)
  portal.changes = portal.changes + 1
  local ok, result = pcall(run, portal, name, body)
  if ok then return json_answer(200, json.encode(result)) end
  local problem = type(result) == "table" and result.message or tostring(result)
  return json_answer(400, json.encode { error = problem })
end

--- The same as an answer of the REST API, so that b24 itself can steer the portal.
function control.rest_answer(portal, name, arguments)
  local answer = control.answer(portal, name, arguments)
  local text = utf8_text.clean(answer.body) -- a log may have any bytes, REST is UTF-8
  return json_answer(answer.status, answer.status == 200 and '{"result":' .. text .. "}" or text)
end

return control
