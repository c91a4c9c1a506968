#include "im/totals.h"

#include <string.h>

#define BADGE_MOST 99

/* MESSENGER holds task chats since 2026; older servers have no MESSENGER. */
struct b24_known b24_messages_of(b24_look *look, void *arg) {
    struct b24_known messenger = look(arg, "MESSENGER");
    if (messenger.known)
        return (struct b24_known){true, messenger.value - look(arg, "TASKS_TASK").value};
    struct b24_known all = look(arg, "ALL"), notify = look(arg, "NOTIFY");
    if (all.known && notify.known) return (struct b24_known){true, all.value - notify.value};
    struct b24_known dialog = look(arg, "DIALOG"), chat = look(arg, "CHAT"),
                     lines = look(arg, "LINES");
    if (dialog.known && chat.known && lines.known)
        return (struct b24_known){true, dialog.value + chat.value + lines.value};
    return (struct b24_known){.known = false};
}

static struct b24_known look(void *arg, const char *total) { return b24_counts_find(arg, total); }

struct b24_totals b24_totals_of(const struct b24_counts *c) {
    struct b24_totals t = {.messages = b24_messages_of(look, (void *)c),
                           .tasks = b24_counts_find(c, "TASKS_TASK"),
                           .notifications = b24_counts_find(c, "NOTIFY"),
                           .lines = b24_counts_find(c, "LINES"),
                           .all = b24_counts_find(c, "ALL")};
    t.saturated = c->capped || (t.notifications.known && t.notifications.value >= B24_CAP);
    return t;
}

void b24_badge(struct b24_known messages, char text[B24_BADGE_MAX]) {
    int n = messages.value > BADGE_MOST ? BADGE_MOST : messages.value > 0 ? (int)messages.value : 0;
    char *p = text;
    if (!messages.known) *p++ = '?';
    if (messages.known && n > 9) *p++ = (char)('0' + n / 10);
    if (messages.known && n > 0) *p++ = (char)('0' + n % 10);
    if (messages.known && messages.value > BADGE_MOST) *p++ = '+';
    *p = '\0';
}
