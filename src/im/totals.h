/* im/totals.h: the few numbers that a person wants to see. */
#ifndef B24_IM_TOTALS_H
#define B24_IM_TOTALS_H

#include "im/counts.h"

B24_PRIVATE_BEGIN

/* The totals that a badge is made of. Where the first is known, the first two are enough. */
#define B24_BADGE_NAMES 7
#define B24_TOTAL_MAX   12 /* bytes of such a name, its NUL included */
extern const char *const b24_badge_names[B24_BADGE_NAMES];

#define B24_BADGE_MAX 4 /* "99+" */

struct b24_totals {
    struct b24_known messages; /* people's: no task chats, no notifications */
    struct b24_known tasks, notifications, lines, all;
    bool saturated; /* lower bounds: something is at the cap */
};

struct b24_totals b24_totals_of(const struct b24_counts *c);

/* "" for none, "?" where it is unknown, which NULL says too. */
void b24_badge(const struct b24_totals *totals, char text[B24_BADGE_MAX]);

B24_PRIVATE_END
#endif
