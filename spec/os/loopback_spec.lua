-- The web server for the browser that comes back from a portal.

local codec = require "b24.codec"
local process = require "spec.support.process"
local socket = require "socket"

local system = codec.system

describe("the listener", function()
  local listener
  before_each(function() listener = assert(system.listen(0)) end)
  after_each(function() listener:close() end)

  local function connect()
    local client = assert(socket.connect("127.0.0.1", listener:port()))
    client:settimeout(60)
    return client
  end

  it("hears what a browser asks for, and answers it", function()
    local client = connect()
    client:send "GET /x?code=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    assert.equal("/x?code=1", (listener:wait(60)))
    -- the browser hangs up when it has read everything: answer() waits for that
    client:shutdown "send"
    listener:answer "HTTP/1.1 200 OK\r\n\r\nHello"
    assert.equal("HTTP/1.1 200 OK\r\n\r\nHello", (client:receive "*a"))
    client:close()
  end)

  it("lets nobody keep it waiting: neither silent connections nor slow ones", function()
    local silent, slow = {}, connect()
    slow:send "GET /slow HT"
    for i = 1, 5 do silent[i] = connect() end
    local client = connect()
    client:send "GET /quick HTTP/1.1\r\n\r\n"
    assert.equal("/quick", (listener:wait(60)))
    client:close()
    slow:send "TP/1.1\r\n\r\n"
    assert.equal("/slow", (listener:wait(60)))
    slow:close()
    for i = 1, 20 do silent[i] = connect() end -- more than it holds: the oldest go
    client = connect()
    client:send "GET /last HTTP/1.1\r\n\r\n"
    assert.equal("/last", (listener:wait(60)))
    for _, connection in ipairs(silent) do connection:close() end
    client:close()
  end)

  it("hangs up on what is no request of a browser", function()
    for _, text in ipairs { "POST / HTTP/1.1\r\n\r\n", "GET\r\n\r\n", "\r\n\r\n",
      ("x"):rep(20000), "GET /" .. ("x"):rep(20000) .. " HTTP/1.1\r\n\r\n" } do
      local client = connect()
      client:send(text)
      assert.same({ nil, "late" }, { listener:wait(0.3) })
      assert.is_nil((client:receive(1)))
      client:close()
    end
  end)

  it("is the only one on its port, and frees it", function()
    local port = listener:port()
    assert.is_nil((system.listen(port)))
    local client = connect()
    client:send "GET / HTTP/1.1\r\n\r\n"
    assert.equal("/", (listener:wait(60)))
    listener:answer "HTTP/1.1 200 OK\r\n\r\n" -- we hang up first: TIME_WAIT is ours
    client:close()
    listener:close()
    listener:close()
    listener = assert(system.listen(port))
    assert.equal(port, listener:port())
  end)

  it("listens for nobody but this machine", function()
    local address = socket.dns.toip(socket.dns.gethostname())
    if not address or address:find "^127%." then return end
    local outside = socket.tcp()
    outside:settimeout(5)
    assert.is_nil((outside:connect(address, listener:port())))
    outside:close()
  end)

  it("gives up in time, and at Ctrl-C", function()
    assert.same({ nil, "late" }, { listener:wait(0) })
    local child = process.start([[
      local listener = assert(require "b24.codec".system.listen(0))
      print "ready" io.stdout:flush()
      print(listener:wait(600))
    ]])
    assert.is_true(process.eventually(60, function() return child:output():find "ready" end))
    child:signal(2)
    local status, out = child:wait(60)
    assert.is_nil(out:find("late", 1, true))
    assert.not_equal(0, status)
  end)
end)
