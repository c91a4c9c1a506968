#define _GNU_SOURCE /* MADV_WIPEONFORK */
#include "base/process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define STEP UINT64_C(0x9E3779B97F4A7C15) /* odd: 2^64 seeds before one comes again */

/* What is known of this process. 0: nothing yet. */
struct facts {
    _Atomic long id;
    _Atomic uint64_t seed;
};

/* In memory that the kernel empties in a forked child. NULL: this system has none. */
static struct facts *known;

static void find_memory(void) {
#ifdef MADV_WIPEONFORK /* Linux 4.14 */
    void *page =
        mmap(NULL, sizeof *known, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return;
    if (madvise(page, sizeof *known, MADV_WIPEONFORK) == 0) known = page;
    else munmap(page, sizeof *known);
#endif
}

static struct facts *facts(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_memory);
    return known;
}

long b24_process(void) {
    struct facts *f = facts();
    if (f == NULL) return (long)getpid();
    long id = atomic_load_explicit(&f->id, memory_order_relaxed);
    if (id != 0) return id;
    id = (long)getpid();
    atomic_store_explicit(&f->id, id, memory_order_relaxed);
    return id;
}

static uint64_t seed_of_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000007u ^ (uint64_t)t.tv_nsec << 20 ^
           (uint64_t)b24_process() << 44;
}

uint64_t b24_seed(void) {
    struct facts *f = facts();
    uint64_t none = 0;
    if (f == NULL) return seed_of_now();
    if (atomic_load_explicit(&f->seed, memory_order_relaxed) == 0)
        atomic_compare_exchange_strong(&f->seed, &none, seed_of_now() | 1);
    return atomic_fetch_add_explicit(&f->seed, STEP, memory_order_relaxed);
}
