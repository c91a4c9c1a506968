/* The second look at an inbox: what the list of recent chats left open, as one batch of questions,
   and what the answers to them mean. A command is named by its purpose and the dialog: "nchat18"
   asks for a name, "w5" how long 5 waits. */
#include <math.h>
#include <string.h>

#include "lua/inbox.h"

#define NAMES_MAX 50 /* commands; a batch has 50 */
#define WAITS_MAX 50
#define PEOPLE    "people"

static bool is_person(const char *dialog_id) { return strncmp(dialog_id, "chat", 4) != 0; }

/* ------------------------------------------------------------ questions */

/* [-1, 0] commands[prefix .. id] = {method, the parameters on top} */
static void put_command(lua_State *L, int commands, const char *prefix, const char *id,
                        const char *method) {
    lua_createtable(L, 2, 0);
    lua_insert(L, -2);
    lua_rawseti(L, -2, 2);
    lua_pushstring(L, method);
    lua_rawseti(L, -2, 1);
    lua_pushfstring(L, "%s%s", prefix, id);
    lua_insert(L, -2);
    lua_rawset(L, commands);
}

/* Names: people in one command, chats one by one. Returns the number of commands. */
static int ask_names(lua_State *L, int list, int commands) {
    char id[B24_DIALOG_ID_MAX + 1];
    int n = 0, people = 0;
    lua_newtable(L);
    int ids = lua_gettop(L);
    for (int i = 1, size = (int)b24L_rawlen(L, list); i <= size; i++) {
        lua_rawgeti(L, list, i);
        bool unknown = b24L_member_is(L, -1, "unknown", true) &&
                       b24L_member_dialog_id(L, -1, "dialog_id", true, id);
        lua_pop(L, 1);
        if (unknown && is_person(id) && people < NAMES_MAX) {
            lua_pushstring(L, id);
            lua_rawseti(L, ids, ++people);
        } else if (unknown && !is_person(id) && n < NAMES_MAX - 1) {
            lua_createtable(L, 0, 1);
            b24L_set_text(L, -1, "DIALOG_ID", id);
            put_command(L, commands, "n", id, "im.dialog.get");
            n++;
        }
    }
    if (people == 0) {
        lua_pop(L, 1);
        return n;
    }
    lua_createtable(L, 0, 2);
    lua_insert(L, ids);
    lua_setfield(L, ids, "ID");
    b24L_set_text(L, ids, "RESULT_TYPE", "array");
    put_command(L, commands, PEOPLE, "", "im.user.list.get");
    return n + 1;
}

/* [0, 0] The first unread message of the dialog of the entry on top. From its cursor on the portal
   answers with just that message; without one with the oldest unread ones, and some others. */
static void ask_wait(lua_State *L, int commands, const char *id) {
    lua_Number last_id;
    lua_createtable(L, 0, 3);
    b24L_set_text(L, -1, "DIALOG_ID", id);
    b24L_set_count(L, -1, "LIMIT", 1);
    if (b24L_member_count(L, -2, "last_id", &last_id) && last_id > 0)
        b24L_set_count(L, -1, "FIRST_ID", last_id);
    put_command(L, commands, "w", id, "im.dialog.messages.get");
}

/* Those of which the newest message did not tell already, in the order of the list. */
static int ask_waits(lua_State *L, int list, int commands, bool muted, int n) {
    char id[B24_DIALOG_ID_MAX + 1];
    lua_Number unread, waiting;
    for (int i = 1, size = (int)b24L_rawlen(L, list); i <= size && n < WAITS_MAX; i++) {
        lua_rawgeti(L, list, i);
        bool told = b24L_member_count(L, -1, "waiting", &waiting) &&
                    !b24L_member_is(L, -1, "at_least", true);
        if (!told && b24L_member_count(L, -1, "unread", &unread) && unread > 0 &&
            b24L_member_is(L, -1, "muted", true) == muted &&
            b24L_member_dialog_id(L, -1, "dialog_id", true, id)) {
            ask_wait(L, commands, id);
            n++;
        }
        lua_pop(L, 1);
    }
    return n;
}

/* codec.inbox_questions(list, waiting) -> commands of a batch, or nil: all is told */
int b24L_inbox_questions(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    bool waiting = lua_toboolean(L, 2);
    lua_settop(L, 1);
    luaL_checkstack(L, 16, "inbox");
    lua_newtable(L);
    int n = ask_names(L, 1, 2);
    if (waiting) { /* nobody is kept waiting by what is muted */
        int waits = ask_waits(L, 1, 2, false, 0);
        n += ask_waits(L, 1, 2, true, waits);
    }
    if (n == 0) lua_pushnil(L);
    return 1;
}

/* ------------------------------------------------------------ answers */

