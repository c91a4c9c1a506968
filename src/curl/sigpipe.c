#define _POSIX_C_SOURCE 200809L
#include "curl/sigpipe.h"

#include <pthread.h>

void b24_sigpipe_block(struct b24_sigpipe *s) {
    sigset_t set, pending;
    s->blocked = false;
    if (sigpending(&pending) != 0 || sigismember(&pending, SIGPIPE) == 1)
        return; /* somebody else's: not ours to take */
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    s->blocked = pthread_sigmask(SIG_BLOCK, &set, &s->old) == 0;
}

void b24_sigpipe_restore(struct b24_sigpipe *s) {
    sigset_t set, pending;
    int got;
    if (!s->blocked) return;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    if (sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1) (void)sigwait(&set, &got);
    (void)pthread_sigmask(SIG_SETMASK, &s->old, NULL);
}
