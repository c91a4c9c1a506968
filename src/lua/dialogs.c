/* b24.dialogs and b24.diff: which dialogs have unread messages, in a stable order. They read any
   table of the shape that b24.counters returns, also one that has been through JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua/binding.h"

#define ID_MAX 20 /* digits of an id; 2^64 has 20 */

/* Order of output. CHAT after the two whose chats it repeats would lose the reading order, so it is
 * cleaned instead. */
enum { DIALOG, CHAT, COLLAB, COPILOT, LINES, TASKS_TASK, CHANNEL_COMMENT, SECTIONS };
static const char *const names[SECTIONS] = {"DIALOG", "CHAT",       "COLLAB",         "COPILOT",
                                            "LINES",  "TASKS_TASK", "CHANNEL_COMMENT"};

struct entry {
    char id[ID_MAX + 1];
    int section;
    lua_Number unread;
};

/* A list that Lua owns: a raised error leaks nothing. */
struct list {
    int index; /* stack index of the userdata */
    size_t n, cap;
    struct entry *entries;
};

bool b24L_to_count(lua_State *L, int index, lua_Number *count) {
    if (lua_type(L, index) != LUA_TNUMBER) return false;
    *count = lua_tonumber(L, index);
    return *count >= -9007199254740992.0 && *count <= 9007199254740992.0 &&
           *count == (lua_Number)(int64_t)*count;
}

static void reserve(lua_State *L, struct list *list, size_t cap) {
    struct entry *bigger = lua_newuserdata(L, (cap > 0 ? cap : 1) * sizeof *bigger);
    if (list->n > 0) memcpy(bigger, list->entries, list->n * sizeof *bigger);
    list->entries = bigger;
    list->cap = cap;
    lua_replace(L, list->index);
}

static void open_list(lua_State *L, struct list *list) {
    lua_pushnil(L);
    *list = (struct list){.index = lua_gettop(L)};
    reserve(L, list, 64);
}

/* The key at `index` as a positive decimal id; false for "", "0", names. */
static bool to_id(lua_State *L, int index, char id[ID_MAX + 1]) {
    size_t n = 0;
    const char *s = NULL;
    lua_Number number;
    if (lua_type(L, index) == LUA_TSTRING) {
        s = lua_tolstring(L, index, &n);
    } else if (b24L_to_count(L, index, &number) && number > 0) {
        snprintf(id, ID_MAX + 1, "%lld", (long long)number);
        return true;
    }
    if (s == NULL || n == 0 || n > ID_MAX || *s == '0' || strspn(s, "0123456789") != n)
        return false;
    memcpy(id, s, n + 1);
    return true;
}

/* [0, 0] Adds what the map on top of the stack holds. */
static void add_map(lua_State *L, struct list *list, int section) {
    struct entry e = {.section = section};
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
        if (!b24L_to_count(L, -1, &e.unread) || e.unread <= 0 || !to_id(L, -2, e.id)) continue;
        if (list->n == list->cap) reserve(L, list, list->cap * 2);
        list->entries[list->n++] = e;
    }
}

/* [0, +1] counters[name], raw; nil unless it is a table. */
static void push_table(lua_State *L, int counters, const char *name) {
    lua_pushstring(L, name);
    lua_rawget(L, counters);
    if (lua_istable(L, -1)) return;
    lua_pop(L, 1);
    lua_pushnil(L);
}

/* [0, 0] */
static void add_section(lua_State *L, int counters, struct list *list, int section) {
    push_table(L, counters, names[section]);
    if (lua_istable(L, -1) && section != CHANNEL_COMMENT) add_map(L, list, section);
    if (lua_istable(L, -1) && section == CHANNEL_COMMENT)
        for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
            if (lua_istable(L, -1)) add_map(L, list, section);
    lua_pop(L, 1);
}

static int by_id(const struct entry *a, const struct entry *b) {
    size_t n = strlen(a->id), k = strlen(b->id);
    return n != k ? (n < k ? -1 : 1) : strcmp(a->id, b->id);
}

/* Users and chats are different ids. Within one id the special section of a chat comes before plain
 * CHAT. */
static int by_dialog(const void *x, const void *y) {
    const struct entry *a = x, *b = y;
    bool user_a = a->section == DIALOG, user_b = b->section == DIALOG;
    if (user_a != user_b) return user_a ? -1 : 1;
    int order = by_id(a, b);
    return order != 0 ? order : (a->section == CHAT) - (b->section == CHAT);
}

