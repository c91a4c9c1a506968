#define _POSIX_C_SOURCE 200809L
#include "clock.h"

#include <time.h>
#include <unistd.h>

b24_ms b24_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (b24_ms)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

uint64_t b24_seed(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000007u ^ (uint64_t)t.tv_nsec << 20 ^ (uint64_t)getpid() << 44;
}