static void clear(lua_State *L, int entry, const char *name) {
    lua_pushnil(L);
    lua_setfield(L, entry, name);
}

static void set_name(lua_State *L, int entry, int source) {
    if (b24L_copy_name(L, entry, "name", source, "name")) clear(L, entry, "unknown");
}

/* [0, 0] An answer of im.dialog.get. */
static void name_chat(lua_State *L, int entry, int chat, lua_Number me) {
    char id[B24_DIALOG_ID_MAX + 1];
    lua_Number number;
    set_name(L, entry, chat);
    /* What CHAT_MUTED names by its chat may be a dialog with a person. */
    if (b24L_member_dialog_id(L, chat, "dialog_id", true, id))
        b24L_set_text(L, entry, "dialog_id", id);
    if (b24L_member_count(L, chat, "id", &number)) b24L_set_count(L, entry, "chat_id", number);
    if (b24L_member_count(L, chat, "last_id", &number)) b24L_set_count(L, entry, "last_id", number);
    if (b24L_chat_muted(L, chat, me)) b24L_set_flag(L, entry, "muted", true);
    b24L_push_chat_kind(L, chat);
    if (!lua_isnil(L, -1)) {
        b24L_set_text(L, entry, "kind", lua_tostring(L, -1));
        if (!b24L_kind_is_listed(lua_tostring(L, -1))) clear(L, entry, "hidden");
    }
    lua_pop(L, 1);
}

/* [0, 0] The person `id` among the answers of im.user.list.get at `people`, a list or a map. */
static void name_person(lua_State *L, int entry, int people, const char *id) {
    char other[B24_DIALOG_ID_MAX + 1];
    if (!lua_istable(L, people)) return;
    for (lua_pushnil(L); lua_next(L, people) != 0; lua_pop(L, 1)) {
        int person = lua_gettop(L);
        if (!b24L_member_dialog_id(L, person, "id", true, other) || strcmp(id, other) != 0)
            continue;
        set_name(L, entry, person);
        if (b24L_member_is(L, person, "active", false)) b24L_set_flag(L, entry, "dismissed", true);
    }
}

/* [0, 0] The oldest message that somebody else wrote and that is unread, in an answer of
 * im.dialog.messages.get. */
static void set_wait(lua_State *L, int entry, int answer, lua_Number me, lua_Number now) {
    lua_Number id, author, oldest = 0;
    double date, since = 0;
    b24L_get_member(L, answer, "messages");
    for (int i = 1, n = lua_istable(L, -1) ? (int)b24L_rawlen(L, -1) : 0; i <= n; i++) {
        lua_rawgeti(L, -1, i);
        bool own =
            b24L_member_count(L, -1, "author_id", &author) && b24L_is_own(L, entry, author, me);
        if (!own && !b24L_member_is(L, -1, "unread", false) &&
            b24L_member_date(L, -1, "date", &date) && b24L_member_count(L, -1, "id", &id) &&
            (oldest == 0 || id < oldest)) {
            oldest = id;
            since = date;
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    if (oldest == 0) return;
    b24L_set_count(L, entry, "waiting", now > since ? floor(now - (lua_Number)since) : 0);
    clear(L, entry, "at_least");
}

/* [0, +1] results[prefix .. id] */
static void push_answer(lua_State *L, int results, const char *prefix, const char *id) {
    b24L_get_member(L, results, lua_pushfstring(L, "%s%s", prefix, id));
    lua_remove(L, -2);
}

/* codec.inbox_answers(list, results [, {me=, now=}]): fills in what the answers of that batch tell
 */
int b24L_inbox_answers(lua_State *L) {
    char id[B24_DIALOG_ID_MAX + 1];
    lua_Number me = 0, now = 0;
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 3);
    luaL_checkstack(L, 24, "inbox");
    b24L_member_count(L, 3, "me", &me);
    if (b24L_get_member(L, 3, "now") == LUA_TNUMBER) now = lua_tonumber(L, -1);
    b24L_get_member(L, 2, PEOPLE);
    int people = lua_gettop(L);
    for (int i = 1, n = (int)b24L_rawlen(L, 1); i <= n; i++) {
        lua_rawgeti(L, 1, i);
        if (b24L_member_dialog_id(L, -1, "dialog_id", true, id)) {
            int entry = lua_gettop(L);
            push_answer(L, 2, "w", id);
            if (now > 0) set_wait(L, entry, entry + 1, me, now);
            push_answer(L, 2, "n", id);
            if (lua_istable(L, entry + 2)) name_chat(L, entry, entry + 2, me);
            if (is_person(id) && b24L_member_is(L, entry, "unknown", true))
                name_person(L, entry, people, id);
        }
        lua_settop(L, people);
    }
    return 0;
}
