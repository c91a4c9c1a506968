#include "im/why.h"

#include "im/totals.h"

static void count_dialog(struct b24_why *why, const struct b24_waiting *dialog, bool caps) {
    if (dialog->muted) {
        why->muted++;
        return;
    }
    if (caps && dialog->unread == B24_CAP) why->capped++;
    if (dialog->unread == 0 && dialog->marked) why->marked++;
}

struct b24_why b24_why_of(const struct b24_counts *counts, const struct b24_inbox *waiting) {
    struct b24_totals t = b24_totals_of(counts);
    struct b24_why why = {.all = t.all,
                          .tasks = t.tasks.value,
                          .notifications = t.notifications.value,
                          .messages = t.messages.value,
                          .lines = t.lines.value};
    if (t.all.known) why.rest = t.all.value - why.tasks - why.notifications - why.messages;
    /* Only servers that count task chats apart end a count at the cap. */
    bool caps = t.tasks.known;
    why.notifications_capped = caps && t.notifications.value == B24_CAP;
    for (size_t i = 0; i < waiting->n; i++) count_dialog(&why, &waiting->list[i], caps);
    return why;
}

void b24_why_add(struct b24_why *why, const struct b24_waiting *dialog) {
    /* What is muted is in no total, so it explains nothing. */
    if (dialog->section == B24_SECTION_CHAT_MUTED || dialog->unread <= 0) return;
    if (dialog->hidden) why->hidden++;
    if (dialog->unknown) why->unknown++;
    if (dialog->dismissed) why->dismissed += dialog->unread;
}
