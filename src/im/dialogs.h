/* im/dialogs.h: which dialogs have unread messages. */
#ifndef B24_IM_DIALOGS_H
#define B24_IM_DIALOGS_H

#include "im/counts.h"

B24_PRIVATE_BEGIN

/* All zero: empty. */
struct b24_dialogs {
    struct b24_count *list; /* each dialog once; `section` is the most special that has it */
    size_t n;
};

/* Fills an empty list in the order of b24_dialog_compare, without what is muted. False: no memory.
 */
bool b24_dialogs_collect(struct b24_dialogs *dialogs, const struct b24_counts *counts);

/* People before chats, each in the order of their ids. 0: the same dialog. */
int b24_dialog_compare(const struct b24_count *a, const struct b24_count *b);

/* The same with each entry of the counts, marks and what is muted too. Of one dialog what is muted
   comes first, then the more special section, marks after counts. False: no memory. */
bool b24_dialogs_sorted(struct b24_dialogs *dialogs, const struct b24_counts *counts);

/* The order of b24.dialogs: by section, then id. */
int b24_section_compare(const struct b24_count *a, const struct b24_count *b);
void b24_dialogs_sort(struct b24_dialogs *dialogs);

/* What stands before the id in a dialog id: "chat", or nothing for a person's. */
const char *b24_dialog_prefix(enum b24_section section);

void b24_dialogs_free(struct b24_dialogs *dialogs);

B24_PRIVATE_END
#endif
