-- A file on its way through libcurl: in constant memory, and never as half a request that counts.
-- One Lua of each kind: real time, and files of libcurl.

local b24 = require "b24"
local data = require "spec.support.data"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

local LARGE = 8 * 1024 * 1024
local SLACK = 3 * 1024 -- KiB of memory that a larger file may cost

describe("an upload", function()
  local portal, home
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    home = data.folder()
  end)
  after_each(function() data.remove_folder(home) end)

  local missing = not process.read "/proc/self/status" and "no /proc here" or nil

  for _, version in ipairs { "1.1", "2" } do
    it("takes no more memory for a large file, over HTTP/" .. version, function()
      if missing then return pending(missing) end
      data.shell(("truncate -s %d %s/large; truncate -s 100000 %s/small"):format(LARGE, home, home))
      local program = ([[
        package.path, package.cpath = %q, %q
        local b24 = require "b24"
        local client = b24.client { webhook = %q, ca_file = %q, limiter = false, timeout = 120,
          http_version = %q }
        local function peak()
          for line in io.lines "/proc/self/status" do
            if line:find "^VmHWM" then return tonumber(line:match "%%d+") end
          end
        end
        local function send(name)
          local file = b24.file(%q .. "/" .. name)
          local stored = assert(client:call("disk.folder.uploadfile", { id = 8930,
            data = { NAME = name }, fileContent = { "x", file } }))
          return stored.SIZE
        end
        send "small"
        local before = peak()
        print(send "large", peak() - before)
      ]]):format(package.path, package.cpath, portal.webhook, portal.ca_file, version, home)
      process.write(home .. "/main.lua", program)
      local said = data.shell(process.interpreter() .. " " .. home .. "/main.lua 2>&1")
      local size, grown = said:match "^(%d+)%s+(%-?%d+)"
      assert.equal(LARGE, tonumber(size), said)
      -- a sanitizer keeps what was freed
      assert.is_true(tonumber(grown) < SLACK or process.sanitized(), said)
    end)
  end

  it("of a file that changed meanwhile is no request", function()
    local path = home .. "/a"
    process.write(path, ("x"):rep(200000))
    local client = b24.client { webhook = portal.webhook, ca_file = portal.ca_file, timeout = 60,
      limiter = false, log = function(event)
        if event.event == "attempt" then process.write(path, ("y"):rep(200001)) end
      end }
    local stored, err, info = client:call("disk.folder.uploadfile", { id = 8930,
      data = { NAME = "a" }, fileContent = { "a", b24.file(path) } })
    assert.is_nil(stored)
    assert.same({ "config", "FILE_CHANGED", 1, false }, { info.kind, info.code, info.attempts,
      info.retryable }, err)
    assert.same({ 0, {} }, { #portal:log(), portal:stats().executions })
  end)

  it("leaves its connection to the next call", function()
    process.write(home .. "/a", ("x"):rep(200000))
    local client = b24.client { webhook = portal.webhook, ca_file = portal.ca_file, timeout = 60,
      limiter = false }
    assert(client:call "profile")
    for i = 1, 2 do
      local stored, _, info = client:call("disk.folder.uploadfile", { id = 8930,
        data = { NAME = "a" .. i }, fileContent = { "a", b24.file(home .. "/a") } })
      assert.same({ "200000", true }, { stored.SIZE, info.reused })
      assert.is_true(select(3, client:call "profile").reused)
    end
  end)
end)
