-- A C module that was built for another Lua says so. Real modules of all versions that are built.

local process = require "spec.support.process"
local data = require "spec.support.data"

local ROOT = debug.getinfo(1, "S").source:match "^@(.*)spec/lua/abi_spec%.lua$" or ""
if ROOT:sub(1, 1) ~= "/" then ROOT = data.shell("pwd"):match "[^\n]+" .. "/" .. ROOT end
local SOURCE = [[
  package.path, package.cpath = %q, %q
  local ok, problem = pcall(require, "b24")
  io.write(ok and "loads" or tostring(problem))
]]

-- What `require "b24"` says with the C modules of this folder.
local function required(folder)
  local _, out = process.run(SOURCE:format(ROOT .. "lua/?.lua;" .. ROOT .. "lua/?/init.lua",
    folder .. "/?.so"), { LD_PRELOAD = "" })
  return out
end

local function mine() return rawget(_G, "jit") and "5.1" or _VERSION:match "[%d.]+" end

describe("a module of another Lua", function()
  local others = 0
  for _, abi in ipairs { "5.1", "5.2", "5.3", "5.4" } do
    local file = ROOT .. "build/" .. abi .. "/b24/codec.so"
    if abi ~= mine() and process.read(file) then
      others = others + 1
      it("is named, and what to do: " .. abi, function()
        local out = required(ROOT .. "build/" .. abi)
        assert.truthy(out:find("b24: " .. file .. " was built for another Lua than this one, Lua",
          1, true), out)
        assert.truthy(out:find("make install LUA=lua", 1, true), out)
      end)
    end
  end
  if others == 0 then pending "only one Lua is built" end

  it("is not blamed for what it is not", function()
    local out = required "/nowhere"
    assert.truthy(out:find("module 'b24.codec' not found", 1, true), out)
    assert.is_nil(out:find "another Lua")
  end)
end)
