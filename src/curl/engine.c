/* The host's side of an engine: everything here runs in the user's thread. */
#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"
#include "curl/engine_impl.h"
#include "curl/inherit.h"
#include "curl/sigpipe.h"

#define KEPT_CONNECTIONS 64  /* idle ones; as in transfer.c */
#define KEPT_EXCHANGES   64  /* handles kept for the next requests: 5 KiB each */
#define SLICE            100 /* ms: longest wait between two looks at interrupt */
/* Jobs at once; an id is generation * SLOTS + slot, exact in a double. */
#define SLOTS     (1u << 20)
#define BODY_KEPT 4096 /* bytes of request memory that a job keeps for its next use */
#define BODY_MAX  (64u << 20)

static bool init(struct b24_engine *e) {
    e->owner = b24_process();
    e->fds[0] = e->fds[1] = -1;
    b24_list_init(&e->idle);
    b24_list_init(&e->submitted);
    b24_list_init(&e->done);
    b24_list_init(&e->dropped);
    b24_list_init(&e->active_jobs);
    b24_list_init(&e->unstarted);
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->ended_changed, NULL);
    if (!b24_start_libcurl()) return false;
    e->old_curl = b24_curl_raises_sigpipe();
    e->multi = b24_new_multi(KEPT_CONNECTIONS);
    e->kept = calloc(KEPT_EXCHANGES, sizeof(struct b24_exchange *));
    e->lanes = b24_lanes_new();
    return e->multi != NULL && e->kept != NULL && e->lanes != NULL && b24_private_pipe(e->fds);
}

struct b24_engine *b24_engine_new(void) {
    struct b24_engine *e = calloc(1, sizeof *e);
    if (e == NULL) return NULL;
    if (init(e)) return e;
    b24_engine_free(e);
    return NULL;
}

bool b24_engine_usable(const struct b24_engine *e) { return e->owner == b24_process(); }

int b24_engine_fd(const struct b24_engine *e) { return e->fds[0]; }

size_t b24_engine_running(const struct b24_engine *e) { return e->running; }

/* ------------------------------------------------------------ the helper */

static void stop(struct b24_engine *e) {
    pthread_mutex_lock(&e->lock);
    e->stop = true;
    pthread_mutex_unlock(&e->lock);
    curl_multi_wakeup(e->multi);
}

static struct b24_engine *engine_of(struct b24_at_exit *a) {
    return (struct b24_engine *)(void *)((char *)a - offsetof(struct b24_engine, at_exit));
}

/* A forked child has no helper to stop. */
static void stop_at_exit(struct b24_at_exit *a) {
    struct b24_engine *e = engine_of(a);
    if (b24_engine_usable(e)) stop(e);
}

static void wait_at_exit(struct b24_at_exit *a, const struct timespec *until) {
    struct b24_engine *e = engine_of(a);
    int late = 0;
    if (!b24_engine_usable(e)) return;
    pthread_mutex_lock(&e->lock);
    while (!e->ended && late == 0)
        late = pthread_cond_timedwait(&e->ended_changed, &e->lock, until);
    pthread_mutex_unlock(&e->lock);
}

/* The host's signals are not for the helper. */
static bool start(struct b24_engine *e) {
    sigset_t all, old;
    if (e->started) return true;
    e->at_exit.stop = stop_at_exit;
    e->at_exit.wait = wait_at_exit;
    if (!b24_at_exit_add(&e->at_exit)) return false;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    e->started = pthread_create(&e->helper, NULL, b24_engine_run, e) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!e->started) b24_at_exit_remove(&e->at_exit);
    return e->started;
}

/* ------------------------------------------------------------ jobs */

static void give_back_exchange(struct b24_engine *e, struct b24_engine_job *job) {
    if (job->exchange != NULL && e->kept_count < KEPT_EXCHANGES)
        e->kept[e->kept_count++] = job->exchange;
    else b24_exchange_free(job->exchange);
    job->exchange = NULL;
}

/* The job is in no list any more. */
static void recycle(struct b24_engine *e, struct b24_engine_job *job) {
    give_back_exchange(e, job);
    b24_files_drop(job->files);
    job->files = NULL;
    b24_buffer_reset(&job->body, BODY_KEPT);
    job->place = B24_IDLE;
    job->cancelled = job->connected = false;
    b24_list_append(&e->idle, &job->link);
}

/* Cancelled jobs that the helper has given back. */
static void take_dropped(struct b24_engine *e) {
    struct b24_link dropped;
    b24_list_init(&dropped);
    pthread_mutex_lock(&e->lock);
    b24_list_move(&dropped, &e->dropped);
    pthread_mutex_unlock(&e->lock);
    for (struct b24_link *l; (l = b24_list_take(&dropped)) != NULL;)
        recycle(e, (struct b24_engine_job *)l);
}

