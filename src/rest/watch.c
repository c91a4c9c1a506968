#include "rest/watch.h"

#define LONGEST 600000 /* ms: longest interval in an outage, unless `every` is longer */
#define LONGEST_AT_BAY                                                                             \
    60000 /* ms: the same while nothing leaves this machine, which costs the portal nothing */
#define JITTER 10 /* per cent, up and down: watches that began together drift apart */

void b24_watch_init(struct b24_watch *w, b24_ms every, uint64_t seed) {
    *w = (struct b24_watch){.every = every, .random = seed};
}

/* xorshift64* */
static uint64_t random_number(struct b24_watch *w) {
    if (w->random == 0) w->random = 0x9E3779B97F4A7C15u;
    w->random ^= w->random >> 12;
    w->random ^= w->random << 25;
    w->random ^= w->random >> 27;
    return w->random * 0x2545F4914F6CDD1Du >> 16;
}

static b24_ms jittered(struct b24_watch *w, b24_ms interval) {
    b24_ms span = interval * 2 * JITTER / 100;
    return interval - span / 2 + (b24_ms)(random_number(w) % (uint64_t)(span + 1));
}

/* Doubled with each failure. */
static b24_ms backed_off(const struct b24_watch *w, b24_ms longest) {
    b24_ms interval = w->every;
    if (longest < w->every) longest = w->every;
    for (int i = 1; i < w->failures && interval < longest; i++) interval *= 2;
    return interval < longest ? interval : longest;
}

/* From one question to the next. */
static b24_ms until_next(const struct b24_watch_result *r, b24_ms interval) {
    b24_ms pause = interval - (r->now - r->began);
    return pause > 0 ? pause : 0;
}

static struct b24_watch_verdict good(struct b24_watch *w, const struct b24_watch_result *r) {
    struct b24_watch_verdict v = {.news = w->failures > 0 ? B24_WATCH_UP : B24_WATCH_SAME};
    if (w->failures > 0) v.outage = r->now - w->since;
    w->failures = 0;
    v.pause = until_next(r, jittered(w, w->every));
    return v;
}

static struct b24_watch_verdict bad(struct b24_watch *w, const struct b24_watch_result *r) {
    struct b24_watch_verdict v = {.news = w->failures == 0 ? B24_WATCH_DOWN : B24_WATCH_SAME};
    if (w->failures == 0) w->since = r->now;
    if (w->failures < 64) w->failures++;
    v.pause = until_next(r, jittered(w, backed_off(w, r->reached ? LONGEST : LONGEST_AT_BAY)));
    if (v.pause < r->retry_after) v.pause = r->retry_after;
    return v;
}

struct b24_watch_verdict b24_watch_answer(struct b24_watch *w, const struct b24_watch_result *r) {
    return r->ok ? good(w, r) : bad(w, r);
}
