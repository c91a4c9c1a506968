/* lua/owned.h: C memory that a Lua value owns, so that a raised error leaks nothing. */
#ifndef B24_LUA_OWNED_H
#define B24_LUA_OWNED_H

#include "lua/compat.h"

B24_PRIVATE_BEGIN

/* [0, +1] `size` zeroed bytes. `release` is called with them when they are collected. */
void *b24L_new_owned(lua_State *L, size_t size, void (*release)(void *));

/* [0, 0] Releases the value at `index` at once: the collector does not see what it holds. */
void b24L_release(lua_State *L, int index);

void b24L_open_owned(lua_State *L);

B24_PRIVATE_END
#endif
