/* codec.messages: pages of im.dialog.messages.get as one list of messages. */
#include <stdlib.h>

#include "base/date.h"
#include "lua/message.h"

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

struct filter {
    lua_Number limit;
    bool unread;
};

/* [0, 0] Sets names[id] for the people of the list or map on top. */
static void add_people(lua_State *L, int names) {
    char id[B24_DIALOG_ID_MAX + 1];
    if (!lua_istable(L, -1)) return;
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
        if (b24L_member_dialog_id(L, -1, "id", true, id)) b24L_copy_name(L, names, id, -1, "name");
}

/* [0, 0] Sets files[id] for the files of the list or map on top. */
static void add_files(lua_State *L, int files) {
    char id[B24_DIALOG_ID_MAX + 1];
    if (!lua_istable(L, -1)) return;
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
        if (!b24L_member_dialog_id(L, -1, "id", true, id)) continue;
        lua_pushstring(L, id);
        lua_pushvalue(L, -2);
        lua_rawset(L, files);
    }
}

/* What one page says about the next. */
struct page {
    int n;
    lua_Number oldest;
    bool read;   /* it reaches into what is read */
    bool broken; /* no answer of this method */
};

/* [0, 0] Is the table on top empty? */
static bool is_empty(lua_State *L) {
    lua_pushnil(L);
    if (lua_next(L, -2) == 0) return true;
    lua_pop(L, 2);
    return false;
}

/* [0, 0] Puts the messages of the page on top into the table at `all`, by id: pages may overlap. */
static struct page add_page(lua_State *L, int all, const struct b24L_known *known) {
    struct page p = {0};
    lua_Number id;
    b24L_get_member(L, -1, "users");
    add_people(L, known->names);
    b24L_get_member(L, -2, "files");
    add_files(L, known->files);
    b24L_get_member(L, -3, "messages");
    int n = lua_istable(L, -1) ? (int)b24L_rawlen(L, -1) : 0;
    p.broken = !lua_istable(L, -1) || (n == 0 && !is_empty(L));
    for (int i = 1; i <= n; i++) {
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
    if (n > 0 && p.n == 0) p.broken = true;
    lua_pop(L, 3);
    return p;
}

/* Sorts what was asked for into `found`, which has room for all; returns how many, the newest
 * `limit` of them last. */
static size_t choose(lua_State *L, int all, const struct filter *filter, struct found *found) {
    size_t n = 0;
    for (lua_pushnil(L); lua_next(L, all) != 0; lua_pop(L, 1))
        if (!filter->unread || b24L_member_is(L, -1, "unread", true))
            found[n++].id = lua_tonumber(L, -2);
    if (n > 1) qsort(found, n, sizeof *found, oldest_first);
    return n;
}

/* [0, +2] The list, and the ids of authors without a name (nil: none). */
static void push_messages(lua_State *L, int all, const struct b24L_known *known,
                          const struct filter *filter) {
    char author[B24_DIALOG_ID_MAX + 1];
    size_t size = 0;
    for (lua_pushnil(L); lua_next(L, all) != 0; lua_pop(L, 1)) size++;
    struct found *found = lua_newuserdata(L, (size + 1) * sizeof *found);
    size_t n = choose(L, all, filter, found),
           first = n > (size_t)filter->limit ? n - (size_t)filter->limit : 0;
    lua_createtable(L, (int)(n - first), 0);
    int list = lua_gettop(L), strangers = 0;
    lua_newtable(L);
    lua_newtable(L); /* strangers already noted */
    for (size_t i = first; i < n; i++) {
        lua_pushnumber(L, found[i].id);
        lua_rawget(L, all);
        b24L_push_message(L, list + 3, known);
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

/* codec.messages(pages, people, limit, unread) -> list, strangers, cursor | nil: the last page is
   no answer of this method pages: results of im.dialog.messages.get, asked for in pages of 50 from
   the newest message on; people: of im.user.list.get, or nil. list: newest last. cursor: what the
   next page's LAST_ID must be, nil when no page is needed. */
int b24L_messages(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    struct filter filter = {luaL_checknumber(L, 3), lua_toboolean(L, 4)};
    const struct b24L_known known = {.names = 4, .files = 5};
    struct page last = {0};
    lua_Number before = 0;
    lua_settop(L, 2);
    luaL_checkstack(L, 24, "messages");
    lua_newtable(L); /* 3: all */
    lua_newtable(L);
    lua_newtable(L);
    int pages = (int)b24L_rawlen(L, 1);
    for (int i = 1; i <= pages; i++) {
        before = last.oldest;
        lua_rawgeti(L, 1, i);
        last = add_page(L, 3, &known);
        lua_pop(L, 1);
    }
    if (last.broken) return 0;
    lua_pushvalue(L, 2);
    add_people(L, known.names);
    lua_pop(L, 1);
    push_messages(L, 3, &known, &filter);
    bool enough = (lua_Number)b24L_rawlen(L, -2) >= filter.limit || last.n < PAGE ||
                  (filter.unread && last.read);
    bool stalled = pages > 1 && last.oldest >= before; /* a portal that ignores the cursor */
    if (enough || stalled) lua_pushnil(L);
    else b24L_push_number(L, (double)last.oldest);
    return 3;
}

/* codec.date(text) -> seconds since 1970, or nil: no date with an offset */
int b24L_date(lua_State *L) {
    double seconds;
    if (lua_type(L, 1) == LUA_TSTRING && b24_date_parse(lua_tostring(L, 1), &seconds))
        b24L_push_number(L, seconds);
    else lua_pushnil(L);
    return 1;
}
