/* codec.cache(conf): the last answer of an account, shared by this user's processes. b24/cache.lua
 * drives it. */
#define _POSIX_C_SOURCE 200809L
#include "lua/cache.h"

#include <poll.h>

#include "base/clock.h"
#include "os/cache_file.h"
#include "json/document.h"

#define CACHE_TYPE "b24.cache " B24_VERSION

struct lua_cache {
    struct b24_cache cache;
    struct b24_cache_entry entry;
    cJSON *tree; /* of the entry; here, so that it is freed whatever happens while Lua values are
                    made of it */
    const cJSON *counters; /* in it, or NULL */
    int64_t began;
    b24_ms begun, max_age, timeout; /* begun: of the monotonic clock */
    b24_ms whole;                   /* the conf's timeout; some of it may have been spent before */
    bool stale_ok;
    /* What shapes an answer; a cached one has the same shape, or it is none. */
    bool nulls;
    int max_depth;
    size_t max_reply;
    bool over; /* finalised, and brought back by somebody's finaliser: nobody would free what it
                  takes now */
};

static struct lua_cache *check(lua_State *L) {
    struct lua_cache *c = luaL_checkudata(L, 1, CACHE_TYPE);
    if (c->over) luaL_error(L, "b24: this cache is over");
    return c;
}

static void forget_tree(struct lua_cache *c) {
    cJSON_Delete(c->tree);
    c->tree = NULL;
    c->counters = NULL;
}

static int cache_gc(lua_State *L) {
    struct lua_cache *c = luaL_checkudata(L, 1, CACHE_TYPE);
    c->over = true;
    b24_cache_release(&c->cache);
    b24_buffer_free(&c->entry.json);
    forget_tree(c);
    return 0;
}

/* codec.cache(conf [, spent]) -> cache | nil: the conf wants none | nil, message, info: there is no
   place for one. spent: seconds of conf's timeout that are over already */
static int codec_cache(lua_State *L) {
    struct b24_fault fault;
    const struct b24_conf *conf = luaL_checkudata(L, 1, B24_CONF_TYPE);
    b24_ms spent = b24L_to_spent(L, 2);
    if (conf->base == NULL || (conf->max_age == 0 && !conf->stale_ok)) return 0;
    struct lua_cache *c = b24L_newobject(L, sizeof *c, CACHE_TYPE);
    c->cache.claim = -1;
    c->tree = NULL;
    b24_buffer_init(&c->entry.json, B24_CACHE_MAX);
    c->began = b24_cache_now();
    c->begun = b24_clock();
    c->max_age = conf->max_age;
    c->timeout = conf->timeout - spent;
    c->whole = conf->timeout;
    c->stale_ok = conf->stale_ok;
    c->nulls = conf->nulls;
    c->max_depth = conf->max_depth;
    c->max_reply = conf->max_reply;
    return b24_cache_open(&c->cache, conf, &fault) ? 1
                                                   : b24L_push_fault(L, &fault, "im.counters.get");
}

/* Reads the entry and parses it; what this conf would not accept from the portal is no entry. */
static void look(struct lua_cache *c) {
    struct b24_json_error error;
    b24_cache_read(&c->cache, &c->entry);
    forget_tree(c);
    if (c->entry.stored != 0 && c->entry.json.n <= c->max_reply)
        c->tree = b24_document_parse(b24_buffer_view(&c->entry.json), c->max_depth, &error);
    c->counters = b24_member(c->tree, "result");
    if (c->counters == NULL) c->entry.stored = 0;
}

/* [0, +2] The entry's counters and their age in seconds; nil, nil when there is none. */
static int push_entry(lua_State *L, struct lua_cache *c, int64_t now) {
    if (c->counters != NULL && c->entry.stored <= now &&
        b24L_push_counters(L, c->counters, c->nulls)) {
        lua_pushnumber(L, (lua_Number)(now - c->entry.stored) / 1000);
    } else {
        lua_pushnil(L);
        lua_pushnil(L);
    }
    forget_tree(c);
    return 2;
}

