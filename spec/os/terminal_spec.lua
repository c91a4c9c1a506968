-- codec.system.secret at a real terminal: what is typed is not shown, whatever happens meanwhile.
-- One Lua of each kind: processes at a terminal.

local data = require "spec.support.data"
local process = require "spec.support.process"
local terminal = require "spec.support.terminal"

local quote = process.quote

describe("a secret that is typed", function()
  local home
  before_each(function() home = data.folder() end)
  after_each(function() data.remove_folder(home) end)

  local missing
  if not terminal.exists() then
    missing = "no program `script`"
  end

  -- Runs `steps` (sh) beside a shell with job control, whose foreground job asks for a secret. What
  -- the terminal showed.
  local function at_terminal(before, steps, ended)
    local program = ([[
      package.path, package.cpath = %q, %q
      local system = require("b24.codec").system
      %s
      local line = system.secret "Secret: "
      local file = io.open("result", "w")
      file:write(tostring(line))
      file:close()
    ]]):format(package.path, package.cpath, before)
    process.write(home .. "/main.lua", program)
    process.write(home .. "/job.sh", "echo $$ >pid; exec " .. process.interpreter()
      .. " main.lua\n")
    process.write(home .. "/run.sh", "set -m\ntty >tty\nsh job.sh\n" .. (ended or "")
      .. "stty -a >after\necho over\n")
    process.write(home .. "/steps.sh", [[
      until_seen() {
        n=0
        until [ "$(grep -o "$1" out | wc -l)" -ge "$2" ] || [ $n -gt 500 ]; do
          sleep 0.02; n=$((n+1))
        done
      }
      until_seen "Secret: " 1
    ]] .. steps .. '\nuntil_seen over 1\n')
    os.execute(("cd %s && touch out && sh steps.sh | script -qefc 'sh run.sh' /dev/null >out 2>&1")
      :format(quote(home)))
    return process.read(home .. "/out"), process.read(home .. "/result")
  end

  local function echoes(name)
    local text = assert(process.read(home .. "/" .. name), name)
    return text:find "[^-]echo " ~= nil
  end

  it("is not shown, also while a debugger's hook is set", function()
    if missing then return pending(missing) end
    local out, result = at_terminal("debug.sethook(function() end, '', 1000000)",
      "echo typedSecret")
    assert.equal("typedSecret", result)
    assert.is_nil(out:find("typedSecret", 1, true), out)
    assert.is_true(echoes "after")
  end)

  it("is not shown after Ctrl-Z and fg, and the terminal speaks meanwhile", function()
    if missing then return pending(missing) end
    local out, result = at_terminal("", [[
      stty -F "$(cat tty)" -a >asked
      kill -TSTP "$(cat pid)"
      until_seen "Secret: " 2
      stty -F "$(cat tty)" -a >again
      echo typedSecret
    ]], "stty -a >during\nstty echo\nfg >/dev/null\n")
    assert.equal("typedSecret", result)
    assert.is_nil(out:find("typedSecret", 1, true), out)
    assert.same({ false, true, false, true }, { echoes "asked", echoes "during", echoes "again",
      echoes "after" })
  end)

  it("is not shown after a stop that cannot be held back", function()
    if missing then return pending(missing) end
    local out, result = at_terminal("", [[
      kill -STOP "$(cat pid)"
      until_seen "Secret: " 2
      stty -F "$(cat tty)" -a >again
      echo typedSecret
    ]], "stty echo\nfg >/dev/null\n")
    assert.equal("typedSecret", result)
    assert.is_nil(out:find("typedSecret", 1, true), out)
    assert.is_false(echoes "again")
  end)

  for name, signal in pairs { INT = 2, TERM = 15, HUP = 1 } do
    it("leaves a terminal that shows what is typed when a signal ends it: " .. name, function()
      if missing then return pending(missing) end
      local _, result = at_terminal("", "kill -" .. signal .. ' "$(cat pid)"')
      assert.is_nil(result)
      assert.is_true(echoes "after")
    end)
  end
end)
