/* The names and Lua types of conf's options. Wrong ones are programming errors, so they are thrown.
 */
#include <stdarg.h>
#include <string.h>

#include "lua/binding.h"

#define T(type) (1u << LUA_T##type)

struct option {
    const char *name;
    unsigned types;
    const char *words;
};

/* By kind of value. */
#define NEED_SECONDS T(NUMBER), "a number of seconds"
#define NEED_COUNT   T(NUMBER), "a number"
#define NEED_BYTES   T(NUMBER), "a number of bytes"
#define NEED_FLAG    T(BOOLEAN), "true or false"
#define NEED_TEXT    T(STRING), "a string"

static const struct option options[] = {
#define X(name, types, words, ...) {#name, types, words},
    B24_CONF_OTHERS(X)
#undef X
#define X(kind, name, ...) {#name, NEED_##kind},
        B24_CONF_VALUES(X)
#undef X
};

#define OPTION_COUNT (sizeof options / sizeof *options)

int b24L_throw(lua_State *L, int level, const char *format, ...) {
    va_list args;
    va_start(args, format);
    luaL_where(L, level);
    lua_pushliteral(L, "b24: ");
    lua_pushvfstring(L, format, args);
    va_end(args);
    lua_concat(L, 3);
    return lua_error(L);
}

#define EDITS_MAX 3 /* farther is no typing error */

static const char *nearest(const char *name) {
    const char *names[OPTION_COUNT];
    for (size_t i = 0; i < OPTION_COUNT; i++) names[i] = options[i].name;
    return b24_nearest(name, names, OPTION_COUNT, EDITS_MAX);
}

static const struct option *find(const char *name) {
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (strcmp(options[i].name, name) == 0) return &options[i];
    return NULL;
}

static void check_option(lua_State *L, int level) {
    if (lua_type(L, -2) != LUA_TSTRING)
        b24L_throw(L, level, "conf has an option that is not named (a %s key)",
                   luaL_typename(L, -2));
    const char *name = lua_tostring(L, -2);
    const struct option *o = find(name);
    if (o == NULL) {
        const char *close = nearest(name);
        b24L_throw(L, level, "unknown option '%s'%s%s%s", name, close ? " (did you mean '" : "",
                   close ? close : "", close ? "'?)" : "");
        return;
    }
    if ((o->types & 1u << lua_type(L, -1)) == 0)
        b24L_throw(L, level, "option '%s' must be %s, not a %s", name, o->words,
                   luaL_typename(L, -1));
}

void b24L_check_options(lua_State *L, int conf, int level) {
    for (lua_pushnil(L); lua_next(L, conf) != 0; lua_pop(L, 1)) check_option(L, level);
}
