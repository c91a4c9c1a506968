/* A call object: the state machine of call.h as Lua sees it, for hosts that wait in their own way
 * and for specs. */
#include <string.h>

#include "base/process.h"
#include "lua/call_object.h"
#include "lua/file.h"

static struct b24L_call *check_call(lua_State *L) {
    struct b24L_call *c = luaL_checkudata(L, 1, B24_CALL_TYPE);
    if (c->call == NULL) luaL_error(L, "b24: this call was never started");
    return c;
}

#define PARAMS_MAX (64u << 20) /* bytes of a request body; portals refuse far smaller ones */
/* Bytes of a body with files: what Bitrix24's cloud takes, by its documentation. */
#define UPLOAD_MAX ((uint64_t)2 << 30)

/* params of a batch: a step of codec.batch, whose body is ready. */
static void batch_body(lua_State *L, struct b24L_call *c, int params) {
    size_t n;
    luaL_checktype(L, params, LUA_TTABLE);
    lua_getfield(L, params, "body");
    const char *body = luaL_checklstring(L, -1, &n);
    if (!b24_buffer_add(&c->params, body, n))
        luaL_error(L, "b24: the batch does not fit into memory");
    lua_pop(L, 1);
    b24L_getuservalue(L, -1);
    lua_getfield(L, params, "names");
    lua_rawseti(L, -2, B24_CALL_NAMES);
    lua_pop(L, 1);
}

/* False: `fault` of a file. */
static bool encode_table(lua_State *L, struct b24L_call *c, const struct b24L_setup *s,
                         struct b24_fault *fault) {
    fault->kind = B24_OK;
    if (!s->bare && (c->files = b24_files_new()) == NULL)
        return b24_fail(fault, B24_CONFIG, "OUT_OF_MEMORY", NULL, "out of memory");
    const char *wrong = b24L_encode_body(L, s->params, &c->params, c->files, fault);
    if (fault->kind != B24_OK) return false;
    if (wrong != NULL) b24L_throw(L, "a parameter %s", wrong);
    if (b24_body_length(b24_buffer_view(&c->params), c->files) > UPLOAD_MAX)
        return b24_fail(fault, B24_CONFIG, "FILE_TOO_LARGE", NULL,
                        "the request would be larger than the 2 GB that Bitrix24 takes (Base64 "
                        "adds a third)");
    return true;
}

/* What is wrong with the parameters is the caller's mistake, so it is thrown. */
static bool encode(lua_State *L, struct b24L_call *c, const struct b24L_setup *s,
                   struct b24_fault *fault) {
    b24_buffer_init(&c->params, PARAMS_MAX);
    if (s->params == 0 || lua_isnoneornil(L, s->params)) return true;
    if (c->shape == B24_BATCH) {
        batch_body(L, c, s->params);
        return true;
    }
    if (!lua_istable(L, s->params))
        b24L_throw(L, "params must be a table, not a %s", luaL_typename(L, s->params));
    return encode_table(L, c, s, fault);
}

static void drop_body(struct b24L_call *c) {
    b24_buffer_free(&c->params);
    b24_files_drop(c->files);
    c->files = NULL;
}

static bool bad_method(const char *what, struct b24_fault *fault) {
    return b24_fail(fault, B24_CONFIG, "BAD_METHOD", "A method is a name such as im.counters.get.",
                    "the method name is unusable: %s", what);
}

static struct b24L_call *refused(lua_State *L, const struct b24_fault *fault, const char *method) {
    b24L_push_fault(L, fault, method);
    return NULL;
}

/* [0, 0] The call object at `call` talks to `origin` from now on, and keeps the portal there. */
static void use_portal(lua_State *L, int call, const char *origin) {
    struct b24L_call *c = lua_touserdata(L, call);
    b24L_getuservalue(L, call);
    c->portal = b24L_push_portal(L, c->conf, origin);
    lua_rawseti(L, -2, B24_CALL_PORTAL);
    lua_pop(L, 1);
}

