#include "rest/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mask.h"
#include "base/paste.h"
#include "base/process.h"
#include "base/url.h"

#define HINT_WEBHOOK                                                                               \
    "Copy the whole URL of an incoming webhook: https://PORTAL/rest/USER/SECRET/ (Bitrix24: "      \
    "Developer resources > "                                                                       \
    "Other > Incoming webhook)."

void b24_conf_init(struct b24_conf *conf) {
    memset(conf, 0, sizeof *conf);
    conf->serial = (b24_seed() ^ (uint64_t)(uintptr_t)conf << 8) | 1; /* never 0 */
#define DEFAULT_SECONDS(field, value)        field = b24_to_ms(value);
#define DEFAULT_COUNT(field, value)          field = value;
#define DEFAULT_BYTES(field, value)          field = value;
#define DEFAULT_FLAG(field, value)           field = value;
#define DEFAULT_TEXT(field, value)           field = NULL;
#define X(kind, name, low, high, value, doc) DEFAULT_##kind(conf->name, value)
    B24_CONF_VALUES(X)
#undef X
}

static void drop(char **field) {
    if (*field == NULL) return;
    volatile char *p = *field; /* volatile: the wipe must not be optimised away */
    while (*p != '\0') *p++ = '\0';
    free(*field);
    *field = NULL;
}

void b24_conf_free(struct b24_conf *conf) {
    drop(&conf->base);
    drop(&conf->origin);
    drop(&conf->secret);
    drop(&conf->token);
    drop(&conf->past);
    b24_app_free(conf->app);
    conf->app = NULL;
#define FREE_SECONDS(field)
#define FREE_COUNT(field)
#define FREE_BYTES(field)
#define FREE_FLAG(field)
#define FREE_TEXT(field)   drop(&(field));
#define X(kind, name, ...) FREE_##kind(conf->name)
    B24_CONF_VALUES(X)
#undef X
}

bool b24_conf_string(char **field, struct b24_view value, struct b24_fault *fault) {
    char *copy = malloc(value.n + 1);
    if (copy == NULL) return b24_fail(fault, B24_CONFIG, "OUT_OF_MEMORY", NULL, "out of memory");
    memcpy(copy, value.p, value.n);
    copy[value.n] = '\0';
    drop(field);
    *field = copy;
    return true;
}

static bool bad_webhook(struct b24_fault *fault, const char *what) {
    return b24_fail(fault, B24_CONFIG, "BAD_WEBHOOK", HINT_WEBHOOK,
                    "the webhook URL is unusable: %s", what);
}

/* Checks the scheme and sets conf->origin, lower-case and without a default port. */
static bool take_origin(struct b24_conf *conf, const struct b24_url *url, struct b24_fault *fault) {
    char text[B24_ORIGIN_MAX];
    if (!url->https && !b24_url_loopback(url))
        return b24_fail(fault, B24_CONFIG, "HTTPS_REQUIRED", "Write https:// instead of http://.",
                        "plain http would expose the credential to everybody on the way");
    if (!url->https && !conf->allow_http)
        return b24_fail(
            fault, B24_CONFIG, "HTTPS_REQUIRED",
            "For a mock portal on this machine set allow_http = true or B24_ALLOW_HTTP=1.",
            "plain http is refused unless it is allowed explicitly");
    if (!b24_url_origin(url, text))
        return b24_fail(fault, B24_CONFIG, "BAD_WEBHOOK", NULL, "the portal's address is too long");
    return b24_conf_string(&conf->origin, b24_view_of(text), fault);
}

/* conf->base = origin + tail */
static bool take_base(struct b24_conf *conf, struct b24_view tail, struct b24_fault *fault) {
    char text[B24_URL_MAX + 512];
    int n = snprintf(text, sizeof text, "%s%.*s", conf->origin, (int)tail.n, tail.p);
    if (n < 0 || (size_t)n >= sizeof text) return bad_webhook(fault, "it is too long");
    return b24_conf_string(&conf->base, (struct b24_view){text, (size_t)n}, fault);
}

