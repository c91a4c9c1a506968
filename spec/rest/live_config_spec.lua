-- What the portal says of its push server (src/rest/live_config.c).

local live = require "spec.support.live"

local function between(low, high, actual)
  assert.is_true(actual >= low and actual <= high,
    ("%s is not from %g to %g"):format(actual, low, high))
end

describe("the configuration of the push server", function()
  local function opened(change, conf) return live.polling(change, conf):url() end
  local function refused(change)
    local channel = live.new()
    channel:after(0, "go")
    assert.equal("SLEEP", (channel:after(0, "config", live.config(change))))
    return channel.machine:state().why
  end
  local ID = "CHANNEL_ID=" .. live.CHANNEL:gsub(":", "%%3A")

  it("gives the address of the private channel alone", function()
    assert.equal("https://push.example/sub/?" .. ID, opened())
  end)

  it("is read however its key is spelt", function()
    local address = "https://push.example/sub/?" .. ID
    assert.equal(address, opened { long_pooling_secure = "long_polling_secure" })
    assert.equal("BAD_PUSH_CONFIG", refused { long_pooling_secure = "long_poling_secure" })
  end)

  it("is read for every version of the server", function()
    local short = ("a"):rep(32) .. "." .. ("c"):rep(40)
    local url = opened { ["\"version\":4"] = "\"version\":\"3\"", [live.CHANNEL] = short }
    assert.equal("https://push.example/sub/?CHANNEL_ID=" .. short, url)
    url = opened { ["\"version\":4"] = "\"version\":5",
      ["\"serverTime\""] = "\"jwt\":\"eyJh.eyJz.c2ln\",\"serverTime\"" }
    assert.equal("https://push.example/sub/?token=eyJh.eyJz.c2ln&jsonRpc=true", url)
  end)

  it("names the client where the server is shared, in words or as a number", function()
    local mode = { ["personal"] = "shared",
      ["\"serverTime\""] = "\"clientId\":\"a/b\",\"serverTime\"" }
    assert.equal("https://push.example/sub/?" .. ID .. "&clientId=a%2Fb", opened(mode))
    mode["\"serverTime\""] = "\"clientId\":1234567890,\"serverTime\""
    assert.equal("https://push.example/sub/?" .. ID .. "&clientId=1234567890", opened(mode))
    assert.equal("BAD_PUSH_CONFIG", refused { ["personal"] = "shared" })
  end)

  it("goes on from a query that is there", function()
    local url = opened { ["https://push.example/sub/"] = "https://push.example/sub/?x=1" }
    assert.equal("https://push.example/sub/?x=1&" .. ID, url)
  end)

  it("takes a scheme in any case, as libcurl does", function()
    for _, scheme in ipairs { "HTTPS", "httpS" } do
      local address = scheme .. "://push.example/sub/"
      assert.equal(address .. "?" .. ID, opened { ["https://push.example/sub/"] = address })
    end
    local shouted = { ["https://push.example/sub/"] = "HTTP://push.example/sub/" }
    assert.equal("BAD_PUSH_CONFIG", refused(shouted))
  end)

  it("is refused where there is no server", function()
    for _, no in ipairs { "false", "0", "\"N\"" } do
      assert.equal("NO_PUSH_SERVER", refused { ["\"server_enabled\":true"] = "\"server_enabled\":"
        .. no })
    end
    assert.equal("NO_PUSH_SERVER", refused { ["\"server\":{"] = "\"other\":{" })
  end)

  it("is never taken over plain http, but from a mock portal on this machine", function()
    local secure = "https://push.example/sub/"
    for _, address in ipairs { "http://push.example/sub/", "ftp://push.example/",
      "push.example/sub/", "https://a@b/", "",
      "http://127.0.0.1/sub/", "https://push.example/a b", "https://push.example/sub/#x" } do
      assert.equal("BAD_PUSH_CONFIG", refused { [secure] = address })
    end
    local mock = { webhook = "http://127.0.0.1:8080/rest/1/abcdefghij/", allow_http = true }
    assert.equal("http://127.0.0.1:8080/sub/?" .. ID,
      opened({ ["http://push.example/"] = "http://127.0.0.1:8080/" }, mock))
    assert.equal("https://push.example/sub/?" .. ID, opened(nil, mock))
  end)

  it("is refused without a channel, with one of odd bytes, and when it is no JSON", function()
    assert.equal("BAD_PUSH_CONFIG", refused { ["\"private\":"] = "\"other\":" })
    assert.equal("BAD_PUSH_CONFIG", refused { [live.CHANNEL] = "" })
    assert.equal("BAD_PUSH_CONFIG", refused { [live.CHANNEL] = "a b" })
    assert.equal("BAD_PUSH_CONFIG", refused { [live.CHANNEL] = ("a"):rep(5000) })
    assert.equal("BAD_PUSH_CONFIG", refused { ["\"result\":{"] = "\"result\":" })
  end)

  it("lasts until the earliest end, by the portal's own clock", function()
    local function renewed_after(change)
      local channel = live.polling(change)
      for passed = 40, 90000, 40 do
        if channel:nothing(40, live.mid(1)) == "ASK" then return passed end
      end
    end
    local twelve = renewed_after()
    between(12 * 3600 - 100, 12 * 3600, twelve)
    between(3500, 3600, renewed_after { ["\"serverTime\""] = "\"exp\":" .. live.EPOCH + 3600
      .. ",\"serverTime\"" })
    -- Without serverTime the reply's own time counts, not that of this machine.
    between(12 * 3600 - 100, 12 * 3600,
      renewed_after { [',\n    "serverTime":"2027-01-15T10:00:00+02:00"'] = "" })
    between(12 * 3600 - 100, 12 * 3600, renewed_after { ["2027-01-15T20:00:00+00:00"] = "soon" })
    assert.equal(40, renewed_after { ["2027-01-15T20:00:00+00:00"] = "2027-01-15T07:00:00+00:00" })
  end)
end)
