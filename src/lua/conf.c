/* The conf argument: nil, a webhook URL or a table -> a checked struct b24_conf inside a userdata.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/paste.h"
#include "base/url.h"
#include "lua/binding.h"

/* ------------------------------------------------------------ values: bad ones are reported */

static bool bad_value(struct b24_fault *fault, const char *name, const char *what) {
    return b24_fail(fault, B24_CONFIG, "BAD_OPTION", NULL, "option '%s' %s", name, what);
}

/* `unit`: "" or " seconds" */
static bool bad_number(struct b24_fault *fault, const char *name, double low, double high,
                       const char *unit) {
    char from[B24_NUMBER_MAX], to[B24_NUMBER_MAX];
    const char *hint = unit[0] != '\0' ? "Times are in seconds, not milliseconds." : NULL;
    b24_double_text(low, from);
    b24_double_text(high, to);
    return b24_fail(fault, B24_CONFIG, "BAD_OPTION", hint,
                    "option '%s' must be between %s and %s%s", name, from, to, unit);
}

/* [0, +1] conf[name], raw. */
static int option(lua_State *L, int conf, const char *name) {
    lua_pushstring(L, name);
    lua_rawget(L, conf);
    return lua_type(L, -1);
}

static bool take_number(lua_State *L, int conf, const char *name, double low, double high,
                        double *out, struct b24_fault *fault) {
    bool ok = true;
    if (option(L, conf, name) != LUA_TNIL) {
        double v = (double)lua_tonumber(L, -1);
        ok = (v >= low && v <= high) || bad_number(fault, name, low, high, "");
        if (ok) *out = v;
    }
    lua_pop(L, 1);
    return ok;
}

static bool take_integer(lua_State *L, int conf, const char *name, double low, double high,
                         double *out, struct b24_fault *fault) {
    return take_number(L, conf, name, low, high, out, fault) &&
           (*out == (double)(int64_t)*out || bad_value(fault, name, "must be a whole number"));
}

static bool take_count(lua_State *L, int conf, const char *name, double low, double high, int *out,
                       struct b24_fault *fault) {
    double n = *out;
    bool ok = take_integer(L, conf, name, low, high, &n, fault);
    if (ok) *out = (int)n;
    return ok;
}

static bool take_bytes(lua_State *L, int conf, const char *name, double low, double high,
                       size_t *out, struct b24_fault *fault) {
    double n = (double)*out;
    bool ok = take_integer(L, conf, name, low, high, &n, fault);
    if (ok) *out = (size_t)n;
    return ok;
}

static bool take_seconds(lua_State *L, int conf, const char *name, double low, double high,
                         b24_ms *out, struct b24_fault *fault) {
    double s = b24_to_seconds(*out);
    if (!take_number(L, conf, name, low, high, &s, fault))
        return bad_number(fault, name, low, high, " seconds");
    *out = b24_to_ms(s);
    return true;
}

static bool take_flag(lua_State *L, int conf, const char *name, bool *out) {
    if (option(L, conf, name) == LUA_TBOOLEAN) *out = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return true;
}

/* Text that goes into a header, a file name or an option of libcurl: no control bytes. */
static bool take_text(lua_State *L, int conf, const char *name, char **field,
                      struct b24_fault *fault) {
    bool ok = true;
    if (option(L, conf, name) == LUA_TSTRING) {
        struct b24_view v;
        v.p = lua_tolstring(L, -1, &v.n);
        if (strcmp(name, "proxy") == 0) v = b24_trim_blanks(v); /* a line of a file, say */
        for (size_t i = 0; i < v.n && ok; i++)
            ok = ((unsigned char)v.p[i] >= ' ' && v.p[i] != 0x7f) ||
                 bad_value(fault, name, "has control characters");
        ok = ok && b24_conf_string(field, v, fault);
    }
    lua_pop(L, 1);
    return ok;
}