/* The next "/"-delimited segment of *path, which may be empty. */
static struct b24_view segment(struct b24_view *path) {
    const char *slash = path->n > 0 ? memchr(path->p, '/', path->n) : NULL;
    struct b24_view s = {path->p, slash ? (size_t)(slash - path->p) : path->n};
    size_t used = s.n + (slash ? 1 : 0);
    path->p += used;
    path->n -= used;
    return s;
}

static bool all_digits(struct b24_view s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9') return false;
    return s.n > 0;
}

/* Finds USER and SECRET in a path "/rest/USER/SECRET/...". REST 3 pastes have "api/" in between;
 * im.* is not there. */
static const char *user_and_secret(struct b24_view path, struct b24_view *user,
                                   struct b24_view *secret) {
    segment(&path); /* what stands before the first slash: nothing */
    if (!b24_same_text(segment(&path), "rest")) return "it has no /rest/ after the host";
    *user = segment(&path);
    struct b24_view behind = path;
    *secret = segment(&path);
    if (b24_same_text(*user, "api") && all_digits(*secret)) {
        *user = *secret;
        *secret = segment(&path);
    } else if (secret->n > 5 && path.n == 0 &&
               b24_same_text((struct b24_view){secret->p + secret->n - 5, 5}, ".json")) {
        secret->n -= 5; /* .../SECRET.json */
    }
    if (user->n == 0) return "it has no user id after /rest/";
    if (behind.n == 0 || secret->n == 0) return "it has no secret after the user id";
    if (memchr(secret->p, '.', secret->n) != NULL)
        return "it has a method name where the secret should be";
    for (const char *p = user->p; p < secret->p + secret->n; p++)
        if ((unsigned char)*p >= 0x80)
            return "it has a character that is not ASCII, and may be invisible, behind /rest/";
    return NULL;
}

bool b24_conf_webhook(struct b24_conf *conf, struct b24_view text, struct b24_fault *fault) {
    struct b24_url url;
    struct b24_view user, secret;
    char tail[B24_URL_MAX], ascii[B24_URL_MAX];
    text = b24_trim(text);
    if (text.n == 0) return bad_webhook(fault, "it is empty");
    if (text.n > B24_URL_MAX) return bad_webhook(fault, "it is too long");
    const char *wrong = b24_url_ascii(&text, ascii, sizeof ascii);
    if (wrong == NULL) wrong = b24_url_parse(text, &url);
    if (wrong == NULL) wrong = user_and_secret(url.path, &user, &secret);
    if (wrong != NULL) return bad_webhook(fault, wrong);
    if (!take_origin(conf, &url, fault) || !b24_conf_string(&conf->secret, secret, fault))
        return false;
    int n = snprintf(tail, sizeof tail, "/rest/%.*s/%.*s/", (int)user.n, user.p, (int)secret.n,
                     secret.p);
    if (n < 0 || (size_t)n >= sizeof tail) return bad_webhook(fault, "it is too long");
    return take_base(conf, (struct b24_view){tail, (size_t)n}, fault);
}

static bool take_portal(struct b24_conf *conf, struct b24_view portal, struct b24_fault *fault) {
    struct b24_url url;
    char ascii[B24_URL_MAX];
    portal = b24_trim(portal);
    const char *wrong =
        portal.n > B24_URL_MAX ? "it is too long" : b24_url_ascii(&portal, ascii, sizeof ascii);
    if (wrong == NULL) wrong = b24_url_parse(portal, &url);
    if (wrong != NULL)
        return b24_fail(fault, B24_CONFIG, "BAD_PORTAL",
                        "portal is a host such as name.bitrix24.com.",
                        "the portal address is unusable: %s", wrong);
    return take_origin(conf, &url, fault) && take_base(conf, (struct b24_view){"/rest/", 6}, fault);
}

static bool take_token(struct b24_conf *conf, struct b24_view token, struct b24_fault *fault) {
    token = b24_trim(token);
    for (size_t i = 0; i < token.n; i++)
        if ((unsigned char)token.p[i] <= ' ' || (unsigned char)token.p[i] >= 0x7f) token.n = 0;
    if (token.n == 0)
        return b24_fail(fault, B24_CONFIG, "BAD_TOKEN",
                        "token is the access_token of an OAuth answer.",
                        "the token is empty or has spaces or other characters that no token has");
    return b24_conf_string(&conf->token, token, fault);
}

