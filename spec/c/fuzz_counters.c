/* Fuzzes what the counters mean. The input is one answer, or two, with a line between them that
   holds nothing but "-". Whatever they are: each dialog is named once and none that is muted, in
   order; what changed is exactly the difference; and the shape of a shape is itself. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "im/counters.h"
#include "im/diff.h"
#include "im/totals.h"
#include "json/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEPTH   20
#define BETWEEN "\n-\n"

static void must(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "fuzz_counters: %s\n", what);
    abort();
}

static void check_shape(cJSON *tree) {
    cJSON *before = cJSON_Duplicate(tree, true);
    must(b24_counters_shape(tree) == B24_COUNTERS_OK, "a shape is none");
    must(cJSON_Compare(before, tree, true), "the shape of a shape differs");
    cJSON_Delete(before);
    for (int i = 0; i < B24_SECTION_COUNT; i++) {
        const cJSON *map = b24_member(tree, b24_sections[i].name);
        must(map == NULL ? (b24_sections[i].flags & B24_ALWAYS) == 0 : cJSON_IsObject(map),
             "no map");
        if (b24_sections[i].marks == NULL) continue;
        const cJSON *marks = b24_member(tree, b24_sections[i].marks);
        must(marks == NULL || cJSON_IsArray(marks), "no list");
        for (const cJSON *m = marks != NULL ? marks->child : NULL; m != NULL; m = m->next)
            must(!cJSON_IsNull(m) && m->string == NULL, "a mark that is none");
    }
}

/* Of two members of one name a cJSON_Compare may take either. */
static bool has_doubles(const cJSON *v) {
    for (const cJSON *m = v->child; m != NULL; m = m->next) {
        if (m->string != NULL && b24_member(v, m->string) != m) return true;
        if (has_doubles(m)) return true;
    }
    return false;
}

static bool is_muted(const struct b24_counts *c, const struct b24_count *dialog) {
    for (size_t i = 0; i < c->n; i++)
        if (c->list[i].section == B24_SECTION_CHAT_MUTED && strcmp(c->list[i].id, dialog->id) == 0)
            return dialog->section != B24_SECTION_DIALOG;
    return false;
}

/* Every count is of a dialog that is listed, or of one that is muted. */
static void check_complete(const struct b24_counts *c, const struct b24_dialogs *d) {
    for (size_t i = 0; i < c->n; i++) {
        bool listed = c->list[i].mark || is_muted(c, &c->list[i]) ||
                      c->list[i].section == B24_SECTION_CHAT_MUTED;
        for (size_t j = 0; j < d->n && !listed; j++)
            listed = b24_dialog_compare(&d->list[j], &c->list[i]) == 0;
        must(listed, "a dialog is missing");
    }
}

static void check_dialogs(const struct b24_counts *c) {
    struct b24_dialogs d = {.n = 0};
    must(b24_dialogs_collect(&d, c), "no memory");
    for (size_t i = 0; i < d.n; i++) {
        must(i == 0 || b24_dialog_compare(&d.list[i - 1], &d.list[i]) < 0, "not in order");
        must(d.list[i].unread > 0 && !d.list[i].mark, "nothing unread");
        must(!is_muted(c, &d.list[i]), "muted");
    }
    check_complete(c, &d);
    b24_dialogs_sort(&d);
    for (size_t i = 1; i < d.n; i++)
        must(b24_section_compare(&d.list[i - 1], &d.list[i]) < 0, "not in the order of sections");
    b24_dialogs_free(&d);
}

static void check_totals(const struct b24_counts *c) {
    char badge[B24_BADGE_MAX];
    struct b24_totals t = b24_totals_of(c);
    b24_badge(t.messages, badge);
    must((strcmp(badge, "?") == 0) == !t.messages.known, "the badge knows what nobody told");
    must(!t.messages.known || (*badge == '\0') == (t.messages.value <= 0), "a wrong badge");
    must(t.saturated || !c->capped, "a cap is forgotten");
}

static void check_change(const struct b24_change *change) {
    must(change->from.known || change->to.known, "a change of nothing");
    must(change->from.known != change->to.known || change->from.value != change->to.value,
         "a change that is none");
    must((change->total != NULL) == (change->section == B24_SECTION_TYPE), "neither nor");
}

static bool is_undone(const struct b24_change *change, const struct b24_changes *back) {
    for (size_t i = 0; i < back->n; i++) {
        const struct b24_change *b = &back->list[i];
        bool totals = change->total != NULL && b->total != NULL,
             dialogs = !change->total && !b->total;
        bool person = (change->section == B24_SECTION_DIALOG) == (b->section == B24_SECTION_DIALOG);
        if ((totals && strcmp(change->total, b->total) == 0) ||
            (dialogs && person && strcmp(change->id, b->id) == 0))
            return change->from.value == b->to.value && change->to.value == b->from.value &&
                   change->from.known == b->to.known && change->to.known == b->from.known;
    }
    return false;
}

/* There and back the same changes, the other way round. */
static void check_diff(const struct b24_counts *old, const struct b24_counts *new) {
    struct b24_changes there = {.n = 0}, back = {.n = 0}, same = {.n = 0};
    must(b24_diff(&there, old, new) && b24_diff(&back, new, old) && b24_diff(&same, new, new),
         "no memory");
    must(there.n == back.n, "a change gets lost");
    must(same.n == 0, "something differs from itself");
    for (size_t i = 0; i < there.n; i++) {
        check_change(&there.list[i]);
        must(is_undone(&there.list[i], &back), "the way back is another");
    }
    b24_changes_free(&there);
    b24_changes_free(&back);
    b24_changes_free(&same);
}

/* The counts of one answer; empty if it is none. */
static struct b24_counts read_answer(const char *text, size_t n) {
    struct b24_counts counts = {.n = 0};
    struct b24_json_error error;
    cJSON *tree = b24_document_parse((struct b24_view){text, n}, DEPTH, &error);
    if (tree != NULL && b24_counters_shape(tree) == B24_COUNTERS_OK) {
        if (!has_doubles(tree)) check_shape(tree);
        b24_counts_read(&counts, tree);
        must(!counts.no_memory, "no memory");
        check_dialogs(&counts);
        check_totals(&counts);
    }
    cJSON_Delete(tree);
    return counts;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    char *between = strstr(text, BETWEEN);
    size_t first = between != NULL ? (size_t)(between - text) : size;
    size_t rest = between != NULL ? first + strlen(BETWEEN) : size;
    text[first] = '\0';
    struct b24_counts old = read_answer(text, first), new = read_answer(text + rest, size - rest);
    check_diff(&old, &new);
    b24_counts_free(&old);
    b24_counts_free(&new);
    free(text);
    return 0;
}
