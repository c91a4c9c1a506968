/* codec.why_parts: the numbers behind b24.why. Only what is known gets a field; b24/why.lua finds
 * the words. */
#include <string.h>

#include "lua/inbox.h"

#define CAP 100 /* what newer servers report of a chat or feed with more (see lua_totals.c) */

/* [0, 0] counters.TYPE[name] */
static bool total(lua_State *L, int counters, const char *name, lua_Number *value) {
    b24L_get_member(L, counters, "TYPE");
    bool known = b24L_member_count(L, -1, name, value);
    lua_pop(L, 1);
    return known;
}

static void put(lua_State *L, int parts, const char *name, lua_Number value) {
    if (value != 0) b24L_set_count(L, parts, name, value);
}

/* all = tasks + notifications + messages + rest, exactly; rest is what the portal does not explain.
 */
static void put_sum(lua_State *L, int parts) {
    lua_Number all = 0, tasks = 0, notifications = 0, messages = 0, lines = 0;
    bool known = total(L, 1, "ALL", &all);
    total(L, 1, "TASKS_TASK", &tasks);
    total(L, 1, "NOTIFY", &notifications);
    lua_pushcfunction(L, b24L_totals);
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    b24L_member_count(L, -1, "messages", &messages);
    lua_pop(L, 1);
    if (known) b24L_set_count(L, parts, "all", all);
    put(L, parts, "tasks", tasks);
    put(L, parts, "notifications", notifications);
    put(L, parts, "messages", messages);
    if (known) put(L, parts, "rest", all - tasks - notifications - messages);
    if (total(L, 1, "LINES", &lines)) put(L, parts, "lines", lines);
}

/* Only servers that count task chats apart end a chat's count at 100. */
static bool capping(lua_State *L) {
    lua_Number tasks;
    return total(L, 1, "TASKS_TASK", &tasks);
}

struct tally {
    lua_Number muted, marked, capped, hidden, unknown, dismissed;
};

/* What the counters alone say of the entry on top. */
static void count_entry(lua_State *L, struct tally *t) {
    lua_Number unread = 0;
    b24L_member_count(L, -1, "unread", &unread);
    if (b24L_member_is(L, -1, "muted", true)) {
        t->muted++;
        return;
    }
    if (unread == CAP) t->capped++;
    if (unread == 0 && b24L_member_is(L, -1, "marked", true)) t->marked++;
}

/* What an inbox adds. Muted ones are in no total, so they explain nothing. */
static void count_item(lua_State *L, struct tally *t) {
    lua_Number unread = 0;
    b24L_member_count(L, -1, "unread", &unread);
    if (b24L_get_member(L, -1, "section") == LUA_TSTRING &&
        strcmp(lua_tostring(L, -1), "CHAT_MUTED") == 0)
        unread = 0;
    lua_pop(L, 1);
    if (unread <= 0) return;
    if (b24L_member_is(L, -1, "hidden", true)) t->hidden++;
    if (b24L_member_is(L, -1, "unknown", true)) t->unknown++;
    if (b24L_member_is(L, -1, "dismissed", true)) t->dismissed += unread;
}

/* codec.why_parts(counters [, inbox]) -> {all=, tasks=, notifications=, messages=, rest=, lines=,
   notifications_capped=, muted=, marked=, capped=, hidden=, unknown=, dismissed=}; what is 0 or
   unknown is absent, but for `all` */
int b24L_why(lua_State *L) {
    struct tally t = {0};
    lua_Number notifications = 0;
    luaL_checktype(L, 1, LUA_TTABLE);
    if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    luaL_checkstack(L, 16, "counters");
    lua_newtable(L);
    put_sum(L, 3);
    b24L_push_waiting(L, 1);
    for (lua_pushnil(L); lua_next(L, 4) != 0; lua_pop(L, 1)) count_entry(L, &t);
    bool whole = lua_istable(L, 2) &&
                 b24L_get_member(L, 2, "section") == LUA_TNIL; /* of a part nothing follows */
    for (int i = 1, n = whole ? (int)b24L_rawlen(L, 2) : 0; i <= n; i++) {
        lua_rawgeti(L, 2, i);
        if (lua_istable(L, -1)) count_item(L, &t);
        lua_pop(L, 1);
    }
    put(L, 3, "muted", t.muted);
    put(L, 3, "marked", t.marked);
    if (capping(L)) put(L, 3, "capped", t.capped);
    if (capping(L) && total(L, 1, "NOTIFY", &notifications) && notifications == CAP)
        b24L_set_flag(L, 3, "notifications_capped", true);
    put(L, 3, "hidden", t.hidden);
    put(L, 3, "unknown", t.unknown);
    put(L, 3, "dismissed", t.dismissed);
    lua_pushvalue(L, 3);
    return 1;
}
