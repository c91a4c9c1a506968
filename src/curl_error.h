/* curl_error.h: libcurl's error codes in b24's words. */
#ifndef B24_CURL_ERROR_H
#define B24_CURL_ERROR_H

#include <curl/curl.h>

#include "reply.h"

B24_PRIVATE_BEGIN

/* Fills kind, code and hint of `failure` from the result and what the handle knows about it. */
void b24_curl_error(CURL *easy, CURLcode result, struct b24_failure *failure);

B24_PRIVATE_END
#endif
