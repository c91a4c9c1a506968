/* lua/call_object.h: the userdata of a call: made, tied to its conf, laid to rest for the next one.
 */
#ifndef B24_LUA_CALL_OBJECT_H
#define B24_LUA_CALL_OBJECT_H

#include "lua/binding.h"

B24_PRIVATE_BEGIN

/* [0, +1] A zeroed call object: the idle one, or a new one with a table for what it keeps. */
struct b24L_call *b24L_push_call(lua_State *L, const struct b24L_setup *setup);

/* [0, 0] Ties conf (stack index) to the call object on top. */
void b24L_keep_conf(lua_State *L, int conf);

/* [0, 0] The call object at `call` is over and nobody knows it: it may be an idle one. */
void b24L_rest_call(lua_State *L, int call);

B24_PRIVATE_END
#endif
