-- A renamed portal: 302 with the same path at the new host.

local codec = require "b24.codec"
local data = require "spec.support.data"

local SECRET = "s3cr3t0fTheSpec"
local PATH = "/rest/1/" .. SECRET .. "/"
local GOOD = '{"result":true}'

local names = 0
local function fresh(more)
  names = names + 1
  local options = { webhook = ("https://old%d.example%s"):format(names, PATH), limiter = false, retries = 0 }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(codec.conf(options))
end

local function redirect(location, status) return { status = status or 302, body = "", location = location } end

local function begin(conf)
  local call = codec.call(conf, "crm.deal.add", { a = 1 })
  local _, request = call:next(0, "go")
  return call, request
end

describe("a renamed portal", function()
  for _, status in ipairs { 301, 302, 307, 308 } do
    it("gets the same POST at its new host after " .. status, function()
      local call, first = begin(fresh())
      local action, second = call:next(1, "reply", redirect("https://New.example:443" .. PATH .. "crm.deal.add", status))
      assert.equal("SEND", action)
      assert.equal("https://new.example" .. PATH .. "crm.deal.add", second.url)
      assert.equal(first.body, second.body)
      assert.equal("POST", second.verb)
      assert.equal("DONE", (call:next(2, "reply", { status = 200, body = GOOD })))
      assert.is_true((call:result()))
    end)
  end

  it("is remembered for later calls, of other clients too", function()
    local conf = fresh()
    local call = begin(conf)
    call:next(1, "reply", redirect("https://new.example" .. PATH .. "crm.deal.add"))
    local _, request = begin(conf)
    assert.equal("https://new.example" .. PATH .. "crm.deal.add", request.url)
    local other = assert(codec.conf { webhook = ("https://old%d.example%s"):format(names, PATH), limiter = false })
    _, request = begin(other)
    assert.equal("https://new.example" .. PATH .. "crm.deal.add", request.url)
  end)

  it("may answer with .json or a slash at the end of the path", function()
    for _, tail in ipairs { ".json", "/", ".json?x=1" } do
      local call = begin(fresh())
      assert.equal("SEND", (call:next(1, "reply", redirect("https://new.example" .. PATH .. "crm.deal.add" .. tail))))
    end
  end)

  it("is followed twice in a call, not for ever", function()
    local call, sent = begin(fresh()), 1
    for i = 1, 10 do
      if call:next(i, "reply", redirect(("https://hop%d.example%scrm.deal.add"):format(i, PATH))) ~= "SEND" then break end
      sent = sent + 1
    end
    assert.equal(3, sent)
    local value, err, info = call:result()
    assert.is_nil(value)
    assert.equal("REDIRECT", info.code)
    assert.is_nil(data.leak(SECRET, err, info))
  end)
end)

describe("no new address is", function()
  for name, location in pairs {
    ["the same host"] = "https://old%d.example" .. PATH .. "crm.deal.add",
    ["another path"] = "https://new.example/rest/2/other/crm.deal.add",
    ["another method"] = "https://new.example" .. PATH .. "im.counters.get",
    ["plain http"] = "http://new.example" .. PATH .. "crm.deal.add",
    ["a relative path"] = PATH .. "crm.deal.add",
    ["the front page"] = "https://new.example/",
    ["nothing"] = "",
  } do
    it(name, function()
      local conf = fresh()
      local call = begin(conf)
      assert.equal("DONE", (call:next(1, "reply", redirect((location:gsub("%%d", names))))))
      local _, err, info = call:result()
      assert.same({ "http", "REDIRECT" }, { info.kind, info.code })
      assert.is_nil(data.leak(SECRET, err, info))
      local _, request = begin(conf)
      assert.is_truthy(request.url:find("^https://old"))
    end)
  end

  it("303: that would be a GET", function()
    local call = begin(fresh())
    assert.equal("DONE", (call:next(1, "reply", redirect("https://new.example" .. PATH .. "crm.deal.add", 303))))
  end)
end)

describe("a page in the portal's place is named:", function()
  for location, expected in pairs {
    ["https://old.example/bitrix/coupon_activation.php"] = { "denied", "LICENCE_PAGE" },
    ["/bitrix/coupon_activation.php"] = { "denied", "LICENCE_PAGE" },
    ["https://old.example/license/"] = { "denied", "LICENCE_PAGE" },
    ["https://auth.example/login/?backurl=x"] = { "auth", "LOGIN_PAGE" },
    ["/auth/"] = { "auth", "LOGIN_PAGE" },
  } do
    it(location, function()
      local call = begin(fresh { retries = 5 })
      assert.equal("DONE", (call:next(1, "reply", redirect(location))))
      local _, err, info = call:result()
      assert.same(expected, { info.kind, info.code })
      assert.equal(302, info.status)
      assert.is_string(info.hint)
      assert.is_truthy(err:find("HTTP 302", 1, true))
      assert.is_false(info.retryable)
    end)
  end
end)