static bool grow(struct b24_engine *e) {
    size_t cap = e->job_cap > 0 ? e->job_cap * 2 : 16;
    if (e->job_count < e->job_cap) return true;
    if (cap > SLOTS) return false;
    struct b24_engine_job **jobs = realloc(e->jobs, cap * sizeof(struct b24_engine_job *));
    if (jobs == NULL) return false;
    e->jobs = jobs;
    e->job_cap = cap;
    return true;
}

static struct b24_engine_job *new_job(struct b24_engine *e) {
    if (b24_list_empty(&e->idle)) take_dropped(e);
    struct b24_engine_job *job = (struct b24_engine_job *)b24_list_take(&e->idle);
    if (job != NULL) return job;
    if (!grow(e)) return NULL;
    job = calloc(1, sizeof *job);
    if (job == NULL) return NULL;
    job->engine = e;
    job->slot = e->job_count;
    job->id = job->slot;
    b24_buffer_init(&job->body, BODY_MAX);
    b24_buffer_init(&job->lane_name, B24_LANE_NAME_MAX);
    e->jobs[e->job_count++] = job;
    return job;
}

static b24_job submit(struct b24_engine *e, struct b24_engine_job *job) {
    if (!start(e)) {
        recycle(e, job);
        return 0;
    }
    job->id += SLOTS;
    pthread_mutex_lock(&e->lock);
    bool first = b24_list_empty(&e->submitted);
    job->place = B24_SUBMITTED;
    b24_list_append(&e->submitted, &job->link);
    pthread_mutex_unlock(&e->lock);
    if (first) curl_multi_wakeup(e->multi); /* otherwise the helper is on its way already */
    e->running++;
    return job->id;
}

b24_job b24_engine_sleep(struct b24_engine *e, b24_ms duration) {
    struct b24_engine_job *job = new_job(e);
    if (job == NULL) return 0;
    job->due = b24_clock_boot() + duration;
    job->event.type = B24_WOKE;
    return submit(e, job);
}

/* False: no memory. */
static bool copy(struct b24_engine_job *job, const struct b24_conf *conf,
                 const struct b24_request *request) {
    job->event.type = B24_FAILED; /* until it is known better */
    job->multiplexes =
        strncmp(request->url, "https:", 6) == 0 && conf->http_version != B24_HTTP_1_1;
    job->due = b24_clock_boot() + request->timeout;
    job->connect_timeout = conf->connect_timeout;
    job->files = b24_files_keep(request->files);
    return b24_buffer_add(&job->body, request->body.p, request->body.n) &&
           b24_lane_name(&job->lane_name, conf, request->url);
}

static CURLcode prepare(struct b24_engine_job *job, const struct b24_conf *conf,
                        const struct b24_request *request) {
    struct b24_request copied = *request;
    copied.body = b24_buffer_view(&job->body);
    return b24_exchange_prepare(job->exchange, conf, &copied);
}

/* libcurl refuses an option: that is the call's outcome, as where the caller waits for it. The
   helper never hears of the job. */
static b24_job refuse(struct b24_engine *e, struct b24_engine_job *job, CURLcode result) {
    b24_exchange_unsent(job->exchange, result, &job->event);
    job->id += SLOTS;
    pthread_mutex_lock(&e->lock);
    job->place = B24_FINISHED;
    b24_list_append(&e->done, &job->link);
    b24_engine_signal(e);
    pthread_mutex_unlock(&e->lock);
    e->running++;
    return job->id;
}

b24_job b24_engine_send(struct b24_engine *e, const struct b24_conf *conf,
                        const struct b24_request *request) {
    struct b24_engine_job *job = new_job(e);
    if (job == NULL) return 0;
    job->exchange = e->kept_count > 0 ? e->kept[--e->kept_count] : b24_exchange_new(&e->lookups);
    if (job->exchange == NULL || !copy(job, conf, request)) {
        recycle(e, job);
        return 0;
    }
    CURLcode result = prepare(job, conf, request);
    return result == CURLE_OK ? submit(e, job) : refuse(e, job, result);
}

/* ------------------------------------------------------------ what is done */

/* Under the lock. */
static void quieten(struct b24_engine *e) {
    char byte;
    if (!b24_list_empty(&e->done) || !e->signalled) return;
    e->signalled = read(e->fds[0], &byte, 1) != 1;
}

const struct b24_event *b24_engine_take(struct b24_engine *e, b24_job *id) {
    take_dropped(e);
    pthread_mutex_lock(&e->lock);
    struct b24_engine_job *job = (struct b24_engine_job *)b24_list_take(&e->done);
    if (job != NULL) job->place = B24_TAKEN;
    if (job != NULL) quieten(e);
    pthread_mutex_unlock(&e->lock);
    if (job == NULL) return NULL;
    e->running--;
    *id = job->id;
    return &job->event;
}

