/* rest/request.h: one HTTP request to a portal or a token server. */
#ifndef B24_REST_REQUEST_H
#define B24_REST_REQUEST_H

#include "rest/body.h"
#include "rest/conf.h"
#include "rest/method.h"

B24_PRIVATE_BEGIN

/* What has to be sent, without following redirects or keeping cookies. */
struct b24_request {
    const char *url;         /* NUL-terminated; holds the webhook's secret, or the application's */
    struct b24_view body;    /* JSON; empty: GET, else POST */
    struct b24_files *files; /* whose contents stand in it; NULL: none */
    uint64_t serial; /* that of the conf: its requests have the same headers; 0: no others do */
    const char *const *headers; /* "Name: value" lines, NULL at the end */
    b24_ms timeout;             /* for this request, from now */
    bool repeatable;            /* it may be sent again if a kept connection turns out dead */
    size_t max_reply;           /* bytes of a reply; 0: what the conf says */
};

/* The largest reply that is read. */
static inline size_t b24_most_bytes(const struct b24_request *request,
                                    const struct b24_conf *conf) {
    return request->max_reply > 0 ? request->max_reply : conf->max_reply;
}

/* Owns what a b24_request points to. */
struct b24_request_text {
    const char *url, *body, *headers[5];
    char *block; /* holds them all; the secrets come first */
    size_t secret_n;
    char *moved;  /* NULL, or the URL in place of that in the block */
    char *bearer; /* NULL, or the header with another token */
};

/* Copies method and body (empty: "{}"). False: no memory; free it all the same. */
bool b24_request_build(struct b24_request_text *text, const struct b24_conf *conf,
                       struct b24_view method, struct b24_view body);

/* Sends the request to another origin ("https://new.example") from now on. False: no memory,
 * nothing changed. */
bool b24_request_move(struct b24_request_text *text, const struct b24_conf *conf,
                      const char *origin, struct b24_view method);
/* Another credential of conf in the place of the one it was built with. The same. */
bool b24_request_renew(struct b24_request_text *text, const struct b24_conf *conf,
                       const char *origin, struct b24_view method);

/* The request for tokens to the token server at that origin: with the application's code, if there
   is one, else with its refresh token. A GET whose query has the application's secret, as nothing
   else is documented, nor seen in any client: a server that reads the query alone would answer a
   POST with an error, and all who log in would be locked out. Over TLS nobody but that server sees
   it; whoever sends it must not show the URL. */
bool b24_request_tokens(struct b24_request_text *text, const struct b24_conf *conf,
                        const char *server);

void b24_request_free(struct b24_request_text *text);

B24_PRIVATE_END
#endif
