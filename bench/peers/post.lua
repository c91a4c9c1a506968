--- How Lua programs without b24 post to a portal: each way of Debian's as a careful program would
--- use it. open(ca_file) returns a function that takes an address and a JSON text, and returns the
--- status and the answer.

local post = {}

-- One handle, kept: its connections are, too.
function post.luacurl(ca_file)
  local curl = require "curl"
  local parts, status
  local handle = assert(curl.easy_init())
  handle:setopt(curl.OPT_CAINFO, ca_file)
  handle:setopt(curl.OPT_HTTPHEADER, { "Content-Type: application/json" })
  handle:setopt(curl.OPT_WRITEFUNCTION, function(text, n)
    parts[#parts + 1] = text
    return n
  end)
  handle:setopt(curl.OPT_HEADERFUNCTION, function(text, n) -- there is no getinfo
    status = tonumber(text:match "^HTTP/%S+ (%d+)") or status
    return n
  end)
  return function(url, body)
    parts = {}
    handle:setopt(curl.OPT_URL, url)
    handle:setopt(curl.OPT_POSTFIELDS, body)
    assert(handle:perform() == 0)
    return status, table.concat(parts)
  end
end

-- request:go, a connection for each request; in coroutines of cqueues many go at once.
function post.luahttp(ca_file)
  local request = require "http.request"
  local context = require("http.tls").new_client_context()
  context:setStore(require("openssl.x509.store").new():add(ca_file))
  return function(url, body)
    local r = request.new_from_uri(url)
    r.ctx = context
    r.headers:upsert(":method", "POST")
    r.headers:upsert("content-type", "application/json")
    r:set_body(body)
    local headers, stream = assert(r:go(60))
    local text = assert(stream:get_body_as_string(60))
    stream:shutdown()
    return tonumber(headers:get ":status"), text
  end
end

function post.luasec(ca_file)
  local https, ltn12 = require "ssl.https", require "ltn12"
  return function(url, body)
    local parts = {}
    local _, status = assert(https.request {
      url = url, method = "POST", source = ltn12.source.string(body),
      sink = ltn12.sink.table(parts), cafile = ca_file, verify = "peer",
      headers = { ["content-type"] = "application/json", ["content-length"] = #body },
    })
    return status, table.concat(parts)
  end
end

-- The program curl, a process for each request.
function post.program(ca_file)
  local line = "curl -sS --max-time 60 --cacert '%s' -H 'Content-Type: application/json' "
    .. "-w '\n%%{http_code}' -d '%s' '%s'"
  return function(url, body)
    local pipe = assert(io.popen(line:format(ca_file, body:gsub("'", "'\\''"), url)))
    local text, status = pipe:read("*a"):match "^(.*)\n(%d+)$"
    pipe:close()
    return tonumber(status), text
  end
end

return post
