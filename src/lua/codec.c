/* b24.codec: everything that needs no libcurl. `require "b24"` loads only this; nginx never loads
 * more. */
#include <string.h>

#include "base/clock.h"
#include "lua/binding.h"
#include "lua/cache.h"
#include "lua/decode.h"
#include "lua/file.h"
#include "lua/http.h"
#include "lua/inbox.h"
#include "lua/system.h"
#include "lua/text.h"
#include "rest/conf_options.h"

static struct b24_view check_view(lua_State *L, int index) {
    struct b24_view v;
    v.p = luaL_checklstring(L, index, &v.n);
    return v;
}

#define PLAN_TYPE "b24.plan " B24_VERSION

static int plan_gc(lua_State *L) {
    b24_json_plan_free(luaL_checkudata(L, 1, PLAN_TYPE));
    return 0;
}

static void check_decode_options(lua_State *L) {
    luaL_checktype(L, 2, LUA_TTABLE);
    for (lua_pushnil(L); lua_next(L, 2) != 0; lua_pop(L, 1)) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        if (strcmp(name, "nulls") != 0 && strcmp(name, "max_depth") != 0)
            luaL_error(L, "b24: decode knows the options nulls and max_depth, not '%s'", name);
    }
}

/* codec.decode(json [, {nulls=, max_depth=}]) -> value | nil, message */
static int codec_decode(lua_State *L) {
    struct b24_json_error error;
    struct b24_view text = check_view(L, 1);
    int depth = B24_DEPTH_DEFAULT;
    bool nulls = false;
    lua_settop(L, 2);
    if (!lua_isnil(L, 2)) {
        check_decode_options(L);
        lua_getfield(L, 2, "nulls");
        nulls = lua_toboolean(L, -1);
        lua_getfield(L, 2, "max_depth");
        depth = (int)luaL_optnumber(L, -1, B24_DEPTH_DEFAULT);
        if (depth < 1 || depth > B24_DEPTH_MAX)
            return luaL_error(L, "b24: max_depth must be between 1 and %d", B24_DEPTH_MAX);
    }
    struct b24_json_plan *plan = b24L_newobject(L, sizeof *plan, PLAN_TYPE);
    if (!b24_json_plan(text, depth, plan, &error)) {
        lua_pushnil(L);
        lua_pushfstring(L, "b24: not usable JSON: %s at byte %d", error.what, (int)error.at + 1);
        return 2;
    }
    b24L_push_checked(L, plan->value, plan->sizes, nulls);
    b24_json_plan_free(plan); /* at once, not when the collector gets to it */
    return 1;
}

struct text {
    struct b24_buffer buffer;
};

#define TEXT_TYPE "b24.text " B24_VERSION
#define TEXT_MAX  (64u << 20)

static int text_gc(lua_State *L) {
    struct text *t = luaL_checkudata(L, 1, TEXT_TYPE);
    b24_buffer_free(&t->buffer);
    return 0;
}

/* codec.encode(value) -> JSON; throws */
static int codec_encode(lua_State *L) {
    luaL_checkany(L, 1);
    struct text *t = b24L_newobject(L, sizeof *t, TEXT_TYPE);
    b24_buffer_init(&t->buffer, TEXT_MAX);
    const char *wrong = b24L_encode_params(L, 1, &t->buffer);
    if (wrong != NULL) return b24L_throw(L, "a value %s", wrong);
    lua_pushlstring(L, b24_buffer_view(&t->buffer).p, t->buffer.n);
    b24_buffer_free(&t->buffer);
    return 1;
}

/* codec.conf(conf) -> conf object | nil, message, info */
static int codec_conf(lua_State *L) {
    lua_settop(L, 1);
    return b24L_to_conf(L, 1) != NULL ? 1 : 3;
}

/* codec.request(conf, method [, params]) -> request table | nil, message, info */
static int codec_request(lua_State *L) {
    struct b24_event go = {.type = B24_GO};
    lua_settop(L, 3);
    struct b24L_setup setup = {.conf = 1, .method = 2, .params = 3, .bare = true};
    struct b24L_call *c = b24L_new_call(L, &setup);
    if (c == NULL) return 3;
    b24L_push_request(L, b24_call_next(c->call, &go, 0).as.send);
    return 1;
}

