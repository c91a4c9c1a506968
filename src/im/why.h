/* im/why.h: the numbers behind b24.why. */
#ifndef B24_IM_WHY_H
#define B24_IM_WHY_H

#include "im/inbox.h"

B24_PRIVATE_BEGIN

/* all = tasks + notifications + messages + rest, exactly; rest is what the portal does not explain.
   What is unknown counts 0 in it. */
struct b24_why {
    struct b24_known all;
    double tasks, notifications, messages, rest;
    double lines;                 /* in `messages` */
    double muted, marked, capped; /* dialogs */
    double hidden, unknown;       /* dialogs, of an inbox */
    double dismissed;             /* messages, of an inbox */
    bool notifications_capped;
};

/* `waiting`: the inbox of these counters, with nothing joined. */
struct b24_why b24_why_of(const struct b24_counts *counts, const struct b24_inbox *waiting);

/* Adds what a dialog of a whole inbox tells besides. */
void b24_why_add(struct b24_why *why, const struct b24_waiting *dialog);

B24_PRIVATE_END
#endif
