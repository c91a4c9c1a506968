-- The reference is complete and up to date: what a program can call is described there.

local process = require "spec.support.process"

local ROOT = debug.getinfo(1, "S").source:match "^@(.*)spec/reference_spec%.lua$" or ""
local reference = dofile(ROOT .. "scripts/reference.lua")

describe("what is made of the annotations", function()
  for name, text in pairs(reference.files(ROOT)) do
    it("is up to date in " .. name .. " (else: make docs)", function()
      assert.equal(text.should, text.is)
    end)
  end
end)

describe("the reference", function()
  local page = assert(process.read(ROOT .. "doc/reference.md"))

  local function documents(prefix, object, others)
    local count = 0
    for name, value in pairs(object) do
      local public = type(name) == "string" and not name:find "^_" and type(value) == "function"
      if public and not (others and others[name]) then
        count = count + 1
        assert.truthy(page:find("\n### " .. prefix .. name .. "(", 1, true), prefix .. name)
      end
    end
    assert.is_true(count > 0)
  end

  it("has every function of b24", function()
    documents("b24.", require "b24")
  end)

  it("has every method of a client", function()
    local webhook = "https://p.bitrix24.com/rest/1/abcd1234/"
    documents("client:", getmetatable(assert(require("b24").client(webhook))).__index)
  end)

  it("has every function of the mock portal", function()
    documents("mock.", require "b24.mock")
  end)

  it("has words for every function", function()
    local count = 0
    for _, section in ipairs(reference.sections(ROOT)) do
      assert.is_true(#section.functions > 0, section.call)
      for _, one in ipairs(section.functions) do
        count = count + 1
        assert.is_true(#one.block.before > 10, one.heading)
      end
    end
    assert.is_true(count >= 30)
  end)

  -- Of these it has the methods.
  local OBJECTS = { ["b24.client"] = true, ["b24.task"] = true }

  it("has every type that the functions name", function()
    local count = 0
    local function known(kind)
      for name in kind:gmatch "b24%.[%l_.]+" do
        count = count + 1
        assert.truthy(OBJECTS[name] or page:find("\n### " .. name .. "\n", 1, true), name)
      end
    end
    for _, section in ipairs(reference.sections(ROOT)) do
      for _, one in ipairs(section.functions) do
        for _, p in ipairs(one.block.params) do known(p.type) end
        for _, r in ipairs(one.block.returns) do known(r.type) end
      end
    end
    assert.is_true(count > 50)
  end)

  it("reads types with brackets, and words behind them", function()
    local block = reference.blocks("--- Does.\n---@param a? fun(x: {b: c, d: e}): f? of these\n"
      .. "--- and those\n---@return string? err why\nfunction b24.f(a)")[1]
    assert.same({ name = "a?", type = "fun(x: {b: c, d: e}): f?", doc = "of these and those" },
      block.params[1])
    assert.same({ name = "err", type = "string?", doc = "why" }, block.returns[1])
    assert.equal("Does.", block.before)
  end)
end)
