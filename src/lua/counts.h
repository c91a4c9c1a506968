/* lua/counts.h: from Lua tables of the shape that b24.counters returns, also ones that have been
   through JSON, to struct b24_counts. */
#ifndef B24_LUA_COUNTS_H
#define B24_LUA_COUNTS_H

#include "im/counts.h"
#include "lua/owned.h"

B24_PRIVATE_BEGIN

/* [0, +1] What the table at `counters` holds, an owned value: good while it is on the stack. Of
   anything else than a table nothing. Numbers may be decimal strings, as portals of 2017 sent them.
   Throws when there is no memory. */
struct b24_counts *b24L_push_counts(lua_State *L, int counters);

/* [0, 0] Throws unless `complete`: there was no memory. */
void b24L_check_memory(lua_State *L, bool complete);

B24_PRIVATE_END
#endif
