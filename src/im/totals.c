#include "im/totals.h"

#include <stdio.h>

#define BADGE_MOST 99

const char *const b24_badge_names[B24_BADGE_NAMES] = {"MESSENGER", "TASKS_TASK", "ALL",  "NOTIFY",
                                                      "DIALOG",    "CHAT",       "LINES"};

/* MESSENGER holds task chats since 2026; older servers have no MESSENGER. */
static struct b24_known messages(const struct b24_counts *c) {
    struct b24_known messenger = b24_counts_find(c, "MESSENGER"),
                     tasks = b24_counts_find(c, "TASKS_TASK"), all = b24_counts_find(c, "ALL"),
                     notify = b24_counts_find(c, "NOTIFY"), dialog = b24_counts_find(c, "DIALOG"),
                     chat = b24_counts_find(c, "CHAT"), lines = b24_counts_find(c, "LINES");
    if (messenger.known) return (struct b24_known){true, messenger.value - tasks.value};
    if (all.known && notify.known) return (struct b24_known){true, all.value - notify.value};
    if (dialog.known && chat.known && lines.known)
        return (struct b24_known){true, dialog.value + chat.value + lines.value};
    return (struct b24_known){.known = false};
}

struct b24_totals b24_totals_of(const struct b24_counts *c) {
    struct b24_totals t = {.messages = messages(c),
                           .tasks = b24_counts_find(c, "TASKS_TASK"),
                           .notifications = b24_counts_find(c, "NOTIFY"),
                           .lines = b24_counts_find(c, "LINES"),
                           .all = b24_counts_find(c, "ALL")};
    t.saturated = c->capped || (t.notifications.known && t.notifications.value >= B24_CAP);
    return t;
}

void b24_badge(const struct b24_totals *totals, char text[B24_BADGE_MAX]) {
    struct b24_known n = {.known = false};
    if (totals != NULL) n = totals->messages;
    if (!n.known) snprintf(text, B24_BADGE_MAX, "?");
    else if (n.value > BADGE_MOST) snprintf(text, B24_BADGE_MAX, "%d+", BADGE_MOST);
    else if (n.value > 0) snprintf(text, B24_BADGE_MAX, "%d", (int)n.value);
    else *text = '\0';
}
