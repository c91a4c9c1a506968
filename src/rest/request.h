/* rest/request.h: one HTTP request to a portal. */
#ifndef B24_REST_REQUEST_H
#define B24_REST_REQUEST_H

#include "rest/body.h"
#include "rest/conf.h"
#include "rest/method.h"

B24_PRIVATE_BEGIN

/* What has to be sent: always POST, without following redirects or keeping cookies. */
struct b24_request {
    const char *url;            /* NUL-terminated; holds the webhook's secret */
    struct b24_view body;       /* JSON; never empty */
    struct b24_files *files;    /* whose contents stand in it; NULL: none */
    const char *const *headers; /* "Name: value" lines, NULL at the end */
    b24_ms timeout;             /* for this request, from now */
    bool repeatable;            /* it may be sent again if a kept connection turns out dead */
};

/* Owns what a b24_request points to. */
struct b24_request_text {
    const char *url, *body, *headers[5];
    char *block; /* holds them all; the secrets come first */
    size_t secret_n;
    char *moved; /* NULL, or the URL at another origin */
};

/* Copies method and body (empty: "{}"). False: no memory; free it all the same. */
bool b24_request_build(struct b24_request_text *text, const struct b24_conf *conf,
                       struct b24_view method, struct b24_view body);

/* Sends the request to another origin ("https://new.example") from now on. False: no memory,
 * nothing changed. */
bool b24_request_move(struct b24_request_text *text, const struct b24_conf *conf,
                      const char *origin, struct b24_view method);
void b24_request_free(struct b24_request_text *text);

B24_PRIVATE_END
#endif
