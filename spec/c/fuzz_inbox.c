/* Fuzzes who waits. The input is the counters, a line that holds nothing but "-", and a list of
   rows: [dialog id, chat id, title, type, {member: number}]. Whatever they are: each dialog is
   listed once, newest first, has something unread or a mark, and none appears from nowhere; and the
   parts of why make up the whole. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "im/counters.h"
#include "im/why.h"
#include "json/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEPTH   20
#define BETWEEN "\n-\n"

static void must(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "fuzz_inbox: %s\n", what);
    abort();
}

/* ------------------------------------------------------------ rows */

static struct b24_view text_of(const cJSON *v) {
    if (!cJSON_IsString(v)) return (struct b24_view){.p = NULL};
    return (struct b24_view){v->valuestring, strlen(v->valuestring)};
}

static struct b24_known known(const cJSON *members, const char *name) {
    const cJSON *v = b24_member(members, name);
    bool is_count = cJSON_IsNumber(v) && b24_is_count(v->valuedouble);
    return (struct b24_known){is_count, is_count ? v->valuedouble : 0};
}

static bool to_dialog_id(const cJSON *v, bool person, char id[B24_DIALOG_ID_MAX + 1]) {
    struct b24_view text = text_of(v);
    if (text.n >= 4 && memcmp(text.p, "chat", 4) == 0)
        return b24_dialog_id((struct b24_view){text.p + 4, text.n - 4}, false, id);
    return text.p != NULL && b24_dialog_id(text, person, id);
}

static bool read_row(const cJSON *v, struct b24_recent *row) {
    *row = (struct b24_recent){.muted = false};
    if (!cJSON_IsArray(v) || !to_dialog_id(cJSON_GetArrayItem(v, 0), true, row->dialog_id))
        return false;
    if (!to_dialog_id(cJSON_GetArrayItem(v, 1), false, row->chat)) *row->chat = '\0';
    const cJSON *m = cJSON_GetArrayItem(v, 4);
    row->title = row->user_name = row->text = text_of(cJSON_GetArrayItem(v, 2));
    row->type = text_of(cJSON_GetArrayItem(v, 3));
    row->chat_id = known(m, "chat_id");
    row->last_id = known(m, "last_id");
    row->message_id = known(m, "id");
    row->counter = known(m, "counter");
    row->author = known(m, "author_id");
    row->date = known(m, "date");
    row->muted = known(m, "muted").value > 0;
    row->dismissed = known(m, "dismissed").value > 0;
    return true;
}

/* ------------------------------------------------------------ what must hold */

static void check_entry(const struct b24_waiting *w, bool complete) {
    must(w->unread > 0 || w->marked, "nobody waits");
    must(w->section != B24_SECTION_CHAT_MUTED || w->muted, "muted, but not said");
    must(w->person == b24_dialog_is_person(w->dialog_id), "neither person nor chat");
    must(w->unknown == (w->name.p == NULL), "a name that is not known");
    must(!w->hidden || (w->unknown && complete), "hidden without a reason");
    must(!w->waiting.known || w->waiting.value >= 0, "it waits since tomorrow");
    must(!w->at_least || w->waiting.known, "at least nothing");
    must(!w->gone, "it has moved");
}

static void check_list(const struct b24_inbox *in, bool complete) {
    for (size_t i = 0; i < in->n; i++) {
        check_entry(&in->list[i], complete);
        must(i == 0 || in->list[i - 1].date.value >= in->list[i].date.value, "not by date");
        for (size_t j = 0; j < i; j++)
            must(strcmp(in->list[i].dialog_id, in->list[j].dialog_id) != 0, "a dialog twice");
    }
}

static void check_why(const struct b24_counts *counts, const struct b24_inbox *waiting) {
    struct b24_why why = b24_why_of(counts, waiting);
    must(why.muted + why.marked + why.capped <= (double)waiting->n, "more than there are");
    if (!why.all.known || why.all.value > 1e15) return; /* sums of larger ones are not exact */
    if (why.tasks > 1e15 || why.notifications > 1e15 || why.messages > 1e15) return;
    if (why.tasks < -1e15 || why.notifications < -1e15 || why.messages < -1e15) return;
    must(why.all.value < -1e15 ||
             why.all.value == why.tasks + why.notifications + why.messages + why.rest,
         "the parts do not make up the whole");
}

/* `me` and `complete` follow from the number of rows. */
static void check_inbox(const struct b24_counts *counts, const cJSON *rows) {
    struct b24_inbox in = {.me = 7, .now = 1772017800};
    struct b24_recent row;
    bool complete = cJSON_GetArraySize(rows) % 2 == 0;
    must(b24_inbox_open(&in, counts), "no memory");
    size_t n = in.n;
    check_why(counts, &in);
    for (const cJSON *v = cJSON_IsArray(rows) ? rows->child : NULL; v != NULL; v = v->next)
        if (read_row(v, &row)) b24_inbox_join(&in, &row);
    must(!in.no_memory, "no memory");
    int missing = b24_inbox_close(&in, NULL, complete);
    must(in.n <= n, "a dialog from nowhere");
    must(missing >= 0 && (size_t)missing <= in.n, "more to name than there are");
    check_list(&in, complete);
    b24_inbox_free(&in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct b24_counts counts = {.n = 0};
    struct b24_json_error error;
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    char *between = strstr(text, BETWEEN);
    size_t first = between != NULL ? (size_t)(between - text) : size;
    size_t rest = between != NULL ? first + strlen(BETWEEN) : size;
    text[first] = '\0';
    cJSON *tree = b24_document_parse((struct b24_view){text, first}, DEPTH, &error),
          *rows = b24_document_parse((struct b24_view){text + rest, size - rest}, DEPTH, &error);
    if (tree != NULL && b24_counters_shape(tree) == B24_COUNTERS_OK) b24_counts_read(&counts, tree);
    check_inbox(&counts, rows);
    b24_counts_free(&counts);
    cJSON_Delete(tree);
    cJSON_Delete(rows);
    free(text);
    return 0;
}
