/* b24.core: b24.codec plus the blocking calls over libcurl. */
#include "base/process.h"
#include "curl/facts.h"
#include "curl/transfer.h"
#include "lua/binding.h"
#include "lua/cache.h"
#include "lua/call_object.h"
#include "lua/engine.h"
#include "lua/interrupt.h"
#include "os/keep_loaded.h"

/* ------------------------------------------------------------ the kept handle: one for each Lua
 * state */

#define TRANSFER_TYPE "b24.transfer " B24_VERSION

struct kept {
    struct b24_transfer *transfer;
};

static int kept_gc(lua_State *L) {
    struct kept *k = luaL_checkudata(L, 1, TRANSFER_TYPE);
    /* A forked child abandons the parent's handle; see transfer.h. */
    if (k->transfer != NULL && b24_transfer_usable(k->transfer)) b24_transfer_free(k->transfer);
    k->transfer = NULL;
    return 0;
}

/* NULL: libcurl could not start. */
static struct b24_transfer *transfer(lua_State *L) {
    struct kept *k = lua_touserdata(L, lua_upvalueindex(1));
    if (k->transfer != NULL && !b24_transfer_usable(k->transfer)) k->transfer = NULL;
    if (k->transfer == NULL) k->transfer = b24_transfer_new();
    return k->transfer;
}

/* ------------------------------------------------------------ the loop */

/* Carries out what the call object on top of the stack asks for, until it is done. */
static const struct b24_outcome *perform(lua_State *L, struct b24L_call *c,
                                         struct b24_transfer *t) {
    struct b24L_interrupt watch = b24L_watch_hooks(L);
    struct b24_interrupt interrupt = {b24L_hook_changed, &watch};
    struct b24_event event = {.type = B24_GO};
    int call = lua_gettop(L);
    for (;;) {
        struct b24_action a = b24L_step(L, call, &event, b24_clock());
        switch (a.type) {
        case B24_SEND: b24_transfer_send(t, c->conf, a.as.send, &interrupt, &event); break;
        case B24_SLEEP:
            b24_transfer_sleep(t, a.as.sleep, &interrupt);
            event.type = b24L_hook_changed(&watch) ? B24_CANCEL : B24_WOKE;
            break;
        case B24_ASK: b24L_ask(L, call, &a, &event); break;
        case B24_DONE: return a.as.done;
        default: event.type = B24_CANCEL; /* cannot happen: this loop answers what was asked */
        }
    }
}

/* [0, +3] The call object on top, from its first event to its result; its call stays. */
static int carry_out(lua_State *L, struct b24L_call *c) {
    struct b24_fault fault;
    struct b24_transfer *t = transfer(L);
    if (t == NULL) {
        b24_fail(&fault, B24_NETWORK, "CURL_FAILED", NULL, "libcurl cannot start (out of memory?)");
        return b24L_push_fault(L, &fault, c->method);
    }
    int call = lua_gettop(L);
    c->busy = true; /* to the end: each step is ours */
    c->outcome = perform(L, c, t);
    return b24L_push_result(L, call);
}

/* [0, +3] The same, and the call is freed at once: an answer can be megabytes. */
static int perform_top(lua_State *L, struct b24L_call *c) {
    int n = carry_out(L, c);
    b24_call_free(c->call);
    c->call = NULL;
    c->request = NULL;
    c->outcome = NULL;
    return n;
}

static int finish(lua_State *L, const struct b24L_setup *setup) {
    struct b24L_call *c = b24L_new_call(L, setup);
    if (c == NULL) return 3;
    if (setup->idle == 0) return perform_top(L, c);
    int call = lua_gettop(L), n = carry_out(L, c);
    b24L_rest_call(L, call);
    lua_pushvalue(L, call);
    lua_replace(L, setup->idle);
    return n;
}

/* core.perform(call) -> value, nil, info | nil, message, info; a call object of codec.call that
 * nobody has begun */
static int core_perform(lua_State *L) {
    struct b24L_call *c = luaL_checkudata(L, 1, B24_CALL_TYPE);
    luaL_argcheck(L, c->call != NULL, 1, "this call is over");
    luaL_argcheck(L, !c->begun, 1, "this call was begun already"); /* who began it uses it */
    lua_settop(L, 1);
    return perform_top(L, c);
}

/* ------------------------------------------------------------ counters */

/* [0, +3] The portal's answer for the conf object at index 1, whose timeout is `spent` in part. */
static int ask_portal(lua_State *L, enum b24_shape shape, b24_ms spent, int idle) {
    struct b24L_setup setup = {
        .conf = 1, .method = 2, .shape = shape, .spent = spent, .idle = idle, .seed = b24_seed()};
    lua_settop(L, 1);
    lua_pushliteral(L, "im.counters.get");
    return finish(L, &setup);
}

static int ask_kept(lua_State *L) { return ask_portal(L, B24_KEPT, b24L_to_spent(L, 2), 0); }

/* [0, +3] With the claim. What a call throws (Ctrl-C, a lack of memory) must not leave the others
   waiting for it. */
