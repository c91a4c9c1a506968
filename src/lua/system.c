/* codec.system: terminals, private files, the credential's place. For b24 on the command line. */
#define _XOPEN_SOURCE 700
#include "lua/system.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/paste.h"
#include "lua/interrupt.h"
#include "lua/text.h"
#include "os/child.h"
#include "os/columns.h"
#include "os/credential.h"
#include "os/private_file.h"
#include "os/standard.h"
#include "os/terminal.h"

/* system.terminal(fd) -> boolean */
static int system_terminal(lua_State *L) {
    lua_pushboolean(L, isatty((int)luaL_checknumber(L, 1)));
    return 1;
}

/* system.secret(prompt) -> a line of the terminal, which did not show it | nil */
static int system_secret(lua_State *L) {
    char line[B24_URL_MAX + 1];
    struct b24L_interrupt hooks = b24L_watch_hooks(L); /* a debugger may have one already */
    long n =
        b24_terminal_secret(luaL_checkstring(L, 1), line, sizeof line, b24L_hook_changed, &hooks);
    if (n < 0) lua_pushnil(L);
    else lua_pushlstring(L, line, (size_t)n);
    memset(line, 0, sizeof line);
    return 1;
}

/* system.unsetenv(name): children are not to have it */
static int system_unsetenv(lua_State *L) {
    (void)unsetenv(luaL_checkstring(L, 1));
    return 0;
}

/* [0, +2] What was found and where, or [0, +3] nil, message, info. */
static int push_found(lua_State *L, bool ok, struct b24_credential *found,
                      const struct b24_fault *fault) {
    if (!ok) return b24L_push_fault(L, fault, NULL);
    lua_pushstring(L, found->url);
    lua_pushstring(L, found->place);
    memset(found->url, 0, sizeof found->url);
    return 2;
}

/* system.credential([profile]) -> webhook, place | nil, message, info */
static int system_credential(lua_State *L) {
    struct b24_credential found;
    struct b24_fault fault;
    bool ok = b24_credential_find(luaL_optstring(L, 1, NULL), &found, &fault);
    return push_found(L, ok, &found, &fault);
}

/* system.line(name [, profile]) -> the line of the private file NAME or NAME.PROFILE, its path |
 * nil, message, info */
static int system_line(lua_State *L) {
    struct b24_credential found;
    struct b24_fault fault;
    bool ok =
        b24_credential_line(luaL_checkstring(L, 1), luaL_optstring(L, 2, NULL), &found, &fault);
    return push_found(L, ok, &found, &fault);
}

/* system.path(name [, profile]) -> that file's path | nil, message, info */
static int system_path(lua_State *L) {
    char path[B24_PATH_MAX];
    struct b24_fault fault;
    if (!b24_private_path(luaL_checkstring(L, 1), luaL_optstring(L, 2, NULL), path, &fault))
        return b24L_push_fault(L, &fault, NULL);
    lua_pushstring(L, path);
    return 1;
}

/* The profile of a file's name, of `name` itself or behind it and a dot; NULL: it is none. */
static const char *profile_of(const char *file) {
    static const char *const names[] = {"webhook.", "webhook_cmd.", "app."};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t n = strlen(names[i]);
        if (strncmp(file, names[i], n) == 0 && b24_profile_ok(file + n)) return file + n;
    }
    return NULL;
}

/* system.profiles() -> those that something is stored for, in lines; one may be there twice */
static int system_profiles(lua_State *L) {
    char path[B24_PATH_MAX];
    struct b24_fault fault;
    DIR *dir = NULL;
    struct b24_buffer *names = b24L_new_text(L);
    if (b24_private_path("", NULL, path, &fault)) dir = opendir(path);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        const char *profile = profile_of(e->d_name);
        if (profile == NULL) continue;
        b24_buffer_add(names, profile, strlen(profile));
        b24_buffer_add(names, "\n", 1);
    }
    if (dir != NULL) closedir(dir);
    b24L_push_text(L, names);
    return 1;
}

/* system.modified(path) -> seconds since 1970 when it was written | nil */
static int system_modified(lua_State *L) {
    struct stat s;
    if (stat(luaL_checkstring(L, 1), &s) != 0) return 0;
    lua_pushnumber(L, (lua_Number)s.st_mtime);
    return 1;
}

/* system.realpath(path) -> the absolute path of what is there | nil, why */
static int system_realpath(lua_State *L) {
    char *path = realpath(luaL_checkstring(L, 1), NULL);
    if (path == NULL) {
        lua_pushnil(L);
        lua_pushstring(L, strerror(errno));
        return 2;
    }
    lua_pushstring(L, path);
    free(path);
    return 1;
}

/* system.store(path, bytes) -> true | nil, message, info: replaces the file, 0600 */
static int system_store(lua_State *L) {
    struct b24_view bytes;
    struct b24_fault fault;
    bytes.p = luaL_checklstring(L, 2, &bytes.n);
    if (!b24_private_write(luaL_checkstring(L, 1), bytes, &fault))
        return b24L_push_fault(L, &fault, NULL);
    lua_pushboolean(L, 1);
    return 1;
}

/* ------------------------------------------------------------ commands */

#define CHILD_TYPE "b24.child " B24_VERSION

/* Seconds at `index` -> ms */
static b24_ms to_limit(lua_State *L, int index) {
    return (b24_ms)((double)luaL_checknumber(L, index) * 1000);
}

