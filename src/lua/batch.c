/* client:batch: named commands -> requests of at most 50 commands each. */
#include <string.h>

#include "lua/batch_plan.h"
#include "lua/file.h"

/* ------------------------------------------------------------ writing */

/* The name or index on top. */
static struct b24_view field(lua_State *L, char number[B24_NUMBER_MAX]) {
    struct b24_view v = {number, 0};
    if (lua_type(L, -1) == LUA_TSTRING) v.p = lua_tolstring(L, -1, &v.n);
    else v.n = b24L_number_text(L, -1, number);
    return v;
}

/* [0, 0] The reference on top as $result[c7][FIELD]. */
static bool write_ref(struct b24_plan *p, struct b24_buffer *out) {
    char text[32], number[B24_NUMBER_MAX];
    lua_State *L = p->L;
    lua_rawgeti(L, -1, 1);
    lua_rawget(L, p->ids);
    b24_batch_key((int)lua_tonumber(L, -1), text);
    lua_pop(L, 1);
    bool ok = b24_buffer_puts(out, "%24result%5B") && b24_buffer_puts(out, text) &&
              b24_buffer_puts(out, "%5D");
    int n = (int)b24L_rawlen(L, -1);
    for (int i = 2; i <= n && ok; i++) {
        lua_rawgeti(L, -1, i);
        ok = b24_buffer_puts(out, "%5B") && b24_query_escape(out, field(L, number)) &&
             b24_buffer_puts(out, "%5D");
        lua_pop(L, 1);
    }
    return ok;
}

static const char *write_value(struct b24_plan *p, struct b24_buffer *query,
                               struct b24_buffer *path);

/* The numeric key below the top as text; PHP's lists begin at 0. */
static size_t position(lua_State *L, bool list, char out[B24_NUMBER_MAX]) {
    if (!list) return b24L_number_text(L, -2, out);
    b24L_push_number(L, (double)lua_tonumber(L, -2) - 1);
    size_t n = b24L_number_text(L, -1, out);
    lua_pop(L, 1);
    return n;
}

/* The table's key below the top. */
static struct b24_view key_text(lua_State *L, bool list, char number[B24_NUMBER_MAX]) {
    struct b24_view key = {number, 0};
    if (lua_type(L, -2) == LUA_TSTRING) key.p = lua_tolstring(L, -2, &key.n);
    else key.n = position(L, list, number);
    return key;
}

/* The members of the table on top, each after `path`. NULL, or what is wrong. */
static const char *write_table(struct b24_plan *p, struct b24_buffer *query,
                               struct b24_buffer *path) {
    lua_State *L = p->L;
    const char *wrong = NULL;
    enum b24_keys keys = b24L_classify_keys(L);
    size_t before = path->n;
    if (keys == B24_KEYS_MIXED) return B24_MIXED_KEYS;
    if (keys == B24_KEYS_BAD) return B24_BAD_KEYS;
    luaL_checkstack(L, 8, "batch");
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
        char number[B24_NUMBER_MAX];
        struct b24_view key = key_text(L, keys == B24_KEYS_ARRAY, number);
        bool ok = (before == 0 || b24_buffer_puts(path, "%5B")) && b24_query_escape(path, key) &&
                  (before == 0 || b24_buffer_puts(path, "%5D"));
        wrong = ok ? write_value(p, query, path) : "does not fit into memory";
        b24_buffer_cut(path, before);
        if (wrong != NULL) {
            lua_pop(L, 2);
            return wrong;
        }
    }
    return NULL;
}

