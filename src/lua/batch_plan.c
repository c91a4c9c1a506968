/* The plan of a batch: which commands it has, which refer to which, and in what order they must go.
 */
#include <stdlib.h>
#include <string.h>

#include "lua/batch_plan.h"

/* ------------------------------------------------------------ names, in a stable order */

/* A key of the argument. */
struct key {
    int at;           /* where it is in the list of keys as they came */
    bool text, exact; /* a string; an integer that `whole` holds, which is all but a huge float */
    int64_t whole;
    double number;
    struct b24_view name; /* alive as long as the list of keys */
};

static int by_number(const struct key *a, const struct key *b) {
    if (a->number != b->number) return a->number < b->number ? -1 : 1;
    if (!a->exact || !b->exact)
        return (a->exact ? 0 : 1) - (b->exact ? 0 : 1); /* 2^63 is after the last integer */
    return a->whole < b->whole ? -1 : a->whole > b->whole;
}

static int by_bytes(struct b24_view a, struct b24_view b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n > 0 ? memcmp(a.p, b.p, n) : 0;
    return order != 0 ? order : a.n < b.n ? -1 : a.n > b.n;
}

static int by_key(const void *a, const void *b) {
    const struct key *x = a, *y = b;
    if (x->text != y->text) return x->text ? 1 : -1;
    return x->text ? by_bytes(x->name, y->name) : by_number(x, y);
}

/* [0, 0] Throws for a number on top that is no integer: half a position is a slip, not a name. */
static void check_number(const struct b24_plan *p) {
    char text[B24_NUMBER_MAX];
    double v = (double)lua_tonumber(p->L, -1);
    bool huge = v <= -9223372036854775808.0 ||
                v >= 9223372036854775808.0; /* 2^63; no fraction fits from 2^53 on */
    if (v - v == 0 && (huge || v == (double)(int64_t)v)) return;
    if (b24L_number_text(p->L, -1, text) == 0) strcpy(text, "an infinite number");
    b24L_throw(p->L, "the name of a command must be a string or a whole number, not %s", text);
}

/* [0, 0] The key on top. */
static struct key read_key(const struct b24_plan *p, int at) {
    lua_State *L = p->L;
    struct key key = {.at = at, .text = lua_type(L, -1) == LUA_TSTRING, .exact = true};
    if (key.text) {
        key.name.p = lua_tolstring(L, -1, &key.name.n);
        return key;
    }
    if (lua_type(L, -1) != LUA_TNUMBER)
        b24L_throw(L, "the name of a command must be a string or a whole number, not a %s",
                   luaL_typename(L, -1));
    check_number(p);
    key.number = (double)lua_tonumber(L, -1);
#if LUA_VERSION_NUM >= 503
    key.exact = lua_isinteger(L, -1);
    key.whole = (int64_t)lua_tointeger(L, -1);
#else
    key.exact = false; /* doubles, all of them: there is nothing finer to compare */
#endif
    return key;
}

/* [0, +1] The keys of the argument as they come, 1 to p->count. */
static void push_keys(struct b24_plan *p) {
    lua_State *L = p->L;
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, p->commands) != 0; lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        lua_rawseti(L, -4, ++p->count);
    }
}

void b24L_batch_collect_names(struct b24_plan *p) {
    lua_State *L = p->L;
    push_keys(p);
    struct key *keys = lua_newuserdata(L, (size_t)(p->count + 1) * sizeof *keys);
    for (int i = 0; i < p->count; i++) {
        lua_rawgeti(L, -2, i + 1);
        keys[i] = read_key(p, i + 1);
        lua_pop(L, 1);
    }
    qsort(keys, (size_t)p->count, sizeof *keys, by_key);
    for (int id = 1; id <= p->count; id++) {
        lua_rawgeti(L, -2, keys[id - 1].at);
        lua_pushvalue(L, -1);
        lua_rawseti(L, p->names, id);
        lua_pushnumber(L, id);
        lua_rawset(L, p->ids);
    }
    lua_pop(L, 2);
}

void b24L_batch_push_name(const struct b24_plan *p, int id) { lua_rawgeti(p->L, p->names, id); }

#define SHOWN_MAX 60 /* bytes of a name in a message */

