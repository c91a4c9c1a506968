/* codec.system: terminals, private files, the credential's place. For b24 on the command line. */
#define _POSIX_C_SOURCE 200809L
#include "lua/system.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/paste.h"
#include "lua/interrupt.h"
#include "os/credential.h"
#include "os/private_file.h"
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

/* system.trim(text) -> the same without what people paste around a webhook */
static int system_trim(lua_State *L) {
    struct b24_view text;
    text.p = luaL_checklstring(L, 1, &text.n);
    text = b24_trim(text);
    lua_pushlstring(L, text.p, text.n);
    return 1;
}

void b24L_open_system(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"terminal", system_terminal},     {"secret", system_secret}, {"unsetenv", system_unsetenv},
        {"credential", system_credential}, {"line", system_line},     {"path", system_path},
        {"store", system_store},           {"trim", system_trim},     {NULL, NULL}};
    lua_newtable(L);
    b24L_setfuncs(L, functions);
    lua_setfield(L, -2, "system");
}