/* NULL: no memory. */
static struct b24_call *start(lua_State *L, struct b24L_call *c, const struct b24L_setup *s,
                              int conf) {
    struct b24_call_setup setup = {.method = {c->method, strlen(c->method)},
                                   .seed = s->seed,
                                   .idempotent = s->idempotent,
                                   .haste = s->haste,
                                   .spent = s->spent,
                                   .pause = s->pause,
                                   .bare = s->bare};
    if (c->own_limits != NULL) setup.own = &c->own_limits->keeper;
    setup.keep = c->shape == B24_KEPT || c->shape == B24_TEXT;
    struct b24_conf *mine = lua_touserdata(L, conf);
    setup.as_text = c->shape == B24_PLAIN;
    setup.as_parts = c->shape == B24_BATCH;
    if (c->portal != NULL) setup.moved_origin = mine->moved_origin;
    setup.renewable = mine;
    setup.body = b24_buffer_view(&c->params);
    if (c->files != NULL && c->files->count > 0) setup.files = c->files;
    setup.spare = c->spare;
    c->spare = NULL;
    return b24_call_new(c->conf, c->portal != NULL ? &c->portal->portal : &c->own, &setup);
}

struct b24L_call *b24L_new_call(lua_State *L, const struct b24L_setup *s) {
    struct b24_fault fault;
    struct b24_view name;
    if (lua_type(L, s->method) != LUA_TSTRING)
        b24L_throw(L, "method must be a string, not a %s", luaL_typename(L, s->method));
    name.p = lua_tolstring(L, s->method, &name.n);
    const char *wrong = b24_method_problem(name);
    const struct b24_conf *conf = b24L_to_conf(L, s->conf);
    if (conf == NULL) {
        if (wrong == NULL) lua_pushvalue(L, s->method); /* info.method */
        if (wrong == NULL) lua_setfield(L, -2, "method");
        return NULL;
    }
    int conf_index = lua_gettop(L);
    if (wrong != NULL) {
        bad_method(wrong, &fault);
        return refused(L, &fault, NULL);
    }
    struct b24L_portal *portal = s->bare ? NULL : b24L_find_portal(L, conf_index);
    struct b24_limiter_file *own_limits = s->bare ? NULL : b24L_find_own(L, conf_index);
    struct b24L_call *c = b24L_push_call(L, s);
    b24L_keep_conf(L, conf_index);
    if (s->bare) b24_portal_init(&c->own);
    c->conf = conf;
    c->portal = portal;
    c->own_limits = own_limits;
    c->shape = s->shape;
    memcpy(c->method, name.p, name.n + 1);
    b24L_getuservalue(L, conf_index);
    lua_rawgeti(L, -1, B24_KEEP_LOG);
    c->logs = !lua_isnil(L, -1) && !s->bare;
    lua_pop(L, 2);
    if (portal != NULL && conf->moved_origin[0] != '\0')
        use_portal(L, lua_gettop(L), conf->moved_origin);
    bool encoded = encode(L, c, s, &fault);
    if (encoded) c->call = start(L, c, s, conf_index);
    drop_body(c);
    if (c->call != NULL) return c;
    if (encoded) b24_fail(&fault, B24_CONFIG, "OUT_OF_MEMORY", NULL, "out of memory");
    return refused(L, &fault, c->method);
}

enum b24_idempotent b24L_to_idempotent(lua_State *L, int index) {
    if (lua_isnoneornil(L, index)) return B24_BY_NAME;
    return lua_toboolean(L, index) ? B24_IDEMPOTENT : B24_NOT_IDEMPOTENT;
}

enum b24_haste b24L_to_haste(lua_State *L, int index) {
    lua_getfield(L, index, "bulk");
    enum b24_haste haste = lua_toboolean(L, -1) ? B24_BULK : B24_PROMPT;
    lua_pop(L, 1);
    return haste;
}

b24_ms b24L_to_spent(lua_State *L, int index) {
    lua_Number seconds = lua_tonumber(L, index); /* 0 for nil */
    return seconds > 0 && seconds <= 1e9 ? b24_to_ms(seconds) : 0;
}

