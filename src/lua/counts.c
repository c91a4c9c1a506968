#include "lua/counts.h"

#include "lua/inbox.h"

static void release(void *counts) { b24_counts_free(counts); }

void b24L_check_memory(lua_State *L, bool complete) {
    if (!complete) luaL_error(L, "b24: the counters do not fit into memory");
}

/* [0, 0] The table on top. Nothing in here takes memory of Lua: a finaliser might change the table
   meanwhile. */
static void read_map(lua_State *L, struct b24_counts *c, enum b24_section section, int level) {
    char digits[B24_ID_MAX + 1];
    lua_Number unread;
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
        if (b24L_to_number(L, -1, &unread))
            b24_counts_add(c, section, level, b24L_to_digits(L, -2, digits), (double)unread);
        else if (level == 1 && lua_istable(L, -1)) read_map(L, c, section, 2);
    }
}

/* [0, 0] As read_map. */
static void read_marks(lua_State *L, struct b24_counts *c, enum b24_section section) {
    char digits[B24_ID_MAX + 1];
    int n = (int)b24L_rawlen(L, -1);
    for (int i = 1; i <= n; i++, lua_pop(L, 1)) {
        lua_rawgeti(L, -1, i);
        b24_counts_mark(c, section, b24L_to_digits(L, -1, digits));
    }
}

/* [0, 0] As read_map. A total that is no number is unknown. */
static void read_totals(lua_State *L, struct b24_counts *c) {
    lua_Number value;
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
        if (lua_type(L, -2) == LUA_TSTRING && b24L_to_number(L, -1, &value))
            b24_counts_total(c, lua_tostring(L, -2), (double)value);
}

/* [0, +1] counters[name], raw; nil unless it is a table. */
static bool push_table(lua_State *L, int counters, const char *name) {
    lua_pushstring(L, name);
    lua_rawget(L, counters);
    return lua_istable(L, -1);
}

/* [0, 0] */
static void read_section(lua_State *L, int counters, struct b24_counts *c, int i) {
    const struct b24_section_row *row = &b24_sections[i];
    enum b24_section section = (enum b24_section)i;
    if (push_table(L, counters, row->name)) {
        if (row->form == B24_FORM_TOTALS) read_totals(L, c);
        else read_map(L, c, section, 1);
    }
    lua_pop(L, 1);
    if (row->marks == NULL) return;
    if (push_table(L, counters, row->marks)) read_marks(L, c, section);
    lua_pop(L, 1);
}

struct b24_counts *b24L_push_counts(lua_State *L, int counters) {
    luaL_checkstack(L, 12, "counters");
    counters = b24L_absindex(L, counters);
    struct b24_counts *c = b24L_new_owned(L, sizeof *c, release);
    if (!lua_istable(L, counters)) return c;
    for (int i = 0; i < B24_SECTION_COUNT; i++) read_section(L, counters, c, i);
    b24L_check_memory(L, !c->no_memory);
    return c;
}
