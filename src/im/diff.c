#include "im/diff.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ dialogs */

static void note_dialog(struct b24_changes *c, const struct b24_count *dialog, double from,
                        double to) {
    if (from == to) return;
    struct b24_change *change = &c->list[c->n++];
    *change =
        (struct b24_change){.section = dialog->section, .from = {true, from}, .to = {true, to}};
    memcpy(change->id, dialog->id, sizeof change->id);
}

/* Both lists are in the order of b24_dialog_compare. */
static void merge_dialogs(struct b24_changes *c, const struct b24_dialogs *old,
                          const struct b24_dialogs *new) {
    size_t i = 0, j = 0;
    while (i < old->n || j < new->n) {
        const struct b24_count *a = i < old->n ? &old->list[i] : NULL,
                               *b = j < new->n ? &new->list[j] : NULL;
        int order = a == NULL ? 1 : b == NULL ? -1 : b24_dialog_compare(a, b);
        if (a != NULL && order < 0) note_dialog(c, a, a->unread, 0);
        else if (b != NULL) note_dialog(c, b, a != NULL && order == 0 ? a->unread : 0, b->unread);
        i += order <= 0;
        j += order >= 0;
    }
}

static int by_section(const void *x, const void *y) {
    const struct b24_change *a = x, *b = y;
    if (a->section != b->section) return a->section < b->section ? -1 : 1;
    return b24_id_compare(a->id, b->id);
}

/* ------------------------------------------------------------ totals */

struct side {
    const struct b24_total *total;
    bool new;
};

static int by_name(const void *x, const void *y) {
    const struct side *a = x, *b = y;
    int order = strcmp(a->total->name, b->total->name);
    if (order == 0) order = a->new - b->new;
    /* Of one name and side the last counts. */
    return order != 0 ? order : (a->total > b->total) - (a->total < b->total);
}

static void note_total(struct b24_changes *c, const char *name, struct b24_known from,
                       struct b24_known to) {
    if (from.known == to.known && from.value == to.value) return;
    c->list[c->n++] =
        (struct b24_change){.total = name, .section = B24_SECTION_TYPE, .from = from, .to = to};
}

/* `sides` is sorted by_name. */
static void merge_totals(struct b24_changes *c, const struct side *sides, size_t n) {
    for (size_t i = 0; i < n;) {
        const char *name = sides[i].total->name;
        struct b24_known from = {.known = false}, to = {.known = false};
        for (; i < n && strcmp(sides[i].total->name, name) == 0; i++)
            *(sides[i].new ? &to : &from) = (struct b24_known){true, sides[i].total->value};
        note_total(c, name, from, to);
    }
}

static bool diff_totals(struct b24_changes *c, const struct b24_counts *old,
                        const struct b24_counts *new) {
    size_t n = 0;
    struct side *sides = malloc((old->totals_n + new->totals_n + 1) * sizeof *sides);
    if (sides == NULL) return false;
    for (size_t i = 0; i < old->totals_n; i++) sides[n++] = (struct side){&old->totals[i], false};
    for (size_t i = 0; i < new->totals_n; i++) sides[n++] = (struct side){&new->totals[i], true};
    if (n > 1) qsort(sides, n, sizeof *sides, by_name);
    merge_totals(c, sides, n);
    free(sides);
    return true;
}

bool b24_diff(struct b24_changes *c, const struct b24_counts *old, const struct b24_counts *new) {
    struct b24_dialogs before = {.n = 0}, after = {.n = 0};
    size_t most = old->n + new->n + old->totals_n + new->totals_n;
    c->list = malloc((most + 1) * sizeof *c->list);
    bool ok =
        c->list != NULL && b24_dialogs_collect(&before, old) && b24_dialogs_collect(&after, new);
    if (ok) {
        merge_dialogs(c, &before, &after);
        if (c->n > 1) qsort(c->list, c->n, sizeof *c->list, by_section);
        ok = diff_totals(c, old, new);
    }
    b24_dialogs_free(&before);
    b24_dialogs_free(&after);
    return ok;
}

void b24_changes_free(struct b24_changes *c) {
    free(c->list);
    *c = (struct b24_changes){.n = 0};
}
