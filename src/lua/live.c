/* codec.live(conf) -> live: the user's push channel as a state machine; see rest/live.h. */
#include <string.h>

#include "base/clock.h"
#include "base/process.h"
#include "lua/binding.h"
#include "rest/live.h"

struct lua_live {
    struct b24_live *live;             /* NULL: over */
    const struct b24_conf *conf;       /* kept in the uservalue */
    const struct b24_request *request; /* set while the last action is POLL */
};

/* codec.live(conf [, seed]) -> live | nil, message, info */
int b24L_live(lua_State *L) {
    struct b24_fault fault;
    lua_Number seed = luaL_optnumber(L, 2, 0);
    lua_settop(L, 1);
    const struct b24_conf *conf = b24L_to_conf(L, 1);
    if (conf == NULL) return 3;
    struct lua_live *l = b24L_newobject(L, sizeof *l, B24_LIVE_TYPE);
    lua_createtable(L, 1, 0);
    lua_pushvalue(L, 2);
    lua_rawseti(L, -2, 1);
    b24L_setuservalue(L, -2);
    l->conf = conf;
    l->live = b24_live_new(conf, seed > 0 ? (uint64_t)seed : b24_seed());
    if (l->live != NULL) return 1;
    b24_fail(&fault, B24_CONFIG, "OUT_OF_MEMORY", NULL, "out of memory");
    return b24L_push_fault(L, &fault, NULL);
}

static struct lua_live *check(lua_State *L) {
    struct lua_live *l = luaL_checkudata(L, 1, B24_LIVE_TYPE);
    if (l->live == NULL) luaL_error(L, "b24: this live channel is over");
    return l;
}

const struct b24_request *b24L_live_request(lua_State *L, int index, const struct b24_conf **conf) {
    const struct lua_live *l = lua_touserdata(L, index);
    *conf = l->conf;
    return l->request;
}

/* ------------------------------------------------------------ events and actions */

/* [0, +1] A text member of the table at index 4, which stays on the stack. */
static struct b24_view text_field(lua_State *L, const char *name) {
    struct b24_view v = {"", 0};
    lua_pushstring(L, name);
    lua_rawget(L, 4);
    if (lua_type(L, -1) == LUA_TSTRING) v.p = lua_tolstring(L, -1, &v.n);
    return v;
}

/* [0, +n] The info of a call. */
static void read_refusal(lua_State *L, struct b24_live_event *event) {
    struct b24_view kind = text_field(L, "kind");
    event->as.refused.kind = B24_NETWORK;
    for (int k = B24_CONFIG; k <= B24_CLOSED; k++)
        if (b24_same_text(kind, b24_kind_name((enum b24_kind)k)))
            event->as.refused.kind = (enum b24_kind)k;
    event->as.refused.code = text_field(L, "code");
    event->as.refused.text = text_field(L, "message");
}

/* [0, +n] Its views are good while these values are on the stack. */
static void read_event(lua_State *L, struct b24_live_event *event) {
    const char *name = luaL_checkstring(L, 3);
    bool known = false;
    for (int i = B24_LIVE_GO; i <= B24_LIVE_WOKE; i++)
        if (strcmp(b24_live_event_name((enum b24_live_event_type)i), name) == 0)
            event->type = (enum b24_live_event_type)i, known = true;
    luaL_argcheck(L, known, 3, "no such event of a live channel");
    if (event->type == B24_LIVE_CONFIG) {
        event->as.config.reply.p = luaL_checklstring(L, 4, &event->as.config.reply.n);
        event->as.config.wall = luaL_optnumber(L, 5, b24_clock_wall());
        return;
    }
    if (event->type == B24_LIVE_GO || event->type == B24_LIVE_WOKE) return;
    luaL_checktype(L, 4, LUA_TTABLE);
    luaL_checkstack(L, 16, "live");
    if (event->type == B24_LIVE_REFUSED) read_refusal(L, event);
    else if (event->type == B24_LIVE_REPLY) b24L_reply_from_table(L, &event->as.reply);
    else b24L_failure_from_table(L, &event->as.failed);
}