/* codec.reply(conf, method, reply, ["counters"]) -> value, err, info: one final reply, without a
 * call object */
static int codec_reply(lua_State *L) {
    struct b24_event go = {.type = B24_GO}, reply = {.type = B24_REPLY};
    enum b24_shape shape = b24L_check_shape(L, 4);
    luaL_argcheck(L, shape != B24_BATCH, 4, "a batch needs a call object");
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 3);
    lua_pushvalue(L, 3); /* index 4, where b24L_reply_from_table reads */
    struct b24L_setup setup = {.conf = 1, .method = 2, .shape = shape, .bare = true};
    struct b24L_call *c = b24L_new_call(L, &setup);
    if (c == NULL) return 3;
    b24L_reply_from_table(L, &reply.as.reply);
    b24_call_next(c->call, &go, 0);
    struct b24_action a = b24_call_next(c->call, &reply, 0);
    return b24L_push_outcome(L, a.as.done, c->conf, c->method, shape, 0);
}

/* codec.fault(kind, code, message, hint, method) -> nil, message, info: for what the Lua half finds
 * wrong. */
static int codec_fault(lua_State *L) {
    static const enum b24_kind kinds[] = {B24_CLOSED, B24_CONFIG, B24_LIMIT, B24_TIMEOUT,
                                          B24_PORTAL, B24_DECODE, B24_AUTH,  B24_TOO_LARGE};
    struct b24_fault fault;
    const char *kind = luaL_checkstring(L, 1), *code = luaL_checkstring(L, 2),
               *message = luaL_checkstring(L, 3);
    const char *hint = luaL_optstring(L, 4, NULL),
               *method = lua_type(L, 5) == LUA_TSTRING ? lua_tostring(L, 5) : NULL;
    struct b24_view name = {method, method != NULL ? strlen(method) : 0};
    if (b24_method_problem(name) != NULL) method = NULL; /* it may be a URL, given by mistake */
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kind, b24_kind_name(kinds[i])) == 0) {
            b24_fail(&fault, kinds[i], code, hint, "%s", message);
            return b24L_push_fault(L, &fault, method);
        }
    return luaL_argerror(L, 1, "no such kind");
}

/* codec.clock() -> seconds of the monotonic clock that calls and the limiter are timed by */
static int codec_clock(lua_State *L) {
    lua_pushnumber(L, b24_to_seconds(b24_clock()));
    return 1;
}

/* codec.boot_clock() -> the same of a clock that goes on while the machine is suspended */
static int codec_boot_clock(lua_State *L) {
    lua_pushnumber(L, b24_to_seconds(b24_clock_boot()));
    return 1;
}

/* codec.loops() -> list of {name, module, host, told}: B24_LOOPS */
static int codec_loops(lua_State *L) {
    static const struct loop {
        const char *name, *module, *host;
        bool told;
    } loops[] = {
#define X(name, module, host, told) {#name, module, host, told},
        B24_LOOPS(X)
#undef X
    };
    lua_newtable(L);
    for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
        lua_createtable(L, 0, 4);
        lua_pushstring(L, loops[i].name);
        lua_setfield(L, -2, "name");
        lua_pushstring(L, loops[i].module);
        lua_setfield(L, -2, "module");
        if (*loops[i].host != '\0') {
            lua_pushstring(L, loops[i].host);
            lua_setfield(L, -2, "host");
        }
        lua_pushboolean(L, loops[i].told);
        lua_setfield(L, -2, "told");
        lua_rawseti(L, -2, (int)i + 1);
    }
    return 1;
}

