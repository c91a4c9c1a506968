#include "im/counts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/document.h"

#define FIRST_ROOM 32
#define EXACT      9007199254740992.0 /* 2^53 */

bool b24_is_count(double value) {
    return value >= -EXACT && value <= EXACT && value == (double)(int64_t)value;
}

int b24_id_compare(const char *a, const char *b) {
    size_t n = strlen(a), k = strlen(b);
    return n != k ? (n < k ? -1 : 1) : strcmp(a, b);
}

/* Room for one more of `size` bytes; NULL: no memory. The old array stays valid then. */
static void *reserve(struct b24_counts *c, void *list, size_t n, size_t *room, size_t size) {
    if (n < *room) return list;
    size_t more = *room == 0 ? FIRST_ROOM : *room * 2;
    void *bigger = more <= SIZE_MAX / size ? realloc(list, more * size) : NULL;
    if (bigger == NULL) c->no_memory = true;
    else *room = more;
    return bigger;
}

bool b24_id_parse(struct b24_view text, char id[B24_ID_MAX + 1]) {
    if (text.n == 0 || text.n > B24_ID_MAX || *text.p == '0') return false;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < '0' || text.p[i] > '9') return false;
    memcpy(id, text.p, text.n);
    id[text.n] = '\0';
    return true;
}

static void append(struct b24_counts *c, struct b24_count count, struct b24_view id) {
    if (!b24_id_parse(id, count.id)) return;
    struct b24_count *list = reserve(c, c->list, c->n, &c->room, sizeof *list);
    if (list == NULL) return;
    c->list = list;
    c->list[c->n++] = count;
}

void b24_counts_add(struct b24_counts *c, enum b24_section section, int level, struct b24_view id,
                    double unread) {
    const struct b24_section_row *row = &b24_sections[section];
    if ((row->flags & B24_COUNTED) != 0 && unread >= B24_CAP) c->capped = true;
    if (unread > 0 && level == (row->form == B24_FORM_NESTED ? 2 : 1))
        append(c, (struct b24_count){.section = section, .unread = unread}, id);
}

void b24_counts_mark(struct b24_counts *c, enum b24_section section, struct b24_view id) {
    append(c, (struct b24_count){.section = section, .mark = true}, id);
}

void b24_counts_total(struct b24_counts *c, const char *name, double value) {
    struct b24_total *totals = reserve(c, c->totals, c->totals_n, &c->totals_room, sizeof *totals);
    if (totals == NULL) return;
    c->totals = totals;
    size_t size = strlen(name) + 1;
    struct b24_total *total = &totals[c->totals_n];
    total->value = value;
    total->name = malloc(size);
    if (total->name == NULL) {
        c->no_memory = true;
        return;
    }
    memcpy(total->name, name, size);
    c->totals_n++;
}

struct b24_known b24_counts_find(const struct b24_counts *c, const char *total) {
    for (size_t i = c->totals_n; i > 0; i--)
        if (strcmp(c->totals[i - 1].name, total) == 0)
            return (struct b24_known){true, c->totals[i - 1].value};
    return (struct b24_known){.known = false};
}

/* ------------------------------------------------------------ from JSON */

static bool is_count(const cJSON *v) { return cJSON_IsNumber(v) && b24_is_count(v->valuedouble); }

static void read_map(struct b24_counts *c, enum b24_section section, int level, const cJSON *map) {
    if (!cJSON_IsObject(map)) return;
    for (const cJSON *m = map->child; m != NULL; m = m->next) {
        if (is_count(m)) b24_counts_add(c, section, level, b24_view_of(m->string), m->valuedouble);
        else if (level == 1) read_map(c, section, 2, m);
    }
}

static void read_marks(struct b24_counts *c, enum b24_section section, const cJSON *list) {
    char digits[B24_ID_MAX + 1];
    if (!cJSON_IsArray(list)) return;
    for (const cJSON *m = list->child; m != NULL; m = m->next) {
        if (cJSON_IsString(m)) b24_counts_mark(c, section, b24_view_of(m->valuestring));
        if (!is_count(m)) continue;
        snprintf(digits, sizeof digits, "%lld", (long long)m->valuedouble);
        b24_counts_mark(c, section, b24_view_of(digits));
    }
}

static void read_totals(struct b24_counts *c, const cJSON *map) {
    if (!cJSON_IsObject(map)) return;
    for (const cJSON *m = map->child; m != NULL; m = m->next)
        if (is_count(m)) b24_counts_total(c, m->string, m->valuedouble);
}

void b24_counts_read(struct b24_counts *c, const cJSON *counters) {
    for (int i = 0; i < B24_SECTION_COUNT; i++) {
        enum b24_section section = (enum b24_section)i;
        const struct b24_section_row *row = &b24_sections[i];
        const cJSON *map = b24_member(counters, row->name);
        if (row->form == B24_FORM_TOTALS) read_totals(c, map);
        else read_map(c, section, 1, map);
        if (row->marks != NULL) read_marks(c, section, b24_member(counters, row->marks));
    }
}

void b24_counts_free(struct b24_counts *c) {
    for (size_t i = 0; i < c->totals_n; i++) free(c->totals[i].name);
    free(c->totals);
    free(c->list);
    *c = (struct b24_counts){.n = 0};
}
