#include "rest/grant.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/number.h"
#include "rest/zone.h"
#include "json/document.h"

struct b24_app *b24_app_new(void) {
    return calloc(1, sizeof(struct b24_app));
}

static void wipe(void *p, size_t n) {
    for (volatile char *c = p; n > 0; n--) *c++ = '\0'; /* volatile: must not be optimised away */
}

void b24_app_wipe(struct b24_app *app) { wipe(app, sizeof *app); }

void b24_grant_wipe(struct b24_grant *grant) { wipe(grant, sizeof *grant); }

void b24_app_free(struct b24_app *app) {
    if (app == NULL) return;
    b24_app_wipe(app);
    free(app);
}

/* ------------------------------------------------------------ JSON */

/* False: it does not fit, or is no text. */
static bool read_text(const cJSON *root, const char *name, char *out, size_t size) {
    const cJSON *v = b24_member(root, name);
    char number[B24_NUMBER_MAX];
    const char *text = "";
    if (cJSON_IsString(v)) text = v->valuestring;
    else if (cJSON_IsNumber(v)) {
        b24_double_text(v->valuedouble, number);
        text = number;
    } else if (v != NULL && !cJSON_IsNull(v)) return false;
    size_t n = strlen(text);
    if (n >= size) return false;
    memcpy(out, text, n + 1);
    return true;
}

/* A number, or one written as a string. 0: neither. */
static double read_seconds(const cJSON *root, const char *name) {
    const cJSON *v = b24_member(root, name);
    double n = 0;
    if (cJSON_IsNumber(v)) n = v->valuedouble;
    else if (cJSON_IsString(v) && !b24_decimal(v->valuestring, &n)) n = 0;
    return n > 0 && n < 1e12 ? n : 0;
}

