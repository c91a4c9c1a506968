/* codec.cache(conf): the last answer of an account, shared by this user's processes. core.c or
 * b24/api/cache.lua carries out what it says. */
#define _POSIX_C_SOURCE 200809L
#include "lua/cache.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "os/cache_file.h"
#include "json/document.h"

#define CACHE_TYPE "b24.cache " B24_VERSION

#define METHOD "im.counters.get"

struct lua_cache {
    struct b24_cache cache;
    struct b24_cache_entry entry;
    struct b24_cache_call call;
    cJSON *tree; /* of the entry; here, so that it is freed whatever happens while Lua values are
                    made of it */
    cJSON *counters; /* in it, or NULL */
    b24_ms timeout;  /* the conf's */
    bool exact;      /* answers are wanted that were asked for since call.began */
    int64_t asked;   /* when we asked, at ASK */
    /* What shapes an answer; a cached one has the same shape, or it is none. */
    bool nulls;
    int max_depth;
    size_t max_reply;
    bool over; /* finalised, and brought back by somebody's finaliser: nobody would free what it
                  takes now */
};

static struct lua_cache *check(lua_State *L, int index) {
    struct lua_cache *c = luaL_checkudata(L, index, CACHE_TYPE);
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

int b24L_cache(lua_State *L, int index, b24_ms spent, int64_t since) {
    struct b24_fault fault;
    const struct b24_conf *conf = luaL_checkudata(L, index, B24_CONF_TYPE);
    bool wanted = since > 0 || conf->max_age > 0 || conf->stale_ok;
    if (conf->base == NULL || !wanted) return 0;
    struct lua_cache *c = b24L_newobject(L, sizeof *c, CACHE_TYPE);
    c->cache.claim = -1;
    c->tree = NULL;
    b24_buffer_init(&c->entry.json, B24_CACHE_MAX);
    c->call = (struct b24_cache_call){.began = since > 0 ? since : b24_cache_now(),
                                      .deadline = b24_clock() + conf->timeout - spent,
                                      .max_age = since > 0 ? 0 : conf->max_age,
                                      .stale_ok = conf->stale_ok};
    c->timeout = conf->timeout;
    c->exact = since > 0;
    c->nulls = conf->nulls;
    c->max_depth = conf->max_depth;
    c->max_reply = conf->max_reply;
    if (b24_cache_open(&c->cache, conf, &fault)) return 1;
    /* A user without a home, of a service or container: as the limiter counts alone, so it is asked
     * alone. */
    return strcmp(fault.code, "NO_RUNTIME_DIR") == 0 ? 0 : b24L_push_fault(L, &fault, METHOD);
}

/* codec.cache(conf [, spent [, since]]) -> cache | nil: the conf wants none | nil, message, info:
   there is no place for one. spent: seconds of conf's timeout that are over already; since: seconds
   since 1970, to have an answer from then on, whatever the conf wants */
static int codec_cache(lua_State *L) {
    lua_Number since = luaL_optnumber(L, 3, 0);
    bool given = since > 0 && since < 1e12;
    return b24L_cache(L, 1, b24L_to_spent(L, 2), given ? b24_to_ms(since) : 0);
}

/* codec.wall() -> seconds since 1970, as entries are stored by */
static int codec_wall(lua_State *L) {
    lua_pushnumber(L, b24_to_seconds(b24_cache_now()));
    return 1;
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

/* By which the entry counts. */
static int64_t time_of(const struct lua_cache *c) {
    return c->exact && c->entry.stored != 0 ? c->entry.asked : c->entry.stored;
}

/* [0, +2] The entry's counters and their age in seconds; nil, nil when there is none. */
static int push_entry(lua_State *L, struct lua_cache *c, int64_t now) {
    if (c->counters != NULL && c->entry.stored <= now &&
        b24L_push_counters(L, c->counters, c->nulls)) {
        lua_pushnumber(L, b24_to_seconds(now - c->entry.stored));
    } else {
        lua_pushnil(L);
        lua_pushnil(L);
    }
    forget_tree(c);
    return 2;
}

enum b24_cache_step b24L_cache_step(lua_State *L, int index) {
    struct lua_cache *c = check(L, index);
    look(c);
    enum b24_cache_step step = b24_cache_decide(&c->call, time_of(c), b24_cache_now(), false);
    if (step == B24_CACHE_WAIT && b24_cache_claim(&c->cache)) {
        look(c); /* somebody may have stored one just before we had the claim */
        step = b24_cache_decide(&c->call, time_of(c), b24_cache_now(), true);
        if (step == B24_CACHE_HIT) b24_cache_release(&c->cache);
    }
    c->asked = b24_cache_now();
    push_entry(L, c, c->asked);
    step = b24_cache_settle(&c->call, step, !lua_isnil(L, -1), b24_clock());
    if (step == B24_CACHE_STALE) b24_cache_release(&c->cache);
    return step;
}

b24_ms b24L_cache_pause(lua_State *L, int index) { return check(L, index)->call.pause; }

b24_ms b24L_cache_spent(lua_State *L, int index) {
    const struct lua_cache *c = check(L, index);
    return c->timeout - (c->call.deadline - b24_clock());
}

/* [-2, +3] The counters and their age on top, as the result of a call; `reason`: why they are old,
 * or NULL. */
static int push_answer(lua_State *L, const char *reason) {
    lua_createtable(L, 0, 8);
    b24L_set_text(L, -1, "method", METHOD);
    b24L_set_count(L, -1, "attempts", 0);
    b24L_set_count(L, -1, "waited", 0);
    b24L_set_count(L, -1, "elapsed", 0);
    b24L_set_count(L, -1, "age", lua_tonumber(L, -2));
    b24L_set_flag(L, -1, "stale", reason != NULL);
    b24L_set_text(L, -1, "stale_because", reason);
    lua_pushnil(L);
    lua_replace(L, -3); /* in the place of the age */
    return 3;
}

int b24L_cache_finish(lua_State *L, int index, enum b24_cache_step step) {
    struct lua_cache *c = check(L, index);
    struct b24_fault fault;
    if (step == B24_CACHE_HIT) return push_answer(L, NULL);
    if (step == B24_CACHE_STALE) return push_answer(L, c->call.reason);
    lua_pop(L, 2);
    if (step == B24_CACHE_LATE)
        b24_fail(&fault, B24_TIMEOUT, "TIMEOUT",
                 "Repeat the call, or give it more time with timeout (seconds).",
                 "another process of yours has been asking the portal all the time");
    else b24_fail(&fault, B24_CLOSED, "CANCELLED", NULL, "the call was cancelled");
    return b24L_push_fault(L, &fault, METHOD);
}

/* [0, +1] The member `name` of the info table on top, which leaves it. */
static const char *take_body(lua_State *L, size_t *n) {
    lua_getfield(L, -1, "body");
    lua_pushnil(L);
    lua_setfield(L, -3, "body");
    return lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, n) : NULL;
}

/* [0, +2] Old counters and their age in place of the failure whose info table is at `info`; or
   [0, 0] and false. */
static bool push_instead(lua_State *L, struct lua_cache *c, int info) {
    lua_getfield(L, info, "kind");
    const char *kind = lua_tostring(L, -1);
    bool forgiven = kind != NULL && b24_cache_forgives(&c->call, kind);
    lua_pop(L, 1);
    if (!forgiven) return false;
    look(c); /* the claim kept it as it was */
    push_entry(L, c, b24_cache_now());
    if (!lua_isnil(L, -1)) return true;
    lua_pop(L, 2);
    return false;
}

/* The reply is kept as the portal wrote it: another conf may want its nulls, or less depth, and
   must get what it would get from the portal. */
int b24L_cache_asked(lua_State *L, int index) {
    struct lua_cache *c = check(L, index);
    int info = lua_gettop(L), counters = info - 2;
    struct b24_view body = {NULL, 0};
    luaL_checktype(L, info, LUA_TTABLE);
    body.p = take_body(L, &body.n);
    bool good = !lua_isnil(L, counters);
    bool instead = !good && push_instead(L, c, info);
    if (good && body.p != NULL) b24_cache_store(&c->cache, body, c->asked, b24_cache_now());
    b24_cache_release(&c->cache);
    if (instead) return push_answer(L, lua_tostring(L, counters + 1));
    lua_settop(L, info);
    return 3;
}

void b24L_cache_release(lua_State *L, int index) { b24_cache_release(&check(L, index)->cache); }

/* ------------------------------------------------------------ the same for hosts in Lua */

static const char *const step_names[] = {
#define X(constant, name) name,
    B24_CACHE_STEPS(X)
#undef X
        "cancelled",
    NULL};

/* cache:step() -> step, counters, age, seconds of a "wait": what to do, and what there is, fresh or
 * not */
static int cache_step(lua_State *L) {
    lua_settop(L, 1);
    enum b24_cache_step step = b24L_cache_step(L, 1);
    lua_pushstring(L, step_names[step]);
    lua_insert(L, 2);
    if (step != B24_CACHE_WAIT) return 3;
    lua_pushnumber(L, b24_to_seconds(b24L_cache_pause(L, 1)));
    return 4;
}

/* cache:spent() -> seconds of the conf's timeout that are over */
static int cache_spent(lua_State *L) {
    lua_pushnumber(L, b24_to_seconds(b24L_cache_spent(L, 1)));
    return 1;
}

/* cache:finish(step, counters, age) -> counters, err, info: of what step() returned, or "cancelled"
 */
static int cache_finish(lua_State *L) {
    enum b24_cache_step step = (enum b24_cache_step)luaL_checkoption(L, 2, NULL, step_names);
    lua_settop(L, 4);
    return b24L_cache_finish(L, 1, step);
}

/* cache:asked(counters, err, info) -> counters, err, info: the portal has answered a call of the
   shape "kept"; the entry's counters in its place, if they are better than nothing */
static int cache_asked(lua_State *L) {
    lua_settop(L, 4);
    return b24L_cache_asked(L, 1);
}

/* cache:peek() -> counters, age | nil: a hit, without a claim on anything */
static int cache_peek(lua_State *L) {
    struct lua_cache *c = check(L, 1);
    look(c);
    enum b24_cache_step step = b24_cache_decide(&c->call, time_of(c), b24_cache_now(), false);
    return step == B24_CACHE_HIT ? push_entry(L, c, b24_cache_now()) : 0;
}

/* cache:store(reply) -> boolean; info.body of a call of the shape "kept" */
static int cache_store(lua_State *L) {
    struct lua_cache *c = check(L, 1);
    struct b24_view json;
    json.p = luaL_checklstring(L, 2, &json.n);
    lua_pushboolean(L, b24_cache_store(&c->cache, json, c->asked, b24_cache_now()));
    return 1;
}

/* cache:release() */
static int cache_release(lua_State *L) {
    b24L_cache_release(L, 1);
    return 0;
}

void b24L_nap(b24_ms duration) { (void)poll(NULL, 0, (int)duration); }

/* codec.nap(seconds): blocks; a signal ends it early, so that Ctrl-C is heard */
static int codec_nap(lua_State *L) {
    b24L_nap(b24_to_ms(luaL_checknumber(L, 1)));
    return 0;
}

void b24L_open_cache(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"step", cache_step},       {"peek", cache_peek},     {"store", cache_store},
        {"release", cache_release}, {"finish", cache_finish}, {"asked", cache_asked},
        {"spent", cache_spent},     {"__gc", cache_gc},       {NULL, NULL}};
    b24L_newtype(L, CACHE_TYPE);
    b24L_setfuncs(L, methods);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    lua_pushcfunction(L, codec_cache);
    lua_setfield(L, -2, "cache");
    lua_pushcfunction(L, codec_wall);
    lua_setfield(L, -2, "wall");
    lua_pushcfunction(L, codec_nap);
    lua_setfield(L, -2, "nap");
}
