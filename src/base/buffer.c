#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 1024 /* holds an ordinary counters answer without a second allocation */

void b24_buffer_init(struct b24_buffer *b, size_t max) {
    memset(b, 0, sizeof *b);
    b->max = max;
}

static bool fail(struct b24_buffer *b, enum b24_buffer_state why) {
    if (b->state == B24_BUFFER_OK) b->state = why;
    return false;
}

/* Makes room for `need` bytes of content; need <= max. */
static bool grow(struct b24_buffer *b, size_t need) {
    size_t cap = b->cap ? b->cap : FIRST_CAPACITY;
    while (cap <= need) cap = cap > SIZE_MAX / 2 ? need + 1 : cap * 2;
    char *p = realloc(b->p, cap);
    if (p == NULL) return fail(b, B24_BUFFER_NO_MEMORY);
    b->p = p;
    b->cap = cap;
    return true;
}

bool b24_buffer_add(struct b24_buffer *b, const char *p, size_t n) {
    if (b->state != B24_BUFFER_OK) return false;
    if (n > b->max - b->n) return fail(b, B24_BUFFER_FULL);
    if (b->n + n >= b->cap && !grow(b, b->n + n)) return false;
    if (n > 0) memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = '\0';
    return true;
}

bool b24_buffer_puts(struct b24_buffer *b, const char *s) {
    return b24_buffer_add(b, s, strlen(s));
}

void b24_buffer_cut(struct b24_buffer *b, size_t n) {
    if (n >= b->n) return;
    b->n = n;
    b->p[n] = '\0';
}

void b24_buffer_reset(struct b24_buffer *b, size_t keep) {
    if (b->cap > keep) {
        free(b->p);
        b->p = NULL;
        b->cap = 0;
    }
    b->n = 0;
    b->state = B24_BUFFER_OK;
    if (b->p != NULL) b->p[0] = '\0';
}

struct b24_view b24_buffer_view(const struct b24_buffer *b) {
    return (struct b24_view){b->p != NULL ? b->p : "", b->n};
}

void b24_buffer_free(struct b24_buffer *b) {
    free(b->p);
    b24_buffer_init(b, b->max);
}
