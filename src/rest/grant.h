/* rest/grant.h: an OAuth application's authorisation: the tokens that a token server gave, and for
   what. No I/O. */
#ifndef B24_REST_GRANT_H
#define B24_REST_GRANT_H

#include <cjson/cJSON.h>

#include "base/fault.h"
#include "base/url.h"

B24_PRIVATE_BEGIN

#define B24_TOKEN_MAX    2048 /* bytes of a token; real ones have 70, and nothing is promised */
#define B24_ENDPOINT_MAX 512  /* bytes of "https://portal.example/rest/" */
#define B24_APP_TEXT_MAX 256  /* bytes of a client_id or a client_secret; real ones have 50 */
#define B24_STORE_MAX    1100 /* bytes of a store's path */
#define B24_SEED_MAX     20   /* a hash in hexadecimal digits */
#define B24_DEAD_MAX     48   /* such a hash and a time */

/* X(name, bytes): the members of a token server's answer that are kept, under its names. */
#define B24_GRANT_TEXTS(X)                                                                         \
    X(access_token, B24_TOKEN_MAX)                                                                 \
    X(refresh_token, B24_TOKEN_MAX)                                                                \
    X(client_endpoint, B24_ENDPOINT_MAX) /* "https://portal.example/rest/" */                      \
    X(server_endpoint, B24_ENDPOINT_MAX) /* of the token server */                                 \
    X(member_id, 128)                    /* the portal, whatever it is called today */             \
    X(user_id, 32)                                                                                 \
    X(scope, 4096)                                                                                 \
    X(status, 16)

struct b24_grant {
#define X(name, size) char name[size];
    B24_GRANT_TEXTS(X)
#undef X
    double expires; /* s since 1970, by the token server's clock; 0: not known */
};

/* X(name, bytes): what is known of the application itself. */
#define B24_APP_TEXTS(X)                                                                           \
    X(client_id, B24_APP_TEXT_MAX)                                                                 \
    X(client_secret, B24_APP_TEXT_MAX)                                                             \
    X(server, B24_ENDPOINT_MAX) /* a token server that the user vouches for; "": the known ones */ \
    X(seed, B24_SEED_MAX)       /* which authorisation these tokens have grown from */             \
    X(dead, B24_DEAD_MAX)       /* which refresh token the server has refused, and when */

struct b24_app {
#define X(name, size) char name[size];
    B24_APP_TEXTS(X)
#undef X
    struct b24_grant grant;
    char vouched[B24_ENDPOINT_MAX]; /* the same from the environment: not for the store */
    char code[B24_TOKEN_MAX];       /* of an authorisation, to be exchanged; "": none */
    char store[B24_STORE_MAX];      /* path of the built-in store; "": the user's own, or none */
    char past[B24_TOKEN_MAX]; /* the refresh token before this one: late replies may repeat it */
    bool loaded;              /* the user's own store has been asked once */
    bool settled;             /* these tokens are in the store, or have been: it knows better */
    uint64_t kept;            /* the refresh token that was seen there last, as b24_grant_mark */
    struct b24_grant found;   /* what a store or a token server has just said */
};

/* NULL: no memory. Freed with its secrets wiped; NULL too. */
struct b24_app *b24_app_new(void);
void b24_app_wipe(struct b24_app *app);
void b24_grant_wipe(struct b24_grant *grant);
void b24_app_free(struct b24_app *app);

/* Reads the members of a token server's answer, or of what a store kept of one. One that is too
   long, or of a wrong type, counts as not given: a pair must not be lost because of it. False: this
   is no object. A user_id may be a number. `now`: s since 1970, for answers that say only how long
   a token lives. */
bool b24_grant_read(const cJSON *root, double now, struct b24_grant *out);

/* Takes what `found` has over what there was: a refresh tells everything, a first exchange does
   not. */
void b24_grant_take(struct b24_grant *grant, const struct b24_grant *found);

/* Are both known to be of different portals or users? */
bool b24_grant_differs(const struct b24_grant *a, const struct b24_grant *b);

/* Is app->found a pair, and nobody else's than the one before it? False: `fault`. */
bool b24_app_usable(const struct b24_app *app, struct b24_fault *fault);

/* As a JSON object, and back: what a store holds. NULL: no memory; free it with cJSON_free. */
char *b24_app_text(const struct b24_app *app);
bool b24_app_read(const cJSON *root, double now, struct b24_app *out);

/* The mark of an authorisation: a hash of its first refresh token or code, from which nobody finds
   either. */
void b24_app_seed(struct b24_app *app);

/* The same of a refresh token; 0: there is none. */
uint64_t b24_grant_mark(const struct b24_grant *grant);

/* The token server has refused app's refresh token, so nobody should ask for it again: not for an
   hour, as a server may err. `now`: s since 1970. */
void b24_app_bury(struct b24_app *app, double now);
bool b24_app_buried(const struct b24_app *app, double now);

/* The token server's origin: what the user vouches for (app->server, else app->vouched); else the
   answer's own server_endpoint if it is one of the two that Bitrix24 has; else the one of the
   portal's zone. The client_secret goes there, so nothing else is believed. Plain http only to
   loopback, and only if allowed. False: `fault`. */
bool b24_token_server(const struct b24_app *app, bool allow_http, char out[B24_ORIGIN_MAX],
                      struct b24_fault *fault);

B24_PRIVATE_END
#endif
