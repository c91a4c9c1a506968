/* codec.inbox: who waits. The counters say how many messages there are, the list of recent chats
   says whose they are; here they are joined by their ids. The rules of the ids: DIALOG has user
   ids, every other section chat ids, CHAT_MUTED also for private dialogs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua/message.h"

struct source {
    const char *section, *marks, *kind;
    bool person;
};

/* CHAT comes last: COLLAB and COPILOT chats are in it too, and the first section that has a chat
 * keeps it. */
static const struct source sources[] = {
    {"DIALOG", "DIALOG_UNREAD", "user", true},
    {"COLLAB", "COLLAB_UNREAD", "collab", false},
    {"COPILOT", "COPILOT_UNREAD", "copilot", false},
    {"TASKS_TASK", "TASKS_TASK_UNREAD", "tasks", false},
    {"LINES", NULL, "lines", false},
    {"CHAT", "CHAT_UNREAD", "chat", false},
};
static const struct source comments = {"CHANNEL_COMMENT", NULL, "comment", false};
static const struct source muted = {"CHAT_MUTED", NULL, NULL,
                                    false}; /* any kind: the counters do not say which */

/* ------------------------------------------------------------ from the counters */

/* [0, +1] entries[id], made if it is new. */
static void open_entry(lua_State *L, int entries, const char *id, const struct source *s) {
    if (b24L_get_member(L, entries, id) == LUA_TTABLE) return;
    lua_pop(L, 1);
    lua_createtable(L, 0, 12);
    b24L_set_text(L, -1, "dialog_id", id);
    b24L_set_text(L, -1, "section", s->section);
    b24L_set_text(L, -1, "kind", s->kind);
    b24L_set_count(L, -1, "unread", 0);
    lua_pushstring(L, id);
    lua_pushvalue(L, -2);
    lua_rawset(L, entries);
}

static void count_entry(lua_State *L, int entries, const char *id, const struct source *s,
                        lua_Number count) {
    lua_Number before = 0;
    open_entry(L, entries, id, s);
    if (s == &muted) { /* whatever else it is in: it is in no total */
        b24L_set_text(L, -1, "section", s->section);
        b24L_set_flag(L, -1, "muted", true);
        b24L_set_count(L, -1, "unread", count);
    } else if (b24L_member_count(L, -1, "unread", &before) && before == 0) {
        b24L_set_count(L, -1, "unread", count);
    }
    lua_pop(L, 1);
}

/* [-1, 0] Adds what the map on top counts. */
static void add_counts(lua_State *L, int entries, const struct source *s) {
    char id[B24_DIALOG_ID_MAX + 1];
    lua_Number count;
    if (lua_istable(L, -1))
        for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
            if (b24L_to_count(L, -1, &count) && count > 0 &&
                b24L_to_dialog_id(L, -2, s->person, id))
                count_entry(L, entries, id, s, count);
    lua_pop(L, 1);
}

