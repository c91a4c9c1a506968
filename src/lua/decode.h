/* lua/decode.h: JSON text that has passed the check -> Lua. */
#ifndef B24_LUA_DECODE_H
#define B24_LUA_DECODE_H

#include "lua/binding.h"
#include "json/check.h"

B24_PRIVATE_BEGIN

/* [0, +1] The value whose first byte is at `text`, of a text that b24_json_plan has accepted;
   `sizes` begins with that of its first container. Both must stay as they are: a finaliser may run.
   Null members are left out unless `nulls`; null elsewhere is b24.null. */
void b24L_push_checked(lua_State *L, const char *text, const struct b24_json_size *sizes,
                       bool nulls);

B24_PRIVATE_END
#endif
