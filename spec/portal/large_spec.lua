-- The mock portal takes what is large, over HTTP/1.1 and HTTP/2, or says that it is too large.
-- One Lua of each kind: the mock portal has a Lua of its own.

local socket = require "socket"
local curl = require "spec.support.curl"
local h2 = require "spec.support.h2"
local start = require("spec.support.portal").start

describe("the mock portal", function()
  local portal
  setup(function() portal = start() end)
  before_each(function() portal:reset() end)
  teardown(function() portal:stop() end)

  -- lua-http alone stops reading for good after the third of these pieces, and so in one of
  -- twenty uploads by curl: see server.lua.
  it("goes on reading an HTTP/2 body wherever it was cut", function()
    local path = portal.http_webhook:match "^http://[^/]*(/.*)$" .. "profile"
    local piece, last = h2.data(("x"):rep(1000)), h2.data(("x"):rep(1000), true)
    for whole = 1, 6 do
      local request = h2.post(portal.http_port, path)
      socket.sleep(0.02) -- the portal has begun to read the body
      request.send(piece:rep(whole) .. last:sub(1, 400))
      socket.sleep(0.02) -- it has read all this, and waits
      request.send(last:sub(401))
      assert.is_true(request.answered(), whole .. " pieces and a half")
    end
  end)

  it("takes fifty uploads of 1 MB over HTTP/2", function()
    local name = os.tmpname()
    local file = assert(io.open(name, "wb"))
    file:write(("x"):rep(2 ^ 20))
    file:close()
    local url = " -o /dev/null " .. portal.webhook .. "profile"
    local pipe = io.popen("curl -s -m 20 --http2 -H content-type:text/plain --data-binary @"
      .. name .. " --cacert "
      .. portal.ca_file .. " -w '%{http_version} %{size_upload}\n'" .. url:rep(50) .. "; echo $?")
    local outcome = pipe:read "*a"
    pipe:close()
    os.remove(name)
    assert.equal(("2 1048576\n"):rep(50) .. "0\n", outcome)
  end)

  -- As nginx 1.22 does it, tried with `large_client_header_buffers` as it comes (8k): the line
  -- with its end may have 8192 bytes. What is too long over HTTP/2 ends the connection.
  it("refuses a request line over 8 KB with nginx's page", function()
    local function ask(length, options)
      local url = portal.http_webhook .. "b24test.echo?x="
      local path = url:match "^http://[^/]*(.*)$"
      return curl(portal, (options or "--http1.1 ")
        .. url .. ("x"):rep(length - #("GET " .. path .. " HTTP/1.1\r\n")))
    end
    local _, outcome = ask(8192)
    assert.equal("200 1.1 0", outcome)
    local body
    body, outcome = ask(8193)
    assert.equal("414 1.1 0", outcome)
    assert.truthy(body:find("<title>414 Request-URI Too Large</title>", 1, true))
    local log = portal:log()
    assert.same({ 200, 414 }, { log[1].status, log[2].status })
    assert.same({ "GET", "/rest/1/" }, { log[2].verb, log[2].path:sub(1, 8) })
    _, outcome = ask(20000, "--http2-prior-knowledge ")
    assert.truthy(outcome:find "^000 ", outcome) -- curl has many codes for that
    assert.is_nil(outcome:find " 28$") -- but not after waiting for 60 seconds
  end)
end)
