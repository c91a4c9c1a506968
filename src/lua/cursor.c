/* codec.cursor: the cursor of rest/pages.h as Lua sees it. Params go in, each page's params come
   out; replies go in, rows come out. */
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "lua/cursor.h"
#include "lua/list_params.h"
#include "lua/rows.h"

#define PARAMS_MAX (64u << 20) /* bytes; as for a call */

struct b24L_cursor *b24L_check_cursor(lua_State *L) {
    return luaL_checkudata(L, 1, B24_CURSOR_TYPE);
}

void b24L_cursor_push_kept(lua_State *L, int what) {
    b24L_getuservalue(L, 1);
    lua_rawgeti(L, -1, what);
    lua_remove(L, -2);
}

/* What is wrong with the params is thrown here, not when the first page is asked for. Returns
   whether a batch can carry them. */
static bool check_params(lua_State *L, struct b24L_cursor *lc, int index, bool ahead) {
    if (!lua_istable(L, index))
        b24L_throw(L, "params must be a table, not a %s", luaL_typename(L, index));
    b24_buffer_init(&lc->probe, PARAMS_MAX);
    const char *wrong = b24L_encode_params(L, index, &lc->probe);
    bool exact = wrong == NULL && ahead && b24_batch_exact(b24_buffer_view(&lc->probe));
    b24_buffer_free(&lc->probe);
    if (wrong != NULL) b24L_throw(L, "a parameter %s", wrong);
    return exact;
}

/* codec.cursor(method [, params [, ahead]]) -> cursor; throws as b24L_throw. ahead: many pages may
   come in one request, where that works. */
int b24L_cursor(lua_State *L) {
    bool ahead = lua_toboolean(L, 3);
    lua_settop(L, 2);
    luaL_checkstack(L, 20, "cursor");
    if (lua_type(L, 1) != LUA_TSTRING)
        return b24L_throw(L, "method must be a string, not a %s", luaL_typename(L, 1));
    if (lua_isnil(L, 2)) {
        lua_newtable(L);
        lua_replace(L, 2);
    }
    struct b24L_cursor *lc = b24L_newobject(L, sizeof *lc, B24_CURSOR_TYPE);
    ahead = check_params(L, lc, 2, ahead);
    size_t n;
    const char *method = lua_tolstring(L, 1, &n);
    if (b24_method_problem((struct b24_view){method, n}) == NULL) memcpy(lc->method, method, n + 1);
    struct b24_list_params own = b24L_read_list_params(L, 2, lc->method);
    own.ahead = ahead;
    b24_pace_init(&lc->pace);
    lc->pace.off = !ahead;
    b24_cursor_init(&lc->cursor, lc->method, &own);
    lua_createtable(L, 3, 0); /* 4: what it keeps */
    b24L_push_params(L, &lc->cursor, 2);
    lua_rawseti(L, 4, B24_CURSOR_FILTER);
    lua_rawseti(L, 4, B24_CURSOR_PARAMS);
    lua_pushstring(L, b24_cursor_member(&lc->cursor)); /* NULL: nil */
    lua_rawseti(L, 4, B24_CURSOR_ROWS);
    b24L_setuservalue(L, 3);
    return 1;
}

/* ------------------------------------------------------------ page by page */

void b24L_cursor_push_position(lua_State *L, int64_t position) {
    if (position < ((int64_t)1 << 53)) {
        b24L_push_number(L, (double)position);
    } else { /* a double, all that 5.1 has, could not hold it */
        char text[24];
        snprintf(text, sizeof text, "%lld", (long long)position);
        lua_pushstring(L, text);
    }
}

