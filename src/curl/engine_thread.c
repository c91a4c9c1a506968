/* The helper's side of an engine: one loop around curl_multi. */
#define _POSIX_C_SOURCE 200809L
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "curl/engine_impl.h"

/* ms: poll measures time in which the machine runs, sleeps also count the time in which it is
   suspended. So while there are sleeps it looks at least this often. */
#define LOOK 10000

#define REST 20 /* ms before another look when even waiting failed, for lack of memory */

void b24_engine_signal(struct b24_engine *e) {
    if (!e->signalled) e->signalled = write(e->fds[1], "", 1) == 1;
}

static void give(struct b24_engine *e, struct b24_engine_job *job) {
    pthread_mutex_lock(&e->lock);
    if (job->cancelled) {
        for (struct b24_engine_job **at = &e->cancelled; *at != NULL; at = &(*at)->next_cancelled)
            if (*at == job) {
                *at = job->next_cancelled;
                break;
            }
        b24_list_append(&e->dropped, &job->link);
    } else {
        job->place = B24_FINISHED;
        b24_list_append(&e->done, &job->link);
        b24_engine_signal(e);
    }
    pthread_mutex_unlock(&e->lock);
}

/* The helper is done with a job, whose event is filled. */
static void finish(struct b24_engine *e, struct b24_engine_job *job) {
    b24_timers_remove(&e->timers, &job->timer);
    if (job->lane != NULL) b24_lane_leave(e, job);
    give(e, job);
}

/* ------------------------------------------------------------ from the host */

static void take(struct b24_engine *e, struct b24_engine_job *job) {
    if (job->exchange == NULL) {
        b24_timers_add(&e->timers, &job->timer, job->due);
    } else if (!b24_lane_enter(e, job)) {
        b24_exchange_unsent(job->exchange, CURLE_OUT_OF_MEMORY, &job->event);
        finish(e, job);
    }
}

/* What was submitted and cancelled meanwhile. False: the end. */
static bool take_news(struct b24_engine *e) {
    struct b24_link fresh;
    b24_list_init(&fresh);
    pthread_mutex_lock(&e->lock);
    for (struct b24_link *l; (l = b24_list_take(&e->submitted)) != NULL;) {
        ((struct b24_engine_job *)l)->place = B24_HELD;
        b24_list_append(&fresh, l);
    }
    struct b24_engine_job *cancelled = e->cancelled;
    bool go_on = !e->stop;
    pthread_mutex_unlock(&e->lock);
    for (struct b24_link *l; (l = b24_list_take(&fresh)) != NULL;)
        take(e, (struct b24_engine_job *)l);
    while (cancelled != NULL) {
        struct b24_engine_job *next =
            cancelled->next_cancelled; /* only more can have been put in front meanwhile */
        finish(e, cancelled);
        cancelled = next;
    }
    return go_on;
}

/* ------------------------------------------------------------ what happens by itself */

/* Timers: the end of a sleep, or of the time of a request that is still queued. */
static void wake(struct b24_engine *e, b24_ms now) {
    for (struct b24_timer *t; (t = b24_timers_first(&e->timers)) != NULL && t->due <= now;) {
        struct b24_engine_job *job =
            (struct b24_engine_job *)((char *)t -
                                      offsetof(struct b24_engine_job, timer)); /* its owner */
        if (job->exchange != NULL)
            b24_exchange_unsent(job->exchange, CURLE_OPERATION_TIMEDOUT, &job->event);
        finish(e, job);
    }
}

static void collect(struct b24_engine *e) {
    int left = 0;
    for (CURLMsg *m; (m = curl_multi_info_read(e->multi, &left)) != NULL;) {
        char *private = NULL;
        CURLcode result = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private);
        struct b24_engine_job *job = (struct b24_engine_job *)(void *)private;
        if (b24_lane_again(e, job, &result)) continue;
        b24_exchange_end(job->exchange, result, &job->event);
        finish(e, job);
    }
}

/* Out of memory is the only cause with handles that are in order. Nobody knows how far the
 * transfers came. */
static void fail_all(struct b24_engine *e) {
    for (struct b24_link *l; (l = b24_list_first(&e->active_jobs)) != NULL;) {
        struct b24_engine_job *job = (struct b24_engine_job *)l;
        b24_exchange_end(job->exchange, CURLE_OUT_OF_MEMORY, &job->event);
        finish(e, job);
    }
}

static void start_lanes(struct b24_engine *e) {
    b24_lanes_start(e, b24_clock_boot());
    for (struct b24_link *l; (l = b24_list_take(&e->unstarted)) != NULL;)
        finish(e, (struct b24_engine_job *)l);
}

static int pause_until_next(struct b24_engine *e, b24_ms now) {
    const struct b24_timer *t = b24_timers_first(&e->timers);
    if (t == NULL) return INT_MAX;
    if (t->due <= now) return 0;
    return t->due - now < LOOK ? (int)(t->due - now) : LOOK;
}

void *b24_engine_run(void *engine) {
    struct b24_engine *e = engine;
    int running = 0;
    while (take_news(e)) {
        wake(e, b24_clock_boot());
        start_lanes(e);
        bool failed = b24_multi_perform(e->multi, &e->lookups, &running) != CURLM_OK;
        collect(e);
        if (failed) fail_all(e);
        start_lanes(e); /* places became free, connections ready */
        if (curl_multi_poll(e->multi, NULL, 0, pause_until_next(e, b24_clock_boot()), NULL) !=
            CURLM_OK)
            poll(NULL, 0, REST);
    }
    pthread_mutex_lock(&e->lock);
    e->ended = true;
    pthread_cond_broadcast(&e->ended_changed);
    pthread_mutex_unlock(&e->lock);
    return NULL;
}
