/* b24.totals and b24.badge: the one number that a person wants to see. */
#include <string.h>

#include "lua/binding.h"

#define CAP                                                                                        \
    100 /* the portal reports at most this per chat, from 26.250 on (CounterOverflowService) */

/* [0, 0] counters.TYPE[name]; false: unknown. */
static bool total(lua_State *L, int counters, const char *name, lua_Number *value) {
    bool known = false;
    int top = lua_gettop(L);
    lua_pushliteral(L, "TYPE");
    lua_rawget(L, counters);
    if (lua_istable(L, -1)) {
        lua_pushstring(L, name);
        lua_rawget(L, -2);
        known = b24L_to_count(L, -1, value);
    }
    lua_settop(L, top);
    return known;
}

/* People's messages. MESSENGER holds task chats since 2026; older servers have no MESSENGER. */
static bool messages(lua_State *L, int counters, lua_Number *value) {
    lua_Number n = 0, tasks = 0, dialog = 0, chat = 0, lines = 0;
    if (total(L, counters, "MESSENGER", value)) {
        if (total(L, counters, "TASKS_TASK", &tasks)) *value -= tasks;
        return true;
    }
    if (total(L, counters, "ALL", value) && total(L, counters, "NOTIFY", &n)) {
        *value -= n;
        return true;
    }
    if (!total(L, counters, "DIALOG", &dialog) || !total(L, counters, "CHAT", &chat) ||
        !total(L, counters, "LINES", &lines))
        return false;
    *value = dialog + chat + lines;
    return true;
}

/* Any count at the cap in the map on top, one level of nesting included? */
static bool map_capped(lua_State *L, int depth) {
    bool capped = false;
    lua_Number n;
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
        if (b24L_to_count(L, -1, &n) && n >= CAP) capped = true;
        if (depth > 0 && lua_istable(L, -1) && map_capped(L, depth - 1)) capped = true;
    }
    return capped;
}

/* Are the totals lower bounds? Muted chats are in no total, so their cap does not count. */
static bool saturated(lua_State *L, int counters) {
    static const char *const maps[] = {"CHAT",   "DIALOG",     "LINES",          "COPILOT",
                                       "COLLAB", "TASKS_TASK", "CHANNEL_COMMENT"};
    lua_Number notify = 0;
    bool capped = total(L, counters, "NOTIFY", &notify) && notify >= CAP;
    for (size_t i = 0; i < sizeof maps / sizeof *maps && !capped; i++) {
        lua_pushstring(L, maps[i]);
        lua_rawget(L, counters);
        capped = lua_istable(L, -1) && map_capped(L, 1);
        lua_pop(L, 1);
    }
    return capped;
}

static void set_total(lua_State *L, int counters, const char *field, const char *name) {
    lua_Number value;
    if (!total(L, counters, name, &value)) return;
    b24L_push_number(L, (double)value);
    lua_setfield(L, -2, field);
}

int b24L_totals(lua_State *L) {
    lua_Number people;
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkstack(L, 10, "counters");
    lua_createtable(L, 0, 6);
    if (messages(L, 1, &people)) {
        b24L_push_number(L, (double)people);
        lua_setfield(L, -2, "messages");
    }
    set_total(L, 1, "tasks", "TASKS_TASK");
    set_total(L, 1, "notifications", "NOTIFY");
    set_total(L, 1, "lines", "LINES");
    set_total(L, 1, "all", "ALL");
    lua_pushboolean(L, saturated(L, 1));
    lua_setfield(L, -2, "saturated");
    return 1;
}

int b24L_badge(lua_State *L) {
    lua_Number people = 0;
    bool table = lua_istable(L, 1);
    bool null = lua_isnoneornil(L, 1) || lua_isuserdata(L, 1); /* cjson.null, vim.NIL */
    if (!table && !null) luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkstack(L, 8, "counters");
    if (!table || !messages(L, 1, &people)) lua_pushliteral(L, "?");
    else if (people <= 0) lua_pushliteral(L, "");
    else if (people > 99) lua_pushliteral(L, "99+");
    else lua_pushfstring(L, "%d", (int)people);
    return 1;
}