static int by_section(const void *x, const void *y) {
    const struct entry *a = x, *b = y;
    return a->section != b->section ? a->section - b->section : by_id(a, b);
}

static bool same_dialog(const struct entry *a, const struct entry *b) {
    return (a->section == DIALOG) == (b->section == DIALOG) && strcmp(a->id, b->id) == 0;
}

/* COLLAB and COPILOT chats stand in CHAT too: one entry each. The list is sorted by_dialog. */
static void once_each(struct list *list) {
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i++)
        if (kept == 0 || !same_dialog(&list->entries[kept - 1], &list->entries[i]))
            list->entries[kept++] = list->entries[i];
    list->n = kept;
}

/* CHAT_MUTED is keyed by chat id, also for private dialogs; those cannot be matched to a user. */
static void drop_muted(lua_State *L, int counters, struct list *list) {
    struct list muted;
    size_t kept = 0;
    open_list(L, &muted);
    push_table(L, counters, "CHAT_MUTED");
    if (lua_istable(L, -1)) add_map(L, &muted, CHAT);
    if (muted.n > 1) qsort(muted.entries, muted.n, sizeof *muted.entries, by_section);
    for (size_t i = 0; i < list->n; i++) {
        struct entry probe = list->entries[i];
        bool user = probe.section == DIALOG;
        probe.section = CHAT;
        if (user || muted.n == 0 ||
            bsearch(&probe, muted.entries, muted.n, sizeof probe, by_section) == NULL)
            list->entries[kept++] = list->entries[i];
    }
    list->n = kept;
    lua_settop(L, muted.index - 1);
}

/* [0, +1] All dialogs of the counters at `counters`, sorted by_dialog; none for nil and null. */
static void collect(lua_State *L, int counters, struct list *list) {
    luaL_checkstack(L, 12, "counters");
    open_list(L, list);
    if (!lua_istable(L, counters)) return;
    for (int section = 0; section < SECTIONS; section++) add_section(L, counters, list, section);
    if (list->n > 1) qsort(list->entries, list->n, sizeof *list->entries, by_dialog);
    once_each(list);
    drop_muted(L, counters, list);
}

static void push_dialog_id(lua_State *L, const struct entry *e) {
    lua_pushfstring(L, "%s%s", e->section == DIALOG ? "" : "chat", e->id);
}

/* Upvalues: the entries, their number, the next position. */
static int next_dialog(lua_State *L) {
    const struct entry *entries = lua_touserdata(L, lua_upvalueindex(1));
    size_t n = (size_t)lua_tonumber(L, lua_upvalueindex(2)),
           i = (size_t)lua_tonumber(L, lua_upvalueindex(3));
    if (i >= n) return 0;
    lua_pushnumber(L, (lua_Number)(i + 1));
    lua_replace(L, lua_upvalueindex(3));
    push_dialog_id(L, &entries[i]);
    b24L_push_number(L, (double)entries[i].unread);
    lua_pushstring(L, names[entries[i].section]);
    return 3;
}

int b24L_dialogs(lua_State *L) {
    struct list list;
    luaL_checktype(L, 1, LUA_TTABLE);
    collect(L, 1, &list);
    if (list.n > 1) qsort(list.entries, list.n, sizeof *list.entries, by_section);
    lua_pushnumber(L, (lua_Number)list.n);
    lua_pushnumber(L, 0);
    lua_pushcclosure(L, next_dialog, 3);
    return 1;
}

/* ------------------------------------------------------------ diff */

struct change {
    struct entry entry; /* unread: the new count */
    lua_Number from;
};

static int by_change(const void *x, const void *y) {
    return by_section(&((const struct change *)x)->entry, &((const struct change *)y)->entry);
}

/* Notes that `entry` (its unread: the new count) had `from` before, if that is a change. */
static void note(struct change *changes, size_t *n, const struct entry *entry, lua_Number from,
                 lua_Number to) {
    if (from == to) return;
    changes[*n] = (struct change){*entry, from};
    changes[(*n)++].entry.unread = to;
}

/* Merges two lists that are sorted by_dialog; returns the number of changes. `changes` has room for
 * all. */
