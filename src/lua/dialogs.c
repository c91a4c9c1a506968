/* b24.dialogs and b24.diff: which dialogs have unread messages, in a stable order, and what
   changed. */
#include "im/dialogs.h"

#include <limits.h>
#include <string.h>

#include "im/diff.h"
#include "lua/binding.h"
#include "lua/counts.h"

static void push_dialog_id(lua_State *L, enum b24_section section, const char *id) {
    lua_pushfstring(L, "%s%s", b24_dialog_prefix(section), id);
}

/* ------------------------------------------------------------ dialogs */

static void release_dialogs(void *dialogs) { b24_dialogs_free(dialogs); }

/* Upvalues: the dialogs, their number, the next position. */
static int next_dialog(lua_State *L) {
    const struct b24_count *list = lua_touserdata(L, lua_upvalueindex(1));
    size_t n = (size_t)lua_tonumber(L, lua_upvalueindex(2)),
           i = (size_t)lua_tonumber(L, lua_upvalueindex(3));
    if (i >= n) return 0;
    lua_pushnumber(L, (lua_Number)(i + 1));
    lua_replace(L, lua_upvalueindex(3));
    push_dialog_id(L, list[i].section, list[i].id);
    b24L_push_number(L, list[i].unread);
    lua_pushstring(L, b24_sections[list[i].section].name);
    return 3;
}

int b24L_dialogs(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    struct b24_counts *counts = b24L_push_counts(L, 1);
    struct b24_dialogs *dialogs = b24L_new_owned(L, sizeof *dialogs, release_dialogs);
    b24L_check_memory(L, b24_dialogs_collect(dialogs, counts));
    b24_dialogs_sort(dialogs);
    /* In memory of Lua: a loop may be left early, and the collector should know what it keeps. */
    size_t size = dialogs->n * sizeof *dialogs->list;
    void *list = lua_newuserdata(L, size);
    if (size > 0) memcpy(list, dialogs->list, size);
    lua_pushnumber(L, (lua_Number)dialogs->n);
    lua_pushnumber(L, 0);
    b24L_release(L, -4);
    b24L_release(L, -5);
    lua_pushcclosure(L, next_dialog, 3);
    return 1;
}

/* ------------------------------------------------------------ diff */

static void release_changes(void *changes) { b24_changes_free(changes); }

/* [0, 0] A total that is missing is unknown: nil, not 0. */
static void set_known(lua_State *L, const char *field, struct b24_known value) {
    if (value.known) b24L_set_count(L, -1, field, (lua_Number)value.value);
}

/* [0, +1] */
static void push_change(lua_State *L, const struct b24_change *change) {
    lua_createtable(L, 0, 4);
    if (change->total != NULL) {
        b24L_set_text(L, -1, "id", change->total);
    } else {
        push_dialog_id(L, change->section, change->id);
        lua_setfield(L, -2, "dialog_id");
    }
    b24L_set_text(L, -1, "section", b24_sections[change->section].name);
    set_known(L, "from", change->from);
    set_known(L, "to", change->to);
}

static void check_counters(lua_State *L, int index) {
    bool none = lua_isnoneornil(L, index) ||
                (lua_islightuserdata(L, index) && lua_touserdata(L, index) == NULL);
    if (!none) luaL_checktype(L, index, LUA_TTABLE);
}

int b24L_diff(lua_State *L) {
    lua_settop(L, 2);
    check_counters(L, 1);
    check_counters(L, 2);
    struct b24_counts *old = b24L_push_counts(L, 1), *new = b24L_push_counts(L, 2);
    struct b24_changes *changes = b24L_new_owned(L, sizeof *changes, release_changes);
    b24L_check_memory(L, b24_diff(changes, old, new));
    luaL_checkstack(L, 6, "counters");
    lua_createtable(L, changes->n < INT_MAX ? (int)changes->n : 0, 0);
    for (size_t i = 0; i < changes->n; i++) {
        push_change(L, &changes->list[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
    for (int index = 3; index <= 5; index++) b24L_release(L, index);
    return 1;
}
