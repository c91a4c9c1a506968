/* The rows of a page: where they are in a result, and their ids. */
#include "lua/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_DIGITS 18 /* of a key that counts as a number: fits into 63 bits for sure */

bool b24L_is_array(lua_State *L, int index) {
    size_t n = 0;
    bool numbers = true;
    index = b24L_absindex(L, index);
    if (!lua_istable(L, index)) return false;
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TNUMBER) numbers = false;
        n++;
    }
    return numbers && n == b24L_rawlen(L, index);
}

bool b24L_to_integer(lua_State *L, int index, int64_t *value) {
    if (lua_type(L, index) != LUA_TNUMBER && lua_type(L, index) != LUA_TSTRING) return false;
    lua_Number n = lua_tonumber(L, index);
    if (lua_type(L, index) == LUA_TSTRING) {
        const char *text = lua_tostring(L, index);
        size_t digits = strspn(text + (text[0] == '-'), "0123456789");
        if (digits == 0 || text[digits + (text[0] == '-')] != '\0') return false;
    }
    if (!(n >= -B24_EXACT_MAX && n <= B24_EXACT_MAX) || n != (lua_Number)(int64_t)n) return false;
    *value = (int64_t)n;
    return true;
}

static int64_t key_number(lua_State *L, int index) {
    size_t n;
    if (lua_type(L, index) != LUA_TSTRING) return -1;
    const char *text = lua_tolstring(L, index, &n);
    if (n == 0 || n > KEY_DIGITS || strspn(text, "0123456789") != n) return -1;
    return strtoll(text, NULL, 10);
}

enum form { OTHER, EMPTY, ARRAY, SPARSE };

/* What the value on top is. */
static enum form form(lua_State *L) {
    bool sparse = true;
    if (!lua_istable(L, -1)) return OTHER;
    if (b24L_is_array(L, -1)) return b24L_rawlen(L, -1) == 0 ? EMPTY : ARRAY;
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
        if (key_number(L, -2) < 0 || !lua_istable(L, -1)) sparse = false;
    return sparse ? SPARSE : OTHER;
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* [-1, +1] {"2": b, "0": a} -> {a, b} */
static void close_holes(lua_State *L) {
    int from = lua_gettop(L), i = 0;
    size_t n = 0;
    char name[24];
    for (lua_pushnil(L); lua_next(L, from) != 0; lua_pop(L, 1)) n++;
    int64_t *keys = lua_newuserdata(L, n * sizeof *keys);
    size_t room = n; /* a finaliser might have added some */
    n = 0;
    for (lua_pushnil(L); lua_next(L, from) != 0; lua_pop(L, 1))
        if (n < room) keys[n++] = key_number(L, -2);
    qsort(keys, n, sizeof *keys, compare);
    lua_createtable(L, (int)n, 0);
    for (size_t k = 0; k < n; k++) {
        snprintf(name, sizeof name, "%lld", (long long)keys[k]);
        lua_getfield(L, from, name);
        lua_rawseti(L, -2, ++i);
    }
    lua_replace(L, from);
    lua_settop(L, from);
}

/* [0, 0] or [0, +1] and true: a list, holes closed. */
static bool take(lua_State *L) {
    enum form f = form(L);
    if (f == SPARSE) close_holes(L);
    return f != OTHER;
}

/* What the member on top can be: its rows are objects, so a list of anything else is none. */
static enum form member_form(lua_State *L) {
    enum form f = form(L);
    if (f != ARRAY) return f;
    lua_rawgeti(L, -1, 1);
    if (!lua_istable(L, -1)) f = OTHER;
    lua_pop(L, 1);
    return f;
}

/* Has the object at `index` an id of its own? Then it is one thing, and what lists it has are its.
 */
static bool has_id(lua_State *L, int index) {
    static const char *const names[] = {"ID", "id"};
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++) {
        lua_getfield(L, index, names[i]);
        found = lua_type(L, -1) == LUA_TSTRING || lua_type(L, -1) == LUA_TNUMBER;
        lua_pop(L, 1);
    }
    return found;
}

/* Is there text among the members? Around rows there are only counts and flags. */
static bool has_text(lua_State *L, int index) {
    bool found = false;
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1))
        found = found || lua_type(L, -1) == LUA_TSTRING;
    return found;
}

/* The name, at `name`, of the only list among the members of the object at `result`. A list with
   rows goes before one with holes, that before an empty one, which may be an empty object. */
static const char *choose(lua_State *L, int result, int name) {
    int found[SPARSE + 1] = {0};
    static const enum form order[] = {ARRAY, SPARSE, EMPTY};
    if (has_id(L, result)) return "the result is one object, not a list";
    for (lua_pushnil(L); lua_next(L, result) != 0; lua_pop(L, 1)) found[member_form(L)]++;
    if (found[ARRAY] + found[SPARSE] == 0 && found[EMPTY] > 0 && has_text(L, result))
        return "the result is one object, not a list";
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (found[order[i]] == 0) continue;
        if (found[order[i]] > 1)
            return "the result has several lists, and which of them has the rows is not known";
        for (lua_pushnil(L); lua_next(L, result) != 0; lua_pop(L, 1)) {
            if (member_form(L) != order[i]) continue;
            lua_pushvalue(L, -2);
            lua_replace(L, name);
        }
        return NULL;
    }
    return "the result has no list of rows";
}

const char *b24L_find_rows(lua_State *L, int result, int name) {
    if (!lua_istable(L, result)) return "the result is no list";
    lua_pushvalue(L, result);
    if (take(L)) return NULL;
    lua_pop(L, 1);
    if (lua_isnil(L, name)) {
        const char *problem = choose(L, result, name);
        if (problem != NULL) return problem;
    }
    lua_pushvalue(L, name);
    lua_rawget(L, result);
    if (take(L)) return NULL;
    lua_pop(L, 1);
    return "the result has no list of rows where one was expected";
}

struct b24_view b24L_row_id(lua_State *L, char *digits, size_t size) {
    struct b24_view id = {NULL, 0};
    int64_t number;
    if (!lua_istable(L, -1)) {
        lua_pushnil(L);
        lua_insert(L, -2);
        return id;
    }
    id.p = "";
    lua_getfield(L, -1, "ID");
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_getfield(L, -1, "id");
    }
    if (lua_type(L, -1) == LUA_TSTRING) {
        id.p = lua_tolstring(L, -1, &id.n);
    } else if (b24L_to_integer(L, -1, &number)) {
        id.n = (size_t)snprintf(digits, size, "%lld", (long long)number);
        id.p = digits;
    }
    lua_insert(L, -2);
    return id;
}
