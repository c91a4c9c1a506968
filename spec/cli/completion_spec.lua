-- b24 completion: what may stand at the cursor, and a real TAB in real shells.
-- One Lua of each kind: processes.

local command = require "spec.support.command"
local data = require "spec.support.data"
local process = require "spec.support.process"

local quote = process.quote

describe("completion", function()
  local portal, home, run_dir
  command.scene({ setup = setup, teardown = teardown, before_each = before_each },
    function(...) portal, home, run_dir = ... end)

  local function env(more)
    local all = { HOME = home, B24_RUNTIME_DIR = run_dir, B24_WEBHOOK = portal.http_webhook }
    for name, value in pairs(more or {}) do all[name] = value end
    return all
  end

  -- The words that may stand in the place of the last one, in one text.
  local function at(words, more)
    local argv = { "completion", "--words", (table.unpack or unpack)(words) }
    local status, out, err = command.run(argv, { env = env(more) })
    assert.same({ 0, "" }, { status, err })
    return (out:gsub("\t[^\n]*", ""):gsub("\n", " "))
  end

  local function has(list, ...)
    for _, word in ipairs { ... } do
      assert.truthy((" " .. list):find(" " .. word .. " ", 1, true), word .. " in: " .. list)
    end
  end

  it("knows commands, their options and those of all", function()
    has(at { "" }, "counters", "inbox", "mark-read", "doctor")
    assert.equal("mark-read ", at { "ma" })
    has(at { "inbox", "-" }, "--section", "--muted", "--profile", "--color", "--help")
    assert.equal("--sort --section ", at { "inbox", "--s" })
    assert.equal("--stale-ok ", at { "--st" })
    assert.equal("", at { "show", "--se" })
  end)

  it("knows values", function()
    assert.equal("waybar tmux prometheus nagios ", at { "--format", "" })
    assert.equal("lines json csv tsv ", at { "list", "crm.deal.list", "--format", "" })
    assert.equal("--format=waybar ", at { "--format=w" })
    assert.equal("waybar ", at { "--format", "=", "w" }) -- as bash ends words
    assert.equal("LINES ", at { "inbox", "--section", "L" })
    assert.equal("always auto never ", (at { "--color", "" }:gsub("auto always", "always auto")))
    assert.equal("bash zsh fish ", at { "completion", "" })
    assert.equal("", at { "completion", "bash", "" })
    assert.equal(":files ", at { "--ca-file", "" })
    assert.equal(":files ", at { "send", "chat18", "--file", "re" })
  end)

  it("knows the profiles that something is stored for", function()
    local folder = home .. "/.config/b24"
    os.execute("mkdir -p " .. quote(folder))
    for _, name in ipairs { "webhook", "webhook.work", "app.work", "webhook_cmd.home",
        "app.x+login", "notes.txt", "ca_file.work" } do
      process.write(folder .. "/" .. name, "x")
    end
    local words = {}
    for word in at { "-p", "" }:gmatch "%S+" do words[#words + 1] = word end
    table.sort(words)
    assert.same({ "home", "work" }, words)
    assert.equal("--profile=work ", at { "--profile=w" })
    os.execute("rm -r " .. quote(folder))
  end)

  it("knows the dialogs of the cache, and asks nobody", function()
    assert.equal("", at { "show", "" })
    assert.equal("notify all ", at { "mark-read", "" })
    assert.equal(0, (command.run({ "--max-age", "1h" }, { env = env() })))
    portal:control "log_clear"
    assert.equal("1 5 chat18 chat24 chat44 chat901 ", at { "show", "" })
    assert.equal("chat18 ", at { "send", "chat1" })
    assert.equal("notify all 1 5 chat18 chat24 chat44 chat901 ", at { "mark-read", "" })
    assert.equal("", at { "show", "chat18", "" })
    assert.same({}, portal:log())
    local _, out = command.run({ "completion", "--words", "show", "chat18" }, { env = env() })
    assert.equal("chat18\t1 unread\n", out)
  end)

  it("starts no password manager", function()
    local folder = home .. "/.config/b24"
    os.execute("mkdir -p " .. quote(folder))
    process.write(folder .. "/webhook_cmd", "touch " .. home .. "/started\n")
    os.execute("chmod 600 " .. quote(folder .. "/webhook_cmd"))
    assert.equal("", at({ "show", "" }, { B24_WEBHOOK = false }))
    assert.is_nil(process.read(home .. "/started"))
    os.execute("rm -r " .. quote(folder))
  end)

  it("does not fail on odd words", function()
    for _, words in ipairs { { "--" }, { "--nope", "x", "" }, { "nope", "" }, { "=", "=", "=" },
        { "--format" }, { "show", "\27[2J", "-" }, { "--profile", "../x", "show", "" } } do
      at(words)
    end
  end)

  -- How each shell begins, with nothing of the user's.
  local SHELLS = {
    bash = [[bash --rcfile %s/rc -i]],
    zsh = [[env ZDOTDIR=%s zsh -i]],
    fish = [[fish --no-config --private -C 'source %s/rc']],
  }
  local RC = {
    bash = [[PS1='$ '; eval "$(b24 completion bash)"]],
    zsh = [[PROMPT='$ '; eval "$(b24 completion zsh)"]],
    fish = "function fish_prompt; echo '$ '; end\nb24 completion fish | source",
  }

  -- A shell in a terminal: `typed(keys)` is what the line is after a TAB.
  local function shell_at_terminal(shell)
    local words = command.words({}, env { PATH = home .. "/bin:" .. os.getenv "PATH",
      TERM = "screen", LC_ALL = "C.UTF-8" }):gsub("%S+ *$", "")
    os.execute("mkdir -p " .. quote(home .. "/bin"))
    os.execute(("ln -sf %s %s/bin/b24"):format(quote((command.path())), quote(home)))
    process.write(home .. "/rc", RC[shell])
    process.write(home .. "/.zshrc", RC[shell])
    process.write(home .. "/start", ("cd %s; unset LD_PRELOAD; exec %s %s"):format(quote(home),
      words, SHELLS[shell]:format(home)))
    -- Its own socket: a server that has been killed may still be at the last one's.
    local tmux = "unset TMUX LD_PRELOAD; LC_ALL=C.UTF-8 tmux -S " .. home .. "/" .. shell .. " "
    os.execute(tmux .. "-f /dev/null new -d -x 100 -y 30 'sh " .. home
      .. "/start' >/dev/null 2>&1")
    local function screen() return data.shell(tmux .. "capture-pane -p 2>/dev/null") end
    local function shows(text)
      assert.is_true(process.eventually(20, function()
        return screen():find(text, 1, true)
      end), ("not seen: %s\nbut: %s"):format(text, screen()))
    end
    shows "$" -- without the blanks at its end
    local function typed(keys, expected)
      os.execute(tmux .. "send-keys C-u C-l")
      os.execute(tmux .. "send-keys -l " .. quote(keys))
      shows("$ " .. keys)
      os.execute(tmux .. "send-keys Tab")
      shows("$ " .. expected)
    end
    return typed, function() os.execute(tmux .. "kill-server 2>/dev/null") end
  end

  for shell in pairs(SHELLS) do
    it("completes at a TAB in " .. shell, function()
      for _, needed in ipairs { shell, "tmux" } do
        if data.shell("command -v " .. needed) == "" then return pending("no " .. needed) end
      end
      assert.equal(0, (command.run({ "--max-age", "1h" }, { env = env() })))
      os.execute("mkdir -p " .. quote(home .. "/.config/b24"))
      process.write(home .. "/.config/b24/webhook.work", "x")
      process.write(home .. "/portal-ca.pem", "x")
      local typed, stop = shell_at_terminal(shell)
      local ok, problem = pcall(function()
        typed("b24 mark", "b24 mark-read")
        typed("b24 --format wa", "b24 --format waybar")
        typed("b24 --format=wa", "b24 --format=waybar")
        typed("b24 inbox --section LI", "b24 inbox --section LINES")
        typed("b24 -p wo", "b24 -p work")
        typed("b24 show chat1", "b24 show chat18")
        typed("b24 completion f", "b24 completion fish")
        typed("b24 --ca-file portal", "b24 --ca-file portal-ca.pem")
      end)
      stop()
      if not ok then error(problem, 0) end
    end)
  end
end)
