/* The names and Lua types of options: of conf, and of any call. Wrong ones are programming errors,
   so they are thrown. */
#include <stdlib.h>
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

#define EDITS_MAX 3 /* farther is no typing error */

/* [0, +1] "a, b, c" */
static void push_names(lua_State *L, const char *const *names, size_t count) {
    luaL_Buffer list;
    luaL_buffinit(L, &list);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) luaL_addstring(&list, ", ");
        luaL_addstring(&list, names[i]);
    }
    luaL_pushresult(&list);
}

/* Throws. `of` begins with a blank, or is empty. */
static void unknown(lua_State *L, const char *name, const char *of, const char *const *names,
                    size_t count) {
    const char *close = b24_nearest(name, names, count, EDITS_MAX);
    push_names(L, names, count);
    b24L_throw(L, "unknown option '%s'%s (there %s: %s%s%s%s)", name, of, count == 1 ? "is" : "are",
               lua_tostring(L, -1), close ? "; did you mean '" : "", close ? close : "",
               close ? "'?" : "");
}

/* ------------------------------------------------------------ of conf */

static void unknown_of_conf(lua_State *L, const char *name) {
    const char *names[OPTION_COUNT];
    for (size_t i = 0; i < OPTION_COUNT; i++) names[i] = options[i].name;
    unknown(L, name, "", names, OPTION_COUNT);
}

static const struct option *find(const char *name) {
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (strcmp(options[i].name, name) == 0) return &options[i];
    return NULL;
}

static void check_option(lua_State *L) {
    if (lua_type(L, -2) != LUA_TSTRING)
        b24L_throw(L, "conf has an option that is not named (a %s key)", luaL_typename(L, -2));
    const char *name = lua_tostring(L, -2);
    const struct option *o = find(name);
    if (o == NULL) {
        unknown_of_conf(L, name);
        return;
    }
    if ((o->types & 1u << lua_type(L, -1)) == 0)
        b24L_throw(L, "option '%s' must be %s, not a %s", name, o->words, luaL_typename(L, -1));
}

void b24L_check_options(lua_State *L, int conf) {
    for (lua_pushnil(L); lua_next(L, conf) != 0; lua_pop(L, 1)) check_option(L);
}

/* ------------------------------------------------------------ of any call */

/* "table|function" has the type of the value at the top. */
static bool has_type(lua_State *L, const char *types) {
    const char *type = luaL_typename(L, -1);
    size_t n = strlen(type);
    for (const char *p = types; (p = strstr(p, type)) != NULL; p += n)
        if ((p == types || p[-1] == '|') && (p[n] == '\0' || p[n] == '|')) return true;
    return strcmp(types, "any") == 0;
}

/* [0, +1] "table|function" -> "a table or a function" */
static void push_words(lua_State *L, const char *types) {
    luaL_Buffer words;
    luaL_buffinit(L, &words);
    while (*types != '\0') {
        size_t n = strcspn(types, "|");
        if (strncmp(types, "boolean", n) == 0) luaL_addstring(&words, "true or false");
        else {
            luaL_addstring(&words, "a ");
            luaL_addlstring(&words, types, n);
        }
        types += n;
        if (*types == '|') {
            luaL_addstring(&words, " or ");
            types++;
        }
    }
    luaL_pushresult(&words);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Throws for an option that is no key of the table at `known`, whose keys are strings. */
static void unknown_of_call(lua_State *L, const char *name, const char *call, int known) {
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, known) != 0; lua_pop(L, 1)) count++;
    const char **names = lua_newuserdata(L, (count + 1) * sizeof *names);
    count = 0;
    for (lua_pushnil(L); lua_next(L, known) != 0; lua_pop(L, 1))
        names[count++] = lua_tostring(L, -2); /* `known` keeps them alive */
    qsort(names, count, sizeof *names, by_name);
    lua_pushfstring(L, " of %s", call);
    unknown(L, name, lua_tostring(L, -1), names, count);
}

/* [0, 0] The option whose name and value are on top. */
static void check_call_option(lua_State *L, const char *call, int known) {
    if (lua_type(L, -2) != LUA_TSTRING)
        b24L_throw(L, "%s has an option that is not named (a %s key)", call, luaL_typename(L, -2));
    const char *name = lua_tostring(L, -2);
    lua_getfield(L, known, name);
    if (lua_isnil(L, -1)) unknown_of_call(L, name, call, known);
    const char *types = lua_tostring(L, -1); /* no string: the caller looks at the value */
    lua_pop(L, 1);
    if (types == NULL || has_type(L, types)) return;
    const char *type = luaL_typename(L, -1);
    push_words(L, types);
    b24L_throw(L, "option '%s' must be %s, not a %s", name, lua_tostring(L, -1), type);
}

/* codec.options(call, opts, known) -> opts; {} for nil. known: { name = "number", other =
   "table|function", third = "any" }; a value that is no string says nothing of types. Throws, at
   the caller's line, what is wrong. */
int b24L_options(lua_State *L) {
    const char *call = luaL_checkstring(L, 1);
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 3);
    if (lua_isnil(L, 2)) {
        lua_newtable(L);
        return 1;
    }
    if (!lua_istable(L, 2))
        b24L_throw(L, "the options of %s must be a table, not a %s", call, luaL_typename(L, 2));
    for (lua_pushnil(L); lua_next(L, 2) != 0; lua_pop(L, 1)) check_call_option(L, call, 3);
    lua_settop(L, 2);
    return 1;
}