/* system.ask(command, seconds) -> its first line | nil, "status", exit status | nil, "late" |
   nil, "nothing" | nil, "stopped" | nil, "unstarted", why. It may ask on the terminal. */
static int system_ask(lua_State *L) {
    struct b24_answer answer;
    struct b24L_interrupt hooks = b24L_watch_hooks(L);
    enum b24_child_state state =
        b24_child_ask(luaL_checkstring(L, 1), to_limit(L, 2), &answer, b24L_hook_changed, &hooks);
    int why = errno;
    bool good = state == B24_CHILD_RUNS || (state == B24_CHILD_ENDED && answer.code == 0);
    if (good && answer.line.n > 0) {
        lua_pushlstring(L, answer.line.p, answer.line.n);
        memset(answer.text, 0, sizeof answer.text);
        return 1;
    }
    memset(answer.text, 0, sizeof answer.text);
    lua_pushnil(L);
    lua_pushstring(L, good                           ? "nothing"
                      : state == B24_CHILD_LATE      ? "late"
                      : state == B24_CHILD_STOPPED   ? "stopped"
                      : state == B24_CHILD_UNSTARTED ? "unstarted"
                                                     : "status");
    if (state == B24_CHILD_ENDED) lua_pushinteger(L, answer.code);
    else if (state == B24_CHILD_UNSTARTED) lua_pushstring(L, strerror(why));
    else lua_pushnil(L);
    return 3;
}

/* system.start(command, seconds) -> a child, which is ended when its time is up, when it is
   collected, and with this process | nil, why */
static int system_start(lua_State *L) {
    const char *command = luaL_checkstring(L, 1);
    b24_ms limit = to_limit(L, 2);
    struct b24_child *child = b24L_newobject(L, sizeof *child, CHILD_TYPE);
    *child = (struct b24_child){0, -1, -1};
    if (b24_child_start(child, command, limit)) return 1;
    lua_pushnil(L);
    lua_pushstring(L, strerror(errno));
    return 2;
}

/* child:ended() -> false | exit status | "late" | "unknown" */
static int child_ended(lua_State *L) {
    struct b24_child *child = luaL_checkudata(L, 1, CHILD_TYPE);
    int code = 0;
    enum b24_child_state state = b24_child_look(child, &code);
    if (state == B24_CHILD_RUNS) lua_pushboolean(L, 0);
    else if (state == B24_CHILD_ENDED) lua_pushinteger(L, code);
    else lua_pushstring(L, state == B24_CHILD_LATE ? "late" : "unknown");
    if (state != B24_CHILD_RUNS) b24_child_close(child);
    return 1;
}

static int child_gc(lua_State *L) {
    b24_child_close(luaL_checkudata(L, 1, CHILD_TYPE));
    return 0;
}

static void open_child(lua_State *L) {
    static const luaL_Reg meta[] = {{"__gc", child_gc}, {"ended", child_ended}, {NULL, NULL}};
    b24L_newtype(L, CHILD_TYPE);
    b24L_setfuncs(L, meta);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

/* ------------------------------------------------------------ streams */

/* system.fill_standard(): nothing else gets the numbers of closed standard streams */
static int system_fill_standard(lua_State *L) {
    (void)L;
    b24_fill_standard();
    return 0;
}

/* system.reader_gone(fd) -> boolean; nil: it is no pipe or socket, so there is none */
static int system_reader_gone(lua_State *L) {
    int fd = (int)luaL_checknumber(L, 1);
    if (b24_has_reader(fd)) lua_pushboolean(L, b24_reader_gone(fd));
    else lua_pushnil(L);
    return 1;
}

/* system.window(fd) -> columns, lines of the terminal; nil: there is none */
static int system_window(lua_State *L) {
    int columns, lines;
    if (!b24_window((int)luaL_checknumber(L, 1), &columns, &lines)) return 0;
    lua_pushinteger(L, columns);
    lua_pushinteger(L, lines);
    return 2;
}

/* system.trim(text) -> the same without what people paste around a webhook */
static int system_trim(lua_State *L) {
    struct b24_view text;
    text.p = luaL_checklstring(L, 1, &text.n);
    text = b24_trim(text);
    lua_pushlstring(L, text.p, text.n);
    return 1;
}

void b24L_open_system(lua_State *L) {
    static const luaL_Reg functions[] = {{"terminal", system_terminal},
                                         {"secret", system_secret},
                                         {"unsetenv", system_unsetenv},
                                         {"credential", system_credential},
                                         {"line", system_line},
                                         {"path", system_path},
                                         {"realpath", system_realpath},
                                         {"store", system_store},
                                         {"profiles", system_profiles},
                                         {"modified", system_modified},
                                         {"app", b24L_system_app},
                                         {"app_path", b24L_system_app_path},
                                         {"app_take", b24L_system_app_take},
                                         {"state", b24L_system_state},
                                         {"listen", b24L_system_listen},
                                         {"redirect", b24L_system_redirect},
                                         {"reset", b24L_system_reset},
                                         {"trim", system_trim},
                                         {"ask", system_ask},
                                         {"start", system_start},
                                         {"fill_standard", system_fill_standard},
                                         {"reader_gone", system_reader_gone},
                                         {"window", system_window},
                                         {NULL, NULL}};
    open_child(L);
    b24L_open_listener(L);
    lua_newtable(L);
    b24L_setfuncs(L, functions);
    lua_setfield(L, -2, "system");
}
