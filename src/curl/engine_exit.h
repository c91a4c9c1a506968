/* curl/engine_exit.h: what a process must stop before it ends. Some hosts (Neovim) end by exit()
   without running any finaliser; an engine's helper in the middle of a TLS handshake would then use
   OpenSSL while that cleans up. Knows nothing of engines. */
#ifndef B24_CURL_ENGINE_EXIT_H
#define B24_CURL_ENGINE_EXIT_H

#include <time.h>

#include "base/common.h"

B24_PRIVATE_BEGIN

/* A part of what is to be stopped, which fills stop and wait. Both must do nothing in a forked
   child. */
struct b24_at_exit {
    void (*stop)(struct b24_at_exit *self);
    void (*wait)(struct b24_at_exit *self, const struct timespec *until); /* of CLOCK_REALTIME */
    struct b24_at_exit *next, *prev; /* of all in the process */
};

/* From now on it is stopped at exit(). False: no memory. */
bool b24_at_exit_add(struct b24_at_exit *a);

/* Before its user ends it. */
void b24_at_exit_remove(struct b24_at_exit *a);

B24_PRIVATE_END
#endif
