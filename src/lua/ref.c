/* b24.ref: what stands in the params of a command for a part of another one's answer. */
#include "lua/binding.h"

#define REF_TYPE "b24.ref " B24_VERSION

/* b24.ref(name, field, ...) -> a value for params: what command `name` of the same batch answers
 * there. */
int b24L_ref(lua_State *L) {
    int n = lua_gettop(L);
    luaL_argcheck(L, n >= 1, 1, "the name of a command expected");
    lua_createtable(L, n, 0);
    for (int i = 1; i <= n; i++) {
        int type = lua_type(L, i);
        luaL_argcheck(L, type == LUA_TSTRING || type == LUA_TNUMBER, i,
                      "a name or a number expected");
        lua_pushvalue(L, i);
        lua_rawseti(L, -2, i);
    }
    b24L_setmetatable(L, REF_TYPE);
    return 1;
}

bool b24L_batch_is_ref(lua_State *L, int index) {
    if (!lua_istable(L, index) || !lua_getmetatable(L, index)) return false;
    luaL_getmetatable(L, REF_TYPE);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

void b24L_open_batch(lua_State *L) {
    b24L_newtype(L, REF_TYPE);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}
