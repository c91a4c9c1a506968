/* A cursor's pages that are asked for ahead: as commands of a batch, each tied to the page in front
   of it; and fed to the cursor one by one when they come. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "lua/cursor.h"
#include "lua/list_params.h"
#include "lua/rows.h"

/* ------------------------------------------------------------ commands */

/* [0, +1] The ID of row 50 of the command before the `i`-th (0, 1, …), whose name is i. */
static void push_tie(lua_State *L, const struct b24L_cursor *lc, int i) {
    int top = lua_gettop(L);
    lua_pushcfunction(L, b24L_ref);
    lua_pushinteger(L, i);
    b24L_cursor_push_kept(L, B24_CURSOR_ROWS);
    if (lua_isnil(L, -1)) lua_pop(L, 1);
    lua_pushinteger(L, B24_PAGE - 1);
    lua_pushstring(L, lc->small ? "id" : "ID");
    lua_call(L, lua_gettop(L) - top - 1, 1);
}

/* [0, 0] What tells a page by ID from the others, into the params at `t`. */
static void set_place(lua_State *L, const struct b24L_cursor *lc, const struct b24_stretch *s,
                      int i, int t) {
    const struct b24_cursor *c = &lc->cursor;
    char condition[16];
    snprintf(condition, sizeof condition, "%c%s", c->down ? '<' : '>', c->listing->id);
    b24L_cursor_push_kept(L, B24_CURSOR_FILTER);
    b24L_push_copy(L, lua_gettop(L));
    lua_remove(L, -2);
    if (i == 0) b24L_cursor_push_position(L, s->from);
    else push_tie(L, lc, i);
    lua_setfield(L, -2, condition);
    b24L_set_member(L, t, "filter");
    b24L_cursor_push_position(L, i == 0 ? s->skip : -1);
    b24L_set_member(L, t, "start");
}

/* [0, +1] {method, params} of the `i`-th page of the stretch. */
static void push_command(lua_State *L, const struct b24L_cursor *lc, const struct b24_stretch *s,
                         int i) {
    lua_createtable(L, 2, 0);
    lua_pushstring(L, lc->method);
    lua_rawseti(L, -2, 1);
    b24L_cursor_push_kept(L, B24_CURSOR_PARAMS);
    b24L_push_copy(L, lua_gettop(L));
    lua_remove(L, -2);
    int t = lua_gettop(L);
    if (s->step == 0) {
        set_place(L, lc, s, i, t);
    } else {
        b24L_cursor_push_position(L, s->from + i * s->step);
        b24L_set_member(L, t, "start");
    }
    lua_rawseti(L, -2, 2);
}

/* [0, +1] A list of them. */
static void push_commands(lua_State *L, const struct b24L_cursor *lc, const struct b24_stretch *s) {
    lua_createtable(L, s->pages, 0);
    for (int i = 0; i < s->pages; i++) {
        push_command(L, lc, s, i);
        lua_rawseti(L, -2, i + 1);
    }
}

static int to_requests(lua_State *L, int index) {
    lua_Number n = luaL_checknumber(L, index);
    return n >= B24_STRETCHES_MAX ? B24_STRETCHES_MAX : n >= 1 ? (int)n : 1;
}

/* Rows; nil or huge: all. */
static int64_t to_want(lua_State *L, int index) {
    lua_Number n = luaL_optnumber(L, index, -1);
    return n >= 0 && n < 1e15 ? (int64_t)n : -1;
}

/* cursor:ahead(conf, spent, requests [, want]) -> lists of commands for codec.batch, one for each
   request that may go now; or nil: only the next page, by itself; then the seconds that it should
   wait first. spent: seconds of conf's timeout that are gone; requests: at most so many side by
   side; want: rows that the caller still takes */
