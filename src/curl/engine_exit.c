#define _POSIX_C_SOURCE 200809L
#include "curl/engine_exit.h"

#include <pthread.h>
#include <stdlib.h>

#define PATIENCE                                                                                   \
    500 /* ms for all engines: below libcurl 7.87 a hanging DNS lookup would hold up the exit */

/* Rule 7: guarded by this lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct b24_at_exit *all;
static bool registered;

static struct timespec in_ms(long ms) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += ms * 1000000;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

/* Nothing is freed: the process ends, and its user may still hold the engines. A forked child may
   have been born while another thread held the lock. */
static void at_exit(void) {
    if (pthread_mutex_trylock(&lock) != 0) return;
    struct timespec until = in_ms(PATIENCE);
    for (struct b24_at_exit *a = all; a != NULL; a = a->next) a->stop(a);
    for (struct b24_at_exit *a = all; a != NULL; a = a->next) a->wait(a, &until);
    pthread_mutex_unlock(&lock);
}

bool b24_at_exit_add(struct b24_at_exit *a) {
    pthread_mutex_lock(&lock);
    /* After libcurl's start: handlers run in reverse order, so before those of its TLS library. */
    if (!registered) registered = atexit(at_exit) == 0;
    if (registered) {
        a->prev = NULL;
        a->next = all;
        if (all != NULL) all->prev = a;
        all = a;
    }
    bool ok = registered;
    pthread_mutex_unlock(&lock);
    return ok;
}

void b24_at_exit_remove(struct b24_at_exit *a) {
    pthread_mutex_lock(&lock);
    if (a->prev != NULL) a->prev->next = a->next;
    else if (all == a) all = a->next;
    if (a->next != NULL) a->next->prev = a->prev;
    a->next = a->prev = NULL;
    pthread_mutex_unlock(&lock);
}
