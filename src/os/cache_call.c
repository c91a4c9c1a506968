#include "os/cache_call.h"

#include <string.h>

enum b24_cache_step b24_cache_decide(const struct b24_cache_call *call, int64_t stored, int64_t now,
                                     bool claimed) {
    bool usable = stored > 0 && stored <= now;
    if (usable && (now - stored <= call->max_age || stored >= call->began)) return B24_CACHE_HIT;
    return claimed ? B24_CACHE_ASK : B24_CACHE_WAIT;
}

static enum b24_cache_step stale(struct b24_cache_call *call, const char *reason) {
    call->reason = reason;
    return B24_CACHE_STALE;
}

/* Who asks has not answered yet. */
static enum b24_cache_step wait(struct b24_cache_call *call, bool old, b24_ms clock) {
    b24_ms left = call->deadline - clock;
    if (left <= 0)
        return old ? stale(call, "another process still waits for an answer") : B24_CACHE_LATE;
    call->waited = true;
    call->pause = left < B24_CACHE_PAUSE ? left : B24_CACHE_PAUSE;
    return B24_CACHE_WAIT;
}

enum b24_cache_step b24_cache_settle(struct b24_cache_call *call, enum b24_cache_step step,
                                     bool counters, b24_ms clock) {
    bool old = counters && call->stale_ok;
    /* A checksum that is right, over what is no counters. */
    if (step == B24_CACHE_HIT) return counters ? B24_CACHE_HIT : B24_CACHE_PLAIN;
    if (step == B24_CACHE_WAIT) return wait(call, old, clock);
    /* Who had the claim before us got no answer: not one process after the other shall wait for
       the same silence. */
    return call->waited && old ? stale(call, "another process got no answer") : B24_CACHE_ASK;
}

bool b24_cache_forgives(const struct b24_cache_call *call, const char *kind) {
    /* What an old answer cannot put right. */
    static const enum b24_kind final[] = {B24_CONFIG, B24_AUTH, B24_DENIED, B24_CLOSED};
    if (!call->stale_ok) return false;
    for (size_t i = 0; i < sizeof final / sizeof *final; i++)
        if (strcmp(kind, b24_kind_name(final[i])) == 0) return false;
    return true;
}
