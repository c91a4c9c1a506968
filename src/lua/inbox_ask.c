/* The second look at an inbox: what the list of recent chats left open, as one batch of questions,
   and what the answers to them mean. A command is named by its purpose and the dialog: "nchat18"
   asks for a name, "w5" how long 5 waits. */
#include "im/inbox_ask.h"

#include <string.h>

#include "lua/inbox.h"

#define PEOPLE "people"

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

/* [0, +1] and the number of the entries of the list at `list`. */
static const struct b24_waiting *push_entries(lua_State *L, int list, size_t *n) {
    *n = lua_istable(L, list) ? b24L_rawlen(L, list) : 0;
    struct b24_waiting *entries = lua_newuserdata(L, (*n + 1) * sizeof *entries);
    for (size_t i = 0; i < *n; i++) {
        lua_rawgeti(L, list, (int)i + 1); /* nil where a finaliser has been: no entry */
        entries[i] = b24L_to_waiting(L, -1);
        lua_pop(L, 1);
    }
    return entries;
}

/* [0, 0] The name of a chat. */
static void ask_chat(lua_State *L, int commands, const struct b24_waiting *dialog) {
    lua_createtable(L, 0, 1);
    b24L_set_text(L, -1, "DIALOG_ID", dialog->dialog_id);
    put_command(L, commands, "n", dialog->dialog_id, "im.dialog.get");
}

/* [0, 0] The first unread message. From its cursor on the portal answers with just that message;
   without one with the oldest unread ones, and some others. */
static void ask_wait(lua_State *L, int commands, const struct b24_waiting *dialog) {
    lua_createtable(L, 0, 3);
    b24L_set_text(L, -1, "DIALOG_ID", dialog->dialog_id);
    b24L_set_count(L, -1, "LIMIT", 1);
    if (dialog->last_id.value > 0)
        b24L_set_count(L, -1, "FIRST_ID", (lua_Number)dialog->last_id.value);
    put_command(L, commands, "w", dialog->dialog_id, "im.dialog.messages.get");
}

/* [0, 0] The names of all people in one command. */
static void ask_people(lua_State *L, int commands, const struct b24_inbox_question *q, size_t n) {
    int people = 0;
    lua_createtable(L, 0, 2);
    b24L_set_text(L, -1, "RESULT_TYPE", "array");
    lua_newtable(L);
    for (size_t i = 0; i < n; i++) {
        if (q[i].ask != B24_ASK_PERSON) continue;
        lua_pushstring(L, q[i].dialog->dialog_id);
        lua_rawseti(L, -2, ++people);
    }
    lua_setfield(L, -2, "ID");
    if (people > 0) put_command(L, commands, PEOPLE, "", "im.user.list.get");
    else lua_pop(L, 1);
}

/* codec.inbox_questions(list, waiting) -> commands of a batch, or nil: all is told */
int b24L_inbox_questions(lua_State *L) {
    struct b24_inbox_question questions[B24_INBOX_QUESTIONS_MAX];
    size_t n;
    luaL_checktype(L, 1, LUA_TTABLE);
    bool waiting = lua_toboolean(L, 2);
    lua_settop(L, 1);
    luaL_checkstack(L, 16, "inbox");
    const struct b24_waiting *entries = push_entries(L, 1, &n);
    n = b24_inbox_ask(entries, n, waiting, questions);
    lua_createtable(L, 0, (int)n);
    ask_people(L, 3, questions, n);
    for (size_t i = 0; i < n; i++) {
        if (questions[i].ask == B24_ASK_CHAT) ask_chat(L, 3, questions[i].dialog);
        if (questions[i].ask == B24_ASK_WAIT) ask_wait(L, 3, questions[i].dialog);
    }
    if (n == 0) lua_pushnil(L);
    return 1;
}

/* ------------------------------------------------------------ answers */

struct asker {
    double me, now; /* 0: unknown */
};

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
    const char *kind = b24L_chat_kind(L, chat);
    if (kind == NULL) return;
    b24L_set_text(L, entry, "kind", kind);
    if (!b24_kind_is_listed(kind)) clear(L, entry, "hidden");
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

/* [0, 0] A message of im.dialog.messages.get. */
static struct b24_waiting_message to_message(lua_State *L, int index) {
    struct b24_waiting_message m = {.read = b24L_member_is(L, index, "unread", false)};
    lua_Number number;
    m.date.known = b24L_member_date(L, index, "date", &m.date.value);
    m.id.known = b24L_member_count(L, index, "id", &number);
    if (m.id.known) m.id.value = (double)number;
    m.author.known = b24L_member_count(L, index, "author_id", &number);
    if (m.author.known) m.author.value = (double)number;
    return m;
}

/* [0, 0] How long the entry of dialog `id` waits, by an answer of im.dialog.messages.get. */
static void set_wait(lua_State *L, int entry, const char *id, int answer,
                     const struct asker *asker) {
    struct b24_oldest oldest = {0};
    b24L_get_member(L, answer, "messages");
    for (int i = 1, n = lua_istable(L, -1) ? (int)b24L_rawlen(L, -1) : 0; i <= n; i++) {
        lua_rawgeti(L, -1, i);
        struct b24_waiting_message message = to_message(L, -1);
        b24_oldest_add(&oldest, &message, id, asker->me);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    struct b24_known waits = b24_oldest_waits(&oldest, asker->now);
    if (!waits.known) return;
    b24L_set_count(L, entry, "waiting", (lua_Number)waits.value);
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
    struct asker asker = {0};
    lua_Number me = 0;
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 3);
    luaL_checkstack(L, 24, "inbox");
    b24L_member_count(L, 3, "me", &me);
    asker.me = (double)me;
    if (b24L_get_member(L, 3, "now") == LUA_TNUMBER) asker.now = (double)lua_tonumber(L, -1);
    b24L_get_member(L, 2, PEOPLE);
    int people = lua_gettop(L);
    for (int i = 1, n = (int)b24L_rawlen(L, 1); i <= n; i++) {
        lua_rawgeti(L, 1, i);
        if (b24L_member_dialog_id(L, -1, "dialog_id", true, id)) {
            int entry = lua_gettop(L);
            push_answer(L, 2, "w", id);
            if (asker.now > 0) set_wait(L, entry, id, entry + 1, &asker);
            push_answer(L, 2, "n", id);
            if (lua_istable(L, entry + 2)) name_chat(L, entry, entry + 2, me);
            if (b24_dialog_is_person(id) && b24L_member_is(L, entry, "unknown", true))
                name_person(L, entry, people, id);
        }
        lua_settop(L, people);
    }
    return 0;
}
