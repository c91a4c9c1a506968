-- The address to which a portal sends the browser: only the one that was asked for is believed.

local codec = require "b24.codec"

local read = codec.system.redirect
local STATE, HOST = ("0123456789abcdef"):rep(2), "acme.bitrix24.com"
local PARTS = { code = "c0de", state = STATE, domain = HOST, member_id = "m1",
  scope = "im%2Ccrm", server_domain = "oauth.bitrix.info" }

-- An address with these parts changed; false: left out.
local function address(change, before)
  local list = {}
  for name, value in pairs(PARTS) do
    if change and change[name] ~= nil then value = change[name] end
    if value then list[#list + 1] = name .. "=" .. value end
  end
  return (before or "/?") .. table.concat(list, "&")
end

local function refused(text)
  local found, err, info = read(text, STATE, HOST)
  assert.is_nil(found)
  assert.equal("auth", info.kind)
  assert.is_nil(err:find("c0de", 1, true))
  assert.is_nil(err:find(STATE, 1, true))
  return info.code
end

describe("the address after a log-in", function()
  local GOOD = { code = "c0de", server_endpoint = "https://oauth.bitrix.info", member_id = "m1",
    scope = "im,crm" }

  it("is read, whatever stands around its query", function()
    for _, before in ipairs { "/?", "/b24/?x=y&", "http://127.0.0.1:21024/?", "?" } do
      assert.same(GOOD, (read(address(nil, before), STATE, HOST)))
    end
    assert.same(GOOD, (read(address() .. "#code=other", STATE, HOST)))
    assert.same(GOOD, (read(address { domain = "ACME.Bitrix24.com" }, STATE, HOST)))
  end)

  it("may say less", function()
    local found = read(address { member_id = false, scope = false, server_domain = false }, STATE,
      HOST)
    assert.same({ code = "c0de", scope = "" }, found)
  end)

  it("is no answer at all without code and state", function()
    for _, text in ipairs { "/favicon.ico", "/", "", "/?x=y", "/#code=1" } do
      assert.is_false(read(text, STATE, HOST), text)
    end
  end)

  it("must have the state of this log-in, whole", function()
    for _, state in ipairs { "", "x", STATE:sub(2), STATE .. "0", STATE:upper(), false,
      STATE .. "&state=x" } do
      assert.equal("WRONG_STATE", refused(address { state = state }))
    end
    assert.equal("WRONG_STATE", refused "/?code[]=1&state[]=1")
  end)

  it("must come from the portal that was asked", function()
    for _, domain in ipairs { "evil.example", "", false, HOST .. ".evil.example",
      HOST .. ":444", "https://" .. HOST } do
      assert.equal("WRONG_PORTAL", refused(address { domain = domain }))
    end
  end)

  it("must have a code, of a sane length", function()
    assert.equal("NO_CODE", refused(address { code = false }))
    assert.equal("NO_CODE", refused(address { code = "" }))
    assert.equal("NO_CODE", refused(address { code = ("x"):rep(3000) }))
    assert.equal("NO_CODE", refused(address { server_domain = ("x"):rep(300) }))
    assert.equal("NO_CODE", refused(address { scope = ("x"):rep(2000) }))
  end)
end)

describe("a state", function()
  it("has 128 bits, and never comes twice", function()
    local seen = {}
    for _ = 1, 100 do
      local state = codec.system.state()
      assert.truthy(state:find("^" .. ("[0-9a-f]"):rep(32) .. "$"))
      assert.is_nil(seen[state])
      seen[state] = true
    end
  end)
end)