struct b24_action b24L_step(lua_State *L, int call, const struct b24_event *event, b24_ms now) {
    static const struct b24_event go = {.type = B24_GO};
    struct b24_event stored;
    struct b24_fault fault;
    struct b24L_call *c = lua_touserdata(L, call);
    c->begun = true;
    for (;;) {
        if (c->portal != NULL) b24L_ready_portal(c->portal, c->own_limits, c->conf);
        struct b24_action action = b24_call_next(c->call, event, now);
        if (action.type == B24_MISUSE) return action;
        c->request = action.type == B24_SEND ? action.as.send : NULL;
        if (c->logs) b24L_tell_log(L, call);
        if (action.type == B24_DONE) b24L_leave_store(c);
        if (action.type == B24_STORE) {
            b24L_use_store(L, c, action.as.store, &stored, &fault);
            event = &stored;
            continue;
        }
        if (action.type != B24_MOVE) return action;
        event = &go;
        use_portal(L, call, action.as.move);
        b24_call_set_portal(c->call, &c->portal->portal);
    }
}

enum b24_shape b24L_check_shape(lua_State *L, int index) {
    static const char *const names[] = {"result", "counters", "batch", "kept", "text", NULL};
    return (enum b24_shape)luaL_checkoption(L, index, "result", names);
}

/* codec.call(conf, method [, params [, "counters" [, {idempotent=, spent=, pause=, bulk=,
   seed=}]]])
   -> call object. spent: seconds of conf's timeout that earlier requests took; pause: wait so long
   first, for the method's computing time; bulk: it is one of many, and leaves room for others in
   the limiter */
int b24L_call(lua_State *L) {
    struct b24L_setup setup = {.conf = 1, .method = 2, .params = 3, .seed = b24_seed()};
    lua_settop(L, 5);
    setup.shape = b24L_check_shape(L, 4);
    if (!lua_isnil(L, 5)) {
        luaL_checktype(L, 5, LUA_TTABLE);
        lua_getfield(L, 5, "idempotent");
        setup.idempotent = b24L_to_idempotent(L, -1);
        lua_getfield(L, 5, "spent");
        setup.spent = b24L_to_spent(L, -1);
        lua_getfield(L, 5, "pause");
        setup.pause = b24L_to_spent(L, -1);
        setup.haste = b24L_to_haste(L, 5);
        lua_getfield(L, 5, "seed");
        if (!lua_isnil(L, -1)) setup.seed = (uint64_t)luaL_checknumber(L, -1);
        lua_settop(L, 5);
    }
    return b24L_new_call(L, &setup) != NULL ? 1 : 3;
}

/* call:next(now, event [, data]) -> action [, payload]; now in seconds of codec.clock() */
static int call_next(lua_State *L) {
    struct b24L_call *c = check_call(L);
    struct b24_event event = {.type = B24_GO};
    lua_Number now = luaL_checknumber(L, 2);
    luaL_argcheck(L, now >= -1e12 && now <= 1e12, 2, "seconds of a clock expected");
    lua_settop(L, 4);
    b24L_read_event(L, c, &event);
    /* What runs meanwhile, a log or a finaliser, must not move what is read here. */
    if (c->busy) return luaL_error(L, "b24: the call is in the middle of a step");
    c->busy = true;
    struct b24_action a = b24L_step(L, 1, &event, b24_to_ms(now));
    if (a.type == B24_MISUSE) c->busy = false;
    if (a.type == B24_MISUSE)
        return luaL_error(L, "b24: event '%s' does not fit what the call waits for",
                          b24_event_name(event.type));
    b24L_push_action(L, c, &a);
    if (a.type == B24_DONE) c->outcome = a.as.done;
    c->busy = false;
    return 2;
}

