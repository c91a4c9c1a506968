/* curl/timers.h: which of many moments comes first. A pairing heap: it allocates nothing, so
 * setting a timer cannot fail. */
#ifndef B24_CURL_TIMERS_H
#define B24_CURL_TIMERS_H

#include "base/common.h"

B24_PRIVATE_BEGIN

/* All zero: not set. Belongs to one heap at a time. */
struct b24_timer {
    b24_ms due;
    struct b24_timer *child, *next; /* first child, next sibling */
    struct b24_timer *prev; /* previous sibling, or the parent of a first child; the root: itself */
};

/* All zero: empty. */
struct b24_timers {
    struct b24_timer *root;
};

bool b24_timer_set(const struct b24_timer *timer);

/* The timer must not be set. */
void b24_timers_add(struct b24_timers *timers, struct b24_timer *timer, b24_ms due);

/* Nothing happens to a timer that is not set. */
void b24_timers_remove(struct b24_timers *timers, struct b24_timer *timer);

/* The timer that is due first; NULL: none. */
struct b24_timer *b24_timers_first(const struct b24_timers *timers);

B24_PRIVATE_END
#endif
