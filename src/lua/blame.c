/* Whose line an error names: that of the first Lua function, from the running one up, which is not
 * part of b24. */
#include <stdarg.h>
#include <string.h>

#include "lua/binding.h"

/* In the registry: our own folder, as chunks name their source ("@/usr/share/lua/5.4/b24/"), or one
 * source. */
#define FOLDER_KEY "b24.folder " B24_VERSION

static bool is_separator(char c) { return c == '/' || c == '\\'; }

/* The length of the path up to its last folder "b24", with that; 0: there is none. */
static size_t folder_length(const char *path, size_t n) {
    static const char name[] = "b24";
    const size_t size = sizeof name - 1;
    for (size_t end = n; end > size + 1; end--) {
        const char *p = path + end - size - 1;
        bool begins = p - 1 == path || is_separator(p[-1]);
        if (begins && memcmp(p, name, size) == 0 && is_separator(p[size])) return end;
    }
    return 0;
}

/* codec.own(source): the source of any chunk of ours tells the folder of all. Where it names no
 * file (stripped bytecode: "=?") chunks of that very source are ours. */
int b24L_own(lua_State *L) {
    size_t n;
    const char *source = luaL_checklstring(L, 1, &n);
    size_t folder = *source == '@' ? folder_length(source, n) : 0;
    lua_pushlstring(L, source, folder > 0 ? folder : n);
    lua_setfield(L, LUA_REGISTRYINDEX, FOLDER_KEY);
    return 0;
}

/* Without `own` nothing is. */
static bool is_ours(const char *source, const char *own) {
    size_t n = own != NULL ? strlen(own) : 0;
    if (n == 0 || strncmp(source, own, n) != 0) return false;
    return is_separator(own[n - 1]) || source[n] == '\0';
}

/* C functions and, in Lua 5.1, the place of a function lost by a tail call are nobody's. */
static bool is_users(const lua_Debug *f, const char *own) {
    bool lua = strcmp(f->what, "Lua") == 0 || strcmp(f->what, "main") == 0;
    return lua && !is_ours(f->source, own);
}

/* [0, +1] "file:line: ", or "": the user's function is not on this stack, or knows no lines. */
static void push_position(lua_State *L) {
    lua_Debug f;
    lua_getfield(L, LUA_REGISTRYINDEX, FOLDER_KEY);
    const char *own = lua_tostring(L, -1); /* NULL: nobody has said; the registry keeps it alive */
    lua_pop(L, 1);
    for (int level = 0; lua_getstack(L, level, &f); level++) {
        lua_getinfo(L, "Sl", &f);
        if (!is_users(&f, own)) continue;
        if (f.currentline > 0) lua_pushfstring(L, "%s:%d: ", f.short_src, f.currentline);
        else lua_pushliteral(L, "");
        return;
    }
    lua_pushliteral(L, "");
}

int b24L_throw(lua_State *L, const char *format, ...) {
    va_list args;
    va_start(args, format);
    push_position(L);
    lua_pushliteral(L, "b24: ");
    lua_pushvfstring(L, format, args);
    va_end(args);
    lua_concat(L, 3);
    return lua_error(L);
}

/* codec.blame(message) throws it, as b24L_throw does: for mistakes that the Lua half finds. */
int b24L_blame(lua_State *L) {
    luaL_checkstring(L, 1);
    lua_settop(L, 1);
    push_position(L);
    lua_insert(L, 1);
    lua_concat(L, 2);
    return lua_error(L);
}