/* [0, +1] The name on top as a message shows it: 547, 'deal'. */
static void push_shown(lua_State *L) {
    char text[SHOWN_MAX];
    struct b24_view name;
    if (lua_type(L, -1) == LUA_TNUMBER) {
        lua_pushlstring(L, text, b24L_number_text(L, -1, text));
        return;
    }
    name.p = lua_tolstring(L, -1, &name.n);
    size_t n = name.n < SHOWN_MAX ? name.n : SHOWN_MAX;
    while (n < name.n && n > 0 && ((unsigned char)name.p[n] & 0xC0) == 0x80)
        n--; /* not inside a character */
    bool readable = b24_utf8_valid(name.p, n);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        text[i] = name.p[i];
        if (c < ' ' || c == 0x7f || (c >= 0x80 && !readable)) text[i] = '?';
    }
    lua_pushliteral(L, "'");
    lua_pushlstring(L, text, n);
    lua_pushstring(L, name.n > n ? "…'" : "'");
    lua_concat(L, 3);
}

/* [0, 0] Throws about command `id`. */
void b24L_batch_complain(const struct b24_plan *p, int id, const char *what) {
    b24L_batch_push_name(p, id);
    push_shown(p->L);
    b24L_throw(p->L, "command %s of the batch %s", lua_tostring(p->L, -1), what);
}

/* ------------------------------------------------------------ one command: {"method", params} or
 * "method" */

/* [0, 0] The command on top, a table: what stands beside method and params would be lost. */
static void check_members(const struct b24_plan *p, int id) {
    lua_State *L = p->L;
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
        int type = lua_type(L, -2);
        lua_Number k = type == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;
        if (k == 1 || k == 2) continue;
        lua_pop(L, 1);
        if (type == LUA_TSTRING || type == LUA_TNUMBER) push_shown(L);
        else lua_pushfstring(L, "a %s", lua_typename(L, type));
        lua_pushliteral(L, "has ");
        lua_insert(L, -2);
        lua_pushliteral(L, " beside its method; it is written {\"method\", params}");
        lua_concat(L, 3);
        b24L_batch_complain(p, id, lua_tostring(L, -1));
    }
}

/* [0, +1] Its method; throws if it is none. */
const char *b24L_batch_push_method(const struct b24_plan *p, int id) {
    lua_State *L = p->L;
    b24L_batch_push_name(p, id);
    lua_rawget(L, p->commands);
    if (lua_istable(L, -1)) {
        lua_rawgeti(L, -1, 1);
        lua_remove(L, -2);
    }
    if (lua_type(L, -1) != LUA_TSTRING)
        b24L_batch_complain(p, id, "needs a method: {\"method\", params}");
    struct b24_view method;
    method.p = lua_tolstring(L, -1, &method.n);
    if (b24_method_problem(method) != NULL)
        b24L_batch_complain(p, id, "has an unusable method name");
    return method.p;
}

/* [0, +1] Its params: a table or nil. */
void b24L_batch_push_params(const struct b24_plan *p, int id) {
    lua_State *L = p->L;
    b24L_batch_push_name(p, id);
    lua_rawget(L, p->commands);
    if (lua_istable(L, -1)) lua_rawgeti(L, -1, 2);
    else lua_pushnil(L);
    lua_remove(L, -2);
    if (!lua_isnil(L, -1) && !lua_istable(L, -1))
        b24L_batch_complain(p, id, "has params that are no table");
    if (b24L_batch_is_ref(L, -1))
        b24L_batch_complain(p, id, "has a reference in the place of its params");
}

/* [0, 0] */
static void check_command(const struct b24_plan *p, int id) {
    b24L_batch_push_name(p, id);
    lua_rawget(p->L, p->commands);
    if (lua_istable(p->L, -1)) check_members(p, id);
    lua_pop(p->L, 1);
}

static void add_link(struct b24_plan *p, int to) {
    if (p->link_count == p->link_room) {
        int room = p->link_room * 2 + 16;
        int *bigger = lua_newuserdata(p->L, (size_t)room * sizeof *bigger);
        if (p->link_count > 0) memcpy(bigger, p->links, (size_t)p->link_count * sizeof *bigger);
        lua_replace(p->L, p->links_index);
        p->links = bigger;
        p->link_room = room;
    }
    p->links[p->link_count++] = to;
}

/* [0, 0] The reference on top: which command it means. */
static void note_ref(struct b24_plan *p, int id) {
    lua_rawgeti(p->L, -1, 1);
    lua_rawget(p->L, p->ids);
    int to = (int)lua_tonumber(p->L, -1);
    if (to == 0) b24L_batch_complain(p, id, "refers to a command that is not in it");
    lua_pop(p->L, 1);
    add_link(p, to);
}