int b24L_push_result(lua_State *L, int call) {
    const struct b24L_call *c = lua_touserdata(L, call);
    luaL_checkstack(L, 4, "reply");
    if (c->shape == B24_BATCH) {
        b24L_getuservalue(L, call);
        lua_rawgeti(L, -1, B24_CALL_NAMES);
        lua_remove(L, -2);
    }
    int n = b24L_push_outcome(L, c->outcome, c->conf, c->method, c->shape, lua_gettop(L));
    b24L_getuservalue(L, call);
    lua_rawgeti(L, -1, B24_CALL_LOG_ERROR);
    lua_remove(L, -2);
    if (lua_isnil(L, -1)) lua_pop(L, 1);
    else lua_setfield(L, -2, "log_error");
    const char *trouble = b24_call_store_trouble(c->call);
    if (trouble != NULL) b24L_set_text(L, -1, "store_error", trouble);
    return n;
}

/* call:answerer(question) -> the user's function that ASK means, or nil. A host calls it itself: it
 * may wait, too. */
static int call_answerer(lua_State *L) {
    static const char *const questions[] = {
#define X(constant, name) name,
        B24_QUESTIONS(X)
#undef X
            NULL};
    check_call(L);
    int question = luaL_checkoption(L, 2, NULL, questions);
    b24L_push_kept(L, 1, B24_KEEP_RESERVE + question);
    return 1;
}

/* call:log() -> conf.log, or nil: from now on the host tells it what each step did, event by event.
 * It may wait, too.
 */
static int call_log(lua_State *L) {
    struct b24L_call *c = check_call(L);
    if (!c->logs) return 0;
    c->logs = false;
    b24L_push_kept(L, 1, B24_KEEP_LOG);
    return 1;
}

/* call:event() -> what a log may be told next of the last step, {event=, method=, …}; nil: no
   more */
static int call_event(lua_State *L) {
    check_call(L);
    b24L_push_log_event(L, 1);
    return 1;
}

/* call:options() -> {connect_timeout=, max_reply=, …}: what the sender must honour, or refuse
   when it cannot. proxy, ca_file and ca_path are there if they were given; http_version if it must
   be "1.1" or "2"; unshared (words) if the limiter counts in this process alone. */
static int call_options(lua_State *L) {
    static const char *const versions[] = {NULL, "1.1", "2"}; /* by enum b24_http_version */
    const struct b24L_call *c = check_call(L);
    lua_createtable(L, 0, 7);
    lua_pushnumber(L, b24_to_seconds(c->conf->connect_timeout));
    lua_setfield(L, -2, "connect_timeout");
    lua_pushnumber(L, (lua_Number)c->conf->max_reply);
    lua_setfield(L, -2, "max_reply");
    b24L_set_text(L, -1, "proxy", c->conf->proxy);
    b24L_set_text(L, -1, "ca_file", c->conf->ca_file);
    b24L_set_text(L, -1, "ca_path", c->conf->ca_path);
    b24L_set_text(L, -1, "http_version", versions[c->conf->http_version]);
    b24L_set_text(L, -1, "unshared", b24L_limiter_trouble(c->portal, c->own_limits));
    return 1;
}

/* call:result() -> value, err, info */
static int call_result(lua_State *L) {
    struct b24L_call *c = check_call(L);
    if (c->outcome == NULL) return luaL_error(L, "b24: the call is not done yet");
    return b24L_push_result(L, 1);
}

static int call_gc(lua_State *L) {
    struct b24L_call *c = luaL_checkudata(L, 1, B24_CALL_TYPE);
    b24L_leave_store(c);
    b24_call_free(c->call);
    b24_call_free(c->spare);
    drop_body(c);
    c->call = c->spare = NULL;
    c->request = NULL;
    c->outcome = NULL;
    return 0;
}

static int call_tostring(lua_State *L) {
    const struct b24L_call *c = luaL_checkudata(L, 1, B24_CALL_TYPE);
    lua_pushfstring(L, "b24.call (%s)", c->method);
    return 1;
}

void b24L_open_call(lua_State *L) {
    static const luaL_Reg meta[] = {{"__gc", call_gc}, {"__tostring", call_tostring}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"next", call_next}, {"answerer", call_answerer}, {"options", call_options},
        {"log", call_log},   {"event", call_event},       {"result", call_result},
        {NULL, NULL}};
    b24L_newtype(L, B24_CALL_TYPE);
    b24L_setfuncs(L, meta);
    lua_newtable(L);
    b24L_setfuncs(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "b24.call");
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
}
