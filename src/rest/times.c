#include "rest/times.h"

#include <string.h>

#include "base/date.h"
#include "json/number.h"

static const struct {
    const char *name;
    size_t n;
    bool date;
} rows[B24_TIME_COUNT] = {
#define X(name, date) {#name, sizeof #name - 1, date},
    B24_TIMES(X)
#undef X
};

const char *b24_time_name(enum b24_time_name name) { return rows[name].name; }

bool b24_time_is_date(enum b24_time_name name) { return rows[name].date; }

static int find(struct b24_view name) {
    for (int i = 0; i < B24_TIME_COUNT; i++)
        if (rows[i].n == name.n && memcmp(rows[i].name, name.p, name.n) == 0) return i;
    return -1;
}

bool b24_time_harmless(const char *text, size_t n) {
    double seconds;
    return (n <= B24_DATE_MAX && b24_date_parse(text, &seconds)) ||
           find((struct b24_view){text, n}) >= 0;
}

const double *b24_time_number(const struct b24_times *t, enum b24_time_name name) {
    return t->known && (t->seen >> name & 1) != 0 ? &t->number[name] : NULL;
}

/* ------------------------------------------------------------ reading */

static void skip_space(const char **p) {
    while ((unsigned char)**p <= ' ') (*p)++;
}

/* The string at *p, which moves behind it. False: it has escapes, or is none. */
static bool read_string(const char **p, struct b24_view *v) {
    if (**p != '"') return false;
    const char *from = *p + 1, *end = from;
    while (*end != '"' && *end != '\\') end++;
    *v = (struct b24_view){from, (size_t)(end - from)};
    *p = end + 1;
    return *end == '"';
}

static bool read_date(const char **p, char out[B24_DATE_MAX + 1]) {
    struct b24_view v;
    double seconds;
    if (!read_string(p, &v) || v.n > B24_DATE_MAX) return false;
    memcpy(out, v.p, v.n);
    out[v.n] = '\0';
    return b24_date_parse(out, &seconds);
}

static bool read_member(struct b24_times *t, const char **p) {
    struct b24_view name;
    skip_space(p);
    if (!read_string(p, &name)) return false;
    int i = find(name);
    if (i < 0) return false;
    skip_space(p);
    (*p)++; /* the colon */
    skip_space(p);
    t->seen |= 1u << i;
    if (rows[i].date) return read_date(p, t->date[i - B24_TIME_date_start]);
    bool number = **p == '-' || (**p >= '0' && **p <= '9');
    return number && b24_json_read_number(p, &t->number[i]);
}

void b24_times_read(struct b24_times *t, struct b24_view text) {
    const char *p = text.p;
    t->known = false;
    t->seen = 0;
    if (*p++ != '{') return;
    skip_space(&p);
    if (*p == '}') {
        t->known = true;
        return;
    }
    do {
        if (!read_member(t, &p)) return;
        skip_space(&p);
    } while (*p++ == ',');
    t->known = true;
}
