#include "im/dialogs.h"

#include <stdlib.h>

static bool is_person(enum b24_section section) { return section == B24_SECTION_DIALOG; }

const char *b24_dialog_prefix(enum b24_section section) { return is_person(section) ? "" : "chat"; }

int b24_dialog_compare(const struct b24_count *a, const struct b24_count *b) {
    bool person_a = is_person(a->section), person_b = is_person(b->section);
    if (person_a != person_b) return person_a ? -1 : 1;
    return b24_id_compare(a->id, b->id);
}

int b24_section_compare(const struct b24_count *a, const struct b24_count *b) {
    if (a->section != b->section) return a->section < b->section ? -1 : 1;
    return b24_id_compare(a->id, b->id);
}

/* Of one dialog the first decides: muted is muted wherever else it is, and CHAT, which repeats
   others, comes last. */
static int rank(const struct b24_count *e) {
    if (e->section == B24_SECTION_CHAT_MUTED) return -1;
    return e->section == B24_SECTION_CHAT ? B24_SECTION_COUNT : (int)e->section;
}

static int by_dialog(const void *x, const void *y) {
    const struct b24_count *a = x, *b = y;
    int order = b24_dialog_compare(a, b);
    if (order == 0) order = rank(a) - rank(b);
    return order != 0 ? order : (a->unread < b->unread) - (a->unread > b->unread);
}

static int by_section(const void *x, const void *y) { return b24_section_compare(x, y); }

static void sort(struct b24_dialogs *d, int (*compare)(const void *, const void *)) {
    if (d->n > 1) qsort(d->list, d->n, sizeof *d->list, compare);
}

void b24_dialogs_sort(struct b24_dialogs *d) { sort(d, by_section); }

/* Keeps the first of each dialog, and none of one that is muted. The list is sorted by_dialog. */
static void once_each(struct b24_dialogs *d) {
    size_t kept = 0;
    for (size_t i = 0, first = 0; i < d->n; i++) {
        if (i > first && b24_dialog_compare(&d->list[first], &d->list[i]) == 0) continue;
        first = i;
        if (d->list[i].section != B24_SECTION_CHAT_MUTED) d->list[kept++] = d->list[i];
    }
    d->n = kept;
}

static bool copy(struct b24_dialogs *d, const struct b24_counts *counts, bool marks) {
    d->list = calloc(counts->n + 1, sizeof *d->list);
    if (d->list == NULL) return false;
    for (size_t i = 0; i < counts->n; i++)
        if (marks || !counts->list[i].mark) d->list[d->n++] = counts->list[i];
    sort(d, by_dialog);
    return true;
}

bool b24_dialogs_sorted(struct b24_dialogs *d, const struct b24_counts *counts) {
    return copy(d, counts, true);
}

bool b24_dialogs_collect(struct b24_dialogs *d, const struct b24_counts *counts) {
    if (!copy(d, counts, false)) return false;
    once_each(d);
    return true;
}

void b24_dialogs_free(struct b24_dialogs *d) {
    free(d->list);
    *d = (struct b24_dialogs){.n = 0};
}
