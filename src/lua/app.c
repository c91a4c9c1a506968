/* conf.oauth: an application's authorisation, as the token server wrote it, with the application's
   own id and secret and a store beside it. Tables of tokens, both ways. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "lua/binding.h"
#include "os/credential.h"

#define EDITS_MAX 3 /* farther is no typing error */

/* [0, +1] oauth[name], raw. */
static int member(lua_State *L, int oauth, const char *name) {
    lua_pushstring(L, name);
    lua_rawget(L, oauth);
    return lua_type(L, -1);
}

/* ------------------------------------------------------------ a table -> tokens */

/* [0, 0] A string, or a whole number. NULL, or what is wrong. */
static const char *read_text(lua_State *L, int oauth, const char *name, char *out, size_t size) {
    int type = member(L, oauth, name);
    struct b24_view v = {"", 0};
    lua_Number n = 0;
    char number[B24_NUMBER_MAX];
    const char *wrong = NULL;
    out[0] = '\0';
    if (type == LUA_TSTRING) v.p = lua_tolstring(L, -1, &v.n);
    else if (type == LUA_TNUMBER && b24L_to_count(L, -1, &n)) {
        v.n = b24_double_text((double)n, number);
        v.p = number;
    } else if (type != LUA_TNIL) wrong = "must be a string";
    for (size_t i = 0; i < v.n && wrong == NULL; i++)
        if ((unsigned char)v.p[i] < ' ' || v.p[i] == 0x7f) wrong = "has control characters";
    if (wrong == NULL && v.n >= size) wrong = "is too long";
    if (wrong == NULL) {
        memcpy(out, v.p, v.n);
        out[v.n] = '\0';
    }
    lua_pop(L, 1);
    return wrong;
}

static double read_seconds(lua_State *L, int oauth, const char *name) {
    (void)member(L, oauth, name);
    lua_Number n = lua_tonumber(L, -1);
    lua_pop(L, 1);
    return n > 0 && n < 1e12 ? (double)n : 0;
}

