/* rest/limiter.h: how often a portal may be called. A 64-bit cell holds the theoretical arrival
   time of a bucket (GCRA, the exact leaky bucket) and is moved by compare-and-swap: no lock that a
   killed process could keep. No I/O, no clock.
 */
#ifndef B24_REST_LIMITER_H
#define B24_REST_LIMITER_H

#include <stdatomic.h>

#include "base/common.h"

B24_PRIVATE_BEGIN

/* Microseconds of the machine's monotonic clock. Zero: an empty bucket. May be shared between
 * processes. */
typedef _Atomic int64_t b24_cell;

struct b24_rate {
    double rate; /* calls a second; 0: no limit */
    int burst;   /* calls at once */
};

/* Whose turn it is: people and bars wait for the answer to one call, a long list makes hundreds.
   Bulk leaves a quarter of the portal's bucket to the others, in whatever process they are. */
enum b24_haste { B24_PROMPT, B24_BULK };

/* When may the next call go? Takes its place in the queue and answers the wait in ms, 0 for now. If
   the wait were longer than `most`, no place is taken, the answer is false and *wait is what it
   would have been. */
bool b24_limiter_reserve(b24_cell *cell, const struct b24_rate *rate, b24_ms now, b24_ms most,
                         b24_ms *wait);

/* The portal said "too many": its bucket is full. Nobody's next call comes before `pause` ms from
 * now. */
void b24_limiter_penalise(b24_cell *cell, const struct b24_rate *rate, b24_ms now, b24_ms pause);

#define B24_PENALTY_MAX 60000 /* ms */

/* ---- whose buckets: the portal's, which all confs share, and a stricter conf's own */

/* The portal's documented limits (REST limits page): 2 calls a second and 50 at once; 5 and 250. */
enum b24_portal_plan { B24_STANDARD, B24_ENTERPRISE };

/* Two cells, and the boot whose clock they show (0: not known). The portal's page: the standard
   bucket, and what an enterprise portal has on top of it. The page of a stricter conf: places
   given, and calls sent. Any bytes are a legal page: an absurd time counts as an empty bucket. */
struct b24_limiter_page {
    b24_cell first;
    _Atomic uint64_t boot;
    b24_cell second;
};

/* The limits of one conf. A conf is held to the portal's bucket always, to `own` where that is
 * stricter. */
struct b24_limits {
    bool off; /* limiter = false */
    enum b24_portal_plan plan;
    struct b24_rate own; /* rate 0: none */
};

/* The portal's whole bucket. */
struct b24_rate b24_limiter_rate(enum b24_portal_plan plan);

/* How long a call sleeps when a page is busy: others have it for microseconds. */
#define B24_BUSY_PAUSE 3 /* ms */

/* Who keeps a page: this process alone, or a file that others use too (limiter_file.h). */
struct b24_keeper {
    struct b24_limiter_page local; /* counts here where nothing is shared */
    /* The page, until `give`. NULL: somebody else has it just now, ask again in a moment. Never
     * waits. */
    struct b24_limiter_page *(*take)(struct b24_keeper *keeper, b24_ms now);
    void (*give)(struct b24_keeper *keeper);
};

/* A keeper that shares nothing. */
void b24_keeper_init(struct b24_keeper *keeper);

enum b24_turn {
    B24_TURN_SEND,      /* after *wait ms; all places are taken */
    B24_TURN_COME_BACK, /* ask again after *wait ms: the conf's own bucket holds the call back, the
                           bulk is too early, or a page is busy */
    B24_TURN_REFUSED    /* *wait would be longer than `most`; no place is kept anywhere */
};

/* A call that asks for a place: not for one that is more than `most` ms away. */
struct b24_asking {
    const struct b24_limits *limits;
    enum b24_haste haste;
    b24_ms begun, now, most;
};

/* The next step towards a request. `own` may be NULL without own limits. *queued is the call's:
 * false at first. */
enum b24_turn b24_limiter_turn(struct b24_keeper *portal, struct b24_keeper *own, bool *queued,
                               const struct b24_asking *asking, b24_ms *wait);

/* A call that ends before it was sent gives the place in its own bucket back, unless the page is
 * busy. */
void b24_limiter_leave(const struct b24_limits *limits, struct b24_keeper *own, bool *queued,
                       b24_ms now);

/* The portal said "too many", which is true for all confs. False: the page is busy, nothing was
 * written. */
bool b24_limiter_overrun(struct b24_keeper *portal, b24_ms now, b24_ms pause);

/* Moves the cells of `page` to those of `known` where these are later. */
void b24_limiter_remember(struct b24_limiter_page *page, const struct b24_limiter_page *known);

B24_PRIVATE_END
#endif