/* cursor:params() -> the params of the next page, good until the next call of it; nil: no more */
static int cursor_params(lua_State *L) {
    struct b24L_cursor *lc = b24L_check_cursor(L);
    const struct b24_cursor *c = &lc->cursor;
    char condition[16];
    lua_settop(L, 1);
    if (c->done) return 0;
    lc->asked = true;
    b24L_cursor_push_kept(L, B24_CURSOR_PARAMS);
    if (c->paging == B24_BY_ID) {
        lua_pushinteger(L, c->counts && c->position == 0 ? 0 : -1);
        b24L_set_member(L, 2, "start");
    }
    if (c->paging == B24_BY_ID && c->position > 0) {
        b24L_cursor_push_kept(L, B24_CURSOR_FILTER);
        snprintf(condition, sizeof condition, "%c%s", c->down ? '<' : '>', c->listing->id);
        b24L_cursor_push_position(L, c->position);
        lua_setfield(L, -2, condition);
        lua_pop(L, 1);
    } else if (c->paging == B24_BY_START && c->position > 0) {
        b24L_cursor_push_position(L, c->position);
        b24L_set_member(L, 2, "start");
    } else if (c->paging == B24_BY_OFFSET) {
        b24L_cursor_push_position(L, c->position);
        b24L_set_member(L, 2, "OFFSET");
    }
    return 1;
}

/* [0, +3] nil, message, info: the call's own info (index 3, if it is a table) with what we found
 * wrong. */
static int push_complaint(lua_State *L, const struct b24L_cursor *lc,
                          const struct b24_fault *fault) {
    static const char *const fields[] = {"kind", "code", "message", "hint", "retryable", "method"};
    b24L_push_fault(L, fault, lc->method[0] != '\0' ? lc->method : NULL);
    lua_pushboolean(L, 1); /* the call as such was good */
    lua_setfield(L, -2, "sent");
    if (!lua_istable(L, 3)) return 3;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        lua_getfield(L, -1, fields[i]);
        lua_setfield(L, 3, fields[i]);
    }
    lua_pushboolean(L, 1);
    lua_setfield(L, 3, "sent");
    lua_pop(L, 1);
    lua_pushvalue(L, 3);
    return 3;
}

/* [0, +1] A member of the reply, beside the result or in it: methods differ. */
static void push_word(lua_State *L, const char *name) {
    lua_pushnil(L);
    for (int from = 3; from >= 2 && lua_isnil(L, -1); from--) {
        if (!lua_istable(L, from)) continue;
        lua_pop(L, 1);
        lua_getfield(L, from, name);
    }
}

static bool is_yes(lua_State *L, int index) {
    if (lua_type(L, index) == LUA_TSTRING) {
        const char *text = lua_tostring(L, index);
        return b24_same(text, "Y") || b24_same(text, "true") || strcmp(text, "1") == 0;
    }
    return lua_type(L, index) == LUA_TNUMBER ? lua_tonumber(L, index) != 0
                                             : lua_toboolean(L, index) != 0;
}

/* Two names for one thing; whichever promises more is believed. */
static void read_more(lua_State *L, struct b24_page *page) {
    static const char *const names[] = {"hasMore", "hasMorePages"};
    for (size_t i = 0; i < sizeof names / sizeof *names && lua_istable(L, 2); i++) {
        lua_getfield(L, 2, names[i]);
        if (!lua_isnil(L, -1) && !lua_isuserdata(L, -1) && page->more != B24_MORE)
            page->more = is_yes(L, -1) ? B24_MORE : B24_MORE_NO;
        lua_pop(L, 1);
    }
}

struct b24_page b24L_cursor_words(lua_State *L) {
    struct b24_page page = {.next_kind = B24_NEXT_NONE, .total = -1, .more = B24_MORE_UNKNOWN};
    push_word(L, "next");
    if (!lua_isnil(L, -1) && !lua_isuserdata(L, -1))
        page.next_kind = b24L_to_integer(L, -1, &page.next) ? B24_NEXT_GIVEN : B24_NEXT_UNUSABLE;
    push_word(L, "total");
    if (!b24L_to_integer(L, -1, &page.total)) page.total = -1;
    lua_pop(L, 2);
    read_more(L, &page);
    return page;
}

/* The list on top: leaves out the rows that were handed out before. */
static void read_rows(lua_State *L, struct b24_cursor *c) {
    char digits[24];
    size_t n = b24L_rawlen(L, -1), kept = 0;
    b24_cursor_begin(c);
    for (size_t i = 1; i <= n; i++) {
        lua_rawgeti(L, -1, (int)i);
        bool fresh = b24_cursor_row(c, b24L_row_id(L, digits, sizeof digits));
        lua_remove(L, -2); /* the id */
        if (fresh && ++kept < i) lua_rawseti(L, -2, (int)kept);
        else lua_pop(L, 1);
    }
    while (n > kept) {
        lua_pushnil(L);
        lua_rawseti(L, -2, (int)n--);
    }
}

