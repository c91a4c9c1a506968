/* curl/facts.h: what this machine's libcurl is, for people who look for a problem. */
#ifndef B24_CURL_FACTS_H
#define B24_CURL_FACTS_H

#include "base/common.h"

B24_PRIVATE_BEGIN

struct b24_curl_facts {
    const char *libcurl; /* its version */
    const char *tls;     /* name and version of its TLS library, or NULL: it has none */
    bool http2;
    const char *trust_by; /* the variable that names them, or NULL */
    const char *trust; /* where the certificates that are trusted by default are; NULL: only libcurl
                          knows */
};

/* The strings are static or libcurl's own. */
struct b24_curl_facts b24_curl_facts(void);

B24_PRIVATE_END
#endif
