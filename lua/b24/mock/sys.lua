-- The few system calls that neither Lua nor cqueues offers.

local ffi = require "ffi"

ffi.cdef [[
int getpid(void);
int mkdir(const char *path, unsigned mode);
char *mkdtemp(char *template);
char *realpath(const char *path, char *resolved);
void free(void *memory);
struct pollfd { int fd; short events; short revents; };
int poll(struct pollfd *fds, unsigned long count, int timeout);
long read(int fd, void *buffer, size_t size);
int connect(int fd, const void *address, unsigned length);
]]

local sys = {}

local OWNER_ONLY = 448 -- 0700
local AF_UNSPEC_ADDRESS = ffi.new("char[16]") -- sa_family 0, the rest is ignored
local buffer = ffi.new("char[4096]")

function sys.getpid()
  return ffi.C.getpid()
end

--- Makes a folder that only its owner may enter. False when it exists already or cannot be made.
function sys.mkdir(path)
  return ffi.C.mkdir(path, OWNER_ONLY) == 0
end

--- A new private folder with a name of its own.
function sys.mkdtemp()
  local parent = os.getenv("TMPDIR") or "/tmp"
  local template = parent .. "/b24-portal-XXXXXX"
  local name = ffi.new("char[?]", #template + 1, template)
  if ffi.C.mkdtemp(name) == nil then
    error("cannot make a folder in " .. parent)
  end
  return ffi.string(name)
end

--- The absolute name of something that exists.
function sys.realpath(path)
  local resolved = ffi.C.realpath(path, nil)
  if resolved == nil then error("no such folder: " .. path, 0) end
  local name = ffi.string(resolved)
  ffi.C.free(resolved)
  return name
end

--- Would reading not block? Always so for files and /dev/null, which no event loop accepts.
function sys.is_readable(fd)
  local poll = ffi.new("struct pollfd[1]", { { fd = fd, events = 1 } }) -- POLLIN
  return ffi.C.poll(poll, 1, 0) > 0
end

--- Throws away what a readable descriptor holds. False at its end.
function sys.drain(fd)
  return ffi.C.read(fd, buffer, ffi.sizeof(buffer)) > 0
end

--- Ends a TCP connection with RST instead of FIN. Linux does that for connect(AF_UNSPEC) at once,
--- and the descriptor stays valid, so whoever else holds the socket just finds it disconnected.
function sys.reset(fd)
  ffi.C.connect(fd, AF_UNSPEC_ADDRESS, ffi.sizeof(AF_UNSPEC_ADDRESS))
end

return sys
