/* lua/rows.h: the rows of a page: where they are in a result, and their ids. */
#ifndef B24_LUA_ROWS_H
#define B24_LUA_ROWS_H

#include "lua/compat.h"

B24_PRIVATE_BEGIN

/* [0, 0] A table with no keys but 1..n? An empty one is, too: nobody can tell [] from {}. */
bool b24L_is_array(lua_State *L, int index);

/* [0, 0] A whole number, or the decimal text of one, at `index`? */
bool b24L_to_integer(lua_State *L, int index, int64_t *value);

/* [0, +1] The list of rows in the result at `result`: itself, or the member whose name is at
   `name`; nil there: the only member that is a list, whose name is then put there. A PHP array with
   holes ({"0": …, "2": …}) is a list, too. Or [0, 0] and what is wrong, as a static
   sentence. */
const char *b24L_find_rows(lua_State *L, int result, int name);

/* [0, +1] The id of the row on top, as text that lives as long as the value pushed below it.
   `digits` is room for a number. Empty: it has none; p == NULL: the row is no object. The pushed
   value lies under the row. */
struct b24_view b24L_row_id(lua_State *L, char *digits, size_t size);

B24_PRIVATE_END
#endif