/* Has the first row of the page on top `id`, and no `ID`? */
static bool is_small(lua_State *L) {
    lua_rawgeti(L, -1, 1);
    if (lua_istable(L, -1)) lua_getfield(L, -1, "ID");
    else lua_pushboolean(L, 1);
    bool small = lua_isnil(L, -1);
    lua_pop(L, 2);
    return small;
}

int b24L_cursor_take(lua_State *L, struct b24L_cursor *lc, const struct b24_page *page) {
    struct b24_fault fault;
    b24L_cursor_push_kept(L, B24_CURSOR_ROWS);
    const char *problem = b24L_find_rows(L, 2, 4); /* 4: the member's name; 5: the rows */
    if (problem != NULL) {
        lc->cursor.done = true;
        b24_fail(&fault, B24_DECODE, "NO_ROWS",
                 "Use client:call for a method that returns no list.", "%s", problem);
        return push_complaint(L, lc, &fault);
    }
    b24L_getuservalue(L, 1);
    lua_pushvalue(L, 4);
    lua_rawseti(L, -2, B24_CURSOR_ROWS);
    lua_pop(L, 1);
    lc->small = is_small(L);
    read_rows(L, &lc->cursor);
    if (b24_cursor_end(&lc->cursor, page, &fault)) {
        if (lc->cursor.discard) lua_newtable(L);
        return 1;
    }
    lc->cursor.done = true;
    return push_complaint(L, lc, &fault);
}

/* [0, +1] time[name] of the time block on top, a number, else nil. */
static lua_Number time_field(lua_State *L, const char *name, bool *known) {
    lua_getfield(L, -1, name);
    *known = *known && lua_type(L, -1) == LUA_TNUMBER;
    lua_Number value = lua_tonumber(L, -1);
    lua_pop(L, 1);
    return value;
}

void b24L_cursor_note_time(lua_State *L, struct b24L_cursor *lc) {
    int top = lua_gettop(L);
    if (!lua_istable(L, 3)) return;
    lua_getfield(L, 3, "time");
    if (lua_istable(L, -1)) {
        bool told = true, resets = true;
        lua_Number operating = time_field(L, "operating", &told);
        lua_Number from_now = time_field(L, "operating_reset_at", &resets);
        from_now -= time_field(L, "finish", &resets);
        resets = resets && from_now >= 0 && from_now < 86400;
        if (told && operating >= 0)
            b24_pace_operating(&lc->pace, (double)operating,
                               resets ? b24_clock() + b24_to_ms(from_now) : B24_NO_MS);
    }
    lua_settop(L, top);
}

/* cursor:page(result [, info]) -> rows | nil, message, info */
static int cursor_page(lua_State *L) {
    struct b24L_cursor *lc = b24L_check_cursor(L);
    luaL_checkany(L, 2);
    lua_settop(L, 3);
    luaL_checkstack(L, 20, "page");
    if (!lc->asked) return luaL_error(L, "b24: ask for the page's params first");
    lc->asked = false;
    lc->cursor.joint = false;
    b24L_cursor_note_time(L, lc);
    struct b24_page page = b24L_cursor_words(L);
    return b24L_cursor_take(L, lc, &page);
}

/* cursor:more() -> may another page follow? */
static int cursor_more(lua_State *L) {
    lua_pushboolean(L, !b24L_check_cursor(L)->cursor.done);
    return 1;
}

static int cursor_gc(lua_State *L) {
    struct b24L_cursor *lc = b24L_check_cursor(L);
    b24_cursor_free(&lc->cursor);
    lc->cursor.done = true;
    lc->asked = false;
    b24_buffer_free(&lc->probe);
    return 0;
}

void b24L_open_cursor(lua_State *L) {
    static const luaL_Reg meta[] = {{"__gc", cursor_gc},
                                    {"params", cursor_params},
                                    {"page", cursor_page},
                                    {"more", cursor_more},
                                    {NULL, NULL}};
    b24L_newtype(L, B24_CURSOR_TYPE);
    b24L_setfuncs(L, meta);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "b24.cursor");
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
}
