/* base/buffer.h: a growing byte buffer with an upper bound. Always NUL-terminated after its
 * content. */
#ifndef B24_BASE_BUFFER_H
#define B24_BASE_BUFFER_H

#include <string.h>

#include "base/common.h"

B24_PRIVATE_BEGIN

enum b24_buffer_state { B24_BUFFER_OK, B24_BUFFER_FULL, B24_BUFFER_NO_MEMORY };

struct b24_buffer {
    char *p;                     /* NULL until something was added */
    size_t n;                    /* bytes of content */
    size_t cap;                  /* bytes allocated, the NUL included */
    size_t max;                  /* most bytes of content */
    enum b24_buffer_state state; /* the first failure stays until reset */
};

/* An all-zero buffer is valid too; its max is then 0. Allocates nothing. */
void b24_buffer_init(struct b24_buffer *b, size_t max);

/* Appends a copy. False when the bound or the memory ends; the content is then unchanged and
 * `state` tells which. */
bool b24_buffer_add(struct b24_buffer *b, const char *p, size_t n);
bool b24_buffer_puts(struct b24_buffer *b, const char *s);

/* The same, for many short pieces: no call where there is room. */
static inline bool b24_buffer_put(struct b24_buffer *b, const char *p, size_t n) {
    bool room = b->state == B24_BUFFER_OK && n <= b->max - b->n && b->cap - b->n > n;
    if (!room) return b24_buffer_add(b, p, n);
    memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = '\0';
    return true;
}

/* Drops what stands after the first n bytes of the content. */
void b24_buffer_cut(struct b24_buffer *b, size_t n);

/* Empties the buffer, forgets a failure, keeps at most `keep` bytes of memory for the next use. */
void b24_buffer_reset(struct b24_buffer *b, size_t keep);

/* The content; valid until the next add, reset or free. Never a NULL pointer. */
struct b24_view b24_buffer_view(const struct b24_buffer *b);

void b24_buffer_free(struct b24_buffer *b);

B24_PRIVATE_END
#endif