/* path=value for the value on top. A query knows no null and no empty list: "" and nothing. */
static const char *write_value(struct b24_plan *p, struct b24_buffer *query,
                               struct b24_buffer *path) {
    lua_State *L = p->L;
    bool ref = b24L_batch_is_ref(L, -1);
    if (lua_istable(L, -1) && !ref) return write_table(p, query, path);
    if (b24L_file_path(L, -1) != NULL) return "has a file, which only client:call can send";
    struct b24_view at = b24_buffer_view(path);
    bool ok = (query->n == 0 || b24_buffer_puts(query, "&")) && b24_buffer_add(query, at.p, at.n) &&
              b24_buffer_puts(query, "=");
    if (!ok) return "does not fit into memory";
    if (ref) return write_ref(p, query) ? NULL : "does not fit into memory";
    char number[B24_NUMBER_MAX];
    struct b24_view text = {number, 0};
    switch (lua_type(L, -1)) {
    case LUA_TSTRING: text.p = lua_tolstring(L, -1, &text.n); break;
    case LUA_TBOOLEAN: text = (struct b24_view){lua_toboolean(L, -1) ? "1" : "0", 1}; break;
    case LUA_TNUMBER: text.n = b24L_number_text(L, -1, number); break;
    case LUA_TUSERDATA:
    case LUA_TLIGHTUSERDATA: break; /* null */
    default: return "has a function or coroutine in its params";
    }
    if (lua_type(L, -1) == LUA_TNUMBER && text.n == 0)
        return "has a number that is infinite or NaN";
    return b24_query_escape(query, text) ? NULL : "does not fit into memory";
}

struct texts {
    struct b24_buffer body, query, path;
};

#define TEXTS_TYPE "b24.texts " B24_VERSION

static int texts_gc(lua_State *L) {
    struct texts *t = luaL_checkudata(L, 1, TEXTS_TYPE);
    b24_buffer_free(&t->body);
    b24_buffer_free(&t->query);
    b24_buffer_free(&t->path);
    return 0;
}

/* "c7":"method?query" at the end of the body. */
static void write_command(struct b24_plan *p, struct texts *t, int id) {
    char key[32];
    b24_buffer_reset(&t->query, SIZE_MAX);
    b24_buffer_reset(&t->path, SIZE_MAX);
    b24L_batch_push_params(p, id);
    const char *wrong = lua_isnil(p->L, -1) ? NULL : write_table(p, &t->query, &t->path);
    lua_pop(p->L, 1);
    if (wrong != NULL) b24L_batch_complain(p, id, wrong);
    const char *method = b24L_batch_push_method(p, id);
    struct b24_view query = b24_buffer_view(&t->query);
    b24_batch_key(id, key);
    bool ok = (t->body.p[t->body.n - 1] == '{' || b24_buffer_puts(&t->body, ",")) &&
              b24_buffer_puts(&t->body, "\"") && b24_buffer_puts(&t->body, key) &&
              b24_buffer_puts(&t->body, "\":\"") && b24_buffer_puts(&t->body, method) &&
              (query.n == 0 || b24_buffer_puts(&t->body, "?")) &&
              b24_buffer_add(&t->body, query.p, query.n) && b24_buffer_puts(&t->body, "\"");
    lua_pop(p->L, 1);
    if (!ok) b24L_batch_complain(p, id, "does not fit into memory");
}

/* ------------------------------------------------------------ steps */

/* [0, 0] steps[#steps + 1] = the table on top [-1] */
static void append_step(lua_State *L, int steps) {
    lua_rawseti(L, steps, (int)b24L_rawlen(L, steps) + 1);
}

/* [0, 0] A request with these commands. */
static void add_request(struct b24_plan *p, struct texts *t, int steps, const int *ids, int n,
                        bool halt) {
    lua_State *L = p->L;
    bool reads = true;
    char key[32];
    if (n == 0) return;
    b24_buffer_reset(&t->body, SIZE_MAX);
    if (!b24_buffer_puts(&t->body, halt ? "{\"halt\":1,\"cmd\":{" : "{\"halt\":0,\"cmd\":{"))
        b24L_batch_complain(p, ids[0], "does not fit into memory");
    lua_createtable(L, 0, 3);
    lua_createtable(L, 0, n);
    for (int i = 0; i < n; i++) {
        write_command(p, t, ids[i]);
        reads = reads && p->list[ids[i] - 1].reads;
        b24_batch_key(ids[i], key);
        b24L_batch_push_name(p, ids[i]);
        lua_setfield(L, -2, key);
    }
    lua_setfield(L, -2, "names");
    if (!b24_buffer_puts(&t->body, "}}"))
        b24L_batch_complain(p, ids[0], "does not fit into memory");
    lua_pushlstring(L, b24_buffer_view(&t->body).p, t->body.n);
    lua_setfield(L, -2, "body");
    lua_pushboolean(
        L, reads); /* a batch is as dangerous to repeat as the most dangerous command in it */
    lua_setfield(L, -2, "idempotent");
    append_step(L, steps);
}

