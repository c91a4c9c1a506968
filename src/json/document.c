#define _POSIX_C_SOURCE 200809L /* uselocale */
#include "json/document.h"

#include <locale.h>
#if defined(__APPLE__)
#include <xlocale.h>
#endif
#include <string.h>

#define SAFE_DIGITS 15 /* every integer of 15 digits is exact in a double */

/* cJSON reads numbers by the locale; of a separator of several bytes it knows only the first. */
static cJSON *parse(struct b24_view source) {
    const char *end = NULL; /* passed so that cJSON's global error is not the only report */
    bool point = strcmp(localeconv()->decimal_point, ".") == 0;
    locale_t c = point ? (locale_t)0 : newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (!point && c == (locale_t)0) return NULL;
    locale_t before = point ? (locale_t)0 : uselocale(c);
    cJSON *root = cJSON_ParseWithLengthOpts(source.p, source.n + 1, &end,
                                            1); /* 1: it wants the NUL, and counted */
    if (!point) {
        uselocale(before);
        freelocale(c);
    }
    return root;
}

cJSON *b24_document_parse(struct b24_view text, int max_depth, struct b24_json_error *error) {
    struct b24_buffer quoted;
    cJSON *root = NULL;
    /* At most every second byte starts an integer, and each gains two quotes. */
    b24_buffer_init(&quoted, text.n * 2 + 2);
    if (b24_json_check(text, max_depth, &quoted, error)) {
        struct b24_view source = quoted.n > 0 ? b24_buffer_view(&quoted) : text;
        root = parse(source);
        if (root == NULL) {
            /* The check accepted it, so cJSON can only have run out of memory. */
            error->what = "cJSON could not take it (out of memory)";
            error->at = 0;
            error->no_memory = true;
        }
    }
    b24_buffer_free(&quoted);
    return root;
}

cJSON *b24_member(const cJSON *object, const char *name) {
    cJSON *found = NULL;
    if (!cJSON_IsObject(object)) return NULL;
    for (cJSON *m = object->child; m != NULL; m = m->next)
        if (strcmp(m->string, name) == 0) found = m;
    return found;
}

bool b24_decimal(const char *s, double *out) {
    bool negative = *s == '-';
    double v = 0;
    const char *p = s + (negative ? 1 : 0);
    size_t n = strlen(p);
    if (n == 0 || n > SAFE_DIGITS) return false;
    for (; *p != '\0'; p++) {
        if (*p < '0' || *p > '9') return false;
        v = v * 10 + (*p - '0');
    }
    *out = negative ? -v : v;
    return true;
}