/* [0, 0] NULL, or the name of a member that cannot be used; *why: what is wrong with it. */
static const char *read_app(lua_State *L, int oauth, struct b24_app *out, const char **why) {
#define X(name, size)                                                                              \
    if ((*why = read_text(L, oauth, #name, out->name, sizeof out->name)) != NULL) return #name;
    B24_APP_TEXTS(X)
    X(code, 0)
#undef X
#define X(name, size)                                                                              \
    if ((*why = read_text(L, oauth, #name, out->grant.name, sizeof out->grant.name)) != NULL)      \
        return #name;
    B24_GRANT_TEXTS(X)
#undef X
    out->grant.expires = read_seconds(L, oauth, "expires");
    double left = read_seconds(L, oauth, "expires_in");
    if (out->grant.expires == 0 && left > 0) out->grant.expires = b24_clock_wall() + left;
    return NULL;
}

const char *b24L_read_tokens(lua_State *L, int index, struct b24_app *out) {
    const char *why = NULL;
    if (index < 0) index = lua_gettop(L) + 1 + index;
    return read_app(L, index, out, &why) == NULL ? NULL : why;
}

/* ------------------------------------------------------------ tokens -> a table */

static void set(lua_State *L, const char *name, const char *text) {
    if (text[0] != '\0') b24L_set_text(L, -1, name, text);
}

void b24L_push_tokens(lua_State *L, const struct b24_app *app) {
    luaL_checkstack(L, 4, "tokens");
    lua_createtable(L, 0, 12);
#define X(name, size) set(L, #name, app->grant.name);
    B24_GRANT_TEXTS(X)
#undef X
    set(L, "seed", app->seed);
    if (app->grant.expires > 0) b24L_set_count(L, -1, "expires", app->grant.expires);
}

/* ------------------------------------------------------------ names */

/* A pasted answer may have members that nobody knows yet; but one that is nearly ours is a typing
   error, and its value would be missed. */
static void check_names(lua_State *L, int oauth) {
    static const char *const names[] = {
#define X(name, size) #name,
        B24_APP_TEXTS(X) B24_GRANT_TEXTS(X)
#undef X
            "code",
        "store",
        "expires",
        "expires_in",
        "domain",
        "error",
        "token_type"};
    const size_t count = sizeof names / sizeof *names;
    for (lua_pushnil(L); lua_next(L, oauth) != 0; lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            b24L_throw(L, "oauth has a member that is not named (a %s key)", luaL_typename(L, -2));
        const char *name = lua_tostring(L, -2);
        size_t i = 0;
        while (i < count && strcmp(names[i], name) != 0) i++;
        const char *near = i == count ? b24_nearest(name, names, count, EDITS_MAX) : NULL;
        if (near != NULL && strlen(name) > EDITS_MAX)
            b24L_throw(L, "unknown member '%s' of oauth (did you mean '%s'?)", name, near);
    }
}

/* ------------------------------------------------------------ stores */

static bool mismatch(struct b24_fault *fault, const char *path, const char *whose) {
    return b24_fail(fault, B24_CONFIG, "STORE_MISMATCH",
                    "Give each application's and each user's tokens a store of their own.",
                    "%s has the tokens of another %s", path, whose);
}

static void fill(char *field, size_t size, const char *from) {
    if (field[0] == '\0') memcpy(field, from, size);
}

/* A log-in: the file is for whoever it is, whatever it holds now. */
static bool begins_anew(const struct b24_app *app) {
    const struct b24_grant *g = &app->grant;
    return app->code[0] != '\0' || (g->refresh_token[0] != '\0' && g->access_token[0] == '\0');
}

/* What the conf does not say is what the file says; tokens only if the conf's are older or none. */
static bool merge(struct b24_app *app, const struct b24_app *file, struct b24_fault *fault) {
    bool same = app->seed[0] == '\0' || strcmp(app->seed, file->seed) == 0;
    if (!same && begins_anew(app)) return true;
    bool other = app->client_id[0] != '\0' && file->client_id[0] != '\0' &&
                 strcmp(app->client_id, file->client_id) != 0;
    if (other) return mismatch(fault, app->store, "application");
    if (b24_grant_differs(&app->grant, &file->grant))
        return mismatch(fault, app->store, "portal or user");
    if (same) {
        b24_grant_take(&app->grant, &file->grant);
        memcpy(app->seed, file->seed, sizeof app->seed);
        app->code[0] = '\0'; /* it has been exchanged */
        app->settled = true;
        app->kept = b24_grant_mark(&app->grant);
    }
#define X(name, size) fill(app->name, sizeof app->name, file->name);
    B24_APP_TEXTS(X)
#undef X
    return true;
}

static void vouch(struct b24_app *app) {
    const char *server = getenv("B24_OAUTH_SERVER");
    if (server != NULL && strlen(server) < sizeof app->vouched)
        memcpy(app->vouched, server, strlen(server) + 1);
}

bool b24L_stored_app(struct b24_conf *c, struct b24_fault *fault) {
    struct b24_app *app = c->app, *file = b24_app_new();
    if (file == NULL) return b24_fail(fault, B24_CONFIG, "OUT_OF_MEMORY", NULL, "out of memory");
    enum b24_store_result found = b24_store_read(app->store, file, fault);
    bool ok = found == B24_STORE_OK && merge(app, file, fault);
    b24_app_free(file);
    if (found == B24_STORE_NONE)
        b24_fail(fault, B24_CONFIG, "NO_CREDENTIAL", "Run: b24 login --app",
                 "oauth has no tokens, and %s does not exist", app->store);
    bool renews = app->client_id[0] != '\0' && app->client_secret[0] != '\0';
    c->renewal = renews ? B24_FILED : B24_FIXED;
    vouch(app);
    return ok;
}

static bool bad_member(struct b24_fault *fault, const char *name, const char *why) {
    return b24_fail(fault, B24_CONFIG, "BAD_OPTION", NULL, "oauth.%s %s", name, why);
}

/* Where b24's own store is: where the conf says, or at a name that is made of portal and user. */
static bool take_path(lua_State *L, int store, struct b24_app *app, struct b24_fault *fault) {
    char name[sizeof app->grant.member_id + sizeof app->grant.user_id];
    const struct b24_grant *g = &app->grant;
    const char *path = lua_type(L, store) == LUA_TSTRING ? lua_tostring(L, store) : NULL;
    bool tokens = app->seed[0] != '\0';
    if (path == NULL && tokens && g->member_id[0] == '\0')
        return b24_fail(fault, B24_CONFIG, "NO_STORE",
                        "Give oauth.store a name; or the token server's whole answer.",
                        "oauth says neither where to keep its tokens (store) nor whose they are "
                        "(member_id)");
    if (path == NULL && tokens) {
        if (g->member_id[0] == '/') return bad_member(fault, "member_id", "is a path");
        snprintf(name, sizeof name, "%s%s%s", g->member_id, g->user_id[0] ? "-" : "", g->user_id);
        path = name;
    }
    if (path == NULL && b24_env_set("B24_PROFILE")) path = getenv("B24_PROFILE");
    return b24_store_path(path, app->store, fault);
}

/* [0, 0] store = {load = function, save = function} */
static void take_functions(lua_State *L, int store, int keep) {
    static const char *const names[] = {"load", "save"};
    for (int i = 0; i < 2; i++) {
        if (member(L, store, names[i]) != LUA_TFUNCTION)
            b24L_throw(L, "oauth.store has the functions load and save; '%s' is a %s", names[i],
                       luaL_typename(L, -1));
        lua_rawseti(L, keep, B24_KEEP_LOAD + i);
    }
}

static bool take_store(lua_State *L, int oauth, struct b24_conf *c, int keep,
                       struct b24_fault *fault) {
    struct b24_app *app = c->app;
    int type = member(L, oauth, "store"), store = lua_gettop(L);
    bool renews = app->client_id[0] != '\0', ok = true;
    if (type != LUA_TNIL && type != LUA_TSTRING && type != LUA_TTABLE)
        b24L_throw(L, "oauth.store must be a name, a path or {load=, save=}, not a %s",
                   luaL_typename(L, store));
    if (type == LUA_TTABLE) {
        take_functions(L, store, keep);
        c->renewal = B24_STORED;
        vouch(app);
        ok = renews || bad_member(fault, "client_id", "is needed for a store of your own");
    } else if (renews || type == LUA_TSTRING || app->seed[0] == '\0') {
        ok = take_path(L, store, app, fault) &&
             (b24L_stored_app(c, fault) ||
              (strcmp(fault->code, "NO_CREDENTIAL") == 0 && app->seed[0] != '\0'));
    } /* else a pasted answer alone: good until its token ends */
    lua_pop(L, 1);
    return ok;
}

bool b24L_take_app(lua_State *L, int oauth, struct b24_view portal, struct b24_conf *c, int keep,
                   struct b24_fault *fault) {
    const char *why = NULL;
    struct b24_app *app = c->app = b24_app_new();
    if (app == NULL) return b24_fail(fault, B24_CONFIG, "OUT_OF_MEMORY", NULL, "out of memory");
    check_names(L, oauth);
    const char *name = read_app(L, oauth, app, &why);
    if (name != NULL) return bad_member(fault, name, why);
    if ((app->client_id[0] != '\0') != (app->client_secret[0] != '\0'))
        return bad_member(fault, "client_id", "and oauth.client_secret belong together");
    b24_app_seed(app);
    if (take_store(L, oauth, c, keep, fault) && b24_conf_app(c, portal, fault)) return true;
    b24_conf_mask(c, fault->message); /* the name of a store may be a secret by mistake */
    return false;
}
