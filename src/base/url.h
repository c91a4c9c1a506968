/* base/url.h: the few things b24 needs to know about URLs. Views into the given text; nothing is
 * allocated. */
#ifndef B24_BASE_URL_H
#define B24_BASE_URL_H

#include "base/common.h"

B24_PRIVATE_BEGIN

struct b24_url {
    bool https;
    bool absolute;         /* the scheme was written */
    struct b24_view host;  /* as written; an IPv6 address with its brackets */
    struct b24_view port;  /* digits, empty if none */
    struct b24_view path;  /* from the first "/", without query and fragment; may be empty */
    struct b24_view query; /* from the "?", without fragment; may be empty */
};

/* Accepts http and https in any case, and no scheme at all (then https). NULL, or a phrase that
   says what is wrong, such as "it contains a space"; the phrase never quotes the text. */
const char *b24_url_parse(struct b24_view text, struct b24_url *url);

/* 127.0.0.0/8, [::1], localhost: may be reached over plain http. */
bool b24_url_loopback(const struct b24_url *url);

#define B24_ORIGIN_MAX 300 /* bytes of "https://host:port"; a host has at most 253 */

/* "https://host:port" in lower case, without a standard port. False: it does not fit. */
bool b24_url_origin(const struct b24_url *url, char out[B24_ORIGIN_MAX]);

/* A URL whose host is in another script -> *text in `out`, its host in punycode; any other stays as
   it is. NULL, or a phrase that says why not. */
const char *b24_url_ascii(struct b24_view *text, char *out, size_t size);

/* ASCII case-insensitive equality. */
bool b24_same_text(struct b24_view a, const char *b);

/* The port that a URL means. */
int b24_url_port(const struct b24_url *url);

B24_PRIVATE_END
#endif
