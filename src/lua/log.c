/* The user's own functions in a conf: log, and a limiter for a fleet behind one address. */
#include "lua/binding.h"

/* [0, 0] Into the event on top; an empty text is none. */
static void set_string(lua_State *L, const char *name, const char *value) {
    if (value != NULL && value[0] != '\0') b24L_set_text(L, -1, name, value);
}

/* [0, +1] {event=, method=, portal=} */
static void new_event(lua_State *L, const struct b24L_call *c, const char *name) {
    lua_createtable(L, 0, 8);
    set_string(L, "event", name);
    set_string(L, "method", c->method);
    set_string(L, "portal", c->conf->origin);
}

/* Of the registry: how many logs are being called. A log is told of the calls that it makes, but
   not of those that it makes then: there would be no end of them. */
#define DEPTH_KEY "b24.log_depth " B24_VERSION
#define DEPTH_MAX 2

static int depth(lua_State *L) {
    lua_getfield(L, LUA_REGISTRYINDEX, DEPTH_KEY);
    int n = (int)lua_tonumber(L, -1);
    lua_pop(L, 1);
    return n;
}

static void set_depth(lua_State *L, int n) {
    lua_pushnumber(L, n);
    lua_setfield(L, LUA_REGISTRYINDEX, DEPTH_KEY);
}

/* [-1, 0] Keeps the first error of the log for the info of the call. */
static void keep_error(lua_State *L, int call) {
    b24L_getuservalue(L, call);
    lua_rawgeti(L, -1, B24_CALL_LOG_ERROR);
    bool first = lua_isnil(L, -1);
    lua_pop(L, 1);
    if (lua_type(L, -2) == LUA_TSTRING) lua_pushvalue(L, -2);
    else lua_pushfstring(L, "an error that is a %s", luaL_typename(L, -2));
    if (first) lua_rawseti(L, -2, B24_CALL_LOG_ERROR);
    else lua_pop(L, 1);
    lua_pop(L, 2);
}

/* [-1, 0] Calls conf.log with the event on top. A log that throws must not break the call that it
 * watches. */
static void send_event(lua_State *L, int call) {
    int before = depth(L);
    if (before == DEPTH_MAX) {
        lua_pop(L, 1);
        return;
    }
    b24L_push_kept(L, call, B24_KEEP_LOG);
    lua_insert(L, -2);
    set_depth(L, before + 1);
    int status = lua_pcall(L, 1, 0, 0);
    set_depth(L, before);
    b24L_check_pcall(L, status);
    if (status != 0) keep_error(L, call);
}

static void push_note(lua_State *L, const struct b24L_call *c, const struct b24_note *n) {
    new_event(L, c, n->event);
    set_string(L, "reason", n->reason);
    set_string(L, "code", n->code);
    set_string(L, "message", n->text);
    b24L_set_count(L, -1, "attempt", n->attempt);
    if (n->wait != B24_NO_MS) b24L_set_count(L, -1, "seconds", b24_to_seconds(n->wait));
    if (n->status > 0) b24L_set_count(L, -1, "status", n->status);
}

void b24L_push_log_event(lua_State *L, int call) {
    struct b24L_call *c = lua_touserdata(L, call);
    luaL_checkstack(L, 10, "log");
    const char *trouble = b24L_limiter_trouble(c->portal, c->own_limits);
    if (!c->told && trouble != NULL) {
        c->told = true;
        new_event(L, c, "degraded");
        set_string(L, "reason", "limiter");
        set_string(L, "message", trouble);
        return;
    }
    const struct b24_note *n = b24_call_note(c->call);
    if (n == NULL) {
        lua_pushnil(L);
        return;
    }
    struct b24_note note = *n; /* a finaliser might ask the call for its next step */
    push_note(L, c, &note);
}

void b24L_tell_log(lua_State *L, int call) {
    for (;;) {
        b24L_push_log_event(L, call);
        if (lua_isnil(L, -1)) break;
        send_event(L, call);
    }
    lua_pop(L, 1);
}

/* The results of limiter.reserve on top (two): seconds | nil or false [, seconds]. */
static void read_answer(lua_State *L, struct b24_event *event) {
    lua_Number first = lua_tonumber(L, -2), second = lua_tonumber(L, -1);
    bool refused = !lua_toboolean(L, -2);
    lua_Number seconds = refused ? second : first;
    bool number = lua_type(L, refused ? -1 : -2) == LUA_TNUMBER && seconds >= 0 && seconds <= 1e6;
    event->as.answer.verdict = refused ? B24_REFUSED : number ? B24_GRANTED : B24_BROKEN;
    event->as.answer.wait = number ? b24_to_ms(seconds) : B24_NO_MS;
}

static void ask_limiter(lua_State *L, int call, const struct b24_action *ask,
                        struct b24_event *event) {
    const struct b24L_call *c = lua_touserdata(L, call);
    int top = lua_gettop(L);
    luaL_checkstack(L, 6, "limiter");
    event->type = B24_ANSWER;
    event->as.answer.verdict = B24_BROKEN;
    event->as.answer.wait = B24_NO_MS;
    b24L_push_kept(L, call,
                   ask->as.ask.question == B24_RESERVE ? B24_KEEP_RESERVE : B24_KEEP_PENALISE);
    lua_pushstring(L, b24_call_origin(c->call));
    lua_pushnumber(L, b24_to_seconds(ask->as.ask.time));
    int status = lua_isnil(L, -3) ? 0 : lua_pcall(L, 2, 2, 0);
    b24L_check_pcall(L, status);
    if (status == 0 && ask->as.ask.question == B24_RESERVE) read_answer(L, event);
    lua_settop(L, top);
}

void b24L_ask(lua_State *L, int call, const struct b24_action *ask, struct b24_event *event) {
    bool limiter = ask->as.ask.question == B24_RESERVE || ask->as.ask.question == B24_PENALISE;
    if (limiter) ask_limiter(L, call, ask, event);
    else b24L_ask_user(L, call, ask, event);
}
