-- What neither Lua nor cqueues offers: folders by way of the shell, and one system call.

local sys = {}

local SIZE = 16 -- bytes of an address without a family

function sys.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- The lines that a shell script prints.
local function lines_of(script)
  local pipe, lines = assert(io.popen("{ " .. script .. "\n} 2>/dev/null", "r")), {}
  for line in pipe:lines() do lines[#lines + 1] = line end
  pipe:close()
  return lines
end

--- The number of this process.
function sys.getpid()
  return tonumber(lines_of("echo $PPID")[1])
end

--- Makes a folder that only its owner may enter. False when it exists already or cannot be made.
function sys.mkdir(path)
  return lines_of("mkdir -m 700 -- " .. sys.quote(path) .. " && echo made")[1] == "made"
end

--- A new private folder with a name of its own.
function sys.mkdtemp()
  local parent = os.getenv "TMPDIR" or "/tmp"
  return lines_of("mktemp -d -- " .. sys.quote(parent .. "/b24-portal-XXXXXX"))[1]
    or error("cannot make a folder in " .. parent, 0)
end

--- The absolute name of a folder that exists.
function sys.realpath(path)
  return lines_of("cd -- " .. sys.quote(path) .. " && pwd -P")[1]
    or error("no such folder: " .. path, 0)
end

-- Linux ends a connection with RST for connect(AF_UNSPEC) at once, and the descriptor stays valid:
-- whoever else holds the socket just finds it disconnected.
local function reset_by_ffi(ffi)
  ffi.cdef "int connect(int fd, const void *address, unsigned length);"
  local address = ffi.new("char[?]", SIZE) -- sa_family 0, the rest is ignored
  return function(fd) ffi.C.connect(fd, address, SIZE) end
end

--- Ends a TCP connection with RST instead of FIN.
---@param fd integer
function sys.reset(fd)
  local found, ffi = pcall(require, "ffi") -- LuaJIT's; other Luas ask b24's own C
  sys.reset = found and reset_by_ffi(ffi) or require("b24.codec").system.reset
  return sys.reset(fd)
end

return sys
