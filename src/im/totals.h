/* im/totals.h: the few numbers that a person wants to see. */
#ifndef B24_IM_TOTALS_H
#define B24_IM_TOTALS_H

#include "im/counts.h"

B24_PRIVATE_BEGIN

#define B24_BADGE_MAX 4 /* "99+" */

struct b24_totals {
    struct b24_known messages; /* people's: no task chats, no notifications */
    struct b24_known tasks, notifications, lines, all;
    bool saturated; /* lower bounds: something is at the cap */
};

struct b24_totals b24_totals_of(const struct b24_counts *c);

/* People's messages, by the totals that `look` knows. Asked for no more than are needed. */
typedef struct b24_known b24_look(void *arg, const char *total);
struct b24_known b24_messages_of(b24_look *look, void *arg);

/* "" for none, "?" where it is unknown. */
void b24_badge(struct b24_known messages, char text[B24_BADGE_MAX]);

B24_PRIVATE_END
#endif
