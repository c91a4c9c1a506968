/* codec.messages: pages of im.dialog.messages.get as one list of messages. codec.plain: text that
   the portal must not read as BB codes. */
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "lua/inbox.h"

#define PAGE 50 /* messages: what the portal gives at most */

/* ------------------------------------------------------------ the pages */

struct found {
    lua_Number id;
    int index; /* in the table of all messages */
};

static int oldest_first(const void *x, const void *y) {
    const struct found *a = x, *b = y;
    return a->id < b->id ? -1 : a->id > b->id;
}

struct wish {
    lua_Number limit;
    bool unread;
};

/* [0, 0] Sets names[id] for the people of the list or map on top. */
static void add_people(lua_State *L, int names) {
    char id[B24_DIALOG_ID_MAX + 1];
    if (!lua_istable(L, -1)) return;
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
        if (b24L_member_dialog_id(L, -1, "id", true, id))
            b24L_copy_member(L, names, id, -1, "name");
}

/* [0, +1] A message in our shape. */
static void push_message(lua_State *L, int raw, int names) {
    char author[B24_DIALOG_ID_MAX + 1];
    lua_Number number;
    double date;
    lua_createtable(L, 0, 6);
    int message = lua_gettop(L);
    if (b24L_member_count(L, raw, "id", &number)) b24L_set_count(L, message, "id", number);
    if (b24L_member_count(L, raw, "author_id", &number))
        b24L_set_count(L, message, "author_id", number);
    if (b24L_member_dialog_id(L, raw, "author_id", true, author))
        b24L_copy_member(L, message, "author", names, author);
    if (b24L_member_date(L, raw, "date", &date))
        b24L_set_count(L, message, "date", (lua_Number)date);
    b24L_set_text(L, message, "text", "");
    b24L_copy_member(L, message, "text", raw, "text");
    b24L_set_flag(L, message, "unread", b24L_member_is(L, raw, "unread", true));
}

/* What one page says about the next. */
struct page {
    int n;
    lua_Number oldest;
    bool read; /* it reaches into what is read */
};

