/* lua/compat.h: the few names that differ between Lua 5.1 and 5.4. For 5.1 always our own functions
   under our own names: LuaJIT exports some of the 5.2 ones, but a module that used them would not
   load in PUC Lua 5.1. */
#ifndef B24_LUA_COMPAT_H
#define B24_LUA_COMPAT_H

#include <lauxlib.h>
#include <lua.h>

#include <string.h>

#include "base/common.h"

#if LUA_VERSION_NUM < 502

static inline void b24L_setfuncs(lua_State *L, const luaL_Reg *r) {
    for (; r->name != NULL; r++) {
        lua_pushcfunction(L, r->func);
        lua_setfield(L, -2, r->name);
    }
}

static inline void b24L_setmetatable(lua_State *L, const char *name) {
    luaL_getmetatable(L, name);
    lua_setmetatable(L, -2);
}

static inline void *b24L_testudata(lua_State *L, int i, const char *name) {
    void *p = lua_touserdata(L, i);
    if (p == NULL || !lua_getmetatable(L, i)) return NULL;
    luaL_getmetatable(L, name);
    if (!lua_rawequal(L, -1, -2)) p = NULL;
    lua_pop(L, 2);
    return p;
}

static inline int b24L_absindex(lua_State *L, int i) {
    return i > 0 || i <= LUA_REGISTRYINDEX ? i : lua_gettop(L) + i + 1;
}

#define b24L_rawlen(L, i) lua_objlen(L, i)
/* 5.1: the environment of a userdata, which must be a table. */
#define b24L_setuservalue(L, i) lua_setfenv(L, i)
#define b24L_getuservalue(L, i) lua_getfenv(L, i)

#else

static inline void b24L_setfuncs(lua_State *L, const luaL_Reg *r) { luaL_setfuncs(L, r, 0); }

#define b24L_setmetatable(L, name) luaL_setmetatable(L, name)
#define b24L_testudata(L, i, name) luaL_testudata(L, i, name)
#define b24L_absindex(L, i)        lua_absindex(L, i)
#define b24L_rawlen(L, i)          lua_rawlen(L, i)
#define b24L_setuservalue(L, i)    ((void)lua_setuservalue(L, i))
#define b24L_getuservalue(L, i)    ((void)lua_getuservalue(L, i))

#endif

/* [0, +1] The metatable of that name, new or not. Fill it each time: a first attempt may have run
   out of memory half-way, and a type without __gc would leak. */
static inline void b24L_newtype(lua_State *L, const char *name) {
    (void)luaL_newmetatable(L, name);
}

/* [0, 0] The type of that name: `gc` ends its objects, `methods` (NULL: none) are what they have.
 */
static inline void b24L_open_type(lua_State *L, const char *name, lua_CFunction gc,
                                  const luaL_Reg *methods) {
    b24L_newtype(L, name);
    lua_pushcfunction(L, gc);
    lua_setfield(L, -2, "__gc");
    if (methods != NULL) {
        lua_newtable(L);
        b24L_setfuncs(L, methods);
        lua_setfield(L, -2, "__index");
    }
    lua_pop(L, 1);
}

/* [0, 0] After a lua_pcall of a user's function that failed: raises again what is not the user's to
   keep, a lack of memory and Ctrl-C (lua.c's hook raises "interrupted!", once). */
static inline void b24L_check_pcall(lua_State *L, int status) {
    static const char word[] = "interrupted!";
    size_t n = 0;
    const char *text =
        status != 0 && lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &n) : NULL;
    bool interrupted = n >= sizeof word - 1 && strcmp(text + n - (sizeof word - 1), word) == 0;
    if (status == LUA_ERRMEM || interrupted) lua_error(L);
}

/* A zeroed userdata with its metatable: the owner exists before anything is acquired into it. What
   is opened late may not be open yet: without its __gc it would leak. */
static inline void *b24L_newobject(lua_State *L, size_t size, const char *name) {
    char *p = lua_newuserdata(L, size);
    for (size_t i = 0; i < size; i++) p[i] = 0;
    luaL_getmetatable(L, name);
    if (lua_isnil(L, -1)) luaL_error(L, "b24: a bug: the type %s is not open", name);
    lua_setmetatable(L, -2);
    return p;
}

#endif
