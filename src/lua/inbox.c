/* codec.inbox: reads the rows of im.recent.list, and writes who waits as Lua tables. */
#include "im/inbox.h"

#include <limits.h>
#include <stdio.h>

#include "lua/counts.h"
#include "lua/inbox.h"
#include "lua/message.h"

/* ------------------------------------------------------------ a row */

/* [0, +1] The member as text, good while it is on the stack; empty if it is none. */
static struct b24_view push_text(lua_State *L, int table, const char *name) {
    struct b24_view v = {.p = NULL};
    if (b24L_get_member(L, table, name) == LUA_TSTRING) v.p = lua_tolstring(L, -1, &v.n);
    return v;
}

/* [0, 0] */
static struct b24_known to_known(lua_State *L, int table, const char *name) {
    lua_Number value;
    bool known = b24L_member_count(L, table, name, &value);
    return (struct b24_known){known, known ? (double)value : 0};
}

/* [0, +3] */
static void read_message(lua_State *L, int item, struct b24_recent *row) {
    b24L_get_member(L, item, "message");
    int message = lua_gettop(L);
    b24L_push_last_message(L, message);
    row->text.p = lua_tolstring(L, -1, &row->text.n);
    if (row->text.p == NULL) row->text.n = 0;
    row->date.known = b24L_member_date(L, message, "date", &row->date.value);
    row->message_id = to_known(L, message, "id");
    row->author = to_known(L, message, "author_id");
}

/* [0, +n] False: it is none. The row is good while this is on the stack. */
static bool read_row(lua_State *L, int item, double me, struct b24_recent *row) {
    *row = (struct b24_recent){.muted = false};
    if (!b24L_member_dialog_id(L, item, "id", true, row->dialog_id)) return false;
    if (!b24L_member_dialog_id(L, item, "chat_id", false, row->chat)) *row->chat = '\0';
    row->chat_id = to_known(L, item, "chat_id");
    row->last_id = to_known(L, item, "last_id");
    row->counter = to_known(L, item, "counter");
    row->title = push_text(L, item, "title");
    b24L_get_member(L, item, "chat");
    row->muted = b24L_chat_muted(L, -1, (lua_Number)me);
    row->type = push_text(L, -1, "type");
    b24L_get_member(L, item, "user"); /* of a chat: who wrote last */
    row->dismissed = b24L_member_is(L, -1, "active", false);
    row->user_name = push_text(L, -1, "name");
    read_message(L, item, row);
    return true;
}

bool b24L_chat_muted(lua_State *L, int chat, lua_Number me) {
    char id[B24_ID_MAX + 1];
    b24L_get_member(L, chat, "mute_list"); /* user id -> true, of everybody in the chat */
    snprintf(id, sizeof id, "%lld", (long long)me);
    bool found = me > 0 && b24L_member_is(L, -1, id, true);
    lua_pop(L, 1);
    return found;
}

const char *b24L_chat_kind(lua_State *L, int chat) {
    struct b24_view type = push_text(L, chat, "type");
    const char *kind = type.p != NULL ? b24_chat_kind(type) : NULL;
    lua_pop(L, 1);
    return kind;
}

/* ------------------------------------------------------------ an entry */

static void set_known(lua_State *L, const char *name, struct b24_known value) {
    if (value.known) b24L_set_count(L, -1, name, (lua_Number)value.value);
}

static void set_owned(lua_State *L, const char *name, struct b24_text text) {
    if (text.p == NULL) return;
    lua_pushlstring(L, text.p, text.n);
    lua_setfield(L, -2, name);
}

static void set_true(lua_State *L, const char *name, bool value) {
    if (value) b24L_set_flag(L, -1, name, true);
}

/* [0, +1] */
static void push_entry(lua_State *L, const struct b24_waiting *w) {
    lua_createtable(L, 0, 12);
    b24L_set_text(L, -1, "dialog_id", w->dialog_id);
    b24L_set_text(L, -1, "section", b24_sections[w->section].name);
    b24L_set_text(L, -1, "kind", w->kind);
    b24L_set_count(L, -1, "unread", (lua_Number)w->unread);
    set_true(L, "marked", w->marked);
    set_true(L, "muted", w->muted);
    set_true(L, "dismissed", w->dismissed);
    set_true(L, "unknown", w->unknown);
    set_true(L, "hidden", w->hidden);
    set_true(L, "at_least", w->at_least);
    set_known(L, "waiting", w->waiting);
    set_known(L, "date", w->date);
    set_known(L, "chat_id", w->chat_id);
    set_known(L, "last_id", w->last_id);
    set_owned(L, "name", w->name);
    set_owned(L, "last_message", w->last_message);
}

