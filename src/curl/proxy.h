/* curl/proxy.h: the variables of the environment that name a proxy. */
#ifndef B24_CURL_PROXY_H
#define B24_CURL_PROXY_H

#include "rest/conf.h"

B24_PRIVATE_BEGIN

/* The proxy for https, or NULL. libcurl obeys no_proxy besides: this only says that there can be
   one. */
const char *b24_proxy_variable(void);

/* The hosts that are reached without it, or NULL. */
const char *b24_no_proxy_variable(void);

/* libcurl reads the variables by itself, but takes a line end for a part of the value, as a file of
   systemd or Docker with CR LF leaves one. False: there is nothing to cut off; `value` may be NULL.
 */
bool b24_proxy_clean(const char *value, char out[B24_URL_MAX + 1]);

B24_PRIVATE_END
#endif
