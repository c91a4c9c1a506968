/* codec.why_parts: the numbers behind b24.why. Only what is known gets a field; b24/api/why.lua
   finds the words. */
#include "im/why.h"

#include "lua/counts.h"
#include "lua/inbox.h"

/* [0, 0] Adds the inbox at `list`. Of a part of the dialogs nothing follows. */
static void add_inbox(lua_State *L, struct b24_why *why, int list) {
    int top = lua_gettop(L);
    bool whole = lua_istable(L, list) && b24L_get_member(L, list, "section") == LUA_TNIL;
    int n = whole ? (int)b24L_rawlen(L, list) : 0;
    for (int i = 1; i <= n; i++) {
        lua_rawgeti(L, list, i);
        struct b24_waiting w = b24L_to_waiting(L, -1);
        b24_why_add(why, &w);
        lua_pop(L, 1);
    }
    lua_settop(L, top);
}

static void put(lua_State *L, const char *name, double value) {
    if (value != 0) b24L_set_count(L, -1, name, (lua_Number)value);
}

/* [0, +1] */
static void push_parts(lua_State *L, const struct b24_why *why) {
    lua_createtable(L, 0, 13);
    if (why->all.known) b24L_set_count(L, -1, "all", (lua_Number)why->all.value);
    put(L, "tasks", why->tasks);
    put(L, "notifications", why->notifications);
    put(L, "messages", why->messages);
    put(L, "rest", why->rest);
    put(L, "lines", why->lines);
    put(L, "muted", why->muted);
    put(L, "marked", why->marked);
    put(L, "capped", why->capped);
    put(L, "hidden", why->hidden);
    put(L, "unknown", why->unknown);
    put(L, "dismissed", why->dismissed);
    if (why->notifications_capped) b24L_set_flag(L, -1, "notifications_capped", true);
}

/* codec.why_parts(counters [, inbox]) -> {all=, tasks=, notifications=, messages=, rest=, lines=,
   notifications_capped=, muted=, marked=, capped=, hidden=, unknown=, dismissed=}; what is 0 or
   unknown is absent, but for `all` */
int b24L_why(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    luaL_checkstack(L, 16, "counters");
    struct b24_counts *counts = b24L_push_counts(L, 1);
    struct b24_inbox *waiting = b24L_push_inbox(L, counts);
    struct b24_why why = b24_why_of(counts, waiting);
    b24L_release(L, -1);
    b24L_release(L, -2);
    add_inbox(L, &why, 2);
    push_parts(L, &why);
    return 1;
}