/* [0, +1] */
static void push_list(lua_State *L, const struct b24_inbox *in) {
    lua_createtable(L, in->n < INT_MAX ? (int)in->n : 0, 0);
    for (size_t i = 0; i < in->n; i++) {
        push_entry(L, &in->list[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
}

/* [0, 0] */
static enum b24_section to_section(lua_State *L, int entry) {
    struct b24_section_name name = {.row = NULL};
    if (b24L_get_member(L, entry, "section") == LUA_TSTRING)
        name = b24_section_find(lua_tostring(L, -1));
    lua_pop(L, 1);
    return name.row != NULL ? (enum b24_section)(name.row - b24_sections) : B24_SECTION_COUNT;
}

struct b24_waiting b24L_to_waiting(lua_State *L, int entry) {
    struct b24_waiting w = {.section = to_section(L, entry)};
    if (!b24L_member_dialog_id(L, entry, "dialog_id", true, w.dialog_id)) *w.dialog_id = '\0';
    w.person = b24_dialog_is_person(w.dialog_id);
    w.unread = to_known(L, entry, "unread").value;
    w.marked = b24L_member_is(L, entry, "marked", true);
    w.muted = b24L_member_is(L, entry, "muted", true);
    w.dismissed = b24L_member_is(L, entry, "dismissed", true);
    w.unknown = b24L_member_is(L, entry, "unknown", true);
    w.hidden = b24L_member_is(L, entry, "hidden", true);
    w.at_least = b24L_member_is(L, entry, "at_least", true);
    w.waiting = to_known(L, entry, "waiting");
    w.last_id = to_known(L, entry, "last_id");
    return w;
}

/* ------------------------------------------------------------ codec.inbox */

static void release(void *inbox) { b24_inbox_free(inbox); }

struct b24_inbox *b24L_push_inbox(lua_State *L, const struct b24_counts *counts) {
    struct b24_inbox *in = b24L_new_owned(L, sizeof *in, release);
    b24L_check_memory(L, b24_inbox_open(in, counts));
    return in;
}

/* [0, 0] Joins the rows of the list at `items`. */
static void join(lua_State *L, struct b24_inbox *in, int items) {
    struct b24_recent row;
    int top = lua_gettop(L);
    for (int i = 1, n = (int)b24L_rawlen(L, items); i <= n; i++) {
        lua_rawgeti(L, items, i);
        if (read_row(L, top + 1, in->me, &row)) b24_inbox_join(in, &row);
        lua_settop(L, top);
    }
    b24L_check_memory(L, !in->no_memory);
}

/* codec.inbox(counters, items [, {section=, me=, now=, complete=}]) -> list, missing
   items: of im.recent.list. me: the user's own id. now: by the portal's clock. complete: these are
   all the items. missing: how many dialogs further items could name. */
static int inbox(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 3);
    luaL_checkstack(L, 24, "inbox");
    struct b24_inbox *in = b24L_push_inbox(L, b24L_push_counts(L, 1));
    in->me = to_known(L, 3, "me").value;
    if (b24L_get_member(L, 3, "now") == LUA_TNUMBER) in->now = (double)lua_tonumber(L, -1);
    lua_pop(L, 1);
    join(L, in, 2);
    bool complete = b24L_member_is(L, 3, "complete", true);
    struct b24_view section = push_text(L, 3, "section");
    int missing = b24_inbox_close(in, section.p, complete);
    push_list(L, in);
    lua_pushinteger(L, missing);
    b24L_release(L, 4); /* the counts */
    b24L_release(L, 5);
    return 2;
}

/* [0, +1] codec.sections: the names of those with dialogs, as a list. */
static void push_sections(lua_State *L) {
    int n = 0;
    lua_newtable(L);
    for (size_t i = 0; i < B24_SECTION_COUNT; i++) {
        if (b24_sections[i].form == B24_FORM_TOTALS) continue;
        lua_pushstring(L, b24_sections[i].name);
        lua_rawseti(L, -2, ++n);
    }
}

void b24L_open_inbox(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"inbox", inbox}, {"messages", b24L_messages}, {"date", b24L_date}, {NULL, NULL}};
    b24L_setfuncs(L, functions);
    push_sections(L);
    lua_setfield(L, -2, "sections");
}
