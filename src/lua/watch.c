/* codec.watch(every) -> watch: when client:watch asks again, and what it tells; see watch.h. */
#include "rest/watch.h"
#include "base/process.h"
#include "lua/binding.h"

#define WATCH_TYPE "b24.watch " B24_VERSION

/* codec.watch(every [, seed]) -> watch; seconds. Throws at the caller's caller what is no such
 * time. */
int b24L_watch(lua_State *L) {
    lua_Number every = luaL_checknumber(L, 1);
    lua_Number seed = luaL_optnumber(L, 2, 0);
    if (!(every * 1000 >= B24_WATCH_EVERY_MIN && every * 1000 <= B24_WATCH_EVERY_MAX))
        return luaL_error(L, "b24: a watch asks every %d to %d seconds", B24_WATCH_EVERY_MIN / 1000,
                          B24_WATCH_EVERY_MAX / 1000);
    struct b24_watch *w = b24L_newobject(L, sizeof *w, WATCH_TYPE);
    b24_watch_init(w, b24_to_ms(every), seed > 0 ? (uint64_t)seed : b24_seed());
    return 1;
}

static b24_ms to_ms(lua_State *L, int index) {
    lua_Number seconds = luaL_checknumber(L, index);
    luaL_argcheck(L, seconds >= -1e12 && seconds <= 1e12, index, "seconds of a clock expected");
    return (b24_ms)(seconds * 1000 + (seconds < 0 ? -0.5 : 0.5));
}

/* watch:answer(ok, began, now [, info]) -> pause [, "down" | "up" [, outage]]; seconds; info of a
 * failure */
static int watch_answer(lua_State *L) {
    struct b24_watch *w = luaL_checkudata(L, 1, WATCH_TYPE);
    struct b24_watch_result r = {
        .ok = lua_toboolean(L, 2), .retry_after = B24_NO_MS, .reached = true};
    r.began = to_ms(L, 3);
    r.now = to_ms(L, 4);
    lua_settop(L, 5);
    if (lua_istable(L, 5)) {
        lua_getfield(L, 5, "retry_after");
        lua_Number seconds = lua_tonumber(L, -1);
        if (seconds > 0 && seconds < 1e6) r.retry_after = b24_to_ms(seconds);
        lua_getfield(L, 5, "sent");
        r.reached = lua_isnil(L, -1) || lua_toboolean(L, -1);
    }
    struct b24_watch_verdict v = b24_watch_answer(w, &r);
    lua_pushnumber(L, b24_to_seconds(v.pause));
    if (v.news == B24_WATCH_SAME) return 1;
    lua_pushstring(L, v.news == B24_WATCH_UP ? "up" : "down");
    if (v.news == B24_WATCH_DOWN) return 2;
    lua_pushnumber(L, b24_to_seconds(v.outage));
    return 3;
}

/* watch:live(boolean, now): hints come from now on, or no longer */
static int watch_live(lua_State *L) {
    struct b24_watch *w = luaL_checkudata(L, 1, WATCH_TYPE);
    b24_watch_live(w, lua_toboolean(L, 2), to_ms(L, 3));
    return 0;
}

/* watch:hint(now): counters may have changed */
static int watch_hint(lua_State *L) {
    b24_watch_hint(luaL_checkudata(L, 1, WATCH_TYPE), to_ms(L, 2));
    return 0;
}

/* watch:ask(now): a question is asked now */
static int watch_ask(lua_State *L) {
    b24_watch_ask(luaL_checkudata(L, 1, WATCH_TYPE), to_ms(L, 2));
    return 0;
}

/* watch:wait(now) -> seconds until the next question; 0: now */
static int watch_wait(lua_State *L) {
    const struct b24_watch *w = luaL_checkudata(L, 1, WATCH_TYPE);
    lua_pushnumber(L, b24_to_seconds(b24_watch_wait(w, to_ms(L, 2))));
    return 1;
}

void b24L_open_watch(lua_State *L) {
    static const luaL_Reg methods[] = {{"answer", watch_answer}, {"live", watch_live},
                                       {"hint", watch_hint},     {"ask", watch_ask},
                                       {"wait", watch_wait},     {NULL, NULL}};
    b24L_newtype(L, WATCH_TYPE);
    lua_newtable(L);
    b24L_setfuncs(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "b24.watch");
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
}
