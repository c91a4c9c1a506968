/* lua/cache.h: codec.cache. */
#ifndef B24_LUA_CACHE_H
#define B24_LUA_CACHE_H

#include "lua/binding.h"

B24_PRIVATE_BEGIN

/* [0, 0] Registers the type, and sets the member `cache` of the table on top. */
void b24L_open_cache(lua_State *L);

/* [0, 0] Does the conf table at `index` want the cache? A conf object does not: it comes from
 * there. */
bool b24L_wants_cache(lua_State *L, int index);

/* [0, +3] b24/cache.lua's answer for the conf table at `index`, as b24.counters returns it. */
int b24L_cached_counters(lua_State *L, int index);

B24_PRIVATE_END
#endif