/* [-1, 0] Adds the dialogs of the list on top, which somebody has marked as unread. */
static void add_marks(lua_State *L, int entries, const struct source *s) {
    char id[B24_DIALOG_ID_MAX + 1];
    int n = lua_istable(L, -1) ? (int)b24L_rawlen(L, -1) : 0;
    for (int i = 1; i <= n; i++) {
        lua_rawgeti(L, -1, i);
        if (b24L_to_dialog_id(L, -1, s->person, id)) {
            open_entry(L, entries, id, s);
            b24L_set_flag(L, -1, "marked", true);
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

void b24L_push_waiting(lua_State *L, int counters) {
    luaL_checkstack(L, 16, "counters");
    lua_newtable(L);
    int entries = lua_gettop(L);
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        b24L_get_member(L, counters, sources[i].section);
        add_counts(L, entries, &sources[i]);
        if (sources[i].marks == NULL) continue;
        b24L_get_member(L, counters, sources[i].marks);
        add_marks(L, entries, &sources[i]);
    }
    if (b24L_get_member(L, counters, comments.section) == LUA_TTABLE)
        for (lua_pushnil(L); lua_next(L, -2) != 0;) add_counts(L, entries, &comments);
    lua_pop(L, 1);
    b24L_get_member(L, counters, muted.section);
    add_counts(L, entries, &muted);
}

/* ------------------------------------------------------------ from the recent chats */

void b24L_push_chat_kind(lua_State *L, int chat) {
    static const char *const kinds[][2] = {
        {"lines", "lines"},     {"livechat", "lines"},        {"tasksTask", "tasks"},
        {"tasks", "tasks"},     {"collab", "collab"},         {"copilot", "copilot"},
        {"channel", "channel"}, {"comment", "comment"},       {"openChannel", "channel"},
        {"private", "user"},    {"generalChannel", "channel"}};
    const char *kind = "chat"; /* and what will be invented later */
    if (b24L_get_member(L, chat, "type") != LUA_TSTRING) {
        lua_pop(L, 1);
        lua_pushnil(L);
        return;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(lua_tostring(L, -1), kinds[i][0]) == 0) kind = kinds[i][1];
    lua_pop(L, 1);
    lua_pushstring(L, kind);
}

bool b24L_chat_muted(lua_State *L, int chat, lua_Number me) {
    char id[B24_DIALOG_ID_MAX + 1];
    b24L_get_member(L, chat, "mute_list"); /* user id -> true, of everybody in the chat */
    snprintf(id, sizeof id, "%lld", (long long)me);
    bool found = me > 0 && b24L_member_is(L, -1, id, true);
    lua_pop(L, 1);
    return found;
}

bool b24L_is_own(lua_State *L, int entry, lua_Number author, lua_Number me) {
    lua_Number peer = 0;
    bool to_self = b24L_member_count(L, entry, "dialog_id", &peer) && peer == me;
    return me > 0 && author == me && !to_self;
}

struct context {
    int entries;
    lua_Number me;  /* id of the user whose inbox it is; 0: unknown */
    lua_Number now; /* by the portal's clock; 0: unknown */
};

/* [0, 0] When it was written and what it says; and how long its reader has kept somebody waiting,
   as far as the newest message tells: of one unread message all, of several that it is at least so
   long. */
static void set_message(lua_State *L, int entry, int item, const struct context *c) {
    lua_Number id = 0, last_id = 0, unread = 0, counter = 0, author = 0;
    double date;
    b24L_get_member(L, item, "message");
    b24L_push_last_message(L, -1);
    lua_setfield(L, entry, "last_message");
    bool dated = b24L_member_date(L, -1, "date", &date);
    bool newer = b24L_member_count(L, -1, "id", &id) &&
                 b24L_member_count(L, item, "last_id", &last_id) && id > last_id;
    bool own =
        b24L_member_count(L, -1, "author_id", &author) && b24L_is_own(L, entry, author, c->me);
    lua_pop(L, 1);
    if (dated) b24L_set_count(L, entry, "date", (lua_Number)date);
    if (!dated || !newer || own || c->now <= 0 || !b24L_member_count(L, entry, "unread", &unread) ||
        unread <= 0)
        return;
    /* The list's own count: a line that nobody has answered yet counts as 1 in the counters,
     * whatever it holds. */
    bool one = b24L_member_count(L, item, "counter", &counter) && counter == 1;
    lua_Number age = c->now - (lua_Number)date;
    b24L_set_count(L, entry, "waiting", age > 0 ? floor(age) : 0);
    if (!one) b24L_set_flag(L, entry, "at_least", true);
}

/* [0, 0] Who it is. */
static void set_identity(lua_State *L, int entry, int item, bool person, lua_Number me) {
    lua_Number id;
    b24L_copy_member(L, entry, "name", item, "title");
    if (b24L_member_count(L, item, "chat_id", &id)) b24L_set_count(L, entry, "chat_id", id);
    if (b24L_member_count(L, item, "last_id", &id)) b24L_set_count(L, entry, "last_id", id);
    b24L_get_member(L, item, "chat");
    if (b24L_chat_muted(L, -1, me)) b24L_set_flag(L, entry, "muted", true);
    b24L_push_chat_kind(L, -1);
    if (person) b24L_set_text(L, entry, "kind", "user");
    else if (!lua_isnil(L, -1)) b24L_set_text(L, entry, "kind", lua_tostring(L, -1));
    lua_pop(L, 2);
    b24L_get_member(L, item, "user"); /* of a chat: who wrote last */
    if (person) b24L_copy_member(L, entry, "name", -1, "name");
    if (person && b24L_member_is(L, -1, "active", false))
        b24L_set_flag(L, entry, "dismissed", true);
    lua_pop(L, 1);
}

/* [0, 0] A muted private dialog stands in the counters under its chat's id, and so do a user's
   notes to himself: it moves to the user's id, and takes a mark along that was already there. */
static void rename_private(lua_State *L, int entries, const char *person, const char *chat) {
    bool marked = false;
    if (b24L_get_member(L, entries, chat) == LUA_TTABLE) {
        b24L_get_member(L, entries, person);
        marked = b24L_member_is(L, -1, "marked", true);
        lua_pop(L, 1);
        b24L_set_text(L, -1, "dialog_id", person);
        if (marked) b24L_set_flag(L, -1, "marked", true);
        b24L_set_text(L, entries, chat, NULL);
        lua_pushstring(L, person);
        lua_pushvalue(L, -2);
        lua_rawset(L, entries);
    }
    lua_pop(L, 1);
}

/* [0, 0] */
static void add_item(lua_State *L, int item, const struct context *c) {
    char id[B24_DIALOG_ID_MAX + 1], chat[B24_DIALOG_ID_MAX + 1];
    if (!b24L_member_dialog_id(L, item, "id", true, id)) return;
    bool person = strncmp(id, "chat", 4) != 0;
    if (person && b24L_member_dialog_id(L, item, "chat_id", false, chat))
        rename_private(L, c->entries, id, chat);
    if (b24L_get_member(L, c->entries, id) == LUA_TTABLE) {
        set_identity(L, lua_gettop(L), item, person, c->me);
        set_message(L, lua_gettop(L), item, c);
    }
    lua_pop(L, 1);
}

/* ------------------------------------------------------------ the list */

struct place {
    double date;
    int index;
    char id[B24_DIALOG_ID_MAX + 1];
};

/* Newest first; those without a date last, in the order of their ids. */
static int by_date(const void *x, const void *y) {
    const struct place *a = x, *b = y;
    if (a->date != b->date) return a->date > b->date ? -1 : 1;
    size_t n = strlen(a->id), k = strlen(b->id);
    return n != k ? (n < k ? -1 : 1) : strcmp(a->id, b->id);
}

bool b24L_kind_is_listed(const char *kind) {
    return strcmp(kind, "comment") != 0 && strcmp(kind, "lines") != 0;
}

/* What is wished for. */
struct wish {
    const char *section; /* NULL: all */
    bool complete;       /* these are all recent chats: what is not among them is hidden */
};

/* [0, 0] Appends the entry on top to the list at `list`, if it is wished for, and notes its place.
   Returns how many names (0 or 1) more recent chats could still bring: comments are never among
   them. */
static int keep_entry(lua_State *L, int list, const struct wish *wish, struct place *places) {
    lua_Number date = 0;
    int entry = lua_gettop(L), n = (int)b24L_rawlen(L, list);
    bool named = b24L_get_member(L, entry, "name") != LUA_TNIL;
    bool listed = b24L_get_member(L, entry, "kind") != LUA_TSTRING ||
                  b24L_kind_is_listed(lua_tostring(L, -1));
    bool comment = lua_isstring(L, -1) && strcmp(lua_tostring(L, -1), comments.kind) == 0;
    b24L_get_member(L, entry, "section");
    bool wanted = wish->section == NULL || strcmp(wish->section, lua_tostring(L, -1)) == 0;
    lua_settop(L, entry);
    if (!wanted) return 0;
    if (!named) b24L_set_flag(L, entry, "unknown", true);
    if (!named && listed && wish->complete) b24L_set_flag(L, entry, "hidden", true);
    b24L_member_count(L, entry, "date", &date);
    places[n] = (struct place){.date = (double)date, .index = n + 1};
    b24L_member_dialog_id(L, entry, "dialog_id", true, places[n].id);
    lua_pushvalue(L, entry);
    lua_rawseti(L, list, n + 1);
    return !named && !comment;
}

/* [0, +1] The entries at `entries` as a list. Returns how many more recent chats could still name.
 */
static int push_list(lua_State *L, int entries, const struct wish *wish) {
    size_t n = 0;
    int missing = 0;
    for (lua_pushnil(L); lua_next(L, entries) != 0; lua_pop(L, 1)) n++;
    lua_createtable(L, (int)n, 0);
    int sorted = lua_gettop(L);
    lua_createtable(L, (int)n, 0);
    struct place *places = lua_newuserdata(L, (n + 1) * sizeof *places);
    for (lua_pushnil(L); lua_next(L, entries) != 0; lua_pop(L, 1))
        missing += keep_entry(L, sorted + 1, wish, places);
    n = b24L_rawlen(L, sorted + 1);
    if (n > 1) qsort(places, n, sizeof *places, by_date);
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, sorted + 1, places[i].index);
        lua_rawseti(L, sorted, (int)i + 1);
    }
    lua_settop(L, sorted);
    return missing;
}

