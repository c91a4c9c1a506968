/* Which blocks of the C side are in use, and who asked for them. See oom.h. */
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "oom.h"

#define BUCKETS 4096
#define ROOM    64 /* blocks in one bucket: some thousands are in use at once */
#define FRAMES  16

struct block {
    uintptr_t hidden; /* LeakSanitizer would take a pointer for somebody who holds the block */
    long serial;
    enum owner owner;
};

static struct bucket {
    struct block block[ROOM];
    int count;
} buckets[BUCKETS];

static struct blocks now;                                /* the same, counted */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* an engine's thread allocates, too */

static uintptr_t hide(const void *p) { return ~(uintptr_t)p; }

static struct bucket *bucket_of(const void *p) { return &buckets[(uintptr_t)p / 32 % BUCKETS]; }

void *block_add(void *p, enum owner owner) {
    struct bucket *b = bucket_of(p);
    if (p == NULL) return NULL;
    pthread_mutex_lock(&lock);
    if (b->count == ROOM) abort();
    b->block[b->count++] = (struct block){hide(p), now.serial++, owner};
    now.live[owner]++;
    pthread_mutex_unlock(&lock);
    return p;
}

bool block_remove(const void *p, enum owner *owner) {
    struct bucket *b = bucket_of(p);
    pthread_mutex_lock(&lock);
    int i = 0;
    while (i < b->count && b->block[i].hidden != hide(p)) i++;
    bool found = i < b->count;
    if (found) {
        *owner = b->block[i].owner;
        now.live[*owner]--;
        b->block[i] = b->block[--b->count];
    }
    pthread_mutex_unlock(&lock);
    return found;
}

struct blocks blocks_now(void) {
    pthread_mutex_lock(&lock);
    struct blocks copy = now;
    pthread_mutex_unlock(&lock);
    return copy;
}

static void print_block(const struct block *b) {
    static const char *const owners[OWNERS] = {"ours", "libcurl's"};
    void *stack[FRAMES];
    char line[400];
    size_t n = __asan_get_alloc_stack((void *)~b->hidden, stack, FRAMES, NULL);
    printf("oom: a block that stays (%s), allocated by\n", owners[b->owner]);
    for (size_t i = 0; i < n; i++) {
        __sanitizer_symbolize_pc(stack[i], "%f %s:%l %m", line, sizeof line);
        printf("oom:     %s\n", line);
    }
}

void blocks_print(const struct blocks *since) {
    pthread_mutex_lock(&lock);
    for (int i = 0; i < BUCKETS; i++)
        for (int k = 0; k < buckets[i].count; k++)
            if (buckets[i].block[k].serial >= since->serial) print_block(&buckets[i].block[k]);
    pthread_mutex_unlock(&lock);
}
