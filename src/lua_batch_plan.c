/* The plan of a batch: which commands it has, which refer to which, and in what order they must go. */
#include <stdlib.h>
#include <string.h>

#include "batch_plan.h"

#define REF_TYPE "b24.ref " B24_VERSION

/* ------------------------------------------------------------ b24.ref */

/* b24.ref(name, field, ...) -> a value for params: what command `name` of the same batch answers there. */
int b24_lua_ref(lua_State *L) {
    int n = lua_gettop(L);
    luaL_argcheck(L, n >= 1, 1, "the name of a command expected");
    lua_createtable(L, n, 0);
    for (int i = 1; i <= n; i++) {
        int type = lua_type(L, i);
        luaL_argcheck(L, type == LUA_TSTRING || type == LUA_TNUMBER, i, "a name or a number expected");
        lua_pushvalue(L, i);
        lua_rawseti(L, -2, i);
    }
    b24_setmetatable(L, REF_TYPE);
    return 1;
}

bool b24_batch_is_ref(lua_State *L, int index) {
    if (!lua_istable(L, index) || !lua_getmetatable(L, index)) return false;
    luaL_getmetatable(L, REF_TYPE);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

void b24_open_batch(lua_State *L) {
    b24_newtype(L, REF_TYPE);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

/* ------------------------------------------------------------ names, in a stable order */

static int by_key(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* [0, 0] ids: list positions first, then names in alphabetical order. */
void b24_batch_collect_names(struct b24_plan *p) {
    lua_State *L = p->L;
    int listed = (int)b24_rawlen(L, p->commands), named = 0;
    for (lua_pushnil(L); lua_next(L, p->commands) != 0; lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TSTRING) named++;
        else if (lua_type(L, -2) != LUA_TNUMBER) b24_throw(L, p->level, "the name of a command must be a string");
    }
    const char **keys = lua_newuserdata(L, (size_t)(named + 1) * sizeof *keys);
    int n = 0;
    for (lua_pushnil(L); lua_next(L, p->commands) != 0; lua_pop(L, 1))
        if (lua_type(L, -2) == LUA_TSTRING) keys[n++] = lua_tostring(L, -2); /* alive as keys of the argument */
    qsort(keys, (size_t)n, sizeof *keys, by_key);
    for (int id = 1; id <= listed + n; id++) {
        if (id <= listed) lua_pushnumber(L, id);
        else lua_pushstring(L, keys[id - listed - 1]);
        lua_pushvalue(L, -1);
        lua_rawseti(L, p->names, id);
        lua_pushnumber(L, id);
        lua_rawset(L, p->ids);
    }
    p->count = listed + n;
    lua_pop(L, 1);
}

void b24_batch_push_name(const struct b24_plan *p, int id) { lua_rawgeti(p->L, p->names, id); }

/* [0, 0] Throws about command `id`. */
void b24_batch_complain(const struct b24_plan *p, int id, const char *what) {
    b24_batch_push_name(p, id);
    const char *name = lua_tostring(p->L, -1);
    b24_throw(p->L, p->level, "command '%s' of the batch %s", name, what);
}

/* ------------------------------------------------------------ one command: {"method", params} or "method" */

/* [0, +1] Its method; throws if it is none. */
const char *b24_batch_push_method(const struct b24_plan *p, int id) {
    lua_State *L = p->L;
    b24_batch_push_name(p, id);
    lua_rawget(L, p->commands);
    if (lua_istable(L, -1)) {
        lua_rawgeti(L, -1, 1);
        lua_remove(L, -2);
    }
    if (lua_type(L, -1) != LUA_TSTRING) b24_batch_complain(p, id, "needs a method: {\"method\", params}");
    struct b24_view method;
    method.p = lua_tolstring(L, -1, &method.n);
    if (b24_method_problem(method) != NULL) b24_batch_complain(p, id, "has an unusable method name");
    return method.p;
}

/* [0, +1] Its params: a table or nil. */
void b24_batch_push_params(const struct b24_plan *p, int id) {
    lua_State *L = p->L;
    b24_batch_push_name(p, id);
    lua_rawget(L, p->commands);
    if (lua_istable(L, -1)) lua_rawgeti(L, -1, 2);
    else lua_pushnil(L);
    lua_remove(L, -2);
    if (!lua_isnil(L, -1) && !lua_istable(L, -1)) b24_batch_complain(p, id, "has params that are no table");
}

static void add_link(struct b24_plan *p, int from, int to) {
    if (p->link_count == p->link_room) {
        int room = p->link_room * 2 + 16;
        struct b24_reference *bigger = lua_newuserdata(p->L, (size_t)room * sizeof *bigger);
        if (p->link_count > 0) memcpy(bigger, p->links, (size_t)p->link_count * sizeof *bigger);
        lua_replace(p->L, p->links_index);
        p->links = bigger;
        p->link_room = room;
    }
    p->links[p->link_count++] = (struct b24_reference){from, to};
}

/* [0, 0] The reference on top: which command it means. */
static void note_ref(struct b24_plan *p, int id) {
    lua_rawgeti(p->L, -1, 1);
    lua_rawget(p->L, p->ids);
    int to = (int)lua_tonumber(p->L, -1);
    if (to == 0) b24_batch_complain(p, id, "refers to a command that is not in it");
    lua_pop(p->L, 1);
    p->list[to - 1].referred = true;
    add_link(p, id, to);
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
    if (b24_batch_is_ref(L, -1)) {
        note_ref(p, id);
        return;
    }
    if (depth == 0) b24_batch_complain(p, id, "has params that are nested too deeply");
    luaL_checkstack(L, 8, "batch");
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) scan(p, id, depth - 1);
}

#define DEPTH_MAX 50

void b24_batch_scan_all(struct b24_plan *p) {
    for (int id = 1; id <= p->count; id++) {
        struct b24_command *c = &p->list[id - 1];
        *c = (struct b24_command){.id = id, .group = id};
        const char *method = b24_batch_push_method(p, id);
        c->reads = b24_method_reads((struct b24_view){method, strlen(method)});
        lua_pop(p->L, 1);
    }
    for (int id = 1; id <= p->count; id++) {
        b24_batch_push_params(p, id);
        scan(p, id, DEPTH_MAX);
        lua_pop(p->L, 1);
    }
}

/* ------------------------------------------------------------ groups and order */

/* Commands that are tied by references get the same group number, the smallest of their ids. */
void b24_batch_join_groups(struct b24_plan *p) {
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = 0; i < p->link_count; i++) {
            struct b24_command *a = &p->list[p->links[i].from - 1], *b = &p->list[p->links[i].to - 1];
            if (a->group == b->group) continue;
            if (a->group < b->group) b->group = a->group;
            else a->group = b->group;
            changed = true;
        }
    }
}

/* Appends `id` to `order`, behind everything that it refers to. */
static void place(struct b24_plan *p, int id, int *order, int *n) {
    struct b24_command *c = &p->list[id - 1];
    if (c->mark == 2) return;
    if (c->mark == 1) b24_batch_complain(p, id, "refers to itself in a circle");
    c->mark = 1;
    for (int i = 0; i < p->link_count; i++)
        if (p->links[i].from == id) place(p, p->links[i].to, order, n);
    c->mark = 2;
    order[(*n)++] = id;
}

/* Members of one group, in order. */
int b24_batch_place_group(struct b24_plan *p, int group, int *order) {
    int n = 0;
    for (int id = group; id <= p->count; id++)
        if (p->list[id - 1].group == group) place(p, id, order, &n);
    return n;
}
