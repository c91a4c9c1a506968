/* Members of Lua tables that came from JSON. */
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/entity.h"
#include "lua/inbox.h"
#include "json/document.h"

bool b24L_to_count(lua_State *L, int index, lua_Number *count) {
    if (lua_type(L, index) != LUA_TNUMBER) return false;
    *count = lua_tonumber(L, index);
    return b24_is_count((double)*count);
}

int b24L_get_member(lua_State *L, int table, const char *name) {
    table = b24L_absindex(L, table);
    if (lua_istable(L, table)) {
        lua_pushstring(L, name);
        lua_rawget(L, table);
        if (!lua_islightuserdata(L, -1)) return lua_type(L, -1);
        lua_pop(L, 1);
    }
    lua_pushnil(L);
    return LUA_TNIL;
}

bool b24L_member_count(lua_State *L, int table, const char *name, lua_Number *value) {
    b24L_get_member(L, table, name);
    bool found = b24L_to_number(L, -1, value);
    lua_pop(L, 1);
    return found;
}

bool b24L_member_date(lua_State *L, int table, const char *name, double *seconds) {
    bool found = b24L_get_member(L, table, name) == LUA_TSTRING &&
                 b24_date_parse(lua_tostring(L, -1), seconds);
    lua_pop(L, 1);
    return found;
}

bool b24L_member_is(lua_State *L, int table, const char *name, bool wanted) {
    bool found =
        b24L_get_member(L, table, name) == LUA_TBOOLEAN && (lua_toboolean(L, -1) != 0) == wanted;
    lua_pop(L, 1);
    return found;
}

struct b24_view b24L_to_digits(lua_State *L, int index, char digits[B24_ID_MAX + 1]) {
    struct b24_view v = {"", 0};
    lua_Number number;
    if (lua_type(L, index) == LUA_TSTRING) {
        v.p = lua_tolstring(L, index, &v.n);
    } else if (b24L_to_count(L, index, &number)) {
        v.n = (size_t)snprintf(digits, B24_ID_MAX + 1, "%lld", (long long)number);
        v.p = digits;
    }
    return v;
}

bool b24L_to_number(lua_State *L, int index, lua_Number *value) {
    double n;
    if (b24L_to_count(L, index, value)) return true;
    if (lua_type(L, index) != LUA_TSTRING || !b24_decimal(lua_tostring(L, index), &n)) return false;
    *value = (lua_Number)n;
    return true;
}

/* [-1, 0] */
static void set(lua_State *L, int table, const char *name) {
    lua_pushstring(L, name);
    lua_insert(L, -2);
    lua_rawset(L, table);
}

/* Where the table is when name and value are on the stack, too. */
static int below(int table) { return table < 0 ? table - 2 : table; }

void b24L_set_count(lua_State *L, int table, const char *name, lua_Number value) {
    lua_pushstring(L, name);
    b24L_push_number(L, (double)value);
    lua_rawset(L, below(table));
}

void b24L_set_text(lua_State *L, int table, const char *name, const char *value) {
    lua_pushstring(L, name);
    lua_pushstring(L, value); /* nil for NULL */
    lua_rawset(L, below(table));
}

void b24L_set_flag(lua_State *L, int table, const char *name, bool value) {
    lua_pushstring(L, name);
    lua_pushboolean(L, value);
    lua_rawset(L, below(table));
}

bool b24L_copy_member(lua_State *L, int target, const char *to, int source, const char *from) {
    target = b24L_absindex(L, target);
    bool found = b24L_get_member(L, source, from) == LUA_TSTRING && b24L_rawlen(L, -1) > 0;
    if (found) set(L, target, to);
    else lua_pop(L, 1);
    return found;
}

bool b24L_copy_name(lua_State *L, int target, const char *to, int source, const char *from) {
    target = b24L_absindex(L, target);
    size_t n = 0;
    const char *name =
        b24L_get_member(L, source, from) == LUA_TSTRING ? lua_tolstring(L, -1, &n) : NULL;
    if (n > 0) {
        char *copy = lua_newuserdata(L, n + 1);
        memcpy(copy, name, n + 1);
        b24_decode_entities(copy);
        b24L_set_text(L, target, to, copy);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return n > 0;
}

bool b24L_to_dialog_id(lua_State *L, int index, bool person, char id[B24_DIALOG_ID_MAX + 1]) {
    char digits[B24_ID_MAX + 1];
    return b24_dialog_id(b24L_to_digits(L, index, digits), person, id);
}

bool b24L_member_dialog_id(lua_State *L, int table, const char *name, bool person,
                           char id[B24_DIALOG_ID_MAX + 1]) {
    bool found = false;
    if (b24L_get_member(L, table, name) == LUA_TSTRING &&
        strncmp(lua_tostring(L, -1), "chat", 4) == 0) {
        lua_pushstring(L, lua_tostring(L, -1) + 4);
        found = b24L_to_dialog_id(L, -1, false, id);
        lua_pop(L, 1);
    } else {
        found = b24L_to_dialog_id(L, -1, person, id);
    }
    lua_pop(L, 1);
    return found;
}

void b24L_push_kept(lua_State *L, int call, int which) {
    b24L_getuservalue(L, call);
    lua_rawgeti(L, -1, B24_CALL_CONF);
    b24L_getuservalue(L, -1);
    lua_rawgeti(L, -1, which);
    lua_replace(L, -4);
    lua_pop(L, 2);
}
