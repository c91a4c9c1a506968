/* b24.totals and b24.badge */
#include "im/totals.h"

#include <string.h>

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

/* [0, 0] The totals that a badge is made of. They need no owner, which a page with many badges
   would pay for. */
static void read_badge(lua_State *L, struct b24_counts *c, char names[][B24_TOTAL_MAX]) {
    lua_Number value;
    b24L_get_member(L, 1, b24_sections[B24_SECTION_TYPE].name);
    for (int i = 0; lua_istable(L, -1) && i < B24_BADGE_NAMES; i++) {
        if (i == 2 && c->totals_n > 0 && c->totals[0].name == names[0]) break;
        if (!b24L_member_count(L, -1, b24_badge_names[i], &value)) continue;
        memcpy(names[i], b24_badge_names[i], strlen(b24_badge_names[i]) + 1);
        c->totals[c->totals_n].name = names[i];
        c->totals[c->totals_n++].value = (double)value;
    }
    lua_pop(L, 1);
}

int b24L_badge(lua_State *L) {
    char text[B24_BADGE_MAX], names[B24_BADGE_NAMES][B24_TOTAL_MAX];
    struct b24_total totals[B24_BADGE_NAMES];
    struct b24_counts counts = {.totals = totals};
    bool null = lua_isnoneornil(L, 1) || lua_isuserdata(L, 1); /* cjson.null, vim.NIL */
    if (!null) luaL_checktype(L, 1, LUA_TTABLE);
    if (lua_istable(L, 1)) read_badge(L, &counts, names);
    struct b24_totals t = b24_totals_of(&counts);
    b24_badge(&t, text);
    lua_pushstring(L, text);
    return 1;
}
