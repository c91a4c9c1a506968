#include "im/inbox.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/entity.h"
#include "im/dialogs.h"

#define CHAT "chat"

/* ------------------------------------------------------------ ids and kinds */

bool b24_dialog_id(struct b24_view digits, bool person, char dialog_id[B24_DIALOG_ID_MAX + 1]) {
    char id[B24_ID_MAX + 1];
    if (!b24_id_parse(digits, id)) return false;
    snprintf(dialog_id, B24_DIALOG_ID_MAX + 1, "%s%s", person ? "" : CHAT, id);
    return true;
}

bool b24_dialog_is_person(const char *dialog_id) {
    return strncmp(dialog_id, CHAT, strlen(CHAT)) != 0;
}

const char *b24_chat_kind(struct b24_view type) {
    static const char *const kinds[][2] = {
        {"lines", "lines"},     {"livechat", "lines"},        {"tasksTask", "tasks"},
        {"tasks", "tasks"},     {"collab", "collab"},         {"copilot", "copilot"},
        {"channel", "channel"}, {"comment", "comment"},       {"openChannel", "channel"},
        {"private", "user"},    {"generalChannel", "channel"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strlen(kinds[i][0]) == type.n && memcmp(kinds[i][0], type.p, type.n) == 0)
            return kinds[i][1];
    return "chat"; /* and what will be invented later */
}

static bool is_comment(const char *kind) {
    return kind != NULL && strcmp(kind, b24_sections[B24_SECTION_CHANNEL_COMMENT].kind) == 0;
}

bool b24_kind_is_listed(const char *kind) {
    return !is_comment(kind) && strcmp(kind, b24_sections[B24_SECTION_LINES].kind) != 0;
}

bool b24_is_own(const char *dialog_id, double author, double me) {
    char to_self[B24_ID_MAX + 1];
    if (me <= 0 || author != me) return false;
    snprintf(to_self, sizeof to_self, "%lld", (long long)me);
    return strcmp(dialog_id, to_self) != 0;
}

/* ------------------------------------------------------------ from the counters */

/* Of one dialog: the first entry that is not muted says what it is. */
static void add_count(struct b24_waiting *w, const struct b24_count *count) {
    if (count->section == B24_SECTION_CHAT_MUTED) { /* whatever else it is in: it is in no total */
        w->muted = true;
        w->section = count->section;
        w->unread = count->unread;
        return;
    }
    if (w->kind == NULL) w->kind = b24_sections[count->section].kind;
    if (count->mark) w->marked = true;
    if (w->muted) return;
    if (w->section == B24_SECTION_COUNT) w->section = count->section;
    if (w->unread == 0) w->unread = count->unread;
}

static struct b24_waiting *new_waiting(struct b24_inbox *in, const struct b24_count *count) {
    struct b24_waiting *w = &in->list[in->n++];
    w->section = B24_SECTION_COUNT; /* none yet */
    w->person = count->section == B24_SECTION_DIALOG;
    snprintf(w->dialog_id, sizeof w->dialog_id, "%s%s", b24_dialog_prefix(count->section),
             count->id);
    return w;
}

bool b24_inbox_open(struct b24_inbox *in, const struct b24_counts *counts) {
    struct b24_dialogs all = {.n = 0};
    bool ok = b24_dialogs_sorted(&all, counts);
    /* Each may move once, to after the others. */
    if (ok) in->list = calloc(all.n * 2 + 1, sizeof *in->list);
    ok = ok && in->list != NULL;
    struct b24_waiting *w = NULL;
    for (size_t i = 0; ok && i < all.n; i++) {
        if (i == 0 || b24_dialog_compare(&all.list[i - 1], &all.list[i]) != 0)
            w = new_waiting(in, &all.list[i]);
        add_count(w, &all.list[i]);
    }
    in->sorted = in->n;
    b24_dialogs_free(&all);
    return ok;
}

/* ------------------------------------------------------------ from the recent chats */

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 10
/* gcc 12's analyzer loses sight of what an element of an array owns. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

/* With a NUL at its end. */
static void copy_text(struct b24_inbox *in, struct b24_text *text, struct b24_view from) {
    if (from.n == 0) return;
    free(text->p);
    text->p = calloc(from.n + 1, 1);
    text->n = text->p != NULL ? from.n : 0;
    if (text->p != NULL) memcpy(text->p, from.p, from.n);
    else in->no_memory = true;
}

/* The portal keeps names and titles as HTML. */
static void copy_name(struct b24_inbox *in, struct b24_text *name, struct b24_view from) {
    copy_text(in, name, from);
    if (from.n == 0 || in->no_memory) return;
    b24_decode_entities(name->p);
    name->n = strlen(name->p);
}

static void free_texts(struct b24_waiting *w) {
    free(w->name.p);
    free(w->last_message.p);
    w->name = w->last_message = (struct b24_text){.p = NULL};
}

/* The order of b24_dialog_compare: people first, then by number. */
static int by_dialog_id(const void *x, const void *y) {
    const char *a = x;
    const struct b24_waiting *b = y;
    bool person = b24_dialog_is_person(a);
    if (person != b->person) return person ? -1 : 1;
    return b24_id_compare(a, b->dialog_id);
}

static struct b24_waiting *find(struct b24_inbox *in, const char *dialog_id) {
    struct b24_waiting *w =
        bsearch(dialog_id, in->list, in->sorted, sizeof *in->list, by_dialog_id);
    if (w != NULL && !w->gone) return w;
    for (size_t i = in->sorted; i < in->n; i++)
        if (strcmp(in->list[i].dialog_id, dialog_id) == 0) return &in->list[i];
    return NULL;
}

/* A muted private dialog stands in the counters under its chat's id, and so do a user's notes to
   himself: it moves to the user's id, and takes a mark along that was already there. */
static void rename_private(struct b24_inbox *in, const struct b24_recent *row) {
    struct b24_waiting *chat = find(in, row->chat), *person = find(in, row->dialog_id);
    if (chat == NULL || chat == person) return;
    bool marked = person != NULL && person->marked;
    if (person != NULL) free_texts(person);
    else person = &in->list[in->n++];
    *person = *chat;
    person->person = true;
    person->marked = person->marked || marked;
    memcpy(person->dialog_id, row->dialog_id, sizeof person->dialog_id);
    chat->gone = true;
    chat->name = chat->last_message = (struct b24_text){.p = NULL}; /* they have moved */
}

static void set_identity(struct b24_inbox *in, struct b24_waiting *w,
                         const struct b24_recent *row) {
    copy_name(in, &w->name, row->title);
    if (row->chat_id.known) w->chat_id = row->chat_id;
    if (row->last_id.known) w->last_id = row->last_id;
    w->muted = w->muted || row->muted;
    if (w->person) {
        w->kind = b24_sections[B24_SECTION_DIALOG].kind;
        copy_name(in, &w->name, row->user_name);
        w->dismissed = w->dismissed || row->dismissed;
    } else if (row->type.p != NULL) {
        w->kind = b24_chat_kind(row->type);
    }
}

/* When it was written and what it says; and how long its reader has kept somebody waiting, as far
   as the newest message tells: of one unread message all, of several that it is at least so long.
 */
static void set_message(struct b24_inbox *in, struct b24_waiting *w, const struct b24_recent *row) {
    copy_text(in, &w->last_message, row->text);
    if (row->date.known) w->date = row->date;
    bool newer =
        row->message_id.known && row->last_id.known && row->message_id.value > row->last_id.value;
    bool own = row->author.known && b24_is_own(w->dialog_id, row->author.value, in->me);
    if (!row->date.known || !newer || own || in->now <= 0 || w->unread <= 0) return;
    double age = in->now - row->date.value;
    w->waiting = (struct b24_known){true, age > 0 ? floor(age) : 0};
    /* The list's own count: a line that nobody has answered yet counts as 1 in the counters,
       whatever it holds. */
    w->at_least = !(row->counter.known && row->counter.value == 1);
}

void b24_inbox_join(struct b24_inbox *in, const struct b24_recent *row) {
    if (b24_dialog_is_person(row->dialog_id) && *row->chat != '\0') rename_private(in, row);
    struct b24_waiting *w = find(in, row->dialog_id);
    if (w == NULL) return;
    set_identity(in, w, row);
    set_message(in, w, row);
}

/* ------------------------------------------------------------ the list */

/* Newest first; those without a date last, in the order of their ids. */
static int by_date(const void *x, const void *y) {
    const struct b24_waiting *a = x, *b = y;
    if (a->date.value != b->date.value) return a->date.value > b->date.value ? -1 : 1;
    return b24_id_compare(a->dialog_id, b->dialog_id);
}

int b24_inbox_close(struct b24_inbox *in, const char *section, bool complete) {
    size_t kept = 0;
    int missing = 0;
    for (size_t i = 0; i < in->n; i++) {
        struct b24_waiting *w = &in->list[i];
        bool wanted = section == NULL || strcmp(section, b24_sections[w->section].name) == 0;
        if (w->gone || !wanted) {
            free_texts(w);
            continue;
        }
        w->unknown = w->name.p == NULL;
        w->hidden = w->unknown && complete && (w->kind == NULL || b24_kind_is_listed(w->kind));
        if (w->unknown && !is_comment(w->kind)) missing++;
        in->list[kept++] = *w;
    }
    in->n = kept;
    in->sorted = 0;
    if (kept > 1) qsort(in->list, kept, sizeof *in->list, by_date);
    return missing;
}

void b24_inbox_free(struct b24_inbox *in) {
    for (size_t i = 0; i < in->n; i++) free_texts(&in->list[i]);
    free(in->list);
    *in = (struct b24_inbox){.n = 0};
}
