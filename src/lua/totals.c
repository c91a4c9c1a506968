/* b24.totals and b24.badge */
#include "im/totals.h"

#include "lua/binding.h"
#include "lua/counts.h"
#include "lua/inbox.h"

static void set_known(lua_State *L, const char *field, struct b24_known total) {
    if (total.known) b24L_set_count(L, -1, field, (lua_Number)total.value);
}

int b24L_totals(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    struct b24_totals t = b24_totals_of(b24L_push_counts(L, 1));
    b24L_release(L, -1);
    lua_createtable(L, 0, 6);
    set_known(L, "messages", t.messages);
    set_known(L, "tasks", t.tasks);
    set_known(L, "notifications", t.notifications);
    set_known(L, "lines", t.lines);
    set_known(L, "all", t.all);
    b24L_set_flag(L, -1, "saturated", t.saturated);
    return 1;
}

/* [0, 0] Of the table of totals on top. They need no owner, which a page with many badges would pay
   for. */
static struct b24_known look(void *arg, const char *total) {
    lua_Number value = 0;
    bool known = b24L_member_count(arg, -1, total, &value);
    return (struct b24_known){known, (double)value};
}

int b24L_badge(lua_State *L) {
    char text[B24_BADGE_MAX];
    struct b24_known messages = {.known = false};
    bool null = lua_isnoneornil(L, 1) || lua_isuserdata(L, 1); /* cjson.null, vim.NIL */
    if (!null) luaL_checktype(L, 1, LUA_TTABLE);
    if (!null && b24L_get_member(L, 1, b24_sections[B24_SECTION_TYPE].name) == LUA_TTABLE)
        messages = b24_messages_of(look, L);
    b24_badge(messages, text);
    lua_pushstring(L, text);
    return 1;
}