bool b24_conf_token(struct b24_conf *conf, struct b24_view portal, struct b24_view token,
                    struct b24_fault *fault) {
    return take_portal(conf, portal, fault) && take_token(conf, token, fault);
}

/* ------------------------------------------------------------ applications, and renewal */

bool b24_conf_app(struct b24_conf *conf, struct b24_view portal, struct b24_fault *fault) {
    const struct b24_grant *g = &conf->app->grant;
    struct b24_view token = {g->access_token, strlen(g->access_token)};
    if (g->client_endpoint[0] != '\0' && strstr(g->client_endpoint, "://") == NULL)
        return b24_fail(fault, B24_CONFIG, "BAD_PORTAL",
                        "client_endpoint is a URL such as https://name.bitrix24.com/rest/.",
                        "oauth.client_endpoint does not begin with https://");
    if (g->client_endpoint[0] != '\0') portal = b24_view_of(g->client_endpoint);
    if (portal.n == 0)
        return b24_fail(fault, B24_CONFIG, "NO_CREDENTIAL",
                        "Give oauth the token server's whole answer, or portal = HOST beside it.",
                        "oauth does not say which portal it is for (client_endpoint)");
    return take_portal(conf, portal, fault) && (token.n == 0 || take_token(conf, token, fault));
}

/* splitmix's step: another odd number, never 0. */
static void new_serial(struct b24_conf *conf) {
    conf->serial = (conf->serial + 0x9E3779B97F4A7C15u) | 1;
}

bool b24_conf_renew_token(struct b24_conf *conf, struct b24_view token, struct b24_fault *fault) {
    char *old = conf->token;
    conf->token = NULL;
    if (!take_token(conf, token, fault)) {
        conf->token = old;
        return false;
    }
    drop(&conf->past);
    conf->past = old;
    new_serial(conf);
    return true;
}

bool b24_conf_renew_webhook(struct b24_conf *conf, struct b24_view text, struct b24_fault *fault) {
    struct b24_conf other;
    memset(&other, 0, sizeof other);
    other.allow_http = conf->allow_http;
    bool ok = b24_conf_webhook(&other, text, fault);
    if (ok && (other.origin == NULL || strcmp(other.origin, conf->origin) != 0))
        ok = b24_fail(fault, B24_CONFIG, "BAD_WEBHOOK", "Make a new client for another portal.",
                      "the webhook function returned the webhook of another portal");
    if (ok) {
        drop(&conf->past);
        drop(&conf->base);
        conf->past = conf->secret;
        conf->secret = other.secret;
        conf->base = other.base;
        other.secret = other.base = NULL;
        new_serial(conf);
    }
    b24_conf_free(&other);
    return ok;
}

/* X(secret): all that must not be shown, but for what is masked by its place. */
#define SECRETS(conf, X)                                                                           \
    X((conf)->secret)                                                                              \
    X((conf)->token)                                                                               \
    X((conf)->past)
#define APP_SECRETS(app, X)                                                                        \
    X((app)->client_secret)                                                                        \
    X((app)->code)                                                                                 \
    X((app)->past)                                                                                 \
    X((app)->grant.access_token)                                                                   \
    X((app)->grant.refresh_token)                                                                  \
    X((app)->found.access_token)                                                                   \
    X((app)->found.refresh_token)

size_t b24_conf_longest_secret(const struct b24_conf *conf) {
    size_t longest = 0;
#define LENGTH(text)                                                                               \
    if ((text) != NULL && strlen(text) > longest) longest = strlen(text);
    SECRETS(conf, LENGTH)
    if (conf->app != NULL) {
        APP_SECRETS(conf->app, LENGTH)
    }
    return longest;
}

void b24_conf_mask(const struct b24_conf *conf, char *text) {
#define MASK(secret) b24_mask_word(text, secret);
    SECRETS(conf, MASK)
    if (conf->app != NULL) {
        APP_SECRETS(conf->app, MASK)
    }
    b24_mask_proxy(text, conf->proxy);
    b24_mask_environment(text);
    b24_mask_path(text, conf->ca_file);
    b24_mask_path(text, conf->ca_path);
    b24_mask_text(text);
}
