#define _POSIX_C_SOURCE 200809L
#include "curl/engine_exit.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "curl/engine_impl.h"

#define PATIENCE                                                                                   \
    500 /* ms for all engines: below libcurl 7.87 a hanging DNS lookup would hold up the exit */

/* Rule 7: guarded by this lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct b24_engine *engines;
static bool registered;

static void tell(struct b24_engine *e) {
    pthread_mutex_lock(&e->lock);
    e->stop = true;
    pthread_mutex_unlock(&e->lock);
    curl_multi_wakeup(e->multi);
}

static struct timespec in_ms(long ms) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += ms * 1000000;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

static void wait_for(struct b24_engine *e, const struct timespec *until) {
    int late = 0;
    pthread_mutex_lock(&e->lock);
    while (!e->ended && late == 0)
        late = pthread_cond_timedwait(&e->ended_changed, &e->lock, until);
    pthread_mutex_unlock(&e->lock);
}

/* Nothing is freed: the process ends, and its user may still hold the engines. A forked child has
   no helper to stop; it may have been born while another thread held the lock. */
static void at_exit(void) {
    if (pthread_mutex_trylock(&lock) != 0) return;
    struct timespec until = in_ms(PATIENCE);
    for (struct b24_engine *e = engines; e != NULL; e = e->next)
        if (b24_engine_usable(e)) tell(e);
    for (struct b24_engine *e = engines; e != NULL; e = e->next)
        if (b24_engine_usable(e)) wait_for(e, &until);
    pthread_mutex_unlock(&lock);
}

bool b24_engine_exit_watch(struct b24_engine *e) {
    pthread_mutex_lock(&lock);
    /* After libcurl's start: handlers run in reverse order, so before those of its TLS library. */
    if (!registered) registered = atexit(at_exit) == 0;
    if (registered) {
        e->prev = NULL;
        e->next = engines;
        if (engines != NULL) engines->prev = e;
        engines = e;
    }
    bool ok = registered;
    pthread_mutex_unlock(&lock);
    return ok;
}

void b24_engine_exit_forget(struct b24_engine *e) {
    pthread_mutex_lock(&lock);
    if (e->prev != NULL) e->prev->next = e->next;
    else if (engines == e) engines = e->next;
    if (e->next != NULL) e->next->prev = e->prev;
    e->next = e->prev = NULL;
    pthread_mutex_unlock(&lock);
}
