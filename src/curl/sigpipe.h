/* curl/sigpipe.h: keeps a broken connection from killing the host. */
#ifndef B24_CURL_SIGPIPE_H
#define B24_CURL_SIGPIPE_H

#include <signal.h>

#include "base/common.h"

B24_PRIVATE_BEGIN

struct b24_sigpipe {
    bool blocked; /* by us */
    sigset_t old;
};

/* From here to b24_sigpipe_restore a SIGPIPE that this thread causes is swallowed. The host's
   handlers stay untouched. Needed below libcurl 7.87: with CURLOPT_NOSIGNAL it leaves SIGPIPE
   alone, and its OpenSSL writes do not ask for none.
 */
void b24_sigpipe_block(struct b24_sigpipe *s);
void b24_sigpipe_restore(struct b24_sigpipe *s);

B24_PRIVATE_END
#endif
