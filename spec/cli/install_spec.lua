-- `make install` and `make uninstall`, as people and packagers call them.
-- One Lua of each kind: processes.

local command = require "spec.support.command"
local process = require "spec.support.process"

local ROOT = debug.getinfo(1, "S").source:match "^@(.*)spec/cli/install_spec%.lua$" or ""
local quote = process.quote

describe("make install", function()
  local dir, lua
  before_each(function()
    command.path() -- skips where the command does not run
    dir = command.home()
    lua = process.interpreter()
  end)
  after_each(function() command.remove(dir) end)

  local function sh(line)
    local pipe = assert(io.popen("unset LD_PRELOAD; cd ./" .. quote(ROOT) .. " && { " .. line
      .. "; } 2>&1"))
    local out = pipe:read "*a"
    pipe:close()
    return out
  end

  local function make(what, arguments)
    local variant = package.cpath:match "build/[%d.]+(%-%w+)/" or ""
    return sh(("make -s %s VARIANT=%s PREFIX=%s/usr %s"):format(what, quote(variant), quote(dir),
      arguments))
  end

  -- What lies in a folder, as "a b c".
  local function files(folder)
    return (sh("cd " .. quote(folder) .. " && find . ! -type d | sed 's,^./,,' | LC_ALL=C sort")
      :gsub("\n$", ""))
  end

  local function exists(path) return sh("test -e " .. quote(path) .. " && echo yes") ~= "" end

  local function version() return sh(quote(dir) .. "/usr/bin/b24 --version") end

  it("says what comes next, and brings the manual and completions", function()
    local said = make("install", "LUA=" .. quote(lua))
    assert.equal(("installed for %s; now run: b24 login\n"):format(lua), said)
    assert.truthy(version():find "^b24 %d")
    local all = files(dir .. "/usr")
    for _, name in ipairs { "share/man/man1/b24.1", "share/bash-completion/completions/b24",
      "share/zsh/site-functions/_b24", "share/fish/vendor_completions.d/b24.fish" } do
      assert.truthy(all:find(name, 1, true), name)
      assert.truthy(process.read(dir .. "/usr/" .. name):find("b24", 1, true))
    end
    assert.truthy(process.read(dir .. "/usr/share/zsh/site-functions/_b24"):find "^#compdef b24\n")
  end)

  it("is undone by make uninstall", function()
    make("install", "LUA=" .. quote(lua))
    assert.is_true(#files(dir .. "/usr") > 1000)
    assert.equal("b24 is removed for " .. lua .. "\n", make("uninstall", "LUA=" .. quote(lua)))
    assert.equal("", files(dir .. "/usr"))
  end)

  it("leaves the command to the Lua that came first", function()
    local other = dir .. "/other-lua"
    sh(("ln -s \"$(command -v %s)\" %s"):format(quote(lua), quote(other)))
    make("install", "LUA=" .. quote(lua))
    local first = process.read(dir .. "/usr/bin/b24")
    assert.truthy(make("install", "LUA=" .. quote(other)):find("the command b24 stays with /", 1,
      true))
    assert.equal(first, process.read(dir .. "/usr/bin/b24"))
    make("install", "COMMAND=1 LUA=" .. quote(other))
    assert.truthy(process.read(dir .. "/usr/bin/b24"):find("#!" .. other .. "\n", 1, true))
    assert.truthy(make("uninstall", "LUA=" .. quote(lua)):find("the command stays", 1, true))
    assert.is_not_nil(process.read(dir .. "/usr/bin/b24"))
  end)

  it("puts modules where INST_LIBDIR and INST_LUADIR say, and the command finds them", function()
    make("install", ("LUA=%s INST_LIBDIR=%s/usr/lib64/x INST_LUADIR=%s/pure"):format(quote(lua),
      quote(dir), quote(dir)))
    assert.is_not_nil(process.read(dir .. "/usr/lib64/x/b24/codec.so"))
    assert.is_not_nil(process.read(dir .. "/pure/b24/init.lua"))
    assert.is_false(exists(dir .. "/usr/share/lua"))
    assert.truthy(version():find "^b24 %d")
  end)

  it("goes below DESTDIR, and names the final places", function()
    make("install", ("LUA=%s DESTDIR=%s/stage"):format(quote(lua), quote(dir)))
    local bin = process.read(dir .. "/stage" .. dir .. "/usr/bin/b24")
    assert.truthy(bin:find("[[" .. dir .. "/usr/share/lua/", 1, true))
    assert.is_nil(bin:find("/stage", 1, true))
    assert.is_false(exists(dir .. "/usr"))
  end)

  it("builds the same bytes in any folder, with the packager's flags", function()
    local function object(name)
      local folder = dir .. "/" .. name
      sh(("mkdir %s && cp -r Makefile src scripts %s"):format(quote(folder), quote(folder)))
      local said = sh(("make -C %s -s V=1 VARIANT= LUA=%s CPPFLAGS=-DPACKAGER "
        .. "build/obj/base/text.o"):format(quote(folder), quote(lua)))
      return process.read(folder .. "/build/obj/base/text.o"), said
    end
    local one, said = object "one"
    assert.truthy(one, said)
    assert.is_true(one == object "another-folder")
  end)
end)
