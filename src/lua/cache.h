/* lua/cache.h: codec.cache, and the same for core.c. Stack indices are those of a cache object. */
#ifndef B24_LUA_CACHE_H
#define B24_LUA_CACHE_H

#include "lua/binding.h"
#include "os/cache_call.h"

B24_PRIVATE_BEGIN

/* [0, 0] Registers the type, and sets the members `cache` and `nap` of the table on top. */
void b24L_open_cache(lua_State *L);

/* [0, +1] A cache object for the conf object at `conf`, and 1; [0, 0] and 0: the conf wants none;
   [0, +3] and 3: nil, message, info, there is no place for one. spent: of the conf's timeout.
   since: ms since 1970, to have answers from then on and no others, whatever the conf wants; 0: no.
 */
int b24L_cache(lua_State *L, int conf, b24_ms spent, int64_t since);

/* [0, +2] What to do next; the counters that there are and their age in seconds, or nil, nil. */
enum b24_cache_step b24L_cache_step(lua_State *L, int cache);

/* [0, 0] How long a WAIT is. */
b24_ms b24L_cache_pause(lua_State *L, int cache);

/* [0, 0] How much of the conf's timeout is over: for the call that follows. */
b24_ms b24L_cache_spent(lua_State *L, int cache);

/* [0, 0] Blocks; a signal ends it early. */
void b24L_nap(b24_ms duration);

/* WAIT was given up. */
#define B24_CACHE_CANCELLED ((enum b24_cache_step)(B24_CACHE_PLAIN + 1))

/* [-2, +3] After HIT, STALE, LATE or CANCELLED: what b24L_cache_step pushed -> value, err, info. */
int b24L_cache_finish(lua_State *L, int cache, enum b24_cache_step step);

/* [-3, +3] After ASK: value, err, info of a call of the shape B24_KEPT, which is kept for others;
   old counters in the place of a failure, where they are better than nothing. */
int b24L_cache_asked(lua_State *L, int cache);

/* [0, 0] After ASK, when the call threw. */
void b24L_cache_release(lua_State *L, int cache);

B24_PRIVATE_END
#endif
