#define _POSIX_C_SOURCE 200809L
/* codec.system's part for the file of an application's tokens: for b24 on the command line. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "lua/cache.h"
#include "lua/owned.h"
#include "lua/system.h"
#include "os/token_store.h"

#define PAUSE 20    /* ms between two looks at a busy file */
#define MOST  20000 /* ms; whoever has it asks the token server, twice if it must */

static void wipe(void *app) { b24_app_wipe(app); }

/* [0, +1] A place for what the file holds. */
static struct b24_app *new_app(lua_State *L) {
    return b24L_new_owned(L, sizeof(struct b24_app), wipe);
}

/* [0, 0] */
static bool read_file(const char *path, struct b24_app *app, struct b24_fault *fault) {
    enum b24_store_result found = b24_store_read(path, app, fault);
    if (found == B24_STORE_NONE)
        return b24_fail(fault, B24_CONFIG, "NO_CREDENTIAL", "Run: b24 login --app",
                        "%s does not exist", path);
    return found == B24_STORE_OK;
}

static void set(lua_State *L, const char *name, const char *text) {
    b24L_set_text(L, -1, name, text[0] != '\0' ? text : NULL);
}

int b24L_system_app(lua_State *L) {
    struct b24_fault fault;
    char path[B24_STORE_MAX];
    lua_settop(L, 1);
    struct b24_app *app = new_app(L);
    const struct b24_grant *g = &app->grant;
    if (!b24_store_path(luaL_optstring(L, 1, NULL), path, &fault) || !read_file(path, app, &fault))
        return b24L_push_fault(L, &fault, NULL);
    lua_createtable(L, 0, 10);
    b24L_set_text(L, -1, "path", path);
    set(L, "client_id", app->client_id);
    set(L, "client_endpoint", g->client_endpoint);
    set(L, "server_endpoint", g->server_endpoint);
    set(L, "member_id", g->member_id);
    set(L, "user_id", g->user_id);
    set(L, "scope", g->scope);
    set(L, "status", g->status);
    if (g->expires > 0) b24L_set_count(L, -1, "expires", g->expires);
    return 1;
}

/* Waits a little for whoever renews the tokens now. */
static bool lock(struct b24_store_lock *held, const char *path, struct b24_fault *fault) {
    for (b24_ms until = b24_clock() + MOST;;) {
        enum b24_store_result got = b24_store_lock(held, path, false, fault);
        if (got != B24_STORE_NONE) return got == B24_STORE_OK;
        if (b24_clock() > until)
            return b24_fail(fault, B24_TIMEOUT, "TIMEOUT", NULL, "another process holds %s", path);
        b24L_nap(PAUSE);
    }
}

/* Under the lock: what somebody renews there just now, or was killed with, is older. */
static bool take(const char *from, const char *path, const char *user_id, struct b24_app *app,
                 struct b24_fault *fault) {
    struct b24_store_lock held = {-1, 0};
    if (!read_file(from, app, fault)) return false;
    if (user_id != NULL) snprintf(app->grant.user_id, sizeof app->grant.user_id, "%s", user_id);
    return lock(&held, path, fault) && b24_store_save(&held, path, app, fault) &&
           (unlink(from) == 0 || errno == ENOENT ||
            b24_fail(fault, B24_CONFIG, "CANNOT_WRITE", NULL, "%s cannot be removed", from));
}

int b24L_system_app_path(lua_State *L) {
    struct b24_fault fault;
    char path[B24_STORE_MAX];
    if (!b24_store_path(luaL_optstring(L, 1, NULL), path, &fault))
        return b24L_push_fault(L, &fault, NULL);
    lua_pushstring(L, path);
    return 1;
}

int b24L_system_app_take(lua_State *L) {
    struct b24_fault fault;
    char path[B24_STORE_MAX];
    const char *from = luaL_checkstring(L, 1), *to = luaL_checkstring(L, 2);
    const char *user_id = luaL_optstring(L, 3, NULL);
    lua_settop(L, 3);
    struct b24_app *app = new_app(L);
    luaL_argcheck(L, user_id == NULL || strlen(user_id) < sizeof app->grant.user_id, 3, "too long");
    if (!b24_store_path(to, path, &fault) || !take(from, path, user_id, app, &fault))
        return b24L_push_fault(L, &fault, NULL);
    lua_pushboolean(L, 1);
    return 1;
}
