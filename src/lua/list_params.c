/* The params of a list: what the caller's own ones say, and how each page's are made of them. */
#include "lua/list_params.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "lua/rows.h"

/* nil and null (b24.null, vim.NIL) are not given. */
static bool given(lua_State *L, int index) {
    return !lua_isnil(L, index) && !lua_isuserdata(L, index);
}

/* [0, +2] Key and value of the member `name`, in any letter case, of the table at `t`; or nil, nil.
 * How many there are.
 */
static int find_member(lua_State *L, int t, const char *name) {
    int found = 0;
    lua_settop(L, lua_gettop(L) + 2);
    int slot = lua_gettop(L) - 1;
    for (lua_pushnil(L); lua_next(L, t) != 0; lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || !b24_same(lua_tostring(L, -2), name)) continue;
        found++;
        lua_pushvalue(L, -2);
        lua_replace(L, slot);
        lua_pushvalue(L, -1);
        lua_replace(L, slot + 1);
    }
    return found;
}

/* ------------------------------------------------------------ what the caller's say */

/* The field of a filter's key: after the operator, which is ">", "!", "><", "@" and so on. */
static const char *field(const char *key) {
    while (*key != '\0' && !b24_is_word_byte(*key)) key++;
    return key;
}

static void read_filter(lua_State *L, int t, struct b24_list_params *own) {
    int top = lua_gettop(L);
    if (find_member(L, t, "filter") > 1 || (given(L, -1) && !lua_istable(L, -1))) own->odd = true;
    if (lua_istable(L, -1)) {
        for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
            if (lua_type(L, -2) != LUA_TSTRING)
                own->odd = true; /* a list of conditions: no name goes into it */
            else if (b24_same(field(lua_tostring(L, -2)), "ID")) own->id_filter = true;
        }
    }
    lua_settop(L, top);
}

/* Is the value at `index` the text `word`? */
static bool is_word(lua_State *L, int index, const char *word) {
    return lua_type(L, index) == LUA_TSTRING && b24_same(lua_tostring(L, index), word);
}

/* Is the value on top {}, {ID = "ASC"} or {ID = "DESC"}? *down: the last. */
static bool orders_by_id(lua_State *L, bool *down) {
    bool by_id = true;
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
        *down = is_word(L, -1, "DESC");
        by_id = by_id && is_word(L, -2, "ID") && (*down || is_word(L, -1, "ASC"));
    }
    return by_id;
}

/* user.get: SORT = "ID", ORDER = "DESC" */
static void read_flat_order(lua_State *L, int t, struct b24_list_params *own) {
    find_member(L, t, "sort");
    find_member(L, t, "order");
    bool sort = given(L, -3), order = given(L, -1);
    own->down = order && is_word(L, -1, "DESC");
    if ((sort && !is_word(L, -3, "ID")) || (order && !own->down && !is_word(L, -1, "ASC")) ||
        (order && !sort))
        own->order = true;
    lua_pop(L, 4);
}

static void read_order(lua_State *L, int t, const struct b24_listing *listing,
                       struct b24_list_params *own) {
    int top = lua_gettop(L);
    if (find_member(L, t, "order") > 1) own->odd = true;
    if (listing->flat) read_flat_order(L, t, own);
    else if (given(L, -1) && (!lua_istable(L, -1) || !orders_by_id(L, &own->down)))
        own->order = true;
    lua_settop(L, top);
}

static void read_select(lua_State *L, int t, struct b24_list_params *own) {
    if (find_member(L, t, "select") > 1 || (given(L, -1) && !b24L_is_array(L, -1))) own->odd = true;
    lua_pop(L, 2);
}

/* -1: none, or nothing that can be one. */
static int64_t read_number(lua_State *L, int t, const char *name) {
    int64_t value;
    find_member(L, t, name);
    if (!b24L_to_integer(L, -1, &value)) value = -1;
    lua_pop(L, 2);
    return value;
}

/* start=-1: the caller does not want the portal to count. */
static bool is_minus_one(lua_State *L, int t) {
    int64_t value;
    find_member(L, t, "start");
    bool minus_one = b24L_to_integer(L, -1, &value) && value == -1;
    lua_pop(L, 2);
    return minus_one;
}

/* user.get takes conditions beside `filter`, too; whether it then reads both is not known. */
static bool has_others(lua_State *L, int t) {
    static const char *const known[] = {"filter", "sort", "order", "start", "select", "admin_mode"};
    bool others = false;
    for (lua_pushnil(L); lua_next(L, t) != 0; lua_pop(L, 1)) {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof *known && lua_type(L, -2) == LUA_TSTRING; i++)
            found = found || b24_same(lua_tostring(L, -2), known[i]);
        others = others || !found;
    }
    return others;
}