static size_t merge(const struct list *old, const struct list *new, struct change *changes) {
    size_t i = 0, j = 0, n = 0;
    while (i < old->n && j < new->n) {
        const struct entry *a = &old->entries[i], *b = &new->entries[j];
        if (same_dialog(a, b)) {
            note(changes, &n, b, a->unread, b->unread);
            i++, j++;
        } else if (by_dialog(a, b) < 0) {
            note(changes, &n, a, a->unread, 0);
            i++;
        } else {
            note(changes, &n, b, 0, b->unread);
            j++;
        }
    }
    for (; i < old->n; i++) note(changes, &n, &old->entries[i], old->entries[i].unread, 0);
    for (; j < new->n; j++) note(changes, &n, &new->entries[j], 0, new->entries[j].unread);
    return n;
}

/* [0, 0] Appends to the list of changes at `result`. */
static void push_changes(lua_State *L, int result, const struct change *changes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        lua_createtable(L, 0, 4);
        push_dialog_id(L, &changes[i].entry);
        lua_setfield(L, -2, "dialog_id");
        lua_pushstring(L, names[changes[i].entry.section]);
        lua_setfield(L, -2, "section");
        b24L_set_count(L, -1, "from", (double)changes[i].from);
        b24L_set_count(L, -1, "to", (double)changes[i].entry.unread);
        lua_rawseti(L, result, (int)b24L_rawlen(L, result) + 1);
    }
}

#define TYPES_MAX 64 /* totals; servers of 2026 send nine */

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Adds the string keys of the table on top, and keeps them in the one at `kept`: a finaliser might
 * take them out. */
static size_t add_names(lua_State *L, int kept, const char *list[TYPES_MAX], size_t n) {
    if (!lua_istable(L, -1)) return n;
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
        bool known = lua_type(L, -2) != LUA_TSTRING || n == TYPES_MAX;
        for (size_t i = 0; i < n && !known; i++) known = strcmp(list[i], lua_tostring(L, -2)) == 0;
        if (known) continue;
        list[n++] = lua_tostring(L, -2);
        lua_pushvalue(L, -2);
        lua_rawseti(L, kept, (int)n);
    }
    return n;
}

/* [0, 0] A total that is missing is unknown: nil, not 0. */
static void set_total(lua_State *L, const char *field, int type, const char *name,
                      lua_Number *value, bool *known) {
    *known = false;
    if (lua_istable(L, type)) {
        lua_pushstring(L, name);
        lua_rawget(L, type);
        *known = b24L_to_count(L, -1, value);
        lua_pop(L, 1);
    }
    if (*known) b24L_set_count(L, -1, field, (double)*value);
}

/* [0, 0] */
static void push_totals(lua_State *L, int result, int old, int new) {
    const char *list[TYPES_MAX];
    lua_Number from = 0, to = 0;
    bool had, has;
    lua_newtable(L);
    int kept = lua_gettop(L);
    lua_pushvalue(L, old);
    size_t n = add_names(L, kept, list, 0);
    lua_pushvalue(L, new);
    n = add_names(L, kept, list, n);
    lua_pop(L, 2);
    qsort(list, n, sizeof *list, by_name);
    for (size_t i = 0; i < n; i++) {
        lua_createtable(L, 0, 4);
        set_total(L, "from", old, list[i], &from, &had);
        set_total(L, "to", new, list[i], &to, &has);
        lua_pushliteral(L, "TYPE");
        lua_setfield(L, -2, "section");
        lua_pushstring(L, list[i]);
        lua_setfield(L, -2, "id");
        if (had != has || (had && from != to))
            lua_rawseti(L, result, (int)b24L_rawlen(L, result) + 1);
        else lua_pop(L, 1);
    }
}

static void push_type(lua_State *L, int counters) {
    if (lua_istable(L, counters)) push_table(L, counters, "TYPE");
    else lua_pushnil(L);
}

static void check_counters(lua_State *L, int index) {
    bool none = lua_isnoneornil(L, index) ||
                (lua_islightuserdata(L, index) && lua_touserdata(L, index) == NULL);
    if (!none) luaL_checktype(L, index, LUA_TTABLE);
}

int b24L_diff(lua_State *L) {
    struct list old, new;
    lua_settop(L, 2);
    check_counters(L, 1);
    check_counters(L, 2);
    collect(L, 1, &old);
    collect(L, 2, &new);
    struct change *changes = lua_newuserdata(L, (old.n + new.n + 1) * sizeof *changes);
    size_t n = merge(&old, &new, changes);
    if (n > 1) qsort(changes, n, sizeof *changes, by_change);
    lua_newtable(L);
    int result = lua_gettop(L);
    push_changes(L, result, changes, n);
    push_type(L, 1);
    push_type(L, 2);
    push_totals(L, result, result + 1, result + 2);
    lua_settop(L, result);
    return 1;
}
