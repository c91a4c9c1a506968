/* lua/cursor.h: the cursor object, for cursor.c (page by page) and ahead.c (many pages in one
 * request). Stack effects as in binding.h. */
#ifndef B24_LUA_CURSOR_H
#define B24_LUA_CURSOR_H

#include "lua/binding.h"
#include "rest/ahead.h"

B24_PRIVATE_BEGIN

#define B24_CURSOR_TYPE "b24.cursor " B24_VERSION

/* What a cursor keeps in its uservalue table: its own params, which each page changes, the filter
   in them, and the name of the member with the rows. */
enum { B24_CURSOR_PARAMS = 1, B24_CURSOR_FILTER, B24_CURSOR_ROWS };

struct b24L_cursor {
    struct b24_cursor cursor;
    struct b24_pace pace;
    struct b24_buffer probe;
    bool asked;                      /* the params of a page were taken, its reply has not come */
    bool small;                      /* its rows have `id`, not `ID` */
    char method[B24_METHOD_MAX + 1]; /* empty: unusable, which the call will say */
    /* pages that were asked for ahead */
    struct b24_stretch stretches[B24_STRETCHES_MAX];
    int stretch_count;
    bool guessed;      /* nobody knows how many there are */
    int stretch, page; /* the one that comes next */
};

/* [0, 0] The object at index 1. */
struct b24L_cursor *b24L_check_cursor(lua_State *L);

/* [0, +1] What the cursor at index 1 keeps. */
void b24L_cursor_push_kept(lua_State *L, int what);

/* [0, +1] A position or an ID as a value for params. */
void b24L_cursor_push_position(lua_State *L, int64_t position);

/* [0, +1] or [0, +3] The rows of the page whose result is at index 2, and its info, or nil, at 3:
   the stack has nothing above. `page` is what it says besides. rows | nil, message, info */
int b24L_cursor_take(lua_State *L, struct b24L_cursor *lc, const struct b24_page *page);

/* [0, 0] What the reply at 2, with its info at 3, says besides its rows. */
struct b24_page b24L_cursor_words(lua_State *L);

/* [0, 0] What the info at index 3 says of the method's computing time. */
void b24L_cursor_note_time(lua_State *L, struct b24L_cursor *lc);

B24_PRIVATE_END
#endif