static bool take_http_version(lua_State *L, int conf, struct b24_conf *c, struct b24_fault *fault) {
    bool ok = true;
    if (option(L, conf, "http_version") != LUA_TNIL) {
        bool number = lua_type(L, -1) == LUA_TNUMBER;
        double n = (double)lua_tonumber(L, -1);
        const char *s = number ? (n == 2                 ? "2"
                                  : n > 1.09 && n < 1.11 ? "1.1"
                                                         : "?")
                               : lua_tostring(L, -1);
        if (strcmp(s, "auto") == 0) c->http_version = B24_HTTP_AUTO;
        else if (strcmp(s, "1.1") == 0) c->http_version = B24_HTTP_1_1;
        else if (strcmp(s, "2") == 0 || strcmp(s, "2.0") == 0) c->http_version = B24_HTTP_2;
        else ok = bad_value(fault, "http_version", "must be \"1.1\", \"2\" or \"auto\"");
    }
    lua_pop(L, 1);
    return ok;
}

/* Who waits is chosen in Lua (wait/context.lua); here only the name is checked. */
static bool take_transport(lua_State *L, int conf, struct b24_fault *fault) {
#define X(name) #name,
    static const char *const names[] = {B24_TRANSPORTS(X)};
#undef X
    bool ok = option(L, conf, "transport") == LUA_TNIL;
    for (size_t i = 0; !ok && i < sizeof names / sizeof *names; i++)
        ok = strcmp(lua_tostring(L, -1), names[i]) == 0;
    lua_pop(L, 1);
#define X(name) " " #name
    return ok || bad_value(fault, "transport", "must be one of these:" B24_TRANSPORTS(X));
#undef X
}

static bool take_plan(lua_State *L, int conf, struct b24_conf *c, struct b24_fault *fault) {
    bool ok = true;
    if (option(L, conf, "plan") != LUA_TNIL) {
        struct b24_view plan;
        plan.p = lua_tolstring(L, -1, &plan.n);
        if (b24_same_text(plan, "enterprise")) c->limits.plan = B24_ENTERPRISE;
        else if (!b24_same_text(plan, "standard"))
            ok = bad_value(fault, "plan", "must be \"enterprise\" or \"standard\"");
    }
    lua_pop(L, 1);
    return ok;
}

/* By kind of value. */
#define TAKE_SECONDS(name, low, high) take_seconds(L, conf, #name, low, high, &c->name, fault)
#define TAKE_COUNT(name, low, high)   take_count(L, conf, #name, low, high, &c->name, fault)
#define TAKE_BYTES(name, low, high)   take_bytes(L, conf, #name, low, high, &c->name, fault)
#define TAKE_FLAG(name, low, high)    take_flag(L, conf, #name, &c->name)
#define TAKE_TEXT(name, low, high)    take_text(L, conf, #name, &c->name, fault)

static bool take_values(lua_State *L, int conf, struct b24_conf *c, struct b24_fault *fault) {
#define X(kind, name, low, high, ...) TAKE_##kind(name, low, high) &&
    return B24_CONF_VALUES(X) true;
#undef X
}

/* ------------------------------------------------------------ the limiter */

static void check_limiter(lua_State *L, int limiter) {
    static const char *const names[] = {"rate", "burst", "reserve", "penalise"};
    static const int types[] = {LUA_TNUMBER, LUA_TNUMBER, LUA_TFUNCTION, LUA_TFUNCTION};
    for (lua_pushnil(L); lua_next(L, limiter) != 0; lua_pop(L, 1)) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        size_t i = 0;
        while (i < 4 && strcmp(names[i], name) != 0) i++;
        if (i == 4) {
            b24L_throw(L, "limiter has rate, burst, reserve and penalise, not '%s'", name);
            return;
        }
        if (lua_type(L, -1) != types[i])
            b24L_throw(L, "limiter.%s must be a %s, not a %s", name, lua_typename(L, types[i]),
                       luaL_typename(L, -1));
    }
}

/* [0, 0] Moves limiter.NAME into the keep table at `keep`. */
static bool take_function(lua_State *L, int limiter, const char *name, int keep, int slot) {
    bool present = option(L, limiter, name) == LUA_TFUNCTION;
    lua_rawseti(L, keep, slot);
    return present;
}