static int ask_for_all(lua_State *L, int cache) {
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushcclosure(L, ask_kept, 1);
    lua_pushvalue(L, 1);
    lua_pushnumber(L, b24_to_seconds(b24L_cache_spent(L, cache)));
    int status = lua_pcall(L, 2, 3, 0);
    if (status == 0) return b24L_cache_asked(L, cache);
    b24L_cache_release(L, cache);
    return lua_error(L);
}

/* [0, +3] The counters of the conf object at index 1 by its cache at index 2. */
static int cached_counters(lua_State *L) {
    struct b24L_interrupt watch = b24L_watch_hooks(L);
    for (;; lua_settop(L, 2)) {
        enum b24_cache_step step = b24L_cache_step(L, 2);
        if (step == B24_CACHE_PLAIN) return ask_portal(L, B24_COUNTERS, b24L_cache_spent(L, 2), 0);
        if (step == B24_CACHE_ASK) return ask_for_all(L, 2);
        if (step == B24_CACHE_WAIT) b24L_nap(b24L_cache_pause(L, 2));
        if (step == B24_CACHE_WAIT && b24L_hook_changed(&watch)) step = B24_CACHE_CANCELLED;
        if (step != B24_CACHE_WAIT) return b24L_cache_finish(L, 2, step);
    }
}

/* core.counters([conf]) -> counters, nil, info | nil, message, info */
static int core_counters(lua_State *L) {
    lua_settop(L, 1);
    if (b24L_to_conf(L, 1) == NULL) {
        lua_pushliteral(L, "im.counters.get");
        lua_setfield(L, -2, "method");
        return 3;
    }
    lua_replace(L, 1);
    switch (b24L_cache(L, 1, 0, 0)) {
    case 0: return ask_portal(L, B24_COUNTERS, 0, lua_upvalueindex(2));
    case 1: return cached_counters(L);
    default: return 3;
    }
}

/* ------------------------------------------------------------ any method */

/* core.call(conf, method [, params [, idempotent [, spent]]]) -> result, nil, info | nil,
 * message, info; spent: seconds of conf's timeout that earlier requests took */
static int core_call(lua_State *L) {
    struct b24L_setup setup = {.conf = 1, .method = 2, .params = 3, .seed = b24_seed()};
    setup.idempotent = b24L_to_idempotent(L, 4);
    setup.spent = b24L_to_spent(L, 5);
    setup.idle = lua_upvalueindex(2);
    lua_settop(L, 3);
    return finish(L, &setup);
}

/* core.batch(conf, step [, spent]) -> {results=, …}, nil, info | nil, message, info; a step of
 * codec.batch */
static int core_batch(lua_State *L) {
    struct b24L_setup setup = {
        .conf = 1, .method = 3, .params = 2, .shape = B24_BATCH, .seed = b24_seed()};
    luaL_checktype(L, 2, LUA_TTABLE);
    setup.spent = b24L_to_spent(L, 3);
    setup.haste = b24L_to_haste(L, 2);
    lua_settop(L, 2);
    lua_getfield(L, 2, "idempotent");
    /* A batch is named "batch": only its plan knows that it does nothing but read. */
    setup.idempotent = lua_toboolean(L, -1) ? B24_IDEMPOTENT : B24_BY_NAME;
    lua_pop(L, 1);
    lua_pushliteral(L, "batch");
    return finish(L, &setup);
}

/* core.versions() -> {b24=, libcurl=, tls=, http2=, trust=, trust_by=}; starts nothing */
static int core_versions(lua_State *L) {
    struct b24_curl_facts facts = b24_curl_facts();
    lua_createtable(L, 0, 5);
    lua_pushliteral(L, B24_VERSION);
    lua_setfield(L, -2, "b24");
    lua_pushstring(L, facts.libcurl);
    lua_setfield(L, -2, "libcurl");
    lua_pushstring(L, facts.tls); /* NULL: nil */
    lua_setfield(L, -2, "tls");
    lua_pushboolean(L, facts.http2);
    lua_setfield(L, -2, "http2");
    lua_pushstring(L, facts.trust);
    lua_setfield(L, -2, "trust");
    lua_pushstring(L, facts.trust_by);
    lua_setfield(L, -2, "trust_by");
    return 1;
}

int luaopen_b24_core(lua_State *L) {
    static const luaL_Reg functions[] = {{"counters", core_counters}, {"call", core_call},
                                         {"batch", core_batch},       {"perform", core_perform},
                                         {"versions", core_versions}, {NULL, NULL}};
    b24_pin((const void *)&functions);
    b24L_open_codec(L);
    b24L_open_type(L, TRANSFER_TYPE, kept_gc, NULL);
    b24L_newobject(L, sizeof(struct kept), TRANSFER_TYPE);
    for (const luaL_Reg *f = functions; f->name != NULL; f++) {
        lua_pushvalue(L, -1);
        lua_pushnil(L); /* an idle call object */
        lua_pushcclosure(L, f->func, 2);
        lua_setfield(L, -3, f->name);
    }
    lua_pop(L, 1);
    b24L_open_engine(L);
    return 1;
}