/* [0, 0] A command that goes by itself. */
static void add_single(struct b24_plan *p, int steps, int id) {
    lua_State *L = p->L;
    lua_createtable(L, 0, 3);
    b24L_batch_push_name(p, id);
    lua_setfield(L, -2, "name");
    b24L_batch_push_method(p, id);
    lua_setfield(L, -2, "method");
    b24L_batch_push_params(p, id);
    lua_setfield(L, -2, "params");
    append_step(L, steps);
}

static void refuse_alone(struct b24_plan *p, const int *order, int members) {
    for (int i = 0; i < members; i++)
        if (p->list[order[i] - 1].alone)
            b24L_batch_complain(p, order[i],
                                "has a text such as $result[…], which Bitrix24 would replace, "
                                "and takes part in a reference");
}

static void make_steps(struct b24_plan *p, struct texts *t, int steps, bool halt) {
    int chunk[B24_BATCH_MAX], order[B24_BATCH_MAX], n = 0;
    for (int id = 1; id <= p->count; id++) {
        if (b24L_batch_first(p, id) != id) continue; /* went with the first of its group */
        int members = b24L_batch_place_group(p, id, order);
        bool single = members == 1 && p->list[id - 1].alone;
        if (!single) refuse_alone(p, order, members);
        if (single || n + members > B24_BATCH_MAX) {
            add_request(p, t, steps, chunk, n, halt);
            n = 0;
        }
        if (single) {
            add_single(p, steps, id);
            continue;
        }
        memcpy(chunk + n, order, (size_t)members * sizeof *order);
        n += members;
    }
    add_request(p, t, steps, chunk, n, halt);
}

/* [0, +1] */
static struct texts *new_texts(lua_State *L) {
    b24L_open_type(L, TEXTS_TYPE, texts_gc, NULL);
    struct texts *t = b24L_newobject(L, sizeof *t, TEXTS_TYPE);
    b24_buffer_init(&t->body, B24_BATCH_BYTES);
    b24_buffer_init(&t->query, B24_BATCH_BYTES);
    b24_buffer_init(&t->path, B24_BATCH_BYTES);
    return t;
}

/* codec.batch(commands [, halt]) -> list of steps: {body=, names=, idempotent=} or
 * {name=, method=, params=}
 */
int b24L_batch(lua_State *L) {
    struct b24_plan p = {.L = L, .commands = 1};
    bool halt = lua_toboolean(L, 2);
    lua_settop(L, 1);
    luaL_checkstack(L, 30, "batch");
    if (!lua_istable(L, 1))
        b24L_throw(L, "the commands of a batch must be a table, not a %s", luaL_typename(L, 1));
    lua_newtable(L);
    p.names = lua_gettop(L);
    lua_newtable(L);
    p.ids = lua_gettop(L);
    b24L_batch_collect_names(&p);
    p.list = lua_newuserdata(L, (size_t)(p.count + 1) * sizeof *p.list);
    lua_pushnil(L);
    p.links_index = lua_gettop(L);
    struct texts *t = new_texts(L);
    p.json = &t->body;
    b24L_batch_scan_all(&p);
    b24L_batch_join_groups(&p);
    lua_newtable(L);
    make_steps(&p, t, lua_gettop(L), halt);
    return 1;
}
