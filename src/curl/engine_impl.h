/* curl/engine_impl.h: the inside of an engine, for engine*.c only. Each field says whose it is: the
   user's thread (host), the helper's (helper), or both under the lock. engine.c knows
   engine_thread.c, and that engine_lane.c; none of them looks up. */
#ifndef B24_CURL_ENGINE_IMPL_H
#define B24_CURL_ENGINE_IMPL_H

#include <pthread.h>
#include <sys/types.h>

#include "base/list.h"
#include "curl/engine.h"
#include "curl/engine_exit.h"
#include "curl/exchange.h"
#include "curl/timers.h"

B24_PRIVATE_BEGIN

#define B24_ACTIVE_MAX                                                                             \
    400 /* transfers at once; each may need a descriptor, of which processes often have 1024 */
#define B24_LANE_MAX 50 /* transfers at once to one portal: what it lets through in a burst */

#define B24_LANE_NAME_MAX 4096 /* bytes; a URL has at most B24_URL_MAX */

/* Where a job is; changed under the lock. */
enum b24_place {
    B24_IDLE,      /* on the host's free list */
    B24_SUBMITTED, /* in `submitted` */
    B24_HELD,      /* the helper has it */
    B24_FINISHED,  /* in `done` */
    B24_TAKEN      /* in no list: the host reads what became of it */
};

struct b24_lane;

struct b24_engine_job {
    struct b24_link
        link; /* of the list that it is in: host's, lock's, its lane's queue or active_jobs */
    struct b24_timer timer; /* helper: a sleep's end, or a queued request's deadline */
    struct b24_engine *engine;
    struct b24_engine_job *next_cancelled; /* lock */
    size_t slot;                           /* host: index in `jobs` */
    b24_job id;                            /* host */
    enum b24_place place;                  /* lock */
    bool cancelled;                        /* lock */
    b24_ms due; /* of the boot clock: when a sleep ends, when a request's time is over */
    b24_ms connect_timeout;
    struct b24_event event;        /* what became of it */
    struct b24_exchange *exchange; /* NULL: a sleep */
    struct b24_buffer body;        /* of the request */
    struct b24_files *files;       /* host: kept for the helper, who reads them */
    struct b24_buffer lane_name;   /* host: which requests may share a connection with this one */
    bool multiplexes;              /* may share a connection with others (HTTP/2) */
    struct b24_lane *lane;         /* helper: while it is queued or active */
    bool active;                   /* helper: in the multi handle */
    bool connected;                /* helper: it has a connection */
};

struct b24_engine {
    long owner; /* the process */
    int fds[2]; /* a pipe: [0] is readable while `done` has members */
    CURLM *multi;
    bool old_curl;
    /* host */
    struct b24_engine_job **jobs; /* by slot */
    size_t job_count, job_cap;
    struct b24_link idle;       /* jobs for the next use */
    struct b24_exchange **kept; /* exchanges for the next use */
    size_t kept_count;
    size_t running;
    bool started; /* the helper runs */
    pthread_t helper;
    struct b24_at_exit at_exit;
    /* lock */
    pthread_mutex_t lock;
    pthread_cond_t ended_changed;
    struct b24_link submitted, done,
        dropped; /* dropped: cancelled ones, given back by the helper */
    struct b24_engine_job *cancelled;
    bool stop, ended, signalled;
    /* helper */
    struct b24_open_fds lookups;
    struct b24_timers timers;
    struct b24_lanes *lanes;
    struct b24_link active_jobs; /* in the multi handle */
    struct b24_link unstarted;   /* could not be started; their events are filled */
    size_t active;
};

/* ---- engine_thread.c */

void *b24_engine_run(void *engine);

/* Under the lock: `done` has a member, and who watches the descriptor must know. */
void b24_engine_signal(struct b24_engine *e);

/* ---- engine_lane.c: which requests may go now. All of the helper, but the name. */

/* Host: names the lane of a request to `url`. Requests of one name may share a connection: they
   agree in all that libcurl compares. False: no memory. */
bool b24_lane_name(struct b24_buffer *name, const struct b24_conf *conf, const char *url);

struct b24_lanes *b24_lanes_new(void);
void b24_lanes_free(struct b24_lanes *lanes);

/* Queues a request in its portal's lane. False: no memory. */
bool b24_lane_enter(struct b24_engine *e, struct b24_engine_job *job);

/* True: the job's transfer ended before anything was sent, on a dead connection, and begins again.
   False: it ended, with `result`. */
bool b24_lane_again(struct b24_engine *e, struct b24_engine_job *job, CURLcode *result);

/* The job leaves its lane, from the queue or from the multi handle. */
void b24_lane_leave(struct b24_engine *e, struct b24_engine_job *job);

/* Starts what may start. What cannot be started has left its lane, and is in e->unstarted. */
void b24_lanes_start(struct b24_engine *e, b24_ms now);

B24_PRIVATE_END
#endif