static const luaL_Reg functions[] = {
    {"conf", codec_conf},
    {"call", b24L_call},
    {"request", codec_request},
    {"reply", codec_reply},
    {"decode", codec_decode},
    {"encode", codec_encode},
    {"totals", b24L_totals},
    {"badge", b24L_badge},
    {"dialogs", b24L_dialogs},
    {"diff", b24L_diff},
    {"fault", codec_fault},
    {"clock", codec_clock},
    {"boot_clock", codec_boot_clock},
    {"own", b24L_own},
    {"blame", b24L_blame},
    {"options", b24L_options},
    {"batch", b24L_batch},
    {"batch_check", b24L_batch_check},
    {"ref", b24L_ref},
    {"file", b24L_file},
    {"file_size", b24L_file_size},
    {"inbox_questions", b24L_inbox_questions},
    {"inbox_answers", b24L_inbox_answers},
    {"why_parts", b24L_why},
    {"posted", b24L_posted},
    {"same_secret", b24L_same_secret},
    {"loops", codec_loops},
    {"as_counters", b24L_as_counters},
    {"add_cost", b24L_add_cost},
    {NULL, NULL},
};

static void open_cursor(lua_State *L) {
    b24L_open_cursor(L);
    b24L_open_ahead(L);
}

/* What many programs never ask for, by name. `open` registers what belongs to it, in the codec on
   top too, but for `function`. */
static const struct {
    const char *name;
    void (*open)(lua_State *L);
    lua_CFunction function;
} late[] = {
    {"cursor", open_cursor, b24L_cursor},   {"watch", b24L_open_watch, b24L_watch},
    {"live", b24L_open_live, b24L_live},    {"live_share", b24L_open_live_share, b24L_live_share},
    {"inbox", b24L_open_inbox, NULL},       {"messages", b24L_open_inbox, NULL},
    {"date", b24L_open_inbox, NULL},        {"sections", b24L_open_inbox, NULL},
    {"system", b24L_open_system, NULL},     {"http_request", b24L_open_http, NULL},
    {"http_reply", b24L_open_http, NULL},   {"cosocket_failure", b24L_open_http, NULL},
    {"may_yield", b24L_open_http, NULL},    {"neutral", b24L_open_text, NULL},
    {"neutral_json", b24L_open_text, NULL}, {"plain", b24L_open_text, NULL},
    {"readable", b24L_open_text, NULL},     {"parts", b24L_open_text, NULL},
    {"unsent", b24L_open_text, NULL},       {"columns", b24L_open_text, NULL},
    {"cut", b24L_open_text, NULL},
};

/* __index of the codec: the first look at one of these names opens it. */
static int codec_late(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
    luaL_checkstack(L, 10, "codec");
    for (size_t i = 0; i < sizeof late / sizeof *late; i++) {
        if (strcmp(name, late[i].name) != 0) continue;
        lua_settop(L, 1);
        late[i].open(L);
        if (late[i].function != NULL) lua_pushcfunction(L, late[i].function);
        if (late[i].function != NULL) lua_setfield(L, 1, late[i].name);
        lua_pushstring(L, late[i].name);
        lua_rawget(L, 1);
        return 1;
    }
    return 0;
}

void b24L_open_codec(lua_State *L) {
#if LUA_VERSION_NUM >= 502
    luaL_checkversion(L); /* other symbols are missing in other versions; these need not */
#else
    if (lua_pushthread(L)) {
        lua_pushlightuserdata(L, L);
        lua_setfield(L, LUA_REGISTRYINDEX, B24_MAIN_KEY);
    }
    lua_pop(L, 1);
#endif
    b24L_open_conf(L);
    b24L_open_counters(L);
    b24L_open_batch(L);
    b24L_open_file(L);
    b24L_open_body(L);
    b24L_open_portal(L);
    b24L_open_call(L);
    b24L_open_type(L, PLAN_TYPE, plan_gc, NULL);
    b24L_open_type(L, TEXT_TYPE, text_gc, NULL);
    b24L_open_text_type(L); /* inboxes and messages grow in it, too */
    lua_createtable(L, 0, 64);
    b24L_setfuncs(L, functions);
    b24L_open_cache(L);
    b24L_push_null(L);
    lua_setfield(L, -2, "null");
    lua_pushliteral(L, B24_VERSION);
    lua_setfield(L, -2, "_VERSION");
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, codec_late);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}