struct b24_list_params b24L_read_list_params(lua_State *L, int t, const char *method) {
    const struct b24_listing *listing = b24_listing_find(method);
    bool im = b24_is_im(method);
    struct b24_list_params own = {.start = read_number(L, t, im ? "OFFSET" : "start"),
                                  .limit = read_number(L, t, "LIMIT")};
    own.uncounted = is_minus_one(L, t);
    if (listing == NULL) return own;
    read_filter(L, t, &own);
    read_order(L, t, listing, &own);
    read_select(L, t, &own);
    if (listing->flat && has_others(L, t)) own.odd = true;
    return own;
}

/* ------------------------------------------------------------ our own */

void b24L_set_member(lua_State *L, int t, const char *name) {
    int value = lua_gettop(L);
    find_member(L, t, name);
    lua_pop(L, 1);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushstring(L, name);
    }
    lua_pushvalue(L, value);
    lua_rawset(L, t);
    lua_settop(L, value - 1);
}

void b24L_push_copy(lua_State *L, int from) {
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, from) != 0;) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
}

/* The same with PHP's names for positional parameters, so that start= fits in beside them:
 * {"0": …, "1": …, "start": 50}. */
static void push_named_copy(lua_State *L, int from) {
    char name[32];
    int first = b24L_is_array(L, from) ? 1 : 0;
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, from) != 0;) {
        lua_pushvalue(L, -2);
        if (lua_type(L, -1) == LUA_TNUMBER) {
            snprintf(name, sizeof name, "%.0f", (double)lua_tonumber(L, -1) - first);
            lua_pop(L, 1);
            lua_pushstring(L, name);
        }
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
}

/* A `select` without the ID gets it: the next page begins after it. */
static void complete_select(lua_State *L, int t, const char *id) {
    bool there = false;
    find_member(L, t, "select");
    lua_remove(L, -2);
    size_t n = lua_istable(L, -1) ? b24L_rawlen(L, -1) : 0;
    for (size_t i = 1; i <= n && !there; i++) {
        lua_rawgeti(L, -1, (int)i);
        const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
        there = b24_same(name, id) || strcmp(name, "*") == 0;
        lua_pop(L, 1);
    }
    if (n > 0 && !there) {
        b24L_push_copy(L, lua_gettop(L));
        lua_pushstring(L, id);
        lua_rawseti(L, -2, (int)n + 1);
        b24L_set_member(L, t, "select");
    }
    lua_pop(L, 1);
}

/* [0, +1] The filter of the params at `t`, from now on a table of our own. */
static void own_filter(lua_State *L, int t) {
    find_member(L, t, "filter");
    lua_remove(L, -2);
    if (lua_istable(L, -1)) b24L_push_copy(L, lua_gettop(L));
    else lua_newtable(L);
    lua_remove(L, -2);
    lua_pushvalue(L, -1);
    b24L_set_member(L, t, "filter");
}

static void order_by_id(lua_State *L, int t, const struct b24_cursor *c) {
    const struct b24_listing *listing = c->listing;
    if (listing->flat) {
        lua_pushstring(L, listing->id);
        b24L_set_member(L, t, "SORT");
        lua_pushstring(L, c->down ? "DESC" : "ASC");
        b24L_set_member(L, t, "ORDER");
    } else {
        lua_createtable(L, 0, 1);
        lua_pushstring(L, c->down ? "DESC" : "ASC");
        lua_setfield(L, -2, listing->id);
        b24L_set_member(L, t, "order");
    }
}

void b24L_push_params(lua_State *L, const struct b24_cursor *c, int from) {
    push_named_copy(L, from);
    int t = lua_gettop(L);
    if (c->paging == B24_BY_ID) {
        order_by_id(L, t, c);
        complete_select(L, t, c->listing->id);
        lua_pushinteger(L, -1);
        b24L_set_member(L, t, "start");
        own_filter(L, t);
        return;
    }
    if (c->paging == B24_AT_ONCE) {
        lua_pushinteger(L, -1);
        b24L_set_member(L, t, "start");
    } else if (c->paging == B24_BY_START) { /* start=-1: it would not name the next page */
        lua_pushnil(L);
        b24L_set_member(L, t, "start");
    } else {
        lua_pushinteger(L, (lua_Integer)c->limit);
        b24L_set_member(L, t, "LIMIT");
    }
    lua_pushnil(L);
}
