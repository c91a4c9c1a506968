/* Process tricks for the specs: b24_posix. No Debian package has them for all five Luas. */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <lua.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* fork() -> 0 in the child, the child's pid in the parent */
static int p_fork(lua_State *L) {
    pid_t pid = fork();
    if (pid < 0) return luaL_error(L, "fork: %s", strerror(errno));
    lua_pushinteger(L, pid);
    return 1;
}

/* wait(pid) -> exit status | nil, signal */
static int p_wait(lua_State *L) {
    int status = 0;
    while (waitpid((pid_t)luaL_checkinteger(L, 1), &status, 0) < 0)
        if (errno != EINTR) return luaL_error(L, "waitpid: %s", strerror(errno));
    if (WIFEXITED(status)) {
        lua_pushinteger(L, WEXITSTATUS(status));
        return 1;
    }
    lua_pushnil(L);
    lua_pushinteger(L, WTERMSIG(status));
    return 2;
}

/* kill(pid, signal) -> true | nil, message */
static int p_kill(lua_State *L) {
    if (kill((pid_t)luaL_checkinteger(L, 1), (int)luaL_checkinteger(L, 2)) == 0) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, strerror(errno));
    return 2;
}

static int p_getpid(lua_State *L) {
    lua_pushinteger(L, getpid());
    return 1;
}

/* exit(status): at once, without finalisers */
static int p_exit(lua_State *L) { _exit((int)luaL_optinteger(L, 1, 0)); }

/* now() -> seconds of the monotonic clock */
static int p_now(lua_State *L) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    lua_pushnumber(L, (lua_Number)t.tv_sec + (lua_Number)t.tv_nsec / 1e9);
    return 1;
}

/* sleep(seconds) */
static int p_sleep(lua_State *L) {
    lua_Number s = luaL_checknumber(L, 1);
    struct timespec t = {.tv_sec = (time_t)s};
    t.tv_nsec = (long)((s - (lua_Number)t.tv_sec) * 1e9);
    while (nanosleep(&t, &t) != 0 && errno == EINTR) {
    }
    return 0;
}

/* cpu() -> seconds of CPU that this process has used */
static int p_cpu(lua_State *L) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    lua_pushnumber(L, (lua_Number)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                          (lua_Number)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
    return 1;
}

/* terminal(text) -> the path of a new terminal at which `text` was typed; it stays until this
 * process ends */
static int p_terminal(lua_State *L) {
    size_t n = 0;
    const char *text = luaL_checklstring(L, 1, &n);
    int fd = posix_openpt(O_RDWR | O_NOCTTY);
    const char *path = fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0 ? ptsname(fd) : NULL;
    int other =
        path != NULL ? open(path, O_RDWR | O_NOCTTY) : -1; /* without one the text would be lost */
    if (other < 0 || write(fd, text, n) != (ssize_t)n)
        return luaL_error(L, "terminal: %s", strerror(errno));
    lua_pushstring(L, path);
    return 1;
}

enum {
    MOST_DESCRIPTORS = 4096
}; /* more than a spec has; the limit of a process may be a billion */

/* descriptors() -> how many are open in this process. A child that lists /proc may see more: the
 * pipe to it, half made.
 */
static int p_descriptors(lua_State *L) {
    int n = 0;
    for (int fd = 0; fd < MOST_DESCRIPTORS; fd++) n += fcntl(fd, F_GETFD) >= 0;
    lua_pushinteger(L, n);
    return 1;
}

/* is_open(fd) -> boolean */
static int p_is_open(lua_State *L) {
    lua_pushboolean(L, fcntl((int)luaL_checkinteger(L, 1), F_GETFD) >= 0);
    return 1;
}

int luaopen_b24_posix(lua_State *L);

__attribute__((visibility("default"))) int luaopen_b24_posix(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"fork", p_fork},         {"wait", p_wait},       {"kill", p_kill},
        {"getpid", p_getpid},     {"exit", p_exit},       {"now", p_now},
        {"sleep", p_sleep},       {"cpu", p_cpu},         {"descriptors", p_descriptors},
        {"terminal", p_terminal}, {"is_open", p_is_open}, {NULL, NULL}};
    lua_newtable(L);
    for (const luaL_Reg *f = functions; f->name != NULL; f++) {
        lua_pushcfunction(L, f->func);
        lua_setfield(L, -2, f->name);
    }
    return 1;
}
