-- lua-http + lua-cjson: luahttp.lua WEBHOOK METHOD N CA_FILE [keep]. `keep`: one connection, kept
-- by hand with http.client; otherwise its request:go(), which makes one for every call.
local cjson = require "cjson"
local client = require "http.client"
local http_tls = require "http.tls"
local loop = require "loop"
local new_headers = require("http.headers").new
local request = require "http.request"
local store = require "openssl.x509.store"

local context = http_tls.new_client_context()
context:setStore(store.new():add(arg[4]))

local uri = arg[1] .. arg[2]
local host, port, path = uri:match "^https://([^:/]+):(%d+)(/.*)$"

local function take(stream)
  local headers = assert(stream:get_headers(30))
  assert(headers:get ":status" == "200")
  assert(cjson.decode(assert(stream:get_body_as_string(30))).result)
end

local function fresh()
  local r = request.new_from_uri(uri)
  r.ctx = context
  r.headers:upsert(":method", "POST")
  r.headers:upsert("content-type", "application/json")
  r:set_body "{}"
  local headers, stream = assert(r:go(30))
  assert(headers:get ":status" == "200")
  assert(cjson.decode(assert(stream:get_body_as_string(30))).result)
  stream:shutdown()
end

local connection
local function kept()
  connection = connection
    or assert(client.connect({ host = host, port = tonumber(port), tls = true, ctx = context }, 30))
  local headers = new_headers()
  headers:append(":method", "POST")
  headers:append(":authority", host .. ":" .. port)
  headers:append(":path", path)
  headers:append(":scheme", "https")
  headers:append("content-type", "application/json")
  headers:append("content-length", "2")
  local stream = assert(connection:new_stream())
  assert(stream:write_headers(headers, false, 30))
  assert(stream:write_chunk("{}", true, 30))
  take(stream)
end

loop(tonumber(arg[3]), arg[5] == "keep" and kept or fresh)
