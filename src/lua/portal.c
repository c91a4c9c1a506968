/* One portal object for each portal and runtime folder in a Lua state: limiter, operating times;
   and for those confs of it with the same limits of their own, these limits' bucket. */
#include <stdio.h>
#include <string.h>

#include "lua/binding.h"

#define PORTAL_TYPE "b24.portal " B24_VERSION
#define OWN_TYPE    "b24.own " B24_VERSION
#define PORTALS_KEY "b24.portals " B24_VERSION

static int portal_gc(lua_State *L) {
    struct b24L_portal *p = luaL_checkudata(L, 1, PORTAL_TYPE);
    b24_limiter_file_close(&p->file);
    return 0;
}

static int own_gc(lua_State *L) {
    b24_limiter_file_close(luaL_checkudata(L, 1, OWN_TYPE));
    return 0;
}

void b24L_open_portal(lua_State *L) {
    b24L_open_type(L, PORTAL_TYPE, portal_gc, NULL);
    b24L_open_type(L, OWN_TYPE, own_gc, NULL);
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

static void *new_portal(lua_State *L, const char *origin) {
    struct b24L_portal *p = b24L_newobject(L, sizeof *p, PORTAL_TYPE);
    b24_portal_init(&p->portal);
    b24_limiter_file_init(&p->file);
    p->portal.limiter = &p->file.keeper;
    b24_copy_text(p->origin, sizeof p->origin, b24_view_of(origin));
    return p;
}

static void *new_own(lua_State *L, const char *origin) {
    struct b24_limiter_file *file = b24L_newobject(L, sizeof *file, OWN_TYPE);
    (void)origin;
    b24_limiter_file_init(file);
    return file;
}

/* [0, +1] What all confs share under this origin, their folder and `limits`; or a new one. */
static void *push_shared(lua_State *L, const struct b24_conf *conf, const char *origin,
                         const char *limits, void *(*make)(lua_State *, const char *)) {
    luaL_checkstack(L, 6, "portal");
    push_portals(L);
    lua_pushfstring(L, "%s %s%s", origin, limits,
                    conf->runtime_dir != NULL ? conf->runtime_dir : "");
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    void *p = lua_touserdata(L, -1);
    if (p == NULL) {
        lua_pop(L, 1);
        p = make(L, origin);
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_rawset(L, -5);
    }
    lua_replace(L, -3);
    lua_pop(L, 1);
    return p;
}

struct b24L_portal *b24L_push_portal(lua_State *L, const struct b24_conf *conf,
                                     const char *origin) {
    return push_shared(L, conf, origin, "", new_portal);
}

/* [0, 0] What the conf object at `conf_index` keeps in `slot`; else what all confs share. */
static void *find(lua_State *L, int conf_index, int slot, const char *limits,
                  void *(*make)(lua_State *, const char *)) {
    const struct b24_conf *conf = lua_touserdata(L, conf_index);
    luaL_checkstack(L, 3, "portal");
    b24L_getuservalue(L, conf_index);
    lua_rawgeti(L, -1, slot);
    void *p = lua_touserdata(L, -1);
    if (p == NULL) {
        p = push_shared(L, conf, conf->origin, limits, make);
        lua_rawseti(L, -3, slot);
    }
    lua_pop(L, 2);
    return p;
}

struct b24L_portal *b24L_find_portal(lua_State *L, int conf_index) {
    return find(L, conf_index, B24_KEEP_PORTAL, "", new_portal);
}

struct b24_limiter_file *b24L_find_own(lua_State *L, int conf_index) {
    const struct b24_conf *conf = lua_touserdata(L, conf_index);
    char limits[48];
    if (conf->limits.own.rate <= 0) return NULL;
    /* No folder begins so: a folder is an absolute path. */
    snprintf(limits, sizeof limits, "%.17g-%d@", conf->limits.own.rate, conf->limits.own.burst);
    return find(L, conf_index, B24_KEEP_OWN, limits, new_own);
}

void b24L_ready_portal(struct b24L_portal *p, struct b24_limiter_file *own,
                       const struct b24_conf *conf) {
    p->file.where = (struct b24_limiter_where){.dir = conf->runtime_dir, .origin = p->origin};
    if (own == NULL) return;
    own->where = (struct b24_limiter_where){.dir = conf->runtime_dir, .origin = conf->origin};
    own->where.own = conf->limits.own;
}

const char *b24L_limiter_trouble(const struct b24L_portal *p, const struct b24_limiter_file *own) {
    if (p != NULL && p->file.trouble.kind != B24_OK) return p->file.trouble.message;
    return own != NULL && own->trouble.kind != B24_OK ? own->trouble.message : NULL;
}
