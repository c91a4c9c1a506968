#include "lua/interrupt.h"

#include "lua/binding.h"

bool b24L_hook_changed(void *arg) {
    const struct b24L_interrupt *w = arg;
    return lua_gethook(w->here) != w->hook_here ||
           (w->main != NULL && lua_gethook(w->main) != w->hook_main);
}

static lua_State *main_thread(lua_State *L) {
#if LUA_VERSION_NUM >= 502
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
    lua_State *main = lua_tothread(L, -1);
#else
    lua_getfield(L, LUA_REGISTRYINDEX, B24_MAIN_KEY); /* known if b24 was loaded there */
    lua_State *main = lua_touserdata(L, -1);
#endif
    lua_pop(L, 1);
    return main;
}

/* Has lua.c's answer to a signal been set already? It fires at the main thread's next step, which
   waits for the coroutine that runs now: a Ctrl-C just before a wait would be lost. */
static bool signal_pending(lua_State *main) {
    const int mask = LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT;
    return (lua_gethookmask(main) & mask) == mask && lua_gethookcount(main) == 1;
}

struct b24L_interrupt b24L_watch_hooks(lua_State *L) {
    struct b24L_interrupt w = {.here = L, .main = main_thread(L)};
    w.hook_here = lua_gethook(L);
    if (w.main != NULL && (w.main == L || !signal_pending(w.main)))
        w.hook_main = lua_gethook(w.main); /* else NULL: it differs at once */
    return w;
}
