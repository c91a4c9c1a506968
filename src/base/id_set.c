#include "base/id_set.h"

#include <stdlib.h>

#define FIRST_SIZE 512 /* slots: one page of recent chats fits */

/* FNV-1a, with a last round that spreads it over the low bits; never 0. */
static uint64_t hash(struct b24_view id) {
    uint64_t h = 0xCBF29CE484222325u;
    for (size_t i = 0; i < id.n; i++) h = (h ^ (unsigned char)id.p[i]) * 0x100000001B3u;
    h ^= h >> 32;
    return h != 0 ? h : 1;
}

/* The slot with this hash, or the free one where it belongs. */
static uint64_t *find(uint64_t *slots, size_t size, uint64_t h) {
    size_t i = (size_t)h & (size - 1);
    while (slots[i] != 0 && slots[i] != h) i = (i + 1) & (size - 1);
    return &slots[i];
}

static bool grow(struct b24_id_set *s) {
    size_t size = s->size == 0 ? FIRST_SIZE : s->size * 2;
    uint64_t *slots = calloc(size, sizeof *slots);
    if (slots == NULL) return false;
    for (size_t i = 0; i < s->size; i++)
        if (s->slots[i] != 0) *find(slots, size, s->slots[i]) = s->slots[i];
    free(s->slots);
    s->slots = slots;
    s->size = size;
    return true;
}

enum b24_id_set_answer b24_id_set_add(struct b24_id_set *s, struct b24_view id) {
    uint64_t h = hash(id);
    if (s->n * 2 >= s->size && !grow(s))
        return B24_ID_SET_NO_MEMORY; /* at most half full: find always ends */
    uint64_t *slot = find(s->slots, s->size, h);
    if (*slot != 0) return B24_ID_SET_BEFORE;
    if (s->n == B24_ID_SET_MAX) return B24_ID_SET_FULL;
    *slot = h;
    s->n++;
    return B24_ID_SET_NEW;
}

void b24_id_set_free(struct b24_id_set *s) {
    free(s->slots);
    s->slots = NULL;
    s->size = s->n = 0;
}