/* NULL: there is no such job any more. */
static struct b24_engine_job *find(const struct b24_engine *e, b24_job id) {
    size_t slot = (size_t)(id % SLOTS);
    struct b24_engine_job *job = slot < e->job_count ? e->jobs[slot] : NULL;
    return job != NULL && job->id == id ? job : NULL;
}

/* `place` of what was taken is the host's alone: the helper does not know such jobs. */
static struct b24_engine_job *find_taken(const struct b24_engine *e, b24_job id) {
    struct b24_engine_job *job = find(e, id);
    return job != NULL && job->place == B24_TAKEN ? job : NULL;
}

bool b24_engine_drop(struct b24_engine *e, b24_job id) {
    struct b24_engine_job *job = find_taken(e, id);
    if (job == NULL) return false;
    bool wanted = !job->cancelled;
    recycle(e, job);
    return wanted;
}

void b24_engine_put_back(struct b24_engine *e, b24_job id) {
    struct b24_engine_job *job = find_taken(e, id);
    if (job == NULL) return;
    if (job->cancelled) {
        recycle(e, job);
        return;
    }
    pthread_mutex_lock(&e->lock);
    job->place = B24_FINISHED;
    b24_list_prepend(&e->done, &job->link);
    b24_engine_signal(e);
    pthread_mutex_unlock(&e->lock);
    e->running++;
}

/* Under the lock. */
static void take_done(struct b24_engine *e, struct b24_engine_job *job) {
    b24_list_remove(&job->link);
    quieten(e);
}

/* Under the lock. True: the job can be used again. */
static bool call_back(struct b24_engine *e, struct b24_engine_job *job) {
    if (job->place == B24_SUBMITTED) b24_list_remove(&job->link);
    else if (job->place == B24_FINISHED) take_done(e, job);
    if (job->place != B24_HELD) return true;
    job->cancelled = true;
    job->next_cancelled = e->cancelled;
    e->cancelled = job;
    return false;
}

bool b24_engine_cancel(struct b24_engine *e, b24_job id) {
    struct b24_engine_job *job = find(e, id);
    if (job == NULL) return false;
    pthread_mutex_lock(&e->lock);
    bool known = job->place != B24_IDLE && !job->cancelled;
    bool taken =
        known && job->place == B24_TAKEN; /* still being read; `running` does not count it */
    if (taken) job->cancelled = true;
    bool ours = known && !taken && call_back(e, job);
    pthread_mutex_unlock(&e->lock);
    if (!known || taken) return known;
    e->running--;
    if (ours) recycle(e, job);
    else curl_multi_wakeup(e->multi);
    return true;
}

bool b24_engine_wait(struct b24_engine *e, b24_ms most, const struct b24_interrupt *interrupt) {
    b24_ms until = b24_clock() + most;
    struct pollfd p = {.fd = e->fds[0], .events = POLLIN};
    for (b24_ms left = most;; left = until - b24_clock()) {
        if (left < 0) left = 0;
        if (poll(&p, 1, left < SLICE ? (int)left : SLICE) > 0) return true;
        if (left == 0 || interrupt->interrupted(interrupt->arg)) return false;
    }
}

/* ------------------------------------------------------------ the end */

static void free_job(struct b24_engine_job *job) {
    b24_exchange_free(job->exchange);
    b24_files_drop(job->files);
    b24_buffer_free(&job->body);
    b24_buffer_free(&job->lane_name);
    free(job);
}

static void free_all(struct b24_engine *e) {
    struct b24_sigpipe sigpipe = {false};
    if (e->old_curl) b24_sigpipe_block(&sigpipe);
    for (size_t i = 0; i < e->job_count; i++) free_job(e->jobs[i]);
    for (size_t i = 0; i < e->kept_count; i++) b24_exchange_free(e->kept[i]);
    curl_multi_cleanup(e->multi);
    b24_sigpipe_restore(&sigpipe);
    b24_lanes_free(e->lanes);
    free(e->jobs);
    free(e->kept);
    pthread_cond_destroy(&e->ended_changed);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

void b24_engine_free(struct b24_engine *e) {
    if (e == NULL) return;
    for (int i = 0; i < 2; i++)
        if (e->fds[i] >= 0 && !(b24_engine_usable(e) && e->started)) close(e->fds[i]);
    if (!b24_engine_usable(e))
        return; /* the rest is the parent's: a TLS goodbye would go out on its connections */
    if (e->started) {
        b24_at_exit_remove(&e->at_exit);
        stop(e);
        pthread_join(e->helper, NULL);
        close(e->fds[0]);
        close(e->fds[1]);
    }
    free_all(e);
}
