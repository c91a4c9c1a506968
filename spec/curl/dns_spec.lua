-- A name server that never answers: the callback comes at the deadline, nothing else stops, and the
-- process can end.
-- One Lua of each kind: processes.

local data = require "spec.support.data"
local libcurl = require "spec.support.libcurl"
local loops = require "spec.support.loops"
local process = require "spec.support.process"
local socket = require "socket"

local TIMEOUT = 0.5 -- seconds; the resolver itself would try for many

-- One of 127.0.0.11 to 99 whose port 53 is free: the specs of several Luas may run at once. Or nil,
-- what is wrong.
local function free_address(server)
  local complaint
  for i = 11, 99 do
    local bound
    bound, complaint = server:setsockname("127.0.0." .. i, 53)
    if bound then return "127.0.0." .. i end
  end
  return nil, complaint
end

describe("when the name server never answers", function()
  local folder, server, why_not
  setup(function()
    folder = data.folder()
    server = socket.udp()
    server:settimeout(0)
    local mounted = data.shell("unshare -m true")
    if process.sanitized() then
      why_not = "a sanitizer waits for the resolver's thread"
    elseif mounted ~= "" then
      why_not = "this user may not mount: " .. mounted:match "[^\n]*"
    else
      local address, complaint = free_address(server)
      why_not = not address and "the port of a name server is not for us: " .. complaint or nil
      process.write(folder .. "/resolv.conf",
        ("nameserver %s\noptions timeout:30 attempts:5\n"):format(address or ""))
    end
  end)
  teardown(function()
    server:close()
    data.remove_folder(folder)
  end)

  -- Runs a program where that name server is the only one. Returns all that was printed, and the
  -- seconds it took.
  local function run(name, source)
    local conf = { webhook = "https://portal.example/rest/1/abcdefgh/", timeout = TIMEOUT,
      retries = 0 }
    process.write(folder .. "/main.lua",
      ("package.path, package.cpath = %q, %q\n"):format(package.path, package.cpath)
      .. loops.program({ ca_file = nil }, name, [[
        local codec = require "b24.codec"
        local begun = codec.clock()
        function report(value, _, info)
          local took = codec.clock() - begun
          print(value, info.kind, info.sent, took >= 0.45 and took < 25 and "in time" or took)
        end
      ]] .. source, { conf = conf, whole = true }))
    local inside = ("mount --bind %s/resolv.conf /etc/resolv.conf && exec env -i timeout 60 "
      .. "$(command -v %s) %s/main.lua")
      :format(folder, process.interpreter(), folder)
    -- A program that ends soon may, on a busy machine, end before it has asked.
    for _ = 1, 10 do
      local elapsed, out = process.timed(data.shell, "unshare -m sh -c " .. data.quote(inside))
      if server:receive() then
        repeat until not server:receive()
        return out, elapsed
      end
    end
    error "nobody was asked"
  end

  local programs = {
    ["in b24.run"] = { "blocking", [[
      b24.run(function() report(client:counters()) end)
      local answers = b24.counters_all { conf, conf, conf }
      for i = 1, 3 do io.write(answers[i].info.kind, i < 3 and " " or "\n") end
    ]], "nil\ttimeout\tfalse\tin time\ntimeout timeout timeout\n" },
    ["over luv, whose ticker goes on"] = { "uv", [[
      local stop = ticker()
      client:counters(function(...)
        report(...)
        print(stop() > 5)
      end)
      require("luv").run()
    ]], "nil\ttimeout\tfalse\tin time\ntrue\n" },
    ["over luv, given up at once"] = { "uv", [[
      local handle = client:counters(function(_, _, info) print(info.code) end)
      require("b24_posix").sleep(0.05)
      handle:cancel()
      require("luv").run()
    ]], "CANCELLED\n" },
    ["at a process's end"] = { "uv", [[
      client:counters(function() print "an answer" end)
      require("b24_posix").sleep(0.05)
      os.exit(0)
    ]], "" },
  }

  for name, program in pairs(programs) do
    it(name .. ": in time, and the process ends at once", function()
      if why_not then return pending(why_not) end
      if libcurl.version < libcurl.ENDS_LOOKUPS then return pending(libcurl.WAITS_FOR_LOOKUPS) end
      if not loops.has(program[1]) then
        return pending(program[1] .. ": its module is not installed for this Lua")
      end
      local out, elapsed = run(program[1], program[2])
      assert.equal(program[3], out)
      -- the resolver takes half a minute for each of its attempts
      assert.is_true(elapsed < 25, elapsed)
    end)
  end
end)
