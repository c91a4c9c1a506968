#include "rest/watch.h"

#include "base/random.h"

#define LONGEST 600000 /* ms: longest interval in an outage, unless `every` is longer */
#define LONGEST_AT_BAY                                                                             \
    60000 /* ms: the same while nothing leaves this machine, which costs the portal nothing */
#define JITTER 10 /* per cent, up and down: watches that began together drift apart */

void b24_watch_init(struct b24_watch *w, b24_ms every, uint64_t seed) {
    *w =
        (struct b24_watch){.every = every, .random = seed, .hinted = B24_NO_MS, .asked = B24_NO_MS};
}

static b24_ms jittered(struct b24_watch *w, b24_ms interval) {
    b24_ms span = interval * 2 * JITTER / 100;
    return b24_random_between(&w->random, interval - span / 2, interval - span / 2 + span);
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

static b24_ms interval(const struct b24_watch *w) {
    return w->live && w->every < B24_WATCH_SAFETY ? B24_WATCH_SAFETY : w->every;
}

static struct b24_watch_verdict good(struct b24_watch *w, const struct b24_watch_result *r) {
    struct b24_watch_verdict v = {.news = w->failures > 0 ? B24_WATCH_UP : B24_WATCH_SAME};
    if (w->failures > 0) v.outage = r->now - w->since;
    w->failures = 0;
    v.pause = until_next(r, jittered(w, interval(w)));
    w->next = r->now + v.pause;
    w->pause_until = r->now;
    return v;
}

static struct b24_watch_verdict bad(struct b24_watch *w, const struct b24_watch_result *r) {
    struct b24_watch_verdict v = {.news = w->failures == 0 ? B24_WATCH_DOWN : B24_WATCH_SAME};
    if (w->failures == 0) w->since = r->now;
    if (w->failures < 64) w->failures++;
    v.pause = until_next(r, jittered(w, backed_off(w, r->reached ? LONGEST : LONGEST_AT_BAY)));
    if (v.pause < r->retry_after) v.pause = r->retry_after;
    w->next = w->pause_until = r->now + v.pause;
    return v;
}

struct b24_watch_verdict b24_watch_answer(struct b24_watch *w, const struct b24_watch_result *r) {
    return r->ok ? good(w, r) : bad(w, r);
}

void b24_watch_live(struct b24_watch *w, bool live, b24_ms now) {
    w->live = live;
    if (w->asked == B24_NO_MS || now < w->pause_until) return;
    w->next = now + jittered(w, interval(w));
}

void b24_watch_hint(struct b24_watch *w, b24_ms now) {
    if (w->hinted == B24_NO_MS) w->hinted = now;
}

void b24_watch_ask(struct b24_watch *w, b24_ms now) {
    w->asked = now;
    w->hinted = B24_NO_MS;
}

static b24_ms later(b24_ms a, b24_ms b) { return a > b ? a : b; }

b24_ms b24_watch_wait(const struct b24_watch *w, b24_ms now) {
    b24_ms due = w->next;
    if (w->hinted != B24_NO_MS) {
        b24_ms hint = w->hinted + B24_WATCH_BURST;
        if (w->asked != B24_NO_MS) hint = later(hint, w->asked + B24_WATCH_GAP);
        hint = later(hint, w->pause_until);
        if (hint < due) due = hint;
    }
    return due > now ? due - now : 0;
}
