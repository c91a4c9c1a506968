/* May the running Lua code yield? nginx replaces the coroutine library and loses isyieldable with
   it; a light thread that waits where it cannot yield takes nginx's whole Lua VM down. */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include "lua/binding.h"

#if LUA_VERSION_NUM >= 503

int b24L_may_yield(lua_State *L) {
    lua_pushboolean(L, lua_isyieldable(L));
    return 1;
}

#else

#include <dlfcn.h>
#include <string.h>

typedef int (*yieldable)(lua_State *L);

/* The function of Lua's API. PUC Lua 5.1 and 5.2 have none, LuaJIT has: one build serves 5.1 and
   LuaJIT, so it is looked up. */
static yieldable find(void) {
    void *symbol = dlsym(RTLD_DEFAULT, "lua_isyieldable");
    yieldable f;
    memcpy(&f, &symbol, sizeof f); /* ISO C has no conversion from a data pointer */
    return f;
}

int b24L_may_yield(lua_State *L) {
    yieldable f = find();
    if (f == NULL) lua_pushnil(L);
    else lua_pushboolean(L, f(L));
    return 1;
}

#endif
