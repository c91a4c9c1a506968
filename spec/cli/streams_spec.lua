-- Standard streams that are closed, full, or have no reader: cron jobs, services, bars that
-- restart.
-- One Lua of each kind: processes.

local cjson = require "cjson"
local command = require "spec.support.command"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

local quote = process.quote

describe("closed standard streams:", function()
  local portal, home
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    home = command.home()
  end)
  after_each(function() command.remove(home) end)

  local ENV = { "PATH" }
  local function env()
    local all = { HOME = home, B24_RUNTIME_DIR = home .. "/run", B24_WEBHOOK = portal.http_webhook }
    for _, name in ipairs(ENV) do all[name] = os.getenv(name) end
    return all
  end

  -- Runs b24 with these redirections: exit status, output, errors.
  local function run(arguments, redirections, input)
    process.write(home .. "/in", input or "")
    os.execute(("cd %s; rm -f out err; unset LD_PRELOAD; timeout 60 %s <in >out 2>err %s; echo $? "
      .. ">status"):format(
      quote(home), command.words(arguments, env()), redirections))
    return tonumber(process.read(home .. "/status")), process.read(home .. "/out"),
      process.read(home .. "/err")
  end

  local MINE = { {}, { "--json" }, { "--format", "{badge}" }, { "--format", "waybar" }, { "inbox" },
    { "waiting" },
    { "doctor" }, { "--help" }, { "--version" }, { "completion", "bash" }, { "call", "profile" },
    { "list", "crm.deal.list" }, { "show", "chat18" }, { "send", "chat18", "x", "--json" },
    { "watch", "--json" },
    { "login" } }

  it("what cannot be written is exit code 2, whatever the command", function()
    for _, arguments in ipairs(MINE) do
      local name = table.concat(arguments, " ")
      local status, _, err = run(arguments, ">&-", portal.http_webhook)
      assert.same({ name, 2 }, { name, status }, err)
      assert.truthy(err:find("b24: standard output cannot be written: ", 1, true),
        name .. ": " .. err)
    end
  end)

  it("what says nothing succeeds", function()
    assert.same({ 0, "", "" }, { run({ "send", "chat18", "x" }, ">&-") })
  end)

  it("answers without standard errors, and its exit codes stay", function()
    assert.same({ 0, "8\n", "" }, { run({ "--format", "{badge}" }, "2>&-") })
    assert.equal(2, (run({ "--nonsense" }, "2>&-")))
    assert.equal(2, (run({ "--json" }, ">&- 2>&-")))
  end)

  it("answers without standard input, which is no empty one", function()
    assert.same({ 0, "8\n", "" }, { run({ "--format", "{badge}" }, "<&-") })
    local status, out, err = run({ "login" }, "<&-")
    assert.same({ 2, "" }, { status, out })
    assert.truthy(err:find("no webhook was given", 1, true), err)
    assert.equal(2, (run({ "send", "chat18", "-" }, "<&-")))
    for _, call in ipairs(portal:log()) do assert.not_equal("im.message.add", call.method) end
  end)

  it("nothing that is printed goes into a file or connection of b24's", function()
    for _ = 1, 2 do
      assert.equal(2, (run({ "--max-age", "1h", "--format", "{badge}" }, "<&- >&- 2>&-")))
    end
    assert.same({ 0, "8\n", "" }, { run({ "--max-age", "1h", "--format", "{badge}" }, "") })
    for name in io.popen("ls " .. quote(home .. "/run")):lines() do
      local text = process.read(home .. "/run/" .. name)
      assert.is_nil(text:find("b24: ", 1, true), name)
      if name:find "^limiter" then assert.is_true(#text < 64) end
    end
  end)

  it("a program's own descriptors are never among them", function()
    process.write(home .. "/main.lua", ([[
      package.path, package.cpath = %q, %q
      local b24 = require "b24"
      local client = assert(b24.client { webhook = %q, allow_http = true, max_age = 1,
        runtime_dir = %q })
      local one, err = client:counters()
      local two, problem = b24.run(function() return client:call "profile" end)
      print(("x"):rep(100000)) -- to nobody
      io.stderr:write(("x"):rep(100000))
      local three, trouble = client:call "profile"
      local open = {}
      for fd = 0, 2 do open[#open + 1] = require "b24_posix".is_open(fd) or nil end
      local file = io.open(%q, "w")
      file:write(require "cjson".encode { one = one ~= nil, two = two ~= nil, three = three ~= nil,
        err = tostring(err or problem or trouble), open = #open })
      file:close()
    ]]):format(package.path, package.cpath, portal.http_webhook, home .. "/run", home .. "/result"))
    os.execute("mkdir -m 700 " .. quote(home .. "/run"))
    os.execute(("cd %s; unset LD_PRELOAD; %s %s <&- >&- 2>&-"):format(quote(home),
      process.interpreter(), quote(home .. "/main.lua")))
    local result = cjson.decode(process.read(home .. "/result") or '{"err":"no result"}')
    assert.same({ one = true, two = true, three = true, err = "nil", open = 0 }, result)
  end)
end)
