/* core.engine() -> engine: requests and sleeps that run in the background; see engine.h. It knows
   no callbacks: who uses it watches engine:pollfd() and asks engine:step(). */
#include "curl/engine.h"
#include "curl/inherit.h"

#include "lua/engine.h"
#include "lua/interrupt.h"

#define ENGINE_TYPE "b24.engine " B24_VERSION

struct lua_engine {
    struct b24_engine *engine; /* NULL: closed */
    int reading;               /* steps under way: what they read must stay */
    bool closed;               /* engine:close() was called meanwhile */
};

static bool open(const struct lua_engine *box) { return box->engine != NULL && !box->closed; }

static struct b24_engine *check(lua_State *L) {
    const struct lua_engine *box = luaL_checkudata(L, 1, ENGINE_TYPE);
    if (!open(box)) luaL_error(L, "b24: the engine was closed");
    if (!b24_engine_usable(box->engine))
        luaL_error(L, "b24: the engine belongs to the parent process");
    return box->engine;
}

static int no_memory(lua_State *L) {
    return luaL_error(L, "b24: the engine has no memory or no thread for more");
}

/* core.engine() -> engine; throws when there is no memory or no descriptor for it */
static int core_engine(lua_State *L) {
    struct lua_engine *box = b24L_newobject(L, sizeof *box, ENGINE_TYPE);
    box->engine = b24_engine_new();
    if (box->engine == NULL)
        return luaL_error(L, b24_out_of_files() ? "b24: too many open files for an engine"
                                                : "b24: no memory for an engine");
    return 1;
}

static int push_job(lua_State *L, b24_job job) {
    if (job == 0) return no_memory(L);
    lua_pushnumber(L, (lua_Number)job);
    return 1;
}

/* [0, 0] What a call or a live channel wants to be sent. */
static const struct b24_request *to_request(lua_State *L, const struct b24_conf **conf) {
    if (b24L_testudata(L, 2, B24_LIVE_TYPE) != NULL) return b24L_live_request(L, 2, conf);
    const struct b24L_call *c = luaL_checkudata(L, 2, B24_CALL_TYPE);
    *conf = c->conf;
    return c->request;
}

/* engine:add(call) -> id: sends the request that call:next has just asked for, or live:next. Ids
 * are never used twice. */
static int engine_add(lua_State *L) {
    struct b24_engine *e = check(L);
    const struct b24_conf *conf;
    const struct b24_request *request = to_request(L, &conf);
    luaL_argcheck(L, request != NULL, 2, "this call has nothing to send now");
    return push_job(L, b24_engine_send(e, conf, request));
}

/* engine:sleep(seconds) -> id: time in which the machine is suspended counts, too. */
static int engine_sleep(lua_State *L) {
    struct b24_engine *e = check(L);
    lua_Number seconds = luaL_checknumber(L, 2);
    luaL_argcheck(L, seconds >= 0 && seconds <= 1e9, 2, "seconds expected");
    return push_job(L, b24_engine_sleep(e, b24_to_ms(seconds)));
}

static void set_view(lua_State *L, const char *name, struct b24_view v) {
    lua_pushlstring(L, v.p, v.n);
    lua_setfield(L, -2, name);
}

/* [0, +1] As call:next takes it. */
static void push_reply(lua_State *L, const struct b24_reply *r) {
    lua_createtable(L, 0, 8);
    b24L_set_count(L, -1, "status", r->status);
    if (r->http_version > 0) b24L_set_count(L, -1, "http_version", r->http_version / 10.0);
    b24L_set_flag(L, -1, "reused", r->reused);
    set_view(L, "body", r->body);
    set_view(L, "content_type", r->content_type);
    set_view(L, "location", r->location);
    set_view(L, "retry_after", r->retry_after);
    set_view(L, "date", r->date);
    if (r->last_message_id.n > 0) set_view(L, "last_message_id", r->last_message_id);
    if (r->expires.n > 0) set_view(L, "expires", r->expires);
}

static void push_failure(lua_State *L, const struct b24_failure *f) {
    lua_createtable(L, 0, 5);
    b24L_set_text(L, -1, "kind", b24_kind_name(f->kind));
    b24L_set_text(L, -1, "code", f->code);
    b24L_set_text(L, -1, "hint", f->hint);
    b24L_set_flag(L, -1, "sent", f->sent);
    set_view(L, "message", f->text);
}

/* event, data for the struct b24_event in the argument */
static int push_event(lua_State *L) {
    const struct b24_event *event = lua_touserdata(L, 1);
    lua_pushstring(L, b24_event_name(event->type));
    if (event->type == B24_REPLY) push_reply(L, &event->as.reply);
    else if (event->type == B24_FAILED) push_failure(L, &event->as.failed);
    else lua_pushnil(L);
    return 2;
}

