--- An application's tokens at the mock portal, and a store for them, for specs with sockets.

local cjson = require "cjson"

local data = require "spec.support.data"
local process = require "spec.support.process"

local applications = {}

local function literal(value)
  if type(value) ~= "table" then
    return type(value) == "string" and ("%q"):format(value) or tostring(value)
  end
  local words = {}
  for name, inner in pairs(value) do words[#words + 1] = name .. " = " .. literal(inner) end
  return "{ " .. table.concat(words, ", ") .. " }"
end

--- A value as Lua source.
applications.literal = literal

--- Tokens of user 1, as conf.oauth. Its store is a file in `folder`.
---@param more? table
function applications.oauth(portal, folder, more)
  local oauth = portal:control("token", { portal = portal.http_webhook:match "^(.-)/rest" })
  oauth.client_id, oauth.client_secret = portal.client_id, portal.client_secret
  oauth.server = portal.http_webhook:match "^(.-)/rest"
  oauth.store = folder .. "/app"
  for name, value in pairs(more or {}) do oauth[name] = value end
  return oauth
end

--- A conf for them.
---@param more? table
function applications.conf(oauth, more)
  local conf = { oauth = oauth, limiter = false, retries = 0, allow_http = true, timeout = 25 }
  for name, value in pairs(more or {}) do conf[name] = value end
  return conf
end

--- How often the portal's token server has been asked for a new pair.
function applications.refreshes(portal)
  return portal:stats().executions["oauth.refresh_token"] or 0
end

--- What the store holds; nil: nothing.
function applications.stored(path)
  local text = process.read(path)
  return text and cjson.decode(text)
end

--- The one pair that the server would exchange for another; throws if there are several, or none.
function applications.live(portal)
  local live
  portal:control("oauth", { grace = 0 }) -- from here on
  for _, pair in ipairs(portal:control("tokens").tokens) do
    if pair.refreshable then
      if live then error "there are two pairs that the server honours" end
      live = pair
    end
  end
  return live or error "the server honours no pair"
end

--- The environment of a program that kills itself at one of its system calls, or nil and why there
--- is none. `at` names the call and says which one: "rename:1"; "sent:1" is behind the first send.
--- scripts/asan.sh's interpreters preload what B24_TEST_PRELOAD names.
function applications.killer(folder, at)
  process.write(folder .. "/shim.c", [[
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <signal.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <sys/socket.h>
    #include <sys/types.h>
    #include <unistd.h>
    static void pass(const char *name) {
      static int seen;
      const char *at = getenv("B24_KILL_AT");
      size_t n = strlen(name);
      if (at == NULL || strncmp(at, name, n) != 0 || at[n] != ':') return;
      if (++seen == atoi(at + n + 1)) kill(getpid(), SIGKILL);
    }
    #define NEXT(type, name) ((type)dlsym(RTLD_NEXT, name))
    int rename(const char *from, const char *to) {
      pass("rename");
      return NEXT(int (*)(const char *, const char *), "rename")(from, to);
    }
    int fsync(int fd) {
      pass("fsync");
      return NEXT(int (*)(int), "fsync")(fd);
    }
    int flock(int fd, int how) {
      int done = NEXT(int (*)(int, int), "flock")(fd, how);
      pass("flock");
      return done;
    }
    ssize_t pwrite(int fd, const void *p, size_t n, off_t at) {
      pass("pwrite");
      return NEXT(ssize_t (*)(int, const void *, size_t, off_t), "pwrite")(fd, p, n, at);
    }
    int ftruncate(int fd, off_t n) {
      pass("ftruncate");
      return NEXT(int (*)(int, off_t), "ftruncate")(fd, n);
    }
    int ftruncate64(int fd, off_t n) { return ftruncate(fd, n); }
    ssize_t send(int fd, const void *p, size_t n, int flags) {
      pass("send");
      ssize_t done = NEXT(ssize_t (*)(int, const void *, size_t, int), "send")(fd, p, n, flags);
      pass("sent");
      return done;
    }
    ssize_t pwrite64(int fd, const void *p, size_t n, off_t at) { return pwrite(fd, p, n, at); }
  ]])
  local said = data.shell(("cc -shared -fPIC -o %s/shim.so %s/shim.c -ldl"):format(folder, folder))
  if said ~= "" then return nil, "no C compiler: " .. said end
  local shim = folder .. "/shim.so"
  local before = os.getenv "LD_PRELOAD"
  return { LD_PRELOAD = (before and before .. " " or "") .. shim, B24_TEST_PRELOAD = shim,
    B24_KILL_AT = at }
end

return applications
