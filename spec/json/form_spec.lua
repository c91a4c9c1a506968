-- Forms as PHP reads them, and what of them is an event of Bitrix24.

local codec = require "b24.codec"

local AUTH = "event=ONX&auth[member_id]=m&"

local function read(form)
  local event = assert(codec.posted(AUTH .. form))
  event.event, event.auth = nil, nil
  return event
end

local function refused(body)
  local event, err, info = codec.posted(body)
  assert.is_nil(event)
  assert.same({ "decode", "BAD_EVENT" }, { info.kind, info.code })
  return err:match ": ([^:]*)$"
end

describe("a form", function()
  local CASES = {
    { "a=1&b=2", { a = "1", b = "2" } },
    { "a=1&a=2", { a = "2" } }, -- the last counts
    { "a", { a = "" } },
    { "&&a=1&", { a = "1" } },
    { "=1&a=2", { a = "2" } }, -- no name
    { "[x]=1&a=2", { a = "2" } },
    { "a=b=c", { a = "b=c" } },
    { "a=x+y%20z", { a = "x y z" } },
    { "a=%D0%98%d0%B2", { a = "Ив" } },
    { "a=100%&b=%zz&c=%4", { a = "100%", b = "%zz", c = "%4" } },
    { "data[PARAMS][X]=1", { data = { PARAMS = { X = "1" } } } },
    { "data%5BPARAMS%5D%5BX%5D=1", { data = { PARAMS = { X = "1" } } } },
    { "a[]=1&a[]=2", { a = { "1", "2" } } },
    { "a[0]=1&a[1]=2", { a = { "1", "2" } } },
    { "a[1]=1&a[0]=2", { a = { ["1"] = "1", ["0"] = "2" } } }, -- PHP would write it as a map too
    { "a[5]=1&a[]=2", { a = { ["5"] = "1", ["6"] = "2" } } },
    { "a[0]=1&a[x]=2", { a = { ["0"] = "1", x = "2" } } },
    { "a[][x]=1&a[][x]=2", { a = { { x = "1" }, { x = "2" } } } },
    { "a=1&a[b]=2", { a = { b = "2" } } },
    { "a[b]=1&a=2", { a = "2" } },
    { "a[b]=1&a[b][c]=2", { a = { b = { c = "2" } } } },
    { "a.b=1&c d=2&  e=3", { a_b = "1", c_d = "2", e = "3" } },
    { "a[b.c d]=1", { a = { ["b.c d"] = "1" } } },
    { "a[b=1", { a_b = "1" } },
    { "a[b]c[d]=1", { a = { b = "1" } } }, -- what follows a part counts for nothing
    { "a[b[c]=1", { a = { ["b[c"] = "1" } } },
    { "a]=1", { ["a]"] = "1" } },
  }
  for _, case in ipairs(CASES) do
    it("of " .. case[1], function() assert.same(case[2], read(case[1])) end)
  end

  it("has no more fields than PHP takes, and nests no deeper", function()
    assert.equal("1", read(("a=1&"):rep(998)).a)
    assert.equal("it has too many fields", refused(AUTH .. ("a=1&"):rep(999)))
    assert.truthy(read("a" .. ("[b]"):rep(63) .. "=1"))
    assert.equal("it nests too deep", refused(AUTH .. "a" .. ("[b]"):rep(64) .. "=1"))
  end)

  it("is UTF-8 without NUL", function()
    for _, bad in ipairs { "a=%ff", "%C3=1", "a=\255", "a[%ff]=1" } do
      assert.equal("it is not valid UTF-8", refused(AUTH .. bad))
    end
    for _, bad in ipairs { "a=%00", "a%00b=1", "a=\0" } do
      assert.equal("it has a NUL", refused(AUTH .. bad))
    end
  end)
end)

describe("an event", function()
  it("has a name and an auth", function()
    assert.equal("it has no name", refused "")
    assert.equal("it has no name", refused "event=&auth[a]=1")
    assert.equal("it has no name", refused "event[x]=1&auth[a]=1")
    assert.equal("it has no auth", refused "event=ONX")
    assert.equal("it has no auth", refused "event=ONX&auth=1")
    assert.equal("it has no auth", refused "event=ONX&auth[]=1")
    assert.same({ event = "ONX", auth = { a = "1" } }, (codec.posted "event=ONX&auth[a]=1"))
  end)
end)

describe("a secret", function()
  it("is only the same if all of it is", function()
    assert.is_true(codec.same_secret("abc", "abc"))
    for _, given in ipairs { "", "ab", "abd", "Abc", "abcabc", "abcd", "abc\0" } do
      assert.is_false(codec.same_secret("abc", given), given)
    end
    assert.is_false(codec.same_secret("", "")) -- nobody has set one
  end)
end)
