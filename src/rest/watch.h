/* rest/watch.h: when to ask again, and when to say that the portal is away or back. No clock: the
 * caller reports what happened.
 */
#ifndef B24_REST_WATCH_H
#define B24_REST_WATCH_H

#include "base/common.h"

B24_PRIVATE_BEGIN

#define B24_WATCH_EVERY_MIN                                                                        \
    1000 /* ms between two questions; the portal's limit is 2 calls a second for all */
#define B24_WATCH_EVERY_MAX 86400000 /* ms */

/* While changes are heard of as they happen (live.h): */
#define B24_WATCH_SAFETY 600000 /* ms between two questions that nothing has caused, at least */
#define B24_WATCH_BURST  300    /* ms from the first hint to the question: what comes together */
#define B24_WATCH_GAP    2000   /* ms between two questions that hints have caused */

struct b24_watch {
    b24_ms every;
    bool live;          /* hints come: ask seldom without one */
    b24_ms hinted;      /* the first hint since the last question; B24_NO_MS: none */
    b24_ms asked;       /* the last question; B24_NO_MS: none yet */
    b24_ms next;        /* when to ask without a hint */
    b24_ms pause_until; /* the portal asked for that, or fails: hints do not hurry */
    int failures;       /* since the last good answer */
    b24_ms since;       /* when the first of them was */
    uint64_t random;
};

enum b24_watch_news {
    B24_WATCH_SAME, /* as before: good again, or still away */
    B24_WATCH_DOWN, /* the first failure of an outage */
    B24_WATCH_UP    /* the first good answer after one */
};

struct b24_watch_result {
    bool ok;            /* was it a good answer? */
    b24_ms retry_after; /* of a failure; B24_NO_MS: not known */
    bool reached;       /* of a failure: did the request leave this machine? */
    b24_ms began, now;  /* when it was asked, and answered */
};

struct b24_watch_verdict {
    enum b24_watch_news news;
    b24_ms pause;  /* until the next question */
    b24_ms outage; /* B24_WATCH_UP: how long it lasted */
};

/* `every` within the bounds above. */
void b24_watch_init(struct b24_watch *w, b24_ms every, uint64_t seed);

struct b24_watch_verdict b24_watch_answer(struct b24_watch *w, const struct b24_watch_result *r);

/* Hints come from now on, or no longer. */
void b24_watch_live(struct b24_watch *w, bool live, b24_ms now);

/* Counters may have changed. */
void b24_watch_hint(struct b24_watch *w, b24_ms now);

/* A question is asked: it answers all hints that came before. */
void b24_watch_ask(struct b24_watch *w, b24_ms now);

/* How long to wait with the next question; 0: ask now. */
b24_ms b24_watch_wait(const struct b24_watch *w, b24_ms now);

B24_PRIVATE_END
#endif
