-- As fast_bitrix24 (Python) does it, in Lua: the first page, then all others by `start` in batches
-- that go at once; many commands in batches at once. It trusts the first page's total and takes
-- what comes: no look at gaps. fast.lua WEBHOOK CA_FILE list|batch N. Prints the milliseconds.
local cjson = require "cjson"
local cqueues = require "cqueues"
local http_tls = require "http.tls"
local request = require "http.request"
local store = require "openssl.x509.store"

local webhook, ca_file, what, n = arg[1], arg[2], arg[3], tonumber(arg[4])
local context = http_tls.new_client_context()
context:setStore(store.new():add(ca_file))

local function call(method, params)
  local r = request.new_from_uri(webhook .. method)
  r.ctx = context
  r.headers:upsert(":method", "POST")
  r.headers:upsert("content-type", "application/json")
  r:set_body(cjson.encode(params))
  local headers, stream = assert(r:go(60))
  assert(headers:get ":status" == "200")
  return (assert(cjson.decode(assert(stream:get_body_as_string(60)))))
end

-- All commands, 50 in a request, all requests at once: how many results and rows there are.
local function batches(commands)
  local loop, results, rows = cqueues.new(), 0, 0
  for first = 1, #commands, 50 do
    local cmd = {}
    for i = first, math.min(first + 49, #commands) do cmd["c" .. i] = commands[i] end
    loop:wrap(function()
      for _, result in pairs(call("batch", { halt = 0, cmd = cmd }).result.result) do
        results, rows = results + 1, rows + #result
      end
    end)
  end
  assert(loop:loop())
  return results, rows
end

local function list()
  local page, commands, seen = nil, {}, 0
  local loop = cqueues.new()
  loop:wrap(function() page = call("crm.deal.list", {}) end)
  assert(loop:loop())
  for start = 50, page.total - 1, 50 do
    commands[#commands + 1] = "crm.deal.list?start=" .. start
  end
  if #commands > 0 then seen = select(2, batches(commands)) end
  return #page.result + seen
end

local function batch()
  local commands = {}
  for i = 1, n do commands[i] = "b24test.echo?value=" .. i end
  return (batches(commands))
end

local begun = cqueues.monotime()
local count = what == "list" and list() or batch()
local took = (cqueues.monotime() - begun) * 1000
assert(count == n, ("%d of %d"):format(count, n))
print(("%.1f"):format(took))
