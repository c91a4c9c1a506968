/* Which requests may go now. A lane is what may share connections: one portal, asked over one proxy
   with one HTTP version, its certificate verified with one trust store. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "curl/engine_impl.h"

#define BUCKETS 256 /* thousands of portals in one process are many */

/* Over HTTP/2 all requests of a lane share one connection, if there is one that libcurl knows to be
   HTTP/2. Requests that begin side by side on a cold lane would open one each; told to wait for the
   first (CURLOPT_PIPEWAIT), libcurl 7.88 lets them go one by one, and waits for any connection to
   the host, also one over another proxy. So the lane lets one request go first and holds the others
   until that one is connected. */
struct b24_lane {
    struct b24_link waiting_lanes; /* among the lanes that have queued jobs */
    struct b24_lane *next;         /* in its bucket */
    struct b24_link queue;
    int active, connected;
    bool open; /* the first one failed: no reason to hold the others */
    char name[];
};

struct b24_lanes {
    struct b24_lane *buckets[BUCKETS];
    struct b24_link waiting; /* lanes with queued jobs */
};

/* ------------------------------------------------------------ names */

/* The final zero and what stands for an absent text keep neighbours apart. */
static uint64_t hash_text(uint64_t hash, const char *text) {
    return text != NULL ? b24_hash(hash, text, strlen(text) + 1) : b24_hash(hash, "\1", 2);
}

/* The proxy of a conf that names none. The environment may change while the process lives. */
static uint64_t hash_environment(uint64_t hash) {
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        hash = hash_text(hash, getenv(names[i]));
    return hash;
}

/* A hash for all but the address: a proxy's password is nothing to keep. */
bool b24_lane_name(struct b24_buffer *name, const struct b24_conf *conf, const char *url) {
    const char *host = strstr(url, "://"), *end = host != NULL ? strchr(host + 3, '/') : NULL;
    char rest[40];
    uint64_t hash = B24_HASH_START;
    hash = hash_text(hash, conf->proxy);
    if (conf->proxy == NULL) hash = hash_environment(hash);
    hash = hash_text(hash_text(hash, conf->ca_file), conf->ca_path);
    snprintf(rest, sizeof rest, " %d %016" PRIx64, (int)conf->http_version, hash);
    b24_buffer_reset(name, B24_LANE_NAME_MAX);
    return b24_buffer_add(name, url, end != NULL ? (size_t)(end - url) : strlen(url)) &&
           b24_buffer_puts(name, rest);
}

/* ------------------------------------------------------------ lanes */

struct b24_lanes *b24_lanes_new(void) {
    struct b24_lanes *lanes = calloc(1, sizeof *lanes);
    if (lanes != NULL) b24_list_init(&lanes->waiting);
    return lanes;
}

void b24_lanes_free(struct b24_lanes *lanes) {
    if (lanes == NULL) return;
    for (int i = 0; i < BUCKETS; i++)
        for (struct b24_lane *lane; (lane = lanes->buckets[i]) != NULL;) {
            lanes->buckets[i] = lane->next;
            free(lane);
        }
    free(lanes);
}

static struct b24_lane **find(struct b24_lanes *lanes, const char *name) {
    uint64_t hash = b24_hash(B24_HASH_START, name, strlen(name));
    struct b24_lane **at = &lanes->buckets[hash % BUCKETS];
    while (*at != NULL && strcmp((*at)->name, name) != 0) at = &(*at)->next;
    return at;
}

/* Lanes stay until the engine's end: there are about as many as portals. NULL: no memory. */
static struct b24_lane *lane_of(struct b24_engine *e, struct b24_engine_job *job) {
    struct b24_view name = b24_buffer_view(&job->lane_name);
    struct b24_lane **at = find(e->lanes, name.p);
    if (*at != NULL) return *at;
    struct b24_lane *lane = calloc(1, sizeof *lane + name.n + 1);
    if (lane == NULL) return NULL;
    memcpy(lane->name, name.p, name.n + 1);
    b24_list_init(&lane->queue);
    *at = lane;
    return lane;
}

bool b24_lane_enter(struct b24_engine *e, struct b24_engine_job *job) {
    struct b24_lane *lane = lane_of(e, job);
    if (lane == NULL) return false;
    if (b24_list_empty(&lane->queue)) b24_list_append(&e->lanes->waiting, &lane->waiting_lanes);
    b24_list_append(&lane->queue, &job->link);
    b24_timers_add(&e->timers, &job->timer, job->due);
    job->lane = lane;
    return true;
}

static void unqueue(struct b24_engine_job *job) {
    b24_list_remove(&job->link);
    if (b24_list_empty(&job->lane->queue)) b24_list_remove(&job->lane->waiting_lanes);
}

