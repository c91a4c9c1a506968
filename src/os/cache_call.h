/* os/cache_call.h: one call that the cache may answer: what is done next. No I/O, no clock; who
   waits and asks (core.c, b24/api/cache.lua) only carries it out. */
#ifndef B24_OS_CACHE_CALL_H
#define B24_OS_CACHE_CALL_H

#include "base/common.h"
#include "base/fault.h"

B24_PRIVATE_BEGIN

#define B24_CACHE_PAUSE 20 /* ms between two looks while another process asks */

/* X(constant, name) */
#define B24_CACHE_STEPS(X)                                                                         \
    X(B24_CACHE_HIT, "hit")     /* the entry is good enough */                                     \
    X(B24_CACHE_STALE, "stale") /* it is old, and all there is */                                  \
    X(B24_CACHE_ASK, "ask")     /* with the claim: ask the portal, then store or release */        \
    X(B24_CACHE_WAIT, "wait")   /* another process asks: look again after a pause */               \
    X(B24_CACHE_LATE, "late")   /* it has been asking until the deadline */                        \
    X(B24_CACHE_PLAIN, "plain") /* the entry cannot be read: ask without the cache */

enum b24_cache_step {
#define X(constant, name) constant,
    B24_CACHE_STEPS(X)
#undef X
};

struct b24_cache_call {
    int64_t began;   /* ms since 1970 */
    b24_ms deadline; /* of the monotonic clock */
    b24_ms max_age;
    bool stale_ok;
    bool waited;        /* for another process */
    const char *reason; /* of STALE */
    b24_ms pause;       /* of WAIT */
};

/* HIT, ASK or WAIT, for an entry that was stored at `stored` (0: none), at `now`, both ms since
   1970. An entry from the future (the clock was put back) is no answer; one that was stored since
   the call began always is. */
enum b24_cache_step b24_cache_decide(const struct b24_cache_call *call, int64_t stored, int64_t now,
                                     bool claimed);

/* The same step when it is known whether there are counters in the entry, fresh or not. STALE and
   LATE end the claim. `clock`: the monotonic one. */
enum b24_cache_step b24_cache_settle(struct b24_cache_call *call, enum b24_cache_step step,
                                     bool counters, b24_ms clock);

/* The portal was asked in vain: are old counters better than that? */
bool b24_cache_forgives(const struct b24_cache_call *call, const char *kind);

B24_PRIVATE_END
#endif
