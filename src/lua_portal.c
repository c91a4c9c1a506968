/* One portal object for each portal and runtime folder in a Lua state: limiter, new address, operating times. */
#include <string.h>

#include "binding.h"

#define PORTAL_TYPE "b24.portal " B24_VERSION
#define PORTALS_KEY "b24.portals " B24_VERSION

static int portal_gc(lua_State *L) {
    struct b24_lua_portal *p = luaL_checkudata(L, 1, PORTAL_TYPE);
    b24_portal_free(&p->portal);
    if (p->opened) b24_limiter_close(&p->file);
    p->opened = false;
    return 0;
}

void b24_open_portal(lua_State *L) {
    b24_newtype(L, PORTAL_TYPE);
    lua_pushcfunction(L, portal_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
}

/* [0, +1] registry[PORTALS_KEY] */
static void push_portals(lua_State *L) {
    lua_getfield(L, LUA_REGISTRYINDEX, PORTALS_KEY);
    if (lua_istable(L, -1)) return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, PORTALS_KEY);
}

struct b24_lua_portal *b24_find_portal(lua_State *L, int conf_index) {
    const struct b24_conf *conf = lua_touserdata(L, conf_index);
    int top = lua_gettop(L);
    luaL_checkstack(L, 8, "portal");
    b24_getuservalue(L, conf_index);
    lua_rawgeti(L, -1, B24_KEEP_PORTAL);
    struct b24_lua_portal *p = lua_touserdata(L, -1);
    if (p == NULL) {
        push_portals(L);
        lua_pushfstring(L, "%s %s", conf->origin, conf->runtime_dir != NULL ? conf->runtime_dir : "");
        lua_pushvalue(L, -1);
        lua_rawget(L, -3);
        p = lua_touserdata(L, -1);
        if (p == NULL) {
            lua_pop(L, 1);
            p = b24_newobject(L, sizeof *p, PORTAL_TYPE);
            b24_portal_init(&p->portal);
            lua_pushvalue(L, -2);
            lua_pushvalue(L, -2);
            lua_rawset(L, -5);
        }
        lua_rawseti(L, top + 1, B24_KEEP_PORTAL);
    }
    lua_settop(L, top);
    return p;
}

void b24_ready_portal(struct b24_lua_portal *p, const struct b24_conf *conf) {
    p->portal.cell = &p->portal.local;
    if (conf->rate.rate <= 0) return;
    if (!p->opened) {
        p->opened = true;
        p->trouble.kind = B24_OK;
        (void)b24_limiter_open(&p->file, conf->runtime_dir, conf->origin, &p->trouble);
    }
    b24_cell *cell = b24_limiter_cell(&p->file);
    if (cell == NULL && p->trouble.kind == B24_OK) { /* deleted under our feet: everybody makes a new one */
        b24_limiter_close(&p->file);
        if (b24_limiter_open(&p->file, conf->runtime_dir, conf->origin, &p->trouble)) cell = b24_limiter_cell(&p->file);
    }
    p->portal.cell = cell != NULL ? cell : &p->portal.local;
}
