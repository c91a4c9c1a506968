/* Who a conf is for: the one of webhook, portal + token, oauth and profile that it names, or what
   is found for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua/binding.h"
#include "os/credential.h"

/* [0, +1] conf[name], raw. */
static int option(lua_State *L, int conf, const char *name) {
    lua_pushstring(L, name);
    lua_rawget(L, conf);
    return lua_type(L, -1);
}

static struct b24_view view(lua_State *L, int index) {
    struct b24_view v = {"", 0};
    if (lua_type(L, index) == LUA_TSTRING) v.p = lua_tolstring(L, index, &v.n);
    return v;
}

bool b24L_take_webhook(lua_State *L, int index, struct b24_conf *c, struct b24_fault *fault) {
    return b24_conf_webhook(c, view(L, index), fault);
}

/* ------------------------------------------------------------ functions */

/* [0, 0] The user's function at `index` returns the credential, of `what` kind: asked once for each
   conf, and again when the portal refuses that. */
static bool take_function(lua_State *L, int index, struct b24_conf *c, struct b24_view portal,
                          int keep, struct b24_fault *fault) {
    const char *what = portal.n > 0 ? "token" : "webhook";
    int top = lua_gettop(L);
    lua_pushvalue(L, index);
    lua_rawseti(L, keep, B24_KEEP_CREDENTIAL);
    c->renewal = B24_ASKED;
    lua_pushvalue(L, index);
    int status = lua_pcall(L, 0, 2, 0);
    b24L_check_pcall(L, status);
    bool ok = status == 0 && lua_type(L, top + 1) == LUA_TSTRING;
    if (ok) {
        ok = portal.n > 0 ? b24_conf_token(c, portal, view(L, top + 1), fault)
                          : b24L_take_webhook(L, top + 1, c, fault);
    } else { /* as Lua's own functions say why: nil, message; or an error */
        const char *text = lua_tostring(L, -1);
        b24_fail(fault, B24_CONFIG, portal.n > 0 ? "BAD_TOKEN" : "BAD_WEBHOOK", NULL,
                 "the %s function returned no string%s%s", what, text ? ": " : "",
                 text ? text : "");
        b24_conf_mask(c, fault->message);
    }
    lua_settop(L, top);
    return ok;
}

/* ------------------------------------------------------------ places */

/* The webhook that was looked for is nowhere: the tokens of `b24 login --app`? */
static bool find_app(const char *profile, struct b24_conf *c, struct b24_fault *fault) {
    struct b24_fault none;
    char path[B24_STORE_MAX];
    if (profile == NULL && b24_env_set("B24_PROFILE")) profile = getenv("B24_PROFILE");
    c->app = b24_app_new();
    if (c->app == NULL) return b24_fail(fault, B24_CONFIG, "OUT_OF_MEMORY", NULL, "out of memory");
    if (!b24_store_path(profile, path, &none)) {
        *fault = none;
        return false;
    }
    memcpy(c->app->store, path, sizeof path);
    if (b24L_stored_app(c, &none)) return b24_conf_app(c, (struct b24_view){"", 0}, fault);
    size_t n = strlen(fault->message);
    bool absent = strcmp(none.code, "NO_CREDENTIAL") == 0;
    if (absent) snprintf(fault->message + n, sizeof fault->message - n, ", nor does %s", path);
    else *fault = none;
    b24_app_free(c->app);
    c->app = NULL;
    return false;
}

/* The portal's own authority, which `b24 login --ca-file` keeps beside the credential: the path of
   a PEM file in ca_file or ca_file.PROFILE. Who names one means that. */
static bool find_ca_file(const char *profile, struct b24_conf *c, struct b24_fault *fault) {
    struct b24_credential found;
    if (c->ca_file != NULL || c->ca_path != NULL || b24_env_set("B24_CA_FILE")) return true;
    if (!b24_credential_line("ca_file", profile, &found, fault))
        return strcmp(fault->code, "NO_CREDENTIAL") == 0;
    return b24_conf_string(&c->ca_file, b24_view_of(found.url), fault);
}

bool b24L_find_credential(const char *profile, struct b24_conf *c, struct b24_fault *fault) {
    struct b24_credential found;
    bool ok = b24_credential_find(profile, &found, fault);
    if (!ok)
        return strcmp(fault->code, "NO_CREDENTIAL") == 0 && find_app(profile, c, fault) &&
               find_ca_file(profile, c, fault);
    if (strcmp(found.place, "B24_WEBHOOK") != 0 && !find_ca_file(profile, c, fault)) return false;
    if (!b24_conf_webhook(c, b24_view_of(found.url), fault)) {
        size_t n = strlen(fault->message);
        snprintf(fault->message + n, sizeof fault->message - n, " (in %s)", found.place);
        ok = false;
    }
    memset(found.url, 0, sizeof found.url);
    return ok;
}

/* ------------------------------------------------------------ which one? */

static bool several_credentials(struct b24_fault *fault) {
    return b24_fail(fault, B24_CONFIG, "BAD_CREDENTIAL", "Keep the one that you mean.",
                    "conf has more than one of webhook, portal + token, oauth and profile");
}

static bool no_credential(struct b24_fault *fault) {
    return b24_fail(fault, B24_CONFIG, "NO_CREDENTIAL",
                    "Give webhook = URL; or pass no conf at all to use $B24_WEBHOOK or a file of "
                    "~/.config/b24.",
                    "conf has no credential (webhook, portal and token, or oauth); B24_WEBHOOK, "
                    "~/.config/b24/webhook and ~/.config/b24/app are read only without a conf "
                    "table, or with profile");
}

static bool half(struct b24_fault *fault) {
    return b24_fail(fault, B24_CONFIG, "NO_CREDENTIAL", "Give both portal and token.",
                    "portal and token belong together");
}

bool b24L_take_credential(lua_State *L, int conf, struct b24_conf *c, int keep,
                          struct b24_fault *fault) {
    int top = lua_gettop(L), oauth_at = top + 1, portal_at = top + 2, token_at = top + 3,
        webhook_at = top + 4, profile_at = top + 5;
    bool oauth = option(L, conf, "oauth") != LUA_TNIL,
         portal = option(L, conf, "portal") != LUA_TNIL;
    int token = option(L, conf, "token"), webhook = option(L, conf, "webhook");
    bool profile = option(L, conf, "profile") != LUA_TNIL, ok;
    bool pair = token != LUA_TNIL || (portal && !oauth);
    int given = (webhook != LUA_TNIL) + pair + oauth + profile;
    if (given > 1) ok = several_credentials(fault);
    else if (profile) ok = b24L_find_credential(lua_tostring(L, profile_at), c, fault);
    else if (oauth) ok = b24L_take_app(L, oauth_at, view(L, portal_at), c, keep, fault);
    else if (webhook == LUA_TSTRING) ok = b24L_take_webhook(L, webhook_at, c, fault);
    else if (webhook == LUA_TFUNCTION)
        ok = take_function(L, webhook_at, c, (struct b24_view){"", 0}, keep, fault);
    else if (!pair) ok = no_credential(fault);
    else if (!portal || token == LUA_TNIL) ok = half(fault);
    else if (token == LUA_TFUNCTION)
        ok = take_function(L, token_at, c, view(L, portal_at), keep, fault);
    else ok = b24_conf_token(c, view(L, portal_at), view(L, token_at), fault);
    lua_settop(L, top);
    return ok;
}