/* codec.inbox(counters, items [, {section=, me=, now=, complete=}]) -> list, missing
   items: of im.recent.list. me: the user's own id. now: by the portal's clock. complete: these are
   all the items. missing: how many dialogs further items could name. */
static int inbox(lua_State *L) {
    struct context c = {0};
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 3);
    luaL_checkstack(L, 24, "inbox");
    b24L_push_waiting(L, 1);
    c.entries = lua_gettop(L);
    b24L_member_count(L, 3, "me", &c.me);
    if (b24L_get_member(L, 3, "now") == LUA_TNUMBER) c.now = lua_tonumber(L, -1);
    lua_pop(L, 1);
    for (int i = 1, n = (int)b24L_rawlen(L, 2); i <= n; i++) {
        lua_rawgeti(L, 2, i);
        add_item(L, lua_gettop(L), &c);
        lua_pop(L, 1);
    }
    struct wish wish = {.complete = b24L_member_is(L, 3, "complete", true)};
    if (b24L_get_member(L, 3, "section") == LUA_TSTRING) wish.section = lua_tostring(L, -1);
    int missing = push_list(L, c.entries, &wish);
    lua_pushinteger(L, missing);
    return 2;
}

void b24L_open_inbox(lua_State *L) {
    static const luaL_Reg functions[] = {{"inbox", inbox},
                                         {"inbox_questions", b24L_inbox_questions},
                                         {"inbox_answers", b24L_inbox_answers},
                                         {"messages", b24L_messages},
                                         {"date", b24L_date},
                                         {"why_parts", b24L_why},
                                         {NULL, NULL}};
    b24L_setfuncs(L, functions);
}