bool b24_grant_read(const cJSON *root, double now, struct b24_grant *out) {
    memset(out, 0, sizeof *out);
    if (!cJSON_IsObject(root)) return false;
#define X(name, size)                                                                              \
    if (!read_text(root, #name, out->name, sizeof out->name)) out->name[0] = '\0';
    B24_GRANT_TEXTS(X)
#undef X
    out->expires = read_seconds(root, "expires");
    double left = read_seconds(root, "expires_in");
    if (out->expires == 0 && left > 0) out->expires = now + left;
    return true;
}

bool b24_app_read(const cJSON *root, double now, struct b24_app *out) {
    memset(out, 0, sizeof *out);
    if (!b24_grant_read(root, now, &out->grant)) return false;
#define X(name, size)                                                                              \
    if (!read_text(root, #name, out->name, sizeof out->name)) return false;
    B24_APP_TEXTS(X)
#undef X
    return true;
}

static bool put(cJSON *root, const char *name, const char *text) {
    return text[0] == '\0' || cJSON_AddStringToObject(root, name, text) != NULL;
}

char *b24_app_text(const struct b24_app *app) {
    cJSON *root = cJSON_CreateObject();
    bool ok = root != NULL;
#define X(name, size) ok = ok && put(root, #name, app->name);
    B24_APP_TEXTS(X)
#undef X
#define X(name, size) ok = ok && put(root, #name, app->grant.name);
    B24_GRANT_TEXTS(X)
#undef X
    if (app->grant.expires > 0)
        ok = ok && cJSON_AddNumberToObject(root, "expires", app->grant.expires) != NULL;
    char *text = ok ? cJSON_Print(root) : NULL;
    cJSON_Delete(root);
    return text;
}

/* ------------------------------------------------------------ one authorisation and another */

void b24_grant_take(struct b24_grant *grant, const struct b24_grant *found) {
#define X(name, size)                                                                              \
    if (found->name[0] != '\0') memcpy(grant->name, found->name, sizeof grant->name);
    B24_GRANT_TEXTS(X)
#undef X
    grant->expires = found->expires;
}

static bool differ(const char *a, const char *b) {
    return a[0] != '\0' && b[0] != '\0' && strcmp(a, b) != 0;
}

bool b24_grant_differs(const struct b24_grant *a, const struct b24_grant *b) {
    return differ(a->member_id, b->member_id) || differ(a->user_id, b->user_id);
}

bool b24_app_usable(const struct b24_app *app, struct b24_fault *f) {
    const struct b24_grant *new = &app->found;
    if (new->access_token[0] == '\0' || new->refresh_token[0] == '\0')
        return b24_fail(f, B24_DECODE, "BAD_GRANT", "Run b24 login --app again.",
                        "the token server's answer has no usable pair of tokens");
    if (b24_grant_differs(&app->grant, new))
        return b24_fail(f, B24_AUTH, "FOREIGN_GRANT", "Run b24 login --app again.",
                        "the token server answered with tokens of another portal or user");
    return true;
}

void b24_app_seed(struct b24_app *app) {
    const char *text = app->code[0] != '\0' ? app->code : app->grant.refresh_token;
    if (text[0] == '\0') text = app->grant.access_token;
    app->seed[0] = '\0';
    if (text[0] != '\0')
        snprintf(app->seed, sizeof app->seed, "%016" PRIx64,
                 b24_hash(B24_HASH_START, text, strlen(text)));
}

/* ------------------------------------------------------------ a token that is dead */

#define BURIED 3600.0 /* s */

uint64_t b24_grant_mark(const struct b24_grant *grant) {
    const char *text = grant->refresh_token;
    return text[0] != '\0' ? b24_hash(B24_HASH_START, text, strlen(text)) : 0;
}

void b24_app_bury(struct b24_app *app, double now) {
    snprintf(app->dead, sizeof app->dead, "%016" PRIx64 " %.0f", b24_grant_mark(&app->grant), now);
}

bool b24_app_buried(const struct b24_app *app, double now) {
    char mark[B24_SEED_MAX];
    double since = 0;
    int n = snprintf(mark, sizeof mark, "%016" PRIx64 " ", b24_grant_mark(&app->grant));
    if (strncmp(app->dead, mark, (size_t)n) != 0 || !b24_decimal(app->dead + n, &since))
        return false;
    return app->grant.refresh_token[0] != '\0' && now >= since && now < since + BURIED;
}

/* ------------------------------------------------------------ the token server */

#define WEST "https://oauth.bitrix.info"
#define EAST "https://oauth.bitrix24.tech"

/* Which of the two, by the portal's name: a portal's licence region decides, and its zone tells
   most of them. Only for a first request: each answer names the server of the next one. */
static const char *by_zone(const char *client_endpoint) {
    static const char *const eastern[] = {"a.bitrix24.ru", "a.bitrix24.by", "a.bitrix24.kz",
                                          "a.bitrix24.uz"};
    struct b24_url portal;
    if (b24_url_parse(b24_view_of(client_endpoint), &portal) != NULL) return WEST;
    for (size_t i = 0; i < sizeof eastern / sizeof *eastern; i++)
        if (b24_same_zone(portal.host, b24_view_of(eastern[i]))) return EAST;
    return WEST;
}

static bool vouched_server(const char *text, bool allow_http, char out[B24_ORIGIN_MAX],
                           struct b24_fault *fault) {
    struct b24_url url;
    const char *wrong = b24_url_parse(b24_view_of(text), &url);
    if (wrong == NULL && !b24_url_origin(&url, out)) wrong = "it is too long";
    if (wrong != NULL)
        return b24_fail(fault, B24_CONFIG, "BAD_TOKEN_SERVER",
                        "It is an origin such as https://oauth.bitrix.info.",
                        "the token server's address is unusable: %s", wrong);
    if (url.https || (allow_http && b24_url_loopback(&url))) return true;
    return b24_fail(fault, B24_CONFIG, "HTTPS_REQUIRED",
                    "Write https://; for a mock portal on this machine set allow_http = true.",
                    "plain http to the token server would expose the application's secret");
}

bool b24_token_server(const struct b24_app *app, bool allow_http, char out[B24_ORIGIN_MAX],
                      struct b24_fault *fault) {
    struct b24_url url;
    const char *endpoint = app->grant.server_endpoint;
    const char *vouched = app->server[0] != '\0' ? app->server : app->vouched;
    if (vouched[0] != '\0') return vouched_server(vouched, allow_http, out, fault);
    if (endpoint[0] == '\0') {
        const char *server = by_zone(app->grant.client_endpoint);
        memcpy(out, server, strlen(server) + 1);
        return true;
    }
    bool readable = b24_url_parse(b24_view_of(endpoint), &url) == NULL && b24_url_origin(&url, out);
    if (readable && (strcmp(out, WEST) == 0 || strcmp(out, EAST) == 0)) return true;
    struct b24_view host = readable ? url.host : b24_view_of("?");
    return b24_fail(fault, B24_CONFIG, "UNKNOWN_TOKEN_SERVER",
                    "If you trust that server with the application's secret, name it in "
                    "oauth.server, B24_OAUTH_SERVER or b24 login --app --oauth-server.",
                    "the tokens name a token server that is none of Bitrix24's: %.*s", (int)host.n,
                    host.p);
}
