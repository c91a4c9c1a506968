/* curl/error.h: libcurl's error codes in b24's words. */
#ifndef B24_CURL_ERROR_H
#define B24_CURL_ERROR_H

#include <curl/curl.h>

#include "rest/outcome.h"

B24_PRIVATE_BEGIN

/* What the transfer had come to. */
struct b24_progress {
    bool began;       /* the request was being sent, or more */
    bool replied;     /* the reply's header was complete */
    bool maybe_proxy; /* the conf or the environment names a proxy */
    bool empty_ca;    /* the conf's ca_file has no certificates */
    bool own_ca;      /* the conf says whom to trust */
    int no_socket;    /* errno of a socket that could not be had; 0 */
};

/* Fills kind, code, hint and text of `failure` from the result and what the handle knows about it.
   `words` are libcurl's; the text may be written there. */
void b24_curl_error(CURL *easy, CURLcode result, const struct b24_progress *progress,
                    char words[CURL_ERROR_SIZE], struct b24_failure *failure);

B24_PRIVATE_END
#endif
