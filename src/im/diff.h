/* im/diff.h: what changed from one counters answer to the next. */
#ifndef B24_IM_DIFF_H
#define B24_IM_DIFF_H

#include "im/dialogs.h"

B24_PRIVATE_BEGIN

struct b24_change {
    const char *total;         /* its name, in the counts; NULL: a dialog */
    char id[B24_ID_MAX + 1];   /* of a dialog */
    enum b24_section section;  /* TYPE for a total */
    struct b24_known from, to; /* never equal; a dialog without unread messages has 0 */
};

/* All zero: empty. */
struct b24_changes {
    struct b24_change *list; /* dialogs in the order of b24.dialogs, then totals by name */
    size_t n;
};

/* Fills an empty list. False: no memory. The names are good as long as the counts. */
bool b24_diff(struct b24_changes *changes, const struct b24_counts *old,
              const struct b24_counts *new);

void b24_changes_free(struct b24_changes *changes);

B24_PRIVATE_END
#endif
