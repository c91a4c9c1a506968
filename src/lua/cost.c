/* What requests that belong together cost: for each result of several requests the same sums. */
#include "lua/binding.h"

/* [0, 0] table[name], 0 if it has no number there. */
static lua_Number number_field(lua_State *L, int table, const char *name) {
    lua_getfield(L, table, name);
    lua_Number value = lua_tonumber(L, -1);
    lua_pop(L, 1);
    return value;
}

/* codec.add_cost(sum [, info [, into]]) -> into: adds attempts, waited and elapsed of `info` to
   those of `sum`, and writes the sums into `into` (default: `info`). `sum` begins as {}. */
int b24L_add_cost(lua_State *L) {
    static const char *const names[] = {"attempts", "waited", "elapsed"};
    lua_settop(L, 3);
    luaL_checktype(L, 1, LUA_TTABLE);
    if (!lua_istable(L, 2)) {
        lua_newtable(L);
        lua_replace(L, 2);
    }
    if (!lua_istable(L, 3)) {
        lua_pushvalue(L, 2);
        lua_replace(L, 3);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        lua_Number sum = number_field(L, 1, names[i]) + number_field(L, 2, names[i]);
        b24L_set_count(L, 1, names[i], sum);
        b24L_set_count(L, 3, names[i], sum);
    }
    return 1;
}