static void close_engine(struct lua_engine *box) {
    struct b24_engine *e = box->engine;
    box->closed = true;
    if (box->reading > 0) return; /* the step does it */
    box->engine = NULL;
    b24_engine_free(e);
}

/* engine:step() -> id, event, data: one job that is done, or nothing. The event is "woke", "reply"
   or "failed"; it and data are what call:next takes. A lack of memory loses nothing: ask again.
   While these are made a finaliser may run, and take, cancel or close as it likes. So the job is in
   no list then, and what it holds stays until they are made. */
static int engine_step(lua_State *L) {
    struct b24_engine *e = check(L);
    struct lua_engine *box = lua_touserdata(L, 1);
    b24_job job = 0;
    lua_settop(L, 1);
    lua_pushcfunction(L, push_event); /* before the job is taken: in Lua 5.1 it needs memory */
    const struct b24_event *event = b24_engine_take(e, &job);
    if (event == NULL) return 0;
    box->reading++;
    lua_pushnumber(L, (lua_Number)job);
    lua_insert(L, -2);
    lua_pushlightuserdata(L, (void *)event);
    int status = lua_pcall(L, 1, 2, 0);
    box->reading--;
    bool wanted = status == 0 && b24_engine_drop(e, job);
    if (status != 0) b24_engine_put_back(e, job);
    if (box->closed) close_engine(box);
    if (status != 0) return lua_error(L);
    if (wanted) return 3;
    return open(box) ? engine_step(L) : 0;
}

/* engine:pollfd() -> descriptor: readable while engine:step() has something. */
static int engine_pollfd(lua_State *L) {
    lua_pushinteger(L, b24_engine_fd(check(L)));
    return 1;
}

/* engine:running() -> how many jobs engine:step() will still tell of; at 0 nobody need watch the
 * descriptor. */
static int engine_running(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)b24_engine_running(check(L)));
    return 1;
}

/* engine:wait(seconds) -> true: engine:step() has something; false: not within that time. Ctrl-C
 * ends it. */
static int engine_wait(lua_State *L) {
    struct b24_engine *e = check(L);
    lua_Number seconds = luaL_checknumber(L, 2);
    luaL_argcheck(L, seconds >= 0, 2, "seconds expected");
    struct b24L_interrupt hooks = b24L_watch_hooks(L);
    struct b24_interrupt interrupt = {b24L_hook_changed, &hooks};
    lua_pushboolean(
        L, b24_engine_wait(e, seconds < 1e9 ? b24_to_ms(seconds) : (b24_ms)1e12, &interrupt));
    return 1;
}

/* engine:cancel(id) -> true; false: it is over already. Nothing more is heard of that job. */
static int engine_cancel(lua_State *L) {
    struct b24_engine *e = check(L);
    lua_Number id = luaL_checknumber(L, 2);
    luaL_argcheck(L, id >= 0 && id < B24_EXACT_MAX, 2,
                  "an id of engine:add or engine:sleep expected");
    lua_pushboolean(L, b24_engine_cancel(e, (b24_job)id));
    return 1;
}

/* engine:usable() -> false once it is closed, and in a forked child */
static int engine_usable(lua_State *L) {
    const struct lua_engine *box = luaL_checkudata(L, 1, ENGINE_TYPE);
    lua_pushboolean(L, open(box) && b24_engine_usable(box->engine));
    return 1;
}

/* engine:close(): gives everything up; may be called again */
static int engine_close(lua_State *L) {
    close_engine(luaL_checkudata(L, 1, ENGINE_TYPE));
    return 0;
}

static int engine_tostring(lua_State *L) {
    const struct lua_engine *box = luaL_checkudata(L, 1, ENGINE_TYPE);
    if (!open(box)) lua_pushliteral(L, "b24.engine (closed)");
    else lua_pushfstring(L, "b24.engine (%d running)", (int)b24_engine_running(box->engine));
    return 1;
}

void b24L_open_engine(lua_State *L) {
    static const luaL_Reg meta[] = {{"__gc", engine_close},
                                    {"__close", engine_close},
                                    {"__tostring", engine_tostring},
                                    {NULL, NULL}};
    static const luaL_Reg methods[] = {{"add", engine_add},         {"sleep", engine_sleep},
                                       {"step", engine_step},       {"pollfd", engine_pollfd},
                                       {"running", engine_running}, {"wait", engine_wait},
                                       {"cancel", engine_cancel},   {"usable", engine_usable},
                                       {"close", engine_close},     {NULL, NULL}};
    b24L_newtype(L, ENGINE_TYPE);
    b24L_setfuncs(L, meta);
    lua_newtable(L);
    b24L_setfuncs(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "b24.engine");
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
    lua_pushcfunction(L, core_engine);
    lua_setfield(L, -2, "engine");
}