static int cursor_ahead(lua_State *L) {
    struct b24L_cursor *lc = b24L_check_cursor(L);
    const struct b24_conf *conf = luaL_checkudata(L, 2, B24_CONF_TYPE);
    b24_ms left = conf->timeout - b24L_to_spent(L, 3);
    int requests = to_requests(L, 4);
    int64_t want = to_want(L, 5);
    luaL_checkstack(L, 20, "ahead");
    lua_settop(L, 2);
    lc->stretch = lc->page = 0;
    struct b24_pace_step step = b24_pace_next(&lc->pace, b24_clock(), left, requests);
    lc->stretch_count = b24_ahead(&lc->cursor, &lc->pace, &step, want, lc->stretches, &lc->guessed);
    if (lc->stretch_count == 0) {
        lua_pushnil(L);
        lua_pushnumber(L, b24_to_seconds(step.wait));
        return 2;
    }
    lua_createtable(L, lc->stretch_count, 0);
    for (int i = 0; i < lc->stretch_count; i++) {
        push_commands(L, lc, &lc->stretches[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* ------------------------------------------------------------ answers */

/* [0, 0] The id of the `n`-th row of the result at 2, as the portal finds it: none where the list
   has holes. A view into memory that lives as long as the result. */
static struct b24_view row_id(lua_State *L, int n, char *digits, size_t size) {
    int top = lua_gettop(L);
    struct b24_view id = {NULL, 0};
    b24L_cursor_push_kept(L, B24_CURSOR_ROWS);
    if (lua_isnil(L, -1)) lua_pushvalue(L, 2);
    else if (lua_istable(L, 2)) lua_rawget(L, 2);
    if (lua_istable(L, -1)) {
        lua_rawgeti(L, -1, n);
        id = b24L_row_id(L, digits, size);
    }
    lua_settop(L, top);
    return id;
}

/* Is the page at 2 the one that the cursor wants next? */
static bool fits(lua_State *L, struct b24L_cursor *lc, int stretch, int i) {
    const struct b24_stretch *s = &lc->stretches[stretch];
    char digits[24];
    bool next = stretch == lc->stretch && i == lc->page;
    if (i == 0 && stretch == lc->stretch + 1) next = true;
    if (!next || !b24_ahead_fits(&lc->cursor, s, i)) return false;
    if (s->step > 0 || i > 0) return true;
    lc->cursor.joint = false;
    return s->skip < 0 || b24_cursor_joins(&lc->cursor, row_id(L, 1, digits, sizeof digits));
}

/* May the page behind the one that was taken follow? `id`: of its row 50. */
static void move_on(struct b24L_cursor *lc, int stretch, int i, struct b24_view id) {
    const struct b24_stretch *s = &lc->stretches[stretch];
    bool tied = s->step > 0 || b24_ahead_tied(&lc->cursor, id);
    lc->stretch = stretch;
    lc->page = tied ? i + 1 : -1;
    if (lc->guessed && i == s->pages - 1 && !lc->cursor.done) b24_pace_grow(&lc->pace);
}

static int to_index(lua_State *L, int index, int most) {
    lua_Number n = luaL_checknumber(L, index);
    luaL_argcheck(L, n >= 1 && n <= most, index, "no such page");
    return (int)n - 1;
}

/* cursor:part(result, info, request, i) -> rows | nil, message, info | false: not the page that
   follows; what came ahead is of no use from here on. The result of the i-th command of a request
   of cursor:ahead. */
static int cursor_part(lua_State *L) {
    static const struct b24_page silent = {B24_NEXT_NONE, 0, -1, B24_MORE_UNKNOWN};
    struct b24L_cursor *lc = b24L_check_cursor(L);
    char digits[24], copy[24];
    int stretch = to_index(L, 4, lc->stretch_count);
    int i = to_index(L, 5, lc->stretches[stretch].pages);
    luaL_checkany(L, 2);
    lua_settop(L, 3);
    luaL_checkstack(L, 20, "page");
    b24L_cursor_note_time(L, lc);
    if (!fits(L, lc, stretch, i)) {
        lua_pushboolean(L, 0);
        return 1;
    }
    struct b24_view last = row_id(L, B24_PAGE, digits, sizeof digits);
    if (last.n >= sizeof copy) last.n = 0;
    if (last.n > 0) memcpy(copy, last.p, last.n);
    last.p = copy; /* what is handed out belongs to the program */
    struct b24_page page = lc->stretches[stretch].step > 0 ? b24L_cursor_words(L) : silent;
    int n = b24L_cursor_take(L, lc, &page);
    if (n == 1) move_on(lc, stretch, i, last);
    return n;
}

static int to_pages(lua_State *L) {
    lua_Number pages = luaL_checknumber(L, 2);
    luaL_argcheck(L, pages >= 1 && pages <= B24_BATCH_MAX, 2, "pages of a request expected");
    return (int)pages;
}

/* cursor:took(pages, seconds): a request of so many pages was answered. */
static int cursor_took(lua_State *L) {
    struct b24L_cursor *lc = b24L_check_cursor(L);
    int pages = to_pages(L);
    lua_Number seconds = luaL_checknumber(L, 3);
    if (seconds >= 0 && seconds < 1e9) b24_pace_took(&lc->pace, pages, b24_to_ms(seconds));
    return 0;
}

/* cursor:failed(pages, kind) -> are fewer pages worth a try? A request of so many pages failed. */
static int cursor_failed(lua_State *L) {
    struct b24L_cursor *lc = b24L_check_cursor(L);
    const char *kind = lua_type(L, 3) == LUA_TSTRING ? lua_tostring(L, 3) : "";
    lua_pushboolean(L, b24_pace_failed(&lc->pace, to_pages(L), kind));
    return 1;
}

/* cursor:refused(good [, code]): the page after `good` others of a request was refused, or did not
   fit. */
static int cursor_refused(lua_State *L) {
    struct b24L_cursor *lc = b24L_check_cursor(L);
    const char *code = lua_type(L, 3) == LUA_TSTRING ? lua_tostring(L, 3) : "";
    b24_pace_refused(&lc->pace, (int)luaL_checknumber(L, 2), code);
    return 0;
}

/* cursor:total() -> rows as the portal counted them, or nil */
static int cursor_total(lua_State *L) {
    const struct b24_cursor *c = &b24L_check_cursor(L)->cursor;
    if (c->total < 0) return 0;
    b24L_cursor_push_position(L, c->total);
    return 1;
}

void b24L_open_ahead(lua_State *L) {
    static const luaL_Reg methods[] = {{"ahead", cursor_ahead},
                                       {"part", cursor_part},
                                       {"took", cursor_took},
                                       {"failed", cursor_failed},
                                       {"refused", cursor_refused},
                                       {"total", cursor_total},
                                       {NULL, NULL}};
    luaL_getmetatable(L, B24_CURSOR_TYPE);
    b24L_setfuncs(L, methods);
    lua_pop(L, 1);
}
