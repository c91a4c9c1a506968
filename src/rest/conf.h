/* rest/conf.h: a checked configuration. Plain values; who fills it (the Lua binding) is not its
 * business. */
#ifndef B24_REST_CONF_H
#define B24_REST_CONF_H

#include "base/fault.h"
#include "base/url.h"
#include "rest/conf_options.h"
#include "rest/grant.h"
#include "rest/limiter.h"
#include "rest/token.h"

B24_PRIVATE_BEGIN

#define B24_METHOD_MAX 200  /* bytes of a REST method name; real ones stay below 80 */
#define B24_URL_MAX    2048 /* bytes of a webhook URL; real ones have about 70 */

enum b24_http_version { B24_HTTP_AUTO, B24_HTTP_1_1, B24_HTTP_2 };

struct b24_conf {
    uint64_t serial; /* differs from that of every other conf of this process, and changes with the
                        credential: whoever sends its requests may keep what it made of one */
    /* credential: base ends in "/", the method name follows */
    char *base;   /* "https://portal.example/rest/1/SECRET/" or, with a token,
                     "https://portal.example/rest/" */
    char *origin; /* "https://portal.example"; safe to show */
    char *secret; /* the webhook's secret, or NULL */
    char *token;  /* OAuth access token, or NULL */
    char *past;   /* the secret or token before this one, or NULL: late replies may repeat it */
    /* where the next credential comes from when the portal refuses this one */
    enum b24_renewal renewal;
    struct b24_app *app;   /* of an application's authorisation, or NULL */
    const void *renewer;   /* the call of this process that renews it now; NULL: none */
    b24_ms renewing_until; /* when that call is over at the latest, by the monotonic clock */
    /* options that are plain values */
#define FIELD_SECONDS(name) b24_ms name;
#define FIELD_COUNT(name)   int name;
#define FIELD_BYTES(name)   size_t name;
#define FIELD_FLAG(name)    bool name;
#define FIELD_TEXT(name)    char *name;
#define X(kind, name, ...)  FIELD_##kind(name)
    B24_CONF_VALUES(X)
#undef X
    /* the others */
    enum b24_http_version http_version;
    struct b24_limits limits; /* of the built-in limiter */
    bool ask_limiter;         /* the user has a limiter of his own: ASK */
    /* learnt while it is used: the portal's new origin after a redirect, or ""; see call_move.c */
    char moved_origin[B24_ORIGIN_MAX];
};

#define B24_USER_AGENT "b24/" B24_VERSION

/* All defaults, nothing owned. */
void b24_conf_init(struct b24_conf *conf);

/* Takes a webhook URL in any pasted form: with or without scheme, method, ".json", query, slash.
   allow_http must be set before. False: `fault`, which never quotes the URL. */
bool b24_conf_webhook(struct b24_conf *conf, struct b24_view url, struct b24_fault *fault);

/* Takes a portal ("name.bitrix24.com" or its URL) and an OAuth access token. */
bool b24_conf_token(struct b24_conf *conf, struct b24_view portal, struct b24_view token,
                    struct b24_fault *fault);

/* Takes conf->app: where its tokens are good, and the access token if there is one. `portal`: for
   tokens that do not say where, may be empty. */
bool b24_conf_app(struct b24_conf *conf, struct b24_view portal, struct b24_fault *fault);

/* Another token, or webhook of the same portal, in the place of the present one. */
bool b24_conf_renew_token(struct b24_conf *conf, struct b24_view token, struct b24_fault *fault);
bool b24_conf_renew_webhook(struct b24_conf *conf, struct b24_view url, struct b24_fault *fault);

/* Copies a string into a field of conf. False: no memory. */
bool b24_conf_string(char **field, struct b24_view value, struct b24_fault *fault);

/* Wipes secrets and frees. Safe on an initialised conf, and twice. */
void b24_conf_free(struct b24_conf *conf);

/* Bytes of the longest of this conf's secrets. */
size_t b24_conf_longest_secret(const struct b24_conf *conf);

/* Replaces this conf's secrets, and whatever stands where a webhook's secret stands in any URL, by
 * "***". In place. */
void b24_conf_mask(const struct b24_conf *conf, char *text);

B24_PRIVATE_END
#endif
