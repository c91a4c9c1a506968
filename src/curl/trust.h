/* curl/trust.h: where the system keeps the certificates that it trusts. */
#ifndef B24_CURL_TRUST_H
#define B24_CURL_TRUST_H

#include "base/common.h"

B24_PRIVATE_BEGIN

struct b24_trust {
    const char *file; /* a bundle, or NULL */
    const char *path; /* a hashed directory, or NULL; both NULL: leave libcurl's own default */
    const char *by; /* the variable of the environment that names it (the file, if both are named);
                       NULL: none */
};

/* Looks once per process. The strings stay. B24_CA_FILE replaces all others, as the option ca_file
   does. SSL_CERT_FILE and SSL_CERT_DIR go before all that is found, each in its place, as in
   OpenSSL's own programs (libcurl asks it for neither of them, once it is told a file or
   directory). Else a hashed directory is preferred:
   of it OpenSSL reads the one certificate that it needs, while a bundle of 140 costs 20 ms CPU at
   the first connection. */
struct b24_trust b24_trust_system(void);

/* Is this a readable file without any certificate that this libcurl's TLS library would take
 * without a word (GnuTLS)?
 */
bool b24_trust_takes_anything(const char *file);

B24_PRIVATE_END
#endif