/* cache:step() -> "hit" | "ask" | "wait", counters, age: what to do, and what there is, fresh or
 * not */
static int cache_step(lua_State *L) {
    static const char *const names[] = {"hit", "ask", "wait"};
    struct lua_cache *c = check(L);
    look(c);
    enum b24_cache_step step =
        b24_cache_decide(c->entry.stored, c->began, b24_cache_now(), c->max_age, false);
    if (step == B24_CACHE_WAIT && b24_cache_claim(&c->cache)) {
        look(c); /* somebody may have stored one just before we had the claim */
        step = b24_cache_decide(c->entry.stored, c->began, b24_cache_now(), c->max_age, true);
        if (step == B24_CACHE_HIT) b24_cache_release(&c->cache);
    }
    lua_pushstring(L, names[step]);
    return 1 + push_entry(L, c, b24_cache_now());
}

/* cache:peek() -> counters, age | nil: a hit, without a claim on anything */
static int cache_peek(lua_State *L) {
    struct lua_cache *c = check(L);
    look(c);
    enum b24_cache_step step =
        b24_cache_decide(c->entry.stored, c->began, b24_cache_now(), c->max_age, false);
    return step == B24_CACHE_HIT ? push_entry(L, c, b24_cache_now()) : 0;
}

/* cache:store(reply) -> boolean; info.body of a call of the shape "kept" */
static int cache_store(lua_State *L) {
    struct lua_cache *c = check(L);
    struct b24_view json;
    json.p = luaL_checklstring(L, 2, &json.n);
    lua_pushboolean(L, b24_cache_store(&c->cache, json, b24_cache_now()));
    return 1;
}

/* cache:release() */
static int cache_release(lua_State *L) {
    b24_cache_release(&check(L)->cache);
    return 0;
}

/* cache:patience() -> seconds left until the call's deadline, stale_ok, seconds that are spent */
static int cache_patience(lua_State *L) {
    const struct lua_cache *c = check(L);
    b24_ms left = c->begun + c->timeout - b24_clock();
    lua_pushnumber(L, (lua_Number)left / 1000);
    lua_pushboolean(L, c->stale_ok);
    lua_pushnumber(L, (lua_Number)(c->whole - left) / 1000);
    return 3;
}

/* codec.nap(seconds): blocks; a signal ends it early, so that Ctrl-C is heard */
static int codec_nap(lua_State *L) {
    (void)poll(NULL, 0, (int)(luaL_checknumber(L, 1) * 1000));
    return 0;
}

/* [0, 0] Is the member set? */
static bool has(lua_State *L, int table, const char *name) {
    lua_pushstring(L, name);
    lua_rawget(L, table);
    bool set = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return set;
}

bool b24L_wants_cache(lua_State *L, int index) {
    return lua_istable(L, index) && (has(L, index, "max_age") || has(L, index, "stale_ok"));
}

int b24L_cached_counters(lua_State *L, int index) {
    if (b24L_to_conf(L, index, 1) == NULL) return 3;
    int conf = lua_gettop(L);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "b24.cache");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "blocking");
    lua_pushvalue(L, conf);
    lua_call(L, 1, 3);
    return 3;
}

void b24L_open_cache(lua_State *L) {
    static const luaL_Reg methods[] = {{"step", cache_step},
                                       {"peek", cache_peek},
                                       {"store", cache_store},
                                       {"release", cache_release},
                                       {"patience", cache_patience},
                                       {"__gc", cache_gc},
                                       {NULL, NULL}};
    b24L_newtype(L, CACHE_TYPE);
    b24L_setfuncs(L, methods);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    lua_pushcfunction(L, codec_cache);
    lua_setfield(L, -2, "cache");
    lua_pushcfunction(L, codec_nap);
    lua_setfield(L, -2, "nap");
}