/* [0, 0] Looks through the value on top for references, meant and not meant. */
static void scan(struct b24_plan *p, int id, int depth) {
    lua_State *L = p->L;
    if (lua_type(L, -1) == LUA_TSTRING) {
        size_t n;
        const char *s = lua_tolstring(L, -1, &n);
        if (b24_batch_reference((struct b24_view){s, n})) p->list[id - 1].alone = true;
    }
    if (!lua_istable(L, -1)) return;
    if (b24L_batch_is_ref(L, -1)) {
        note_ref(p, id);
        return;
    }
    if (depth == 0) b24L_batch_complain(p, id, "has params that are nested too deeply");
    luaL_checkstack(L, 8, "batch");
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) scan(p, id, depth - 1);
}

#define DEPTH_MAX 50

/* [0, 0] Does command `id` only read? Params that have no JSON form were not looked into. */
static bool reads(struct b24_plan *p, int id) {
    struct b24_view method;
    method.p = b24L_batch_push_method(p, id);
    method.n = strlen(method.p);
    b24_buffer_reset(p->json, SIZE_MAX);
    if (b24_method_asks_params(method)) {
        b24L_batch_push_params(p, id);
        if (!lua_isnil(p->L, -1) && b24L_encode_params(p->L, lua_gettop(p->L), p->json) != NULL)
            b24_buffer_reset(p->json, SIZE_MAX);
        lua_pop(p->L, 1);
    }
    bool only = b24_method_reads(method, b24_buffer_view(p->json));
    lua_pop(p->L, 1);
    return only;
}

void b24L_batch_scan_all(struct b24_plan *p) {
    for (int id = 1; id <= p->count; id++) {
        struct b24_command *c = &p->list[id - 1];
        *c = (struct b24_command){.group = id};
        c->reads = reads(p, id);
        check_command(p, id);
    }
    for (int id = 1; id <= p->count; id++) {
        struct b24_command *c = &p->list[id - 1];
        c->links = p->link_count;
        b24L_batch_push_params(p, id);
        scan(p, id, DEPTH_MAX);
        lua_pop(p->L, 1);
        c->link_count = p->link_count - c->links;
    }
}

/* ------------------------------------------------------------ groups and order */

int b24L_batch_first(struct b24_plan *p, int id) {
    struct b24_command *list = p->list - 1; /* from 1 on */
    while (list[id].group != id) {
        list[id].group = list[list[id].group].group; /* halves the way for the next who asks */
        id = list[id].group;
    }
    return id;
}

void b24L_batch_join_groups(struct b24_plan *p) {
    for (int id = 1; id <= p->count; id++) {
        const struct b24_command *c = &p->list[id - 1];
        for (int i = c->links; i < c->links + c->link_count; i++) {
            int a = b24L_batch_first(p, id), b = b24L_batch_first(p, p->links[i]);
            p->list[(a > b ? a : b) - 1].group = a < b ? a : b;
        }
    }
    for (int id = p->count; id >= 1;
         id--) { /* backwards, so that each group's list is in ascending order */
        int first = b24L_batch_first(p, id);
        p->list[first - 1].members++;
        if (first == id) continue;
        p->list[id - 1].next = p->list[first - 1].next;
        p->list[first - 1].next = id;
    }
}

/* Appends `id` to `order`, after everything that it refers to. Recursion is bounded by the size of
 * a group. */
static void place(struct b24_plan *p, int id, int *order, int *n) {
    struct b24_command *c = &p->list[id - 1];
    if (c->mark == 2) return;
    if (c->mark == 1) b24L_batch_complain(p, id, "refers to itself in a circle");
    c->mark = 1;
    for (int i = c->links; i < c->links + c->link_count; i++) place(p, p->links[i], order, n);
    c->mark = 2;
    order[(*n)++] = id;
}

int b24L_batch_place_group(struct b24_plan *p, int first, int order[B24_BATCH_MAX]) {
    int n = 0;
    if (p->list[first - 1].members > B24_BATCH_MAX)
        b24L_batch_complain(
            p, first,
            "is tied to more than 49 others by references; they must fit into one request");
    for (int id = first; id != 0; id = p->list[id - 1].next) place(p, id, order, &n);
    return n;
}
