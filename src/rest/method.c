#include "rest/method.h"

#include <string.h>

#include "base/url.h"
#include "rest/conf.h"

/* For typing errors: the vendor's documentation, the modules im, user, crm, tasks and what is near
 * them. */
static const char *const known[] = {"im.counters.get",
                                    "im.recent.list",
                                    "im.recent.get",
                                    "im.recent.pin",
                                    "im.recent.hide",
                                    "im.recent.unread",
                                    "im.dialog.get",
                                    "im.dialog.messages.get",
                                    "im.dialog.messages.search",
                                    "im.dialog.users.list",
                                    "im.dialog.read",
                                    "im.dialog.read.all",
                                    "im.dialog.unread",
                                    "im.dialog.writing",
                                    "im.message.add",
                                    "im.message.update",
                                    "im.message.delete",
                                    "im.message.like",
                                    "im.message.command",
                                    "im.message.share",
                                    "im.chat.add",
                                    "im.chat.get",
                                    "im.chat.leave",
                                    "im.chat.mute",
                                    "im.chat.user.add",
                                    "im.chat.user.list",
                                    "im.chat.user.delete",
                                    "im.user.get",
                                    "im.user.list.get",
                                    "im.user.status.get",
                                    "im.user.status.set",
                                    "im.department.get",
                                    "im.department.employees.get",
                                    "im.notify.get",
                                    "im.notify.read",
                                    "im.notify.read.all",
                                    "im.notify.personal.add",
                                    "im.notify.system.add",
                                    "im.notify.delete",
                                    "im.revision.get",
                                    "im.search.user.list",
                                    "im.search.chat.list",
                                    "im.disk.folder.get",
                                    "im.v2.Event.get",
                                    "im.v2.Event.subscribe",
                                    "im.v2.Event.unsubscribe",
                                    "imopenlines.session.history.get",
                                    "imopenlines.dialog.get",
                                    "imopenlines.operator.answer",
                                    "profile",
                                    "scope",
                                    "server.time",
                                    "method.get",
                                    "app.info",
                                    "batch",
                                    "user.current",
                                    "user.get",
                                    "user.search",
                                    "user.fields",
                                    "user.counters",
                                    "department.get",
                                    "crm.lead.list",
                                    "crm.lead.get",
                                    "crm.lead.add",
                                    "crm.lead.update",
                                    "crm.lead.delete",
                                    "crm.lead.fields",
                                    "crm.deal.list",
                                    "crm.deal.get",
                                    "crm.deal.add",
                                    "crm.deal.update",
                                    "crm.deal.delete",
                                    "crm.deal.fields",
                                    "crm.contact.list",
                                    "crm.contact.get",
                                    "crm.contact.add",
                                    "crm.contact.update",
                                    "crm.contact.delete",
                                    "crm.company.list",
                                    "crm.company.get",
                                    "crm.company.add",
                                    "crm.company.update",
                                    "crm.company.delete",
                                    "crm.item.list",
                                    "crm.item.get",
                                    "crm.item.add",
                                    "crm.item.update",
                                    "crm.item.delete",
                                    "crm.item.fields",
                                    "crm.activity.list",
                                    "crm.activity.get",
                                    "crm.activity.add",
                                    "crm.status.list",
                                    "crm.timeline.comment.add",
                                    "crm.timeline.comment.list",
                                    "tasks.task.list",
                                    "tasks.task.get",
                                    "tasks.task.add",
                                    "tasks.task.update",
                                    "tasks.task.delete",
                                    "tasks.task.complete",
                                    "tasks.task.counters.get",
                                    "task.commentitem.add",
                                    "task.commentitem.getlist",
                                    "task.checklistitem.getlist",
                                    "sonet_group.get",
                                    "calendar.event.get",
                                    "calendar.event.add",
                                    "disk.storage.getlist",
                                    "disk.folder.getchildren",
                                    "disk.file.get",
                                    "lists.element.get",
                                    "lists.element.add",
                                    "log.blogpost.get",
                                    "log.blogpost.add",
                                    "event.get",
                                    "event.bind",
                                    "event.unbind",
                                    "timeman.status",
                                    "voximplant.statistic.get"};

const char *b24_method_problem(struct b24_view m) {
    if (m.n == 0) return "it is empty";
    if (m.n > B24_METHOD_MAX) return "it is too long";
    for (size_t i = 0; i < m.n; i++) {
        char c = m.p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '-';
        bool dot = c == '.' && i > 0 && i + 1 < m.n && m.p[i - 1] != '.';
        if (!word && !dot) return "only letters, digits, '_', '-' and single dots are allowed";
    }
    return NULL;
}

#define COMPARED_MAX                                                                               \
    64 /* bytes of a name that is compared; longer ones are no typing errors of ours */

static size_t smallest(size_t a, size_t b, size_t c) {
    return a < b ? (a < c ? a : c) : (b < c ? b : c);
}

/* Levenshtein's distance; both at most COMPARED_MAX long. */
static size_t distance(const char *a, const char *b) {
    size_t row[COMPARED_MAX + 1], n = strlen(b);
    for (size_t j = 0; j <= n; j++) row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t above = row[j];
            row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[n];
}

const char *b24_nearest(const char *name, const char *const *names, size_t count, size_t edits) {
    const char *best = NULL;
    size_t least = edits + 1;
    if (strlen(name) > COMPARED_MAX) return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t d = strlen(names[i]) <= COMPARED_MAX ? distance(name, names[i]) : least;
        if (d < least && d < strlen(name)) least = d, best = names[i];
    }
    return best;
}

#define METHOD_EDITS 4 /* im.counter.get, crm.deals.list, task.task.list */

const char *b24_method_nearest(const char *method) {
    const char *near = b24_nearest(method, known, sizeof known / sizeof *known, METHOD_EDITS);
    /* The same name: it is known, and the portal lacks it. */
    return near != NULL && strcmp(near, method) == 0 ? NULL : near;
}