/* live:next(now, event [, data [, wall]]) -> action, payload, changed, told. Events: "go", "woke",
   "config" (the reply's text), "refused" (an info), "reply", "failed". Actions: "ASK" (a method),
   "POLL" (give it to engine:add), "SLEEP" (seconds). changed: ask for the counters; told:
   live:state() has news. */
static int live_next(lua_State *L) {
    struct lua_live *l = check(L);
    struct b24_live_event event = {.type = B24_LIVE_GO};
    lua_Number now = luaL_checknumber(L, 2);
    luaL_argcheck(L, now >= -1e12 && now <= 1e12, 2, "seconds of a clock expected");
    lua_settop(L, 5);
    read_event(L, &event);
    if (l->live == NULL) return luaL_error(L, "b24: this live channel is over");
    struct b24_live_action a = b24_live_next(l->live, &event, b24_to_ms(now));
    if (a.type == B24_LIVE_MISUSE)
        return luaL_error(L, "b24: event '%s' does not fit what the live channel waits for",
                          b24_live_event_name(event.type));
    l->request = a.type == B24_LIVE_POLL ? a.poll : NULL;
    lua_pushstring(L, b24_live_action_name(a.type));
    if (a.type == B24_LIVE_ASK) lua_pushstring(L, a.method);
    else if (a.type == B24_LIVE_SLEEP) lua_pushnumber(L, b24_to_seconds(a.sleep));
    else lua_pushnumber(L, b24_to_seconds(a.poll->timeout));
    lua_pushboolean(L, a.changed);
    lua_pushboolean(L, a.told);
    return 4;
}

/* live:state() -> {live=, why=, message=, hint=, host=}; live is nil while it is not known */
static int live_state(lua_State *L) {
    const struct lua_live *l = check(L);
    const struct b24_live_state *s = b24_live_state(l->live);
    lua_createtable(L, 0, 5);
    if (s->tried) b24L_set_flag(L, -1, "live", s->on);
    if (s->code[0] != '\0') b24L_set_text(L, -1, "why", s->code);
    if (s->text[0] != '\0') b24L_set_text(L, -1, "message", s->text);
    b24L_set_text(L, -1, "hint", s->hint);
    if (s->origin[0] != '\0') b24L_set_text(L, -1, "host", s->origin);
    return 1;
}

/* live:request() -> the request of POLL as a table, its secret too; nil: none. For specs. */
static int live_request(lua_State *L) {
    const struct lua_live *l = check(L);
    if (l->request == NULL) return 0;
    b24L_push_request(L, l->request);
    return 1;
}

/* live:log() -> conf.log, or nil */
static int live_log(lua_State *L) {
    check(L);
    b24L_getuservalue(L, 1);
    lua_rawgeti(L, -1, 1);
    b24L_getuservalue(L, -1);
    lua_rawgeti(L, -1, B24_KEEP_LOG);
    return 1;
}

static int live_gc(lua_State *L) {
    struct lua_live *l = luaL_checkudata(L, 1, B24_LIVE_TYPE);
    b24_live_free(l->live);
    l->live = NULL;
    l->request = NULL;
    return 0;
}

static int live_tostring(lua_State *L) {
    lua_pushliteral(L, "b24.live");
    return 1;
}

void b24L_open_live(lua_State *L) {
    static const luaL_Reg meta[] = {{"__gc", live_gc}, {"__tostring", live_tostring}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"next", live_next},
                                       {"state", live_state},
                                       {"request", live_request},
                                       {"log", live_log},
                                       {NULL, NULL}};
    b24L_newtype(L, B24_LIVE_TYPE);
    b24L_setfuncs(L, meta);
    lua_newtable(L);
    b24L_setfuncs(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "b24.live");
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
}