static void deactivate(struct b24_engine *e, struct b24_engine_job *job) {
    struct b24_lane *lane = job->lane;
    curl_multi_remove_handle(e->multi, job->exchange->easy);
    b24_list_remove(&job->link);
    job->active = false;
    e->active--;
    lane->active--;
    if (job->connected) lane->connected--;
    else lane->open = true;
    if (lane->active == 0 && b24_list_empty(&lane->queue)) lane->open = false;
}

void b24_lane_leave(struct b24_engine *e, struct b24_engine_job *job) {
    if (job->active) deactivate(e, job);
    else unqueue(job);
    job->lane = NULL;
}

/* ------------------------------------------------------------ starting */

/* libcurl is about to send the request: there is a connection. */
static void on_connected(void *arg) {
    struct b24_engine_job *job = arg;
    if (!job->connected) job->lane->connected++;
    job->connected = true;
}

/* Times are what is left of them; the host set the rest. */
static CURLcode set_start(struct b24_engine_job *job, b24_ms now) {
    CURL *easy = job->exchange->easy;
    b24_ms left = job->due - now,
           connect = job->connect_timeout < left ? job->connect_timeout : left;
    CURLcode r = curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left);
    if (r == CURLE_OK) r = curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect);
    if (r == CURLE_OK)
        r = curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, job->exchange->again ? 1L : 0L);
    if (r == CURLE_OK) r = curl_easy_setopt(easy, CURLOPT_PRIVATE, (void *)job);
#if LIBCURL_VERSION_NUM < 0x075000 /* nobody tells of the first connection, so libcurl has to wait \
                                      for it, whoever it is for */
    if (r == CURLE_OK) r = curl_easy_setopt(easy, CURLOPT_PIPEWAIT, job->multiplexes ? 1L : 0L);
#endif
    job->exchange->connected = on_connected;
    job->exchange->connected_arg = job;
    return r;
}

static void start(struct b24_engine *e, struct b24_engine_job *job, b24_ms now) {
    struct b24_lane *lane = job->lane;
    unqueue(job);
    b24_timers_remove(&e->timers, &job->timer); /* from here on libcurl keeps the time */
    CURLcode r = set_start(job, now);
    if (r == CURLE_OK && curl_multi_add_handle(e->multi, job->exchange->easy) != CURLM_OK)
        r = CURLE_OUT_OF_MEMORY;
    if (r == CURLE_OK) {
        job->active = true;
        b24_list_append(&e->active_jobs, &job->link);
        e->active++;
        lane->active++;
        return;
    }
    job->lane = NULL;
    b24_exchange_unsent(job->exchange, r, &job->event);
    b24_list_append(&e->unstarted, &job->link);
}

bool b24_lane_again(struct b24_engine *e, struct b24_engine_job *job, CURLcode *result) {
    b24_ms now = b24_clock_boot();
    if (!b24_exchange_again(job->exchange, *result)) return false;
    curl_multi_remove_handle(e->multi, job->exchange->easy);
    *result = job->due > now ? set_start(job, now) : CURLE_OPERATION_TIMEDOUT;
    if (*result == CURLE_OK && curl_multi_add_handle(e->multi, job->exchange->easy) != CURLM_OK)
        *result = CURLE_OUT_OF_MEMORY;
    return *result == CURLE_OK;
}

#if LIBCURL_VERSION_NUM >= 0x075000
static bool held(const struct b24_lane *lane, const struct b24_engine_job *job) {
    return job->multiplexes && !lane->open && lane->active > 0 && lane->connected == 0;
}
#else /* no way to know when the first one is connected */
static bool held(const struct b24_lane *lane, const struct b24_engine_job *job) {
    (void)lane, (void)job;
    return false;
}
#endif

static void start_lane(struct b24_engine *e, struct b24_lane *lane, b24_ms now) {
    for (struct b24_link *l; (l = b24_list_first(&lane->queue)) != NULL;) {
        struct b24_engine_job *job = (struct b24_engine_job *)l;
        if (e->active >= B24_ACTIVE_MAX || lane->active >= B24_LANE_MAX || held(lane, job)) return;
        if (job->due <= now) return; /* its timer ends it */
        start(e, job, now);
    }
}

/* The lanes in turn; those that still have to wait come last the next time. */
void b24_lanes_start(struct b24_engine *e, b24_ms now) {
    struct b24_link round;
    b24_list_init(&round);
    b24_list_move(&round, &e->lanes->waiting);
    for (struct b24_link *l; (l = b24_list_take(&round)) != NULL;) {
        b24_list_append(&e->lanes->waiting, l);
        start_lane(e, (struct b24_lane *)l, now);
    }
}
