-- What the pages say of the command line is true: the page's lines run, the manual names every
-- option.
-- One Lua of each kind: processes.

local command = require "spec.support.command"
local data = require "spec.support.data"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

local ROOT = debug.getinfo(1, "S").source:match "^@(.*)spec/cli/pages_spec%.lua$" or ""

describe("of the command line", function()
  local portal, home
  setup(function()
    portal, home = start(), command.home()
  end)
  teardown(function() command.remove(home) end)

  it("every line of its page runs", function()
    local page = assert(process.read(ROOT .. "doc/command-line.md"))
    local block = assert(page:match "```sh\n(.-)```")
    process.write(home .. "/webhook", portal.http_webhook .. "\n")
    process.write(home .. "/report.pdf", "content")
    local _, prefix = command.path()
    local count = 0
    for written in block:gmatch "[^\n]+" do
      local line = written
      count = count + 1
      local words =
        ("env -i HOME=%s B24_ALLOW_HTTP=1 B24_RUNTIME_DIR=%s/run PATH=%s/bin:\"$PATH\" sh -e")
          :format(home, home, prefix)
      -- has no end
      if line:find "^b24 watch" or line:find "^b24 portal" then
        line = "timeout -s INT 2 " .. line:gsub("#", "|| test $? = 124 #")
      end
      local status =
        os.execute(("unset LD_PRELOAD; cd %s && %s -c '%s' <webhook >out 2>&1"):format(home, words,
        (line:gsub("'", "'\\''"))))
      assert.is_true(status == 0 or status == true, line .. "\n" .. process.read(home .. "/out"))
    end
    assert.is_true(count >= 10)
    -- by hand, and of the client who waits 25 minutes
    assert.equal(2, portal:asked "im.message.add")
  end)

  it("the manual and the page name every preset of --format", function()
    local manual = assert(process.read(ROOT .. "doc/b24.1"))
    local page = assert(process.read(ROOT .. "doc/command-line.md"))
    local _, _, err = command.run({ "--format", "nope" },
      { env = { HOME = home, B24_WEBHOOK = "x" } })
    local count = 0
    for name in assert(err:match "there are: (.-), or a template"):gmatch "%w+" do
      count = count + 1
      assert.truthy(manual:find("\\fB" .. name .. "\\fR", 1, true), name)
      assert.truthy(page:find("%f[%w]" .. name .. "%f[%W]"), name)
    end
    assert.is_true(count >= 4)
  end)

  it("the help of every command fits 80 columns, and has examples that can be read", function()
    command.path() -- may skip this
    local parser, commands = require("b24.cli.main").parser()
    local count = 0
    for name, sub in pairs(commands) do
      local help = select(2, command.run({ name, "--help" }, { env = { HOME = home } }))
      for line in help:gmatch "[^\n]+" do assert.is_true(#line <= 80, name .. ": " .. line) end
      for _, example in ipairs(sub.examples) do
        assert.truthy(help:find("\n  " .. example .. "\n", 1, true), example)
        for part in (example:gsub(" >%S+$", "") .. " | "):gmatch "(.-) | " do
          local argv = {}
          -- what a shell makes of it
          local said = data.shell("b24() { printf '%s\\n' \"$@\"; }; " .. part)
          for word in part:find "^b24 " and said:gmatch "[^\n]+" or function() end do
            argv[#argv + 1] = word
          end
          local ok, problem = parser:pparse(argv)
          assert.truthy(ok, example .. ": " .. tostring(problem))
          count = count + math.min(1, #argv)
        end
      end
    end
    assert.is_true(count > 20)
  end)

  it("the manual names every command and option", function()
    local manual = assert(process.read(ROOT .. "doc/b24.1")):gsub("\\", "")
    local function check(what, help)
      for option in help:gmatch "%-%-[%w-]+" do
        assert.truthy(manual:find(option, 1, true), what .. ": " .. option)
      end
    end
    local env = { HOME = home }
    local _, help = command.run({ "--help" }, { env = env })
    check("b24", help)
    local commands = assert(help:match "\nCommands:\n(.-)\n\n")
    local count = 0
    for name in (commands .. "\n"):gmatch "   ([%a-]+) +%u[^\n]*\n" do
      count = count + 1
      assert.truthy(manual:find("\n%.BR? ?" .. name:gsub("%-", "%%-") .. "[ \n]"), name)
      check(name, (select(2, command.run({ name, "--help" }, { env = env }))))
    end
    assert.is_true(count >= 11, commands)
  end)
end)
