/* lua/list_params.h: the params of a list: what the caller's own ones say, and how each page's are
 * made of them. */
#ifndef B24_LUA_LIST_PARAMS_H
#define B24_LUA_LIST_PARAMS_H

#include "lua/compat.h"
#include "rest/pages.h"

B24_PRIVATE_BEGIN

/* [0, 0] What the params at `t` ask for. They are only read. */
struct b24_list_params b24L_read_list_params(lua_State *L, int t, const char *method);

/* [0, +2] The params for the pages of `c`, made from those at `from`, which stay as they are; and
   the filter in them, to be changed from page to page, or nil. */
void b24L_push_params(lua_State *L, const struct b24_cursor *c, int from);

/* [0, +1] A copy of the table at `from`, one level deep. */
void b24L_push_copy(lua_State *L, int from);

/* [-1, 0] The member `name` of the table at `t`, in the letter case in which it is there already,
   becomes the value on top. */
void b24L_set_member(lua_State *L, int t, const char *name);

B24_PRIVATE_END
#endif
