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

struct b24_watch {
    b24_ms every;
    int failures; /* since the last good answer */
    b24_ms since; /* when the first of them was */
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

B24_PRIVATE_END
#endif