static bool take_limiter(lua_State *L, int conf, struct b24_conf *c, int keep,
                         struct b24_fault *fault) {
    bool ok = true;
    int type = option(L, conf, "limiter"), limiter = lua_gettop(L);
    if (type == LUA_TBOOLEAN && !lua_toboolean(L, limiter)) c->limits.off = true;
    if (type == LUA_TTABLE) {
        struct b24_rate plan = b24_limiter_rate(c->limits.plan);
        double rate = plan.rate, burst = plan.burst;
        check_limiter(L, limiter);
        ok = take_number(L, limiter, "rate", 0.001, 1e6, &rate, fault) &&
             take_integer(L, limiter, "burst", 1, 1e6, &burst, fault);
        if (rate < plan.rate || burst < plan.burst)
            c->limits.own = (struct b24_rate){rate, (int)burst};
        c->ask_limiter = take_function(L, limiter, "reserve", keep, B24_KEEP_RESERVE);
        if (take_function(L, limiter, "penalise", keep, B24_KEEP_PENALISE) && !c->ask_limiter)
            b24L_throw(L, "limiter.penalise needs limiter.reserve beside it");
    }
    lua_settop(L, limiter - 1);
    return ok;
}

/* ------------------------------------------------------------ the object */

static int conf_gc(lua_State *L) {
    struct b24_conf *c = luaL_checkudata(L, 1, B24_CONF_TYPE);
    b24_conf_free(c);
    return 0;
}

static int conf_tostring(lua_State *L) {
    const struct b24_conf *c = luaL_checkudata(L, 1, B24_CONF_TYPE);
    lua_pushfstring(L, "b24.conf (%s)", c->origin ? c->origin : "?");
    return 1;
}

void b24L_open_conf(lua_State *L) {
    static const luaL_Reg meta[] = {{"__gc", conf_gc}, {"__tostring", conf_tostring}, {NULL, NULL}};
    b24L_newtype(L, B24_CONF_TYPE);
    b24L_setfuncs(L, meta);
    lua_pushliteral(L, "b24.conf");
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

/* [0, +1] A conf object without values; its keep table after it [0, +1]. */
static struct b24_conf *new_conf(lua_State *L) {
    struct b24_conf *c = b24L_newobject(L, sizeof *c, B24_CONF_TYPE);
    const char *http = getenv("B24_ALLOW_HTTP");
    b24_conf_init(c);
    c->allow_http = http != NULL && strcmp(http, "1") == 0;
    lua_createtable(L, B24_KEEP_CREDENTIAL, 0);
    lua_pushvalue(L, -1);
    b24L_setuservalue(L, -3);
    return c;
}

static bool take_table(lua_State *L, int index, struct b24_conf *c, struct b24_fault *fault) {
    int keep = lua_gettop(L);
    option(L, index, "log");
    lua_rawseti(L, keep, B24_KEEP_LOG);
    return take_values(L, index, c, fault) && take_http_version(L, index, c, fault) &&
           take_transport(L, index, fault) && take_plan(L, index, c, fault) &&
           take_limiter(L, index, c, keep, fault) && b24L_take_credential(L, index, c, keep, fault);
}

const struct b24_conf *b24L_to_conf(lua_State *L, int index) {
    struct b24_fault fault;
    bool ok;
    struct b24_conf *ready = b24L_testudata(L, index, B24_CONF_TYPE);
    if (ready != NULL && ready->base != NULL) {
        lua_pushvalue(L, index);
        return ready;
    }
    if (ready != NULL) { /* collected already: a finaliser uses it while the Lua state closes */
        b24_fail(&fault, B24_CLOSED, "CLOSED", NULL,
                 "the client is gone: the Lua state is closing");
        b24L_push_fault(L, &fault, NULL);
        return NULL;
    }
    if (!lua_isnoneornil(L, index) && lua_type(L, index) != LUA_TSTRING && !lua_istable(L, index))
        b24L_throw(L, "conf must be a table, a webhook URL or nil, not a %s",
                   luaL_typename(L, index));
    luaL_checkstack(L, 16, "conf");
    if (lua_istable(L, index)) b24L_check_options(L, index);
    struct b24_conf *c = new_conf(L);
    if (lua_istable(L, index)) ok = take_table(L, index, c, &fault);
    else if (lua_type(L, index) == LUA_TSTRING) ok = b24L_take_webhook(L, index, c, &fault);
    else ok = b24L_find_credential(NULL, c, &fault);
    lua_pop(L, 1); /* the keep table */
    if (ok && c->http_version == B24_HTTP_2 && strncmp(c->origin, "http://", 7) == 0)
        ok = bad_value(&fault, "http_version", "cannot be \"2\" over plain http");
    if (ok) return c;
    b24L_push_fault(L, &fault, NULL);
    return NULL;
}