/* [0, 0] Puts the messages of the page on top into the table at `all`, by id: pages may overlap. */
static struct page add_page(lua_State *L, int all, int names) {
    struct page p = {0};
    lua_Number id;
    b24L_get_member(L, -1, "users");
    add_people(L, names);
    b24L_get_member(L, -2, "messages");
    for (int i = 1, n = lua_istable(L, -1) ? (int)b24L_rawlen(L, -1) : 0; i <= n; i++) {
        lua_rawgeti(L, -1, i);
        if (b24L_member_count(L, -1, "id", &id) && id > 0) {
            p.n++;
            if (p.oldest == 0 || id < p.oldest) p.oldest = id;
            if (!b24L_member_is(L, -1, "unread", true)) p.read = true;
            lua_pushnumber(L, id);
            lua_pushvalue(L, -2);
            lua_rawset(L, all);
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 2);
    return p;
}

/* Sorts what is wished for into `found`, which has room for all; returns how many, the newest
 * `limit` of them last. */
static size_t choose(lua_State *L, int all, const struct wish *wish, struct found *found) {
    size_t n = 0;
    for (lua_pushnil(L); lua_next(L, all) != 0; lua_pop(L, 1))
        if (!wish->unread || b24L_member_is(L, -1, "unread", true))
            found[n++].id = lua_tonumber(L, -2);
    if (n > 1) qsort(found, n, sizeof *found, oldest_first);
    return n;
}

/* [0, +2] The list, and the ids of authors without a name (nil: none). */
static void push_messages(lua_State *L, int all, int names, const struct wish *wish) {
    char author[B24_DIALOG_ID_MAX + 1];
    size_t size = 0;
    for (lua_pushnil(L); lua_next(L, all) != 0; lua_pop(L, 1)) size++;
    struct found *found = lua_newuserdata(L, (size + 1) * sizeof *found);
    size_t n = choose(L, all, wish, found),
           first = n > (size_t)wish->limit ? n - (size_t)wish->limit : 0;
    lua_createtable(L, (int)(n - first), 0);
    int list = lua_gettop(L), strangers = 0;
    lua_newtable(L);
    lua_newtable(L); /* strangers already noted */
    for (size_t i = first; i < n; i++) {
        lua_pushnumber(L, found[i].id);
        lua_rawget(L, all);
        push_message(L, list + 3, names);
        bool named = b24L_get_member(L, list + 4, "author") != LUA_TNIL;
        lua_pop(L, 1);
        if (!named && b24L_member_dialog_id(L, list + 3, "author_id", true, author) &&
            b24L_get_member(L, list + 2, author) == LUA_TNIL) {
            b24L_set_flag(L, list + 2, author, true);
            lua_pushstring(L, author);
            lua_rawseti(L, list + 1, ++strangers);
        }
        lua_settop(L, list + 4);
        lua_rawseti(L, list, (int)(i - first) + 1);
        lua_settop(L, list + 2);
    }
    lua_settop(L, list + 1);
    if (strangers > 0) return;
    lua_pop(L, 1);
    lua_pushnil(L);
}

/* codec.messages(pages, people, limit, unread) -> list, strangers, cursor
   pages: results of im.dialog.messages.get, asked for in pages of 50 from the newest message on;
   people: of im.user.list.get, or nil. list: newest last. cursor: what the next page's LAST_ID must
   be, nil when no page is needed. */
int b24L_messages(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    struct wish wish = {luaL_checknumber(L, 3), lua_toboolean(L, 4)};
    struct page last = {0};
    lua_Number before = 0;
    lua_settop(L, 2);
    luaL_checkstack(L, 24, "messages");
    lua_newtable(L); /* 3: all */
    lua_newtable(L); /* 4: names */
    int pages = (int)b24L_rawlen(L, 1);
    for (int i = 1; i <= pages; i++) {
        before = last.oldest;
        lua_rawgeti(L, 1, i);
        last = add_page(L, 3, 4);
        lua_pop(L, 1);
    }
    lua_pushvalue(L, 2);
    add_people(L, 4);
    lua_pop(L, 1);
    push_messages(L, 3, 4, &wish);
    bool enough =
        (lua_Number)b24L_rawlen(L, -2) >= wish.limit || last.n < PAGE || (wish.unread && last.read);
    bool stalled = pages > 1 && last.oldest >= before; /* a portal that ignores the cursor */
    if (enough || stalled) lua_pushnil(L);
    else b24L_push_number(L, (double)last.oldest);
    return 3;
}

/* ------------------------------------------------------------ text */

#define JOINER "\xE2\x81\xA0" /* U+2060 WORD JOINER: no width, no line break, nobody sees it */
#define RULE   54             /* so many dashes make a line of a quotation's frame */

/* Does markup begin at s[i], which an invisible character after s[i] takes apart? The portal knows
   no escape: "[B]" in any dress is turned back into "[B]" before it is shown. Its markup: [TAG],
   [/TAG], [*]; "#BR#" for a line end; ">>" in front of a quoted line; two rules of 54 dashes around
   a quotation. */
static bool markup(const char *s, size_t n, size_t i, int dashes) {
    const char next = s[i + 1]; /* of a Lua string: NUL after the last */
    if (s[i] == '[')
        return (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || next == '/' ||
               next == '*';
    if (s[i] == '#') return n - i >= 4 && memcmp(s + i, "#BR#", 4) == 0;
    if (s[i] == '>') return next == '>' && (i == 0 || s[i - 1] == '\n' || s[i - 1] == '\r');
    return s[i] == '-' && dashes == RULE - 1 && next == '-';
}

/* codec.plain(text) -> text that is shown as it was typed */
int b24L_plain(lua_State *L) {
    luaL_Buffer out;
    size_t n;
    const char *s = luaL_checklstring(L, 1, &n);
    int dashes = 0;
    luaL_buffinit(L, &out);
    for (size_t i = 0; i < n; i++) {
        dashes = s[i] == '-' ? dashes + 1 : 0;
        luaL_addchar(&out, s[i]);
        if (!markup(s, n, i, dashes)) continue;
        luaL_addstring(&out, JOINER);
        dashes = 0;
    }
    luaL_pushresult(&out);
    return 1;
}

/* codec.date(text) -> seconds since 1970, or nil: no date with an offset */
int b24L_date(lua_State *L) {
    double seconds;
    if (lua_type(L, 1) == LUA_TSTRING && b24_date_parse(lua_tostring(L, 1), &seconds))
        b24L_push_number(L, seconds);
    else lua_pushnil(L);
    return 1;
}
